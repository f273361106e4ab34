use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::{Filter, Log, TransactionRequest};
use alloy::sol_types::{SolCall, SolEvent};
use annona_bindings::Deployment;
use annona_bindings::contracts::{AnnonaToken, Distributor, IRegistry, OrbRegistry, Registry};
use annona_core::{
    AmountWei, ClaimCalendar, ClaimWindow, Commitment, Epoch, EpochClock, LeafIndex, NullifierHash,
    OrbId, Root, UnixSeconds,
};
use annona_engine::ports::{
    BlockHead, Census, ChainError, ChainReader, Checkpoint, ClaimOutcome, EpochAccount, Receipt,
    RegistryBatch, RegistryChange, RegistryState, Revocation, TransactionStatus,
};
use annona_rpc::{LogReader, is_revert};
use async_trait::async_trait;

use crate::error::{from_contract, from_transport};

/// Highest number of calls in one request: endpoints limit it, some to 100.
const CALLS_AT_ONCE: usize = 64;

/// `SkipReason.TransferFailed` of the distributor.
const TRANSFER_FAILED: u8 = 1;

/// The chain as anyone can read it.
#[derive(Debug, Clone)]
pub struct EvmReader {
    pub(crate) provider: DynProvider,
    pub(crate) deployment: Deployment,
    logs: LogReader,
}

impl EvmReader {
    /// Opens a reader of `deployment`; refuses an endpoint of another chain.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] when there is no answer, [`ChainError::WrongChain`].
    pub async fn open(provider: DynProvider, deployment: Deployment) -> Result<Self, ChainError> {
        let reader = Self::trusting(provider, deployment);
        reader.check_chain_id().await?;
        Ok(reader)
    }

    /// Makes a reader of an endpoint that is known to be of the deployment's chain.
    #[must_use]
    pub fn trusting(provider: DynProvider, deployment: Deployment) -> Self {
        Self {
            logs: LogReader::new(provider.clone()),
            provider,
            deployment,
        }
    }

    /// Returns the deployment that is read.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Returns the provider that is asked.
    #[must_use]
    pub const fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// Returns the reader of the chain's event logs.
    #[must_use]
    pub const fn logs(&self) -> &LogReader {
        &self.logs
    }

    pub(crate) fn distributor(&self) -> Distributor::DistributorInstance<DynProvider> {
        Distributor::new(self.deployment.distributor, self.provider.clone())
    }

    pub(crate) fn registry(&self) -> Registry::RegistryInstance<DynProvider> {
        Registry::new(self.deployment.registry, self.provider.clone())
    }

    /// Reads the calendar, with the window in which an epoch can be claimed.
    ///
    /// # Errors
    /// As every call.
    pub async fn calendar(&self) -> Result<ClaimCalendar, ChainError> {
        let (registry, distributor) = (self.registry(), self.distributor());
        let genesis = registry.genesis().call().await.map_err(from_contract)?;
        let length = registry.epochLength().call().await.map_err(from_contract)?;
        let window = distributor.claimWindow().call().await;
        let window = window.map_err(from_contract)?;
        let genesis = UnixSeconds(to_u64(genesis, "a genesis")?);
        let no_length = |_| ChainError::OutOfRange {
            quantity: "an epoch length",
            value: length,
        };
        Ok(ClaimCalendar {
            clock: EpochClock::new(genesis, to_u64(length, "an epoch length")?)
                .map_err(no_length)?,
            window: ClaimWindow(to_u64(window, "a claim window")?),
        })
    }

    /// Decodes the outcomes of claims in the distributor's logs, in order.
    fn claim_outcomes(
        &self,
        logs: &[Log],
    ) -> Result<Vec<(NullifierHash, ClaimOutcome)>, ChainError> {
        let ours = logs
            .iter()
            .filter(|log| log.address() == self.deployment.distributor);
        let outcomes: Result<Vec<_>, _> = ours.map(to_claim_outcome).collect();
        Ok(outcomes?.into_iter().flatten().collect())
    }

