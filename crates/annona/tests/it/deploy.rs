//! `annona deploy` when something comes between.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use alloy::node_bindings::AnvilInstance;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use annona_chain::devnet::{self, BlockTime};
use annona_chain::{DynProvider, PrivateKeySigner};
use annona_rpc::connect;
use tempfile::TempDir;

use crate::world::{anvil_binary, command};

/// A chain, a plan and a key that can pay.
struct DeployWorld {
    folder: TempDir,
    anvil: AnvilInstance,
    provider: DynProvider,
}

impl DeployWorld {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anvil = devnet::start(&anvil_binary(), BlockTime::Instant).unwrap();
        let key = PrivateKeySigner::from(anvil.keys()[0].clone());
        let path = folder.path().join("deployer.key");
        std::fs::write(&path, format!("{:x}", key.to_bytes())).unwrap();
        restrict(&path);
        let plan = include_str!("../../../../deploy/plan.sample.toml");
        std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
        let provider = connect(&anvil.endpoint()).unwrap();
        Self {
            folder,
            anvil,
            provider,
        }
    }

    fn deploy(&self, out: &str) -> std::process::Command {
        let mut deploy = command(self.folder.path());
        deploy
            .args([
                "deploy",
                "--key-file",
                "deployer.key",
                "--plan",
                "plan.toml",
            ])
            .args(["--rpc-url", &self.anvil.endpoint(), "--out", out]);
        deploy
    }

    async fn transactions(&self) -> u64 {
        let deployer = self.anvil.addresses()[0];
        self.provider.get_transaction_count(deployer).await.unwrap()
    }
}

fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_for_when_the_file_cannot_be_written() {
    let world = DeployWorld::new();
    std::fs::write(world.folder.path().join("foreign.json"), "mine").unwrap();
    std::fs::create_dir(world.folder.path().join("folder")).unwrap();
    std::fs::write(world.folder.path().join("empty.json"), "").unwrap();
    for out in [
        "nodir/deployment.json",
        "foreign.json",
        "folder",
        "empty.json",
        "",
    ] {
        let output = world.deploy(out).output().unwrap();
        assert_eq!(
            output.status.code().map(|code| code > 0),
            Some(true),
            "{out}"
        );
        assert!(
            !errors(&output).contains("deploying"),
            "{}",
            errors(&output)
        );
    }
    assert_eq!(world.transactions().await, 0);
    let foreign = std::fs::read_to_string(world.folder.path().join("foreign.json"));
    assert_eq!(foreign.unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_told_as_they_are_deployed() {
    let world = DeployWorld::new();
    let output = world.deploy("deployment.json").output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let file = std::fs::read_to_string(world.folder.path().join("deployment.json")).unwrap();
    let told = errors(&output);
    let addresses: Vec<&str> = told
        .lines()
        .filter_map(|line| line.trim().split(' ').next())
        .filter(|word| word.starts_with("0x"))
        .collect();
    assert_eq!(addresses.len(), 12, "{told}");
    let file = file.to_lowercase();
    for address in addresses {
        assert!(file.contains(&address.to_lowercase()), "{address}");
    }
    // A second run does not touch the file.
    let again = world.deploy("deployment.json").output().unwrap();
    assert!(!again.status.success());
    assert_eq!(world.transactions().await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_deployment_says_what_is_there_and_can_be_made_again() {
    let world = DeployWorld::new();
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        world.provider.anvil_set_auto_mine(false).await.unwrap();
        let mut deploying = world
            .deploy("deployment.json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(deploying.stderr.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        assert!(next().starts_with("deploying 12 contracts"));
        // The first contract gets into a block, the second waits for one.
        while world.provider.txpool_pending().await == 0 {
            tokio::task::yield_now().await;
        }
        world.provider.evm_mine(None).await.unwrap();
        let created = next();
        assert!(created.contains("TimelockController"), "{created}");
        let told = std::process::Command::new("kill")
            .args([&format!("-{name}"), &deploying.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        let account: Vec<String> = lines.map(Result::unwrap).collect();
        let account = account.join("\n");
        assert_eq!(deploying.wait().unwrap().code(), Some(code), "{account}");
        assert!(account.contains("1 of 12 contracts"), "{account}");
        assert!(account.contains("TimelockController"), "{account}");
        assert!(
            account.contains("AnnonaToken: its transaction"),
            "{account}"
        );
        assert!(account.contains("run the same command again"), "{account}");
        let left = std::fs::read_dir(world.folder.path()).unwrap().count();
        assert_eq!(
            left, 2,
            "key and plan, and no file of an unfinished deployment"
        );
        world.provider.anvil_drop_all_transactions().await.unwrap();
    }
    world.provider.anvil_set_auto_mine(true).await.unwrap();
    let output = world.deploy("deployment.json").output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
}

trait Pool {
    /// Transactions that wait for a block.
    async fn txpool_pending(&self) -> u64;
}

impl Pool for DynProvider {
    async fn txpool_pending(&self) -> u64 {
        let status: serde_json::Value = self.raw_request("txpool_status".into(), ()).await.unwrap();
        let pending = status["pending"].as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(pending, 16).unwrap()
    }
}
