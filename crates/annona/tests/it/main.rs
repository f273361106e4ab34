//! The binary as a user runs it: against a real development chain, as processes of their own.
#![allow(clippy::unwrap_used, missing_docs)]

mod demo;
mod deploy;
mod endpoints;
mod environment;
mod floods;
mod handbook;
mod interop;
mod operator;
mod outputs;
mod printing;
mod privacy;
mod receipt;
mod registry;
mod restart;
mod schemathesis;
mod signals;
mod town;
mod visit;
mod world;
mod zkml;
mod zkml_recapture;
mod zkml_score;
