//! A world for tests: a chain, the contracts on it, and commands of the built program.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use alloy::node_bindings::AnvilInstance;
use alloy::providers::ext::AnvilApi;
use annona_bindings::Deployment;
use annona_chain::devnet::{self, BlockTime};
use annona_chain::{EvmReader, PrivateKeySigner};
use annona_client::wire::{ClaimView, EnrolmentView};
use annona_client::{ApiClient, ClaimDraft, TreeReader, Wallet, prepare_claim};
use annona_core::{Address, AmountWei, B256, Epoch, Payment, Root};
use annona_engine::ports::ChainReader;
use annona_proofs::Identity;
use annona_rpc::connect;
use annona_tree::InclusionProof;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const ANNONA: &str = env!("CARGO_BIN_EXE_annona");
pub(crate) const EPOCH_LENGTH_SECS: u64 = 3_600;
/// Longest wait for anything; a machine that does much else needs most of it for a proof.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Test keys of circuits that `cargo xtask gen` and other tests use too: each is made once,
/// and read only if its hash is the pinned one.
pub(crate) const CIRCUIT_KEYS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/annona-keys");

/// A chain with contracts, made by the command line, and room for a service.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) chain: EvmReader,
    pub(crate) orb: Address,
    anvil: AnvilInstance,
}

/// The service as a process; dropped, it is killed (SIGKILL), as by a power cut.
pub(crate) struct Service {
    pub(crate) client: ApiClient,
    process: Child,
}

/// Miner of [`World::mine_often`].
pub(crate) struct Miner(JoinHandle<()>);

impl Drop for Miner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Service {
    /// Asks the process to stop, as a container's engine does; returns its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        self.signal("TERM");
        self.end()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let told = Command::new("kill")
            .args([&format!("-{name}"), &self.process.id().to_string()])
            .status();
        assert!(told.unwrap().success());
    }

    /// The exit code, once the process has ended.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that was stopped before has ended already, which is no error here.
        let _ended = self.process.kill();
        self.process.wait().unwrap();
    }
}

pub(crate) fn anvil_binary() -> PathBuf {
    devnet::find_anvil(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A proxy of the environment at which nothing answers: requests to this machine do not
/// go there.
const OFFICE_PROXY: [(&str, &str); 4] = [
    ("http_proxy", "http://127.0.0.1:9"),
    ("HTTP_PROXY", "http://127.0.0.1:9"),
    ("all_proxy", "socks5://127.0.0.1:9"),
    ("ALL_PROXY", "socks5://127.0.0.1:9"),
];

/// The binary in a folder, with none of this program's variables but the one for Anvil.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(ANNONA);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_uppercase().starts_with("ANNONA_") {
            command.env_remove(name);
        }
    }
    command
        .envs(OFFICE_PROXY)
        .env(devnet::ANVIL_VARIABLE, anvil_binary())
        .current_dir(folder);
    command
}

