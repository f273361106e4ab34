//! Chain, contracts, service and orb of the demo, and the step to the next epoch.

use std::path::Path;
use std::sync::Arc;

use alloy::node_bindings::AnvilInstance;
use alloy::providers::ext::AnvilApi;
use annona_bindings::Deployment;
use annona_chain::devnet::{self, BlockTime};
use annona_chain::{DynProvider, EvmReader, PrivateKeySigner};
use annona_client::{ApiClient, Wallet};
use annona_core::{Epoch, EpochClock};
use annona_engine::ports::ChainReader;
use annona_files::{Audience, Purpose, write_over};
use annona_rpc::connect;
use annona_service::account_keys;
use annona_service::sandbox::{self, Account};
use annona_zkml::EncodingProver;
use anyhow::ensure;
use orb_sim::Orb;

use super::progress::DemoProgress;
use crate::scratch::Scratch;
use crate::service_process::ServiceProcess;

const BLOCK_TIME_SECS: u64 = 1;
const CONFIRMATIONS: u64 = 1;

/// A chain, the contracts and the service; dropped, nothing of it is left.
pub(crate) struct World {
    service: ServiceProcess,
    chain: EvmReader,
    calendar: EpochClock,
    orb: Orb,
    anvil: AnvilInstance,
    folder: Scratch,
}

/// Proofs of encoding that the demo's service asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proofs {
    Optional,
    Required,
}

