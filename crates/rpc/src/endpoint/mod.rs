//! The way to an RPC endpoint: with limits of time and of length, asked again when that is safe and
//! may help, and without its key in any error or log. Alloy's own transport has no limits, quotes
//! the address, and repeats neither broken answers nor parts of a batch.

mod error;
mod exchange;
mod limits;
mod passing;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use alloy::primitives::{Bytes, keccak256};
use alloy::rpc::json_rpc::{
    RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest,
};
use alloy::transports::{TransportError, TransportErrorKind, TransportFut};
use annona_http::{ClientTimeouts, PublicAddress, Secrets, Url, client_for};
use futures::stream::{self, StreamExt};
use serde_json::value::to_raw_value;
use tokio::time::{Instant, sleep};
use tower::Service;

pub use error::EndpointError;
use error::Passing;
use exchange::{Answers, Exchange};
pub use limits::EndpointLimits;
use passing::{is_known_already, is_repeatable, passing};

/// HTTP requests under way at the same time for one call.
const REQUESTS_AT_ONCE: usize = 8;

/// Transport to an RPC endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    exchange: Exchange,
    limits: EndpointLimits,
    /// True if several requests in one were refused once.
    refuses_batches: Arc<AtomicBool>,
}

/// State of a call: open requests, answers so far, and limits.
struct Call {
    open: Vec<SerializedRequest>,
    answered: Vec<Response>,
    /// Requests in one HTTP request.
    at_once: usize,
    attempts: u32,
    deadline: Instant,
}

/// Failures that left requests of a call's last round open.
struct Setback {
    passing: Passing,
    retry_after: Option<Duration>,
    /// An error of the endpoint; without one, answers that are errors which pass.
    error: Option<EndpointError>,
    refused: Vec<Response>,
}

impl Endpoint {
    pub(crate) fn new(url: Url, limits: EndpointLimits) -> Result<Self, EndpointError> {
        let shown = PublicAddress::of(&url);
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(EndpointError::Address { address: shown });
        }
        let waits = ClientTimeouts {
            connect: limits.connect,
            request: limits.answer,
        };
        let client = client_for(&url, waits).map_err(|source| EndpointError::Client {
            endpoint: shown.clone(),
            source,
        })?;
        Ok(Self {
            exchange: Exchange {
                client,
                secrets: Secrets::of(&url),
                url,
                shown,
                limit: limits.answer,
                answer_bytes: limits.answer_bytes,
            },
            limits,
            refuses_batches: Arc::default(),
        })
    }

    async fn packet(self, packet: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let answered = match packet {
            RequestPacket::Single(request) => self.call(vec![request]).await,
            RequestPacket::Batch(requests) => {
                let together = self.call(requests).await;
                return together
                    .map(ResponsePacket::Batch)
                    .map_err(TransportErrorKind::custom);
            }
        };
        let mut responses = answered.map_err(TransportErrorKind::custom)?;
        responses.pop().map(ResponsePacket::Single).ok_or_else(|| {
            let endpoint = self.exchange.shown.clone();
            TransportErrorKind::custom(EndpointError::OtherRequest { endpoint })
        })
    }

    /// Returns the answer to each of `requests`, or the failure that prevents it.
    async fn call(&self, requests: Vec<SerializedRequest>) -> Result<Vec<Response>, EndpointError> {
        let mut call = Call {
            at_once: if self.refuses_batches.load(Ordering::Relaxed) {
                1
            } else {
                requests.len().max(1)
            },
            answered: Vec::with_capacity(requests.len()),
            open: requests,
            attempts: 0,
            deadline: Instant::now() + self.limits.call,
        };
        while !call.open.is_empty() {
            let answered = call.answered.len();
            let Some(setback) = self.round(&mut call).await? else {
                continue;
            };
            // A round that some got through is no attempt in vain: the deadline bounds those.
            call.attempts += u32::from(call.answered.len() == answered || call.attempts == 0);
            let pause = self.limits.pause(call.attempts, setback.retry_after);
            let is_last = call.attempts >= self.limits.attempts_for(setback.passing)
                || Instant::now() + pause >= call.deadline;
            if is_last {
                return setback.end(call.answered);
            }
            sleep(pause).await;
        }
        Ok(call.answered)
    }

    /// Makes each open request once, or fewer once the endpoint asks for a pause, and returns the
    /// setback, if there was one.
    async fn round(&self, call: &mut Call) -> Result<Option<Setback>, EndpointError> {
        let open = std::mem::take(&mut call.open);
        let left = call.deadline.saturating_duration_since(Instant::now());
        let limit = self.limits.answer.min(left);
        let parts: Vec<Vec<SerializedRequest>> =
            open.chunks(call.at_once).map(<[_]>::to_vec).collect();
        let is_held_back = &AtomicBool::new(false);
        let mut asked = stream::iter(parts)
            .map(|part| async move {
                if is_held_back.load(Ordering::Relaxed) {
                    return (part, None);
                }
                let answers = self.exchange.ask(&part, limit).await;
                (part, Some(answers))
            })
            .buffer_unordered(REQUESTS_AT_ONCE);
        let mut setback: Option<Setback> = None;
        while let Some((part, answers)) = asked.next().await {
            match answers {
                None => call.open.extend(part),
                Some(Ok(answers)) => sort(call, part, answers, &mut setback),
                Some(Err(error)) => self.put_back(call, part, error, &mut setback)?,
            }
            let passing = setback.as_ref().map(|setback| setback.passing);
            is_held_back.store(passing == Some(Passing::Later), Ordering::Relaxed);
        }
        Ok(setback)
    }

    /// Keeps a part that was not answered for the next round, if there may be one.
    fn put_back(
        &self,
        call: &mut Call,
        part: Vec<SerializedRequest>,
        error: EndpointError,
        setback: &mut Option<Setback>,
    ) -> Result<(), EndpointError> {
        if part.len() > 1 && is_about_batches(&error) {
            // Nothing went wrong but this: no pause, and no attempt less.
            self.refuses_batches.store(true, Ordering::Relaxed);
            call.at_once = 1;
            call.open.extend(part);
            return Ok(());
        }
        let is_safe = part.iter().all(|request| is_repeatable(request.method()));
        if error.passing() == Passing::Never || (error.may_have_arrived() && !is_safe) {
            return Err(error);
        }
        if error.status().is_some() {
            // A limit can count what is in a request.
            call.at_once = call.at_once.min(part.len().div_ceil(2));
        }
        call.open.extend(part);
        let noted = Setback::note(setback, error.passing(), error.retry_after());
        noted.error = Some(error);
        Ok(())
    }
}

