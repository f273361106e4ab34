//! deploy/README.md and deploy/compose.yaml, done as they say.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi;
use annona_chain::DynProvider;
use annona_chain::devnet::{self, BlockTime};
use annona_client::ApiClient;
use annona_core::Address;
use annona_rpc::connect;
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{ANNONA, anvil_binary, command, until};

const HANDBOOK: &str = include_str!("../../../../deploy/README.md");
const COMPOSE: &str = include_str!("../../../../deploy/compose.yaml");

/// Blocks that need more than this machine has for a test.
const NOT_RUN: [&str; 2] = [
    // Takes minutes; the binary that is tested stands for it.
    "cargo build --locked --release --package annona",
    // Needs SQLite's own program and an encrypted disk.
    "sqlite3 annona.sqlite \".backup '/encrypted/annona-backup.sqlite'\"",
];

/// The blocks between fences, in their order.
fn blocks() -> Vec<String> {
    let blocks = HANDBOOK.split("\n```").skip(1).step_by(2);
    let code = blocks.map(|block| block.trim_start_matches('\n').to_owned());
    code.filter(|block| !NOT_RUN.contains(&block.as_str()))
        .collect()
}

/// An operator's folder on a machine with a chain.
struct Operator {
    folder: TempDir,
    anvil: AnvilInstance,
    provider: DynProvider,
}

