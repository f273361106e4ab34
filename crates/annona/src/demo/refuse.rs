//! Refusal stages of the demo: a second claim, a changed recipient, and claims of people outside
//! the tree.

use alloy::primitives::U256;
use annona_bindings::contracts::Distributor;
use annona_bindings::revert_reason;
use annona_chain::PrivateKeySigner;
use annona_client::wire::ClaimRequest;
use annona_client::{ClaimDraft, ClientError, TreeReader, Wallet, prepare_claim};
use annona_core::{Epoch, Payment, RevertReason};
use annona_engine::ports::ChainReader;
use anyhow::{Context, ensure};

use super::citizens::Citizen;
use super::figures::Figures;
use super::pay::{draft, payment_to};
use super::progress::DemoProgress;
use super::world::World;

/// 5a. A paid citizen proves again, to another address: the service refuses, and so does the
/// contract.
pub(crate) async fn second_claim(
    progress: &mut DemoProgress,
    world: &World,
    citizen: &Citizen,
    epoch: Epoch,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter("refusals: what must not be paid");
    let elsewhere = payment_to(PrivateKeySigner::random().address());
    let again = draft(world, citizen, epoch, elsewhere).await?;
    expect_refusal(
        progress,
        world,
        "second claim in the epoch",
        &again.to_request(),
        "nullifier-already-claimed",
        figures,
    )
    .await?;

    figures.claims_offered_falsely += 1;
    match contract_refusal(world, &again).await? {
        Some(RevertReason::NullifierSpent) => {
            progress.say(
                "   second claim sent straight to the contract: refused, the nullifier is spent",
            );
            figures.claims_refused += 1;
        }
        other => progress.say(&format!(
            "   second claim sent straight to the contract: NOT refused as spent ({other:?})"
        )),
    }
    Ok(())
}

/// 5b. Somebody in between puts in another recipient.
pub(crate) async fn changed_recipient(
    progress: &mut DemoProgress,
    world: &World,
    citizen: &Citizen,
    epoch: Epoch,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let honest = draft(world, citizen, epoch, payment_to(citizen.recipient)).await?;
    let thief = PrivateKeySigner::random().address();
    let stolen = ClaimDraft {
        payment: Payment {
            recipient: thief,
            ..honest.payment
        },
        ..honest
    };
    expect_refusal(
        progress,
        world,
        "claim with a changed recipient",
        &stolen.to_request(),
        "claim-proof-invalid",
        figures,
    )
    .await
}

/// 5c. Somebody who never enrolled.
pub(crate) async fn stranger(
    progress: &mut DemoProgress,
    world: &World,
    epoch: Epoch,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let wallet = world.new_wallet("stranger")?;
    let what = "claim by someone never enrolled";
    outsider(progress, world, &wallet, what, epoch, figures).await
}

/// Somebody whose leaf is not in the tree: a path of their own making proves another root.
pub(crate) async fn outsider(
    progress: &mut DemoProgress,
    world: &World,
    wallet: &Wallet,
    what: &str,
    epoch: Epoch,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let identity = wallet.identity();
    let checkpoint = world.chain().checkpoint_before(epoch).await?;
    let place = TreeReader::new(world.service(), epoch, checkpoint.member_count)
        .find(identity.commitment(), None)
        .await?;
    ensure!(place.is_none(), "an outsider is in the tree");

    let mut tree = annona_tree::MembershipTree::default();
    let own_root = tree.append(&[identity.commitment()])?;
    let index = tree
        .leaf_index(identity.commitment())
        .context("a leaf just appended has an index")?;
    let path = tree.current().proof(index);
    let scope = world.deployment().claim_scope();
    let payment = payment_to(PrivateKeySigner::random().address());
    let forged = prepare_claim(
        identity,
        &path,
        epoch,
        own_root,
        &scope,
        payment,
        &mut rand::rng(),
    )?;
    expect_refusal(
        progress,
        world,
        what,
        &forged.to_request(),
        "claim-proof-invalid",
        figures,
    )
    .await
}

async fn expect_refusal(
    progress: &mut DemoProgress,
    world: &World,
    what: &str,
    request: &ClaimRequest,
    code: &str,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    figures.claims_offered_falsely += 1;
    match world.service().claim(request).await {
        Err(refusal @ ClientError::Refused(_)) if refusal.code() == Some(code) => {
            progress.say(&format!("   {what}: refused, {refusal}"));
            figures.claims_refused += 1;
            Ok(())
        }
        Err(ClientError::Refused(problem)) => {
            progress.say(&format!(
                "   {what}: refused with {} instead of {code}",
                problem.code
            ));
            Ok(())
        }
        Err(other) => Err(other.into()),
        Ok(_) => {
            progress.say(&format!("   {what}: NOT refused"));
            Ok(())
        }
    }
}

/// Returns the contract's reason against a claim sent by anyone, without the service.
async fn contract_refusal(
    world: &World,
    draft: &ClaimDraft,
) -> anyhow::Result<Option<RevertReason>> {
    let distributor = Distributor::new(world.deployment().distributor, world.provider().clone());
    let outcome = distributor
        .claim(
            U256::from(draft.epoch.0),
            draft.proof.inputs.nullifier_hash.to_u256(),
            draft.payment.recipient,
            draft.payment.fee_recipient,
            draft.payment.fee.0,
            *draft.proof.points.coordinates(),
        )
        .call()
        .await;
    match outcome {
        Ok(_) => Ok(None),
        Err(error) => match error.as_revert_data() {
            Some(data) => Ok(Some(revert_reason(&data))),
            None => Err(error.into()),
        },
    }
}
