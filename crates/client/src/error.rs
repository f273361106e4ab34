use std::time::Duration;

use annona_http::PublicAddress;
use annona_tree::TileError;
use annona_wire::Problem;

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is no URL, or no client can be made on this machine.
    #[error("no requests can be made to the service at {service}; is the address right?")]
    Address {
        /// Address of the service.
        service: PublicAddress,
    },
    /// No connection, so nothing was sent.
    #[error(
        "no connection to the service at {service}; is the address right and `annona serve` running?"
    )]
    Unreachable {
        /// Address of the service.
        service: PublicAddress,
        /// The transport's error.
        source: reqwest::Error,
    },
    /// The answer did not come, or not whole.
    #[error("no whole answer came from the service at {service}; try again")]
    NoAnswer {
        /// Address of the service.
        service: PublicAddress,
        /// The transport's error.
        source: reqwest::Error,
    },
    /// An answer that is not of this API.
    #[error(
        "the answer of {service} (HTTP {status}) is not one of Annona's API; is it the service, or a proxy whose service is away?"
    )]
    NotTheApi {
        /// Address of the service.
        service: PublicAddress,
        /// Status of the answer.
        status: u16,
    },
    /// The request was sent, and its outcome is not known.
    #[error(
        "the answer of {service} was lost, and {what} may have been taken: do the same again, nothing is counted twice"
    )]
    AnswerLost {
        /// Address of the service.
        service: PublicAddress,
        /// The thing that was sent.
        what: &'static str,
        /// The failure after sending.
        source: Box<ClientError>,
    },
    /// The service refused.
    #[error("{} {} ({})", .0.title, .0.detail, .0.code)]
    Refused(Box<Problem>),
    /// A tile is not what a tile can be.
    #[error("the service sent a tile that cannot be one")]
    Tile(#[from] TileError),
    /// The service's tree has fewer leaves than the chain has members.
    #[error(
        "the service shows a tree of {leaves} leaves, and the chain has {members} members: do not claim through this service, `annona citizen claim --direct` needs none"
    )]
    TooFewLeaves {
        /// Leaves of the tree that the service shows.
        leaves: u64,
        /// `N_e` on the chain.
        members: u64,
    },
    /// It took too long.
    #[error("{what} was not settled within {} seconds; it is stored and goes on, look again later", limit.as_secs())]
    TimedOut {
        /// The thing that was waited for.
        what: &'static str,
        /// The longest wait.
        limit: Duration,
    },
}

impl ClientError {
    /// Stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }

    /// Tells whether the same request can succeed in a moment.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NoAnswer { .. } => true,
            Self::NotTheApi { status, .. } => matches!(status, 429 | 500..=599),
            Self::Refused(problem) => matches!(problem.status, 429 | 502..=504),
            Self::AnswerLost { source, .. } => source.is_passing(),
            _ => false,
        }
    }
}
