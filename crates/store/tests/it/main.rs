//! The SQLite backend against the suite of all backends, and what is its own:
//! opening, several processes, crashes, damage, the pinned schema.

#![allow(clippy::unwrap_used)]

mod crash;
mod damage;
mod faults;
#[cfg(target_os = "linux")]
mod full_disk;
mod open;
mod schema;

use std::path::{Path, PathBuf};

use annona_core::{Address, B256};
use annona_store::{DeploymentTag, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};
use tempfile::TempDir;

annona_store::conformance_suite!(crate::fresh);

fn tag() -> DeploymentTag {
    DeploymentTag {
        chain_id: 31_337,
        registry: Address::repeat_byte(1),
        distributor: Address::repeat_byte(2),
        model_id: B256::repeat_byte(3),
    }
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("annona.sqlite")
}

async fn fresh() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&database(&directory), &tag()).await;
    (store.unwrap(), directory)
}

/// A connection past the store, to look at rows or to damage them.
async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("ignore_check_constraints", "ON")
        .foreign_keys(false)
        .connect()
        .await
        .unwrap()
}

/// The only number that `sql` selects.
async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
    row.get(0)
}
