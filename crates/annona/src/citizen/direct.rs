//! A claim without any service.

use std::path::Path;
use std::time::Duration;

use alloy::providers::Provider;
use annona_chain::{EvmReader, EvmWriter, PrivateKeySigner, SenderKeys};
use annona_client::ClaimDraft;
use annona_client::wire::{ClaimStatus, ClaimView};
use annona_core::{
    Address, AmountWei, B256, Claim, ClaimCalendar, Commitment, Epoch, LeafIndex, RevertReason,
    U256,
};
use annona_engine::ports::{
    ChainError, ChainReader, ChainWriter, ClaimOutcome, Fees, Receipt, SignedTransaction,
    TransactionStatus, TxSlot,
};
use annona_engine::{Membership, MembershipRules};
use annona_service::account_keys;
use annona_tree::InclusionProof;
use anyhow::{Context, anyhow, bail, ensure};

use crate::output::note;

/// Pause between two looks at a transaction under way.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Base fees that are offered: the base fee rises by an eighth a block at most, so that six
/// full blocks do not overtake it.
const BASE_FEES_OFFERED: u64 = 2;

/// Gas that a claim is given (`EvmWriter`).
const GAS: u64 = 375_000;

/// The account that sends a claim and pays its gas.
pub(super) struct GasPayer(PrivateKeySigner);

impl GasPayer {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        account_keys::read(path).map(Self)
    }
}

/// The path of a commitment in the tree of an epoch, from the registry's events alone (REG-6).
pub(super) async fn path(
    chain: &EvmReader,
    calendar: ClaimCalendar,
    epoch: Epoch,
    commitment: Commitment,
) -> anyhow::Result<Option<InclusionProof>> {
    note("reading the members from the chain's events ...");
    let membership = Membership::new(MembershipRules {
        calendar,
        confirmations: 0,
    });
    membership
        .sync(chain)
        .await
        .context("the registry's events do not lead to its roots; try another endpoint")?;
    let tree = membership.tree_of(epoch).with_context(|| {
        format!(
            "the registry's events do not lead to the root of epoch {epoch}; try another endpoint"
        )
    })?;
    let leaf = commitment.to_field();
    let place = (0..tree.version.leaf_count())
        .filter_map(|index| LeafIndex::try_from(index).ok())
        .find(|index| tree.version.leaf(*index) == leaf);
    Ok(place.map(|place| tree.version.proof(place)))
}

/// Sends a claim to the contract and waits until it is in a block (CLAIM-14).
pub(super) async fn send(
    chain: &EvmReader,
    payer: GasPayer,
    draft: &ClaimDraft,
    wait: Duration,
) -> anyhow::Result<ClaimView> {
    let sender = payer.0.address();
    let keys = SenderKeys {
        sequencer: payer.0.clone(),
        relay: vec![payer.0],
    };
    let writer = EvmWriter::new(chain.clone(), keys);
    let claim = Claim {
        epoch: draft.epoch,
        nullifier_hash: draft.proof.inputs.nullifier_hash,
        payment: draft.payment,
        points: draft.proof.points,
    };
    let signed = sign(chain, &writer, sender, &claim).await?;
    note(format_args!(
        "sending transaction {} of {sender} ...",
        signed.hash
    ));
    let receipt = tokio::time::timeout(wait, settle(chain, &writer, &signed))
        .await
        .map_err(|_| {
            anyhow!(
                "transaction {} was not in a block within {} seconds, and may still be taken: look with `annona citizen status` before you claim again",
                signed.hash,
                wait.as_secs()
            )
        })??;
    judge(&claim, signed.hash, &receipt)
}

async fn sign(
    chain: &EvmReader,
    writer: &EvmWriter,
    sender: Address,
    claim: &Claim,
) -> anyhow::Result<SignedTransaction> {
    let market = writer.fee_market().await?;
    let offered = market.base_fee_wei.saturating_mul(BASE_FEES_OFFERED);
    let tx_slot = TxSlot {
        sender,
        nonce: chain.account_nonce(sender).await?,
        fees: Fees {
            max_fee_wei: offered.saturating_add(market.priority_fee_wei),
            priority_fee_wei: market.priority_fee_wei,
        },
    };
    let balance = chain.provider().get_balance(sender).await?;
    let needed = U256::from(tx_slot.fees.max_fee_wei) * U256::from(GAS);
    ensure!(
        balance >= needed,
        "the account {sender} has {} coins, and a node asks for {} before it takes a claim, most of which is not spent; send it some and claim again",
        AmountWei(balance),
        AmountWei(needed)
    );
    let signed = writer
        .sign_claims(&tx_slot, std::slice::from_ref(claim))
        .await;
    signed.map_err(|error| refusal(claim.epoch, error))
}

