//! Blocks, the pool, and the contracts that blocks execute.

use std::sync::Arc;

use annona_core::{Address, B256, Epoch, Root, UnixSeconds, keccak256};
use annona_engine::Claim;
use annona_engine::ports::{
    AppendCall, ChainError, Checkpoint, RegistryBatch, RegistryChange, RevertReason, RevokeCall,
    SignedTransaction,
};

use super::{BLOCK_SECS, Block, Body, Call, GENESIS, Inner, WINDOW, World, calendar, unavailable};

impl Inner {
    pub(super) fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub(super) fn world(&self) -> &World {
        &self.blocks.last().unwrap().world
    }

    pub(super) fn epoch(&self) -> Epoch {
        let newest = self.blocks.last().unwrap().timestamp;
        calendar().epoch_at(newest).unwrap()
    }

    pub(super) fn nonce(&self, sender: Address) -> u64 {
        self.world().nonces.get(&sender).copied().unwrap_or(0)
    }

    fn unique_word(&mut self) -> B256 {
        self.made += 1;
        keccak256(self.made.to_be_bytes())
    }

    pub(super) fn sign(&mut self, sender: Address, nonce: u64, call: Call) -> SignedTransaction {
        let hash = self.unique_word();
        let body = Body {
            sender,
            nonce,
            call,
        };
        self.bodies.insert(hash, body);
        SignedTransaction {
            sender,
            nonce,
            hash,
            raw: hash.to_vec(),
        }
    }

    pub(super) fn mine(&mut self) {
        let mut candidates = std::mem::take(&mut self.pool);
        candidates.sort_by_key(|hash| (self.bodies[hash].sender, self.bodies[hash].nonce));
        let mut next = self.world().nonces.clone();
        let mut chosen = Vec::new();
        for hash in candidates {
            let body = &self.bodies[&hash];
            let nonce = next.entry(body.sender).or_default();
            if body.nonce == *nonce {
                *nonce += 1;
                chosen.push(hash);
            } else if body.nonce > *nonce {
                self.pool.push(hash);
            }
        }
        self.push_block(&chosen);
    }

    pub(super) fn push_block(&mut self, transactions: &[B256]) {
        let timestamp = self.blocks.last().map_or(GENESIS, |parent| {
            self.earliest.max(parent.timestamp.0 + BLOCK_SECS)
        });
        let mut block = Block {
            hash: self.unique_word(),
            timestamp: UnixSeconds(timestamp),
            transactions: Vec::new(),
            batches: Vec::new(),
            world: self
                .blocks
                .last()
                .map(|parent| Arc::clone(&parent.world))
                .unwrap_or_default(),
        };
        if !transactions.is_empty() {
            let mut world = World::clone(&block.world);
            for hash in transactions {
                self.execute(*hash, &mut world, &mut block);
            }
            block.world = Arc::new(world);
        }
        self.blocks.push(block);
    }

    fn execute(&mut self, hash: B256, world: &mut World, block: &mut Block) {
        let body = self.bodies[&hash].clone();
        let nonce = world.nonces.entry(body.sender).or_default();
        assert_eq!(
            body.nonce, *nonce,
            "a block holds a transaction out of turn"
        );
        *nonce += 1;
        let epoch = calendar().epoch_at(block.timestamp).unwrap();
        let mut outcome = self.refusal(world, epoch, &body.call);
        if outcome.is_none() && self.reverting_executions > 0 {
            self.reverting_executions -= 1;
            outcome = Some(RevertReason::Other([0; 4]));
        }
        block.transactions.push((hash, outcome.is_none()));
        if outcome.is_some() {
            return;
        }
        match body.call {
            Call::Append(call) => {
                let root = world
                    .tree
                    .append(&call.leaves)
                    .expect("a member joined twice");
                assert_eq!(root, call.post_root, "the batch claims another root");
                let joined = call.leaves.len() as u64;
                *world.enrolled.entry(epoch).or_default() += joined;
                world.member_count += joined;
                let change = RegistryChange::Appended {
                    start_index: call.start_index,
                    leaves: call.leaves,
                };
                let roots = [call.pre_root, call.post_root];
                self.register(world, block, (hash, epoch), change, roots);
            }
            Call::Revoke(call) => {
                let root = world.tree.revoke(&call.removals).expect("no such member");
                assert_eq!(root, call.post_root, "the batch claims another root");
                world.member_count -= call.removals.len() as u64;
                let change = RegistryChange::Revoked {
                    removals: call.removals,
                };
                let roots = [call.pre_root, call.post_root];
                self.register(world, block, (hash, epoch), change, roots);
            }
            Call::Claim(claim) => {
                world.paid.insert((claim.epoch, claim.nullifier_hash));
                *world.payments.entry(claim.nullifier_hash).or_default() += 1;
            }
            Call::Foreign => {}
        }
    }

    /// Writes the event of a batch and the checkpoint that it leads to.
    fn register(
        &self,
        world: &mut World,
        block: &mut Block,
        (transaction, epoch): (B256, Epoch),
        change: RegistryChange,
        [pre_root, post_root]: [Root; 2],
    ) {
        let checkpoint = Checkpoint {
            root: post_root,
            member_count: world.member_count,
        };
        world.checkpoints.insert(epoch, checkpoint);
        block.batches.push(RegistryBatch {
            block_number: self.blocks.len() as u64,
            block_hash: block.hash,
            transaction,
            epoch,
            change,
            pre_root,
            post_root,
        });
    }

    /// Why the contracts refuse, in the order in which they check.
    fn refusal(&self, world: &World, now: Epoch, call: &Call) -> Option<RevertReason> {
        match call {
            Call::Append(call) => self.append_refusal(world, now, call),
            Call::Revoke(call) => revoke_refusal(world, call),
            Call::Claim(claim) => self.claim_refusal(world, now, claim),
            Call::Foreign => None,
        }
    }

    fn append_refusal(&self, world: &World, now: Epoch, call: &AppendCall) -> Option<RevertReason> {
        let is_next = call.start_index.get() == world.tree.leaf_count();
        if call.pre_root != world.tree.root() || !is_next {
            return Some(RevertReason::StaleRegistry);
        }
        let enrolled = world.enrolled.get(&now).copied().unwrap_or(0);
        let after = enrolled + call.leaves.len() as u64;
        (self.enrolment_cap.is_some_and(|cap| after > cap))
            .then_some(RevertReason::EnrolmentCapReached)
    }

    fn claim_refusal(&self, world: &World, now: Epoch, claim: &Claim) -> Option<RevertReason> {
        if self.is_paused {
            return Some(RevertReason::Paused);
        }
        if claim.epoch > now || now.0 - claim.epoch.0 >= WINDOW {
            return Some(RevertReason::EpochNotOpen);
        }
        if let Some(reason) = self.refusals.get(&claim.nullifier_hash) {
            return Some(*reason);
        }
        let is_paid = world.paid.contains(&(claim.epoch, claim.nullifier_hash));
        is_paid.then_some(RevertReason::NullifierSpent)
    }

    pub(super) fn simulate(&self, call: &Call) -> Result<(), ChainError> {
        if let Call::Claim(claim) = call
            && self.unsignable.contains(&claim.nullifier_hash)
        {
            return Err(unavailable());
        }
        match self.refusal(self.world(), self.epoch(), call) {
            Some(reason) => Err(ChainError::Reverted(reason)),
            None => Ok(()),
        }
    }
}

fn revoke_refusal(world: &World, call: &RevokeCall) -> Option<RevertReason> {
    (call.pre_root != world.tree.root()).then_some(RevertReason::StaleRegistry)
}