    /// Does as [`ChainReader::spent_among`] for as many as fit one request.
    async fn spent_among_few(
        &self,
        epoch: Epoch,
        nullifiers: &[NullifierHash],
        spent: &mut Vec<NullifierHash>,
    ) -> Result<(), ChainError> {
        let mut batch = BatchRequest::new(self.provider.client());
        let mut answers = Vec::with_capacity(nullifiers.len());
        for nullifier in nullifiers {
            let call = Distributor::isSpentCall {
                epoch: U256::from(epoch.0),
                nullifierHash: nullifier.to_u256(),
            };
            let request = TransactionRequest::default()
                .with_to(self.deployment.distributor)
                .with_input(call.abi_encode());
            let answer = batch
                .add_call::<_, Bytes>("eth_call", &(request, BlockNumberOrTag::Latest))
                .map_err(from_transport)?;
            answers.push((nullifier, answer));
        }
        batch.send().await.map_err(from_transport)?;
        for (nullifier, answer) in answers {
            let word = answer.await.map_err(from_transport)?;
            let is_spent = Distributor::isSpentCall::abi_decode_returns(&word);
            if is_spent.map_err(|_| ChainError::Undecodable {
                name: "answer of isSpent",
            })? {
                spent.push(*nullifier);
            }
        }
        Ok(())
    }

