use alloy::primitives::U256;

use super::super::evidence::MAX_HEAD_AGE_SECS;
use super::sample::{
    FIRST_CLAIM, LATER, OPENING, SECOND_CLAIM, append, commitment, creation_of, honest, revoke,
    transaction,
};
use super::{check_of, failing, not_shown, only, report, with_outcome};
use crate::data::{ChainData, CodeBefore, Contract, ReceiptState};
use crate::{AuditVerdict, CheckOutcome};

/// Takes away every log that `is_lost`.
fn lose(data: &mut ChainData, is_lost: impl Fn(u64) -> bool) {
    let events = &mut data.events;
    events.batches.retain(|logged| !is_lost(logged.at.block));
    events.opened.retain(|logged| !is_lost(logged.at.block));
    events.closed.retain(|logged| !is_lost(logged.at.block));
    events.claims.retain(|logged| !is_lost(logged.at.block));
    events.fees.retain(|logged| !is_lost(logged.at.block));
    events.funded.retain(|logged| !is_lost(logged.at.block));
    events.transfers.retain(|logged| !is_lost(logged.at.block));
    events.admin.retain(|logged| !is_lost(logged.at.block));
    let (events, claims) = (&data.events, data.events.claims.iter());
    let claimed: Vec<U256> = claims.map(|claim| claim.event.epoch).collect();
    data.external_nullifiers
        .retain(|epoch, _| claimed.contains(epoch));
    let granted: Vec<_> = events.admin.iter().map(|logged| logged.at).collect();
    data.roles.retain(|key, _| {
        let mut granted = granted.iter();
        granted.any(|at| at.contract == key.contract)
    });
}

/// Tests AUDIT-3.
#[test]
fn an_endpoint_without_old_logs_accuses_nobody() {
    for first in 2..=LATER {
        not_shown(|data| lose(data, |block| block < first));
    }
    let mut data = honest();
    lose(&mut data, |block| block < OPENING);
    data.events.places = [(OPENING, 0)].into();
    let gaps = check_of(&data, "logs-complete").gaps;
    let text = format!("{gaps:?}");
    assert!(text.contains("no logs from before block 20"), "{text}");
    assert!(text.contains("ask an archive node"), "{text}");
}

#[test]
fn logs_that_are_missing_in_the_middle_accuse_nobody() {
    for block in [10, 11, OPENING, FIRST_CLAIM, SECOND_CLAIM] {
        not_shown(|data| lose(data, |at| at == block));
    }
    not_shown(|data| lose(data, |_| true));
    not_shown(|data| {
        let time = data.head.timestamp;
        revoke(data, LATER, time, &[(1, commitment(1))]);
        lose(data, |block| block == LATER);
    });
    not_shown(|data| {
        let time = data.head.timestamp;
        revoke(data, LATER, time, &[(1, commitment(1))]);
        append(data, LATER + 1, time, vec![commitment(7)]);
        lose(data, |block| block == LATER);
    });
    for contract in Contract::WITH_HISTORY {
        not_shown(|data| lose(data, |block| block == creation_of(contract)));
    }
}

#[test]
fn what_is_wrong_whatever_is_missing_is_still_told() {
    let mut data = honest();
    lose(&mut data, |block| block < OPENING);
    data.code.remove(&Contract::Token);
    assert_eq!(failing(&data), ["contract-code"]);
    assert_eq!(report(&data).verdict(), AuditVerdict::Failed);
}

#[test]
fn a_change_that_the_state_has_and_the_logs_have_not_accuses_nobody() {
    not_shown(|data| {
        let key = *data.roles.keys().next().unwrap();
        data.roles.insert(key, Some(false));
    });
    not_shown(|data| {
        *data.answers.min_delay.as_mut().unwrap() += U256::ONE;
    });
    not_shown(|data| {
        *data.answers.per_person_cap.as_mut().unwrap() += U256::ONE;
    });
}

#[test]
fn receipts_show_logs_that_were_left_out_and_are_missed() {
    for state in [ReceiptState::HasMoreLogs, ReceiptState::NotShown] {
        not_shown(|data| {
            data.receipts.insert(transaction(FIRST_CLAIM), state);
        });
    }
    not_shown(|data| data.events.without_place = 1);
}

/// Tests AUDIT-34.
#[test]
fn blocks_and_transactions_that_are_not_known_accuse_nobody() {
    for block in [10, OPENING, FIRST_CLAIM] {
        not_shown(|data| {
            data.block_times.remove(&block);
        });
    }
    not_shown(|data| {
        let block = creation_of(Contract::Registry);
        data.transactions.insert(transaction(block), None);
    });
}

/// Tests AUDIT-2.
#[test]
fn a_deployment_block_that_is_too_late_is_found() {
    only("deployment-block", |data| {
        data.code_before
            .insert(Contract::Registry, CodeBefore::Something);
    });
    // The constructor's events are before it, and nothing else is made of that.
    only("deployment-block", |data| {
        let block = creation_of(Contract::Timelock);
        data.code_before
            .insert(Contract::Timelock, CodeBefore::Something);
        lose(data, |at| at == block);
    });
}

#[test]
fn without_old_state_the_creating_transactions_are_asked() {
    let forget = |data: &mut ChainData| {
        let states = data.code_before.values_mut();
        states.for_each(|state| *state = CodeBefore::NotShown);
    };
    let mut data = honest();
    forget(&mut data);
    assert_eq!(report(&data).verdict(), AuditVerdict::Passed);
    not_shown(|data| {
        forget(data);
        let block = creation_of(Contract::Registry);
        super::sample::sent(data, block).creates = None;
    });
}

/// Tests AUDIT-1.
#[test]
fn a_head_that_is_not_of_now_is_said_on_chains_that_people_use() {
    let aged = |chain_id, now| {
        let mut data = honest();
        data.deployment.chain_id = chain_id;
        data.now = now;
        with_outcome(&data, CheckOutcome::NotChecked).contains(&"head-age")
    };
    let time = honest().head.timestamp;
    assert!(!aged(31_337, time + 1_000_000));
    assert!(!aged(1, time + MAX_HEAD_AGE_SECS));
    assert!(aged(1, time + MAX_HEAD_AGE_SECS + 1));
    assert!(aged(1, time - MAX_HEAD_AGE_SECS - 1));
}
