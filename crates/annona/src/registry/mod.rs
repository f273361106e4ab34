//! Commands of `annona registry`: status, revocation and rebuilding are here, reviews and the bench
//! in modules of their own.

mod bench;
mod review;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use annona_bindings::Deployment;
use annona_chain::EvmReader;
use annona_core::{Address, Commitment, Epoch, OrbId, parse_address};
use annona_engine::ports::{ChainReader, EnrolmentRepository, PendingCounts, RevocationRepository};
use annona_engine::{Membership, MembershipRules, RevocationReason};
use annona_http::SecretUrl;
use annona_rpc::connect;
use annona_service::assemble::open_store;
use annona_service::config::Config;
use annona_service::tree_file::{self, TreeFile};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::load_config;
use crate::orb::now;
use crate::output::Format;
use bench::BenchArgs;
use review::{ReviewArgs, ReviewsArgs};

/// Commands of `annona registry`.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Show the registry as the chain has it and, with --config, what waits for it.
    Status(StatusArgs),
    /// Queue leaves for revocation: single commitments, or all that an orb vouched for.
    ///
    /// The running service proves and sends the batches; without one they wait in the
    /// database. An enrolment that was not appended yet is withdrawn at once. Asked for
    /// twice, it is done once. An orb is struck off: a service with this database takes
    /// nothing from it from then on, and people whom it had enrolled can enrol anew at
    /// once, at another orb.
    Revoke(RevokeArgs),
    /// List the enrolments that an operator has to decide on.
    Reviews(ReviewsArgs),
    /// Decide on an enrolment under review.
    Review(ReviewArgs),
    /// Rebuild the tree from the registry's events alone and compare every root.
    Rebuild(RebuildArgs),
    /// Measure how many people a second are registered: made-up ones, on a development chain
    /// that is started for it.
    Bench(BenchArgs),
}

/// Parameters of the chain.
#[derive(Debug, Args)]
struct ChainArgs {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: SecretUrl,
    /// Deployment file, such as deployment.json.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
}

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

/// Arguments of `annona registry revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Commitments to revoke, each 0x and 64 hexadecimal digits.
    #[arg(
        value_name = "0x…",
        required_unless_present = "orb",
        conflicts_with = "orb"
    )]
    commitments: Vec<Commitment>,
    /// Strike this orb off: refuse it, and revoke all leaves that it vouched for. Do not
    /// wait for the orb registry; propose the change there as well.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    orb: Option<Address>,
    /// Configuration of the service whose database holds the queue, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona registry rebuild`.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Write the tree to this file, which a service reads at its start (`tree` of its
    /// configuration).
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
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

#[derive(Serialize)]
struct Requested {
    commitments: usize,
    requested: u64,
}

#[derive(Serialize)]
struct StruckOff {
    orb: String,
    withdrawn: u64,
    revocations: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rebuilt {
    leaves: u64,
    root: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<PathBuf>,
}

/// Runs a command about the registry.
pub(crate) async fn run(command: RegistryCommand) -> anyhow::Result<ExitCode> {
    match command {
        RegistryCommand::Status(args) => status(args).await?,
        RegistryCommand::Revoke(args) => revoke(args).await?,
        RegistryCommand::Reviews(args) => review::list(args).await?,
        RegistryCommand::Review(args) => review::decide(args).await?,
        RegistryCommand::Rebuild(args) => rebuild(args).await?,
        RegistryCommand::Bench(args) => bench::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn open_chain(args: &ChainArgs) -> anyhow::Result<EvmReader> {
    let deployment = Deployment::load(&args.deployment)?;
    let provider = connect(args.rpc_url.expose())?;
    EvmReader::open(provider, deployment)
        .await
        .with_context(|| format!("the registry cannot be read at {}", args.rpc_url))
}

async fn status(args: StatusArgs) -> anyhow::Result<()> {
    let chain = open_chain(&args.chain).await?;
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

async fn revoke(args: RevokeArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    config.require_database()?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(&config, &deployment).await?;
    let format = Format::from_flag(args.json);
    if let Some(orb) = args.orb {
        let struck = store.strike_off(OrbId(orb), now()).await?;
        store.close().await;
        let answer = StruckOff {
            orb: orb.to_string(),
            withdrawn: struck.withdrawn,
            revocations: struck.revocations,
        };
        return format.print(&answer, || {
            format!(
                "orb {orb} is struck off: {} enrolments withdrawn, {} leaves queued for revocation now",
                struck.withdrawn, struck.revocations
            )
        });
    }
    let requested = store
        .request_revocations(&args.commitments, RevocationReason::Operator, now())
        .await?;
    store.close().await;
    let answer = Requested {
        commitments: args.commitments.len(),
        requested,
    };
    format.print(&answer, || {
        format!(
            "{requested} of {} queued or withdrawn now; the others were before",
            answer.commitments
        )
    })
}

async fn rebuild(args: RebuildArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.out {
        tree_file::check_place(path)?;
    }
    let chain = open_chain(&args.chain).await?;
    let membership = Arc::new(Membership::new(MembershipRules {
        calendar: chain.calendar().await?,
        confirmations: 0,
    }));
    membership
        .sync(&chain)
        .await
        .context("the registry's events do not lead to its roots")?;
    let (built, on_chain) = (membership.state(), chain.registry_state().await?);
    if built != on_chain {
        bail!(
            "the events lead to root {} after {} leaves, the registry has {} after {}; a batch may just have been mined: try again",
            built.root,
            built.next_index,
            on_chain.root,
            on_chain.next_index
        );
    }
    if let Some(path) = &args.out {
        TreeFile::new(path.clone(), chain.deployment(), Arc::clone(&membership)).write()?;
    }
    let rebuilt = Rebuilt {
        leaves: built.next_index,
        root: built.root.to_string(),
        out: args.out,
    };
    Format::from_flag(args.json).print(&rebuilt, || {
        format!(
            "rebuilt from events: {} leaves, root {}, as the registry has it",
            rebuilt.leaves, rebuilt.root
        )
    })
}
