//! A chain in memory: blocks, a pool, contracts that keep the protocol's rules,
//! and switches for everything that goes wrong with a node.

mod node;
mod ports;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use annona_core::{
    Address, B256, Claim, ClaimCalendar, ClaimWindow, Commitment, Epoch, EpochClock, FieldElement,
    LeafIndex, NullifierHash, OrbId, ProofPoints, RevertReason, U256, UnixSeconds,
};
use annona_engine::ports::{
    AppendCall, BatchProver, ChainError, ChainWriter, Checkpoint, ClaimOutcome, Fees, ProverError,
    RegistryBatch, RevokeCall, SenderRole, TxSlot,
};
use annona_proofs::{AppendBatch, RevokeBatch};
use annona_tree::{MembershipTree, Revocation};
use async_trait::async_trait;

/// First second of epoch 0, and the timestamp of block 0.
pub(crate) const GENESIS: u64 = 1_800_000_000;
/// Long enough that a test leaves an epoch only when it wants to.
pub(crate) const EPOCH_SECS: u64 = 1_000_000;
/// Epochs that an epoch stays claimable.
pub(crate) const WINDOW: u64 = 4;
/// Amount that an epoch pays to each person, in wei.
pub(crate) const AMOUNT: u64 = 1_000;
const BLOCK_SECS: u64 = 12;
const SEQUENCER: Address = Address::repeat_byte(0xa1);
/// Accounts of the relay.
pub(crate) const RELAYS: [Address; 2] = [Address::repeat_byte(0xb2), Address::repeat_byte(0xb3)];
/// Base fee of blocks as long as nobody changes it, in wei.
pub(crate) const BASE_FEE: u64 = 100;
/// Error selector of a call about an epoch in the future.
const FUTURE_EPOCH: RevertReason = RevertReason::Other([1, 2, 3, 4]);

/// The calendar with its window, as the contract has it.
pub(crate) fn claim_calendar() -> ClaimCalendar {
    ClaimCalendar {
        clock: calendar(),
        window: ClaimWindow(WINDOW),
    }
}

pub(crate) fn calendar() -> EpochClock {
    EpochClock::new(UnixSeconds(GENESIS), EPOCH_SECS).unwrap()
}

/// The prover that this chain takes at its word; it compares roots itself.
pub(crate) struct TrustedProver;

#[async_trait]
impl BatchProver for TrustedProver {
    async fn prove_append(&self, batch: AppendBatch) -> Result<AppendCall, ProverError> {
        Ok(AppendCall {
            pre_root: batch.pre_root,
            start_index: batch.start_index,
            leaves: batch.leaves,
            post_root: batch.post_root,
            digest: FieldElement::ZERO,
            proof: no_proof(),
        })
    }

    async fn prove_revoke(&self, batch: RevokeBatch) -> Result<RevokeCall, ProverError> {
        let removals = batch.removals.iter().map(|removed| Revocation {
            leaf_index: removed.leaf_index,
            commitment: removed.commitment,
        });
        Ok(RevokeCall {
            pre_root: batch.pre_root,
            removals: removals.collect(),
            post_root: batch.post_root,
            digest: FieldElement::ZERO,
            proof: no_proof(),
        })
    }
}

fn no_proof() -> ProofPoints {
    ProofPoints::try_from([U256::ZERO; 8]).unwrap()
}

/// Place of the transactions of blocks that a reorg takes away: the pool, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OrphanedTransactions {
    BackToPool,
    Forgotten,
}

#[derive(Debug, Clone)]
enum Call {
    Append(AppendCall),
    Revoke(RevokeCall),
    /// Claims of one epoch.
    Claims(Vec<Claim>),
    /// Nothing.
    Cancel,
    /// Something that this service did not sign.
    Foreign,
}

#[derive(Debug, Clone)]
struct Body {
    sender: Address,
    nonce: u64,
    fees: Fees,
    call: Call,
}

/// State of the contracts and accounts after a block.
#[derive(Debug, Clone, Default)]
struct World {
    nonces: HashMap<Address, u64>,
    tree: MembershipTree,
    member_count: u64,
    /// The registry after the last append of each epoch.
    checkpoints: BTreeMap<Epoch, Checkpoint>,
    enrolled: HashMap<Epoch, u64>,
    paid: HashSet<(Epoch, NullifierHash)>,
    payments: HashMap<NullifierHash, u32>,
}

/// A transaction in a block.
struct Executed {
    hash: B256,
    succeeded: bool,
    claims: Vec<(NullifierHash, ClaimOutcome)>,
}

