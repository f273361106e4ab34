use annona_circuits::{Assignment, assign};
use annona_model::ModelName;
use annona_proofs::{BatchKeyError, ProverKey};
use rand_core::CryptoRng;

use crate::{
    EncodingProof, EncodingStatement, EncodingVerifier, IrisPackage, ProofContext, RefusedProof,
    SizeMismatch, circuit,
};
use annona_proofs::{from_scalar, to_scalar};

/// Reason why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The model does not read the iris of the package.
    #[error(transparent)]
    Size(#[from] SizeMismatch),
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] BatchKeyError),
    /// A true statement cannot be proved with the key: it is damaged, or of another circuit.
    #[error("the key does not serve the circuit of the model {model}")]
    Unfit {
        /// The model.
        model: ModelName,
        /// Reason why the proof was refused.
        source: RefusedProof,
    },
}

/// A statement with the values of all variables: everything but the proof.
pub struct PreparedProof {
    statement: EncodingStatement,
    context: ProofContext,
    assignment: Assignment,
}

impl PreparedProof {
    /// Returns the statement.
    #[must_use]
    pub const fn statement(&self) -> &EncodingStatement {
        &self.statement
    }
}

/// Proves encodings by one model.
#[derive(Debug, Clone)]
pub struct EncodingProver {
    model: ModelName,
    key: ProverKey,
    verifier: EncodingVerifier,
}

impl EncodingProver {
    /// Creates a prover for `model` with `key`, which must be of that model's circuit.
    #[must_use]
    pub fn new(model: ModelName, key: ProverKey) -> Self {
        Self {
            verifier: EncodingVerifier::new(model, key.verifying_key()),
            model,
            key,
        }
    }

    /// Returns the verifier of its proofs.
    #[must_use]
    pub const fn verifier(&self) -> &EncodingVerifier {
        &self.verifier
    }

    /// Encodes the iris of a package and computes everything that a proof needs.
    ///
    /// # Errors
    /// [`SizeMismatch`].
    pub fn prepare(
        &self,
        package: &IrisPackage,
        context: &ProofContext,
    ) -> Result<PreparedProof, SizeMismatch> {
        let hash = context.to_field();
        let circuit = circuit(self.model);
        let witness = circuit.witness(package.private(self.model)?, to_scalar(hash));
        Ok(PreparedProof {
            statement: EncodingStatement {
                model: self.model,
                image_commitment: from_scalar(witness.public.image_commitment),
                code_commitment: from_scalar(witness.public.code_commitment),
                context: hash,
            },
            context: context.clone(),
            assignment: assign(&circuit, &witness),
        })
    }

    /// Proves what was prepared. The proof that it returns was verified.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(
        &self,
        prepared: &PreparedProof,
        rng: &mut impl CryptoRng,
    ) -> Result<EncodingProof, ProveError> {
        let proof = EncodingProof {
            statement: prepared.statement,
            context: prepared.context.clone(),
            key_hash: self.verifier.key_hash(),
            points: self.key.prove(&prepared.assignment, rng)?,
        };
        let model = self.model;
        let unfit = |source| ProveError::Unfit { model, source };
        self.verifier.verify(&proof).map_err(unfit)?;
        Ok(proof)
    }
}
