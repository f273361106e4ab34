//! Storage of enrolments, of the gallery and of reviews.

use annona_core::{B256, Commitment, Epoch, IrisCommitments, LeafIndex, UnixSeconds};
use annona_template::EyePair;
use async_trait::async_trait;

use super::{PendingCounts, StoreError, UpgradedTemplates};
use crate::{EnrolmentId, EnrolmentRecord, SealedPackage};

/// An enrolment to be recorded, decision included.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// The record; its state is `Queued`, `Duplicate` or `Review`.
    pub record: EnrolmentRecord,
    /// Decision about the enrolment.
    pub admission: Admission,
    /// Commitments that the orb signed with it; those of a person who is refused are dropped.
    pub commitments: Option<IrisCommitments>,
    /// Package that the orb sealed for the person; that of a person who is refused is dropped.
    pub package: Option<PackageToKeep>,
    /// Limit on the people whom its orb may bring in.
    pub allowance: OrbAllowance,
}

/// A sealed package, and the time for which it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageToKeep {
    /// The package.
    pub package: SealedPackage,
    /// Time at which it is wiped, delivered or not.
    pub keep_until: UnixSeconds,
}

/// Limit on the people whom an orb may bring in during an epoch: those who are admitted,
/// those who recover and those who are to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrbAllowance {
    /// The epoch, by the service's clock.
    pub epoch: Epoch,
    /// Highest number of people.
    pub people: u32,
}

/// A place in the gallery for a person who is admitted.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Sequence number that the entry gets; one more than the last entry searched.
    pub sequence: u64,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Templates by the model that the service changes to, which are stored in the place of the
    /// others (ENROL-24).
    pub upgraded: Option<UpgradedTemplates>,
    /// Similar entries whose commitments are no longer members, or are not to become members:
    /// the new commitment is not appended before their leaves are empty.
    pub past: Vec<u64>,
}

/// Decision of the uniqueness check.
#[derive(Debug, Clone)]
pub enum Admission {
    /// The person is new: the templates become the next entry of the gallery.
    Admit(NewEntry),
    /// The person is known and loses the old commitment to the new one: in the same
    /// transaction the old one is queued for revocation.
    Replace {
        /// The person's enrolment until now; its leaf is final.
        current: EnrolmentId,
        /// The new entry; the old one does not count any longer.
        entry: NewEntry,
    },
    /// An operator has to decide; until then the templates are kept, but they are in no
    /// gallery.
    Review {
        /// Entries that the person may be.
        matches: Vec<ReviewMatch>,
        /// Templates of both eyes.
        templates: EyePair,
        /// Templates by the model that the service changes to.
        upgraded: Option<UpgradedTemplates>,
        /// Time at which the templates are wiped, decided or not.
        keep_until: UnixSeconds,
    },
    /// Recorded without joining. The templates are dropped.
    Refuse,
}

/// An entry of the gallery that a person under review may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewMatch {
    /// Sequence number of the entry.
    pub sequence: u64,
    /// The score, in millionths.
    pub micros: u32,
}

/// An enrolment that an operator has to decide on.
#[derive(Debug, Clone)]
pub struct Review {
    /// The enrolment; its state is `Review`.
    pub record: EnrolmentRecord,
    /// Entries that the person may be, the most similar first.
    pub matches: Vec<ReviewMatch>,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Templates by the model that the service changes to, if it did so at the capture.
    pub upgraded: Option<UpgradedTemplates>,
    /// Time at which the templates are wiped, decided or not.
    pub keep_until: UnixSeconds,
}

/// Decision of an operator about an enrolment under review.
#[derive(Debug, Clone)]
pub enum ReviewDecision {
    /// The person is new.
    Admit(NewEntry),
    /// The person is known, and the new commitment replaces the old one.
    Replace {
        /// The person's enrolment until now.
        current: EnrolmentId,
        /// The new entry.
        entry: NewEntry,
    },
    /// The person is known, or nobody: the enrolment is a duplicate.
    Refuse,
}

/// Outcome of recording an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for the length of a match; a box would be unpacked at once"
)]
pub enum AdmitOutcome {
    /// Recorded now.
    Recorded,
    /// The same enrolment as it was recorded before.
    AlreadyRecorded(EnrolmentRecord),
    /// Somebody joined, or the status of an entry changed, since the gallery was searched:
    /// search again.
    GalleryConflict,
    /// The nonce belongs to another enrolment.
    NonceUsed,
    /// The commitment was admitted before.
    CommitmentTaken,
    /// A commitment to an iris or to a code is that of another eye or enrolment.
    IrisCommitmentUsed,
    /// The enrolment to be replaced is not settled.
    PersonConflict,
    /// The orb is struck off.
    OrbStruckOff,
    /// The orb has brought in as many people in this epoch as it may.
    OrbLimitReached,
}

