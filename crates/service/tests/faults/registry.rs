//! Joining and leaving: every acknowledged commitment is in the tree exactly once, and a
//! person never has two leaves.

use annona_core::Commitment;
use annona_engine::EnrolmentState;
use annona_engine::ports::{EnrolmentRepository, OutboxRepository};
use annona_store::conformance::{newcomer, recovery};

use crate::crash::{CrashPoint, assert_reached};
use crate::harness::{DataFolder, Harness, Running};

/// Blocks on top of a final one.
const CONFIRMATIONS: u64 = 6;

/// Rounds in which a revocation and the append after it settle, a reorg included.
const ROUNDS: u64 = 3 * CONFIRMATIONS + 8;

fn commitment(seed: u64) -> Commitment {
    newcomer(seed, seed).record.commitment()
}

/// Makes the membership of person 1 final; then person 1 recovers with commitment 3, and
/// person 2 joins.
async fn acknowledged(harness: &Harness) -> DataFolder {
    let folder = harness.folder();
    let running = harness.start(&folder, CrashPoint::never()).await;
    running.admit(1).await;
    running.rounds(harness, CONFIRMATIONS + 3).await;
    running.admit(2).await;
    running.record(&recovery(3, 1)).await;
    running.store.close().await;
    folder
}

/// Each commitment came once, the old leaf of person 1 went before the new one came, and
/// the database says so.
async fn assert_right(harness: &Harness, running: &Running, what: &str) {
    let history = harness.history().await;
    let at = |event| history.iter().filter(move |known| **known == event).count();
    let place = |event| history.iter().position(|known| *known == event);
    for seed in 1..=3 {
        assert_eq!(at(("joins", commitment(seed))), 1, "{what}: {history:?}");
    }
    assert_eq!(history.len(), 4, "{what}: {history:?}");
    assert!(
        place(("leaves", commitment(1))) < place(("joins", commitment(3))),
        "{what}: {history:?}"
    );
    for (seed, is_revoked) in [(1, true), (2, false), (3, false)] {
        let id = newcomer(seed, seed).record.id;
        let state = running.store.enrolment(id).await.unwrap().unwrap().state;
        match state {
            EnrolmentState::Revoked { .. } if is_revoked => {}
            EnrolmentState::Final { .. } if !is_revoked => {}
            other => panic!("{what}: enrolment {seed} is {other:?}"),
        }
    }
    let open = running.store.open_slots().await.unwrap();
    assert!(open.is_empty(), "{what}: {open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_loses_nobody_and_doubles_nobody() {
    let harness = Harness::new(CONFIRMATIONS).await;
    let base = acknowledged(&harness).await;
    let mut snapshot = harness.snapshot().await;
    let mut points = Vec::new();
    for at in 0.. {
        let folder = base.copy();
        let crash = CrashPoint::at(at);
        let running = harness.start(&folder, crash.clone()).await;
        let is_cut = tokio::select! {
            () = running.rounds(&harness, ROUNDS) => false,
            () = crash.reached() => true,
        };
        let names = crash.names();
        drop(running);
        if !is_cut {
            points = names;
            break;
        }
        let what = format!("killed {}", names.last().unwrap());
        let running = harness.start(&folder, CrashPoint::never()).await;
        running.rounds(&harness, ROUNDS).await;
        assert_right(&harness, &running, &what).await;
        snapshot = harness.set_back(snapshot).await;
    }
    let steps = [
        "before prove_revoke",
        "after prove_revoke",
        "after sign_revoke",
        "after open_slot",
        "after broadcast",
        "before prove_append",
        "after prove_append",
        "after sign_append",
        "after mark_mined",
        "after mark_final",
    ];
    assert_reached(&points, &steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_of_one_to_five_blocks_loses_nobody_and_doubles_nobody() {
    let harness = Harness::new(CONFIRMATIONS).await;
    let base = acknowledged(&harness).await;
    let mut snapshot = harness.snapshot().await;
    for depth in 1..=5 {
        // After the revocation, after the append, and later.
        for progress in [1, 2, 3, 4] {
            let folder = base.copy();
            harness.mine(CONFIRMATIONS).await;
            let running = harness.start(&folder, CrashPoint::never()).await;
            running.rounds(&harness, progress).await;
            harness.reorg(depth).await;
            running.rounds(&harness, ROUNDS).await;
            let what = format!("reorg of {depth} after {progress} rounds");
            assert_right(&harness, &running, &what).await;
            running.store.close().await;
            drop(running);
            snapshot = harness.set_back(snapshot).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_while_the_service_is_down_loses_nobody_and_doubles_nobody() {
    let harness = Harness::new(CONFIRMATIONS).await;
    let base = acknowledged(&harness).await;
    let mut snapshot = harness.snapshot().await;
    for depth in 1..=5 {
        let folder = base.copy();
        harness.mine(CONFIRMATIONS).await;
        let running = harness.start(&folder, CrashPoint::never()).await;
        running.rounds(&harness, 3).await;
        running.store.close().await;
        drop(running);
        harness.reorg(depth).await;
        let running = harness.start(&folder, CrashPoint::never()).await;
        running.rounds(&harness, ROUNDS).await;
        let what = format!("reorg of {depth} while down");
        assert_right(&harness, &running, &what).await;
        running.store.close().await;
        drop(running);
        snapshot = harness.set_back(snapshot).await;
    }
}
