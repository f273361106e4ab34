//! The HTTP service over the engine.
//!
//! Here: [`router()`] with every route, the one place where an error becomes a
//! status, a stable [`ProblemCode`] and a sentence, limits, access logs, [`serve`], which
//! holds the sockets, [`openapi`], generated from the routes, and [`AppFolder`], the citizen's
//! app as static files.
//!
//! Not here: bodies (`annona-wire`), decisions (`annona-engine`),
//! configuration, a clock.
//!
//! Invariants: every answer that is not a success is `application/problem+json`
//! (the readiness report excepted) with a code of [`ProblemCode`]; the cause of a
//! failure is logged once and never sent; no request, whatever its bytes, ends
//! the process; a request takes a permit only when its body is there; logs name routes,
//! never recipients.

mod app;
mod bodies;
mod claims;
mod clients;
mod code;
mod cors;
mod custody;
mod enrolments;
mod epochs;
mod error;
mod events;
mod extract;
mod kinds;
mod limits;
mod middleware;
mod operations;
mod problem;
mod rates;
mod recent;
mod router;
mod server;
mod state;
mod tree;
mod upgrades;
mod views;

pub use app::{AppError, AppFolder};
pub use clients::{AddressBlock, AddressBlockError, ClientNames};
pub use code::ProblemCode;
pub use limits::{
    ApiLimits, BodyLimits, ClientRate, ConnectionLimits, Permits, RateLimits, StreamLimits,
};
pub use router::{openapi, router, router_with_limits};
pub use server::{raise_descriptor_limit, serve};
pub use state::{ApiState, Readiness};
