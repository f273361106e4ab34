//! The change to another model, and the entries that have followed it.

use annona_core::{Commitment, UnixSeconds};
use annona_engine::EnrolmentId;
use annona_engine::ports::{
    EntryLeft, ModelRepository, ModelUpgrade, PublishOutcome, StoreError, UpgradeAccount,
    UpgradeCounts, UpgradeOutcome, UpgradedEntry, UpgradedTemplates,
};
use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::admission::is_struck_off;
use super::columns::{Table, integer};
use super::enrolment_rows::{ENROLMENTS, GALLERY, counting, select_by_id};
use super::upgraded_rows::{UPGRADED, codes, insert_entry, templates_of};
use super::write::WriteTransaction;
use super::{SqliteStore, expect_rows};
use crate::error::backend;

const UPGRADE: Table = Table("model_upgrade");

#[async_trait]
impl ModelRepository for SqliteStore {
    async fn publish_model_upgrade(
        &self,
        upgrade: &ModelUpgrade,
    ) -> Result<PublishOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        let outcome = match select_upgrade(&mut tx).await? {
            None => insert_upgrade(&mut tx, upgrade).await?,
            Some(known)
                if known.model_id == upgrade.model_id
                    && known.verifying_key == upgrade.verifying_key =>
            {
                let old_until = known.old_until.max(upgrade.old_until);
                move_date(&mut tx, old_until).await?;
                PublishOutcome::DateKept { old_until }
            }
            Some(_) => return Ok(PublishOutcome::OtherUnderWay),
        };
        tx.commit().await?;
        Ok(outcome)
    }

    async fn model_upgrade(&self) -> Result<Option<ModelUpgrade>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        select_upgrade(&mut connection).await
    }

    async fn upgrade_account(
        &self,
        commitment: Commitment,
    ) -> Result<Option<UpgradeAccount>, StoreError> {
        let mut tx = self.readers.begin().await.map_err(backend)?;
        select_account(&mut tx, commitment).await
    }

    async fn upgrade_entry(
        &self,
        sequence: u64,
        upgraded: &UpgradedTemplates,
        now: UnixSeconds,
    ) -> Result<UpgradeOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        if !is_upgradable(&mut tx, sequence).await? {
            return Ok(UpgradeOutcome::NotCounting);
        }
        if !insert_entry(&mut tx, sequence, upgraded, now).await? {
            return Ok(UpgradeOutcome::Used);
        }
        replace_templates(&mut tx, sequence, upgraded).await?;
        tx.commit().await?;
        Ok(UpgradeOutcome::Upgraded)
    }

    async fn upgraded_after(
        &self,
        position: u64,
        limit: u32,
    ) -> Result<Vec<UpgradedEntry>, StoreError> {
        let rows = sqlx::query!(
            "\
            SELECT u.position, u.sequence, u.model_id, g.templates FROM upgraded_entries u
            JOIN gallery g ON g.sequence = u.sequence
            WHERE u.position > ?1 ORDER BY u.position LIMIT ?2",
            integer(position)?,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(backend)?;
        let entries = rows.into_iter().map(|row| {
            Ok(UpgradedEntry {
                position: UPGRADED.unsigned("position", row.position)?,
                sequence: UPGRADED.unsigned("sequence", row.sequence)?,
                templates: templates_of(GALLERY, &row.model_id, &row.templates)?,
            })
        });
        entries.collect()
    }

    async fn entries_left(&self, sequence: u64, limit: u32) -> Result<Vec<EntryLeft>, StoreError> {
        let rows = sqlx::query_file!("queries/entries_left.sql", integer(sequence)?, limit)
            .fetch_all(&self.readers)
            .await
            .map_err(backend)?;
        let left = rows.into_iter().map(|row| {
            Ok(EntryLeft {
                sequence: GALLERY.unsigned("sequence", row.sequence)?,
                commitment: ENROLMENTS.commitment("commitment", &row.commitment)?,
                is_committed: row.is_committed,
            })
        });
        left.collect()
    }

    async fn upgrade_counts(&self) -> Result<UpgradeCounts, StoreError> {
        let row = sqlx::query_file!("queries/upgrade_counts.sql")
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok(UpgradeCounts {
            upgraded: GALLERY.unsigned("count(*)", row.upgraded)?,
            left: GALLERY.unsigned("count(*)", row.left)?,
            left_uncommitted: GALLERY.unsigned("count(*)", row.left_uncommitted)?,
        })
    }
}

