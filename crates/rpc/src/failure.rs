//! Failures of calls, told once and in the endpoint's own words.

use std::error::Error;

use alloy::rpc::json_rpc::ErrorPayload;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};

/// An answer of another form than the request asks for.
#[derive(Debug, thiserror::Error)]
#[error("the RPC endpoint answers in a form that cannot be read")]
pub struct UnreadableAnswer {
    source: serde_json::Error,
}

/// Returns the cause of a transport's failure, said once: an [`crate::EndpointError`] when the
/// endpoint gave no answer, and the endpoint's own words when it gave one.
#[must_use]
pub fn endpoint_failure(error: TransportError) -> Box<dyn Error + Send + Sync> {
    match error {
        RpcError::Transport(TransportErrorKind::Custom(cause)) => cause,
        // The text of the answer can be long.
        RpcError::DeserError { err: source, .. } => Box::new(UnreadableAnswer { source }),
        other => Box::new(other),
    }
}

/// Returns whether an endpoint's answer is that a call reverted, with revert data or without.
#[must_use]
pub fn is_revert(answer: &ErrorPayload) -> bool {
    answer.as_revert_data().is_some() || answer.message.contains("revert")
}
