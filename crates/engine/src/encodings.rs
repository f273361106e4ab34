//! Check of the proofs that the codes of an enrolment came from the model (ENROL-23).

use std::error::Error;
use std::sync::Arc;

use annona_core::{EyeCommitments, IrisCommitments, SignedEnrolment};
use annona_model::Eye;
use annona_zkml::{
    EncodingProof, EncodingVerifier, PairFormatError, ProofContext, ProofPair, RefusedProof,
};

/// Proofs of encoding that a service asks orbs for at enrolment.
#[derive(Debug, Clone)]
pub enum ProofPolicy {
    /// None: those that come are not looked at.
    Off,
    /// None, but those that come have to hold.
    Optional(Arc<EncodingVerifier>),
    /// Those of both eyes with each packet.
    Required(Arc<EncodingVerifier>),
}

/// Reason why the proofs of an enrolment are refused. Every variant is the orb's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedEncoding {
    /// There are none, and this service asks for them.
    #[error("the packet has no proofs that its codes came from the model")]
    Missing,
    /// The text holds no proofs of both eyes.
    #[error("the proofs of the codes cannot be read: {reason}")]
    Malformed {
        /// Reason, with its causes.
        reason: String,
    },
    /// A proof does not hold, or is for another model or key.
    #[error("the proof of the {} eye is refused: {source}", eye.name())]
    Proof {
        /// Eye in whose place the proof is.
        eye: Eye,
        /// Reason.
        source: RefusedProof,
    },
    /// The proofs were made for another purpose, person or epoch.
    #[error("the proofs of the codes were made for another purpose, person or epoch")]
    OtherContext,
    /// A proof is about another iris or code than the orb signed in the place of its eye.
    #[error("the proof of the {} eye is about another iris or code", eye.name())]
    OtherStatement {
        /// Eye in whose place the proof is.
        eye: Eye,
    },
}

/// Proofs that are to be checked, with all that the check needs: milliseconds of computation.
pub(crate) struct EncodingCheck {
    verifier: Arc<EncodingVerifier>,
    context: ProofContext,
    commitments: IrisCommitments,
    proofs: String,
}

impl EncodingCheck {
    /// Returns the check of proofs that are there, about these commitments and for this context.
    pub(crate) const fn of(
        verifier: Arc<EncodingVerifier>,
        context: ProofContext,
        commitments: IrisCommitments,
        proofs: String,
    ) -> Self {
        Self {
            verifier,
            context,
            commitments,
            proofs,
        }
    }

    /// Returns the check that a policy asks for; none where there is nothing to check.
    ///
    /// # Errors
    /// [`RefusedEncoding::Missing`] where proofs are required and the packet has none, or has no
    /// commitments that they could be about.
    pub(crate) fn new(
        policy: &ProofPolicy,
        signed: &SignedEnrolment,
        proofs: Option<&str>,
    ) -> Result<Option<Self>, RefusedEncoding> {
        let verifier = match policy {
            ProofPolicy::Off => return Ok(None),
            ProofPolicy::Optional(_) if proofs.is_none() => return Ok(None),
            ProofPolicy::Optional(verifier) | ProofPolicy::Required(verifier) => verifier,
        };
        let (Some(proofs), Some(commitments)) = (proofs, signed.commitments) else {
            return Err(RefusedEncoding::Missing);
        };
        Ok(Some(Self {
            verifier: Arc::clone(verifier),
            context: ProofContext::enrolment(signed.enrolment.commitment),
            commitments,
            proofs: proofs.to_owned(),
        }))
    }

    /// Verifies the proofs of both eyes, and that they are about this person and these codes.
    pub(crate) fn run(&self) -> Result<(), RefusedEncoding> {
        let pair = ProofPair::from_json(&self.proofs).map_err(|error| malformed(&error))?;
        let [left, right] = pair.proofs();
        let IrisCommitments {
            left: of_left,
            right: of_right,
        } = &self.commitments;
        self.check(Eye::Left, left, of_left)?;
        self.check(Eye::Right, right, of_right)
    }

    /// Verifies first: what the proof says of itself counts for nothing before.
    fn check(
        &self,
        eye: Eye,
        proof: &EncodingProof,
        signed: &EyeCommitments,
    ) -> Result<(), RefusedEncoding> {
        let refused = |source| RefusedEncoding::Proof { eye, source };
        self.verifier.verify(proof).map_err(refused)?;
        let statement = &proof.statement;
        if statement.context != self.context.to_field() {
            return Err(RefusedEncoding::OtherContext);
        }
        let proved = (statement.image_commitment, statement.code_commitment);
        if proved != (signed.image, signed.code) {
            return Err(RefusedEncoding::OtherStatement { eye });
        }
        Ok(())
    }
}

fn malformed(error: &PairFormatError) -> RefusedEncoding {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    RefusedEncoding::Malformed { reason }
}
