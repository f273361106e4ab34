//! A node that cannot be trusted: it stands before Anvil and answers late, twice, wrongly,
//! with what was true before, or not at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::primitives::keccak256;
use alloy::transports::http::reqwest::Client;
use annona_core::B256;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How far an answer about a nonce is off at most.
const WORST_NONCE: u64 = 3;
const DELAY: Duration = Duration::from_millis(10);

/// What the proxy does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// It never arrives.
    LoseRequest,
    /// It is carried out, and the answer is lost.
    LoseAnswer,
    /// It is carried out twice.
    Repeat,
    Delay,
    /// An error of the node.
    Fail,
    /// The answer that the same request got the last time.
    Old,
    /// A transaction is acknowledged and lost.
    Swallow,
    /// A transaction is taken, and the answer is that it was known.
    AlreadyKnown,
    /// A transaction is lost, and the answer is that its nonce is used.
    NonceTooLow,
    /// A transaction is taken, and driven out of the pool.
    Evict,
    /// A nonce that is too low.
    LowNonce,
    /// A nonce that is too high.
    HighNonce,
}

impl Fault {
    pub(super) const ALL: [Self; 12] = [
        Self::LoseRequest,
        Self::LoseAnswer,
        Self::Repeat,
        Self::Delay,
        Self::Fail,
        Self::Old,
        Self::Swallow,
        Self::AlreadyKnown,
        Self::NonceTooLow,
        Self::Evict,
        Self::LowNonce,
        Self::HighNonce,
    ];

    /// Those that can befall a request for `method`.
    fn of(method: &str) -> &'static [Self] {
        match method {
            "eth_sendRawTransaction" => &[
                Self::LoseRequest,
                Self::LoseAnswer,
                Self::Repeat,
                Self::Delay,
                Self::Fail,
                Self::Swallow,
                Self::AlreadyKnown,
                Self::NonceTooLow,
                Self::Evict,
            ],
            "eth_getTransactionCount" => &[
                Self::LoseRequest,
                Self::LowNonce,
                Self::HighNonce,
                Self::Old,
            ],
            _ => &[
                Self::LoseRequest,
                Self::LoseAnswer,
                Self::Delay,
                Self::Fail,
                Self::Old,
            ],
        }
    }
}

/// When faults happen.
enum Plan {
    Never,
    /// This fault, as often as that, to requests for this method.
    Next {
        fault: Fault,
        method: &'static str,
        times: u32,
    },
    /// Now and then, one request in so many.
    Random {
        rng: Box<ChaCha8Rng>,
        one_in: u32,
    },
}

struct Shared {
    plan: Mutex<Plan>,
    /// The last answer to each request.
    before: Mutex<HashMap<String, Value>>,
    happened: Mutex<HashMap<Fault, u32>>,
    node: String,
    client: Client,
}

