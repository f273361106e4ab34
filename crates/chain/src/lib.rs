//! The EVM: contract bindings, deployment, the reader and the writer that the
//! engine asks for, and a development chain for tests and the demo.
//!
//! Here: everything that speaks JSON-RPC. The bindings are made from
//! `artifacts/`, which `cargo xtask gen` copies out of the contracts' build.
//!
//! Not here: what to send and when (`annona-engine`), what to believe (`annona-audit`).
//!
//! Invariants: a value read from the chain becomes a domain type or an error; a
//! secret key is never printed, and neither is the key in an endpoint's address; no
//! request is without a limit of time.

pub mod bindings;
mod connect;
mod deploy;
mod deployment;
pub mod devnet;
mod endpoint;
mod error;
mod fees;
mod fitness;
mod ground;
mod logs;
mod reader;
mod receipts;
mod send;
mod writer;

pub use connect::{connect, connect_with};
pub use deploy::{
    DEPLOYED_CONTRACTS, DeployError, DeployPlan, DeployProgress, deploy, deploy_telling,
};
pub use deployment::{Deployment, DeploymentFileError};
pub use endpoint::{EndpointError, EndpointLimits};
pub use error::{UnreadableAnswer, endpoint_failure, revert_reason};
pub use fitness::LogFitness;
pub use ground::{ChainGround, ContractCode};
pub use logs::{LOG_SPAN_MAX_BLOCKS, LogReader};
pub use reader::EvmReader;
pub use receipts::ReceiptKey;
pub use send::{AccountSender, NotMined};
pub use writer::{EvmChain, SenderKeys};

pub use alloy::network::Ethereum;
pub use alloy::providers::DynProvider;
pub use alloy::signers::local::PrivateKeySigner;
