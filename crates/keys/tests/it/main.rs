//! Keys in files, and the whole way of a ceremony.
#![allow(clippy::unwrap_used, missing_docs)]

mod ceremony;
mod folder;
