//! Recovers the signer of a digest, and refuses a signature with `s` in the upper half.

use alloy_primitives::{Address, B256, Signature};

/// A signature that names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not recover to an address")]
pub struct SignatureError;

/// Returns the address whose key signed `digest`; [`SignatureError`] when no key fits, or
/// when `s` lies in the upper half of the curve order (EIP-2: such a twin is refused;
/// ENROL-1).
pub(crate) fn signer_of(signature: &Signature, digest: B256) -> Result<Address, SignatureError> {
    if signature.normalize_s().is_some() {
        return Err(SignatureError);
    }
    signature
        .recover_address_from_prehash(&digest)
        .map_err(|_| SignatureError)
}