impl Proofs {
    const fn name(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl World {
    /// `anvil` is the chain's binary, found by itself when not named; `app` the folder of the
    /// citizen's app, if the service is to serve it; `proofs` those that it asks for.
    pub(crate) async fn create(
        anvil: Option<&Path>,
        app: Option<&Path>,
        proofs: Proofs,
    ) -> anyhow::Result<Self> {
        let mut folder = Scratch::new("demo", None)?;
        let anvil = start_chain(anvil)?;
        folder.watch(anvil.child().id())?;
        let provider = connect(&anvil.endpoint())?;
        let orb_key = PrivateKeySigner::random();
        let deployment =
            sandbox::deploy_contracts(&anvil, &provider, vec![orb_key.address()]).await?;
        // Blocks by the clock, as on a real chain, once the contracts stand.
        provider.anvil_set_interval_mining(BLOCK_TIME_SECS).await?;
        write_service_files(folder.path(), &anvil, &deployment, &orb_key)?;
        write_config(folder.path(), &anvil.endpoint(), app, proofs)?;
        let service = ServiceProcess::start(&mut folder).await?;
        let chain = EvmReader::open(provider, deployment.clone()).await?;
        let calendar = chain.calendar().await?.clock;
        let orb = Orb::new(
            orb_key,
            service.client.clone(),
            deployment.enrolment_domain(),
        );
        Ok(Self {
            service,
            chain,
            calendar,
            orb,
            anvil,
            folder,
        })
    }

    pub(crate) const fn service(&self) -> &ApiClient {
        &self.service.client
    }

    pub(crate) const fn chain(&self) -> &EvmReader {
        &self.chain
    }

    pub(crate) const fn provider(&self) -> &DynProvider {
        self.chain.provider()
    }

    pub(crate) const fn deployment(&self) -> &Deployment {
        self.chain.deployment()
    }

    pub(crate) const fn orb(&self) -> &Orb {
        &self.orb
    }

    pub(crate) fn new_wallet(&self, name: &str) -> anyhow::Result<Wallet> {
        let path = self.folder.path().join(format!("{name}.wallet.json"));
        Ok(Wallet::create(&path, &mut rand::rng())?)
    }

    /// Folder of the demo's files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Has the orb prove the codes of whoever enrols, or not.
    pub(crate) fn set_prover(&mut self, prover: Option<Arc<EncodingProver>>) {
        self.orb = self.orb.clone().proving(prover);
    }

    /// Starts the service again with another rule about proofs of encoding.
    pub(crate) async fn ask_for(
        &mut self,
        proofs: Proofs,
        app: Option<&Path>,
    ) -> anyhow::Result<()> {
        self.service.end();
        write_config(self.folder.path(), &self.anvil.endpoint(), app, proofs)?;
        self.service = ServiceProcess::start(&mut self.folder).await?;
        let client = self.service.client.clone();
        self.orb = self.orb.clone().reporting_to(client);
        Ok(())
    }

    /// Moves chain time to the start of the next epoch.
    pub(crate) async fn next_epoch(&self, progress: &mut DemoProgress) -> anyhow::Result<Epoch> {
        let now = self.chain.head().await?.timestamp;
        let next = Epoch(self.calendar.epoch_at(now)?.0 + 1);
        let seconds = self.calendar.start_of(next).0 - now.0;
        self.provider().anvil_increase_time(seconds).await?;
        self.provider().evm_mine(None).await?;
        let reached = self.calendar.epoch_at(self.chain.head().await?.timestamp)?;
        ensure!(
            reached == next,
            "the chain is in epoch {reached} instead of {next}"
        );
        progress.chapter(&format!(
            "epoch {next} begins: chain time moved by {:.1} hours",
            seconds as f64 / 3_600.0
        ));
        Ok(next)
    }

    /// Explains the use of the parts that `--keep` leaves running.
    pub(crate) fn how_to_go_on(&self) -> anyhow::Result<String> {
        let folder = self.folder.path().display();
        let binary = std::env::current_exe()?;
        let (binary, service, rpc) = (
            binary.display(),
            self.service().base(),
            self.anvil.endpoint(),
        );
        Ok(format!(
            "\n== everything keeps running until Ctrl-C\n\
             service {service}   chain {rpc}   files {folder}\n\
             try, in another terminal:\n\
             \x20 {binary} citizen new --wallet mine.json\n\
             \x20 {binary} orb enrol --service {service} --deployment {folder}/deployment.json --key-file {folder}/orb.key --simulate 7 --commitment 0x…\n\
             \x20 {binary} citizen status --wallet mine.json --service {service} --rpc-url {rpc} --deployment {folder}/deployment.json\n\
             \x20 {binary} audit --rpc-url {rpc} --deployment {folder}/deployment.json\n\
             \x20 curl {service}/v1/epochs/current"
        ))
    }
}

fn start_chain(named: Option<&Path>) -> anyhow::Result<AnvilInstance> {
    let anvil = match named {
        Some(path) => path.to_owned(),
        None => {
            let near_binary = || devnet::find_anvil(&std::env::current_exe().unwrap_or_default());
            devnet::find_anvil(&std::env::current_dir()?).or_else(|_| near_binary())?
        }
    };
    Ok(devnet::start(&anvil, BlockTime::Instant)?)
}

fn write_service_files(
    folder: &Path,
    anvil: &AnvilInstance,
    deployment: &Deployment,
    orb_key: &PrivateKeySigner,
) -> anyhow::Result<()> {
    deployment.save(&folder.join("deployment.json"))?;
    account_keys::write_new(&folder.join("orb.key"), orb_key)?;
    account_keys::write_new(
        &folder.join("sequencer.key"),
        &Account::Sequencer.key(anvil),
    )?;
    account_keys::write_new(&folder.join("relay.key"), &Account::Relay.key(anvil))?;
    account_keys::write_new(&folder.join("receipt.key"), &Account::Receipts.key(anvil))?;
    Ok(())
}

/// Writes the service's configuration, or writes it anew.
fn write_config(
    folder: &Path,
    rpc: &str,
    app: Option<&Path>,
    proofs: Proofs,
) -> anyhow::Result<()> {
    let app = match app {
        // A text in JSON is one in TOML.
        Some(app) => format!("app_dir = {}\n", serde_json::to_string(app)?),
        None => String::new(),
    };
    let config = format!(
        "[service]\nlisten = \"127.0.0.1:0\"\ndatabase = \"annona.sqlite\"\ndeployment = \"deployment.json\"\n{app}\
         [chain]\nrpc_url = \"{rpc}\"\npublic_rpc_urls = [\"{rpc}\"]\nconfirmations = {CONFIRMATIONS}\npoll_interval_ms = 200\nmax_fee_gwei = 1000\n\
         [keys]\nsequencer_file = \"sequencer.key\"\nrelay_files = [\"relay.key\"]\nreceipt_file = \"receipt.key\"\n\
         circuits_folder = \"circuit-keys\"\n\
             [sequencer]\nmax_wait_secs = 0\nepoch_margin_secs = 60\n\
             [relay]\nwait_secs = 3\nwindow_margin_secs = 60\n\
             [enrolment]\nrecovery_cooldown_secs = 0\nencoding_proofs = \"{proofs}\"\n",
        proofs = proofs.name(),
    );
    let purpose = Purpose::beginning_with("a configuration of the demo", b"[service]");
    let file = folder.join("annona.toml");
    Ok(write_over(
        &file,
        Audience::Owner,
        purpose,
        config.as_bytes(),
    )?)
}
