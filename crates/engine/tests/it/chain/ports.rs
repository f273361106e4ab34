//! The chain as the engine asks for it.

use annona_core::{
    Address, AmountWei, B256, Claim, Epoch, NullifierHash, OrbId, RevertReason, Root, U256,
};
use annona_engine::ports::{
    AppendCall, BlockHead, BlockTag, Census, ChainError, ChainReader, ChainWriter, Checkpoint,
    EpochAccount, FeeMarket, Fees, Receipt, RegistryBatch, RegistryChange, RegistryState,
    RevokeCall, SenderRole, SignedTransaction, TransactionStatus, TxSlot,
};
use annona_tree::empty_root;
use async_trait::async_trait;

use super::{AMOUNT, Call, FUTURE_EPOCH, FakeChain, RELAYS, SEQUENCER, unavailable};

#[async_trait]
impl ChainReader for FakeChain {
    async fn head(&self) -> Result<BlockHead, ChainError> {
        let head = {
            let inner = self.reach()?;
            BlockHead {
                number: inner.height(),
                timestamp: inner.blocks.last().unwrap().timestamp,
            }
        };
        self.answer().await;
        Ok(head)
    }

    async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError> {
        let hash = {
            let inner = self.reach()?;
            let block = inner.blocks.get(usize::try_from(number).unwrap());
            block.map(|block| block.hash)
        };
        self.answer().await;
        Ok(hash)
    }

    async fn checkpoint_before(&self, epoch: Epoch) -> Result<Checkpoint, ChainError> {
        let inner = self.reach()?;
        if epoch > inner.epoch() {
            return Err(ChainError::Reverted(FUTURE_EPOCH));
        }
        if inner.lies_about_checkpoints {
            return Ok(Checkpoint {
                root: Root::try_from(U256::from(7)).unwrap(),
                member_count: 0,
            });
        }
        let before = inner.world().checkpoints.range(..epoch).next_back();
        Ok(before.map_or(
            Checkpoint {
                root: empty_root(),
                member_count: 0,
            },
            |(_, checkpoint)| *checkpoint,
        ))
    }

    async fn registry_state(&self) -> Result<RegistryState, ChainError> {
        let inner = self.reach()?;
        let tree = &inner.world().tree;
        Ok(RegistryState {
            root: tree.root(),
            next_index: tree.leaf_count(),
        })
    }

    async fn census(&self, epoch: Epoch) -> Result<Census, ChainError> {
        let inner = self.reach()?;
        let world = inner.world();
        Ok(Census {
            members: world.member_count,
            enrolled: world.enrolled.get(&epoch).copied().unwrap_or(0),
            enrolment_cap: inner.enrolment_cap.unwrap_or(u64::MAX),
        })
    }

    fn deployment_block(&self) -> u64 {
        0
    }

    async fn registry_batches(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError> {
        let batches = self.batches_now(from, to)?;
        self.answer().await;
        Ok(batches)
    }

    async fn is_active_orb(&self, orb: OrbId) -> Result<bool, ChainError> {
        Ok(self.reach()?.orbs.contains(&orb))
    }

    async fn epoch_account(&self, epoch: Epoch) -> Result<EpochAccount, ChainError> {
        let inner = self.reach()?;
        let paid = inner.world().paid.iter();
        let claimed = paid.filter(|(paid_in, _)| *paid_in == epoch).count() as u64;
        Ok(EpochAccount {
            amount: AmountWei(U256::from(if claimed > 0 { inner.amount() } else { 0 })),
            claimed,
            is_opened: claimed > 0,
        })
    }

    async fn spent_among(
        &self,
        epoch: Epoch,
        nullifiers: &[NullifierHash],
    ) -> Result<Vec<NullifierHash>, ChainError> {
        let inner = self.reach()?;
        let paid = &inner.world().paid;
        let is_paid = |nullifier: &&NullifierHash| paid.contains(&(epoch, **nullifier));
        Ok(nullifiers.iter().filter(is_paid).copied().collect())
    }

    async fn per_person_cap(&self) -> Result<AmountWei, ChainError> {
        drop(self.reach()?);
        Ok(AmountWei(U256::from(AMOUNT)))
    }

    async fn refused_recipients(
        &self,
        _amount: AmountWei,
        _recipients: &[Address],
    ) -> Result<Vec<Address>, ChainError> {
        drop(self.reach()?);
        Ok(Vec::new())
    }

    async fn is_paused(&self) -> Result<bool, ChainError> {
        Ok(self.reach()?.is_paused)
    }

    async fn account_nonce(&self, account: Address) -> Result<u64, ChainError> {
        let inner = self.reach()?;
        let seen = inner.height().saturating_sub(inner.nonces_behind);
        Ok(inner.nonce_at(account, seen))
    }

    async fn transaction_status(&self, hash: B256) -> Result<TransactionStatus, ChainError> {
        let inner = self.reach()?;
        for (number, block) in (0..).zip(&inner.blocks) {
            let mut all = block.transactions.iter();
            if let Some(executed) = all.find(|executed| executed.hash == hash) {
                return Ok(TransactionStatus::Mined(Receipt {
                    block_number: number,
                    block_hash: block.hash,
                    succeeded: executed.succeeded,
                    gas_used: 21_000,
                    claims: executed.claims.clone(),
                }));
            }
        }
        Ok(if inner.pool.contains(&hash) {
            TransactionStatus::Pending
        } else {
            TransactionStatus::Unknown
        })
    }
}

#[async_trait]
impl ChainWriter for FakeChain {
    fn senders(&self, role: SenderRole) -> Vec<Address> {
        match role {
            SenderRole::Sequencer => vec![SEQUENCER],
            SenderRole::Relay => RELAYS.to_vec(),
        }
    }

