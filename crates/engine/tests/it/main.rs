//! The use cases against a real database and a chain that misbehaves on demand.

#![allow(clippy::unwrap_used)]

mod bounds;
mod chain;
mod claims;
mod commitments;
mod custody;
mod encodings;
mod enrolments;
mod hostile;
mod lockout;
mod membership;
mod operations;
mod recovery;
mod refusals;
mod regressions;
mod relay;
mod sequencer;
mod service;
mod simulation;
mod upgrades;
