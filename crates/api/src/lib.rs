//! The HTTP service over the engine.
//!
//! Here: [`router()`] with every route, the one place where an error becomes a
//! status, a stable [`ProblemCode`] and a sentence, limits, access logs, and
//! [`openapi`], generated from the routes.
//!
//! Not here: bodies (`annona-wire`), decisions (`annona-engine`), sockets,
//! configuration, a clock.
//!
//! Invariants: every answer that is not a success is `application/problem+json`
//! (the readiness report excepted) with a code of [`ProblemCode`]; the cause of a
//! failure is logged once and never sent; no request, whatever its bytes, ends
//! the process; logs name routes, never recipients.

mod claims;
mod code;
mod enrolments;
mod epochs;
mod error;
mod events;
mod extract;
mod limits;
mod middleware;
mod operations;
mod problem;
mod rates;
mod router;
mod state;
mod tree;
mod views;

pub use code::ProblemCode;
pub use limits::{ClaimRates, Limits};
pub use router::{openapi, router, router_with_limits};
pub use state::{ApiState, Readiness};
