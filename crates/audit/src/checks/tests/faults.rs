//! Whatever breaks a rule makes the check of that rule fail, among whatever strangers do.

use alloy::primitives::{Address, Bytes, U256};
use annona_bindings::contracts::{Distributor, MintedIncome, TimelockController};
use annona_core::SCALAR_MODULUS;
use proptest::prelude::*;

use super::sample::{
    self, EPOCH_LENGTH, FIRST_CLAIM, LATER, OPENING, SECOND_CLAIM, STRANGER, act, append,
    commitment, creation_of, epoch_one, grant, honest, revoke, transfer, word,
};
use super::stranger::{arb_act, do_act};
use super::{call_in, cases, failing, set_call};
use crate::data::{AdminAction, ChainData, CodeBefore, Contract, Logged, RegistryBatch};

/// A fault, with the check that must find it.
type Fault = (&'static str, fn(&mut ChainData));

const NOBODY: Address = Address::repeat_byte(0x99);

/// At least one for each check that can fail.
const FAULTS: &[Fault] = &[
    ("deployment-block", |data| {
        data.code_before
            .insert(Contract::Distributor, CodeBefore::Something);
    }),
    ("contract-code", |data| {
        data.code.insert(Contract::Verifier, Bytes::new());
    }),
    ("batch-verifier-keys", |data| data.deployment.chain_id = 1),
    ("immutables", |data| data.answers.genesis = Some(word(1))),
    ("wiring", |data| data.answers.token_minter = Some(STRANGER)),
    ("verifying-key", |data| {
        data.answers.verifying_key.as_mut().unwrap()[0] += U256::ONE;
    }),
    ("events-readable", |data| {
        data.events.unreadable.push(("Claimed", None));
    }),
    ("leaves", |data| {
        let time = data.head.timestamp;
        append(data, LATER, time, vec![commitment(0)]);
    }),
    ("revocations", |data| {
        let time = data.head.timestamp;
        revoke(data, LATER, time, &[(1, commitment(1))]);
        if let Some(Logged {
            event: RegistryBatch::Revoked(event),
            ..
        }) = data.events.batches.last_mut()
        {
            event.removals[0].commitment = commitment(2);
        }
    }),
    ("tree-roots", |data| {
        if let RegistryBatch::Appended(event) = &mut data.events.batches[1].event {
            event.leaves[0] = commitment(5);
        }
    }),
    ("tree-roots", |data| {
        data.block_times.insert(11, data.head.timestamp);
    }),
    ("registry-state", |data| {
        *data.answers.current_root.as_mut().unwrap() += U256::ONE;
    }),
    ("registry-state", |data| {
        *data.answers.member_count.as_mut().unwrap() += U256::ONE;
    }),
    ("checkpoints", |data| {
        let checkpoint = data.checkpoints.get_mut(&2).unwrap();
        checkpoint.as_mut().unwrap().members += U256::ONE;
    }),
    ("epochs-opened", |data| epoch_one(data).root += U256::ONE),
    ("epochs-opened", |data| {
        data.events.funded[0].event.issued += U256::ONE;
    }),
    ("epochs-opened", |data| {
        data.block_times.insert(OPENING, 1);
    }),
    ("claim-calls", |data| {
        data.events.claims[0].event.recipient = NOBODY;
    }),
    ("claim-calls", |data| {
        data.events.claims[1].event.nullifierHash += U256::ONE;
    }),
    ("claim-calls", |data| {
        data.events.claims[0].event.batchId += U256::ONE;
    }),
    ("claim-ranges", |data| {
        data.events.claims[0].event.nullifierHash += SCALAR_MODULUS;
    }),
    ("claim-window", |data| {
        let time = data.head.timestamp + 9 * EPOCH_LENGTH;
        data.block_times.insert(SECOND_CLAIM, time);
    }),
    ("external-nullifiers", |data| {
        data.external_nullifiers.insert(U256::ONE, Some(U256::ONE));
    }),
    ("claim-proofs", |data| {
        let call = Distributor::claimCall {
            proof: call_in(&honest(), FIRST_CLAIM).proof,
            ..call_in(&honest(), SECOND_CLAIM)
        };
        set_call(data, SECOND_CLAIM, &call);
        let distributor = data.deployment.distributor;
        sample::sent(data, SECOND_CLAIM).to = Some(distributor);
        data.events.claims[1].event.batchId = U256::ZERO;
    }),
    ("nullifiers-unique", |data| {
        let paid = data.events.claims[0].clone();
        data.events.claims.push(paid);
    }),
    ("census", |data| {
        for number in 40..44 {
            let mut paid = data.events.claims[0].clone();
            paid.event.nullifierHash = word(number);
            data.events.claims.push(paid);
        }
    }),
    ("payments", |data| {
        transfer(data, LATER, data.deployment.distributor, NOBODY, 1);
    }),
    ("payments", |data| {
        data.events.claims[0].event.amount += U256::ONE;
    }),
    ("supply", |data| {
        transfer(data, LATER, Address::ZERO, STRANGER, 5);
    }),
    ("supply", |data| data.answers.token_cap = Some(U256::ONE)),
    ("balance", |data| {
        *data.answers.distributor_balance.as_mut().unwrap() += U256::ONE;
    }),
    ("timelock-delay", |data| {
        for delay in [0, sample::DELAY] {
            let event = TimelockController::MinDelayChange {
                oldDuration: word(sample::DELAY - delay),
                newDuration: word(delay),
            };
            let action = AdminAction::MinDelayChange(event);
            act(data, Contract::Timelock, LATER, action);
        }
    }),
    ("timelock-delay", |data| {
        let event = TimelockController::CallScheduled {
            delay: word(9),
            ..Default::default()
        };
        let action = AdminAction::CallScheduled(event);
        act(data, Contract::Timelock, LATER, action);
    }),
    ("admin-roles", |data| {
        let block = creation_of(Contract::OrbRegistry);
        grant(data, Contract::OrbRegistry, block, "", STRANGER);
    }),
    ("deployer-powerless", |data| {
        let block = creation_of(Contract::Distributor);
        let role = "PAUSER_ROLE";
        grant(data, Contract::Distributor, block, role, sample::DEPLOYER);
    }),
    ("admin-actions", |data| {
        grant(data, Contract::Registry, LATER, "SEQUENCER_ROLE", NOBODY);
    }),
    ("admin-actions", |data| {
        let event = MintedIncome::PerPersonChanged {
            oldPerPerson: word(20),
            newPerPerson: word(30),
        };
        let action = AdminAction::PerPersonChanged(event);
        act(data, Contract::IncomeSource, LATER, action);
    }),
];

#[test]
fn there_is_a_fault_for_every_check_that_can_fail() {
    let cannot_fail = [
        "head-age",
        "logs-complete",
        "claims-through-contracts",
        "leaves-are-people",
        "enrolment-signatures",
        "log-anchors",
    ];
    for check in &super::super::CHECKS {
        let is_tried = FAULTS.iter().any(|(id, _)| *id == check.id);
        assert_ne!(is_tried, cannot_fail.contains(&check.id), "{}", check.id);
    }
}

#[test]
fn every_fault_is_named() {
    for (number, (id, fault)) in FAULTS.iter().enumerate() {
        let mut data = honest();
        fault(&mut data);
        let failing = failing(&data);
        assert!(failing.contains(id), "fault {number}, {id}: {failing:?}");
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_fault_among_strangers_is_named(
        acts in prop::collection::vec(arb_act(), 0..6),
        number in 0..FAULTS.len(),
    ) {
        let (id, fault) = FAULTS[number];
        let mut data = honest();
        for act in &acts {
            do_act(&mut data, act);
        }
        // Of a claim whose calldata is not shown, calldata and proof cannot be judged.
        let is_hidden = data.inner_calls.values().any(Option::is_none);
        prop_assume!(!(is_hidden && ["claim-calls", "claim-proofs"].contains(&id)));
        fault(&mut data);
        let failing = failing(&data);
        prop_assert!(failing.contains(&id), "fault {}, {}: {:?}", number, id, failing);
    }
}
