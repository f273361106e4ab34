use std::sync::Arc;

use annona_core::{
    B256, Commitment, EnrolmentDomain, EnrolmentKind, OrbId, SignatureError, SignedEnrolment,
    UnixSeconds, keccak256,
};
use annona_iris::limits::MIN_VALID_BITS;
use annona_matcher::{Decision, DecisionRule, EyePair, Found, Gallery, Snapshot};

use crate::background::compute;
use crate::known::KnownPeople;
use crate::orbs::ActiveOrbs;
use crate::ports::{
    Admission, AdmitOutcome, ChainError, ChainReader, Clock, NewEnrolment, Store, StoreError,
};
use crate::{EnrolmentId, EnrolmentRecord, EnrolmentState, Membership};

/// Times that an enrolment is searched again because others joined meanwhile.
const MAX_ADMIT_ATTEMPTS: u32 = 64;

/// What an orb hands in.
#[derive(Debug, Clone)]
pub struct EnrolmentPacket {
    /// The signed statement.
    pub signed: SignedEnrolment,
    /// Templates of both eyes, whose digest is in the statement.
    pub templates: EyePair,
}

/// Rules of the enrolment desk.
#[derive(Debug, Clone)]
pub struct EnrolmentPolicy {
    /// The domain that orbs sign under.
    pub domain: EnrolmentDomain,
    /// Hash of the encoder's parameter file that the gallery was made with.
    pub model_id: B256,
    /// Oldest capture taken, in seconds.
    pub max_age_secs: u64,
    /// How far an orb's clock may run ahead, in seconds.
    pub max_skew_secs: u64,
    /// Thresholds of the uniqueness decision.
    pub rule: DecisionRule,
    /// Least time between two enrolments of one person, in seconds.
    pub recovery_cooldown_secs: u64,
}

/// Why an enrolment is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The signature fits no key.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The orb is not active in the orb registry.
    #[error("orb {0} is not active in the orb registry")]
    OrbNotActive(OrbId),
    /// The templates are not the ones that the orb signed.
    #[error("the templates do not have the signed digest")]
    IrisDigestMismatch,
    /// Another encoder.
    #[error("the templates were made with model {actual}, this service takes {expected}")]
    ModelMismatch {
        /// The service's model.
        expected: B256,
        /// The packet's model.
        actual: B256,
    },
    /// The capture is too old, or lies in the future.
    #[error("the capture is from {captured_at}, the service's clock says {now}")]
    NotFresh {
        /// The orb's clock at capture.
        captured_at: u64,
        /// The service's clock.
        now: u64,
    },
    /// A recovery of somebody who is not enrolled.
    #[error("nobody like this is enrolled; enrol as a new person")]
    NothingToRecover,
    /// The person's enrolment is too young, or not settled.
    #[error("this person's enrolment can be replaced in {wait_secs} seconds")]
    RecoveryTooSoon {
        /// How long to wait; 0 while an earlier enrolment is on its way to the registry.
        wait_secs: u64,
    },
    /// A template has too few valid bits to decide on.
    #[error("a template has too few valid bits for a decision")]
    TemplateUnusable,
    /// A template is like several people at once, which no eye is.
    #[error("a template is like {similar} people at once")]
    TemplateSaturated {
        /// How many.
        similar: u64,
    },
    /// The nonce belongs to another enrolment.
    #[error("the nonce was used by another enrolment")]
    NonceUsed,
    /// The commitment is enrolled already.
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

/// Takes enrolments and decides whether a person is new.
pub struct EnrolmentDesk {
    store: Arc<dyn Store>,
    orbs: ActiveOrbs,
    clock: Arc<dyn Clock>,
    membership: Arc<Membership>,
    policy: EnrolmentPolicy,
    known: KnownPeople,
}

