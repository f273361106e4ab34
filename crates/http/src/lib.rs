//! HTTP clients, built in one place so that every request that leaves a process keeps
//! the same rules.
//!
//! In here: a client with limits of time, addresses that can be shown without the secrets
//! in them, and reading of answers whose length is limited. Not in here: anything of
//! Annona's own protocol, and repeats, which only the caller knows to be safe.
//!
//! Invariants:
//! - Every request has a limit of time, for connecting and as a whole.
//! - A request to this machine never goes through a proxy of the environment.
//! - No redirect is followed.
//! - TLS is that of `ring`, whichever other providers a dependency brings.

mod address;
mod answer;
mod client;
mod public_url;
mod secret_url;
mod secrets;

pub use address::{PublicAddress, is_loopback};
pub use answer::{BodyError, read_body, retry_after};
pub use client::{ClientTimeouts, client_for};
pub use public_url::{PublicUrl, PublicUrlError};
pub use reqwest::{self, Url};
pub use secret_url::SecretUrl;
pub use secrets::Secrets;
