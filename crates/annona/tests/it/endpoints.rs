//! RPC endpoints and services as people have them: with a key in the address, behind a
//! proxy, failing.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use annona_faults::{
    Failure, FeeModel, LOG_REFUSALS, Modes, Proxy, RetryAfter, RpcRefusal, Server, When,
};
use axum::Router;
use axum::http::StatusCode;
use tokio::process::Command;

use crate::world::{ANNONA, World, until};

/// `address` with a key in each part of it that can hold one.
fn with_key(address: &str) -> String {
    address.replace("http://", "http://user:SECRET1@") + "/v3/SECRET2?key=SECRET3"
}

fn assert_hides_key(text: &str, what: &str) {
    let shown = text.lines().find(|line| line.contains("SECRET"));
    // In a header an account is written in base 64: `user:SECRET1`.
    let encoded = text.lines().find(|line| line.contains("dXNlcjpTRUNSRVQx"));
    assert_eq!((shown, encoded), (None, None), "{what}");
}

fn text_of(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A command with all logs.
async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(ANNONA);
    command
        .args(arguments)
        .env("RUST_LOG", "trace")
        .current_dir(folder)
        .kill_on_drop(true);
    command.output().await.unwrap()
}

fn configure(world: &World, name: &str, rpc: &str) {
    let usual = std::fs::read_to_string(world.path().join("annona.toml")).unwrap();
    let changed = usual
        .replace(&world.rpc(), rpc)
        .replace("annona.sqlite", &format!("{name}.sqlite"));
    std::fs::write(world.path().join(format!("{name}.toml")), changed).unwrap();
}

/// Every command that makes requests, with `address` for each that it asks for.
fn commands<'a>(address: &'a str, config: &'a str, out: &'a str) -> Vec<Vec<&'a str>> {
    const RECIPIENT: &str = "0x00000000000000000000000000000000000000aa";
    let reading = ["--rpc-url", address, "--deployment", "deployment.json"];
    let citizen = ["--wallet", "wallet.json", "--service", address];
    let with = |start: &[&'a str], more: &[&[&'a str]]| [start, &more.concat()].concat();
    vec![
        with(&["audit"], &[&reading]),
        with(&["audit", "--explain", "0x01"], &[&reading]),
        with(&["citizen", "status"], &[&citizen, &reading]),
        with(
            &["citizen", "prove", "--recipient", RECIPIENT],
            &[&citizen, &reading],
        ),
        with(
            &["citizen", "claim", "--recipient", RECIPIENT],
            &[&citizen, &reading],
        ),
        with(&["registry", "status"], &[&reading]),
        with(&["registry", "rebuild"], &[&reading]),
        with(&["doctor", "--config", config], &[]),
        with(&["serve", "--config", config], &[]),
        with(
            &["deploy", "--rpc-url", address, "--key-file", "deployer.key"],
            &[&["--plan", "plan.toml", "--out", out]],
        ),
        with(
            &[
                "orb",
                "enrol",
                "--service",
                address,
                "--deployment",
                "deployment.json",
            ],
            &[&[
                "--key-file",
                "orb.key",
                "--simulate",
                "1",
                "--commitment",
                "0x01",
            ]],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_shows_the_key_in_an_address() {
    let world = World::create().await;
    world.wallet("wallet.json");
    let proxy = Proxy::start(world.rpc()).await;
    let address = with_key(proxy.url());
    let gone = {
        let ended = Proxy::start(world.rpc()).await;
        with_key(ended.url())
    };
    let quoting = RpcRefusal::rpc(-32_000, "no project SECRET2 with key=SECRET3 for SECRET1");
    let failures = [
        Failure::Page(401),
        Failure::Page(200),
        Failure::Redirect("/v4/SECRET2"),
        Failure::Refuse(quoting),
        Failure::TooManyRequests(RetryAfter::Secs(0)),
    ];
    for (number, failure) in failures.into_iter().enumerate() {
        proxy.set(Modes::failing(When::Always, failure, &[]));
        run_all(
            &world,
            &format!("state{number}"),
            &address,
            &format!("{failure:?}"),
        )
        .await;
    }
    run_all(&world, "gone", &gone, "nothing listens").await;
    for (number, text) in ["SECRET", "ftp://rpc.example/SECRET"].iter().enumerate() {
        run_all(&world, &format!("text{number}"), text, text).await;
    }
}

async fn run_all(world: &World, name: &str, address: &str, what: &str) {
    configure(world, name, address);
    let config = format!("{name}.toml");
    let out = format!("{name}.json");
    let running = commands(address, &config, &out)
        .into_iter()
        .map(async |arguments| {
            let output = run(world.path(), &arguments).await;
            let command = arguments[..2].join(" ");
            let text = text_of(&output);
            assert_hides_key(&text, &format!("{what}: {command}"));
            assert!(!output.status.success(), "{what}: {command}: {text}");
            assert!(!text.contains("panicked"), "{what}: {command}: {text}");
        });
    futures::future::join_all(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_never_logs_the_key_of_its_endpoint() {
    let world = World::create().await;
    let proxy = Proxy::start(world.rpc()).await;
    let usual = std::fs::read_to_string(world.path().join("annona.toml")).unwrap();
    let changed = usual.replace(&world.rpc(), &with_key(proxy.url()));
    std::fs::write(world.path().join("annona.toml"), changed).unwrap();
    let service = world.serve_with(&[("RUST_LOG", "trace")]);
    until(async || service.client.is_ready().await.unwrap()).await;
    let log = || std::fs::read_to_string(world.path().join("service.log")).unwrap();
    let quoting = RpcRefusal::rpc(-32_000, "no project SECRET2 with key=SECRET3 for SECRET1");
    for failure in [
        Failure::Page(403),
        Failure::Refuse(quoting),
        Failure::NotJson,
    ] {
        let failed_before = log().matches("step failed").count();
        proxy.set(Modes::failing(When::Always, failure, &[]));
        until(async || log().matches("step failed").count() > failed_before + 2).await;
        // What it answers then is not for strangers either.
        let base = service.client.base();
        for path in ["/readyz", "/metrics", "/v1/epochs/current"] {
            let answer = annona_http::reqwest::get(format!("{base}{path}")).await;
            assert_hides_key(&answer.unwrap().text().await.unwrap(), path);
        }
    }
    proxy.behave();
    until(async || service.client.is_ready().await.unwrap()).await;
    assert_eq!(service.stop(), Some(0));
    assert_hides_key(&log(), "the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_machines_are_reached_by_the_proxy_of_the_environment() {
    let world = World::create().await;
    let asked = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&asked);
    let router = Router::new().fallback(move || async move {
        counting.fetch_add(1, Ordering::Relaxed);
        StatusCode::UNAUTHORIZED
    });
    let office = Server::start(router).await;
    let audit = |variable, address: &'static str| {
        let mut command = Command::new(ANNONA);
        command
            .args([
                "audit",
                "--deployment",
                "deployment.json",
                "--rpc-url",
                address,
            ])
            .env(variable, office.url())
            .current_dir(world.path());
        async move { command.output().await.unwrap() }
    };
    for (position, variable) in ["http_proxy", "ALL_PROXY"].into_iter().enumerate() {
        let output = audit(variable, "http://rpc.example:8545/v3/SECRET").await;
        assert_hides_key(&text_of(&output), variable);
        let expected = u32::try_from(position + 1).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), expected, "{variable}");
    }
    for address in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
        audit("http_proxy", address).await;
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{address}");
    }
}

