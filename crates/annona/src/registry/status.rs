//! `annona registry status`: the registry as the chain has it, and the queues before it.

use std::path::PathBuf;

use annona_bindings::Deployment;
use annona_core::Epoch;
use annona_engine::ports::{ChainReader, EnrolmentRepository, PendingCounts, RevocationRepository};
use annona_service::assemble::open_store;
use annona_service::config::Config;
use clap::Args;
use serde::Serialize;

use super::ChainArgs;
use crate::load_config;
use crate::output::Format;

/// Arguments of `annona registry status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Configuration of the service, such as annona.toml, to show what waits in its database.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistryStatus {
    block: u64,
    epoch: u64,
    root: String,
    leaves: u64,
    members: u64,
    enrolled_in_epoch: u64,
    epoch_enrolment_cap: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
}

/// Numbers of a queue.
#[derive(Serialize)]
struct Counts {
    queued: u64,
    submitted: u64,
}

impl From<PendingCounts> for Counts {
    fn from(pending: PendingCounts) -> Self {
        Self {
            queued: pending.queued,
            submitted: pending.under_way,
        }
    }
}

#[derive(Serialize)]
struct Waiting {
    enrolments: Counts,
    revocations: Counts,
}

/// Reads the registry, and the database of a service.
pub(super) async fn run(args: StatusArgs) -> anyhow::Result<()> {
    let chain = args.chain.open().await?;
    let head = chain.head().await?;
    let epoch = chain.calendar().await?.clock.epoch_at(head.timestamp)?;
    let state = chain.registry_state().await?;
    let census = chain.census(epoch).await?;
    let waiting = match &args.config {
        Some(path) => Some(waiting(&load_config(path)?).await?),
        None => None,
    };
    let status = RegistryStatus {
        block: head.number,
        epoch: epoch.0,
        root: state.root.to_string(),
        leaves: state.next_index,
        members: census.members,
        enrolled_in_epoch: census.enrolled,
        epoch_enrolment_cap: census.enrolment_cap,
        waiting,
    };
    Format::from_flag(args.json).print(&status, || describe(&status, epoch))
}

async fn waiting(config: &Config) -> anyhow::Result<Waiting> {
    config.require_database()?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(config, &deployment).await?;
    Ok(Waiting {
        enrolments: store.pending_enrolments().await?.into(),
        revocations: store.pending_revocations().await?.into(),
    })
}

fn describe(status: &RegistryStatus, epoch: Epoch) -> String {
    let mut text = format!(
        "block {}, epoch {epoch}\nroot {}\n{} members on {} leaves; {} of at most {} joined in this epoch",
        status.block,
        status.root,
        status.members,
        status.leaves,
        status.enrolled_in_epoch,
        status.epoch_enrolment_cap
    );
    if let Some(Waiting {
        enrolments,
        revocations,
    }) = &status.waiting
    {
        text += &format!(
            "\nwaiting: {} enrolments ({} more are submitted), {} revocations ({} more are submitted)",
            enrolments.queued, enrolments.submitted, revocations.queued, revocations.submitted
        );
    }
    text
}