/// The proxy; dropped, it does not answer any more.
pub(super) struct Proxy {
    url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Proxy {
    /// Stands before the node at `node`.
    pub(super) async fn start(node: String) -> Self {
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan::Never),
            before: Mutex::default(),
            happened: Mutex::default(),
            node,
            client: Client::new(),
        });
        let router = Router::new()
            .route("/", post(answer))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            shared,
            serving,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn set(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = plan;
    }

    /// Does what it should from now on.
    pub(super) fn behave(&self) {
        self.set(Plan::Never);
    }

    /// The next `times` requests for `method` meet `fault`.
    pub(super) fn next(&self, fault: Fault, method: &'static str, times: u32) {
        self.set(Plan::Next {
            fault,
            method,
            times,
        });
    }

    /// One request in `one_in` meets a fault that `seed` decides on.
    pub(super) fn misbehave(&self, seed: u64, one_in: u32) {
        let rng = Box::new(ChaCha8Rng::seed_from_u64(seed));
        self.set(Plan::Random { rng, one_in });
    }

    /// How often a fault happened.
    pub(super) fn count(&self, fault: Fault) -> u32 {
        let happened = self.shared.happened.lock().unwrap();
        happened.get(&fault).copied().unwrap_or(0)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).unwrap();
    let method = match &request {
        Value::Array(all) => all.first().map(|first| &first["method"]),
        one => Some(&one["method"]),
    };
    let method = method.and_then(Value::as_str).unwrap_or_default();
    let fault = shared.choose(method);
    match shared.misanswer(fault, &request).await {
        Some(answer) => axum::Json(answer).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

impl Shared {
    fn choose(&self, method: &str) -> Option<Fault> {
        let fault = match &mut *self.plan.lock().unwrap() {
            Plan::Next {
                fault,
                method: wanted,
                times,
            } if *times > 0 && *wanted == method => {
                *times -= 1;
                *fault
            }
            Plan::Random { rng, one_in } => {
                if rng.random_range(0..*one_in) > 0 {
                    return None;
                }
                *Fault::of(method).choose(rng)?
            }
            Plan::Never | Plan::Next { .. } => return None,
        };
        *self.happened.lock().unwrap().entry(fault).or_default() += 1;
        Some(fault)
    }

    /// The answer to `request`; none when there is nothing but an error of HTTP.
    async fn misanswer(&self, fault: Option<Fault>, request: &Value) -> Option<Value> {
        let id = &request["id"];
        let error = |message: &str| {
            let error = json!({ "code": -32_000, "message": message });
            Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }))
        };
        let sent = || {
            let raw = request["params"][0].as_str().unwrap_or_default();
            let bytes: alloy::primitives::Bytes = raw.parse().unwrap_or_default();
            keccak256(bytes)
        };
        match fault {
            None => self.forward(request).await,
            Some(Fault::LoseRequest) => None,
            Some(Fault::LoseAnswer) => {
                self.forward(request).await;
                None
            }
            Some(Fault::Repeat) => {
                self.forward(request).await;
                self.forward(request).await
            }
            Some(Fault::Delay) => {
                tokio::time::sleep(DELAY).await;
                self.forward(request).await
            }
            Some(Fault::Fail) => error("internal error"),
            Some(Fault::Old) => match self.known(request) {
                Some(before) => Some(before),
                None => self.forward(request).await,
            },
            Some(Fault::Swallow) => {
                Some(json!({ "jsonrpc": "2.0", "id": id, "result": sent().to_string() }))
            }
            Some(Fault::AlreadyKnown) => {
                self.forward(request).await;
                error("already known")
            }
            Some(Fault::NonceTooLow) => error("nonce too low"),
            Some(Fault::Evict) => {
                let answer = self.forward(request).await;
                self.drop_transaction(sent()).await;
                answer
            }
            Some(Fault::LowNonce) => self.nonce(request, u64::saturating_sub).await,
            Some(Fault::HighNonce) => self.nonce(request, u64::saturating_add).await,
        }
    }

    async fn forward(&self, request: &Value) -> Option<Value> {
        let sending = self.client.post(&self.node).json(request).send();
        let answer: Value = sending.await.ok()?.json().await.ok()?;
        if !request.is_array() {
            let mut before = self.before.lock().unwrap();
            before.insert(name(request), answer.clone());
        }
        Some(answer)
    }

    /// The last answer to the same question, under the new number.
    fn known(&self, request: &Value) -> Option<Value> {
        let mut answer = self.before.lock().unwrap().get(&name(request))?.clone();
        answer["id"] = request["id"].clone();
        Some(answer)
    }

    async fn nonce(&self, request: &Value, off: impl Fn(u64, u64) -> u64) -> Option<Value> {
        let mut answer = self.forward(request).await?;
        let digits = answer["result"]
            .as_str()?
            .trim_start_matches("0x")
            .to_owned();
        let told = off(u64::from_str_radix(&digits, 16).ok()?, WORST_NONCE);
        answer["result"] = json!(format!("{told:#x}"));
        Some(answer)
    }

    async fn drop_transaction(&self, hash: B256) {
        let request = json!({
            "jsonrpc": "2.0", "id": 0, "method": "anvil_dropTransaction", "params": [hash]
        });
        self.forward(&request).await;
    }
}

/// What a request asks.
fn name(request: &Value) -> String {
    format!("{} {}", request["method"], request["params"])
}
