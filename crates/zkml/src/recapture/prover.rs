use annona_circuits::{
    Assignment, MOST_BIT_COUNT, RecaptureCode, RecapturePrivate, RecaptureScore, assign, eye_scalar,
};
use annona_model::{Eye, ModelName};
use annona_proofs::{BatchKeyError, ProverKey, from_scalar, to_scalar};
use rand_core::CryptoRng;

use super::{RecaptureProof, RecaptureStatement, RecaptureVerifier, recapture_circuit};
use crate::{IrisPackage, ProofContext, RefusedProof, SizeMismatch};

/// Reason why there is no re-capture proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecaptureError {
    /// The model does not read the iris of a package.
    #[error(transparent)]
    Size(#[from] SizeMismatch),
    /// The packages are of two eyes.
    #[error(
        "the enrolled package is of the {} eye, and the fresh one of the {} eye",
        enrolled.name(), fresh.name()
    )]
    TwoEyes {
        /// Eye of the enrolled package.
        enrolled: Eye,
        /// Eye of the fresh package.
        fresh: Eye,
    },
    /// The fresh package is the enrolled one.
    #[error("the fresh capture is the enrolled one: an orb has to see the eye again")]
    OneCapture,
    /// The codes share too few bits to be compared.
    #[error("too little of the {} eye is seen in both captures to compare them", eye.name())]
    Incomparable {
        /// The eye.
        eye: Eye,
    },
    /// The codes do not match.
    #[error(
        "the {} eyes do not match: their score is {}, and at most {} is asked for",
        eye.name(), f64::from(*score) / 1e6, f64::from(*most) / 1e6
    )]
    Apart {
        /// The eye.
        eye: Eye,
        /// Score of the codes, in millionths.
        score: u32,
        /// Bound that was to be proved.
        most: u32,
    },
    /// The bound is more than a circuit takes.
    #[error("a score is bounded by a number below 2^{MOST_BIT_COUNT}")]
    Bound,
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] BatchKeyError),
    /// A true statement cannot be proved with the key: it is damaged, or of another circuit.
    #[error("the key does not serve the re-capture circuit of the model {model}")]
    Unfit {
        /// The model.
        model: ModelName,
        /// Reason why the proof was refused.
        source: RefusedProof,
    },
}

/// A statement with the values of all variables: everything but the proof.
pub struct PreparedRecapture {
    statement: RecaptureStatement,
    assignment: Assignment,
}

/// Proves that fresh captures match enrolled ones, by codes of one model.
#[derive(Debug, Clone)]
pub struct RecaptureProver {
    model: ModelName,
    key: ProverKey,
    verifier: RecaptureVerifier,
}

impl RecaptureProver {
    /// Creates a prover for `model` with `key`, which must be of that model's re-capture circuit.
    #[must_use]
    pub fn new(model: ModelName, key: ProverKey) -> Self {
        Self {
            verifier: RecaptureVerifier::new(model, key.verifying_key()),
            model,
            key,
        }
    }

    /// Returns the verifier of its proofs.
    #[must_use]
    pub const fn verifier(&self) -> &RecaptureVerifier {
        &self.verifier
    }

    /// Compares the codes of two packages of one eye as the matcher does, at upright rotations.
    /// None when too few bits are shared.
    ///
    /// # Errors
    /// [`RecaptureError::Size`], [`RecaptureError::TwoEyes`], [`RecaptureError::OneCapture`].
    pub fn score(
        model: ModelName,
        enrolled: &IrisPackage,
        fresh: &IrisPackage,
    ) -> Result<Option<RecaptureScore>, RecaptureError> {
        let eyes = (enrolled.eye(), fresh.eye());
        if eyes.0 != eyes.1 {
            let (enrolled, fresh) = eyes;
            return Err(RecaptureError::TwoEyes { enrolled, fresh });
        }
        if enrolled.iris() == fresh.iris() {
            return Err(RecaptureError::OneCapture);
        }
        let (enrolled, _) = enrolled.code_commitment(model)?;
        let (fresh, _) = fresh.code_commitment(model)?;
        Ok(recapture_circuit(model).score(&enrolled, &fresh))
    }

    /// Compares the codes of two packages of one eye, enrolled and fresh, and computes everything
    /// that a proof of a score of at most `most_micros` needs.
    ///
    /// # Errors
    /// [`RecaptureError`].
    pub fn prepare(
        &self,
        [enrolled, fresh]: [&IrisPackage; 2],
        most_micros: u32,
        context: &ProofContext,
    ) -> Result<PreparedRecapture, RecaptureError> {
        let (model, eye) = (self.model, enrolled.eye());
        if most_micros >> MOST_BIT_COUNT != 0 {
            return Err(RecaptureError::Bound);
        }
        let score = Self::score(model, enrolled, fresh)?;
        let score = score.ok_or(RecaptureError::Incomparable { eye })?;
        if score.micros > most_micros {
            let (score, most) = (score.micros, most_micros);
            return Err(RecaptureError::Apart { eye, score, most });
        }
        let circuit = recapture_circuit(model);
        let code = |package: &IrisPackage| -> Result<RecaptureCode, SizeMismatch> {
            let (encoded, _) = package.code_commitment(model)?;
            Ok(RecaptureCode::new(&encoded, to_scalar(package.code_salt())))
        };
        let private = RecapturePrivate {
            eye: eye_scalar(eye),
            enrolled: code(enrolled)?,
            fresh: code(fresh)?,
            rotation: circuit.rotation_number(score.rotation),
        };
        let witness = circuit.witness(private, most_micros, to_scalar(context.to_field()));
        Ok(PreparedRecapture {
            statement: RecaptureStatement {
                model,
                enrolled_commitment: from_scalar(witness.public.enrolled_commitment),
                fresh_commitment: from_scalar(witness.public.fresh_commitment),
                most_micros,
                context: context.clone(),
            },
            assignment: assign(&circuit, &witness),
        })
    }

    /// Proves what was prepared. The proof that it returns was verified.
    ///
    /// # Errors
    /// [`RecaptureError::Prover`], [`RecaptureError::Unfit`].
    pub fn prove(
        &self,
        prepared: &PreparedRecapture,
        rng: &mut impl CryptoRng,
    ) -> Result<RecaptureProof, RecaptureError> {
        let proof = RecaptureProof {
            statement: prepared.statement.clone(),
            key_hash: self.key.hash(),
            points: self.key.prove(&prepared.assignment, rng)?,
        };
        let model = self.model;
        let unfit = |source| RecaptureError::Unfit { model, source };
        self.verifier.verify(&proof).map_err(unfit)?;
        Ok(proof)
    }
}
