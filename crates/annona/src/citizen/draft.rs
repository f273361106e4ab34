//! Claims with their proofs, before they are sent.

use annona_client::{ApiClient, ClaimDraft, prepare_claim};
use annona_core::Epoch;
use annona_engine::ports::{ChainReader, Checkpoint};
use annona_tree::InclusionProof;
use anyhow::Context;

use super::session::Session;
use super::{Demand, direct};

/// Proves a claim with the path that a service gives.
pub(super) async fn draft_with(
    session: &mut Session,
    service: &ApiClient,
    demand: &Demand,
    epoch: Epoch,
) -> anyhow::Result<ClaimDraft> {
    let checkpoint = session.chain.checkpoint_before(epoch).await?;
    let path = session.path(service, epoch, &checkpoint).await?;
    draft(session, demand, epoch, &checkpoint, path)
}

/// Proves a claim with the path that the chain's events lead to.
pub(super) async fn draft_direct(
    session: &Session,
    demand: &Demand,
    epoch: Epoch,
) -> anyhow::Result<ClaimDraft> {
    let checkpoint = session.chain.checkpoint_before(epoch).await?;
    let commitment = session.wallet.identity().commitment();
    let path = direct::path(&session.chain, session.calendar, epoch, commitment).await?;
    draft(session, demand, epoch, &checkpoint, path)
}

fn draft(
    session: &Session,
    demand: &Demand,
    epoch: Epoch,
    checkpoint: &Checkpoint,
    path: Option<InclusionProof>,
) -> anyhow::Result<ClaimDraft> {
    let path = path.with_context(|| {
        format!(
            "you are not in the tree of epoch {epoch}; who enrols is paid from the next epoch on"
        )
    })?;
    Ok(prepare_claim(
        session.wallet.identity(),
        &path,
        epoch,
        checkpoint.root,
        &session.scope(),
        demand.payment(),
        &mut rand::rng(),
    )?)
}
