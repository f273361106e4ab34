//! Packages that orbs sealed for citizens.

use annona_core::{B256, UnixSeconds};
use annona_engine::ports::{PackageToKeep, StoreError};
use annona_engine::{EnrolmentId, SealedPackage};
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use crate::error::backend;

const PACKAGES: Table = Table("custody_packages");

/// Keeps the package of an enrolment.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    PackageToKeep {
        package,
        keep_until,
    }: &PackageToKeep,
) -> Result<(), StoreError> {
    sqlx::query!(
        "\
        INSERT INTO custody_packages (enrolment_id, visit_key, sealed, keep_until)
        VALUES (?1, ?2, ?3, ?4)",
        id.0.as_slice(),
        package.visit_key.as_slice(),
        package.sealed.as_slice(),
        integer(keep_until.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Returns the package of the enrolment that used a nonce, while it is kept.
pub(super) async fn select(
    connection: &mut SqliteConnection,
    nonce: B256,
) -> Result<Option<PackageToKeep>, StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT p.visit_key, p.sealed AS "sealed!", p.keep_until FROM custody_packages p
        JOIN enrolments e ON e.id = p.enrolment_id
        WHERE e.nonce = ?1 AND p.sealed IS NOT NULL
        "#,
        nonce.as_slice()
    )
    .fetch_optional(connection)
    .await
    .map_err(backend)?;
    row.map(|row| {
        Ok(PackageToKeep {
            package: SealedPackage {
                visit_key: PACKAGES.bytes("visit_key", &row.visit_key)?,
                sealed: row.sealed,
            },
            keep_until: UnixSeconds(PACKAGES.unsigned("keep_until", row.keep_until)?),
        })
    })
    .transpose()
}

/// Wipes the package of the enrolment that used a nonce; returns whether there was one.
pub(super) async fn wipe(tx: &mut WriteTransaction, nonce: B256) -> Result<bool, StoreError> {
    let wiped = sqlx::query!(
        "\
        UPDATE custody_packages SET sealed = NULL WHERE sealed IS NOT NULL
        AND enrolment_id = (SELECT id FROM enrolments WHERE nonce = ?1)",
        nonce.as_slice()
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(wiped.rows_affected() == 1)
}

/// Wipes the packages that were to be kept until before `now`.
pub(super) async fn wipe_old(
    tx: &mut WriteTransaction,
    now: UnixSeconds,
) -> Result<u64, StoreError> {
    let wiped = sqlx::query!(
        "UPDATE custody_packages SET sealed = NULL WHERE sealed IS NOT NULL AND keep_until < ?1",
        integer(now.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(wiped.rows_affected())
}
