//! Reads the body of a request, within limits of size, time and memory, before a permit is taken.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::ApiError;
use crate::limits::{BodyLimits, MAX_BODY_BYTES};
use crate::server::Connection;
use crate::state::Shared;

/// Reads the body before anything else is done for a request: a slow sender holds a
/// connection and the bytes that came, and no permit (RELAY-12).
pub(crate) async fn read_body(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (body, _held) = match read(body, &shared.limits.bodies, &shared.body_bytes).await {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
        connection.begin_work();
    }
    next.run(Request::from_parts(parts, body.into())).await
}

/// The whole body, and the room that it takes of what all bodies may.
async fn read<'a>(
    body: Body,
    limits: &BodyLimits,
    room: &'a Semaphore,
) -> Result<(Bytes, SemaphorePermit<'a>), ApiError> {
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(ApiError::BodyTooLarge);
    }
    let deadline = Instant::now() + limits.timeout;
    let mut held = room.try_acquire_many(0).map_err(|_| ApiError::Overloaded)?;
    let mut read = Vec::new();
    let mut pieces = body.into_data_stream();
    loop {
        let piece = timeout(limits.pause, pieces.next());
        let piece = timeout_at(deadline, piece).await;
        let piece = piece
            .map_err(|_| ApiError::BodyTooSlow)?
            .map_err(|_| ApiError::BodyTooSlow)?;
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|_| ApiError::BodyUnreadable)?;
        if read.len() + piece.len() > MAX_BODY_BYTES {
            return Err(ApiError::BodyTooLarge);
        }
        let bytes = u32::try_from(piece.len()).map_err(|_| ApiError::BodyTooLarge)?;
        let more = room.try_acquire_many(bytes);
        held.merge(more.map_err(|_| ApiError::Overloaded)?);
        read.extend_from_slice(&piece);
    }
    Ok((read.into(), held))
}
