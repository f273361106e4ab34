//! Commands of `annona relay`, and the status of claims and transactions as the database has it.

mod bench;

use std::path::PathBuf;
use std::process::ExitCode;

use annona_bindings::Deployment;
use annona_engine::ports::{AttemptKind, ClaimRepository, OutboxRepository, Payload, Slot};
use annona_service::assemble::open_store;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::load_config;
use crate::output::Format;
use bench::BenchArgs;

/// Commands of `annona relay`.
#[derive(Debug, Subcommand)]
pub(crate) enum RelayCommand {
    /// Show what waits and what is under way: claims, and every transaction that is not settled.
    Status(StatusArgs),
    /// Measure how many claims a second are accepted and settled: made-up people claim from a
    /// service that is started for it, on a development chain.
    Bench(BenchArgs),
}

/// Arguments of `annona relay status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Configuration of the service, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RelayStatus {
    claims_queued: u64,
    claims_under_way: u64,
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SlotView {
    sender: String,
    nonce: u64,
    purpose: &'static str,
    /// Claims, or people who join or leave.
    members: usize,
    attempts: usize,
    is_cancelled: bool,
    is_mined: bool,
    max_fee_wei: u64,
    newest_transaction: String,
}

/// Runs a command of `annona relay`.
pub(crate) async fn run(command: RelayCommand) -> anyhow::Result<ExitCode> {
    match command {
        RelayCommand::Status(args) => status(args).await?,
        RelayCommand::Bench(args) => bench::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(args: StatusArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    config.require_database()?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(&config, &deployment).await?;
    let claims = ClaimRepository::pending_claims(&store).await?;
    let slots = store.open_slots().await?;
    store.close().await;
    let status = RelayStatus {
        claims_queued: claims.queued,
        claims_under_way: claims.under_way,
        slots: slots.iter().filter_map(view).collect(),
    };
    Format::from_flag(args.json).print(&status, || describe(&status))
}

/// `None` for a slot without an attempt, of which the database has none.
fn view(slot: &Slot) -> Option<SlotView> {
    let newest = slot.attempts.last()?;
    let (purpose, members) = match &slot.payload {
        Payload::Append { enrolments, .. } => ("append", enrolments.len()),
        Payload::Revoke { commitments } => ("revoke", commitments.len()),
        Payload::Claims { nullifiers } => ("claims", nullifiers.len()),
        Payload::GapFiller => ("fill", 0),
    };
    Some(SlotView {
        sender: slot.sender.to_string(),
        nonce: slot.nonce,
        purpose,
        members,
        attempts: slot.attempts.len(),
        is_cancelled: newest.kind == AttemptKind::Cancel,
        is_mined: !slot.state.is_unmined(),
        max_fee_wei: newest.signed.fees.max_fee_wei,
        newest_transaction: newest.signed.hash.to_string(),
    })
}

fn describe(status: &RelayStatus) -> String {
    let mut text = format!(
        "{} claims wait, {} are under way, {} transactions are not settled",
        status.claims_queued,
        status.claims_under_way,
        status.slots.len()
    );
    for slot in &status.slots {
        let state = match (slot.is_mined, slot.is_cancelled) {
            (true, _) => "in a block",
            (false, true) => "being cancelled",
            (false, false) => "in no block",
        };
        text += &format!(
            "\n{} nonce {}: {} of {}, {state}, attempt {} for at most {} wei of gas price, {}",
            slot.sender,
            slot.nonce,
            slot.purpose,
            slot.members,
            slot.attempts,
            slot.max_fee_wei,
            slot.newest_transaction
        );
    }
    text
}
