use annona_core::{
    B256, Commitment, EnrolmentDomain, EyeCommitments, FieldElement, OrbId, UnixSeconds,
};
use annona_model::{Eye, ModelName};
use annona_proofs::VerifyingKey;

use super::{
    EyeEvidence, RecaptureEvidence, RecaptureProof, pair_micros, unsafe_test_recapture_key,
};
use crate::verifier::ModelVerifier;
use crate::{EncodingVerifier, OrbStatement, ProofContext, RefusedProof};

/// Seconds by which an orb's clock may be ahead of the verifier's: as for enrolments (ENROL-4).
const MAX_CLOCK_SKEW_SECS: u64 = 30;

/// Reason why evidence of a re-capture is not accepted (ZKML-25, ZKML-26).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedRecapture {
    /// The orb's statement is for another deployment.
    #[error("the orb's statement is for another deployment")]
    OtherDeployment,
    /// The orb encoded by another model.
    #[error("the orb encoded by the model {actual}, and {expected} is the id of the model here")]
    OtherModel {
        /// Id of the verifier's model.
        expected: B256,
        /// Id that the statement names.
        actual: B256,
    },
    /// The orb is none of the active ones.
    #[error("the orb {orb} is not active")]
    OrbNotActive {
        /// The orb that signed.
        orb: OrbId,
    },
    /// The capture is too old.
    #[error("the capture is {age_secs} s old, and at most {most_secs} s are accepted")]
    TooOld {
        /// Age of the capture.
        age_secs: u64,
        /// Greatest age that is accepted.
        most_secs: u64,
    },
    /// The capture is in the future.
    #[error("the capture is in the future by the verifier's clock")]
    InFuture,
    /// The orb saw the person for another account.
    #[error("the orb saw the eyes for the account {actual}, and not {expected}")]
    OtherAccount {
        /// Account that is expected.
        expected: Commitment,
        /// Account that the orb signed.
        actual: Commitment,
    },
    /// The orb was shown another challenge.
    #[error("the orb signed the nonce {actual}, and not {expected}")]
    OtherNonce {
        /// Nonce that is expected.
        expected: B256,
        /// Nonce that the orb signed.
        actual: B256,
    },
    /// An eye that is asked for is not there.
    #[error("there is no proof of the {} eye", eye.name())]
    EyeMissing {
        /// The eye.
        eye: Eye,
    },
    /// The verifier named no enrolled code.
    #[error("no enrolled code is named, of neither eye")]
    NothingExpected,
    /// A proof was made for another purpose, account or epoch.
    #[error("a proof of the {} eye was made for another purpose, account or epoch", eye.name())]
    OtherContext {
        /// The eye.
        eye: Eye,
    },
    /// The encoding is of another iris than the orb's.
    #[error("the encoding of the {} eye is of an iris that the orb did not sign", eye.name())]
    OtherIris {
        /// The eye.
        eye: Eye,
    },
    /// The encoding, or the re-capture, is of another fresh code than the orb's.
    #[error("a proof of the {} eye is about a fresh code that the orb did not sign", eye.name())]
    OtherFreshCode {
        /// The eye.
        eye: Eye,
    },
    /// The re-capture is about another enrolled code.
    #[error("the proof of the {} eye is about another enrolled code", eye.name())]
    OtherEnrolledCode {
        /// The eye.
        eye: Eye,
    },
    /// The fresh code is the enrolled one.
    #[error("the fresh {} code is the enrolled one: nobody was captured again", eye.name())]
    OneCapture {
        /// The eye.
        eye: Eye,
    },
    /// The bounds that are proved are too far apart.
    #[error(
        "the proofs allow a value of {}, and below {} is asked for",
        f64::from(*actual) / 1e6, f64::from(*below) / 1e6
    )]
    NotClose {
        /// Value below which captures are of one person, in millionths.
        below: u32,
        /// Value that the bounds allow.
        actual: u32,
    },
    /// The encoding of an eye is not accepted.
    #[error("the encoding of the {} eye is not accepted", eye.name())]
    Encoding {
        /// The eye.
        eye: Eye,
        /// Reason.
        source: RefusedProof,
    },
    /// The re-capture of an eye is not accepted.
    #[error("the re-capture of the {} eye is not accepted", eye.name())]
    Recapture {
        /// The eye.
        eye: Eye,
        /// Reason.
        source: RefusedProof,
    },
}

/// All that a verifier of a re-capture knows and asks for by itself.
#[derive(Debug, Clone)]
pub struct RecaptureExpectation {
    /// Deployment whose orbs are believed.
    pub domain: EnrolmentDomain,
    /// Orbs that are active, by the registry or by the caller's own list.
    pub active_orbs: Vec<OrbId>,
    /// Account that the person shows the orb: of a recovery the new one.
    pub account: Commitment,
    /// Challenge that the orb must have signed; none where the time of capture is enough.
    pub nonce: Option<B256>,
    /// Commitments to the enrolled codes, left and right; none for an eye that is not asked for.
    pub enrolled: [Option<FieldElement>; 2],
    /// Value below which two captures are of one person, in millionths.
    pub below_micros: u32,
    /// The verifier's clock.
    pub now: UnixSeconds,
    /// Greatest age of the capture.
    pub max_age_secs: u64,
}

/// Verifies re-captures by codes of one model, with a key that is prepared once.
#[derive(Debug, Clone)]
pub struct RecaptureVerifier(ModelVerifier);

