//! A small honest deployment in memory: three members, two real claims in epoch 1.

mod deployed;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;
use annona_bindings::Deployment;
use annona_bindings::contracts::{AnnonaToken, Distributor, IRegistry, MintedIncome, Registry};
use annona_core::{AmountWei, Epoch, ExternalNullifier, FieldElement, Payment};
use annona_proofs::{Identity, prove_claim};
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use deployed::{all_code, answers, create};

use crate::data::{
    AdminAction, At, ChainData, Checkpoint, CodeBefore, Contract, EpochState, Events, Head, Logged,
    RegistryBatch, RoleKey, Sent,
};
use crate::recomputed::RecomputedTree;

pub(super) const GENESIS: u64 = 1_000;
pub(super) const EPOCH_LENGTH: u64 = 100;
pub(super) const DELAY: u64 = EPOCH_LENGTH + 1;
pub(super) const CLAIM_WINDOW: u64 = 4;
pub(super) const MEMBERS: u64 = 3;
pub(super) const PER_PERSON: u64 = 20;
pub(super) const AMOUNT: u64 = 10;
pub(super) const BUDGET: u64 = MEMBERS * PER_PERSON;
pub(super) const CARRIER: Address = Address::repeat_byte(0xca);
pub(super) const DEPLOYER: Address = Address::repeat_byte(0xde);
pub(super) const STRANGER: Address = Address::repeat_byte(0x57);

/// Blocks of what happens.
const FIRST_BATCH: u64 = 10;
const SECOND_BATCH: u64 = 11;
pub(super) const OPENING: u64 = 20;
pub(super) const FIRST_CLAIM: u64 = 21;
pub(super) const SECOND_CLAIM: u64 = 22;
pub(super) const LATER: u64 = 25;
const HEAD: u64 = 30;

static HONEST: LazyLock<ChainData> = LazyLock::new(build);

/// The honest deployment, to be corrupted.
pub(super) fn honest() -> ChainData {
    HONEST.clone()
}

pub(super) fn word(number: u64) -> U256 {
    U256::from(number)
}

/// The hash of the transaction that `block` holds.
pub(super) fn transaction(block: u64) -> B256 {
    B256::from(word(0x7a00_0000 + block))
}

/// The next free place in `block`.
pub(super) fn place(data: &ChainData, contract: Contract, block: u64) -> At {
    let events = &data.events;
    let used = events.transfers.len()
        + events.claims.len()
        + events.admin.len()
        + events.batches.len()
        + events.opened.len()
        + events.funded.len()
        + events.fees.len()
        + events.skipped.len()
        + events.closed.len();
    At {
        block,
        log_index: used as u64,
        contract,
        transaction: transaction(block),
    }
}

fn deployment() -> Deployment {
    Deployment {
        chain_id: 31_337,
        deployment_block: 1,
        registry: Address::repeat_byte(1),
        distributor: Address::repeat_byte(2),
        orb_registry: Address::repeat_byte(3),
        token: Address::repeat_byte(4),
        income_source: Address::repeat_byte(5),
        verifier: Address::repeat_byte(6),
        append_verifiers: [8, 9, 10].map(Address::repeat_byte),
        revoke_verifiers: [11, 12].map(Address::repeat_byte),
        timelock: Address::repeat_byte(7),
        receipt_signer: Address::repeat_byte(13),
    }
}

pub(super) fn identity(person: u64) -> Identity {
    let seed = u8::try_from(person + 1).unwrap();
    Identity::from_secret([seed; 32])
}

pub(super) fn commitment(person: u64) -> U256 {
    identity(person).commitment().to_u256()
}

/// A real proof of `person` for `epoch`.
pub(super) fn call_of(person: u64, epoch: u64, payment: &Payment) -> Distributor::claimCall {
    let mut tree = MembershipTree::default();
    let members: Vec<_> = (0..MEMBERS).map(|one| identity(one).commitment()).collect();
    tree.append(&members).unwrap();
    let index = tree.leaf_index(identity(person).commitment()).unwrap();
    let path = tree.current().proof(index);
    let scope = deployment().claim_scope();
    let mut rng = ChaCha20Rng::seed_from_u64(person);
    let epoch = Epoch(epoch);
    let proof = prove_claim(&identity(person), &path, &scope, epoch, payment, &mut rng).unwrap();
    Distributor::claimCall {
        epoch: U256::from(epoch.0),
        nullifierHash: proof.inputs.nullifier_hash.to_u256(),
        recipient: payment.recipient,
        feeRecipient: payment.fee_recipient,
        fee: payment.fee.0,
        proof: *proof.points.coordinates(),
    }
}

pub(super) fn payment(person: u64, fee: u64) -> Payment {
    Payment {
        recipient: Address::repeat_byte(0xa0 + u8::try_from(person).unwrap()),
        fee_recipient: if fee == 0 { Address::ZERO } else { CARRIER },
        fee: AmountWei(word(fee)),
    }
}

/// Changes the answer about epoch 1.
pub(super) fn epoch_one(data: &mut ChainData) -> &mut EpochState {
    data.epoch_states
        .get_mut(&U256::ONE)
        .unwrap()
        .as_mut()
        .unwrap()
}

