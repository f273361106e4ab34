//! The SQLite backend: one file in WAL mode, one writing connection, a few that read.

mod admission;
mod claims;
mod columns;
mod custody;
mod enrolment_rows;
mod enrolments;
mod files;
mod iris_commitments;
mod marks;
mod models;
mod outbox;
mod payload;
mod review_decisions;
mod reviews;
mod revocations;
mod schema;
mod upgraded_rows;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annona_core::UnixSeconds;
use annona_engine::ports::StoreError;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::backend;
use crate::{DeploymentTag, OpenError};
use columns::integer;
use files::DatabaseFiles;
use write::WriteTransaction;

// The times and numbers below are chosen, not measured: a wait is longer than any transaction
// here, and shorter than people wait for a command.
/// Longest wait of a writer for one in another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait of a read or a write for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Number of connections that read; reads do not wait for the writer.
const READERS: u32 = 4;
/// Number of tries to open a file that another process is just making.
const OPEN_ATTEMPTS: u32 = 100;
/// Pause between two tries.
const OPEN_PAUSE: Duration = Duration::from_millis(50);
/// SQLite's primary result code for a lock that is held elsewhere.
const SQLITE_BUSY: u32 = 5;

/// The repositories in one SQLite file. Clones share their connections.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    files: Arc<DatabaseFiles>,
}

impl SqliteStore {
    /// Opens the database at `path`, and makes it if there is none.
    ///
    /// On Unix the file is readable by its owner only: it holds templates. Rights that others
    /// have to it are taken away.
    ///
    /// # Errors
    /// [`OpenError`]: the file cannot be used, a newer program wrote it, or it
    /// belongs to another deployment than `tag`.
    pub async fn open(path: &Path, tag: &DeploymentTag) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Full)
            // Templates and packages that are wiped are overwritten, and not only forgotten.
            .pragma("secure_delete", "ON");
        let files = Arc::new(DatabaseFiles::new(path));
        let writer = connect_writer(&options, &files).await?;
        files.note_database();
        files::restrict_to_owner(path)?;
        schema::prepare(&writer, tag).await?;
        let readers = connect_readers(options, &files);
        Ok(Self {
            writer,
            readers,
            files,
        })
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query!("SELECT one FROM deployment")
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok(())
    }

    /// Writes a row that needs more room than a claim: a full or read-only disk takes reads,
    /// and for a while small changes, but not this.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when nothing can be written now.
    pub async fn probe_write(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let written = sqlx::query!(
            "\
            INSERT INTO write_probe (one, written_at, ballast) VALUES (1, ?1, zeroblob(32768))
            ON CONFLICT (one) DO UPDATE
            SET written_at = excluded.written_at, ballast = excluded.ballast",
            integer(now.0)?
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        expect_rows("probe a write", 1, written.rows_affected())?;
        tx.commit().await
    }

    /// Waits for operations under way and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        WriteTransaction::begin(&self.writer, &self.files).await
    }
}

/// Makes the pool of readers. Its open connections stay open: a new one could find another
/// file at the path.
fn connect_readers(options: SqliteConnectOptions, files: &Arc<DatabaseFiles>) -> SqlitePool {
    let files = Arc::clone(files);
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |_, _| {
            let checked = files.check_database().map_err(sqlx::Error::config);
            Box::pin(async move { checked })
        })
        .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"))
}

/// Connects the writer. While another process switches a new file to WAL, SQLite
/// reports it as busy without waiting for the busy timeout; so this waits.
async fn connect_writer(
    options: &SqliteConnectOptions,
    files: &Arc<DatabaseFiles>,
) -> Result<SqlitePool, OpenError> {
    let mut attempt = 1;
    loop {
        let files = Arc::clone(files);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |_, _| {
                files.forget_log();
                Box::pin(async { Ok(()) })
            });
        let wal = options.clone().journal_mode(SqliteJournalMode::Wal);
        match writer.connect_with(wal.clone()).await {
            Ok(writer) => {
                // A connection that takes this one's place must not make the file anew.
                writer.set_connect_options(wal.create_if_missing(false));
                return Ok(writer);
            }
            Err(cause) if is_busy(&cause) && attempt < OPEN_ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            Err(cause) => return Err(OpenError::Backend(Box::new(cause))),
        }
    }
}

/// Returns whether the primary result code is `SQLITE_BUSY`.
fn is_busy(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.and_then(|text| text.parse::<u32>().ok())
        .is_some_and(|extended| extended & 0xff == SQLITE_BUSY)
}

/// Refuses a write that hit another number of rows than it must. The caller
/// returns the error, and the transaction rolls back as it is dropped.
fn expect_rows(operation: &'static str, expected: u64, actual: u64) -> Result<(), StoreError> {
    if actual == expected {
        return Ok(());
    }
    Err(StoreError::RowCount {
        operation,
        expected,
        actual,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, B256};

    use super::*;

    async fn pragma<T>(pool: &SqlitePool, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn commits_are_durable_references_are_checked_and_readers_only_read() {
        let directory = tempfile::tempdir().unwrap();
        let tag = DeploymentTag {
            chain_id: 1,
            registry: Address::ZERO,
            distributor: Address::ZERO,
            model_id: B256::ZERO,
        };
        let path = directory.path().join("annona.sqlite");
        let store = SqliteStore::open(&path, &tag).await.unwrap();
        let full = 2;
        let mode: String = pragma(&store.writer, "PRAGMA journal_mode").await;
        assert_eq!(mode, "wal");
        assert_eq!(
            pragma::<i64>(&store.writer, "PRAGMA synchronous").await,
            full
        );
        assert_eq!(pragma::<i64>(&store.writer, "PRAGMA foreign_keys").await, 1);
        assert_eq!(
            pragma::<i64>(&store.writer, "PRAGMA secure_delete").await,
            1
        );
        let write = sqlx::query("DELETE FROM deployment");
        assert!(write.execute(&store.readers).await.is_err());
    }
}
