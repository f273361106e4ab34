//! An operator's hands on a service that runs: signals, reviews, another chain, the audit.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use alloy::primitives::{Bytes, keccak256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::transports::http::reqwest::Client;
use annona_client::wire::{ReadinessView, ServicePart};
use annona_core::B256;
use annona_engine::ports::ChainReader;
use annona_faults::{Failure, Modes, Proxy, When, patience};
use serde_json::Value;

use crate::world::{World, annona, annona_ok, log, reconfigure, reread, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_orb_is_refused_from_one_signal_to_the_next() {
    const READ: &str = "orbs that are refused were read again";
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let setting = "recovery_cooldown_secs = 0\n";
    let refusing = format!("{setting}refused_orbs = [\"{}\"]\n", world.orb);

    reconfigure(&world, setting, &refusing);
    reread(&world, &service, READ).await;
    let refused = world.try_enrol(&service, &wallet, 1, &[]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{text}");
    assert!(text.contains("orb-refused"), "{text}");

    // A configuration that cannot be read changes nothing.
    reconfigure(&world, &refusing, "no such line\n");
    reread(&world, &service, "the same orbs are refused as before").await;
    assert!(!world.try_enrol(&service, &wallet, 1, &[]).status.success());

    reconfigure(&world, "no such line\n", setting);
    reread(&world, &service, READ).await;
    world.enrol(&service, &wallet, 1);
    assert_eq!(service.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_are_listed_beside_the_service_and_only_those_there_are_decided() {
    let world = World::create().await;
    let service = world.serve();
    let list = ["registry", "reviews", "--config", "annona.toml"];
    assert_eq!(annona_ok(world.path(), &list).trim(), "nothing to decide");
    let rows = annona_ok(world.path(), &[&list[..], &["--json"]].concat());
    assert_eq!(rows.trim(), "[]");
    let id = B256::repeat_byte(7).to_string();
    let decide = ["registry", "review", &id, "--config", "annona.toml"];
    let unknown = annona(world.path(), &[&decide[..], &["--admit"]].concat());
    let text = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(1), "{text}");
    assert!(text.contains(&id), "{text}");
    let undecided = annona(world.path(), &decide);
    assert_eq!(undecided.status.code(), Some(2), "a verdict is needed");
    let both = annona(
        world.path(),
        &[&decide[..], &["--admit", "--refuse"]].concat(),
    );
    assert_eq!(both.status.code(), Some(2), "one verdict");
    assert_eq!(service.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_service_within_its_grace() {
    let world = World::create().await;
    let service = world.serve();
    // A request whose body does not come keeps the first signal's grace. The service has begun it
    // once it asks for the body.
    let address = service.client.base().strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(
        b"POST /v1/claims HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
          content-length: 100\r\nexpect: 100-continue\r\n\r\n",
    )
    .unwrap();
    let mut asked = [0; 12];
    slow.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    service.signal("TERM");
    until(async || log(&world).contains("a second signal ends it at once")).await;
    let told = Instant::now();
    service.signal("INT");
    assert_eq!(service.end(), Some(130));
    assert!(
        told.elapsed() < patience(Duration::from_secs(2)),
        "{:?}",
        told.elapsed()
    );
}

/// Tests RELAY-8.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_does_not_start_on_another_chain() {
    let world = World::create().await;
    assert_eq!(world.serve().stop(), Some(0));
    let proxy = Proxy::start(world.rpc()).await;
    reconfigure(&world, &world.rpc(), proxy.url());
    let genesis = B256::repeat_byte(9);
    for (modes, named) in [
        (
            Modes {
                chain_id: Some(10),
                ..Modes::default()
            },
            ["chain 31337".to_owned(), "chain 10".to_owned()],
        ),
        (
            Modes {
                genesis_hash: Some(genesis),
                ..Modes::default()
            },
            ["block 0".to_owned(), genesis.to_string()],
        ),
    ] {
        proxy.set(modes);
        let output = annona(world.path(), &["serve", "--config", "annona.toml"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        for side in named {
            assert!(text.contains(&side), "{side}: {text}");
        }
    }
    proxy.behave();
    assert_eq!(world.serve().stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_does_not_start_on_other_code_at_a_contracts_address() {
    let world = World::create().await;
    assert_eq!(world.serve().stop(), Some(0));
    let token = world.chain.deployment().token;
    let provider = world.chain.provider();
    let own = provider.get_code_at(token).await.unwrap();
    // The same code, and one byte that nothing runs.
    let other = Bytes::from([own.as_ref(), &[0]].concat());
    provider.anvil_set_code(token, other.clone()).await.unwrap();
    let output = annona(world.path(), &["serve", "--config", "annona.toml"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for named in [
        token.to_string(),
        keccak256(&own).to_string(),
        keccak256(&other).to_string(),
    ] {
        assert!(text.contains(&named), "{named}: {text}");
    }
    provider.anvil_set_code(token, own).await.unwrap();
    assert_eq!(world.serve().stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_changes_under_the_service_is_told_with_both_sides() {
    let world = World::create().await;
    let proxy = Proxy::start(world.rpc()).await;
    reconfigure(&world, &world.rpc(), proxy.url());
    let service = world.serve();
    until(async || service.client.is_ready().await.unwrap()).await;
    let genesis = B256::repeat_byte(9);
    proxy.set(Modes {
        genesis_hash: Some(genesis),
        ..Modes::default()
    });
    let readiness = format!("{}/readyz", service.client.base());
    let http = Client::builder().no_proxy().build().unwrap();
    let reason = async || {
        let answer = http.get(&readiness).send().await.unwrap();
        let report: ReadinessView = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let mut parts = report.parts.into_iter();
        let contracts = parts.find(|view| view.part == ServicePart::Contracts);
        contracts.unwrap().reason.unwrap_or_default()
    };
    until(async || !reason().await.is_empty()).await;
    let told = reason().await;
    let own = world.chain.block_hash(0).await.unwrap().unwrap();
    for side in [own, genesis] {
        assert!(told.contains(&side.to_string()), "{side}: {told}");
    }
    assert!(!service.client.is_ready().await.unwrap());
    // The next look comes half a minute later.
    if std::env::var_os("TEST_SOAK").is_some() {
        proxy.behave();
        until(async || service.client.is_ready().await.unwrap()).await;
    }
    assert_eq!(service.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_warned_of_test_keys_on_chains_that_people_use() {
    let world = World::create().await;
    let proxy = Proxy::start(world.rpc()).await;
    world.wallet("wallet.json");
    let path = world.path().join("deployment.json");
    let deployment = std::fs::read_to_string(&path).unwrap();
    let status = || {
        let output = annona(
            world.path(),
            &[
                "citizen",
                "status",
                "--wallet",
                "wallet.json",
                "--rpc-url",
                proxy.url(),
                "--deployment",
                "deployment.json",
            ],
        );
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!status().contains("UNSAFE"), "{}", status());
    let elsewhere = deployment.replace("\"chainId\": 31337", "\"chainId\": 10");
    assert_ne!(elsewhere, deployment);
    std::fs::write(&path, elsewhere).unwrap();
    proxy.set(Modes {
        chain_id: Some(10),
        ..Modes::default()
    });
    let told = status();
    for verifier in world.chain.deployment().append_verifiers {
        assert!(told.contains(&verifier.to_string()), "{told}");
    }
    assert!(told.contains("UNSAFE test key"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_endpoint_is_silent_stops_in_time() {
    let world = World::create().await;
    let proxy = Proxy::start(world.rpc()).await;
    reconfigure(&world, &world.rpc(), proxy.url());
    let service = world.serve();
    until(async || service.client.is_ready().await.unwrap()).await;
    proxy.set(Modes::failing(When::Always, Failure::Silent, &[]));
    let asked = proxy.asked("eth_getBlockByNumber");
    until(async || proxy.asked("eth_getBlockByNumber") > asked).await;
    let told = Instant::now();
    assert_eq!(service.stop(), Some(0));
    assert!(
        told.elapsed() < patience(Duration::from_secs(10)),
        "{:?}",
        told.elapsed()
    );
}

/// Exit code and report of an audit through `rpc`.
fn audit(world: &World, rpc: &str) -> (Option<i32>, Value) {
    let output = annona(
        world.path(),
        &[
            "audit",
            "--rpc-url",
            rpc,
            "--deployment",
            "deployment.json",
            "--json",
        ],
    );
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), report)
}

/// Tests AUDIT-38.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_says_by_its_exit_code_whether_it_passed_failed_or_could_not_check() {
    let world = World::create().await;
    let (code, report) = audit(&world, &world.rpc());
    assert_eq!((code, &report["failed"]), (Some(0), &0.into()), "{report}");

    let gone = Proxy::start(world.rpc()).await.url().to_owned();
    assert_eq!(audit(&world, &gone).0, Some(2));
    let proxy = Proxy::start(world.rpc()).await;
    proxy.set(Modes::failing(
        When::Always,
        Failure::Page(403),
        &["eth_getLogs"],
    ));
    let (code, report) = audit(&world, proxy.url());
    assert_eq!(
        (code, &report["verdict"]),
        (Some(2), &"not audited".into()),
        "{report}"
    );

    let token = world.chain.deployment().token;
    let other = Bytes::from_static(&[0x60, 0x00, 0x60, 0x00, 0xfd]);
    let provider = world.chain.provider();
    provider.anvil_set_code(token, other).await.unwrap();
    let (code, report) = audit(&world, &world.rpc());
    assert_eq!(code, Some(1), "{report}");
}