/// The transaction in `block`.
pub(super) fn sent(data: &mut ChainData, block: u64) -> &mut Sent {
    let sent = data.transactions.get_mut(&transaction(block)).unwrap();
    sent.as_mut().unwrap()
}

/// Appends a batch as an honest sequencer does, and lets the registry's answers follow.
pub(super) fn append(data: &mut ChainData, block: u64, time: u64, leaves: Vec<U256>) {
    let mut tree = recomputed(data);
    let (pre_root, start) = (tree.root(), tree.leaf_count());
    // A leaf outside the field has no hash: its root is whatever it may be.
    let field = |leaf: &U256| FieldElement::try_from(*leaf).unwrap_or(FieldElement::ZERO);
    let fields: Vec<FieldElement> = leaves.iter().map(field).collect();
    tree.append(&fields).unwrap();
    let epoch = (time - GENESIS) / EPOCH_LENGTH;
    let event = Registry::LeavesAppended {
        epoch: word(epoch),
        startIndex: word(start),
        leaves,
        preRoot: pre_root,
        postRoot: tree.root(),
    };
    register(data, block, time, RegistryBatch::Appended(event), &tree);
}

/// Revokes leaves as an honest sequencer does, and lets the registry's answers follow.
pub(super) fn revoke(data: &mut ChainData, block: u64, time: u64, removals: &[(u64, U256)]) {
    let mut tree = recomputed(data);
    let pre_root = tree.root();
    for (index, leaf) in removals {
        let leaf = FieldElement::try_from(*leaf).unwrap();
        tree.revoke(*index as usize, leaf).unwrap();
    }
    let removal = |(index, leaf): &(u64, U256)| IRegistry::Removal {
        leafIndex: word(*index),
        commitment: *leaf,
    };
    let event = Registry::LeavesRevoked {
        epoch: word((time - GENESIS) / EPOCH_LENGTH),
        removals: removals.iter().map(removal).collect(),
        preRoot: pre_root,
        postRoot: tree.root(),
    };
    register(data, block, time, RegistryBatch::Revoked(event), &tree);
}

/// The tree that the batches so far lead to.
fn recomputed(data: &ChainData) -> RecomputedTree {
    let mut tree = RecomputedTree::default();
    for batch in &data.events.batches {
        match &batch.event {
            RegistryBatch::Appended(event) => {
                let field = |leaf: &U256| FieldElement::try_from(*leaf).unwrap();
                let leaves: Vec<FieldElement> = event.leaves.iter().map(field).collect();
                tree.append(&leaves).unwrap();
            }
            RegistryBatch::Revoked(event) => {
                for removal in &event.removals {
                    let leaf = FieldElement::try_from(removal.commitment).unwrap();
                    tree.revoke(removal.leafIndex.to::<usize>(), leaf).unwrap();
                }
            }
        }
    }
    tree
}

fn register(
    data: &mut ChainData,
    block: u64,
    time: u64,
    event: RegistryBatch,
    tree: &RecomputedTree,
) {
    let at = place(data, Contract::Registry, block);
    data.events.batches.push(Logged { at, event });
    data.block_times.insert(block, time);
    let members = word(tree.members());
    data.answers.current_root = Some(tree.root());
    data.answers.next_index = Some(word(tree.leaf_count()));
    data.answers.member_count = Some(members);
    let epoch = (time - GENESIS) / EPOCH_LENGTH;
    for (_, checkpoint) in data.checkpoints.range_mut(epoch + 1..) {
        *checkpoint = Some(Checkpoint {
            root: tree.root(),
            members,
        });
    }
}

pub(super) fn transfer(data: &mut ChainData, block: u64, from: Address, to: Address, value: u64) {
    let event = AnnonaToken::Transfer {
        from,
        to,
        value: word(value),
    };
    let at = place(data, Contract::Token, block);
    data.events.transfers.push(Logged { at, event });
}

/// Passes a claim of a batch over.
pub(super) fn skip(data: &mut ChainData, block: u64, epoch: U256, nullifier_hash: U256) {
    let at = place(data, Contract::Distributor, block);
    let event = Distributor::ClaimSkipped {
        epoch,
        nullifierHash: nullifier_hash,
        reason: 2,
        batchId: U256::ZERO,
    };
    data.events.skipped.push(Logged { at, event });
}

