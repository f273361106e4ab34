use std::time::Duration;

use annona_http::PublicAddress;
use annona_http::reqwest;

/// Why an endpoint gave no answer of JSON-RPC. It names the endpoint, without its key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The address is not one of HTTP.
    #[error("{address} is not an http or https address")]
    Address {
        /// The address.
        address: PublicAddress,
    },
    /// This machine cannot make requests.
    #[error("no requests can be made to {endpoint}")]
    Client {
        /// The endpoint.
        endpoint: PublicAddress,
        /// Why.
        source: reqwest::Error,
    },
    /// There is no connection.
    #[error("the RPC endpoint {endpoint} cannot be reached")]
    Unreachable {
        /// The endpoint.
        endpoint: PublicAddress,
        /// Why.
        source: reqwest::Error,
    },
    /// The time is over; the request may have been carried out.
    #[error("the RPC endpoint {endpoint} gave no answer within {:.1} s", limit.as_secs_f64())]
    TimedOut {
        /// The endpoint.
        endpoint: PublicAddress,
        /// How long was waited.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the RPC endpoint {endpoint} broke its answer off")]
    BrokenOff {
        /// The endpoint.
        endpoint: PublicAddress,
        /// Why.
        source: reqwest::Error,
    },
    /// The answer is an error of HTTP.
    #[error("the RPC endpoint {endpoint} {}", status_in_words(*status))]
    Status {
        /// The endpoint.
        endpoint: PublicAddress,
        /// The status.
        status: u16,
        /// The pause that it asks for.
        retry_after: Option<Duration>,
    },
    /// The answer is a redirect.
    #[error("the RPC endpoint {endpoint} redirects{}: use the address that it leads to", to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default())]
    Redirect {
        /// The endpoint.
        endpoint: PublicAddress,
        /// Where it leads.
        to: Option<PublicAddress>,
    },
    /// The answer is not of JSON-RPC.
    #[error("{endpoint} answers, but not with JSON-RPC: is it the address of an RPC endpoint?")]
    NotJsonRpc {
        /// The endpoint.
        endpoint: PublicAddress,
    },
    /// The answer belongs to another request.
    #[error("the RPC endpoint {endpoint} answers another request than the one made")]
    OtherRequest {
        /// The endpoint.
        endpoint: PublicAddress,
    },
    /// The answer is longer than what is read.
    #[error("the RPC endpoint {endpoint} sends more than {limit_bytes} bytes in one answer")]
    TooLong {
        /// The endpoint.
        endpoint: PublicAddress,
        /// What is read at most.
        limit_bytes: usize,
    },
    /// Several requests in one are refused.
    #[error("the RPC endpoint {endpoint} does not take several requests in one")]
    BatchRefused {
        /// The endpoint.
        endpoint: PublicAddress,
    },
}

/// How often a failure is worth another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passing {
    /// It does not pass by itself.
    Never,
    /// It may have been a slip.
    Once,
    /// It passes within seconds, as a restart of the node does.
    Soon,
    /// It passes with time.
    Later,
}

impl EndpointError {
    /// The HTTP status that was answered, if that was the failure.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same call can succeed later.
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

    /// Whether the request may have been carried out all the same.
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