struct Block {
    hash: B256,
    timestamp: UnixSeconds,
    transactions: Vec<Executed>,
    batches: Vec<RegistryBatch>,
    world: Arc<World>,
}

#[derive(Default)]
struct Inner {
    blocks: Vec<Block>,
    bodies: HashMap<B256, Body>,
    pool: Vec<B256>,
    made: u64,
    earliest: u64,
    widest_range: u64,
    orbs: HashSet<OrbId>,
    is_paused: bool,
    enrolment_cap: Option<u64>,
    refusals: HashMap<NullifierHash, RevertReason>,
    failing_calls: u32,
    answered_before_failing: u32,
    refused_broadcasts: u32,
    lost_broadcasts: u32,
    lost_acknowledgements: u32,
    unsendable: HashSet<B256>,
    /// True if the chain takes nothing with fees of EIP-1559.
    takes_only_gas_prices: bool,
    /// True once that was found out.
    refuses_dynamic_fees: bool,
    unsignable: HashSet<NullifierHash>,
    unpayable: HashSet<NullifierHash>,
    base_fee: u64,
    /// Blocks by which answers about nonces lag behind.
    nonces_behind: u64,
    reverting_executions: u32,
    lies_about_start: Option<u64>,
    lies_about_checkpoints: bool,
    /// Answers come after the chain may have moved on.
    answers_late: bool,
    /// Calls that are never answered.
    hanging_calls: u32,
    /// Amount that an epoch pays by now, instead of [`AMOUNT`].
    amount: Option<u64>,
}

/// The chain. Block numbers are positions.
pub(crate) struct FakeChain {
    inner: Mutex<Inner>,
}

/// A place with fees that any block takes.
const fn tx_slot(sender: Address, nonce: u64) -> TxSlot {
    TxSlot {
        sender,
        nonce,
        fees: Fees {
            max_fee_wei: u64::MAX,
            priority_fee_wei: 1,
        },
    }
}

fn unavailable() -> ChainError {
    ChainError::Unavailable("switched off by the test".into())
}

