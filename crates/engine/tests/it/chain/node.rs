//! Blocks, the pool, and the contracts that blocks execute.

use std::sync::Arc;

use annona_core::{
    Address, B256, Claim, Epoch, NullifierHash, RevertReason, Root, U256, UnixSeconds, keccak256,
};
use annona_engine::ports::{
    AppendCall, ChainError, Checkpoint, ClaimOutcome, RegistryBatch, RegistryChange, RevokeCall,
    SignedTransaction, TxSlot,
};

use super::{
    AMOUNT, BLOCK_SECS, Block, Body, Call, Executed, GENESIS, Inner, WINDOW, World, calendar,
    unavailable,
};

impl Inner {
    pub(super) fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// Amount that an epoch pays to each person, in wei.
    pub(super) fn amount(&self) -> u64 {
        self.amount.unwrap_or(AMOUNT)
    }

    fn fee_is_above(&self, claim: &Claim) -> bool {
        claim.payment.fee.0 > U256::from(self.amount())
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

    pub(super) fn nonce_at(&self, sender: Address, number: u64) -> u64 {
        let block = &self.blocks[usize::try_from(number).unwrap()];
        block.world.nonces.get(&sender).copied().unwrap_or(0)
    }

    /// As a node does: of two transactions with one nonce it keeps the one that was there,
    /// unless the new one offers a tenth more.
    pub(super) fn take_into_pool(&mut self, hash: B256) {
        let body = &self.bodies[&hash];
        if body.nonce < self.nonce(body.sender) || self.pool.contains(&hash) {
            return;
        }
        let is_rival = |pooled: &B256| {
            let other = &self.bodies[pooled];
            (other.sender, other.nonce) == (body.sender, body.nonce)
        };
        if let Some(place) = self.pool.iter().position(is_rival) {
            let held = self.bodies[&self.pool[place]].fees;
            let is_enough = |offer: u64, held: u64| u128::from(offer) * 10 >= u128::from(held) * 11;
            if !is_enough(body.fees.max_fee_wei, held.max_fee_wei)
                || !is_enough(body.fees.priority_fee_wei, held.priority_fee_wei)
            {
                return;
            }
            self.pool.remove(place);
        }
        self.pool.push(hash);
    }

    fn unique_word(&mut self) -> B256 {
        self.made += 1;
        keccak256(self.made.to_be_bytes())
    }

    pub(super) fn sign(&mut self, tx_slot: &TxSlot, call: Call) -> SignedTransaction {
        let hash = self.unique_word();
        let TxSlot {
            sender,
            nonce,
            fees,
        } = *tx_slot;
        let body = Body {
            sender,
            nonce,
            fees,
            call,
        };
        self.bodies.insert(hash, body);
        SignedTransaction {
            sender,
            nonce,
            fees,
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
            if body.nonce == *nonce && body.fees.max_fee_wei >= self.base_fee {
                *nonce += 1;
                chosen.push(hash);
            } else if body.nonce >= *nonce {
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
        let mut executed = Executed {
            hash,
            succeeded: outcome.is_none(),
            claims: Vec::new(),
        };
        if outcome.is_some() {
            block.transactions.push(executed);
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
            Call::Claims(claims) => executed.claims = self.pay(world, &claims),
            Call::Cancel | Call::Foreign => {}
        }
        block.transactions.push(executed);
    }

    /// Pays claims of a transaction, and says what became of each.
    fn pay(&self, world: &mut World, claims: &[Claim]) -> Vec<(NullifierHash, ClaimOutcome)> {
        let mut outcomes = Vec::new();
        for claim in claims {
            let nullifier = claim.nullifier_hash;
            let outcome = if self.unpayable.contains(&nullifier) {
                ClaimOutcome::TransferFailed
            } else if self.fee_is_above(claim) {
                ClaimOutcome::Skipped
            } else if world.paid.insert((claim.epoch, nullifier)) {
                *world.payments.entry(nullifier).or_default() += 1;
                ClaimOutcome::Paid
            } else {
                ClaimOutcome::Skipped
            };
            outcomes.push((nullifier, outcome));
        }
        outcomes
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

    /// Reason why the contracts refuse, by the order in which they check.
    fn refusal(&self, world: &World, now: Epoch, call: &Call) -> Option<RevertReason> {
        match call {
            Call::Append(call) => self.append_refusal(world, now, call),
            Call::Revoke(call) => revoke_refusal(world, call),
            Call::Claims(claims) => self.claims_refusal(world, now, claims),
            Call::Cancel | Call::Foreign => None,
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

    /// A batch is refused for one bad claim, but skips one that was paid or whose fee is too
    /// high; alone, that one is refused.
    fn claims_refusal(&self, world: &World, now: Epoch, claims: &[Claim]) -> Option<RevertReason> {
        if self.is_paused {
            return Some(RevertReason::Paused);
        }
        let epoch = claims[0].epoch;
        assert!(claims.iter().all(|claim| claim.epoch == epoch));
        if epoch > now || now.0 - epoch.0 >= WINDOW {
            return Some(RevertReason::EpochNotClaimable);
        }
        let refused = |claim: &Claim| self.refusals.get(&claim.nullifier_hash).copied();
        if let Some(reason) = claims.iter().find_map(refused) {
            return Some(reason);
        }
        let [claim] = claims else { return None };
        let nullifier = claim.nullifier_hash;
        if self.unpayable.contains(&nullifier) {
            return Some(RevertReason::Other([7; 4]));
        }
        if self.fee_is_above(claim) {
            return Some(RevertReason::FeeAboveAmount);
        }
        let is_paid = world.paid.contains(&(epoch, nullifier));
        is_paid.then_some(RevertReason::NullifierSpent)
    }

    pub(super) fn simulate(&self, call: &Call) -> Result<(), ChainError> {
        self.simulate_in(self.world(), self.epoch(), call)
    }

    /// As [`Self::simulate`], after the block of this number.
    pub(super) fn simulate_at(&self, number: u64, call: &Call) -> Result<(), ChainError> {
        let block = &self.blocks[usize::try_from(number).unwrap()];
        let epoch = calendar().epoch_at(block.timestamp).unwrap();
        self.simulate_in(&block.world, epoch, call)
    }

    fn simulate_in(&self, world: &World, epoch: Epoch, call: &Call) -> Result<(), ChainError> {
        let is_unsignable = |claim: &Claim| self.unsignable.contains(&claim.nullifier_hash);
        if let Call::Claims(claims) = call
            && claims.iter().any(is_unsignable)
        {
            return Err(unavailable());
        }
        match self.refusal(world, epoch, call) {
            Some(reason) => Err(ChainError::Reverted(reason)),
            None => Ok(()),
        }
    }
}

fn revoke_refusal(world: &World, call: &RevokeCall) -> Option<RevertReason> {
    (call.pre_root != world.tree.root()).then_some(RevertReason::StaleRegistry)
}
