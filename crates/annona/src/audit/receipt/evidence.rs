//! Reads the outcome of one claim from the chain.

use alloy::consensus::BlockHeader;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::network::TransactionBuilder;
use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log, TransactionRequest};
use alloy::sol_types::{SolCall, SolEvent};
use alloy::transports::TransportError;
use annona_bindings::contracts::{AnnonaToken, Distributor};
use annona_chain::EvmReader;
use annona_core::{
    Address, AmountWei, ClaimReceipt, ClaimRefusal, ClaimTerms, Epoch, Payment, U256, UnixSeconds,
};
use annona_engine::ports::{BlockHead, ChainReader};
use annona_rpc::{LogReader, is_revert};
use anyhow::Context;

use super::judgement::{Evidence, Paid, Pause};

/// `SkipReason.TransferFailed` of the distributor.
const TRANSFER_FAILED: u8 = 1;

/// Looks at everything that a judgement needs, up to the newest block (RCPT-5).
pub(super) async fn gather(
    reader: &EvmReader,
    receipt: &ClaimReceipt,
    refusal: Option<&ClaimRefusal>,
) -> anyhow::Result<Evidence> {
    let terms = &receipt.terms;
    let head = reader.head().await?;
    let calendar = reader.calendar().await?;
    let checkpoint = reader.checkpoint_before(terms.epoch).await?;
    let account = reader.epoch_account(terms.epoch).await?;
    let chain = Chain { reader, head };
    let since = chain.first_block_at(receipt.taken_at).await?;
    let is_spent = reader.is_spent(terms.epoch, terms.nullifier_hash).await?;
    let of_claim = chain.events_of_claim(terms, since).await?;
    let paid = chain.payment(&of_claim).await?;
    anyhow::ensure!(
        paid.is_some() || !is_spent,
        "the contract says that {} is paid, and the endpoint shows no payment since block {since}: use one that keeps all logs",
        terms.nullifier_hash
    );
    let was_skipped = of_claim.iter().any(is_failed_transfer);
    Ok(Evidence {
        now: head.timestamp,
        root: checkpoint.root,
        window_ends: calendar.window_end(terms.epoch),
        paid,
        pauses: chain.pauses(receipt.taken_at, since).await?,
        amount: account.is_opened.then_some(account.amount),
        is_without_money: !account.is_opened && chain.cannot_open(terms.epoch).await?,
        is_census_reached: account.claimed >= checkpoint.member_count,
        is_recipient_refused: was_skipped
            || paid.is_none() && chain.refuses_payees(terms, refusal).await?,
    })
}

struct Chain<'a> {
    reader: &'a EvmReader,
    head: BlockHead,
}

