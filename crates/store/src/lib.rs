//! The database of the service.
//!
//! Here: [`SqliteStore`], which keeps enrolments, the gallery, claims and the
//! outbox in one SQLite file, and, under the feature `conformance`, the suite
//! that every backend must pass.
//!
//! Not here: decisions. `annona-engine` decided on everything that is written; this crate
//! says whether it could be written, given everything written before.
//!
//! Invariants:
//! - a change that a method acknowledged survives the death of the process and of the
//!   machine; a change that it did not acknowledge is there whole or not at all;
//! - uniqueness, single use and the order of the gallery are constraints of the
//!   schema: no method looks first and writes afterwards;
//! - a row changes only from the state that its transition names, and a method
//!   that would change another number of rows than it must changes none;
//! - a database serves one deployment, and no program older than its schema.

#[cfg(feature = "conformance")]
pub mod conformance;
mod deployment;
mod error;
mod sqlite;

pub use deployment::DeploymentTag;
pub use error::OpenError;
pub use sqlite::SqliteStore;