/// Pays a claim as the distributor does, without looking at it.
pub(super) fn pay(data: &mut ChainData, block: u64, call: &Distributor::claimCall) {
    let distributor = data.deployment.distributor;
    let at = place(data, Contract::Distributor, block);
    let event = Distributor::Claimed {
        epoch: call.epoch,
        nullifierHash: call.nullifierHash,
        recipient: call.recipient,
        amount: word(AMOUNT),
        batchId: U256::ZERO,
    };
    data.events.claims.push(Logged { at, event });
    let fee = u64::try_from(call.fee).unwrap();
    transfer(data, block, distributor, call.recipient, AMOUNT - fee);
    if fee > 0 {
        let at = place(data, Contract::Distributor, block);
        let event = Distributor::FeePaid {
            epoch: call.epoch,
            nullifierHash: call.nullifierHash,
            feeRecipient: call.feeRecipient,
            fee: call.fee,
        };
        data.events.fees.push(Logged { at, event });
        transfer(data, block, distributor, call.feeRecipient, fee);
    }
    let sent = Sent {
        from: CARRIER,
        to: Some(distributor),
        input: Bytes::from(call.abi_encode()),
        creates: None,
    };
    data.transactions.insert(transaction(block), Some(sent));
    data.block_times
        .insert(block, GENESIS + EPOCH_LENGTH + block);
    epoch_one(data).claimed += U256::ONE;
    let balance = data.answers.distributor_balance.unwrap();
    data.answers.distributor_balance = Some(balance.saturating_sub(word(AMOUNT)));
}

pub(super) fn act(data: &mut ChainData, contract: Contract, block: u64, event: AdminAction) {
    let at = place(data, contract, block);
    data.events.admin.push(Logged { at, event });
}

pub(super) fn grant(
    data: &mut ChainData,
    contract: Contract,
    block: u64,
    role: &str,
    account: Address,
) {
    let role = if role.is_empty() {
        B256::ZERO
    } else {
        keccak256(role)
    };
    let event = Registry::RoleGranted {
        role,
        account,
        sender: DEPLOYER,
    };
    act(data, contract, block, AdminAction::RoleGranted(event));
    let key = RoleKey {
        contract,
        role,
        account,
    };
    data.roles.insert(key, Some(true));
}

/// The block that `contract` was created in.
pub(super) fn creation_of(contract: Contract) -> u64 {
    1 + Contract::ALL
        .iter()
        .position(|one| *one == contract)
        .unwrap() as u64
}

fn open(data: &mut ChainData) {
    let at = data.deployment.clone();
    let checkpoint = data.checkpoints[&1].unwrap();
    transfer(data, OPENING, at.income_source, at.distributor, 0);
    transfer(data, OPENING, Address::ZERO, at.distributor, BUDGET);
    transfer(
        data,
        OPENING,
        at.distributor,
        at.income_source,
        BUDGET - MEMBERS * AMOUNT,
    );
    let funded = MintedIncome::EpochFunded {
        epoch: U256::ONE,
        memberCount: word(MEMBERS),
        fromTreasury: U256::ZERO,
        issued: word(BUDGET),
    };
    let place_of_funded = place(data, Contract::IncomeSource, OPENING);
    data.events.funded.push(Logged {
        at: place_of_funded,
        event: funded,
    });
    let opened = Distributor::EpochOpened {
        epoch: U256::ONE,
        root: checkpoint.root,
        memberCount: checkpoint.members,
        budget: word(BUDGET),
        amount: word(AMOUNT),
    };
    let place_of_opened = place(data, Contract::Distributor, OPENING);
    data.events.opened.push(Logged {
        at: place_of_opened,
        event: opened,
    });
    data.block_times.insert(OPENING, GENESIS + EPOCH_LENGTH);
    let state = EpochState {
        root: checkpoint.root,
        member_count: checkpoint.members,
        budget: word(BUDGET),
        amount: word(AMOUNT),
        claimed: U256::ZERO,
        is_closed: false,
    };
    data.epoch_states.insert(U256::ONE, Some(state));
}

fn build() -> ChainData {
    let deployment = deployment();
    let empty = Checkpoint {
        root: RecomputedTree::default().root(),
        members: U256::ZERO,
    };
    let scope = deployment.claim_scope();
    let external = ExternalNullifier::new(&scope, Epoch(1))
        .to_field()
        .to_u256();
    let mut data = ChainData {
        head: Head {
            number: HEAD,
            hash: B256::repeat_byte(9),
            timestamp: GENESIS + 2 * EPOCH_LENGTH,
        },
        now: GENESIS + 2 * EPOCH_LENGTH + 5,
        code: all_code(&deployment),
        code_before: Contract::ALL
            .into_iter()
            .map(|contract| (contract, CodeBefore::Nothing))
            .collect(),
        answers: answers(&deployment),
        events: Events::default(),
        block_times: BTreeMap::new(),
        transactions: BTreeMap::new(),
        inner_calls: BTreeMap::new(),
        receipts: BTreeMap::new(),
        checkpoints: (0..=2).map(|epoch| (epoch, Some(empty))).collect(),
        epoch_states: BTreeMap::new(),
        external_nullifiers: BTreeMap::from([(U256::ONE, Some(external))]),
        roles: BTreeMap::new(),
        deployment,
    };
    create(&mut data);
    append(
        &mut data,
        FIRST_BATCH,
        GENESIS + 1,
        vec![commitment(0), commitment(1)],
    );
    append(
        &mut data,
        SECOND_BATCH,
        GENESIS + EPOCH_LENGTH - 1,
        vec![commitment(2)],
    );
    open(&mut data);
    pay(&mut data, FIRST_CLAIM, &call_of(0, 1, &payment(0, 0)));
    pay(&mut data, SECOND_CLAIM, &call_of(1, 1, &payment(1, 3)));
    data
}
