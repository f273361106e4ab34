//! Payment stages of the demo: everybody proves, claims and is paid, and the balances are compared.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use annona_bindings::contracts::AnnonaToken;
use annona_client::wire::ClaimStatus;
use annona_client::{ClaimDraft, TreeReader, prepare_claim};
use annona_core::{Address, AmountWei, Epoch, Payment};
use annona_engine::ports::{ChainReader, ClaimOutcome, TransactionStatus};
use anyhow::{Context, bail, ensure};

use super::artifacts::Artifacts;
use super::citizens::Citizen;
use super::figures::Figures;
use super::progress::DemoProgress;
use super::world::World;

/// Longest wait for one payment to be final.
const PAYMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// A payment without a fee.
pub(crate) fn payment_to(recipient: Address) -> Payment {
    Payment {
        recipient,
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    }
}

/// Makes the path to `R_e` from tiles, compares it with the chain, proves.
pub(crate) async fn draft(
    world: &World,
    citizen: &Citizen,
    epoch: Epoch,
    payment: Payment,
) -> anyhow::Result<ClaimDraft> {
    let identity = citizen.wallet.identity().clone();
    let checkpoint = world.chain().checkpoint_before(epoch).await?;
    let mut tree = TreeReader::new(world.service(), epoch, checkpoint.member_count);
    let place = tree
        .find(identity.commitment(), None)
        .await?
        .with_context(|| format!("citizen {} is not in the tree", citizen.number))?;
    let path = tree.path(place).await?;
    let on_chain = checkpoint.root;
    let scope = world.deployment().claim_scope();
    let proving = tokio::task::spawn_blocking(move || {
        prepare_claim(
            &identity,
            &path,
            epoch,
            on_chain,
            &scope,
            payment,
            &mut rand::rng(),
        )
    });
    Ok(proving.await.context("the prover stopped")??)
}

/// 4. Everybody proves, claims and is paid.
pub(crate) async fn everybody(
    progress: &mut DemoProgress,
    world: &World,
    people: &[Citizen],
    epoch: Epoch,
    artifacts: Option<&Artifacts>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter(&format!(
        "payment of epoch {epoch}: prove membership, claim, relay"
    ));
    let proving = progress.start_clock();
    let steps = progress.steps(people.len(), "proofs");
    let mut drafts = Vec::with_capacity(people.len());
    for citizen in people {
        let draft = draft(world, citizen, epoch, payment_to(citizen.recipient)).await?;
        world.service().claim(&draft.to_request()).await?;
        drafts.push(draft);
        steps.tick();
    }
    progress.end_steps(
        &steps,
        &format!("{} claims proved and accepted", drafts.len()),
    );
    progress.stop_clock("claim", proving);

    let settling = progress.start_clock();
    let steps = progress.steps(drafts.len(), "payments");
    let mut gas = Vec::with_capacity(drafts.len());
    for (citizen, draft) in people.iter().zip(&drafts) {
        gas.push(settle(world, draft).await?);
        if let Some(artifacts) = artifacts {
            artifacts.keep_claim(citizen.number, draft)?;
        }
        steps.tick();
    }
    figures.claims_paid += u32::try_from(gas.len())?;
    figures.epochs += 1;
    note_gas(figures, &gas);
    let amount = world.chain().epoch_account(epoch).await?.amount;
    progress.end_steps(
        &steps,
        &format!("{} people paid {amount} tokens each", gas.len()),
    );
    progress.stop_clock("settle", settling);
    Ok(())
}

/// Waits for the payment; returns its share of the gas of its transaction.
async fn settle(world: &World, draft: &ClaimDraft) -> anyhow::Result<u64> {
    let nullifier = draft.proof.inputs.nullifier_hash;
    let view = world
        .service()
        .wait_for_claim(nullifier, PAYMENT_TIMEOUT)
        .await?;
    ensure!(
        view.status == ClaimStatus::Final,
        "claim {nullifier} was not paid: {}",
        view.reason.unwrap_or_default()
    );
    let hash: B256 = view
        .transaction_hash
        .context("a paid claim has a transaction")?
        .parse()?;
    let TransactionStatus::Mined(receipt) = world.chain().transaction_status(hash).await? else {
        bail!("transaction {hash}, said to be final, is in no block");
    };
    let is_paid = |told: &&(_, ClaimOutcome)| told.1 == ClaimOutcome::Paid;
    let paid = receipt.claims.iter().filter(is_paid).count() as u64;
    ensure!(paid > 0, "transaction {hash} paid nobody");
    Ok(receipt.gas_used / paid)
}

fn note_gas(figures: &mut Figures, gas: &[u64]) {
    let before = u64::from(figures.claims_paid) - gas.len() as u64;
    let total = figures.gas.claim * before + gas.iter().sum::<u64>();
    figures.gas.claim = total / u64::from(figures.claims_paid).max(1);
    let least = gas.iter().copied().min().unwrap_or_default();
    figures.gas.claim_least = if before == 0 {
        least
    } else {
        figures.gas.claim_least.min(least)
    };
    figures.gas.claim_most = figures
        .gas
        .claim_most
        .max(gas.iter().copied().max().unwrap_or_default());
}

/// Compares each balance with the sum of the amounts of the epochs that were paid.
pub(crate) async fn check_balances(
    progress: &mut DemoProgress,
    world: &World,
    people: &[Citizen],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let current = world.service().current_epoch().await?.epoch;
    let mut due = U256::ZERO;
    for epoch in (current + 1 - u64::from(figures.epochs))..=current {
        due += world.chain().epoch_account(Epoch(epoch)).await?.amount.0;
    }
    let token = AnnonaToken::new(world.deployment().token, world.provider().clone());
    for citizen in people {
        let balance = token.balanceOf(citizen.recipient).call().await?;
        if balance == due {
            figures.balances_right += 1;
        } else {
            progress.say(&format!(
                "   citizen {} has {} instead of {}",
                citizen.number,
                AmountWei(balance),
                AmountWei(due)
            ));
        }
    }
    progress.say(&format!(
        "   balances on the chain: {} of {} people have {} tokens",
        figures.balances_right,
        people.len(),
        AmountWei(due)
    ));
    Ok(())
}
