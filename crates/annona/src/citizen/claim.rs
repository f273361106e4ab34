//! Commands `annona citizen prove` and `annona citizen claim`, and the file that keeps the receipt.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use annona_client::wire::{ClaimStatus, ClaimView, RefusalView};
use annona_client::{ApiClient, ClaimDraft, prepare_claim};
use annona_core::{Epoch, NullifierHash};
use annona_engine::ports::{ChainReader, Checkpoint};
use annona_files::{Audience, FileError, OutputFile, read_text, write_new};
use annona_tree::InclusionProof;
use anyhow::{Context, ensure};
use serde::Deserialize;

use super::direct::{self, GasPayer};
use super::session::Session;
use super::{ClaimArgs, Demand, ProveArgs};
use crate::output::{Format, note};
use crate::promise;

/// Longest file that is taken for a receipt.
const MAX_RECEIPT_BYTES: u64 = 1 << 16;

/// Disk space that is taken for a receipt before the claim is sent.
const RECEIPT_ROOM_BYTES: usize = 4_096;

pub(super) async fn prove(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let demand = &args.demand;
    let mut session = Session::open(&demand.connection).await?;
    let epoch = session.epoch(demand.epoch).await?;
    let draft = if demand.direct {
        draft_direct(&session, demand, epoch).await?
    } else {
        let service = ApiClient::new(demand.connection.service.expose())?;
        draft_with(&mut session, &service, demand, epoch).await?
    };
    let proof = draft.to_semaphore_json();
    Format::from_flag(demand.json).print(&proof, || {
        format!(
            "proved epoch {} for {}: nullifier {}\nNothing was sent; `annona citizen claim` does.",
            draft.epoch, draft.payment.recipient, draft.proof.inputs.nullifier_hash
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn claim(args: &ClaimArgs) -> anyhow::Result<ExitCode> {
    let demand = &args.demand;
    let wait = Duration::from_secs(args.wait_secs);
    // Everything on this machine is looked at before anything is sent.
    let payer = args.key_file.as_deref().map(GasPayer::read).transpose()?;
    let kept = ReceiptFile::begin(args.receipt.as_deref())?;
    let mut session = Session::open(&demand.connection).await?;
    let epoch = session.epoch(demand.epoch).await?;
    let view = match payer {
        Some(payer) => {
            let draft = draft_direct(&session, demand, epoch).await?;
            direct::send(&session.chain, payer, &draft, wait).await?
        }
        None => {
            let service = ApiClient::new(demand.connection.service.expose())?;
            let draft = draft_with(&mut session, &service, demand, epoch).await?;
            let view = hand_in(&mut session, &service, &draft, kept, wait).await?;
            if let (Some(path), Some(refusal)) = (&args.receipt, &view.refusal) {
                keep_refusal(refusal, path)?;
            }
            view
        }
    };
    Format::from_flag(demand.json).print(&view, || describe(&view))?;
    let is_paid = matches!(view.status, ClaimStatus::Final | ClaimStatus::Mined);
    Ok(if is_paid {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn draft_with(
    session: &mut Session,
    service: &ApiClient,
    demand: &Demand,
    epoch: Epoch,
) -> anyhow::Result<ClaimDraft> {
    let checkpoint = session.chain.checkpoint_before(epoch).await?;
    let path = session.path(service, epoch, &checkpoint).await?;
    draft(session, demand, epoch, &checkpoint, path)
}

async fn draft_direct(
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

async fn hand_in(
    session: &mut Session,
    service: &ApiClient,
    draft: &ClaimDraft,
    kept: ReceiptFile,
    wait: Duration,
) -> anyhow::Result<ClaimView> {
    let nullifier = draft.proof.inputs.nullifier_hash;
    kept.check(nullifier, draft.epoch)?;
    session.remember_claim(service, draft.epoch);
    let accepted = service.claim(&draft.to_request()).await?;
    kept.write(session, draft, &accepted)?;
    Ok(service.wait_for_claim(nullifier, wait).await?)
}

/// The file for the service's receipt, begun before the claim is sent (RCPT-6).
enum ReceiptFile {
    NotWanted,
    New(OutputFile<'static>),
    /// There is one. It may be of the same claim, which was sent before.
    Existing(ReceiptOf, FileError),
}

/// The claim of a receipt, whatever else it promises.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptOf {
    nullifier_hash: String,
    epoch: u64,
    #[serde(rename = "signature")]
    _signature: String,
}

impl ReceiptFile {
    fn begin(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::NotWanted);
        };
        match OutputFile::create(path, Audience::Owner) {
            Ok(mut file) => {
                file.reserve(RECEIPT_ROOM_BYTES)?;
                Ok(Self::New(file))
            }
            Err(exists @ FileError::Exists { .. }) => {
                let text = read_text(path, MAX_RECEIPT_BYTES).ok();
                match text.and_then(|text| serde_json::from_str(&text).ok()) {
                    Some(receipt) => Ok(Self::Existing(receipt, exists)),
                    None => Err(exists.into()),
                }
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Refuses a receipt of another claim.
    fn check(&self, nullifier: NullifierHash, epoch: Epoch) -> anyhow::Result<()> {
        if let Self::Existing(receipt, exists) = self {
            let is_same =
                receipt.nullifier_hash == nullifier.to_string() && receipt.epoch == epoch.0;
            ensure!(is_same, "{exists}");
        }
        Ok(())
    }

    /// Writes the receipt down once it is seen to bind the service. The first one of a claim
    /// is the earliest promise and stays.
    fn write(
        self,
        session: &Session,
        draft: &ClaimDraft,
        accepted: &ClaimView,
    ) -> anyhow::Result<()> {
        let Self::New(mut file) = self else {
            return Ok(());
        };
        let Some(view) = &accepted.receipt else {
            note("the service took the claim, and promises nothing about it");
            return Ok(());
        };
        promise::ensure_binding(view, session.chain.deployment(), draft)?;
        file.put((serde_json::to_string_pretty(view)? + "\n").as_bytes())?;
        Ok(file.commit()?)
    }
}

/// Writes the service's reason down beside the receipt. The first one stays.
fn keep_refusal(refusal: &RefusalView, receipt: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(refusal)? + "\n";
    let path = promise::refusal_path(receipt);
    match write_new(&path, Audience::Owner, text.as_bytes()) {
        Err(exists @ FileError::Exists { .. }) => {
            note(format_args!(
                "warning: the reason of the refusal is not kept: {exists}"
            ));
            Ok(())
        }
        kept => Ok(kept?),
    }
}

fn describe(view: &ClaimView) -> String {
    match view.status {
        ClaimStatus::Final | ClaimStatus::Mined => format!(
            "paid: epoch {}, transaction {}",
            view.epoch,
            view.transaction_hash.as_deref().unwrap_or("unknown")
        ),
        _ => format!(
            "not paid: {}",
            view.reason.as_deref().unwrap_or("no reason given")
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::U256;

    use super::*;

    #[test]
    fn a_receipt_is_kept_for_its_own_claim_and_refuses_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt.json");
        let begin = || ReceiptFile::begin(Some(&path));
        assert!(matches!(begin().unwrap(), ReceiptFile::New(_)));
        let nullifier = |number: u64| NullifierHash::try_from(U256::from(number)).unwrap();
        let text = format!(
            r#"{{"nullifierHash": "{}", "epoch": 3, "deadline": 9, "signature": "0x"}}"#,
            nullifier(7)
        );
        std::fs::write(&path, &text).unwrap();
        begin().unwrap().check(nullifier(7), Epoch(3)).unwrap();
        assert!(begin().unwrap().check(nullifier(8), Epoch(3)).is_err());
        assert!(begin().unwrap().check(nullifier(7), Epoch(4)).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, "{}").unwrap();
        assert!(begin().is_err(), "another file");
    }
}
