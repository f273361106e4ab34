//! The service, assembled: configuration, wiring, workers, and the watch over what it rests on.
//!
//! Here: [`Config`](config::Config), [`Service::assemble`](assemble::Service::assemble), the
//! [`Workers`] and their health, the local prover, the tree's file, and a
//! [`sandbox`] chain for the demo, benches and tests.
//!
//! Not here: the command line (`annona`), decisions (`annona-engine`), routes (`annona-api`).
//!
//! Invariants: nothing that authenticates or pays has a default; a secret key enters no log; a
//! worker that hangs or fails holds up no other. Errors are sentences for the operator, who
//! reads them at the start.

pub mod account_keys;
pub mod assemble;
mod background;
mod checks;
mod clock;
pub mod config;
mod health;
pub mod logs;
pub mod prover;
pub mod sandbox;
pub mod tree_file;
mod workers;

pub use background::Workers;
