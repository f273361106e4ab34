//! Requests of a wallet in a whole life, by host: recorded, and held against the table in
//! SECURITY.md.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use alloy::primitives::Address;
use alloy::sol_types::{SolCall, SolEvent};
use alloy::transports::http::reqwest::Client;
use annona_bindings::Deployment;
use annona_bindings::contracts::{Distributor, Registry};
use annona_client::Wallet;
use annona_core::{Epoch, ExternalNullifier};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::world::{PATIENCE, World, annona, annona_ok, enrolment_id};

const SECURITY: &str = include_str!("../../../../SECURITY.md");
const HEADING: &str = "### What a wallet asks, and of whom\n";

/// A proxy that writes down all that passes.
#[derive(Clone)]
struct Recorder {
    base: String,
    target: String,
    http: Client,
    seen: Arc<Mutex<Vec<Request>>>,
}

/// A request as it was, and a name for it.
#[derive(Clone)]
struct Request {
    line: String,
    body: String,
}

impl Recorder {
    async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            target: target.trim_end_matches('/').to_owned(),
            http: Client::builder().no_proxy().build().unwrap(),
            seen: Arc::default(),
        };
        let router = Router::new().fallback(forward).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        recorder
    }

    fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn forward(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Vec<u8>), StatusCode> {
    recorder.seen.lock().unwrap().push(Request {
        line: format!("{method} {uri}"),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let mut request = recorder
        .http
        .request(method, format!("{}{uri}", recorder.target))
        .body(body);
    if let Some(kind) = headers.get("content-type") {
        request = request.header("content-type", kind);
    }
    let answer = request.send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok((status, body.to_vec()))
}

/// `GET /v1/tree/{epoch}/{level}/{index}` and the like.
fn service_request(request: &Request) -> String {
    let (method, path) = request.line.split_once(' ').unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["", "v1", "tree", _, _, _] => format!("{method} /v1/tree/{{epoch}}/{{level}}/{{index}}"),
        ["", "v1", "claims", _] => format!("{method} /v1/claims/{{nullifier}}"),
        _ => request.line.clone(),
    }
}

/// `eth_call Registry.genesis` and the like, for each call of a request.
fn endpoint_requests(request: &Request, deployment: &Deployment) -> Vec<String> {
    let calls = match serde_json::from_str(&request.body).unwrap() {
        Value::Array(calls) => calls,
        call => vec![call],
    };
    calls
        .iter()
        .map(|call| endpoint_request(call, deployment))
        .collect()
}

fn endpoint_request(call: &Value, deployment: &Deployment) -> String {
    let method = call["method"].as_str().unwrap();
    let first = &call["params"][0];
    match method {
        "eth_call" | "eth_estimateGas" => {
            let input = first["input"].as_str().or(first["data"].as_str()).unwrap();
            format!("{method} {}", function(&input[2..10]))
        }
        "eth_getLogs" => {
            let topics = first["topics"].as_array().unwrap();
            let others = topics[1..].iter().all(Value::is_null);
            assert!(others, "events are asked for by their kind alone: {first}");
            let address = first["address"]
                .as_str()
                .unwrap()
                .parse::<Address>()
                .unwrap();
            format!("{method} {}", events(&topics[0], address, deployment))
        }
        other => other.to_owned(),
    }
}

fn function(selector: &str) -> String {
    let known = [
        (Registry::genesisCall::SELECTOR, "Registry.genesis"),
        (Registry::epochLengthCall::SELECTOR, "Registry.epochLength"),
        (
            Registry::checkpointBeforeCall::SELECTOR,
            "Registry.checkpointBefore",
        ),
        (Registry::currentRootCall::SELECTOR, "Registry.currentRoot"),
        (Registry::nextIndexCall::SELECTOR, "Registry.nextIndex"),
        (
            Distributor::claimWindowCall::SELECTOR,
            "Distributor.claimWindow",
        ),
        (Distributor::claimCall::SELECTOR, "Distributor.claim"),
        (Distributor::isSpentCall::SELECTOR, "Distributor.isSpent"),
    ];
    let hex = |bytes: [u8; 4]| format!("{:08x}", u32::from_be_bytes(bytes));
    let found = known.into_iter().find(|(known, _)| hex(*known) == selector);
    found.map_or_else(|| selector.to_owned(), |(_, name)| name.to_owned())
}

fn events(topic: &Value, address: Address, deployment: &Deployment) -> &'static str {
    let topics: Vec<&str> = match topic {
        Value::Array(topics) => topics.iter().map(|topic| topic.as_str().unwrap()).collect(),
        topic => vec![topic.as_str().unwrap()],
    };
    let is = |signature: alloy::primitives::B256| topics.contains(&signature.to_string().as_str());
    if address == deployment.distributor && is(Distributor::Claimed::SIGNATURE_HASH) {
        "Distributor.Claimed"
    } else if address == deployment.registry && is(Registry::LeavesAppended::SIGNATURE_HASH) {
        "Registry"
    } else {
        "others"
    }
}