/// Outcome of an operator's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// Decided.
    Decided,
    /// Somebody joined, or the status of an entry changed, since the gallery was searched:
    /// search again.
    GalleryConflict,
    /// There is nothing to decide: it was decided before, its templates are wiped, or
    /// its orb is struck off.
    NotOpen,
    /// The commitment was admitted before.
    CommitmentTaken,
    /// The enrolment to be replaced is not settled.
    PersonConflict,
}

/// One person of the gallery.
#[derive(Debug, Clone)]
pub struct GalleryEntry {
    /// Position in order of admission, from 1, without gaps.
    pub sequence: u64,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// True if the templates are of the model that the service changes to: they are searched among
    /// their like ([`ModelRepository::upgraded_after`](super::ModelRepository::upgraded_after)).
    pub is_upgraded: bool,
}

/// Enrolment behind an entry of the gallery, and whether the entry counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GalleryEntryStatus {
    /// Sequence number of the entry.
    pub sequence: u64,
    /// Enrolment that brought the entry in.
    pub enrolment: EnrolmentRecord,
    /// True if its commitment is a member, or to be one: not withdrawn, and no revocation was
    /// asked for. Other entries turn nobody away.
    pub counts: bool,
}

/// Storage of enrolments and of the gallery.
#[async_trait]
pub trait EnrolmentRepository: Send + Sync {
    /// Records an enrolment with its decision in one transaction.
    ///
    /// Constraints that hold whatever runs beside it: an id, a nonce, an admitted
    /// commitment, a commitment to an iris or a code, and a gallery sequence exist at most
    /// once, an enrolment is replaced
    /// at most once, no orb brings in more than its allowance, and one that is struck
    /// off brings in nobody.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails or the state does not go with the admission,
    /// [`StoreError::Corrupt`] when a row cannot be read.
    async fn record_enrolment(&self, new: &NewEnrolment) -> Result<AdmitOutcome, StoreError>;
    /// Returns the enrolment of an id.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError>;
    /// Returns the enrolment that used a nonce.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn enrolment_of_nonce(&self, nonce: B256) -> Result<Option<EnrolmentRecord>, StoreError>;
    /// Returns the commitments to irises and codes that were recorded with an enrolment
    /// (ENROL-20).
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn iris_commitments(
        &self,
        id: EnrolmentId,
    ) -> Result<Option<IrisCommitments>, StoreError>;
    /// Returns the package that was sealed for the visit of `nonce`, until it is wiped
    /// (ENROL-22).
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn package_of_nonce(&self, nonce: B256) -> Result<Option<PackageToKeep>, StoreError>;
    /// Wipes the package that was sealed for the visit of `nonce`; returns whether one was kept.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn wipe_package(&self, nonce: B256) -> Result<bool, StoreError>;
    /// Wipes the packages that were to be kept until before `now`; returns their number.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn wipe_old_packages(&self, now: UnixSeconds) -> Result<u64, StoreError>;
    /// Returns gallery entries after `sequence`, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn gallery_after(
        &self,
        sequence: u64,
        limit: u32,
    ) -> Result<Vec<GalleryEntry>, StoreError>;
    /// Returns the enrolments behind entries of the gallery, and whether the entries count
    /// now, in order of their sequence numbers.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn gallery_entry_statuses(
        &self,
        sequences: &[u64],
    ) -> Result<Vec<GalleryEntryStatus>, StoreError>;
    /// Returns enrolments that can be appended, at most `limit`: recoveries first, then in
    /// order of arrival. An enrolment that waits for leaves to become empty is among them
    /// when the revocations of all of these are in a block.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn queued_enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, StoreError>;
    /// Marks the queued enrolment of `commitment` as final: its leaf is in the tree already.
    /// Needed when a transaction was given up that had been mined after all.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when no
    /// enrolment of `commitment` is queued.
    async fn adopt_leaf(
        &self,
        commitment: Commitment,
        leaf_index: LeafIndex,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Returns the numbers of enrolments that are queued, and that are submitted or mined.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn pending_enrolments(&self) -> Result<PendingCounts, StoreError>;
    /// Returns the enrolments under review whose templates are kept, in order of arrival, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn open_reviews(&self, limit: u32) -> Result<Vec<Review>, StoreError>;
    /// Returns the review of an enrolment, while it is open.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn open_review(&self, id: EnrolmentId) -> Result<Option<Review>, StoreError>;
    /// Replaces the entries that a person under review may be.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn note_matches(
        &self,
        id: EnrolmentId,
        matches: &[ReviewMatch],
    ) -> Result<(), StoreError>;
    /// Decides a review and wipes its templates, in one transaction; with the
    /// constraints of [`EnrolmentRepository::record_enrolment`].
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn decide_review(
        &self,
        id: EnrolmentId,
        decision: &ReviewDecision,
        decided_at: UnixSeconds,
    ) -> Result<ReviewOutcome, StoreError>;
    /// Wipes the templates of reviews that were to be kept until before `now`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn wipe_old_reviews(&self, now: UnixSeconds) -> Result<u64, StoreError>;
}
