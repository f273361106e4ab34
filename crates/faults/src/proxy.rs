use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use alloy_primitives::{B256, Bytes, keccak256};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use futures::stream;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::answers::ProxyOutcome;
use crate::modes::{BatchSupport, Failure, Modes, RetryAfter, RpcRefusal, Trouble, When};
use crate::node::Node;
use crate::server::{Server, page};
use crate::{Fault, answers};

/// Furthest that an answer about a nonce is off.
const WORST_NONCE: u64 = 3;
const DELAY: Duration = Duration::from_millis(10);

/// Schedule of faults.
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

/// The modes, and the counts since they were set.
#[derive(Default)]
struct ProxyState {
    modes: Modes,
    /// Requests that each trouble has looked at.
    seen: Vec<u32>,
    /// Times of the requests of the last second.
    recent: VecDeque<Instant>,
    requests: u32,
}

struct Shared {
    plan: Mutex<Plan>,
    state: Mutex<ProxyState>,
    happened: Mutex<HashMap<Fault, u32>>,
    asked: Mutex<HashMap<String, u32>>,
    node: Node,
}

/// Endpoint before a node; it stops answering when it is dropped.
pub struct Proxy {
    server: Server,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Takes its place before the node at `node`.
    ///
    /// # Panics
    /// Panics if `node` is no address, or there is no free port.
    pub async fn start(node: String) -> Self {
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan::Never),
            state: Mutex::default(),
            happened: Mutex::default(),
            asked: Mutex::default(),
            node: Node::new(node),
        });
        // Hosted endpoints carry a key in the path: every path leads to the node.
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        Self {
            server: Server::start(router).await,
            shared,
        }
    }

    /// Returns the address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    fn plan(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = plan;
    }

    /// Ends all faults from now on.
    pub fn behave(&self) {
        self.plan(Plan::Never);
        self.set(Modes::default());
    }

    /// Has these properties from now on.
    pub fn set(&self, modes: Modes) {
        *self.shared.state.lock().unwrap() = ProxyState {
            seen: vec![0; modes.troubles.len()],
            modes,
            ..ProxyState::default()
        };
    }

    /// Makes the next `times` requests for `method` meet `fault`.
    pub fn next(&self, fault: Fault, method: &'static str, times: u32) {
        self.plan(Plan::Next {
            fault,
            method,
            times,
        });
    }

    /// Makes one request in `one_in` meet a fault that `seed` decides on.
    pub fn misbehave(&self, seed: u64, one_in: u32) {
        let rng = Box::new(ChaCha8Rng::seed_from_u64(seed));
        self.plan(Plan::Random { rng, one_in });
    }

    /// Returns the number of times that a fault happened.
    #[must_use]
    pub fn count(&self, fault: Fault) -> u32 {
        let happened = self.shared.happened.lock().unwrap();
        happened.get(&fault).copied().unwrap_or(0)
    }

    /// Counts the requests for `method` so far, those inside of batches included.
    #[must_use]
    pub fn asked(&self, method: &str) -> u32 {
        let asked = self.shared.asked.lock().unwrap();
        asked.get(method).copied().unwrap_or(0)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, body: String) -> Response {
    let Ok(request) = serde_json::from_str::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    shared.note(&request);
    shared.reorganise_when_due().await;
    if let Some(failure) = shared.failure(&request) {
        return shared.fail(failure, &request).await;
    }
    if let Some(fault) = shared.choose(methods(&request).next().unwrap_or_default()) {
        return match shared.misanswer(fault, &request).await {
            Some(answer) => axum::Json(answer).into_response(),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
    }
    shared.respond(&request).await
}

/// Lists the methods asked for: one, or those of a batch.
fn methods(request: &Value) -> impl Iterator<Item = &str> {
    members(request)
        .iter()
        .map(|member| member["method"].as_str().unwrap_or_default())
}

fn members(request: &Value) -> &[Value] {
    match request {
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

impl Shared {
    fn modes(&self) -> Modes {
        self.state.lock().unwrap().modes.clone()
    }

    fn note(&self, request: &Value) {
        let mut asked = self.asked.lock().unwrap();
        for method in methods(request) {
            *asked.entry(method.to_owned()).or_default() += 1;
        }
    }

    async fn reorganise_when_due(&self) {
        let depth = {
            let mut state = self.state.lock().unwrap();
            state.requests += 1;
            match state.modes.reorg_after {
                Some((requests, depth)) if state.requests > requests => {
                    state.modes.reorg_after = None;
                    Some(depth)
                }
                _ => None,
            }
        };
        if let Some(depth) = depth {
            self.node.tell("anvil_reorg", &json!([depth, []])).await;
        }
    }

    /// Returns the failure that this request meets, if it meets one.
    fn failure(&self, request: &Value) -> Option<Failure> {
        let mut state = self.state.lock().unwrap();
        let ProxyState {
            modes,
            seen,
            recent,
            ..
        } = &mut *state;
        let now = Instant::now();
        recent.retain(|asked| now.duration_since(*asked) < Duration::from_secs(1));
        recent.extend(members(request).iter().map(|_| now));
        let applies = |(trouble, seen): (&Trouble, &mut u32)| {
            let concerned =
                |method| trouble.methods.is_empty() || trouble.methods.contains(&method);
            if !methods(request).any(concerned) {
                return None;
            }
            *seen += 1;
            let is_due = match trouble.when {
                When::Always => true,
                When::Every(number) => *seen % number == 0,
                When::Next(number) => *seen <= number,
                When::AbovePerSec(number) => recent.len() > number as usize,
            };
            is_due.then_some(trouble.failure)
        };
        modes.troubles.iter().zip(seen).find_map(applies)
    }

    async fn fail(&self, failure: Failure, request: &Value) -> Response {
        match failure {
            Failure::Silent => std::future::pending().await,
            Failure::Late(time) => {
                tokio::time::sleep(time).await;
                self.respond(request).await
            }
            Failure::CutAnswer => cut(&self.node.forward(request).await.unwrap_or_default()),
            Failure::TooManyRequests(retry_after) => too_many(retry_after),
            Failure::Page(status) => page(status, "Bad Gateway"),
            Failure::NotJson => "upstream connect error or disconnect/reset".into_response(),
            Failure::Empty => StatusCode::OK.into_response(),
            Failure::WrongId => {
                let mut answer = self.node.forward(request).await.unwrap_or_default();
                for member in answer.as_array_mut().into_iter().flatten() {
                    member["id"] = json!(u32::MAX);
                }
                if answer.is_object() {
                    answer["id"] = json!(u32::MAX);
                }
                axum::Json(answer).into_response()
            }
            Failure::Refuse(refusal) => refused(&refusal, request),
            Failure::Redirect(to) => {
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response()
            }
        }
    }

    async fn respond(&self, request: &Value) -> Response {
        let modes = self.modes();
        let Value::Array(all) = request else {
            return match answers::answer(&self.node, &modes, request).await {
                ProxyOutcome::Answer(answer) => axum::Json(answer).into_response(),
                ProxyOutcome::Refused(refusal) => refused(&refusal, request),
                ProxyOutcome::Lost => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            };
        };
        let is_refused = match modes.batches {
            BatchSupport::All => false,
            BatchSupport::UpTo(most) => all.len() > most,
            BatchSupport::Refused => true,
            BatchSupport::BadRequest => return page(400, "Bad Request"),
        };
        if is_refused {
            let refusal = RpcRefusal::rpc(-32_600, "batch requests are not supported");
            return axum::Json(refusal.to_json(&Value::Null)).into_response();
        }
        let mut together = Vec::with_capacity(all.len());
        for member in all {
            together.push(match answers::answer(&self.node, &modes, member).await {
                ProxyOutcome::Answer(answer) => answer,
                ProxyOutcome::Refused(refusal) => refusal.to_json(&member["id"]),
                ProxyOutcome::Lost => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            });
        }
        axum::Json(together).into_response()
    }

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

    /// Makes the answer to `request`; `None` when there is nothing but an error of HTTP.
    async fn misanswer(&self, fault: Fault, request: &Value) -> Option<Value> {
        let id = &request["id"];
        let error = |message| Some(RpcRefusal::rpc(-32_000, message).to_json(id));
        let sent = || {
            let raw = request["params"][0].as_str().unwrap_or_default();
            let bytes: Bytes = raw.parse().unwrap_or_default();
            keccak256(bytes)
        };
        match fault {
            Fault::LoseRequest => None,
            Fault::LoseAnswer => {
                self.node.forward(request).await;
                None
            }
            Fault::Repeat => {
                self.node.forward(request).await;
                self.node.forward(request).await
            }
            Fault::Delay => {
                tokio::time::sleep(DELAY).await;
                self.node.forward(request).await
            }
            Fault::Fail => error("internal error"),
            Fault::Old => match self.node.known(request) {
                Some(before) => Some(before),
                None => self.node.forward(request).await,
            },
            Fault::Swallow => {
                Some(json!({ "jsonrpc": "2.0", "id": id, "result": sent().to_string() }))
            }
            Fault::AlreadyKnown => {
                self.node.forward(request).await;
                error("already known")
            }
            Fault::NonceTooLow => error("nonce too low"),
            Fault::Evict => {
                let answer = self.node.forward(request).await;
                self.drop_transaction(sent()).await;
                answer
            }
            Fault::LowNonce => self.nonce(request, u64::saturating_sub).await,
            Fault::HighNonce => self.nonce(request, u64::saturating_add).await,
        }
    }

    async fn nonce(&self, request: &Value, off: impl Fn(u64, u64) -> u64) -> Option<Value> {
        let mut answer = self.node.forward(request).await?;
        let told = off(answers::number(&answer["result"])?, WORST_NONCE);
        answer["result"] = json!(format!("{told:#x}"));
        Some(answer)
    }

    async fn drop_transaction(&self, hash: B256) {
        self.node
            .tell("anvil_dropTransaction", &json!([hash.to_string()]))
            .await;
    }
}

impl RpcRefusal {
    pub(crate) fn to_json(self, id: &Value) -> Value {
        let error = json!({ "code": self.code.unwrap_or(-32_000), "message": self.message });
        json!({ "jsonrpc": "2.0", "id": id, "error": error })
    }
}

fn refused(refusal: &RpcRefusal, request: &Value) -> Response {
    if refusal.code.is_none() {
        return page(refusal.status, refusal.message);
    }
    let id = if request.is_array() {
        &Value::Null
    } else {
        &request["id"]
    };
    let status = StatusCode::from_u16(refusal.status).unwrap();
    (status, axum::Json(refusal.to_json(id))).into_response()
}

fn too_many(retry_after: RetryAfter) -> Response {
    let mut response = page(429, "Too Many Requests");
    let value = match retry_after {
        RetryAfter::Absent => return response,
        RetryAfter::Secs(secs) => secs.to_string(),
        RetryAfter::DateIn(secs) => {
            httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(secs))
        }
        RetryAfter::Text(text) => text.to_owned(),
    };
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, value.parse().unwrap());
    response
}

/// Sends half of an answer, and ends the connection.
fn cut(answer: &Value) -> Response {
    let whole = answer.to_string();
    let half = whole[..whole.len() / 2].to_owned();
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_LENGTH, whole.len().to_string()),
    ];
    let body = Body::from_stream(stream::iter([Ok(half), Err(end)]));
    (headers, body).into_response()
}
