//! Values that identify the database's chain, as they were when it was first met.

use annona_core::B256;
use annona_engine::ports::StoreError;

use super::SqliteStore;
use super::columns::Table;
use crate::error::backend;

const CHAIN_MARKS: Table = Table("chain_marks");

impl SqliteStore {
    /// Returns the value that `name` has in this database: the one given when it was first
    /// asked for, which it keeps for ever (RELAY-8).
    ///
    /// # Errors
    /// [`StoreError`]; nothing is noted then.
    pub async fn first_mark(&self, name: &str, value: B256) -> Result<B256, StoreError> {
        if let Some(known) = self.mark(name).await? {
            return Ok(known);
        }
        let mut tx = self.begin_write().await?;
        sqlx::query!(
            "INSERT INTO chain_marks (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
            name,
            value.as_slice()
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        let noted: Vec<u8> =
            sqlx::query_scalar!("SELECT value FROM chain_marks WHERE name = ?1", name)
                .fetch_one(&mut *tx)
                .await
                .map_err(backend)?;
        tx.commit().await?;
        CHAIN_MARKS.word("value", &noted)
    }

    async fn mark(&self, name: &str) -> Result<Option<B256>, StoreError> {
        let known: Option<Vec<u8>> =
            sqlx::query_scalar!("SELECT value FROM chain_marks WHERE name = ?1", name)
                .fetch_optional(&self.readers)
                .await
                .map_err(backend)?;
        known
            .map(|blob| CHAIN_MARKS.word("value", &blob))
            .transpose()
    }
}
