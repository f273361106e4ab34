use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_core::{Address, B256, Signature};
use annona_engine::ports::{DigestSigner, SignerError};

/// The service's key for receipts. It holds no coin and no role.
pub struct ReceiptKey(PrivateKeySigner);

impl ReceiptKey {
    /// Makes the signer of a secret key.
    #[must_use]
    pub const fn new(key: PrivateKeySigner) -> Self {
        Self(key)
    }
}

impl DigestSigner for ReceiptKey {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign(&self, digest: B256) -> Result<Signature, SignerError> {
        self.0
            .sign_hash_sync(&digest)
            .map_err(|error| SignerError(Box::new(error)))
    }
}