/// A row of the table: a command, who is asked, and what for.
struct Row {
    command: String,
    asked: String,
    requests: Vec<String>,
}

fn table() -> Vec<Row> {
    let (_, section) = SECURITY
        .split_once(HEADING)
        .expect("the table has its heading");
    let lines = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1);
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let requests = cells[2].split('`').skip(1).step_by(2);
            Row {
                command: cells[0].trim_matches('`').to_owned(),
                asked: cells[1].to_owned(),
                requests: requests.map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// A wallet's life behind two recorders.
struct Life {
    world: World,
    service: Recorder,
    endpoint: Recorder,
    /// Everything that was asked: command, who, what.
    asked: BTreeSet<(String, String, String)>,
    /// Everything as it was sent, commands that send claims aside.
    texts: Vec<String>,
}

impl Life {
    fn command(&mut self, name: &str, wallet: &str, more: &[&str]) -> String {
        let (service, endpoint) = (self.service.base.clone(), self.endpoint.base.clone());
        let words = [name.split(' ').next().unwrap()];
        let connection = [
            "--wallet",
            wallet,
            "--service",
            &service,
            "--rpc-url",
            &endpoint,
        ];
        let own = ["--deployment", "deployment.json", "--json"];
        let arguments = [&["citizen"][..], &words, &connection, &own, more].concat();
        let printed = annona_ok(self.world.path(), &arguments);
        let deployment = self.world.chain.deployment().clone();
        for request in self.service.take() {
            self.note(name, "service", service_request(&request), &request);
        }
        for request in self.endpoint.take() {
            for asked in endpoint_requests(&request, &deployment) {
                self.note(name, "endpoint", asked, &request);
            }
        }
        printed
    }

    fn note(&mut self, command: &str, who: &str, what: String, request: &Request) {
        let is_sending = command.starts_with("claim");
        if !is_sending {
            self.texts
                .push(format!("{} {}", request.line, request.body).to_lowercase());
        }
        self.asked
            .insert((command.to_owned(), who.to_owned(), what));
    }

    fn nullifier(&self, wallet: &str, epoch: Epoch) -> String {
        let wallet = Wallet::open(&self.world.path().join(wallet)).unwrap();
        let scope = self.world.chain.deployment().claim_scope();
        let external = ExternalNullifier::new(&scope, epoch);
        wallet.identity().nullifier_hash(external).to_string()
    }

    /// Times that a command which sends nothing named the nullifier.
    fn mentions(&self, wallet: &str, epoch: Epoch) -> usize {
        let nullifier = self.nullifier(wallet, epoch);
        let digits = nullifier.trim_start_matches("0x");
        self.texts
            .iter()
            .filter(|text| text.contains(digits))
            .count()
    }
}

fn is_paid(status: &str) -> Vec<bool> {
    let status: Value = serde_json::from_str(status).unwrap();
    let claims = status["claims"].as_array().unwrap();
    claims
        .iter()
        .map(|claim| claim["isPaid"].as_bool().unwrap())
        .collect()
}

/// Tests IDENT-10.
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_asks_in_its_whole_life_what_the_table_says() {
    let world = World::create().await;
    world.resume_mining().await;
    let service = world.serve();
    let mut life = Life {
        service: Recorder::before(service.client.base()).await,
        endpoint: Recorder::before(&world.rpc()).await,
        world,
        asked: BTreeSet::new(),
        texts: Vec::new(),
    };
    annona_ok(
        life.world.path(),
        &["citizen", "new", "--wallet", "first.json"],
    );
    life.command("status", "first.json", &[]);
    let wallet = Wallet::open(&life.world.path().join("first.json")).unwrap();
    let enrolled = life.world.enrol(&service, &wallet, 5);
    let client = &service.client;
    client
        .wait_for_enrolment(enrolment_id(&enrolled), PATIENCE)
        .await
        .unwrap();
    life.command("status", "first.json", &[]);

    // Claimed through the service, twice.
    let one = life.world.next_epoch().await;
    life.command("status", "first.json", &[]);
    let recipient = ["--recipient", "0x00000000000000000000000000000000000000aa"];
    life.command("prove", "first.json", &recipient);
    let receipt = [&recipient[..], &["--receipt", "receipt.json"]].concat();
    let paid = life.command("claim", "first.json", &receipt);
    let kept = std::fs::read(life.world.path().join("receipt.json")).unwrap();
    assert_eq!(life.command("claim", "first.json", &receipt), paid);
    let again = std::fs::read(life.world.path().join("receipt.json")).unwrap();
    assert_eq!(again, kept, "the first receipt stays");
    assert!(is_paid(&life.command("status", "first.json", &[])).ends_with(&[true]));

    // Claimed without the service, which is never told. Nobody claims the third epoch.
    let two = life.world.next_epoch().await;
    let direct = [&recipient[..], &["--direct", "--key-file", "deployer.key"]].concat();
    life.command("claim --direct", "first.json", &direct[..]);
    let three = life.world.next_epoch().await;
    let status = life.command("status", "first.json", &[]);
    assert!(is_paid(&status).ends_with(&[true, true, false]), "{status}");

    // A claim that the service has and that is not paid is asked about, and no other.
    life.world.hold_mining().await;
    let held = [&recipient[..], &["--wait-secs", "0"]].concat();
    let (asked, endpoint) = (life.service.base.clone(), life.endpoint.base.clone());
    let connection = [
        "--service",
        asked.as_str(),
        "--rpc-url",
        endpoint.as_str(),
        "--deployment",
        "deployment.json",
    ];
    let claim = |wallet: &'static str, more: &[&'static str]| {
        let words = ["citizen", "claim", "--wallet", wallet];
        [&words[..], &connection[..], more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let run = |life: &Life, words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        annona(life.world.path(), &words)
    };
    let output = run(&life, claim("first.json", &held));
    assert!(!output.status.success(), "it is not paid at once");
    life.service.take();
    life.endpoint.take();
    let before = life.mentions("first.json", three);
    life.command("status", "first.json", &[]);
    assert_eq!(life.mentions("first.json", three), before + 1);
    for epoch in [one, two, Epoch(three.0 + 1)] {
        assert_eq!(life.mentions("first.json", epoch), 0, "epoch {epoch}");
    }
    life.world.resume_mining().await;

    // A lost phone: a new identity in the place of the old one.
    annona_ok(
        life.world.path(),
        &["citizen", "new", "--wallet", "second.json"],
    );
    let second = Wallet::open(&life.world.path().join("second.json")).unwrap();
    let recovered = life.world.recover(&service, &second, 5);
    client
        .wait_for_enrolment(enrolment_id(&recovered), PATIENCE)
        .await
        .unwrap();
    let four = life.world.next_epoch().await;
    for (wallet, is_member) in [("first.json", false), ("second.json", true)] {
        let status: Value = serde_json::from_str(&life.command("status", wallet, &[])).unwrap();
        assert_eq!(status["isMember"], is_member, "{wallet}");
    }

    // The service is gone, and the claim is paid.
    drop(service);
    let status = life.command("status --direct", "second.json", &["--direct"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["isMember"], true);
    let paid: Value =
        serde_json::from_str(&life.command("claim --direct", "second.json", &direct)).unwrap();
    assert_eq!(
        (&paid["status"], &paid["epoch"]),
        (&"mined".into(), &four.0.into())
    );
    let again = run(&life, claim("second.json", &direct));
    let error = String::from_utf8_lossy(&again.stderr);
    assert!(error.contains("paid to you already"), "{error}");

    compare(&life.asked);
}

/// Each request is in the table, and nothing in the table was never asked.
fn compare(asked: &BTreeSet<(String, String, String)>) {
    let rows = table();
    for (command, who, what) in asked {
        let is_listed = rows
            .iter()
            .any(|row| row.command == *command && row.asked == *who && row.requests.contains(what));
        assert!(
            is_listed,
            "`{command}` asks the {who} for `{what}`, which SECURITY.md does not list"
        );
    }
    for row in rows.iter().filter(|row| !row.requests.is_empty()) {
        let is_seen = asked.iter().any(|(command, who, what)| {
            *command == row.command && *who == row.asked && row.requests.contains(what)
        });
        assert!(
            is_seen,
            "`{}` never asks the {} for {:?}",
            row.command, row.asked, row.requests
        );
    }
}
