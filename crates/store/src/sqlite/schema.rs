//! The schema's version, and whose database it is.

use annona_engine::ports::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

use super::columns::{Table, integer};
use crate::{DeploymentTag, OpenError};

/// Takes the write lock at once: of two processes that open a new file, one waits.
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

const DEPLOYMENT: Table = Table("deployment");

struct DeploymentRow {
    chain_id: i64,
    registry: Vec<u8>,
    distributor: Vec<u8>,
    model_id: Vec<u8>,
}

impl TryFrom<DeploymentRow> for DeploymentTag {
    type Error = StoreError;

    fn try_from(row: DeploymentRow) -> Result<Self, StoreError> {
        Ok(Self {
            chain_id: DEPLOYMENT.unsigned("chain_id", row.chain_id)?,
            registry: DEPLOYMENT.address("registry", &row.registry)?,
            distributor: DEPLOYMENT.address("distributor", &row.distributor)?,
            model_id: DEPLOYMENT.word("model_id", &row.model_id)?,
        })
    }
}

/// Brings the schema to this program's version and ties the database to `tag`,
/// in one transaction: of two processes that open a new file, one prepares it.
pub(super) async fn prepare(writer: &SqlitePool, tag: &DeploymentTag) -> Result<(), OpenError> {
    let mut tx = writer.begin_with(BEGIN_WRITE).await.map_err(unusable)?;
    // `Migrator::run` on a borrowed connection makes a future that is not `Send`.
    MIGRATIONS
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(migration_error)?;
    let actual = claim_deployment(&mut tx, tag).await?;
    if actual != *tag {
        return Err(OpenError::OtherDeployment {
            expected: Box::new(*tag),
            actual: Box::new(actual),
        });
    }
    tx.commit().await.map_err(unusable)
}

/// The deployment of the database; `tag` if it had none (RELAY-9).
async fn claim_deployment(
    tx: &mut Transaction<'_, Sqlite>,
    tag: &DeploymentTag,
) -> Result<DeploymentTag, OpenError> {
    sqlx::query!(
        "\
        INSERT INTO deployment (one, chain_id, registry, distributor, model_id)
        VALUES (1, ?1, ?2, ?3, ?4)
        ON CONFLICT (one) DO NOTHING",
        integer(tag.chain_id).map_err(OpenError::Unreadable)?,
        tag.registry.as_slice(),
        tag.distributor.as_slice(),
        tag.model_id.as_slice()
    )
    .execute(&mut **tx)
    .await
    .map_err(unusable)?;
    let row: DeploymentRow = sqlx::query_as!(
        DeploymentRow,
        "SELECT chain_id, registry, distributor, model_id FROM deployment"
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(unusable)?;
    DeploymentTag::try_from(row).map_err(OpenError::Unreadable)
}

fn unusable(cause: sqlx::Error) -> OpenError {
    OpenError::Backend(Box::new(cause))
}

fn migration_error(cause: MigrateError) -> OpenError {
    match cause {
        MigrateError::VersionMissing(version) => OpenError::Newer { version },
        other => OpenError::Migration(Box::new(other)),
    }
}
