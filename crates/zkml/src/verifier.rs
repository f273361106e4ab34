use annona_core::{B256, FieldElement, ProofPoints};
use annona_model::ModelName;
use annona_proofs::{ProofVerifier, VerifyError, VerifyingKey};

use crate::{EncodingProof, unsafe_test_verifying_key};

/// Reason why a proof is not accepted. Every variant is the sender's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedProof {
    /// The proof is about another model.
    #[error("the proof is for the model {actual}, and the model {expected} is asked for")]
    OtherModel {
        /// Model of the verifier.
        expected: ModelName,
        /// Model of the proof.
        actual: ModelName,
    },
    /// The proof was made for another key.
    #[error("the proof was made for the key {actual}, and the key here is {expected}")]
    OtherKey {
        /// Hash of the verifier's key.
        expected: B256,
        /// Hash that the proof names.
        actual: B256,
    },
    /// The proof does not hold.
    #[error("the proof does not hold")]
    False(#[from] VerifyError),
}

/// Verifies proofs of one relation by one model, with a key that is prepared once.
#[derive(Debug, Clone)]
pub(crate) struct ModelVerifier {
    model: ModelName,
    verifier: ProofVerifier,
}

impl ModelVerifier {
    pub(crate) fn new(model: ModelName, key: &VerifyingKey) -> Self {
        Self {
            model,
            verifier: ProofVerifier::new(key),
        }
    }

    pub(crate) const fn model(&self) -> ModelName {
        self.model
    }

    pub(crate) const fn key_hash(&self) -> B256 {
        self.verifier.key_hash()
    }

    /// Checks a proof that says to be by `model` and for the key with the hash `key_hash`.
    pub(crate) fn verify(
        &self,
        (model, key_hash): (ModelName, B256),
        inputs: &[FieldElement],
        points: &ProofPoints,
    ) -> Result<(), RefusedProof> {
        let (expected, actual) = (self.model, model);
        if expected != actual {
            return Err(RefusedProof::OtherModel { expected, actual });
        }
        let (expected, actual) = (self.key_hash(), key_hash);
        if expected != actual {
            return Err(RefusedProof::OtherKey { expected, actual });
        }
        Ok(self.verifier.verify(inputs, points)?)
    }
}

/// Verifies encodings by one model, with a key that is prepared once.
#[derive(Debug, Clone)]
pub struct EncodingVerifier(ModelVerifier);

impl EncodingVerifier {
    /// Creates a verifier of `model` under `key`, which must be of that model's circuit.
    #[must_use]
    pub fn new(model: ModelName, key: &VerifyingKey) -> Self {
        Self(ModelVerifier::new(model, key))
    }

    /// Creates a verifier under the **unsafe** test key of `model`, under which anybody can
    /// forge proofs.
    #[must_use]
    pub fn unsafe_test(model: ModelName) -> Self {
        Self::new(model, &unsafe_test_verifying_key(model))
    }

    /// Returns the model.
    #[must_use]
    pub const fn model(&self) -> ModelName {
        self.0.model()
    }

    /// Returns the hash of the key.
    #[must_use]
    pub const fn key_hash(&self) -> B256 {
        self.0.key_hash()
    }

    /// Checks a proof (ZKML-1). The caller compares commitments and context with those expected.
    ///
    /// # Errors
    /// [`RefusedProof`].
    pub fn verify(&self, proof: &EncodingProof) -> Result<(), RefusedProof> {
        let named = (proof.statement.model, proof.key_hash);
        let inputs = proof.statement.public_inputs();
        self.0.verify(named, &inputs, &proof.points)
    }
}
