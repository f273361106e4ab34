//! Failures of an endpoint, without its key, and those among them that pass.

use std::time::Duration;

use annona_http::{PublicAddress, reqwest};

/// Failure of an endpoint to answer with JSON-RPC. It names the endpoint, without its key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The address is not one of HTTP.
    #[error("{address} is not an http or https address")]
    Address {
        /// Address that was given, without its key.
        address: PublicAddress,
    },
    /// This machine cannot make requests.
    #[error("no requests can be made to {endpoint}")]
    Client {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Error of the HTTP client.
        source: reqwest::Error,
    },
    /// There is no connection.
    #[error("the RPC endpoint {endpoint} cannot be reached")]
    Unreachable {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Error of the HTTP client.
        source: reqwest::Error,
    },
    /// The time is over; the request may have been carried out.
    #[error("the RPC endpoint {endpoint} gave no answer within {:.1} s", limit.as_secs_f64())]
    TimedOut {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Length of the wait.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the RPC endpoint {endpoint} broke its answer off")]
    BrokenOff {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Error of the HTTP client.
        source: reqwest::Error,
    },
    /// The answer is an error of HTTP.
    #[error("the RPC endpoint {endpoint} {}", status_in_words(*status))]
    Status {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// HTTP status of the answer.
        status: u16,
        /// Pause that the answer asks for.
        retry_after: Option<Duration>,
    },
    /// The answer is a redirect.
    #[error("the RPC endpoint {endpoint} redirects{}: use the address that it leads to", to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default())]
    Redirect {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Address that the answer leads to.
        to: Option<PublicAddress>,
    },
    /// The answer is not of JSON-RPC.
    #[error("{endpoint} answers, but not with JSON-RPC: is it the address of an RPC endpoint?")]
    NotJsonRpc {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
    },
    /// The answer belongs to another request.
    #[error("the RPC endpoint {endpoint} answers another request than the one made")]
    OtherRequest {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
    },
    /// The answer is longer than the limit.
    #[error("the RPC endpoint {endpoint} sends more than {limit_bytes} bytes in one answer")]
    TooLong {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
        /// Longest answer that is read, in bytes.
        limit_bytes: usize,
    },
    /// Several requests in one are refused.
    #[error("the RPC endpoint {endpoint} does not take several requests in one")]
    BatchRefused {
        /// Address of the endpoint, without its key.
        endpoint: PublicAddress,
    },
}

/// Prospect that a failure passes, by which requests are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passing {
    /// The failure does not pass by itself.
    Never,
    /// The failure may have been a slip.
    Once,
    /// The failure passes within seconds, as a restart of the node does.
    Soon,
    /// The failure passes with time.
    Later,
}

impl EndpointError {
    /// Returns the HTTP status that was answered, if that was the failure.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Returns whether the same call can succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        !matches!(self.passing(), Passing::Never)
    }

    pub(super) const fn passing(&self) -> Passing {
        match self {
            Self::Address { .. }
            | Self::Client { .. }
            | Self::Redirect { .. }
            | Self::TooLong { .. }
            | Self::BatchRefused { .. } => Passing::Never,
            Self::NotJsonRpc { .. } | Self::OtherRequest { .. } => Passing::Once,
            Self::Unreachable { .. } => Passing::Soon,
            Self::TimedOut { .. } | Self::BrokenOff { .. } => Passing::Later,
            Self::Status { status, .. } => match status {
                408 | 425 | 429 | 500 | 502..=504 | 506..=599 => Passing::Later,
                _ => Passing::Never,
            },
        }
    }

    /// Returns whether the request may have been carried out all the same.
    pub(super) const fn may_have_arrived(&self) -> bool {
        !matches!(
            self,
            Self::Unreachable { .. } | Self::Status { status: 429, .. }
        )
    }

    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn status_in_words(status: u16) -> String {
    match status {
        401 | 403 => format!("refuses access (HTTP {status}): is the key in its address right?"),
        404 => "is not at this path (HTTP 404): is its address complete?".to_owned(),
        429 => "takes no more requests for now (HTTP 429)".to_owned(),
        _ => format!("answers with HTTP status {status}"),
    }
}