impl Chain<'_> {
    /// The first block whose time is `time` or later; blocks before it know nothing of what
    /// happened since.
    async fn first_block_at(&self, time: UnixSeconds) -> anyhow::Result<u64> {
        let mut low = self.reader.deployment_block();
        let mut high = self.head.number;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.time_of(middle).await? < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    async fn time_of(&self, block: u64) -> anyhow::Result<UnixSeconds> {
        let number = BlockNumberOrTag::Number(block);
        let read = self.reader.provider().get_block_by_number(number).await?;
        let read = read.with_context(|| format!("the endpoint does not have block {block}"))?;
        Ok(UnixSeconds(read.header.timestamp()))
    }

    async fn time_of_log(&self, log: &Log) -> anyhow::Result<UnixSeconds> {
        if let Some(time) = log.block_timestamp {
            return Ok(UnixSeconds(time));
        }
        let block = log
            .block_number
            .context("the endpoint sent a log of no block")?;
        self.time_of(block).await
    }

    async fn logs(&self, filter: Filter, since: u64) -> Result<Vec<Log>, TransportError> {
        let filter = filter.address(self.reader.deployment().distributor);
        let logs = LogReader::new(self.reader.provider().clone());
        logs.read(&filter, since, self.head.number).await
    }

    async fn events_of_claim(&self, terms: &ClaimTerms, since: u64) -> anyhow::Result<Vec<Log>> {
        let filter = Filter::new()
            .event_signature(vec![
                Distributor::Claimed::SIGNATURE_HASH,
                Distributor::FeePaid::SIGNATURE_HASH,
                Distributor::ClaimSkipped::SIGNATURE_HASH,
            ])
            .topic1(B256::from(U256::from(terms.epoch.0)))
            .topic2(B256::from(terms.nullifier_hash.to_u256()));
        Ok(self.logs(filter, since).await?)
    }

    async fn payment(&self, events: &[Log]) -> anyhow::Result<Option<Paid>> {
        let claimed = events.iter().find_map(|log| {
            let event = log.log_decode::<Distributor::Claimed>().ok()?;
            Some((log, event.inner.data.recipient))
        });
        let Some((log, recipient)) = claimed else {
            return Ok(None);
        };
        let fee = events.iter().find_map(|log| {
            let event = log.log_decode::<Distributor::FeePaid>().ok()?.inner.data;
            Some((event.feeRecipient, AmountWei(event.fee)))
        });
        let (fee_recipient, fee) = fee.unwrap_or((Address::ZERO, AmountWei::ZERO));
        Ok(Some(Paid {
            at: self.time_of_log(log).await?,
            payment: Payment {
                recipient,
                fee_recipient,
                fee,
            },
        }))
    }

    /// No claim is taken during a pause, so that a pause which ends first began at once.
    async fn pauses(&self, taken_at: UnixSeconds, since: u64) -> anyhow::Result<Vec<Pause>> {
        let filter = Filter::new().event_signature(vec![
            Distributor::Paused::SIGNATURE_HASH,
            Distributor::Unpaused::SIGNATURE_HASH,
        ]);
        let mut pauses: Vec<Pause> = Vec::new();
        for log in self.logs(filter, since).await? {
            let at = self.time_of_log(&log).await?;
            if log.topic0() == Some(&Distributor::Paused::SIGNATURE_HASH) {
                pauses.push(Pause { from: at, to: None });
                continue;
            }
            match pauses.last_mut().filter(|pause| pause.to.is_none()) {
                Some(pause) => pause.to = Some(at),
                None => pauses.push(Pause {
                    from: taken_at,
                    to: Some(at),
                }),
            }
        }
        Ok(pauses)
    }

    /// Returns whether nobody can open the epoch now, which is so when there is no money for it.
    async fn cannot_open(&self, epoch: Epoch) -> anyhow::Result<bool> {
        let call = Distributor::openEpochCall {
            epoch: U256::from(epoch.0),
        };
        let request = TransactionRequest::default()
            .with_to(self.reader.deployment().distributor)
            .with_input(call.abi_encode());
        self.is_reverted(request, BlockId::latest()).await
    }

    /// Returns whether a payee is one that would lose the money, or one that the token refuses
    /// to pay: now, or in the block of the refusal, if the endpoint still has its state.
    async fn refuses_payees(
        &self,
        terms: &ClaimTerms,
        refusal: Option<&ClaimRefusal>,
    ) -> anyhow::Result<bool> {
        let deployment = self.reader.deployment();
        let Payment {
            recipient,
            fee_recipient,
            fee,
        } = terms.payment;
        let lost = [Address::ZERO, deployment.token, deployment.distributor];
        let fee_payee = (fee > AmountWei::ZERO).then_some(fee_recipient);
        let payees: Vec<Address> = std::iter::once(recipient).chain(fee_payee).collect();
        if payees.iter().any(|payee| lost.contains(payee)) {
            return Ok(true);
        }
        for payee in payees {
            if self.refuses(payee, refusal).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether the token lets nothing through to `payee`, now or in the block of
    /// `refusal`.
    async fn refuses(
        &self,
        payee: Address,
        refusal: Option<&ClaimRefusal>,
    ) -> anyhow::Result<bool> {
        let deployment = self.reader.deployment();
        let call = AnnonaToken::transferCall {
            to: payee,
            value: U256::ZERO,
        };
        let request = TransactionRequest::default()
            .with_from(deployment.distributor)
            .with_to(deployment.token)
            .with_input(call.abi_encode());
        if let Some(refusal) = refusal {
            let then = BlockId::number(refusal.block_number);
            if self.is_reverted(request.clone(), then).await? {
                return Ok(true);
            }
        }
        self.is_reverted(request, BlockId::latest()).await
    }

    /// Returns whether a call reverts; a node that cannot answer for the block is no revert.
    async fn is_reverted(&self, request: TransactionRequest, at: BlockId) -> anyhow::Result<bool> {
        match self.reader.provider().call(request).block(at).await {
            Ok(_) => Ok(false),
            Err(error) => match error.as_error_resp() {
                Some(answer) => Ok(is_revert(answer)),
                None => Err(error.into()),
            },
        }
    }
}

fn is_failed_transfer(log: &Log) -> bool {
    let event = log.log_decode::<Distributor::ClaimSkipped>();
    event.is_ok_and(|event| event.inner.data.reason == TRANSFER_FAILED)
}