pub(crate) fn annona(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// Runs a command that must succeed and returns its standard output.
pub(crate) fn annona_ok(folder: &Path, arguments: &[&str]) -> String {
    let output = annona(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn write_key(path: PathBuf, key: &PrivateKeySigner) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    write!(file, "{:x}", key.to_bytes()).unwrap();
}

fn account(anvil: &AnvilInstance, position: usize) -> PrivateKeySigner {
    PrivateKeySigner::from(anvil.keys()[position].clone())
}

/// Values of a deployment's plan that are not the same in every world.
struct Plan {
    genesis: u64,
    epoch_enrolment_cap: u64,
    receipt_signer: Address,
    orbs: Vec<Address>,
}

impl Plan {
    fn to_toml(&self, anvil: &AnvilInstance) -> String {
        let [sequencer, governor, pauser] =
            [1, 3, 4].map(|position| account(anvil, position).address());
        let orbs: Vec<String> = self.orbs.iter().map(|orb| format!("\"{orb}\"")).collect();
        format!(
            "genesis = {}\nepoch_length_secs = {EPOCH_LENGTH_SECS}\nclaim_window_epochs = 4\n\
             per_person_tokens = 10\nper_person_cap_tokens = 20\ntoken_cap_tokens = 1000000\n\
             epoch_enrolment_cap = {}\ntimelock_delay_secs = 7200\n\
             governor = \"{governor}\"\npauser = \"{pauser}\"\nsequencer = \"{sequencer}\"\n\
             receipt_signer = \"{}\"\norbs = [{}]\nallow_unsafe_test_keys = false\n",
            self.genesis,
            self.epoch_enrolment_cap,
            self.receipt_signer,
            orbs.join(", ")
        )
    }
}

fn config(rpc: &str) -> String {
    format!(
        "[service]\nlisten = \"127.0.0.1:0\"\ndatabase = \"annona.sqlite\"\ndeployment = \"deployment.json\"\n\
         [chain]\nrpc_url = \"{rpc}\"\nconfirmations = 1\npoll_interval_ms = 100\nmax_fee_gwei = 1000\n\
         [keys]\nsequencer_file = \"sequencer.key\"\nrelay_files = [\"relay.key\"]\nreceipt_file = \"receipt.key\"\n\
         circuits_folder = \"{CIRCUIT_KEYS}\"\n\
         [sequencer]\nmax_wait_secs = 0\nepoch_margin_secs = 60\n\
         [relay]\nwait_secs = 0\nwindow_margin_secs = 60\n\
         [enrolment]\nrecovery_cooldown_secs = 0\n"
    )
}

impl World {
    /// A chain without anything.
    pub(crate) fn create_empty() -> AnvilInstance {
        devnet::start(&anvil_binary(), BlockTime::Instant).unwrap()
    }

    pub(crate) async fn create() -> Self {
        Self::create_with(&[], 1_000).await
    }

    /// A world with more orbs, in which so many people join in an epoch at most.
    pub(crate) async fn create_with(more_orbs: &[Address], epoch_enrolment_cap: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anvil = devnet::start(&anvil_binary(), BlockTime::Instant).unwrap();
        let (orb, receipts) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        for (name, key) in [
            ("deployer", &account(&anvil, 0)),
            ("sequencer", &account(&anvil, 1)),
            ("relay", &account(&anvil, 2)),
            ("orb", &orb),
            ("receipt", &receipts),
        ] {
            write_key(folder.path().join(format!("{name}.key")), key);
        }
        let provider = connect(&anvil.endpoint()).unwrap();
        let plan = Plan {
            genesis: head_time(&anvil).await,
            epoch_enrolment_cap,
            receipt_signer: receipts.address(),
            orbs: [&[orb.address()], more_orbs].concat(),
        };
        std::fs::write(folder.path().join("plan.toml"), plan.to_toml(&anvil)).unwrap();
        let rpc = anvil.endpoint();
        annona_ok(
            folder.path(),
            &[
                "deploy",
                "--rpc-url",
                &rpc,
                "--key-file",
                "deployer.key",
                "--plan",
                "plan.toml",
                "--json",
            ],
        );
        std::fs::write(folder.path().join("annona.toml"), config(&rpc)).unwrap();
        let deployment = Deployment::load(&folder.path().join("deployment.json")).unwrap();
        let chain = EvmReader::open(provider, deployment).await.unwrap();
        Self {
            folder,
            chain,
            orb: orb.address(),
            anvil,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn rpc(&self) -> String {
        self.anvil.endpoint()
    }

    /// Account that may pause payments.
    pub(crate) fn pauser(&self) -> Address {
        self.anvil.addresses()[4]
    }

    pub(crate) fn serve(&self) -> Service {
        self.serve_with(&[])
    }

    /// A service of the same operator that knows nothing of the other one's database.
    pub(crate) fn serve_elsewhere(&self, database: &str) -> Service {
        self.serve_with(&[("ANNONA_SERVICE__DATABASE", database)])
    }

    /// A service that may open so many files.
    pub(crate) fn serve_with_descriptors(&self, descriptors: u64) -> Service {
        let script = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, ANNONA]);
        self.start(shell.current_dir(self.path()).envs(OFFICE_PROXY))
    }

    pub(crate) fn serve_with(&self, environment: &[(&str, &str)]) -> Service {
        self.start(command(self.path()).envs(environment.iter().copied()))
    }

    /// Serves with a command that is, or becomes, `annona`.
    fn start(&self, command: &mut Command) -> Service {
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path().join("service.log"))
            .unwrap();
        let mut process = command
            .args(["serve", "--config", "annona.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| {
                panic!(
                    "{line}{}",
                    std::fs::read_to_string(self.path().join("service.log")).unwrap()
                )
            });
        Service {
            client: ApiClient::new(base).unwrap(),
            process,
        }
    }

    /// No block is made until [`Self::resume_mining`].
    pub(crate) async fn hold_mining(&self) {
        self.chain
            .provider()
            .anvil_set_auto_mine(false)
            .await
            .unwrap();
        self.chain
            .provider()
            .anvil_set_interval_mining(0)
            .await
            .unwrap();
    }

    pub(crate) async fn resume_mining(&self) {
        self.chain
            .provider()
            .anvil_set_interval_mining(1)
            .await
            .unwrap();
    }

    /// Mines a block every fifth of a second until the miner is dropped.
    pub(crate) fn mine_often(&self) -> Miner {
        let provider = self.chain.provider().clone();
        Miner(tokio::spawn(async move {
            // Anvil can end first.
            while provider.evm_mine(None).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }))
    }

    /// Empties the node's pool, as a node that restarts does.
    pub(crate) async fn forget_pool(&self) {
        self.chain
            .provider()
            .anvil_drop_all_transactions()
            .await
            .unwrap();
    }

    pub(crate) async fn next_epoch(&self) -> Epoch {
        let clock = self.chain.calendar().await.unwrap().clock;
        let now = self.chain.head().await.unwrap().timestamp;
        let next = Epoch(clock.epoch_at(now).unwrap().0 + 1);
        self.wait(clock.start_of(next).0 - now.0).await;
        next
    }

    /// Moves the chain's time on.
    pub(crate) async fn wait(&self, secs: u64) {
        let provider = self.chain.provider();
        provider.anvil_increase_time(secs).await.unwrap();
        provider.evm_mine(None).await.unwrap();
    }

    /// Enrols the simulated person `seed` through the command line; returns what was acknowledged.
    pub(crate) fn enrol(&self, service: &Service, wallet: &Wallet, seed: u64) -> EnrolmentView {
        self.enrol_with(service, wallet, seed, &[])
    }

    /// The simulated person `seed` has lost the identity of before.
    pub(crate) fn recover(&self, service: &Service, wallet: &Wallet, seed: u64) -> EnrolmentView {
        self.enrol_with(service, wallet, seed, &["--recover"])
    }

    fn enrol_with(
        &self,
        service: &Service,
        wallet: &Wallet,
        seed: u64,
        more: &[&str],
    ) -> EnrolmentView {
        let output = self.try_enrol(service, wallet, seed, more);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Enrols the simulated person `seed`; returns the output of the command line.
    pub(crate) fn try_enrol(
        &self,
        service: &Service,
        wallet: &Wallet,
        seed: u64,
        more: &[&str],
    ) -> Output {
        let commitment = wallet.identity().commitment().to_string();
        let arguments = [
            "orb",
            "enrol",
            "--service",
            service.client.base(),
            "--deployment",
            "deployment.json",
            "--key-file",
            "orb.key",
            "--simulate",
            &seed.to_string(),
            // A session that is known to go well: one in some dozens does not.
            "--session",
            "1",
            "--commitment",
            &commitment,
            "--json",
        ];
        annona(self.path(), &[&arguments[..], more].concat())
    }

    pub(crate) fn wallet(&self, name: &str) -> Wallet {
        Wallet::create(&self.path().join(name), &mut rand::rng()).unwrap()
    }

    pub(crate) async fn draft(
        &self,
        service: &Service,
        wallet: &Wallet,
        epoch: Epoch,
        recipient: Address,
    ) -> ClaimDraft {
        let identity = wallet.identity();
        let checkpoint = self.chain.checkpoint_before(epoch).await.unwrap();
        let mut tree = TreeReader::new(&service.client, epoch, checkpoint.member_count);
        let place = tree.find(identity.commitment(), None).await.unwrap();
        let path = tree.path(place.unwrap()).await.unwrap();
        self.prove(identity, &path, epoch, checkpoint.root, recipient)
    }

    /// Makes the claim of a member with this path to the root of the epoch.
    pub(crate) fn prove(
        &self,
        identity: &Identity,
        path: &InclusionProof,
        epoch: Epoch,
        root: Root,
        recipient: Address,
    ) -> ClaimDraft {
        let payment = Payment {
            recipient,
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let scope = self.chain.deployment().claim_scope();
        prepare_claim(
            identity,
            path,
            epoch,
            root,
            &scope,
            payment,
            &mut rand::rng(),
        )
        .unwrap()
    }
}

/// Log of the services of `world`.
pub(crate) fn log(world: &World) -> String {
    std::fs::read_to_string(world.path().join("service.log")).unwrap()
}

/// Waits until `reached` says so; a bound, no sleep that the outcome depends on.
pub(crate) async fn until<F: Future<Output = bool>>(reached: impl Fn() -> F) {
    let waiting = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("the state is reached in time");
}

/// Writes another text over `text` in the service's configuration.
pub(crate) fn reconfigure(world: &World, text: &str, other: &str) {
    let path = world.path().join("annona.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    assert!(config.contains(text), "{config}");
    std::fs::write(path, config.replace(text, other)).unwrap();
}

/// Sends SIGHUP and waits until `sentence` is in the log once more.
pub(crate) async fn reread(world: &World, service: &Service, sentence: &str) {
    let count = || log(world).matches(sentence).count();
    let before = count();
    service.signal("HUP");
    until(async || count() > before).await;
}

pub(crate) fn enrolment_id(view: &EnrolmentView) -> B256 {
    view.id.parse().unwrap()
}

pub(crate) async fn settled(service: &Service, draft: &ClaimDraft) -> ClaimView {
    service
        .client
        .wait_for_claim(draft.proof.inputs.nullifier_hash, PATIENCE)
        .await
        .unwrap()
}

async fn head_time(anvil: &AnvilInstance) -> u64 {
    use alloy::consensus::BlockHeader;
    use alloy::providers::Provider;
    let provider = connect(&anvil.endpoint()).unwrap();
    let latest = alloy::eips::BlockNumberOrTag::Latest;
    provider
        .get_block_by_number(latest)
        .await
        .unwrap()
        .unwrap()
        .header
        .timestamp()
}
