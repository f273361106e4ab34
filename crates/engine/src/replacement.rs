//! Replacement of a person's templates by those of another model, without a visit (ZKML-19 to ZKML-21).

use annona_core::{Commitment, OrbId, UnixSeconds};

use crate::EnrolmentService;
use crate::codes::CodeCommitments;
use crate::enrol_error::EnrolError;
use crate::ports::{ModelUpgrade, StoreError, UpgradeAccount, UpgradeOutcome, UpgradedTemplates};
use crate::upgrades::{CheckError, RefusedCodes, UpgradedCodes};

/// Reason why a person's templates are not replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The service changes to no other model.
    #[error("this service changes to no other model")]
    NotUnderWay,
    /// The time for changing from home is over (ZKML-21).
    #[error("people could change from home until {old_until}")]
    Over {
        /// End of that time, in seconds since the Unix epoch.
        old_until: u64,
    },
    /// No member has this commitment, and nobody who is to be one.
    #[error("nobody who counts is enrolled with commitment {0}")]
    UnknownAccount(Commitment),
    /// No orb committed to the person's irises.
    #[error("no orb committed to the irises of this person")]
    Uncommitted,
    /// The orb that signed the commitments is not active, or nothing is taken from it.
    #[error("orb {0}, which signed the commitments, is not active")]
    OrbNotActive(OrbId),
    /// The templates were replaced by others before.
    #[error("the templates of this person were replaced by others before")]
    OtherCodes,
    /// The codes are refused.
    #[error(transparent)]
    Codes(#[from] RefusedCodes),
    /// The model that was published is none of this program.
    #[error("the model or the key that was published cannot be used by this version")]
    Unusable,
    /// The activity of the orb was not found out.
    #[error(transparent)]
    Orb(EnrolError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CheckError> for UpgradeError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Codes(refusal) => Self::Codes(refusal),
            CheckError::Unusable => Self::Unusable,
        }
    }
}

impl EnrolmentService {
    /// Returns the change to another model that is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn model_upgrade(&self) -> Result<Option<ModelUpgrade>, StoreError> {
        self.store().model_upgrade().await
    }

    /// Replaces the templates of the person behind a commitment by those of the new model, which
    /// are proved from the irises that an orb signed at the enrolment. The same codes again are no
    /// error.
    ///
    /// Nothing else authenticates the request: whoever can make the proofs has the irises with
    /// their salts, and can make them about no other code.
    ///
    /// # Errors
    /// [`UpgradeError`]; the templates are then the old ones.
    pub async fn upgrade_templates(
        &self,
        commitment: Commitment,
        codes: UpgradedCodes,
    ) -> Result<(), UpgradeError> {
        let upgrade = self.model_upgrade().await?;
        let upgrade = upgrade.ok_or(UpgradeError::NotUnderWay)?;
        let now = self.now();
        if now > upgrade.old_until {
            return Err(UpgradeError::Over {
                old_until: upgrade.old_until.0,
            });
        }
        let account = self.store().upgrade_account(commitment).await?;
        let unknown = UpgradeError::UnknownAccount(commitment);
        let account = account.filter(|it| it.counts).ok_or(unknown)?;
        self.require_active(account.record.orb).await?;
        let signed = self.store().iris_commitments(account.record.id).await?;
        let signed = signed.ok_or(UpgradeError::Uncommitted)?;
        let checked = self
            .upgrades()
            .check(&upgrade, commitment, &signed, codes)
            .await?;
        self.replace_templates(&account, &checked, now).await
    }

    async fn replace_templates(
        &self,
        account: &UpgradeAccount,
        checked: &UpgradedTemplates,
        now: UnixSeconds,
    ) -> Result<(), UpgradeError> {
        let commitment = account.record.commitment();
        let upgraded = self.store().upgrade_entry(account.sequence, checked, now);
        match upgraded.await? {
            UpgradeOutcome::Upgraded => {
                tracing::info!(enrolment = %account.record.id.0, "templates replaced");
                Ok(())
            }
            UpgradeOutcome::NotCounting => Err(UpgradeError::UnknownAccount(commitment)),
            UpgradeOutcome::Used => {
                let stored = self.store().upgrade_account(commitment).await?;
                let is_same = |codes: CodeCommitments| codes == checked.codes;
                if stored.and_then(|it| it.upgraded).is_some_and(is_same) {
                    Ok(())
                } else {
                    Err(UpgradeError::OtherCodes)
                }
            }
        }
    }

    /// Refuses what rests on the signature of an orb that is revoked or struck off.
    async fn require_active(&self, orb: OrbId) -> Result<(), UpgradeError> {
        if self.is_refused(orb) || self.store().is_struck_off(orb).await? {
            return Err(UpgradeError::OrbNotActive(orb));
        }
        match self.is_active(orb).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(UpgradeError::OrbNotActive(orb)),
            Err(EnrolError::Store(error)) => Err(UpgradeError::Store(error)),
            Err(error) => Err(UpgradeError::Orb(error)),
        }
    }
}
