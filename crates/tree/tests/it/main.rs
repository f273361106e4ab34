//! The tree against a naive one and against semaphore-rs's.
#![allow(clippy::unwrap_used)]

mod model;
mod properties;
mod reference;