impl EnrolmentDesk {
    /// A desk with a copy of the gallery, which may be empty or behind: it is compared
    /// with the database and filled up when first needed.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        chain: Arc<dyn ChainReader>,
        clock: Arc<dyn Clock>,
        membership: Arc<Membership>,
        policy: EnrolmentPolicy,
        gallery: Gallery,
    ) -> Self {
        Self {
            known: KnownPeople::new(store.clone(), gallery),
            store,
            orbs: ActiveOrbs::new(chain, Arc::clone(&clock)),
            clock,
            membership,
            policy,
        }
    }

    /// The enrolment of an id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError> {
        self.store.enrolment(id).await
    }

    /// Decides on a packet and records the decision. The same packet again gives the same record.
    ///
    /// # Errors
    /// [`EnrolError`]; a duplicate or a review is no error but a record in that state.
    pub async fn submit(&self, packet: EnrolmentPacket) -> Result<EnrolmentRecord, EnrolError> {
        let id = EnrolmentId(packet.signed.enrolment.signing_hash(&self.policy.domain));
        let orb = self.check_origin(&packet).await?;
        if let Some(earlier) = self.store.enrolment(id).await? {
            return Ok(earlier);
        }
        let now = self.check_statement(&packet)?;
        let record = EnrolmentRecord {
            id,
            orb,
            enrolment: packet.signed.enrolment,
            received_at: now,
            state: EnrolmentState::Queued,
        };
        let record = self.decide_and_record(record, packet.templates).await?;
        metrics::counter!("annona_enrolments_total", "decision" => decision_label(&record))
            .increment(1);
        tracing::info!(enrolment = %record.id.0, orb = %record.orb, decision = decision_label(&record), "enrolment decided");
        Ok(record)
    }

    async fn check_origin(&self, packet: &EnrolmentPacket) -> Result<OrbId, EnrolError> {
        let orb = packet.signed.orb(&self.policy.domain)?;
        if keccak256(packet.templates.to_bytes()) != packet.signed.enrolment.iris_digest {
            return Err(EnrolError::IrisDigestMismatch);
        }
        if !self.orbs.is_active(orb).await? {
            return Err(EnrolError::OrbNotActive(orb));
        }
        Ok(orb)
    }

    fn check_statement(&self, packet: &EnrolmentPacket) -> Result<UnixSeconds, EnrolError> {
        let enrolment = &packet.signed.enrolment;
        if enrolment.model_id != self.policy.model_id {
            return Err(EnrolError::ModelMismatch {
                expected: self.policy.model_id,
                actual: enrolment.model_id,
            });
        }
        let now = self.clock.now();
        let oldest = now.0.saturating_sub(self.policy.max_age_secs);
        let newest = now.0.saturating_add(self.policy.max_skew_secs);
        if !(oldest..=newest).contains(&enrolment.captured_at.0) {
            return Err(EnrolError::NotFresh {
                captured_at: enrolment.captured_at.0,
                now: now.0,
            });
        }
        if !is_decidable(&packet.templates) {
            return Err(EnrolError::TemplateUnusable);
        }
        if self.membership.locate(enrolment.commitment).is_some() {
            return Err(EnrolError::CommitmentTaken(enrolment.commitment));
        }
        Ok(now)
    }

    async fn decide_and_record(
        &self,
        record: EnrolmentRecord,
        templates: EyePair,
    ) -> Result<EnrolmentRecord, EnrolError> {
        let mut searched = 0;
        let mut found = Found::default();
        for _ in 0..MAX_ADMIT_ATTEMPTS {
            let known = self.known.refreshed().await?;
            // Who lost a race searches only those who joined meanwhile, unless the
            // copy had to be begun anew.
            if known.len() < searched {
                (searched, found) = (0, Found::default());
            }
            found = found.merge(self.search(&known, searched, &templates).await);
            searched = known.len();
            let new = self
                .decide(record.clone(), templates.clone(), searched, &found)
                .await?;
            match self.store.record_enrolment(&new).await? {
                AdmitOutcome::Recorded => return Ok(new.record),
                AdmitOutcome::AlreadyRecorded(earlier) => return Ok(earlier),
                AdmitOutcome::GalleryMoved => {}
                AdmitOutcome::NonceUsed => return Err(EnrolError::NonceUsed),
                AdmitOutcome::CommitmentTaken => {
                    return Err(EnrolError::CommitmentTaken(record.commitment()));
                }
                AdmitOutcome::PersonMoved => {
                    return Err(EnrolError::RecoveryTooSoon { wait_secs: 0 });
                }
            }
        }
        Err(EnrolError::Busy)
    }

    /// Searches the people behind `searched`.
    async fn search(&self, known: &Snapshot, searched: u64, probe: &EyePair) -> Found {
        let reach = self.policy.rule.reach_micros();
        let (known, probe) = (known.clone(), probe.clone());
        compute(move || known.search_after(searched, &probe, reach)).await
    }

    async fn decide(
        &self,
        mut record: EnrolmentRecord,
        templates: EyePair,
        searched: u64,
        found: &Found,
    ) -> Result<NewEnrolment, EnrolError> {
        let kind = record.enrolment.kind;
        let (state, admission) = match (self.policy.rule.decide(found), kind) {
            (Decision::Unique, EnrolmentKind::New) => (
                EnrolmentState::Queued,
                Admission::Admit {
                    gallery_sequence: searched + 1,
                    templates,
                },
            ),
            (Decision::Unique, EnrolmentKind::Recovery) => {
                return Err(EnrolError::NothingToRecover);
            }
            (Decision::Duplicate { .. }, EnrolmentKind::New) => {
                (EnrolmentState::Duplicate, Admission::Refuse)
            }
            (Decision::Duplicate { existing }, EnrolmentKind::Recovery) => {
                let current = self
                    .replaceable(existing.sequence, record.received_at)
                    .await?;
                (EnrolmentState::Queued, Admission::Replace { current })
            }
            (Decision::Review { .. }, _) => (EnrolmentState::Review, Admission::Refuse),
            (Decision::Saturated { similar, .. }, _) => {
                metrics::counter!("annona_saturated_templates_total").increment(1);
                return Err(EnrolError::TemplateSaturated { similar });
            }
        };
        record.state = state;
        Ok(NewEnrolment { record, admission })
    }

    /// The enrolment that a person of the gallery has now, if another one may replace it.
    async fn replaceable(
        &self,
        sequence: u64,
        now: UnixSeconds,
    ) -> Result<EnrolmentId, EnrolError> {
        let Some(current) = self.store.current_enrolment(sequence).await? else {
            return Err(EnrolError::NothingToRecover);
        };
        let free_at = current.received_at.0 + self.policy.recovery_cooldown_secs;
        let wait_secs = free_at.saturating_sub(now.0);
        let is_settled = matches!(
            current.state,
            EnrolmentState::Final { .. } | EnrolmentState::Revoked { .. }
        );
        if wait_secs > 0 || !is_settled {
            return Err(EnrolError::RecoveryTooSoon { wait_secs });
        }
        Ok(current.id)
    }
}

/// The orb's pipeline makes no template below this; a packet is not trusted to be from it.
fn is_decidable(eyes: &EyePair) -> bool {
    [&eyes.left, &eyes.right]
        .iter()
        .all(|eye| eye.valid_bits() >= MIN_VALID_BITS)
}

const fn decision_label(record: &EnrolmentRecord) -> &'static str {
    match (record.state, record.enrolment.kind) {
        (EnrolmentState::Duplicate, _) => "duplicate",
        (EnrolmentState::Review, _) => "review",
        (_, EnrolmentKind::Recovery) => "recovery",
        (_, EnrolmentKind::New) => "unique",
    }
}