impl RecaptureVerifier {
    /// Creates a verifier of `model` under `key`, which must be of that model's re-capture circuit.
    #[must_use]
    pub fn new(model: ModelName, key: &VerifyingKey) -> Self {
        Self(ModelVerifier::new(model, key))
    }

    /// Creates a verifier under the **unsafe** test key of `model`, under which anybody can
    /// forge proofs.
    #[must_use]
    pub fn unsafe_test(model: ModelName) -> Self {
        Self::new(model, &unsafe_test_recapture_key(model))
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

    /// Checks the proof of one eye (ZKML-22). The caller compares commitments, bound and context
    /// with those expected.
    ///
    /// # Errors
    /// [`RefusedProof`].
    pub fn verify(&self, proof: &RecaptureProof) -> Result<(), RefusedProof> {
        let named = (proof.statement.model, proof.key_hash);
        let inputs = proof.statement.public_inputs();
        self.0.verify(named, &inputs, &proof.points)
    }

    /// Checks that an active orb saw, just now and for the account, the person whose codes are
    /// enrolled (ZKML-25, ZKML-26). Returns the orb. `encodings` verifies by the same model.
    ///
    /// # Errors
    /// [`RefusedRecapture`].
    pub fn verify_evidence(
        &self,
        evidence: &RecaptureEvidence,
        encodings: &EncodingVerifier,
        expected: &RecaptureExpectation,
    ) -> Result<OrbId, RefusedRecapture> {
        self.check_statement(evidence.statement(), expected)?;
        let committed = evidence.statement().commitments();
        let committed = [committed.left, committed.right];
        let mut bounds = [None; 2];
        let mut proofs = Vec::new();
        for (place, eye) in [Eye::Left, Eye::Right].into_iter().enumerate() {
            let Some(enrolled) = expected.enrolled[place] else {
                continue;
            };
            let found = evidence.eyes()[place];
            let found = found.ok_or(RefusedRecapture::EyeMissing { eye })?;
            check_eye(eye, found, &committed[place], enrolled, expected.account)?;
            bounds[place] = Some(found.recapture.statement.most_micros);
            proofs.push((eye, found));
        }
        let actual = pair_micros(bounds).ok_or(RefusedRecapture::NothingExpected)?;
        let below = expected.below_micros;
        if actual >= below {
            return Err(RefusedRecapture::NotClose { below, actual });
        }
        // The dearest last.
        for (eye, found) in proofs {
            let encoding = encodings.verify(&found.encoding);
            encoding.map_err(|source| RefusedRecapture::Encoding { eye, source })?;
            let recapture = self.verify(&found.recapture);
            recapture.map_err(|source| RefusedRecapture::Recapture { eye, source })?;
        }
        Ok(evidence.statement().orb())
    }

    /// Checks what the orb signed (ZKML-26).
    fn check_statement(
        &self,
        statement: &OrbStatement,
        expected: &RecaptureExpectation,
    ) -> Result<(), RefusedRecapture> {
        if *statement.domain() != expected.domain {
            return Err(RefusedRecapture::OtherDeployment);
        }
        let (orb, enrolment) = (statement.orb(), statement.enrolment());
        let (model, actual) = (B256::from(self.model().model().id()), enrolment.model_id);
        if actual != model {
            let expected = model;
            return Err(RefusedRecapture::OtherModel { expected, actual });
        }
        if !expected.active_orbs.contains(&orb) {
            return Err(RefusedRecapture::OrbNotActive { orb });
        }
        let (now, captured, most_secs) = (
            expected.now.0,
            enrolment.captured_at.0,
            expected.max_age_secs,
        );
        if captured > now.saturating_add(MAX_CLOCK_SKEW_SECS) {
            return Err(RefusedRecapture::InFuture);
        }
        let age_secs = now.saturating_sub(captured);
        if age_secs > most_secs {
            return Err(RefusedRecapture::TooOld {
                age_secs,
                most_secs,
            });
        }
        if enrolment.commitment != expected.account {
            return Err(RefusedRecapture::OtherAccount {
                expected: expected.account,
                actual: enrolment.commitment,
            });
        }
        match expected.nonce {
            Some(nonce) if nonce != enrolment.nonce => Err(RefusedRecapture::OtherNonce {
                expected: nonce,
                actual: enrolment.nonce,
            }),
            _ => Ok(()),
        }
    }
}

/// Compares the subjects of an eye's proofs with each other and with what is expected (ZKML-25).
fn check_eye(
    eye: Eye,
    found: &EyeEvidence,
    committed: &EyeCommitments,
    enrolled: FieldElement,
    account: Commitment,
) -> Result<(), RefusedRecapture> {
    let (encoding, recapture) = (&found.encoding.statement, &found.recapture.statement);
    let context = ProofContext::recapture(account);
    if encoding.context != context.to_field() || recapture.context != context {
        Err(RefusedRecapture::OtherContext { eye })
    } else if encoding.image_commitment != committed.image {
        Err(RefusedRecapture::OtherIris { eye })
    } else if encoding.code_commitment != committed.code
        || recapture.fresh_commitment != committed.code
    {
        Err(RefusedRecapture::OtherFreshCode { eye })
    } else if recapture.enrolled_commitment != enrolled {
        Err(RefusedRecapture::OtherEnrolledCode { eye })
    } else if enrolled == committed.code {
        Err(RefusedRecapture::OneCapture { eye })
    } else {
        Ok(())
    }
}
