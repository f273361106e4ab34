//! A chain in memory, as far as the routes ask it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use annona_core::{
    Address, AmountWei, B256, Commitment, Epoch, LeafIndex, NullifierHash, OrbId, Root, U256,
    UnixSeconds,
};
use annona_engine::ports::{
    BlockHead, Census, ChainError, ChainReader, Checkpoint, EpochAccount, RegistryBatch,
    RegistryChange, RegistryState, TransactionStatus,
};
use annona_tree::MembershipTree;
use async_trait::async_trait;

/// Highest amount for one person in an epoch, in wei.
pub(crate) const PER_PERSON_CAP: u64 = 1_000_000;

/// Manner in which the chain answers when it is asked for its head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadAnswer {
    Answering,
    Unavailable,
    Silent,
    Panicking,
}

pub(crate) struct Ledger {
    pub(crate) head: HeadAnswer,
    pub(crate) now: u64,
    pub(crate) batches: Vec<RegistryBatch>,
    pub(crate) active_orbs: BTreeSet<OrbId>,
    pub(crate) spent: BTreeSet<(Epoch, NullifierHash)>,
    pub(crate) is_paused: bool,
    pub(crate) amount: Option<u64>,
    /// Addresses to which the token refuses transfers.
    pub(crate) refused_recipients: BTreeSet<Address>,
}

/// A chain in memory, with the rules that the readers rely on.
pub(crate) struct MemoryChain(Mutex<Ledger>);

impl MemoryChain {
    pub(crate) fn new(now: u64) -> Self {
        Self(Mutex::new(Ledger {
            head: HeadAnswer::Answering,
            now,
            batches: Vec::new(),
            active_orbs: BTreeSet::new(),
            spent: BTreeSet::new(),
            is_paused: false,
            amount: None,
            refused_recipients: BTreeSet::new(),
        }))
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap()
    }

    /// Appends one batch in `epoch`, in a block of its own.
    pub(crate) fn append(&self, epoch: Epoch, leaves: &[Commitment]) {
        let mut ledger = self.ledger();
        let mut tree = ledger.tree_before(Epoch(u64::MAX));
        let (pre_root, start) = (tree.root(), tree.leaf_count());
        let post_root = tree.append(leaves).unwrap();
        let block_number = ledger.batches.len() as u64 + 1;
        ledger.batches.push(RegistryBatch {
            block_number,
            block_hash: block_hash(block_number),
            transaction: B256::with_last_byte(7),
            epoch,
            change: RegistryChange::Appended {
                start_index: LeafIndex::try_from(start).unwrap(),
                leaves: leaves.to_vec(),
            },
            pre_root,
            post_root,
        });
    }

    pub(crate) fn root_before(&self, epoch: Epoch) -> Root {
        self.ledger().tree_before(epoch).root()
    }
}

impl Ledger {
    fn tree_before(&self, epoch: Epoch) -> MembershipTree {
        let mut tree = MembershipTree::default();
        for batch in self.batches.iter().filter(|batch| batch.epoch < epoch) {
            match &batch.change {
                RegistryChange::Appended { leaves, .. } => tree.append(leaves).unwrap(),
                RegistryChange::Revoked { removals } => tree.revoke(removals).unwrap(),
            };
        }
        tree
    }
}

fn block_hash(number: u64) -> B256 {
    B256::from(U256::from(number))
}

#[async_trait]
impl ChainReader for MemoryChain {
    async fn head(&self) -> Result<BlockHead, ChainError> {
        let answer = self.ledger().head;
        match answer {
            HeadAnswer::Answering => {}
            HeadAnswer::Unavailable => {
                return Err(ChainError::Unavailable("http://secret.example:8545".into()));
            }
            HeadAnswer::Silent => std::future::pending().await,
            HeadAnswer::Panicking => panic!("the chain reader panics"),
        }
        let ledger = self.ledger();
        Ok(BlockHead {
            number: ledger.batches.len() as u64 + 1,
            timestamp: UnixSeconds(ledger.now),
        })
    }

    async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError> {
        Ok(Some(block_hash(number)))
    }

    async fn checkpoint_before(&self, epoch: Epoch) -> Result<Checkpoint, ChainError> {
        let tree = self.ledger().tree_before(epoch);
        Ok(Checkpoint {
            root: tree.root(),
            member_count: tree.leaf_count(),
        })
    }

    async fn registry_state(&self) -> Result<RegistryState, ChainError> {
        let tree = self.ledger().tree_before(Epoch(u64::MAX));
        Ok(RegistryState {
            root: tree.root(),
            next_index: tree.leaf_count(),
        })
    }

    async fn census(&self, _epoch: Epoch) -> Result<Census, ChainError> {
        let tree = self.ledger().tree_before(Epoch(u64::MAX));
        Ok(Census {
            members: tree.leaf_count(),
            enrolled: 0,
            enrolment_cap: u64::MAX,
        })
    }

    fn deployment_block(&self) -> u64 {
        0
    }

    async fn registry_batches(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError> {
        let batches = self.ledger().batches.clone();
        Ok(batches
            .into_iter()
            .filter(|batch| (from..=to).contains(&batch.block_number))
            .collect())
    }

    async fn is_active_orb(&self, orb: OrbId) -> Result<bool, ChainError> {
        Ok(self.ledger().active_orbs.contains(&orb))
    }

    async fn epoch_account(&self, _epoch: Epoch) -> Result<EpochAccount, ChainError> {
        let amount = self.ledger().amount;
        Ok(EpochAccount {
            amount: AmountWei(U256::from(amount.unwrap_or(0))),
            claimed: 0,
            is_opened: amount.is_some(),
        })
    }

    async fn spent_among(
        &self,
        epoch: Epoch,
        nullifiers: &[NullifierHash],
    ) -> Result<Vec<NullifierHash>, ChainError> {
        let spent = &self.ledger().spent;
        let is_spent = |nullifier: &&NullifierHash| spent.contains(&(epoch, **nullifier));
        Ok(nullifiers.iter().filter(is_spent).copied().collect())
    }

    async fn per_person_cap(&self) -> Result<AmountWei, ChainError> {
        Ok(AmountWei(U256::from(PER_PERSON_CAP)))
    }

    async fn refused_recipients(
        &self,
        _amount: AmountWei,
        recipients: &[Address],
    ) -> Result<Vec<Address>, ChainError> {
        let refused = &self.ledger().refused_recipients;
        let is_refused = |one: &&Address| refused.contains(*one);
        Ok(recipients.iter().filter(is_refused).copied().collect())
    }

    async fn is_paused(&self) -> Result<bool, ChainError> {
        Ok(self.ledger().is_paused)
    }

    async fn account_nonce(&self, _account: Address) -> Result<u64, ChainError> {
        Ok(0)
    }

    async fn transaction_status(&self, _hash: B256) -> Result<TransactionStatus, ChainError> {
        Ok(TransactionStatus::Unknown)
    }
}
