//! Requests to an RPC endpoint, within limits of time and length, and event logs in spans of
//! blocks that suit it.
//!
//! Here: [`connect`], which makes a provider for `alloy`; [`LogReader`]; the causes of failure.
//!
//! Not here: contracts (`annona-bindings`), what the answers mean (`annona-chain`,
//! `annona-audit`).
//!
//! Invariants: no request is without a limit of time; a request is repeated only where that is
//! safe; the key in an endpoint's address is in no error and no log.

mod endpoint;
mod failure;
mod logs;
mod provider;

pub use endpoint::{EndpointError, EndpointLimits};
pub use failure::{UnreadableAnswer, endpoint_failure, is_revert};
pub use logs::{LOG_SPAN_MAX_BLOCKS, LogReader};
pub use provider::{connect, connect_with};