    /// Does as [`ChainReader::refused_recipients`] for as many as fit one request.
    async fn refused_among_few(
        &self,
        amount: AmountWei,
        recipients: &[Address],
        refused: &mut Vec<Address>,
    ) -> Result<(), ChainError> {
        let mut batch = BatchRequest::new(self.provider.client());
        let mut answers = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let call = AnnonaToken::transferCall {
                to: *recipient,
                value: amount.0,
            };
            let request = TransactionRequest::default()
                .with_from(self.deployment.distributor)
                .with_to(self.deployment.token)
                .with_input(call.abi_encode());
            let answer = batch
                .add_call::<_, Bytes>("eth_call", &(request, BlockNumberOrTag::Latest))
                .map_err(from_transport)?;
            answers.push((recipient, answer));
        }
        batch.send().await.map_err(from_transport)?;
        for (recipient, answer) in answers {
            match answer.await {
                // A token that answers nothing has transferred, as some old ones do.
                Ok(word) if word.is_empty() || word.iter().any(|byte| *byte != 0) => {}
                Ok(_) => refused.push(*recipient),
                Err(error) => match error.as_error_resp() {
                    Some(answer) if is_revert(answer) => refused.push(*recipient),
                    // Another refusal of one call says nothing about the recipient.
                    Some(_) => {}
                    None => return Err(from_transport(error)),
                },
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ChainReader for EvmReader {
    async fn head(&self) -> Result<BlockHead, ChainError> {
        let block = self
            .provider
            .get_block_by_number(BlockNumberOrTag::Latest)
            .await
            .map_err(from_transport)?
            .ok_or(ChainError::NoNewestBlock)?;
        Ok(BlockHead {
            number: block.header.number(),
            timestamp: UnixSeconds(block.header.timestamp()),
        })
    }

    async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError> {
        let block = self
            .provider
            .get_block_by_number(number.into())
            .await
            .map_err(from_transport)?;
        Ok(block.map(|block| block.header.hash))
    }

    async fn checkpoint_before(&self, epoch: Epoch) -> Result<Checkpoint, ChainError> {
        let checkpoint = self
            .registry()
            .checkpointBefore(U256::from(epoch.0))
            .call()
            .await
            .map_err(from_contract)?;
        Ok(Checkpoint {
            root: to_root(checkpoint.root)?,
            member_count: to_u64(checkpoint.members, "a member count")?,
        })
    }

    async fn registry_state(&self) -> Result<RegistryState, ChainError> {
        let registry = self.registry();
        let root = registry.currentRoot().call().await.map_err(from_contract)?;
        let next_index = registry.nextIndex().call().await.map_err(from_contract)?;
        Ok(RegistryState {
            root: to_root(root)?,
            next_index: to_u64(next_index, "a leaf index")?,
        })
    }

    async fn census(&self, epoch: Epoch) -> Result<Census, ChainError> {
        let registry = self.registry();
        let members = registry.memberCount().call().await.map_err(from_contract)?;
        let enrolled = registry
            .enrolledIn(U256::from(epoch.0))
            .call()
            .await
            .map_err(from_contract)?;
        let cap = registry
            .epochEnrolmentCap()
            .call()
            .await
            .map_err(from_contract)?;
        Ok(Census {
            members: to_u64(members, "a member count")?,
            enrolled: to_u64(enrolled, "a number of enrolments")?,
            enrolment_cap: to_u64(cap, "an enrolment cap")?,
        })
    }

    fn deployment_block(&self) -> u64 {
        self.deployment.deployment_block
    }

    async fn registry_batches(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError> {
        let filter = Filter::new()
            .address(self.deployment.registry)
            .event_signature(vec![
                Registry::LeavesAppended::SIGNATURE_HASH,
                Registry::LeavesRevoked::SIGNATURE_HASH,
            ]);
        let reading = self.logs.read(&filter, from, to);
        let logs = reading.await.map_err(from_transport)?;
        logs.iter().map(to_batch).collect()
    }

    async fn is_active_orb(&self, orb: OrbId) -> Result<bool, ChainError> {
        let registry = OrbRegistry::new(self.deployment.orb_registry, self.provider.clone());
        registry.isActive(orb.0).call().await.map_err(from_contract)
    }

    async fn epoch_account(&self, epoch: Epoch) -> Result<EpochAccount, ChainError> {
        let state = self
            .distributor()
            .epochState(U256::from(epoch.0))
            .call()
            .await
            .map_err(from_contract)?;
        Ok(EpochAccount {
            amount: AmountWei(state.amount),
            claimed: to_u64(state.claimed, "a number of claims")?,
            is_opened: state.opened,
        })
    }

    async fn spent_among(
        &self,
        epoch: Epoch,
        nullifiers: &[NullifierHash],
    ) -> Result<Vec<NullifierHash>, ChainError> {
        let mut spent = Vec::new();
        for few in nullifiers.chunks(CALLS_AT_ONCE) {
            self.spent_among_few(epoch, few, &mut spent).await?;
        }
        Ok(spent)
    }

    async fn per_person_cap(&self) -> Result<AmountWei, ChainError> {
        let cap = self.distributor().perPersonCap().call().await;
        cap.map(AmountWei).map_err(from_contract)
    }

    async fn refused_recipients(
        &self,
        amount: AmountWei,
        recipients: &[Address],
    ) -> Result<Vec<Address>, ChainError> {
        let mut refused = Vec::new();
        for few in recipients.chunks(CALLS_AT_ONCE) {
            self.refused_among_few(amount, few, &mut refused).await?;
        }
        Ok(refused)
    }

    async fn is_paused(&self) -> Result<bool, ChainError> {
        self.distributor()
            .paused()
            .call()
            .await
            .map_err(from_contract)
    }

    async fn account_nonce(&self, account: Address) -> Result<u64, ChainError> {
        self.provider
            .get_transaction_count(account)
            .await
            .map_err(from_transport)
    }

    async fn transaction_status(&self, hash: B256) -> Result<TransactionStatus, ChainError> {
        let receipt = self
            .provider
            .get_transaction_receipt(hash)
            .await
            .map_err(from_transport)?;
        if let Some(receipt) = receipt
            && let (Some(block_number), Some(block_hash)) =
                (receipt.block_number, receipt.block_hash)
        {
            return Ok(TransactionStatus::Mined(Receipt {
                block_number,
                block_hash,
                succeeded: receipt.status(),
                gas_used: receipt.gas_used,
                claims: self.claim_outcomes(receipt.logs())?,
            }));
        }
        let known = self
            .provider
            .get_transaction_by_hash(hash)
            .await
            .map_err(from_transport)?;
        Ok(if known.is_some() {
            TransactionStatus::Pending
        } else {
            TransactionStatus::Unknown
        })
    }
}

fn to_claim_outcome(log: &Log) -> Result<Option<(NullifierHash, ClaimOutcome)>, ChainError> {
    let malformed = || ChainError::Undecodable {
        name: "distributor event",
    };
    let (nullifier, outcome) = match log.topic0() {
        Some(&Distributor::Claimed::SIGNATURE_HASH) => {
            let event = log.log_decode::<Distributor::Claimed>();
            let event = event.map_err(|_| malformed())?.inner.data;
            (event.nullifierHash, ClaimOutcome::Paid)
        }
        Some(&Distributor::ClaimSkipped::SIGNATURE_HASH) => {
            let event = log.log_decode::<Distributor::ClaimSkipped>();
            let event = event.map_err(|_| malformed())?.inner.data;
            let is_transfer = event.reason == TRANSFER_FAILED;
            let outcome = if is_transfer {
                ClaimOutcome::TransferFailed
            } else {
                ClaimOutcome::Skipped
            };
            (event.nullifierHash, outcome)
        }
        _ => return Ok(None),
    };
    let nullifier = NullifierHash::try_from(nullifier).map_err(|_| ChainError::OutOfRange {
        quantity: "a nullifier hash",
        value: nullifier,
    })?;
    Ok(Some((nullifier, outcome)))
}

fn to_batch(log: &Log) -> Result<RegistryBatch, ChainError> {
    let malformed = || ChainError::Undecodable {
        name: "registry event",
    };
    let (Some(block_number), Some(block_hash), Some(transaction)) =
        (log.block_number, log.block_hash, log.transaction_hash)
    else {
        return Err(malformed());
    };
    let (epoch, change, roots) = if log.topic0() == Some(&Registry::LeavesRevoked::SIGNATURE_HASH) {
        let event = log
            .log_decode::<Registry::LeavesRevoked>()
            .map_err(|_| malformed())?
            .inner
            .data;
        let removals: Result<_, _> = event.removals.iter().map(to_revocation).collect();
        let change = RegistryChange::Revoked {
            removals: removals?,
        };
        (event.epoch, change, [event.preRoot, event.postRoot])
    } else {
        let event = log
            .log_decode::<Registry::LeavesAppended>()
            .map_err(|_| malformed())?
            .inner
            .data;
        let leaves: Result<_, _> = event.leaves.into_iter().map(to_commitment).collect();
        let change = RegistryChange::Appended {
            start_index: to_leaf_index(event.startIndex)?,
            leaves: leaves?,
        };
        (event.epoch, change, [event.preRoot, event.postRoot])
    };
    Ok(RegistryBatch {
        block_number,
        block_hash,
        transaction,
        epoch: Epoch(to_u64(epoch, "an epoch")?),
        change,
        pre_root: to_root(roots[0])?,
        post_root: to_root(roots[1])?,
    })
}

fn to_revocation(removal: &IRegistry::Removal) -> Result<Revocation, ChainError> {
    Ok(Revocation {
        leaf_index: to_leaf_index(U256::from(removal.leafIndex))?,
        commitment: to_commitment(removal.commitment)?,
    })
}

fn to_commitment(value: U256) -> Result<Commitment, ChainError> {
    Commitment::try_from(value).map_err(|_| ChainError::OutOfRange {
        quantity: "a commitment",
        value,
    })
}

fn to_leaf_index(value: U256) -> Result<LeafIndex, ChainError> {
    LeafIndex::try_from(to_u64(value, "a leaf index")?).map_err(|_| ChainError::OutOfRange {
        quantity: "a leaf index",
        value,
    })
}

fn to_root(value: U256) -> Result<Root, ChainError> {
    Root::try_from(value).map_err(|_| ChainError::OutOfRange {
        quantity: "a root",
        value,
    })
}

fn to_u64(value: U256, quantity: &'static str) -> Result<u64, ChainError> {
    u64::try_from(value).map_err(|_| ChainError::OutOfRange { quantity, value })
}
