//! Reasons for which an enrolment is refused.

use annona_core::{B256, Commitment, OrbId, SignatureError};
use annona_model::Eye;

use crate::encodings::RefusedEncoding;
use crate::ports::{ChainError, StoreError};
use crate::upgrades::{CheckError, RefusedCodes};

/// Reason for which an enrolment is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The signature fits no key.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The orb is not active in the orb registry.
    #[error("orb {0} is not active in the orb registry")]
    OrbNotActive(OrbId),
    /// The operator takes nothing from this orb.
    #[error("nothing is taken from orb {0}")]
    OrbRefused(OrbId),
    /// The orb has brought in as many people as it may in an epoch.
    #[error("orb {orb} has brought in as many people as it may in this epoch")]
    OrbLimitReached {
        /// Orb that has reached its limit.
        orb: OrbId,
        /// Time until the next epoch, in seconds of the service's clock.
        wait_secs: u64,
    },
    /// The templates are not the ones that the orb signed (ENROL-3).
    #[error("the templates do not have the signed digest")]
    IrisDigestMismatch,
    /// The statement has no commitments, and this service takes none without (ENROL-19).
    #[error("the statement has no commitments to irises and codes")]
    CommitmentsRequired,
    /// A template does not open the code commitment in its eye's place (ENROL-19).
    #[error("the template of the {} eye does not open its code commitment", eye.name())]
    CodeCommitmentMismatch {
        /// Eye that the commitment is in the place of.
        eye: Eye,
    },
    /// The proofs of the codes are missing, or are refused (ENROL-23).
    #[error(transparent)]
    Encoding(#[from] RefusedEncoding),
    /// The codes by the model that the service changes to are missing, or are refused (ENROL-24).
    #[error(transparent)]
    Upgrade(#[from] RefusedCodes),
    /// The model that was published is none of this program, or its key is none.
    #[error("the model or the key that was published cannot be used by this version")]
    UpgradeUnusable,
    /// A commitment to an iris or to a code belongs to another eye or enrolment (ENROL-20).
    #[error("a commitment to an iris or to a code was used before")]
    IrisCommitmentUsed,
    /// The templates were made with another encoder.
    #[error("the templates were made with model {actual}, this service takes {expected}")]
    ModelMismatch {
        /// Id of the model that the service expects.
        expected: B256,
        /// Id of the model in the packet's statement.
        actual: B256,
    },
    /// The capture is too old, or lies in the future (ENROL-4).
    #[error("the capture is from {captured_at}, the service's clock says {now}")]
    NotFresh {
        /// Time of the capture by the orb's clock, in seconds since the Unix epoch.
        captured_at: u64,
        /// Time of the service's clock, in seconds since the Unix epoch.
        now: u64,
    },
    /// A recovery of somebody who is not enrolled.
    #[error("nobody like this is enrolled; enrol as a new person")]
    NothingToRecover,
    /// The person's enrolment is too young, or not settled.
    #[error("this person's enrolment can be replaced in {wait_days} days")]
    RecoveryTooSoon {
        /// Time to wait, in days, rounded up; at least one.
        wait_days: u64,
    },
    /// A template has too few valid bits to decide on.
    #[error("a template has too few valid bits for a decision")]
    TemplateUnusable,
    /// The nonce belongs to another enrolment.
    #[error("the nonce was used by another enrolment")]
    NonceUsed,
    /// The commitment is enrolled already (ENROL-5).
    #[error("commitment {0} is enrolled already")]
    CommitmentTaken(Commitment),
    /// Others joined faster than the search could follow.
    #[error("the gallery kept growing during the search")]
    Busy,
    /// The chain gave no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CheckError> for EnrolError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Codes(refusal) => Self::Upgrade(refusal),
            CheckError::Unusable => Self::UpgradeUnusable,
        }
    }
}