impl Setback {
    /// Adds a failure to those of the round, of which the worst counts.
    fn note(
        setback: &mut Option<Self>,
        passing: Passing,
        retry_after: Option<Duration>,
    ) -> &mut Self {
        let known = setback.get_or_insert(Self {
            passing,
            retry_after: None,
            error: None,
            refused: Vec::new(),
        });
        known.passing = known.passing.max(passing);
        known.retry_after = known.retry_after.max(retry_after);
        known
    }

    fn end(self, mut answered: Vec<Response>) -> Result<Vec<Response>, EndpointError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        answered.extend(self.refused);
        Ok(answered)
    }
}

/// Takes the answers, and leaves requests open that were not answered or may be answered later.
fn sort(
    call: &mut Call,
    part: Vec<SerializedRequest>,
    answers: Answers,
    setback: &mut Option<Setback>,
) {
    let Answers {
        status,
        mut responses,
    } = answers;
    for request in part {
        let place = responses.iter().position(|one| one.id == *request.id());
        let Some(place) = place else {
            // Left out of a batch.
            Setback::note(setback, Passing::Later, None);
            call.open.push(request);
            continue;
        };
        let response = as_known(&request, responses.swap_remove(place));
        let passes = match response.payload.as_error() {
            Some(error) => passing(request.method(), status, error),
            None => Passing::Never,
        };
        if passes == Passing::Never {
            call.answered.push(response);
        } else {
            Setback::note(setback, passes, None).refused.push(response);
            call.open.push(request);
        }
    }
}

/// Turns a refusal into success if the node has these bytes already, as was wanted.
fn as_known(request: &SerializedRequest, response: Response) -> Response {
    let is_known = response.payload.as_error().is_some_and(is_known_already);
    if request.method() != "eth_sendRawTransaction" || !is_known {
        return response;
    }
    let raw = request
        .params()
        .and_then(|params| serde_json::from_str::<(Bytes,)>(params.get()).ok());
    let hash = raw.and_then(|(raw,)| to_raw_value(&keccak256(raw)).ok());
    match hash {
        Some(hash) => Response {
            id: response.id,
            payload: ResponsePayload::Success(hash),
        },
        None => response,
    }
}

/// Returns whether single requests may succeed where several in one failed in this way.
const fn is_about_batches(error: &EndpointError) -> bool {
    match error {
        EndpointError::BatchRefused { .. }
        | EndpointError::NotJsonRpc { .. }
        | EndpointError::OtherRequest { .. }
        | EndpointError::TooLong { .. } => true,
        EndpointError::Status { status, .. } => {
            matches!(*status, 400 | 405 | 411 | 413..=415 | 422 | 501)
        }
        _ => false,
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.exchange.shown)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Service<RequestPacket> for Endpoint {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        Box::pin(self.clone().packet(packet))
    }
}