impl FakeChain {
    /// A chain with block 0.
    pub(crate) fn new() -> Arc<Self> {
        let mut inner = Inner {
            earliest: GENESIS,
            base_fee: BASE_FEE,
            ..Inner::default()
        };
        inner.push_block(&[]);
        Arc::new(Self {
            inner: Mutex::new(inner),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Counts the call against the switched-on faults.
    fn reach(&self) -> Result<MutexGuard<'_, Inner>, ChainError> {
        let mut inner = self.lock();
        if inner.answered_before_failing > 0 {
            inner.answered_before_failing -= 1;
        } else if inner.failing_calls > 0 {
            inner.failing_calls -= 1;
            return Err(unavailable());
        }
        Ok(inner)
    }

    /// Waits as long as the answer to a call takes.
    async fn answer(&self) {
        let (hangs, is_late) = {
            let mut inner = self.lock();
            let hangs = inner.hanging_calls > 0;
            inner.hanging_calls = inner.hanging_calls.saturating_sub(1);
            (hangs, inner.answers_late)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        if is_late {
            tokio::task::yield_now().await;
        }
    }

    /// The next `count` questions about blocks and events are never answered.
    pub(crate) fn hang(&self, count: u32) {
        self.lock().hanging_calls = count;
    }

    /// Makes answers about blocks and events come late, as they were before, or no longer.
    pub(crate) fn answer_late(&self, is_late: bool) {
        self.lock().answers_late = is_late;
    }

    /// Sets the amount that an epoch pays from now on.
    pub(crate) fn set_amount(&self, amount: u64) {
        self.lock().amount = Some(amount);
    }

    /// A block with everything of the pool that can be in it.
    pub(crate) fn mine(&self) {
        self.lock().mine();
    }

    /// Blocks with nothing in them.
    pub(crate) fn mine_empty(&self, count: u64) {
        let mut inner = self.lock();
        for _ in 0..count {
            inner.push_block(&[]);
        }
    }

    /// Takes the newest blocks away.
    pub(crate) fn roll_back(&self, depth: u64, orphaned: OrphanedTransactions) {
        let mut inner = self.lock();
        for _ in 0..depth.min(inner.blocks.len() as u64 - 1) {
            let block = inner.blocks.pop().unwrap();
            if let OrphanedTransactions::BackToPool = orphaned {
                inner
                    .pool
                    .extend(block.transactions.iter().map(|executed| executed.hash));
            }
        }
    }

    /// Another branch of empty blocks, longer by one, becomes the chain.
    pub(crate) fn reorg(&self, depth: u64, orphaned: OrphanedTransactions) {
        self.roll_back(depth, orphaned);
        self.mine_empty(depth + 1);
    }

    /// An empty block lies in `epoch` or later.
    pub(crate) fn warp_to(&self, epoch: Epoch) {
        self.warp_to_time(calendar().start_of(epoch).0);
    }

    /// An empty block is not earlier than `time`.
    pub(crate) fn warp_to_time(&self, time: u64) {
        self.lock().earliest = time;
        self.mine_empty(1);
        self.lock().earliest = GENESIS;
    }

    pub(crate) fn forget_pool(&self) {
        self.lock().pool.clear();
    }

    pub(crate) fn height(&self) -> u64 {
        self.lock().height()
    }

    pub(crate) fn pool_len(&self) -> usize {
        self.lock().pool.len()
    }

    /// Puts an append of `leaves`, after what the pool holds, into the pool.
    pub(crate) fn pool_append(&self, leaves: &[Commitment]) {
        let mut inner = self.lock();
        let (mut tree, mut nonce) = (inner.world().tree.clone(), inner.nonce(SEQUENCER));
        for hash in &inner.pool {
            if let Call::Append(call) = &inner.bodies[hash].call {
                tree.append(&call.leaves).unwrap();
                nonce += 1;
            }
        }
        let call = AppendCall {
            pre_root: tree.root(),
            start_index: LeafIndex::try_from(tree.leaf_count()).unwrap(),
            leaves: leaves.to_vec(),
            post_root: tree.append(leaves).unwrap(),
            digest: FieldElement::ZERO,
            proof: no_proof(),
        };
        let signed = inner.sign(&tx_slot(SEQUENCER, nonce), Call::Append(call));
        inner.pool.push(signed.hash);
    }

    /// Appends `leaves` in a block of their own; returns its number.
    pub(crate) fn append(&self, leaves: &[Commitment]) -> u64 {
        self.pool_append(leaves);
        self.mine();
        self.height()
    }

    /// Uses the next nonce of a role for a transaction of somebody else, in a block of its own.
    pub(crate) fn mine_foreign(&self, role: SenderRole) {
        let mut inner = self.lock();
        let sender = self.senders(role)[0];
        let nonce = inner.nonce(sender);
        let signed = inner.sign(&tx_slot(sender, nonce), Call::Foreign);
        inner.push_block(&[signed.hash]);
    }

    /// Puts bytes that were signed once into a block of their own.
    pub(crate) fn mine_only(&self, hash: B256) {
        self.lock().push_block(&[hash]);
    }

    /// Pays a claim past this service.
    pub(crate) fn pay_elsewhere(&self, claim: &Claim) {
        let mut inner = self.lock();
        let citizen = Address::repeat_byte(0xc3);
        let nonce = inner.nonce(citizen);
        let signed = inner.sign(&tx_slot(citizen, nonce), Call::Claims(vec![*claim]));
        inner.push_block(&[signed.hash]);
    }

    pub(crate) fn add_orb(&self, orb: OrbId) {
        self.lock().orbs.insert(orb);
    }

    pub(crate) fn remove_orb(&self, orb: OrbId) {
        self.lock().orbs.remove(&orb);
    }

    pub(crate) fn pause(&self) {
        self.lock().is_paused = true;
    }

    pub(crate) fn unpause(&self) {
        self.lock().is_paused = false;
    }

    pub(crate) fn set_enrolment_cap(&self, cap: u64) {
        self.lock().enrolment_cap = Some(cap);
    }

    /// The contract refuses the claim, in a simulation and in a block.
    pub(crate) fn refuse(&self, nullifier: NullifierHash, reason: RevertReason) {
        self.lock().refusals.insert(nullifier, reason);
    }

    /// The contract takes the claim from now on.
    pub(crate) fn take_again(&self, nullifier: NullifierHash) {
        self.lock().refusals.remove(&nullifier);
    }

    /// The token refuses to pay this claim.
    pub(crate) fn never_pay(&self, nullifier: NullifierHash) {
        self.lock().unpayable.insert(nullifier);
    }

    /// Sets the base fee of the next blocks.
    pub(crate) fn set_base_fee(&self, wei: u64) {
        self.lock().base_fee = wei;
    }

    /// Answers about nonces are those of `blocks` before.
    pub(crate) fn lag_nonces(&self, blocks: u64) {
        self.lock().nonces_behind = blocks;
    }

    /// Takes a transaction out of the pool.
    pub(crate) fn evict(&self, hash: B256) {
        self.lock().pool.retain(|pooled| *pooled != hash);
    }

    /// The next `count` calls are not answered.
    pub(crate) fn fail_calls(&self, count: u32) {
        self.lock().failing_calls = count;
    }

    /// After `answered` more calls, `count` are not answered.
    pub(crate) fn fail_calls_after(&self, answered: u32, count: u32) {
        let mut inner = self.lock();
        inner.answered_before_failing = answered;
        inner.failing_calls = count;
    }

    /// Calls that are still to fail.
    pub(crate) fn failing_calls(&self) -> u32 {
        self.lock().failing_calls
    }

    /// The next `count` broadcasts are answered with an error and lost.
    pub(crate) fn refuse_broadcasts(&self, count: u32) {
        self.lock().refused_broadcasts = count;
    }

    /// The next `count` broadcasts are acknowledged and lost.
    pub(crate) fn lose_broadcasts(&self, count: u32) {
        self.lock().lost_broadcasts = count;
    }

    /// The next `count` broadcasts are taken, and answered with an error.
    pub(crate) fn lose_acknowledgements(&self, count: u32) {
        self.lock().lost_acknowledgements = count;
    }

    /// The chain takes nothing with fees of EIP-1559.
    pub(crate) fn take_only_gas_prices(&self) {
        self.lock().takes_only_gas_prices = true;
    }

    /// The node never takes these bytes.
    pub(crate) fn never_take(&self, hash: B256) {
        self.lock().unsendable.insert(hash);
    }

    /// The node fails whenever this claim is simulated.
    pub(crate) fn never_simulate(&self, nullifier: NullifierHash) {
        self.lock().unsignable.insert(nullifier);
    }

    /// The next `count` transactions of this service revert in their block for no lasting reason.
    pub(crate) fn revert_executions(&self, count: u32) {
        self.lock().reverting_executions = count;
    }

    /// Events of batches that start at `start` carry a wrong root after.
    pub(crate) fn lie_about_batch_at(&self, start: Option<u64>) {
        self.lock().lies_about_start = start;
    }

    /// Checkpoints carry a root that no tree has, until [`Self::tell_the_truth`].
    pub(crate) fn lie_about_checkpoints(&self) {
        self.lock().lies_about_checkpoints = true;
    }

    pub(crate) fn tell_the_truth(&self) {
        self.lock().lies_about_checkpoints = false;
    }

    /// Most blocks asked about in one query of events.
    pub(crate) fn widest_range(&self) -> u64 {
        self.lock().widest_range
    }

    /// Times that a nullifier is paid on the canonical chain.
    pub(crate) fn payments(&self, nullifier: NullifierHash) -> u32 {
        let inner = self.lock();
        inner.world().payments.get(&nullifier).copied().unwrap_or(0)
    }

    /// Nonces of a role's accounts used on the canonical chain.
    pub(crate) fn used_nonces(&self, role: SenderRole) -> u64 {
        let inner = self.lock();
        let senders = self.senders(role).into_iter();
        senders.map(|sender| inner.nonce(sender)).sum()
    }

    pub(crate) fn leaf_index(&self, commitment: Commitment) -> Option<u64> {
        let inner = self.lock();
        inner
            .world()
            .tree
            .leaf_index(commitment)
            .map(LeafIndex::get)
    }

    /// Counts the `commitments` that are members in the tree that claims of `epoch` use.
    pub(crate) fn members_among(&self, commitments: &[Commitment], epoch: Epoch) -> usize {
        let inner = self.lock();
        let before = |block: &&Block| calendar().epoch_at(block.timestamp).unwrap() < epoch;
        let last = inner.blocks.iter().rev().find(before).unwrap();
        let is_member = |leaf: &&Commitment| last.world.tree.leaf_index(**leaf).is_some();
        commitments.iter().filter(is_member).count()
    }

    pub(crate) fn leaf_count(&self) -> u64 {
        self.lock().world().tree.leaf_count()
    }

    /// Transactions of the canonical chain that reverted.
    pub(crate) fn reverted(&self) -> usize {
        let inner = self.lock();
        let all = inner.blocks.iter().flat_map(|block| &block.transactions);
        all.filter(|executed| !executed.succeeded).count()
    }
}
