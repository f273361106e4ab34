//! Port to a key that signs digests.

use annona_core::{Address, B256, Signature};

/// Failure to sign a digest.
#[derive(Debug, thiserror::Error)]
#[error("the signer failed")]
pub struct SignerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A key that signs digests, the same digest always in the same way (RFC 6979).
pub trait DigestSigner: Send + Sync {
    /// Returns the address of the key.
    fn address(&self) -> Address;
    /// Signs a digest with the key.
    ///
    /// # Errors
    /// [`SignerError`].
    fn sign(&self, digest: B256) -> Result<Signature, SignerError>;
}
