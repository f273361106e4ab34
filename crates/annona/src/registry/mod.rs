//! Commands of `annona registry`.

mod bench;
mod rebuild;
mod review;
mod revoke;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use annona_bindings::Deployment;
use annona_chain::EvmReader;
use annona_http::SecretUrl;
use annona_rpc::connect;
use anyhow::Context;
use clap::{Args, Subcommand};

use bench::BenchArgs;
use rebuild::RebuildArgs;
use review::{ReviewArgs, ReviewsArgs};
use revoke::RevokeArgs;
use status::StatusArgs;

/// Commands of `annona registry`.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Show the registry as the chain has it and, with --config, what waits for it.
    Status(StatusArgs),
    /// Queue leaves for revocation: single commitments, or all that an orb vouched for.
    ///
    /// The running service proves and sends the batches; without one they wait in the
    /// database. An enrolment that was not appended yet is withdrawn at once. A second
    /// request for the same changes nothing. An orb is struck off: a service with this database takes
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

impl ChainArgs {
    async fn open(&self) -> anyhow::Result<EvmReader> {
        let deployment = Deployment::load(&self.deployment)?;
        let provider = connect(self.rpc_url.expose())?;
        EvmReader::open(provider, deployment)
            .await
            .with_context(|| format!("the registry cannot be read at {}", self.rpc_url))
    }
}

/// Runs a command about the registry.
pub(crate) async fn run(command: RegistryCommand) -> anyhow::Result<ExitCode> {
    match command {
        RegistryCommand::Status(args) => status::run(args).await?,
        RegistryCommand::Revoke(args) => revoke::run(args).await?,
        RegistryCommand::Reviews(args) => review::list(args).await?,
        RegistryCommand::Review(args) => review::decide(args).await?,
        RegistryCommand::Rebuild(args) => rebuild::run(args).await?,
        RegistryCommand::Bench(args) => bench::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