async fn select_upgrade(
    connection: &mut SqliteConnection,
) -> Result<Option<ModelUpgrade>, StoreError> {
    let row =
        sqlx::query!("SELECT model_id, verifying_key, old_until, published_at FROM model_upgrade")
            .fetch_optional(connection)
            .await
            .map_err(backend)?;
    row.map(|row| {
        Ok(ModelUpgrade {
            model_id: UPGRADE.word("model_id", &row.model_id)?,
            verifying_key: row.verifying_key,
            old_until: UnixSeconds(UPGRADE.unsigned("old_until", row.old_until)?),
            published_at: UnixSeconds(UPGRADE.unsigned("published_at", row.published_at)?),
        })
    })
    .transpose()
}

async fn insert_upgrade(
    tx: &mut WriteTransaction,
    upgrade: &ModelUpgrade,
) -> Result<PublishOutcome, StoreError> {
    sqlx::query!(
        "\
        INSERT INTO model_upgrade (one, model_id, verifying_key, old_until, published_at)
        VALUES (1, ?1, ?2, ?3, ?4)",
        upgrade.model_id.as_slice(),
        upgrade.verifying_key.as_slice(),
        integer(upgrade.old_until.0)?,
        integer(upgrade.published_at.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(PublishOutcome::Published)
}

async fn move_date(tx: &mut WriteTransaction, old_until: UnixSeconds) -> Result<(), StoreError> {
    let moved = sqlx::query!(
        "UPDATE model_upgrade SET old_until = ?1",
        integer(old_until.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    expect_rows("move the date of a change", 1, moved.rows_affected())
}

/// Returns the entry of the enrolment that was admitted with a commitment.
async fn select_account(
    connection: &mut SqliteConnection,
    commitment: Commitment,
) -> Result<Option<UpgradeAccount>, StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT e.id, g.sequence, u.left_code_commitment AS "left?", u.right_code_commitment AS "right?"
        FROM enrolments e
        JOIN gallery g ON g.enrolment_id = e.id
        LEFT JOIN upgraded_entries u ON u.sequence = g.sequence
        WHERE e.commitment = ?1 AND e.state NOT IN ('duplicate', 'review')
        "#,
        commitment.to_be_bytes().to_vec()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(backend)?;
    let Some(row) = row else { return Ok(None) };
    let id = EnrolmentId(ENROLMENTS.word("id", &row.id)?);
    let sequence = GALLERY.unsigned("sequence", row.sequence)?;
    let record = select_by_id(connection, id).await?;
    let upgraded = row.left.zip(row.right);
    Ok(Some(UpgradeAccount {
        record: record.ok_or_else(|| ENROLMENTS.corrupt("id"))?,
        sequence,
        counts: counting(connection, &[sequence]).await?.contains(&sequence),
        upgraded: upgraded
            .map(|(left, right)| codes(UPGRADED, &left, &right))
            .transpose()?,
    }))
}

/// Returns whether an entry counts and its orb is believed.
async fn is_upgradable(tx: &mut WriteTransaction, sequence: u64) -> Result<bool, StoreError> {
    if !counting(tx, &[sequence]).await?.contains(&sequence) {
        return Ok(false);
    }
    let id = sqlx::query_scalar!(
        "SELECT enrolment_id FROM gallery WHERE sequence = ?1",
        integer(sequence)?
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    let id = EnrolmentId(GALLERY.word("enrolment_id", &id)?);
    let record = select_by_id(tx, id).await?;
    let record = record.ok_or_else(|| GALLERY.corrupt("enrolment_id"))?;
    Ok(!is_struck_off(tx, &record).await?)
}

/// Overwrites the templates of an entry, of which is noted that they are of the new model (ZKML-20).
async fn replace_templates(
    tx: &mut WriteTransaction,
    sequence: u64,
    upgraded: &UpgradedTemplates,
) -> Result<(), StoreError> {
    let replaced = sqlx::query!(
        "UPDATE gallery SET templates = ?2 WHERE sequence = ?1",
        integer(sequence)?,
        upgraded.templates.to_bytes_of(&upgraded.model_id.0)
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    expect_rows("replace templates", 1, replaced.rows_affected())
}
