//! Stream of server-sent events about one claim, which is read from the database at intervals.

use core::convert::Infallible;
use std::sync::Arc;

use annona_core::NullifierHash;
use annona_engine::ClaimRecord;
use annona_wire::{ClaimView, ScalarText};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use utoipa::IntoResponses;

use crate::clients::{Client, Share};
use crate::error::ApiError;
use crate::extract::{PathText, scalar};
use crate::limits::{EVENT_KEEP_ALIVE, EVENT_POLL_INTERVAL};
use crate::problem::problem_responses;
use crate::state::Shared;
use crate::views::claim_view;

/// Name of the events of a claim.
const CLAIM_EVENT: &str = "claim";
/// Header that a browser sends when it connects again.
const LAST_EVENT_ID: &str = "last-event-id";

problem_responses!(WatchProblems:
    PathInvalid, MalformedField, NotCanonical, ClaimUnknown, StoreUnavailable, RequestTimedOut
);

/// Streams the status of a claim until it is settled.
///
/// Server-sent events named `claim`; their data is a claim as `GET /v1/claims/{nullifier}`
/// shows it: first as it is, then at each change. The stream ends when the claim is
/// settled or after a minute, whichever is first; with `Last-Event-ID` it goes on
/// where it ended, and answers 204 when there is nothing left to tell.
#[utoipa::path(
    get, path = "/v1/claims/{nullifier}/events", tag = "claims",
    params(("nullifier" = ScalarText, Path, description = "Nullifier hash: 0x and 64 hexadecimal digits.")),
    responses(
        (status = 200, body = ClaimView, content_type = "text/event-stream"),
        (status = 204, description = "The claim is settled, and its last event was received."),
        WatchProblems,
    ),
)]
pub(crate) async fn watch_claim(
    State(shared): State<Arc<Shared>>,
    Extension(client): Extension<Client>,
    PathText(nullifier): PathText,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let nullifier = scalar("nullifier", &nullifier)?;
    let record = shared.api.claims.find(nullifier).await?;
    let record = record.ok_or(ApiError::ClaimUnknown(nullifier))?;
    let last_id = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    if record.state.is_settled() && last_id == Some(&event_id(&claim_view(&record))) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let share = shared.streams_by_client.take(client);
    let share = share.ok_or(ApiError::TooManyStreams)?;
    let permit = Arc::clone(&shared.streams)
        .try_acquire_owned()
        .map_err(|_| ApiError::Overloaded)?;
    let watch = Watch::new(shared, nullifier, last_id, (share, permit));
    let keep_alive = KeepAlive::new().interval(EVENT_KEEP_ALIVE);
    Ok(Sse::new(watch.events())
        .keep_alive(keep_alive)
        .into_response())
}

/// The room that an open stream takes up.
type Held = (Share, OwnedSemaphorePermit);

/// One open stream.
struct Watch {
    shared: Arc<Shared>,
    nullifier: NullifierHash,
    ticks: Interval,
    deadline: Instant,
    last_id: Option<String>,
    is_over: bool,
    _held: Held,
}

impl Watch {
    fn new(
        shared: Arc<Shared>,
        nullifier: NullifierHash,
        last_id: Option<&str>,
        held: Held,
    ) -> Self {
        let mut ticks = interval(EVENT_POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let deadline = Instant::now() + shared.limits.streams.duration;
        Self {
            shared,
            nullifier,
            ticks,
            deadline,
            last_id: last_id.map(str::to_owned),
            is_over: false,
            _held: held,
        }
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watch| async move {
            let event = watch.next_event().await?;
            Some((Ok(event), watch))
        })
    }

    /// The next change; nothing when the stream is to end.
    async fn next_event(&mut self) -> Option<Event> {
        while !self.is_over && Instant::now() < self.deadline {
            self.ticks.tick().await;
            let record = self.read().await?;
            self.is_over = record.state.is_settled();
            let view = claim_view(&record);
            let id = event_id(&view);
            if self.last_id.as_ref() != Some(&id) {
                self.last_id = Some(id.clone());
                return Event::default()
                    .event(CLAIM_EVENT)
                    .id(id)
                    .json_data(view)
                    .ok();
            }
        }
        None
    }

    /// The claim; a database that fails ends the stream, and the watcher connects again.
    async fn read(&self) -> Option<ClaimRecord> {
        self.shared
            .api
            .claims
            .find(self.nullifier)
            .await
            .inspect_err(|error| tracing::error!(?error, "a watched claim cannot be read"))
            .ok()
            .flatten()
    }
}

/// Names what a view shows: two views with the same id are the same event.
fn event_id(view: &ClaimView) -> String {
    let transaction = view.transaction_hash.as_deref().unwrap_or("-");
    format!("{:?}:{transaction}", view.status).to_lowercase()
}
