//! Storage of the change to another model, and of the templates that follow it.

use annona_core::{B256, Commitment, UnixSeconds};
use annona_template::EyePair;
use async_trait::async_trait;

use super::StoreError;
use crate::{CodeCommitments, EnrolmentRecord};

/// Change of the model that templates are made by. There is one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUpgrade {
    /// Id of the new model: the hash of its parameter file.
    pub model_id: B256,
    /// Verifying key of the new model's circuit, in the bytes of arkworks, uncompressed.
    pub verifying_key: Vec<u8>,
    /// Time until which people can change from home.
    pub old_until: UnixSeconds,
    /// Time of publication, by the clock of the operator's machine.
    pub published_at: UnixSeconds,
}

/// Outcome of publishing a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Published now.
    Published,
    /// The same change was published before; its date is the later of both.
    DateKept {
        /// Time until which people can change from home.
        old_until: UnixSeconds,
    },
    /// A change to another model, or under another key, is under way.
    OtherUnderWay,
}

/// Templates of both eyes by the new model, and the commitments to their codes, which were proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradedTemplates {
    /// Id of the new model.
    pub model_id: B256,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Commitments to the codes.
    pub codes: CodeCommitments,
}

/// Place in the gallery of the person behind a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeAccount {
    /// Enrolment of the commitment.
    pub record: EnrolmentRecord,
    /// Sequence number of the entry.
    pub sequence: u64,
    /// True if the commitment is a member, or to be one.
    pub counts: bool,
    /// Commitments to the codes by the new model, once the templates are replaced.
    pub upgraded: Option<CodeCommitments>,
}

/// Outcome of replacing the templates of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeOutcome {
    /// Replaced now.
    Upgraded,
    /// The entry has templates of the new model already, or a commitment to a code is that of
    /// another entry.
    Used,
    /// The entry does not count any longer, or its orb is struck off.
    NotCounting,
}

/// Entry of the gallery whose templates are of the new model.
#[derive(Debug, Clone)]
pub struct UpgradedEntry {
    /// Position in the order of replacement, from 1, without gaps.
    pub position: u64,
    /// Sequence number of the entry.
    pub sequence: u64,
    /// Templates of both eyes by the new model.
    pub templates: EyePair,
}

/// Entry of the gallery that counts and whose templates are of the old model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryLeft {
    /// Sequence number of the entry.
    pub sequence: u64,
    /// Commitment of the person.
    pub commitment: Commitment,
    /// True if an orb committed to the person's irises, so that they can be encoded anew at home.
    pub is_committed: bool,
}

/// Numbers of entries that count, by the model of their templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpgradeCounts {
    /// Entries with templates of the new model.
    pub upgraded: u64,
    /// Entries with templates of the old model.
    pub left: u64,
    /// Those of the latter to whose irises no orb committed: only a visit can change them.
    pub left_uncommitted: u64,
}

/// Storage of the change to another model.
#[async_trait]
pub trait ModelRepository: Send + Sync {
    /// Publishes a change. The same change again can only move its date to a later time.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn publish_model_upgrade(
        &self,
        upgrade: &ModelUpgrade,
    ) -> Result<PublishOutcome, StoreError>;
    /// Returns the change that is under way.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn model_upgrade(&self) -> Result<Option<ModelUpgrade>, StoreError>;
    /// Returns the place in the gallery of the person whose commitment was admitted.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn upgrade_account(
        &self,
        commitment: Commitment,
    ) -> Result<Option<UpgradeAccount>, StoreError>;
    /// Replaces the templates of entry `sequence` by those of the new model, in one transaction.
    ///
    /// Constraints that hold whatever runs beside it: an entry is upgraded at most once, and a
    /// commitment to a code by the new model is that of one entry.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn upgrade_entry(
        &self,
        sequence: u64,
        upgraded: &UpgradedTemplates,
        now: UnixSeconds,
    ) -> Result<UpgradeOutcome, StoreError>;
    /// Returns upgraded entries behind `position`, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn upgraded_after(
        &self,
        position: u64,
        limit: u32,
    ) -> Result<Vec<UpgradedEntry>, StoreError>;
    /// Returns entries behind `sequence` that count and have templates of the old model, in order,
    /// at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn entries_left(&self, sequence: u64, limit: u32) -> Result<Vec<EntryLeft>, StoreError>;
    /// Returns the numbers of entries that count, by the model of their templates.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn upgrade_counts(&self) -> Result<UpgradeCounts, StoreError>;
}
