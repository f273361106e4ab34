//! `annona citizen claim`: a claim proved and sent.

use std::process::ExitCode;
use std::time::Duration;

use annona_client::wire::{ClaimStatus, ClaimView};
use annona_client::{ApiClient, ClaimDraft};

use super::ClaimArgs;
use super::direct::{self, GasPayer};
use super::draft::{draft_direct, draft_with};
use super::receipt_file::{ReceiptFile, keep_refusal};
use super::session::Session;
use crate::output::Format;

/// Proves the claim, sends it and waits for the payment.
pub(super) async fn run(args: &ClaimArgs) -> anyhow::Result<ExitCode> {
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