impl Operator {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        std::fs::create_dir(folder.path().join("deploy")).unwrap();
        for name in ["annona.sample.toml", "plan.sample.toml"] {
            let target = folder.path().join("deploy").join(name);
            std::fs::copy(sources.join(name), target).unwrap();
        }
        let anvil = devnet::start(&anvil_binary(), BlockTime::Instant).unwrap();
        let provider = connect(&anvil.endpoint()).unwrap();
        Self {
            folder,
            anvil,
            provider,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A block as it is written, in a shell.
    fn shell(&self, block: &str) -> Output {
        let binaries = Path::new(ANNONA).parent().unwrap();
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
        let block = block.replace("URL", &self.anvil.endpoint());
        let inner = command(self.folder.path());
        let mut shell = Command::new("bash");
        for (name, _) in inner.get_envs().filter(|(_, value)| value.is_none()) {
            shell.env_remove(name);
        }
        shell
            .args(["-e", "-c", &block])
            .env("PATH", path)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn shell_ok(&self, block: &str) -> String {
        let output = self.shell(block);
        assert!(output.status.success(), "{block}\n{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn edit(&self, name: &str, changes: &[(&str, &str)]) {
        let mut text = std::fs::read_to_string(self.path(name)).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{name} has {from}");
            text = text.replace(from, to);
        }
        std::fs::write(self.path(name), text).unwrap();
    }

    async fn fund(&self, account: Address) {
        let coin = U256::from(10).pow(U256::from(20));
        self.provider
            .anvil_set_balance(account, coin)
            .await
            .unwrap();
    }

    /// A service under an environment, and its process.
    fn serve(&self, config: &str, environment: &[(String, String)]) -> (ApiClient, Child) {
        let mut process = command(self.folder.path())
            .args(["serve", "--config", config])
            .envs(environment.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(base) = line.trim().strip_prefix("listening on ") else {
            panic!("{}", said(&process.wait_with_output().unwrap()));
        };
        (ApiClient::new(base).unwrap(), process)
    }

    async fn is_served(&self, config: &str, environment: &[(String, String)]) {
        let (client, mut process) = self.serve(config, environment);
        until(async || client.is_ready().await.unwrap_or(false)).await;
        let told = Command::new("kill")
            .args(["-TERM", &process.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The first address in a text.
fn address_in(text: &str) -> Address {
    let start = text.find("0x").unwrap();
    text[start..start + 42].parse().unwrap()
}

/// Address of a key, as the doctor tells it.
fn doctor_tells(findings: &str, check: &str) -> Address {
    let line = findings.lines().find(|line| line.contains(check));
    address_in(line.unwrap_or_else(|| panic!("{check}: {findings}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handbook_leads_to_a_service_and_the_compose_file_to_another() {
    let operator = Operator::new();
    let blocks = blocks();
    let [
        keys,
        config,
        doctor,
        plan,
        deploy,
        doctor_again,
        serve,
        audit,
    ] = &blocks[..]
    else {
        panic!("the handbook has other blocks: {blocks:#?}");
    };
    operator.shell_ok(keys);
    operator.shell_ok(config);
    operator.edit(
        "annona.toml",
        &[
            ("http://127.0.0.1:8545", &operator.anvil.endpoint()),
            ("\"sequencer.key\"", "\"keys/sequencer.key\""),
            ("\"relay.key\"", "\"keys/relay.key\""),
            ("\"receipt.key\"", "\"keys/receipt.key\""),
            ("confirmations = 12", "confirmations = 1"),
        ],
    );
    let findings = said(&operator.shell(doctor));
    assert!(findings.contains("FAIL deployment"), "{findings}");
    assert!(findings.contains("by default: "), "{findings}");
    let sequencer = doctor_tells(&findings, "sequencer key");
    let relay = doctor_tells(&findings, "relay keys");
    let receipt = doctor_tells(&findings, "receipt key").to_string();

    operator.shell_ok(plan);
    let sequencer_text = sequencer.to_string();
    operator.edit(
        "plan.toml",
        &[
            (
                "0x3333333333333333333333333333333333333333",
                &sequencer_text,
            ),
            ("0x5555555555555555555555555555555555555555", &receipt),
        ],
    );
    let poor = operator.shell(deploy);
    assert!(!poor.status.success(), "the deployer has no coin");
    assert!(!operator.path("deployment.json").exists());
    operator.fund(address_in(&said(&poor))).await;
    operator.shell_ok(deploy);

    operator.fund(sequencer).await;
    operator.fund(relay).await;
    let findings = operator.shell_ok(doctor_again);
    assert!(!findings.contains("FAIL"), "{findings}");

    assert_eq!(serve, "annona serve --config annona.toml");
    let listen = (
        "ANNONA_SERVICE__LISTEN".to_owned(),
        "127.0.0.1:0".to_owned(),
    );
    operator.is_served("annona.toml", &[listen]).await;
    let report = operator.shell_ok(audit);
    assert!(report.contains(" 0 failed"), "{report}");
    let orb = "0x4444444444444444444444444444444444444444";
    let revoked = operator.shell_ok(&format!(
        "annona registry revoke --orb {orb} --config annona.toml --json"
    ));
    let revoked: Value = serde_json::from_str(&revoked).unwrap();
    assert_eq!(
        (&revoked["withdrawn"], &revoked["revocations"]),
        (&0.into(), &0.into())
    );

    let environment = compose_environment(&operator);
    operator
        .is_served("deploy/annona.sample.toml", &environment)
        .await;
    assert!(operator.path("state/annona.sqlite").is_file());
}

/// Environment that compose.yaml gives to the service, with the paths and the port of this
/// machine.
fn compose_environment(operator: &Operator) -> Vec<(String, String)> {
    let service = COMPOSE.split("\n  service:\n").nth(1).unwrap();
    let secrets = service
        .lines()
        .find_map(|line| line.trim().strip_prefix("secrets: "));
    let secrets: Vec<&str> = secrets
        .unwrap()
        .trim_matches(['[', ']'])
        .split(", ")
        .collect();
    let state = operator.path("state");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::copy(
        operator.path("deployment.json"),
        state.join("deployment.json"),
    )
    .unwrap();
    let mut environment = Vec::new();
    for line in service.lines().map(str::trim) {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if !name.starts_with("ANNONA_") {
            continue;
        }
        let value = value.trim_matches('"');
        if let Some(secret) = value.strip_prefix("/run/secrets/") {
            assert!(
                secrets.contains(&secret),
                "{name} names no secret of the service"
            );
        }
        let value = value
            .replace(
                "/run/secrets/",
                &format!("{}/", operator.path("keys").display()),
            )
            .replace("/state/", &format!("{}/", state.display()))
            .replace("http://chain:8545", &operator.anvil.endpoint())
            .replace("0.0.0.0:8080", "127.0.0.1:0");
        environment.push((name.to_owned(), value));
    }
    assert!(environment.len() >= 8, "{environment:?}");
    environment
}