/// The answer of `annona doctor` to one of its checks.
async fn doctor(world: &World, check: &str) -> (bool, String) {
    let output = run(
        world.path(),
        &["doctor", "--config", "proxied.toml", "--json"],
    )
    .await;
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = findings.as_array().unwrap().iter();
    let finding = found.into_iter().find(|finding| finding["check"] == check);
    let finding = finding.unwrap_or_else(|| panic!("{check}: {findings}"));
    let detail = finding["detail"].as_str().unwrap().to_owned();
    (finding["ok"].as_bool().unwrap(), detail)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_what_an_endpoint_lacks() {
    let world = World::create().await;
    let proxy = Proxy::start(world.rpc()).await;
    configure(&world, "proxied", proxy.url());
    let fees = |fees| Modes {
        fees,
        ..Modes::default()
    };
    for (modes, check, is_well, told) in [
        (Modes::default(), "chain", true, "is of chain 31337"),
        (Modes::default(), "event logs", true, "as many blocks"),
        (Modes::default(), "gas price", true, "EIP-1559"),
        (Modes::default(), "newest block", true, "s old"),
        (
            Modes {
                chain_id: Some(10),
                ..Modes::default()
            },
            "chain",
            false,
            "of chain 10, and the deployment of chain 31337",
        ),
        (
            Modes::log_span(3, LOG_REFUSALS[0]),
            "event logs",
            true,
            "3 blocks",
        ),
        (
            Modes {
                first_block_with_logs: 5,
                ..Modes::default()
            },
            "event logs",
            false,
            "keeps all logs",
        ),
        (fees(FeeModel::Legacy), "gas price", true, "legacy"),
        (fees(FeeModel::ZeroBase), "gas price", true, "legacy"),
        (
            Modes::failing(
                When::Always,
                Failure::Page(401),
                &["eth_gasPrice", "eth_feeHistory"],
            ),
            "gas price",
            false,
            "refuses access",
        ),
        (
            Modes::failing(When::Always, Failure::Page(200), &[]),
            "chain",
            false,
            "not with JSON-RPC",
        ),
    ] {
        proxy.set(modes);
        let (ok, detail) = doctor(&world, check).await;
        assert_eq!(ok, is_well, "{check}: {detail}");
        assert!(detail.contains(told), "{check}: {detail}");
    }
    // A chain with the same id and another past.
    let other = World::create_empty();
    let elsewhere = Proxy::start(other.endpoint()).await;
    configure(&world, "proxied", elsewhere.url());
    let (ok, detail) = doctor(&world, "contracts").await;
    assert!(!ok && detail.contains("no code at Registry"), "{detail}");
}
