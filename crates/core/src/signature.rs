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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::U256;
    use k256::ecdsa::SigningKey;

    use super::*;

    const DIGEST: B256 = B256::repeat_byte(5);

    fn signed(key: &SigningKey) -> Signature {
        let (signature, parity) = key.sign_prehash_recoverable(&DIGEST.0).unwrap();
        (signature, parity).into()
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    #[test]
    fn the_signer_is_the_address_of_the_key() {
        let signer = Address::from_public_key(key().verifying_key());
        assert_eq!(signer_of(&signed(&key()), DIGEST), Ok(signer));
        let other = signer_of(&signed(&key()), B256::repeat_byte(6));
        assert_ne!(other, Ok(signer));
    }

    #[test]
    fn the_twin_in_the_upper_half_names_nobody() {
        let order = U256::from_str_radix(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            16,
        )
        .unwrap();
        let low = signed(&key());
        let twin = Signature::new(low.r(), order - low.s(), !low.v());
        // The curve takes both; only the rule tells them apart.
        assert_eq!(
            twin.recover_address_from_prehash(&DIGEST).ok(),
            signer_of(&low, DIGEST).ok()
        );
        assert_eq!(signer_of(&twin, DIGEST), Err(SignatureError));
    }

    #[test]
    fn a_signature_of_no_key_names_nobody() {
        let nobody = Signature::new(U256::ZERO, U256::ZERO, false);
        assert_eq!(signer_of(&nobody, DIGEST), Err(SignatureError));
    }
}
