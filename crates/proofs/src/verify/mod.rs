mod combination;
mod key;
mod pairing;
mod points;
#[cfg(test)]
mod tests;

use annona_core::{B256, ClaimInputs, FieldElement, ProofPoints};

use crate::{ClaimProof, VerifyingKey};

pub(crate) use key::PreparedKey;

/// Reason why a proof is not accepted. Every variant is the sender's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A point is not on its curve or not in the group.
    #[error("a point of the proof is not in its group")]
    NotInGroup,
    /// The pairing equation does not hold for these public inputs.
    #[error("the proof does not hold for these public inputs")]
    Invalid,
}

/// Verifies proofs of one circuit, whatever it states, with a key that is prepared once.
#[derive(Debug, Clone)]
pub struct ProofVerifier {
    prepared: PreparedKey,
}

impl ProofVerifier {
    /// Creates a verifier under `key`.
    #[must_use]
    pub fn new(key: &VerifyingKey) -> Self {
        Self {
            prepared: PreparedKey::new(key),
        }
    }

    /// Returns the hash of the key.
    #[must_use]
    pub const fn key_hash(&self) -> B256 {
        self.prepared.hash
    }

    /// Checks a proof with the public inputs `inputs`, in circuit order.
    ///
    /// # Errors
    /// [`VerifyError::NotInGroup`] for points that are none, [`VerifyError::Invalid`] for a false
    /// statement and for another number of inputs than the circuit's.
    pub fn verify(&self, inputs: &[FieldElement], proof: &ProofPoints) -> Result<(), VerifyError> {
        self.prepared.check(inputs, proof)
    }
}

/// Verifies claim proofs with a key that is prepared once.
///
/// ```
/// # use annona_core::{Address, AmountWei, ClaimScope, Epoch, ExternalNullifier, Payment};
/// # use annona_proofs::{Identity, prove_claim};
/// # use annona_tree::MembershipTree;
/// use annona_proofs::{ClaimVerifier, VerifyingKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let identity = Identity::generate(&mut rand::rng());
/// # let mut members = MembershipTree::default();
/// # members.append(&[identity.commitment()])?;
/// # let place = members.leaf_index(identity.commitment()).expect("appended");
/// # let path = members.current().proof(place);
/// # let scope = ClaimScope { chain_id: 31_337, distributor: Address::repeat_byte(1) };
/// # let payment = Payment {
/// #     recipient: Address::repeat_byte(2),
/// #     fee_recipient: Address::ZERO,
/// #     fee: AmountWei::ZERO,
/// # };
/// # let rng = &mut rand::rng();
/// let claim = prove_claim(&identity, &path, &scope, Epoch(7), &payment, rng)?;
/// let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
/// verifier.verify(&claim.inputs, &claim.points)?;
///
/// // A proof holds for its own public inputs, and for no others.
/// let mut forged = claim;
/// forged.inputs.external_nullifier = ExternalNullifier::new(&scope, Epoch(8));
/// assert!(verifier.verify(&forged.inputs, &forged.points).is_err());
///
/// // Many are verified at once, and each gets an answer of its own.
/// let answers = verifier.verify_batch(&[claim, forged]);
/// assert!(answers[0].is_ok() && answers[1].is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClaimVerifier {
    prepared: PreparedKey,
}

impl ClaimVerifier {
    /// Creates a verifier under `key`.
    #[must_use]
    pub fn new(key: &VerifyingKey) -> Self {
        Self {
            prepared: PreparedKey::new(key),
        }
    }

    /// Checks one claim proof.
    ///
    /// # Errors
    /// [`VerifyError::NotInGroup`] for points that are none, [`VerifyError::Invalid`] for a false
    /// statement.
    pub fn verify(&self, inputs: &ClaimInputs, proof: &ProofPoints) -> Result<(), VerifyError> {
        self.prepared.check(&inputs.to_fields(), proof)
    }

    /// Checks many claim proofs, of any roots and epochs, in much less time than one by one
    /// (CLAIM-7). The answers are in the order of the claims, and are those of
    /// [`Self::verify`]; that a false claim of n is accepted has a probability of at most
    /// n / 2^127. False ones among them cost about as much as a verification of their own.
    ///
    /// It works on the threads of the `rayon` pool that it is called in.
    #[must_use]
    pub fn verify_batch(&self, claims: &[ClaimProof]) -> Vec<Result<(), VerifyError>> {
        combination::check_all(&self.prepared, claims)
    }
}
