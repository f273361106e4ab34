//! Write transactions, and the connection that they have to themselves.

use std::ops::{Deref, DerefMut};

use annona_engine::ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, SqliteConnection};

use super::files::DatabaseFiles;
use crate::error::backend;

/// Takes the write lock at once, so that the rows that a transaction read still hold when it
/// writes.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";

/// A write transaction on the writing connection (RELAY-9).
///
/// One that does not come to its commit closes the connection as it is dropped, which
/// rolls it back, and the next one gets a new connection. After a full disk or another
/// fault SQLite has sometimes rolled back already, so that nothing can be concluded from
/// the state of the old one.
pub(super) struct WriteTransaction {
    connection: PoolConnection<Sqlite>,
    is_committed: bool,
}

impl WriteTransaction {
    /// Waits for the connection and for the write lock.
    pub(super) async fn begin(
        writer: &SqlitePool,
        files: &DatabaseFiles,
    ) -> Result<Self, StoreError> {
        let connection = writer.acquire().await.map_err(backend)?;
        // Not before: a new connection may have made the log anew.
        files.check()?;
        let mut transaction = Self {
            connection,
            is_committed: false,
        };
        transaction.execute(BEGIN).await?;
        files.note_log();
        Ok(transaction)
    }

    /// Makes the transaction durable. After an error it may or may not be.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute(COMMIT).await?;
        self.is_committed = true;
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection: &mut SqliteConnection = &mut self.connection;
        sqlx::query(sql)
            .execute(connection)
            .await
            .map_err(backend)?;
        Ok(())
    }
}

impl Deref for WriteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        if !self.is_committed {
            self.connection.close_on_drop();
        }
    }
}