    async fn fee_market(&self) -> Result<FeeMarket, ChainError> {
        let inner = self.reach()?;
        if inner.refuses_dynamic_fees {
            return Ok(FeeMarket {
                base_fee_wei: 0,
                priority_fee_wei: inner.base_fee + 2,
            });
        }
        Ok(FeeMarket {
            base_fee_wei: inner.base_fee,
            priority_fee_wei: 2,
        })
    }

    fn takes(&self, fees: Fees) -> bool {
        fees.is_gas_price() || !self.lock().refuses_dynamic_fees
    }

    async fn nonce_at(&self, account: Address, block_number: u64) -> Result<u64, ChainError> {
        Ok(self.reach()?.nonce_at(account, block_number))
    }

    async fn sign_append(
        &self,
        tx_slot: &TxSlot,
        call: &AppendCall,
    ) -> Result<SignedTransaction, ChainError> {
        self.simulate_and_sign(tx_slot, Call::Append(call.clone()))
    }

    async fn sign_revoke(
        &self,
        tx_slot: &TxSlot,
        call: &RevokeCall,
    ) -> Result<SignedTransaction, ChainError> {
        self.simulate_and_sign(tx_slot, Call::Revoke(call.clone()))
    }

    async fn sign_claims(
        &self,
        tx_slot: &TxSlot,
        claims: &[Claim],
    ) -> Result<SignedTransaction, ChainError> {
        self.simulate_and_sign(tx_slot, Call::Claims(claims.to_vec()))
    }

    async fn sign_cancel(&self, tx_slot: &TxSlot) -> Result<SignedTransaction, ChainError> {
        Ok(self.reach()?.sign(tx_slot, Call::Cancel))
    }

    async fn reprice(
        &self,
        signed: &SignedTransaction,
        fees: Fees,
    ) -> Result<SignedTransaction, ChainError> {
        let mut inner = self.reach()?;
        let call = inner.bodies[&signed.hash].call.clone();
        let tx_slot = TxSlot {
            sender: signed.sender,
            nonce: signed.nonce,
            fees,
        };
        Ok(inner.sign(&tx_slot, call))
    }

    async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError> {
        let mut inner = self.reach()?;
        let hash = B256::from_slice(raw);
        if inner.unsendable.contains(&hash) {
            return Err(unavailable());
        }
        if inner.takes_only_gas_prices && !inner.bodies[&hash].fees.is_gas_price() {
            inner.refuses_dynamic_fees = true;
            return Err(unavailable());
        }
        if inner.refused_broadcasts > 0 {
            inner.refused_broadcasts -= 1;
            return Err(unavailable());
        }
        if inner.lost_broadcasts > 0 {
            inner.lost_broadcasts -= 1;
            return Ok(());
        }
        inner.take_into_pool(hash);
        if inner.lost_acknowledgements > 0 {
            inner.lost_acknowledgements -= 1;
            return Err(unavailable());
        }
        Ok(())
    }

    async fn refusal(
        &self,
        signed: &SignedTransaction,
    ) -> Result<Option<RevertReason>, ChainError> {
        let inner = self.reach()?;
        told(inner.simulate(&inner.bodies[&signed.hash].call))
    }

    async fn claims_refusal(
        &self,
        claims: &[Claim],
        at: BlockTag,
    ) -> Result<Option<RevertReason>, ChainError> {
        let inner = self.reach()?;
        let call = Call::Claims(claims.to_vec());
        told(match at {
            BlockTag::Newest => inner.simulate(&call),
            BlockTag::Block(number) => inner.simulate_at(number, &call),
        })
    }
}

impl FakeChain {
    fn batches_now(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError> {
        let mut inner = self.reach()?;
        inner.widest_range = inner.widest_range.max(to - from + 1);
        let lie = inner.lies_about_start;
        let all = inner.blocks.iter().flat_map(|block| &block.batches);
        let asked = all.filter(|batch| (from..=to).contains(&batch.block_number));
        Ok(asked
            .cloned()
            .map(|mut batch| {
                if let RegistryChange::Appended { start_index, .. } = &batch.change
                    && lie == Some(start_index.get())
                {
                    batch.post_root = Root::try_from(U256::from(7)).unwrap();
                }
                batch
            })
            .collect())
    }

    fn simulate_and_sign(
        &self,
        tx_slot: &TxSlot,
        call: Call,
    ) -> Result<SignedTransaction, ChainError> {
        let mut inner = self.reach()?;
        inner.simulate(&call)?;
        Ok(inner.sign(tx_slot, call))
    }
}

fn told(outcome: Result<(), ChainError>) -> Result<Option<RevertReason>, ChainError> {
    match outcome {
        Ok(()) => Ok(None),
        Err(ChainError::Reverted(reason)) => Ok(Some(reason)),
        Err(other) => Err(other),
    }
}
