//! Tests of the wire types from outside.
#![allow(clippy::unwrap_used, missing_docs)]

mod schema;
