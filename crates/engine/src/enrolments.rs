//! Service that takes enrolments from orbs, checks them and decides whether a person is new.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use annona_core::{
    B256, CodeSalts, Enrolment, EnrolmentDomain, EnrolmentKind, Epoch, EpochClock, OrbId,
    SignedEnrolment, UnixSeconds, keccak256,
};
use annona_matcher::{Decision, DecisionRule, Gallery};
use annona_template::EyePair;

use crate::background::compute;
use crate::checks::{ChecksUnderWay, PacketCheck};
use crate::codes::{check_codes, is_decidable};
use crate::encodings::{EncodingCheck, ProofPolicy};
use crate::enrol_error::EnrolError;
use crate::orbs::ActiveOrbs;
use crate::ports::{
    Admission, AdmitOutcome, ChainReader, Clock, GalleryEntryStatus, NewEnrolment, OrbAllowance,
    PackageToKeep, Store, StoreError, UpgradedTemplates,
};
use crate::recognition::{Likeness, Probes, Recognition, Searched};
use crate::refusals::RecentRefusals;
use crate::upgrades::{RefusedCodes, UpgradeVerifier, UpgradedCodes};
use crate::{EnrolmentId, EnrolmentRecord, EnrolmentState, Membership, SealedPackage};

/// Largest number of searches for one enrolment, when others join during each of them (ENROL-9).
const MAX_ADMIT_ATTEMPTS: u32 = 64;
/// Valid bits of the wider eye below which an operator decides: with nearly half of an
/// eye's bits it shares enough with most others, if not with all.
const MIN_WIDER_EYE_BITS: u32 = 6_000;
/// Seconds of a day. Waits are told in whole days: seconds would tell an orb when a person was
/// enrolled, and with it in which batch (RECOV-9).
const DAY_SECS: u64 = 86_400;
/// Seconds for which a package is kept that nobody fetches: a week.
const PACKAGE_KEEP_SECS: u64 = 7 * DAY_SECS;

/// Enrolment that an orb submits.
#[derive(Debug, Clone)]
pub struct EnrolmentPacket {
    /// Statement of the orb, with its signature.
    pub signed: SignedEnrolment,
    /// Templates of both eyes, whose digest is in the statement.
    pub templates: EyePair,
    /// Salts of the code commitments in a statement of version 2. They are used for one check and
    /// not stored.
    pub code_salts: Option<CodeSalts>,
    /// Proofs that both codes came from the model: the text of a [pair's
    /// file](annona_zkml::ProofPair). They are used for one check and not stored.
    pub encoding_proofs: Option<String>,
    /// Codes by the model that the service changes to. A service that changes to none does not look
    /// at them.
    pub upgraded: Option<UpgradedCodes>,
    /// Package that the orb sealed for the person, if it read a visit code.
    pub package: Option<SealedPackage>,
}

/// Versions of orbs' statements that a service takes (ENROL-19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitmentPolicy {
    /// With commitments to irises and codes, and without.
    Optional,
    /// With commitments only.
    Required,
}

/// Rules of the enrolment service.
#[derive(Debug, Clone)]
pub struct EnrolmentPolicy {
    /// The domain that orbs sign under.
    pub domain: EnrolmentDomain,
    /// Hash of the encoder's parameter file that the gallery was made with.
    pub model_id: B256,
    /// Largest age of a capture that is accepted, in seconds.
    pub max_age_secs: u64,
    /// Largest lead of an orb's clock over that of the service, in seconds.
    pub max_skew_secs: u64,
    /// Thresholds of the uniqueness decision.
    pub rule: DecisionRule,
    /// Least time between two enrolments of one person, in seconds.
    pub recovery_cooldown_secs: u64,
    /// Calendar that gives the start of each epoch.
    pub calendar: EpochClock,
    /// Largest number of people that an orb brings in during an epoch (ENROL-11).
    pub people_per_orb: u32,
    /// Time for which templates are kept for an operator's decision, in seconds.
    pub review_keep_secs: u64,
    /// Versions of statements that are taken.
    pub commitments: CommitmentPolicy,
    /// Proofs of encoding that are asked for (ENROL-23).
    pub proofs: ProofPolicy,
}

/// Answer to a phone that follows its visit by the nonce of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// A packet with this nonce is being checked; nothing is recorded yet.
    UnderCheck(PacketCheck),
    /// A packet with this nonce was decided on.
    Recorded(Box<EnrolmentRecord>),
}

/// Takes enrolments and decides whether a person is new.
pub struct EnrolmentService {
    store: Arc<dyn Store>,
    orbs: ActiveOrbs,
    clock: Arc<dyn Clock>,
    membership: Arc<Membership>,
    policy: EnrolmentPolicy,
    recognition: Recognition,
    refused: RwLock<BTreeSet<OrbId>>,
    refusals: RecentRefusals,
    checks: ChecksUnderWay,
    upgrades: UpgradeVerifier,
}

