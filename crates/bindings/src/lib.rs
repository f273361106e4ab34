//! The contracts as Rust sees them: types of their ABI, artifacts, a deployment's addresses, and
//! the reasons in their revert data.
//!
//! Here: [`contracts`], made from `artifacts/`, which `cargo xtask gen` copies out of the
//! contracts' build; [`Deployment`]; [`revert_reason`].
//!
//! Not here: requests (`annona-rpc`), the ports of the service (`annona-chain`), judgement
//! (`annona-audit`).
//!
//! Invariants: the artifacts are those of the sources in `contracts/`; no field of a deployment
//! file is optional, and an address with a wrong checksum is refused.

pub mod contracts;
mod deployment;
mod revert;

pub use deployment::{Deployment, DeploymentFileError};
pub use revert::revert_reason;
