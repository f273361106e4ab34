use annona_core::UnixSeconds;
use annona_engine::ports::{
    ClaimRepository, EnrolmentRepository, OpenOutcome, OutboxRepository, Payload, StoreError,
};
use annona_store::SqliteStore;
use annona_store::conformance::{claim, committed, intake, newcomer, payload_attempt, signed};
use tempfile::TempDir;

use crate::{database, fresh, raw};

/// A store with a queued enrolment, and a claim and an enrolment that were sent.
async fn filled() -> (SqliteStore, TempDir) {
    let (store, directory) = fresh().await;
    for seed in [1, 2] {
        let new = committed(newcomer(seed, seed), seed);
        store.record_enrolment(&new).await.unwrap();
    }
    for seed in [1, 2] {
        let inserted = store
            .insert_claim(&claim(seed), &intake(UnixSeconds(5)))
            .await;
        inserted.unwrap();
    }
    let payloads = [
        Payload::Claims {
            nullifiers: vec![claim(1).nullifier_hash],
        },
        Payload::Append {
            start_index: 0.try_into().unwrap(),
            enrolments: vec![newcomer(1, 1).record.id],
        },
    ];
    for (nonce, payload) in (0..).zip(&payloads) {
        let outcome = store
            .open_slot(&payload_attempt(signed(nonce, 0)), payload)
            .await;
        assert!(matches!(outcome.unwrap(), OpenOutcome::Stored(_)));
    }
    (store, directory)
}

/// The first error of reading everything.
async fn read_all(store: &SqliteStore) -> Result<(), StoreError> {
    store.gallery_after(0, 10).await?;
    store.queued_enrolments(10).await?;
    store.enrolment(newcomer(1, 1).record.id).await?;
    store.iris_commitments(newcomer(1, 1).record.id).await?;
    store.queued_claims(10).await?;
    store.claim(claim(1).nullifier_hash).await?;
    store.open_slots().await?;
    Ok(())
}

#[tokio::test]
async fn an_undamaged_database_is_read() {
    let (store, _directory) = filled().await;
    read_all(&store).await.unwrap();
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named() {
    let damages = [
        (
            "UPDATE gallery SET templates = x'0102'",
            "gallery",
            "templates",
        ),
        (
            "UPDATE gallery SET templates = zeroblob(length(templates))",
            "gallery",
            "templates",
        ),
        (
            "UPDATE enrolments SET state = 'lost'",
            "enrolments",
            "state",
        ),
        (
            "UPDATE enrolments SET state = 'queued' WHERE leaf_index = 0",
            "enrolments",
            "state",
        ),
        (
            "UPDATE enrolments SET leaf_index = NULL",
            "enrolments",
            "state",
        ),
        (
            "UPDATE enrolments SET leaf_index = 1 << 30",
            "enrolments",
            "leaf_index",
        ),
        ("UPDATE enrolments SET kind = 'old'", "enrolments", "kind"),
        ("UPDATE enrolments SET orb = x'00'", "enrolments", "orb"),
        (
            "UPDATE iris_commitments SET eye = 'third' WHERE eye = 'left'",
            "iris_commitments",
            "eye",
        ),
        (
            "DELETE FROM iris_commitments WHERE eye = 'left'",
            "iris_commitments",
            "eye",
        ),
        (
            "UPDATE enrolments SET commitment = zeroblob(32) WHERE arrival = 1",
            "enrolments",
            "commitment",
        ),
        (
            "UPDATE enrolments SET received_at = -1",
            "enrolments",
            "received_at",
        ),
        (
            "UPDATE enrolments SET transaction_hash = x'00' WHERE leaf_index = 0",
            "enrolments",
            "transaction_hash",
        ),
        (
            "UPDATE claims SET state = 'rejected', transaction_hash = NULL, rejection = 'mood'",
            "claims",
            "rejection",
        ),
        ("UPDATE claims SET state = 'queued'", "claims", "state"),
        ("UPDATE claims SET proof = zeroblob(255)", "claims", "proof"),
        (
            "UPDATE claims SET proof = unhex(replace(hex(zeroblob(256)), '0', 'f'))",
            "claims",
            "proof",
        ),
        ("UPDATE claims SET fee = zeroblob(31)", "claims", "fee"),
        ("UPDATE slots SET purpose = 'gift'", "slots", "purpose"),
        ("UPDATE slots SET start_index = NULL", "slots", "purpose"),
        ("DELETE FROM append_members", "slots", "purpose"),
        ("DELETE FROM claim_members", "slots", "purpose"),
        (
            "UPDATE append_members SET position = 1",
            "append_members",
            "position",
        ),
        ("UPDATE slots SET state = 'mined'", "slots", "state"),
        (
            "UPDATE attempts SET hash = zeroblob(33) WHERE id = 1",
            "attempts",
            "hash",
        ),
        ("UPDATE attempts SET kind = 'gift'", "attempts", "kind"),
        ("DELETE FROM attempts WHERE id = 2", "attempts", "slot_id"),
    ];
    for (sql, table, column) in damages {
        let (store, directory) = filled().await;
        let mut connection = raw(&database(&directory)).await;
        let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
        match read_all(&store).await {
            Err(StoreError::Corrupt {
                table: t,
                column: c,
            }) => {
                assert_eq!((t, c), (table, column), "{sql}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_payload_that_disagrees_with_its_transaction_stops_the_move() {
    let (store, directory) = filled().await;
    let mut connection = raw(&database(&directory)).await;
    sqlx::query("UPDATE enrolments SET transaction_hash = zeroblob(32) WHERE leaf_index = 0")
        .execute(&mut connection)
        .await
        .unwrap();
    let open = store.open_slots().await.unwrap();
    let append = open
        .iter()
        .find(|row| matches!(row.payload, Payload::Append { .. }))
        .unwrap();
    let hash = append.attempts[0].signed.hash;
    let block = annona_core::B256::ZERO;
    let result = store.mark_mined(append.id, hash, 7, block, &[]).await;
    assert!(
        matches!(
            result,
            Err(StoreError::RowCount {
                expected: 1,
                actual: 0,
                ..
            })
        ),
        "{result:?}"
    );
    assert_eq!(store.open_slots().await.unwrap(), open);
}
