//! `scratch_database MIGRATIONS FILE`, run by `cargo xtask gen`: an empty SQLite database by the
//! migrations of a folder. It links no store, whose queries need such a database to be compiled.

use std::env::args_os;
use std::path::PathBuf;

use anyhow::Context;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut paths = args_os().skip(1).map(PathBuf::from);
    let migrations = paths.next().context("no folder of migrations is given")?;
    let database = paths.next().context("no file is given")?;
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true);
    let mut connection = options.connect().await?;
    Migrator::new(migrations)
        .await?
        .run(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