impl EnrolmentService {
    /// Creates a service with a copy of the gallery, which may be empty or behind: it is
    /// compared with the database and filled up when first needed.
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
            recognition: Recognition::new(store.clone(), gallery, policy.rule),
            refused: RwLock::default(),
            refusals: RecentRefusals::default(),
            checks: ChecksUnderWay::default(),
            upgrades: UpgradeVerifier::default(),
            store,
            orbs: ActiveOrbs::new(chain, Arc::clone(&clock)),
            clock,
            membership,
            policy,
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn now(&self) -> UnixSeconds {
        self.clock.now()
    }

    pub(crate) const fn upgrades(&self) -> &UpgradeVerifier {
        &self.upgrades
    }

    /// Returns whether the orb registry lists an orb as active, now or a few seconds ago.
    pub(crate) async fn is_active(&self, orb: OrbId) -> Result<bool, EnrolError> {
        self.orbs.is_active(orb).await
    }

    pub(crate) const fn domain(&self) -> &EnrolmentDomain {
        &self.policy.domain
    }

    /// Returns the enrolment of an id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError> {
        self.store.enrolment(id).await
    }

    /// Returns the course of a visit by the nonce that the citizen's device drew and showed to the
    /// orb; none while nothing of it has arrived.
    ///
    /// # Errors
    /// The refusal, for some minutes, if a known orb's packet with this nonce was refused and
    /// nothing is recorded of it (ENROL-18); [`EnrolError::Store`].
    pub async fn find_by_nonce(&self, nonce: B256) -> Result<Option<Visit>, EnrolError> {
        // Read first: a check that ends meanwhile has left its record or its refusal behind.
        let check = self.checks.find(nonce, self.clock.now());
        if let Some(record) = self.store.enrolment_of_nonce(nonce).await? {
            return Ok(Some(Visit::Recorded(Box::new(record))));
        }
        if let Some(check) = check {
            return Ok(Some(Visit::UnderCheck(check)));
        }
        let refusal = self.refusals.find(nonce, self.clock.now());
        refusal.map_or(Ok(None), Err)
    }

    /// Takes nothing further from these orbs, and from these only, until the next call. Orbs
    /// that are struck off in the database are refused as well (ENROL-12).
    pub fn refuse_orbs(&self, orbs: BTreeSet<OrbId>) {
        // A set is put there whole: a panic elsewhere cannot have left half of one.
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        *refused = orbs;
    }

    /// Returns whether the configuration names the orb as one of which nothing is taken.
    pub(crate) fn is_refused(&self, orb: OrbId) -> bool {
        let refused = self.refused.read().unwrap_or_else(PoisonError::into_inner);
        refused.contains(&orb)
    }

    /// Decides on a packet and records the decision. The same packet again returns the same
    /// record.
    ///
    /// # Errors
    /// [`EnrolError`]; a duplicate or a review is no error but a record in that state.
    pub async fn submit(&self, packet: EnrolmentPacket) -> Result<EnrolmentRecord, EnrolError> {
        let id = EnrolmentId(packet.signed.signing_hash(&self.policy.domain));
        let orb = packet.signed.orb(&self.policy.domain)?;
        self.check_active(orb, &packet).await?;
        let Enrolment {
            nonce, commitment, ..
        } = packet.signed.enrolment;
        let check = PacketCheck { id, commitment };
        let _told_until_the_end = self.checks.begin(nonce, check, self.clock.now());
        let judged = self.judge(id, orb, packet).await;
        judged.inspect_err(|error| self.remember(nonce, orb, error))
    }

    /// Lets only packets of orbs that are at work pass. A refused orb is a known one, and its
    /// refusal is remembered.
    async fn check_active(&self, orb: OrbId, packet: &EnrolmentPacket) -> Result<(), EnrolError> {
        if self.is_refused(orb) || self.store.is_struck_off(orb).await? {
            let refusal = EnrolError::OrbRefused(orb);
            self.remember(packet.signed.enrolment.nonce, orb, &refusal);
            return Err(refusal);
        }
        if !self.orbs.is_active(orb).await? {
            return Err(EnrolError::OrbNotActive(orb));
        }
        Ok(())
    }

    fn remember(&self, nonce: B256, orb: OrbId, refusal: &EnrolError) {
        self.refusals
            .remember(nonce, orb, refusal, self.clock.now());
    }

    /// Returns the earlier decision on a packet of an active orb, or decides on it.
    async fn judge(
        &self,
        id: EnrolmentId,
        orb: OrbId,
        packet: EnrolmentPacket,
    ) -> Result<EnrolmentRecord, EnrolError> {
        if keccak256(packet.templates.to_bytes()) != packet.signed.enrolment.iris_digest {
            return Err(EnrolError::IrisDigestMismatch);
        }
        if let Some(earlier) = self.store.enrolment(id).await? {
            return Ok(earlier);
        }
        let now = self.check_statement(&packet)?;
        check_openings(&packet).await?;
        self.check_encodings(&packet).await?;
        let upgraded = self.check_upgraded(&packet).await?;
        let record = EnrolmentRecord {
            id,
            orb,
            enrolment: packet.signed.enrolment,
            received_at: now,
            state: EnrolmentState::Queued,
        };
        let record = self
            .decide_and_record(record, &packet, upgraded.as_ref())
            .await?;
        metrics::counter!("annona_enrolments_total", "decision" => decision_label(&record))
            .increment(1);
        tracing::info!(enrolment = %record.id.0, orb = %record.orb, decision = decision_label(&record), "enrolment decided");
        Ok(record)
    }

    /// Checks all of a packet that needs neither gallery nor database, its age too (ENROL-4), and
    /// returns the time of its arrival.
    fn check_statement(&self, packet: &EnrolmentPacket) -> Result<UnixSeconds, EnrolError> {
        let enrolment = &packet.signed.enrolment;
        if packet.signed.commitments.is_none()
            && self.policy.commitments == CommitmentPolicy::Required
        {
            return Err(EnrolError::CommitmentsRequired);
        }
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

    /// Checks the proofs that both codes came from the model, where the policy asks for them.
    async fn check_encodings(&self, packet: &EnrolmentPacket) -> Result<(), EnrolError> {
        let proofs = packet.encoding_proofs.as_deref();
        let check = EncodingCheck::new(&self.policy.proofs, &packet.signed, proofs)?;
        if let Some(check) = check {
            compute(move || check.run()).await?;
        }
        Ok(())
    }

    /// Checks the codes by the model that the service changes to, where it does (ENROL-24).
    async fn check_upgraded(
        &self,
        packet: &EnrolmentPacket,
    ) -> Result<Option<UpgradedTemplates>, EnrolError> {
        let Some(upgrade) = self.store.model_upgrade().await? else {
            return Ok(None);
        };
        let signed = packet.signed.commitments;
        let signed = signed.ok_or(EnrolError::CommitmentsRequired)?;
        let missing = RefusedCodes::Missing {
            model_id: upgrade.model_id,
        };
        let codes = packet.upgraded.clone().ok_or(missing)?;
        let account = packet.signed.enrolment.commitment;
        let checked = self.upgrades.check(&upgrade, account, &signed, codes);
        Ok(Some(checked.await?))
    }

    async fn decide_and_record(
        &self,
        record: EnrolmentRecord,
        packet: &EnrolmentPacket,
        upgraded: Option<&UpgradedTemplates>,
    ) -> Result<EnrolmentRecord, EnrolError> {
        self.store.wipe_old_reviews(record.received_at).await?;
        let package = packet.package.clone().map(|package| PackageToKeep {
            package,
            keep_until: UnixSeconds(record.received_at.0.saturating_add(PACKAGE_KEEP_SECS)),
        });
        let person = Probes {
            templates: &packet.templates,
            upgraded,
        };
        let mut searched = Searched::default();
        for _ in 0..MAX_ADMIT_ATTEMPTS {
            let likeness = self.recognition.look(&mut searched, person).await?;
            if likeness.lacks_codes {
                // The change was published while this packet was checked: it is sent again.
                return Err(EnrolError::Busy);
            }
            let new = NewEnrolment {
                commitments: packet.signed.commitments,
                package: package.clone(),
                ..self.decide(record.clone(), person, &likeness)?
            };
            match self.store.record_enrolment(&new).await? {
                AdmitOutcome::Recorded => return Ok(new.record),
                AdmitOutcome::AlreadyRecorded(earlier) => return Ok(earlier),
                AdmitOutcome::GalleryConflict => {}
                AdmitOutcome::NonceUsed => return Err(EnrolError::NonceUsed),
                AdmitOutcome::CommitmentTaken => {
                    return Err(EnrolError::CommitmentTaken(record.commitment()));
                }
                AdmitOutcome::IrisCommitmentUsed => return Err(EnrolError::IrisCommitmentUsed),
                AdmitOutcome::PersonConflict => {
                    return Err(EnrolError::RecoveryTooSoon { wait_days: 1 });
                }
                AdmitOutcome::OrbStruckOff => return Err(EnrolError::OrbRefused(record.orb)),
                AdmitOutcome::OrbLimitReached => {
                    return Err(EnrolError::OrbLimitReached {
                        orb: record.orb,
                        wait_secs: self.epoch_left_secs(record.received_at),
                    });
                }
            }
        }
        Err(EnrolError::Busy)
    }

    fn decide(
        &self,
        mut record: EnrolmentRecord,
        person: Probes<'_>,
        likeness: &Likeness,
    ) -> Result<NewEnrolment, EnrolError> {
        let EnrolmentPolicy { rule, .. } = &self.policy;
        let (state, admission) = match (rule.decide(&likeness.counting), record.enrolment.kind) {
            (Decision::Review { .. } | Decision::Saturated { .. }, _) => {
                self.review(&record, person, likeness)
            }
            (Decision::Unique, EnrolmentKind::Recovery) if !likeness.was_known(rule) => {
                return Err(EnrolError::NothingToRecover);
            }
            (Decision::Unique, _) if !is_seen_enough(person.templates) => {
                self.review(&record, person, likeness)
            }
            // Also who comes to recover, and whose earlier enrolments were all revoked.
            (Decision::Unique, _) => {
                let entry = likeness.new_entry(person);
                (EnrolmentState::Queued, Admission::Admit(entry))
            }
            (Decision::Duplicate { .. }, EnrolmentKind::New) => {
                (EnrolmentState::Duplicate, Admission::Refuse)
            }
            (Decision::Duplicate { existing }, EnrolmentKind::Recovery) => {
                let status = likeness.status(existing.sequence);
                let status = status.ok_or(EnrolError::NothingToRecover)?;
                let current = self.replaceable(status, record.received_at)?;
                let entry = likeness.new_entry(person);
                (
                    EnrolmentState::Queued,
                    Admission::Replace { current, entry },
                )
            }
        };
        record.state = state;
        let allowance = OrbAllowance {
            epoch: self.epoch(record.received_at),
            people: self.policy.people_per_orb,
        };
        Ok(NewEnrolment {
            record,
            admission,
            commitments: None,
            package: None,
            allowance,
        })
    }

    fn review(
        &self,
        record: &EnrolmentRecord,
        person: Probes<'_>,
        likeness: &Likeness,
    ) -> (EnrolmentState, Admission) {
        let keep_until = record.received_at.0 + self.policy.review_keep_secs;
        let admission = Admission::Review {
            matches: likeness.review_matches(),
            templates: person.templates.clone(),
            upgraded: person.upgraded.cloned(),
            keep_until: UnixSeconds(keep_until),
        };
        (EnrolmentState::Review, admission)
    }

    /// Returns the id of the enrolment behind an entry that counts, if another one may replace
    /// it (RECOV-1).
    fn replaceable(
        &self,
        status: &GalleryEntryStatus,
        now: UnixSeconds,
    ) -> Result<EnrolmentId, EnrolError> {
        let current = &status.enrolment;
        let free_at = current.received_at.0 + self.policy.recovery_cooldown_secs;
        let wait_secs = free_at.saturating_sub(now.0);
        let is_settled = matches!(current.state, EnrolmentState::Final { .. });
        if wait_secs > 0 || !is_settled {
            return Err(EnrolError::RecoveryTooSoon {
                wait_days: wait_secs.div_ceil(DAY_SECS).max(1),
            });
        }
        Ok(current.id)
    }

    /// Returns the epoch by the service's clock; the first one before that.
    fn epoch(&self, now: UnixSeconds) -> Epoch {
        self.policy.calendar.epoch_at(now).unwrap_or(Epoch(0))
    }

    fn epoch_left_secs(&self, now: UnixSeconds) -> u64 {
        let next = Epoch(self.epoch(now).0 + 1);
        self.policy.calendar.start_of(next).0.saturating_sub(now.0)
    }
}

/// Checks that the templates open the code commitments, where there are some (ENROL-19).
async fn check_openings(packet: &EnrolmentPacket) -> Result<(), EnrolError> {
    let Some(commitments) = packet.signed.commitments else {
        return Ok(());
    };
    let (templates, salts) = (packet.templates.clone(), packet.code_salts);
    compute(move || check_codes(&commitments, &templates, salts.as_ref()))
        .await
        .map_err(|eye| EnrolError::CodeCommitmentMismatch { eye })
}

/// Returns whether at least one eye has enough valid bits that no operator has to decide (ENROL-7).
fn is_seen_enough(eyes: &EyePair) -> bool {
    eyes.left.valid_bits().max(eyes.right.valid_bits()) >= MIN_WIDER_EYE_BITS
}

const fn decision_label(record: &EnrolmentRecord) -> &'static str {
    match (record.state, record.enrolment.kind) {
        (EnrolmentState::Duplicate, _) => "duplicate",
        (EnrolmentState::Review, _) => "review",
        (_, EnrolmentKind::Recovery) => "recovery",
        (_, EnrolmentKind::New) => "unique",
    }
}
