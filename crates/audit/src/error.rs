use alloy::primitives::B256;
use alloy::transports::TransportError;

/// Failure that prevents a report. A fault on the chain itself is a finding instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The endpoint does not answer, or answers outside JSON-RPC.
    #[error("the RPC endpoint failed while reading {what}")]
    Endpoint {
        /// Name of the data that was asked for.
        what: &'static str,
        /// Failure of the transport.
        source: Box<TransportError>,
    },
    /// The endpoint serves another chain than the deployment's.
    #[error("the endpoint serves chain {actual}, the deployment is on chain {expected}")]
    WrongChain {
        /// The deployment's chain id.
        expected: u64,
        /// The endpoint's chain id.
        actual: u64,
    },
    /// A block that must exist is not known to the endpoint.
    #[error("the endpoint does not know block {number}")]
    MissingBlock {
        /// Number of the block.
        number: u64,
    },
    /// The endpoint has not come to the block of the deployment.
    #[error(
        "the endpoint's newest block is {head}, the deployment is in block {deployment}: it is \
         behind, or of another chain"
    )]
    BeforeDeployment {
        /// Number of the endpoint's newest block.
        head: u64,
        /// Number of the deployment's block.
        deployment: u64,
    },
    /// A transaction that left a log is not known to the endpoint.
    #[error(
        "the endpoint does not know transaction {hash}, although it serves its log; ask an \
         archive node"
    )]
    MissingTransaction {
        /// Hash of the transaction.
        hash: B256,
    },
    /// The chain was reorganised while it was read.
    #[error("block {number} was replaced while it was audited; audit again")]
    Reorganised {
        /// Number of the block.
        number: u64,
    },
}

impl AuditError {
    pub(crate) fn endpoint(what: &'static str) -> impl FnOnce(TransportError) -> Self {
        move |source| Self::Endpoint {
            what,
            source: Box::new(source),
        }
    }
}
