//! The store without its conformance suite, compiled by `cargo xtask gen` for what the macros of
//! its queries write as they meet a database. Nothing depends on it, so nothing is built anew.

#[path = "../src/deployment.rs"]
mod deployment;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/sqlite/mod.rs"]
mod sqlite;

pub use deployment::DeploymentTag;
pub use error::OpenError;
pub use sqlite::SqliteStore;

/// Folder of the descriptions: another one makes cargo compile this file again.
const _: Option<&str> = option_env!("SQLX_OFFLINE_DIR");
