use std::path::Path;

use annona_chain::{Deployment, DynProvider, EvmReader};
use annona_client::wire::ReceiptView;
use annona_core::Address;
use annona_engine::ports::ChainReader;
use anyhow::{Context, ensure};
use serde::Serialize;

/// What became of a service's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    /// The nullifier is spent: the claim, or another one of the same person, was paid.
    Kept,
    /// The deadline is not over.
    Open,
    /// Not paid by the deadline. The service owes a reason that can be checked.
    Broken,
}

/// What is known of a receipt.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verdict {
    standing: Standing,
    nullifier_hash: String,
    epoch: u64,
    deadline: u64,
    chain_time: u64,
}

impl Verdict {
    pub(super) const fn is_broken(&self) -> bool {
        matches!(self.standing, Standing::Broken)
    }

    pub(super) fn describe(&self) -> String {
        let Self {
            nullifier_hash,
            epoch,
            deadline,
            chain_time,
            ..
        } = self;
        match self.standing {
            Standing::Kept => format!("kept: {nullifier_hash} is paid in epoch {epoch}"),
            Standing::Open => format!(
                "open: {nullifier_hash} is not paid, and {} seconds of the promise are left",
                deadline - chain_time
            ),
            Standing::Broken => format!(
                "broken: {nullifier_hash} is not paid {} seconds after the deadline; ask the service for its reason",
                chain_time - deadline
            ),
        }
    }
}

/// Holds a receipt against the chain.
pub(super) async fn check(
    provider: DynProvider,
    deployment: Deployment,
    path: &Path,
    signer: Address,
) -> anyhow::Result<Verdict> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the receipt {}", path.display()))?;
    let view: ReceiptView =
        serde_json::from_str(&text).with_context(|| format!("{} is no receipt", path.display()))?;
    let signed = view.parse()?;
    let actual = signed.signer(&deployment.claim_scope())?;
    ensure!(
        actual == signer,
        "the receipt is signed by {actual} and not by {signer}, or for another deployment"
    );
    let reader = EvmReader::open(provider, deployment).await?;
    let receipt = signed.receipt;
    let chain_time = reader.head().await?.timestamp;
    let is_spent = reader.is_spent(receipt.epoch, receipt.nullifier_hash);
    let standing = if is_spent.await? {
        Standing::Kept
    } else if chain_time <= receipt.deadline {
        Standing::Open
    } else {
        Standing::Broken
    };
    Ok(Verdict {
        standing,
        nullifier_hash: view.nullifier_hash,
        epoch: receipt.epoch.0,
        deadline: receipt.deadline.0,
        chain_time: chain_time.0,
    })
}
