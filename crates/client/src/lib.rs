//! The service as a stranger sees it, and the citizen's wallet.
//!
//! Here: a typed client of the API, the file that keeps a secret, the path out of the
//! tree's tiles, and the making of a claim from it and from what the chain says.
//!
//! Not here: the chain itself (its checkpoint is an argument), screens.
//!
//! Invariants: the secret leaves the wallet's file only into memory; nothing is
//! proved against a root that did not come from the chain, because a root made
//! for one person would mark that person.

mod api;
mod claim;
mod error;
mod tree;
mod wallet;

pub use annona_wire as wire;
pub use api::ApiClient;
pub use claim::{ClaimDraft, PrepareError, SemaphoreProofJson, prepare_claim};
pub use error::ClientError;
pub use tree::TreeReader;
pub use wallet::{Wallet, WalletError, WalletNote};
