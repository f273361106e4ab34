//! The binary as a user runs it: against a real development chain, as processes of their own.
#![allow(clippy::unwrap_used, missing_docs)]

mod demo;
mod endpoints;
mod floods;
mod interop;
mod outputs;
mod privacy;
mod receipt;
mod registry;
mod restart;
mod world;