/// Says why the contract refuses, and what can be done.
fn refusal(epoch: Epoch, error: ChainError) -> anyhow::Error {
    let ChainError::Reverted(reason) = error else {
        return error.into();
    };
    let text = match reason {
        RevertReason::NullifierSpent => {
            format!(
                "epoch {epoch} is paid to you already; `annona citizen status` shows the transaction"
            )
        }
        RevertReason::Paused => {
            "payments are paused; nothing was sent, try again when they go on".to_owned()
        }
        RevertReason::NothingToPay => {
            format!("epoch {epoch} has no money yet; nothing was sent, try again later")
        }
        RevertReason::CensusExceeded => format!(
            "epoch {epoch} has paid as many claims as it has members, so forged ones were among them; nothing was sent"
        ),
        RevertReason::FeeAboveAmount => {
            "the fee is more than the claim is paid; name a smaller --fee".to_owned()
        }
        RevertReason::InvalidRecipient => {
            "the contract does not pay this recipient or fee recipient; name another address"
                .to_owned()
        }
        other => format!("the contract refuses the claim, nothing was sent: {other}"),
    };
    anyhow!(text)
}

/// Hands the transaction to the node until a block has it. The same bytes again are the
/// same transaction.
async fn settle(
    chain: &EvmReader,
    writer: &EvmWriter,
    signed: &SignedTransaction,
) -> anyhow::Result<Receipt> {
    let mut failure = None;
    loop {
        match chain.transaction_status(signed.hash).await {
            Ok(TransactionStatus::Mined(receipt)) => return Ok(receipt),
            Ok(TransactionStatus::Pending) => {}
            Ok(TransactionStatus::Unknown) => {
                check_place(chain, signed).await?;
                match writer.broadcast(&signed.raw).await {
                    Ok(()) => {}
                    // Another failure than a lost answer would come again and again.
                    Err(error) if !error.is_retryable() => return Err(error.into()),
                    Err(error) => warn_once(&mut failure, &error),
                }
            }
            Err(error) => warn_once(&mut failure, &error),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Refuses to wait for a transaction whose nonce another one has taken.
async fn check_place(chain: &EvmReader, signed: &SignedTransaction) -> anyhow::Result<()> {
    let Ok(mined) = chain.account_nonce(signed.sender).await else {
        return Ok(());
    };
    if mined <= signed.nonce {
        return Ok(());
    }
    // It may have come into a block between the two looks.
    match chain.transaction_status(signed.hash).await {
        Ok(TransactionStatus::Unknown) => bail!(
            "another transaction of the account {} took the place of the claim's; claim again",
            signed.sender
        ),
        _ => Ok(()),
    }
}

fn warn_once(failure: &mut Option<String>, error: &ChainError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let text = format!("{error}: {}", cause.unwrap_or_default());
    if failure.as_ref() != Some(&text) {
        note(format_args!(
            "warning: {text}; the claim may have been taken, asking again ..."
        ));
        *failure = Some(text);
    }
}

fn judge(claim: &Claim, hash: B256, receipt: &Receipt) -> anyhow::Result<ClaimView> {
    let is_paid = receipt
        .claims
        .contains(&(claim.nullifier_hash, ClaimOutcome::Paid));
    ensure!(
        receipt.succeeded && is_paid,
        "transaction {hash} is in block {} and paid nothing: something changed while it was under way; claim again to learn what",
        receipt.block_number
    );
    Ok(ClaimView {
        nullifier_hash: claim.nullifier_hash.to_string(),
        epoch: claim.epoch.0,
        status: ClaimStatus::Mined,
        transaction_hash: Some(hash.to_string()),
        reason: None,
        receipt: None,
        refusal: None,
    })
}
