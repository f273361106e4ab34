//! Commands of `annona model`: the change of the model that templates are made by.

mod date;
mod status;
mod upgrade;

use std::process::ExitCode;

use annona_bindings::Deployment;
use annona_service::assemble::open_store;
use annona_service::config::Config;
use annona_store::SqliteStore;
use clap::Subcommand;

pub(crate) use date::day_of;
use status::StatusArgs;
use upgrade::UpgradeArgs;

/// Commands of `annona model`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Publish a new model: people replace their templates from home, without a visit to an orb.
    ///
    /// From then on orbs send codes by both models, and newcomers are compared with everybody under
    /// the model of each one's templates. Until the date people prove their new codes at home
    /// (`annona citizen upgrade`); afterwards they need a visit. The model has to be one whose
    /// circuit this program pins. The same change again can only move its date to a later one.
    Upgrade(UpgradeArgs),
    /// Show the change that is under way, and who is left under the old model.
    Status(StatusArgs),
}

/// Runs a command about models.
pub(crate) async fn run(command: ModelCommand) -> anyhow::Result<ExitCode> {
    match command {
        ModelCommand::Upgrade(args) => upgrade::run(args).await?,
        ModelCommand::Status(args) => status::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the database of a service.
async fn open(config: &Config) -> anyhow::Result<(SqliteStore, Deployment)> {
    config.require_database()?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(config, &deployment).await?;
    Ok((store, deployment))
}
