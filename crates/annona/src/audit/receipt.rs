//! Checks a receipt, and a refusal if there is one, against the chain, and describes the verdict.

mod evidence;
mod judgement;

use std::path::Path;

use annona_bindings::Deployment;
use annona_chain::{DynProvider, EvmReader};
use annona_client::wire::{ReceiptView, RefusalView};
use annona_core::{Address, SignedReceipt, SignedRefusal};
use annona_engine::ClaimRejection;
use annona_files::read_text;
use anyhow::{Context, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use judgement::{PromiseVerdict, judge};

/// Longest file that is taken for a receipt or a refusal.
const MAX_FILE_BYTES: u64 = 1 << 16;

/// Files of the holder of a receipt.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReceiptFiles<'a> {
    pub(super) receipt: &'a Path,
    /// The service's reason, if it refused later.
    pub(super) refusal: Option<&'a Path>,
}

/// Verdict on a receipt, with the facts that it rests on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptVerdict {
    standing: &'static str,
    /// Stable code of the cause, for a promise that is excused or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    nullifier_hash: String,
    epoch: u64,
    recipient: String,
    taken_at: u64,
    deadline: u64,
    /// Time of the block with the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<u64>,
    chain_time: u64,
    #[serde(skip)]
    needs_attention: bool,
}

impl ReceiptVerdict {
    /// Returns whether the service broke its word, or the money went another way than was
    /// promised.
    pub(super) const fn needs_attention(&self) -> bool {
        self.needs_attention
    }

    pub(super) fn describe(&self) -> String {
        let (nullifier, epoch) = (&self.nullifier_hash, self.epoch);
        let (deadline, now) = (self.deadline, self.chain_time);
        let late_secs = self.paid_at.unwrap_or(now).saturating_sub(deadline);
        let cause = self.cause.unwrap_or("unknown");
        let text = match self.standing {
            "kept" => format!("{nullifier} was paid in epoch {epoch}, in time"),
            "open" => format!(
                "{nullifier} is not paid; {} seconds of the promise are left, besides any pause",
                deadline.saturating_sub(now)
            ),
            "late" => format!("{nullifier} was paid {late_secs} seconds after the deadline"),
            "paid-otherwise" => format!(
                "{nullifier} was paid in epoch {epoch}, but not as the receipt says: to another recipient or for another fee than {}",
                self.recipient
            ),
            "excused" => format!(
                "{nullifier} was not paid in time, for a cause on the chain that is not the service's ({cause})"
            ),
            "refused" => format!(
                "{nullifier} is not paid; the service says why ({cause}), and the chain bears it out"
            ),
            _ => format!(
                "{nullifier} is not paid {late_secs} seconds after the deadline, and nothing on the chain says why"
            ),
        };
        format!("{}: {text}", self.standing)
    }
}

/// Holds a receipt against the chain.
pub(super) async fn check(
    provider: DynProvider,
    deployment: Deployment,
    files: ReceiptFiles<'_>,
    signer: Option<Address>,
) -> anyhow::Result<ReceiptVerdict> {
    let signer = signer.unwrap_or(deployment.receipt_signer);
    let (signed, refused) = read(&files, &deployment, signer)?;
    let reader = EvmReader::open(provider, deployment).await?;
    let refusal = refused.map(|signed| signed.refusal);
    let receipt = signed.receipt;
    let evidence = evidence::gather(&reader, &receipt, refusal.as_ref()).await?;
    let stated = refusal.and_then(|refusal| ClaimRejection::from_code(&refusal.reason));
    let standing = judge(&receipt, stated, &evidence);
    Ok(ReceiptVerdict {
        standing: standing.code(),
        cause: match standing {
            PromiseVerdict::Excused(cause) => Some(cause.code()),
            PromiseVerdict::Refused(reason) => Some(reason.code()),
            _ => None,
        },
        nullifier_hash: receipt.terms.nullifier_hash.to_string(),
        epoch: receipt.terms.epoch.0,
        recipient: receipt.terms.payment.recipient.to_string(),
        taken_at: receipt.taken_at.0,
        deadline: receipt.deadline.0,
        paid_at: evidence.paid.map(|paid| paid.at.0),
        chain_time: evidence.now.0,
        needs_attention: standing.needs_attention(),
    })
}

/// A receipt, and a refusal of the same claim if there is one, each signed by `signer`.
fn read(
    files: &ReceiptFiles<'_>,
    deployment: &Deployment,
    signer: Address,
) -> anyhow::Result<(SignedReceipt, Option<SignedRefusal>)> {
    let scope = deployment.claim_scope();
    let receipt = read_json::<ReceiptView>(files.receipt, "receipt")?.parse()?;
    let actual = receipt.signer(&scope)?;
    ensure!(
        actual == signer,
        "the receipt is signed by {actual} and not by {signer}, or for another deployment"
    );
    let Some(path) = files.refusal else {
        return Ok((receipt, None));
    };
    let refusal = read_json::<RefusalView>(path, "refusal")?.parse()?;
    let actual = refusal.signer(&scope)?;
    ensure!(
        actual == signer,
        "the refusal is signed by {actual} and not by {signer}, or for another deployment"
    );
    ensure!(
        refusal.refusal.terms == receipt.receipt.terms,
        "the refusal is about another claim than the receipt"
    );
    Ok((receipt, Some(refusal)))
}

fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    let text = read_text(path, MAX_FILE_BYTES)?;
    serde_json::from_str(&text).with_context(|| format!("{} is no {what}", path.display()))
}
