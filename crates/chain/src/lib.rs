//! The EVM for the service: deployment, the reader and the writer that the engine asks for, and
//! a development chain for tests and the demo.
//!
//! Here: the engine's chain ports on contracts (`annona-bindings`) behind an endpoint
//! (`annona-rpc`).
//!
//! Not here: what to send and when (`annona-engine`), what to believe (`annona-audit`).
//!
//! Invariants: a value read from the chain becomes a domain type or an error; a
//! secret key is never printed.

mod chain_identity;
mod deploy;
pub mod devnet;
mod error;
mod fees;
mod fitness;
mod reader;
mod receipts;
mod send;
mod writer;

pub use chain_identity::{ChainIdentity, ContractCode};
pub use deploy::{
    DEPLOYED_CONTRACTS, DeployError, DeployPlan, DeployProgress, deploy, deploy_telling,
};
pub use fitness::LogFitness;
pub use reader::EvmReader;
pub use receipts::ReceiptKey;
pub use send::{AccountSender, NotMined};
pub use writer::{EvmWriter, SenderKeys};

pub use alloy::network::Ethereum;
pub use alloy::providers::DynProvider;
pub use alloy::signers::local::PrivateKeySigner;
