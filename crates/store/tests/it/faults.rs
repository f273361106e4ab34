//! Writes that fail, and files that are gone.

use std::path::{Path, PathBuf};

use annona_core::UnixSeconds;
use annona_engine::ports::{ClaimRepository, EnrolmentRepository, InsertClaimOutcome, StoreError};
use annona_store::SqliteStore;
use annona_store::conformance::{claim, intake, newcomer};

use crate::{database, fresh, raw, tag};

const NOW: UnixSeconds = UnixSeconds(5);

/// As after a full disk: SQLite has rolled the transaction back by itself.
const ROLLED_BACK: &str = "\
CREATE TRIGGER fault BEFORE INSERT ON claims
BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";
/// The statement fails and the transaction stays open.
const FAILED: &str = "\
CREATE TRIGGER fault BEFORE INSERT ON claims BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END";
/// The first change fails that comes after others of the transaction.
const FAILED_LATE: &str = "\
CREATE TRIGGER fault BEFORE INSERT ON gallery
BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";

async fn change(path: &Path, sql: &'static str) {
    let mut connection = raw(path).await;
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

async fn store_claim(store: &SqliteStore, seed: u64) -> Result<InsertClaimOutcome, StoreError> {
    store.insert_claim(&claim(seed), &intake(NOW)).await
}

#[tokio::test]
async fn writes_go_on_as_soon_as_the_fault_has_passed() {
    for fault in [ROLLED_BACK, FAILED, FAILED_LATE] {
        let (store, directory) = fresh().await;
        let path = database(&directory);
        let inserted = store_claim(&store, 1).await.unwrap();
        assert_eq!(inserted, InsertClaimOutcome::Inserted);
        change(&path, fault).await;
        for _ in 0..5 {
            if fault == FAILED_LATE {
                store.record_enrolment(&newcomer(1, 1)).await.unwrap_err();
            } else {
                store_claim(&store, 2).await.unwrap_err();
            }
            // Reads go on, and so do writes that do not meet the fault.
            assert!(
                store
                    .claim(claim(1).nullifier_hash)
                    .await
                    .unwrap()
                    .is_some()
            );
            store.probe_write(NOW).await.unwrap();
        }
        change(&path, "DROP TRIGGER fault").await;
        assert_eq!(store.gallery_after(0, 9).await.unwrap().len(), 0);
        store.record_enrolment(&newcomer(1, 1)).await.unwrap();
        let inserted = store_claim(&store, 2).await.unwrap();
        assert_eq!(inserted, InsertClaimOutcome::Inserted, "{fault}");
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Asserts that nothing is acknowledged, and that the error names the file.
async fn assert_refused(store: &SqliteStore, named: &Path) {
    for _ in 0..3 {
        let error = store_claim(store, 2).await.unwrap_err();
        let StoreError::Backend(cause) = error else {
            panic!("{error:?}");
        };
        let cause = cause.to_string();
        assert!(cause.contains(&named.display().to_string()), "{cause}");
        store.probe_write(NOW).await.unwrap_err();
    }
}

/// Tests RELAY-9.
#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_deleted() {
    for suffix in ["", "-wal"] {
        let (store, directory) = fresh().await;
        store_claim(&store, 1).await.unwrap();
        let file = beside(&database(&directory), suffix);
        std::fs::remove_file(&file).unwrap();
        assert_refused(&store, &file).await;
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_replaced() {
    let (other, other_directory) = fresh().await;
    other.close().await;
    for suffix in ["", "-wal"] {
        let (store, directory) = fresh().await;
        store_claim(&store, 1).await.unwrap();
        let file = beside(&database(&directory), suffix);
        let replacement = directory.path().join("replacement");
        std::fs::copy(database(&other_directory), &replacement).unwrap();
        std::fs::rename(&replacement, &file).unwrap();
        assert_refused(&store, &file).await;
    }
}

#[tokio::test]
async fn a_file_that_comes_back_is_written_again() {
    let (store, directory) = fresh().await;
    store_claim(&store, 1).await.unwrap();
    let path = database(&directory);
    let away = directory.path().join("away");
    std::fs::rename(&path, &away).unwrap();
    assert_refused(&store, &path).await;
    std::fs::rename(&away, &path).unwrap();
    store_claim(&store, 2).await.unwrap();
    store.close().await;
    let again = SqliteStore::open(&path, &tag()).await.unwrap();
    for seed in [1, 2] {
        let record = again.claim(claim(seed).nullifier_hash).await.unwrap();
        assert!(record.is_some(), "{seed}");
    }
}

/// The connection has the log open, and writes it into the database as it closes.
#[tokio::test]
async fn a_deleted_log_costs_nothing_that_was_acknowledged() {
    let (store, directory) = fresh().await;
    store_claim(&store, 1).await.unwrap();
    let path = database(&directory);
    std::fs::remove_file(beside(&path, "-wal")).unwrap();
    assert_refused(&store, &beside(&path, "-wal")).await;
    store.close().await;
    let again = SqliteStore::open(&path, &tag()).await.unwrap();
    let record = again.claim(claim(1).nullifier_hash).await.unwrap();
    assert!(record.is_some());
    store_claim(&again, 2).await.unwrap();
}

#[tokio::test]
async fn a_mark_of_the_chain_is_set_once() {
    let (store, directory) = fresh().await;
    let [first, second] = [1, 2].map(annona_core::B256::repeat_byte);
    assert_eq!(store.first_mark("genesis", first).await.unwrap(), first);
    assert_eq!(store.first_mark("genesis", second).await.unwrap(), first);
    assert_eq!(store.first_mark("code", second).await.unwrap(), second);
    store.close().await;
    let path = database(&directory);
    let again = SqliteStore::open(&path, &tag()).await.unwrap();
    assert_eq!(again.first_mark("genesis", second).await.unwrap(), first);
}
