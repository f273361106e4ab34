use alloy::primitives::U256;
use annona_bindings::contracts::Registry;
use annona_core::SCALAR_MODULUS;

use super::sample::{
    EPOCH_LENGTH, GENESIS, LATER, MEMBERS, append, commitment, honest, revoke, word,
};
use super::{check_of, failing, only, only_at, report};
use crate::data::{ChainData, Logged, RegistryBatch};

fn appended(data: &mut ChainData, batch: usize) -> &mut Registry::LeavesAppended {
    match &mut data.events.batches[batch].event {
        RegistryBatch::Appended(event) => event,
        RegistryBatch::Revoked(_) => panic!("batch {batch} revokes"),
    }
}

/// Tests AUDIT-10.
#[test]
fn a_leaf_that_is_no_commitment_or_a_second_one_is_found() {
    let in_epoch_one = GENESIS + EPOCH_LENGTH + 1;
    for leaf in [commitment(1), U256::ZERO, SCALAR_MODULUS] {
        only_at("leaves", LATER, |data| {
            append(data, LATER, in_epoch_one, vec![leaf]);
        });
    }
}

#[test]
fn who_left_is_counted_and_a_root_that_forgets_to_is_found() {
    let leaving = |data: &mut ChainData| {
        let time = data.head.timestamp;
        revoke(data, LATER, time, &[(1, commitment(1))]);
    };
    let mut data = honest();
    leaving(&mut data);
    assert_eq!(failing(&data), [""; 0]);
    let totals = report(&data).totals;
    assert_eq!((totals.members, totals.revoked), (MEMBERS - 1, 1));
    only_at("tree-roots", LATER, |data| {
        leaving(data);
        if let Some(Logged {
            event: RegistryBatch::Revoked(event),
            ..
        }) = data.events.batches.last_mut()
        {
            event.postRoot = event.preRoot;
        }
    });
}

/// Tests AUDIT-11.
#[test]
fn a_leaf_that_was_not_there_to_be_revoked_is_found() {
    for (index, leaf) in [(1, 2), (0, 1), (MEMBERS, 1)] {
        only_at("revocations", LATER, |data| {
            let time = data.head.timestamp;
            revoke(data, LATER, time, &[(1, commitment(1))]);
            if let Some(Logged {
                event: RegistryBatch::Revoked(event),
                ..
            }) = data.events.batches.last_mut()
            {
                event.removals[0].leafIndex = word(index);
                event.removals[0].commitment = commitment(leaf);
            }
        });
    }
}

/// Tests AUDIT-12.
#[test]
fn a_root_that_does_not_follow_is_found() {
    only("tree-roots", |data| {
        appended(data, 1).postRoot += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 0).preRoot += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 1).startIndex += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 1).epoch += U256::ONE;
    });
}

/// Tests AUDIT-13.
#[test]
fn a_registry_that_is_not_where_its_events_lead_is_found() {
    only("registry-state", |data| {
        *data.answers.current_root.as_mut().unwrap() += U256::ONE;
    });
    only("registry-state", |data| {
        *data.answers.next_index.as_mut().unwrap() += U256::ONE;
    });
    only("registry-state", |data| data.answers.member_count = None);
}

/// Tests AUDIT-14.
#[test]
fn a_wrong_checkpoint_is_found() {
    only("checkpoints", |data| {
        data.checkpoints.get_mut(&2).unwrap().as_mut().unwrap().root += U256::ONE;
    });
    only("checkpoints", |data| {
        data.checkpoints
            .get_mut(&0)
            .unwrap()
            .as_mut()
            .unwrap()
            .members += U256::ONE;
    });
}

#[test]
fn a_second_place_of_a_commitment_is_told_when_the_first_is_revoked() {
    let mut data = honest();
    let time = data.head.timestamp;
    append(&mut data, LATER, time, vec![commitment(1)]);
    revoke(&mut data, LATER + 1, time, &[(1, commitment(1))]);
    let objections = check_of(&data, "leaves").objections;
    assert_eq!(
        objections[0].what,
        "the commitment of leaf 3 (a member) is already leaf 1 (revoked)"
    );
}
