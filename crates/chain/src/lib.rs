//! The EVM: contract bindings, deployment, the reader and the writer that the
//! engine asks for, and a development chain for tests and the demo.
//!
//! Here: everything that speaks JSON-RPC. The bindings are made from
//! `artifacts/`, which `cargo xtask gen` copies out of the contracts' build.
//!
//! Not here: what to send and when (`annona-engine`), what to believe (`annona-audit`).
//!
//! Invariants: a value read from the chain becomes a domain type or an error; a
//! secret key is never printed.

pub mod bindings;
mod deploy;
mod deployment;
pub mod devnet;
mod error;
mod reader;
mod receipts;
mod writer;

pub use deploy::{DeployError, DeployPlan, deploy};
pub use deployment::{Deployment, DeploymentFileError};
pub use error::revert_reason;
pub use reader::{EvmReader, connect};
pub use receipts::ReceiptKey;
pub use writer::{EvmChain, SenderKeys};

pub use alloy::network::Ethereum;
pub use alloy::providers::DynProvider;
pub use alloy::signers::local::PrivateKeySigner;
