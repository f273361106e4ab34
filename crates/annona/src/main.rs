//! Annona: a basic income for living people, each once per epoch, without knowing who they are.
//!
//! This binary is the command line and the wiring; the work is done in the other crates.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod circuit_keys;
mod citizen;
mod demo;
mod deploy;
mod doctor;
#[cfg(test)]
mod documented;
mod iris;
mod long_work;
mod matching;
mod model;
mod orb;
mod output;
mod outputs;
mod promise;
mod registry;
mod relay;
mod scratch;
mod serve;
mod service_process;
mod signals;
mod zkml;

use std::path::Path;
use std::process::ExitCode;

use annona_service::config::Config;
use clap::{CommandFactory, Parser, Subcommand};

/// A basic income for living people, each once per epoch, without knowing who they are.
///
/// Try `annona demo`: it runs everything, from an eye to money, on this machine.
/// Each command explains itself with --help and speaks to machines with --json.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show all parts at work on this machine: chain, contracts, service, orb, citizens, audit.
    Demo(demo::DemoArgs),
    /// Run the service: enrolments, registry, claims, relay.
    Serve(serve::ServeArgs),
    /// Deploy the contracts and write the deployment file.
    Deploy(deploy::DeployArgs),
    /// Show the registry of members, revoke leaves, decide reviews, rebuild the tree.
    #[command(subcommand)]
    Registry(registry::RegistryCommand),
    /// Change the model that iris templates are made by, and see who has followed.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Show the claims that the relay has under way, and measure how many it pays.
    #[command(subcommand)]
    Relay(relay::RelayCommand),
    /// Enrol people with an orb, and measure the simulated one.
    #[command(subcommand)]
    Orb(orb::OrbCommand),
    /// Make an identity, prove and send claims, and see what was paid.
    #[command(subcommand)]
    Citizen(citizen::CitizenCommand),
    /// Check everything from chain data alone.
    Audit(audit::AuditArgs),
    /// Make and compare iris templates, and measure their error rates.
    #[command(subcommand)]
    Iris(iris::IrisCommand),
    /// Prove that an iris code came from the published model, and check such proofs.
    #[command(subcommand)]
    Zkml(zkml::ZkmlCommand),
    /// Measure how fast the gallery is searched.
    #[command(subcommand)]
    Match(matching::MatchCommand),
    /// Make, list, export and import the keys of the registry's circuits.
    #[command(subcommand)]
    Keys(circuit_keys::KeysCommand),
    /// Check that this machine and a configuration are fit to run the service.
    Doctor(doctor::DoctorArgs),
    /// Print the API's OpenAPI document.
    Openapi,
    /// Clean up behind a process that was killed.
    #[command(hide = true)]
    Caretaker(scratch::CaretakerArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => return output::usage(&message),
    };
    let outcome = match annona_service::config::refuse_unknown_variables(&variables_of_arguments())
    {
        Ok(()) => run(cli.command).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| output::fail(&error))
}

/// Reads the service's configuration.
fn load_config(path: &Path) -> anyhow::Result<Config> {
    Config::load(path, &variables_of_arguments())
}

/// Environment variables that the command line reads by itself.
fn variables_of_arguments() -> Vec<String> {
    let mut variables = Vec::new();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        let named = command.get_arguments().filter_map(clap::Arg::get_env);
        variables.extend(named.map(|name| name.to_string_lossy().into_owned()));
        commands.extend(command.get_subcommands().cloned());
    }
    variables.sort_unstable();
    variables.dedup();
    variables
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Deploy(args) => deploy::run(args).await,
        Command::Registry(command) => registry::run(command).await,
        Command::Model(command) => model::run(command).await,
        Command::Relay(command) => relay::run(command).await,
        Command::Orb(command) => orb::run(command).await,
        Command::Citizen(command) => citizen::run(command).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Match(command) => matching::run(command),
        Command::Iris(command) => iris::run(command).await,
        Command::Zkml(command) => zkml::run(command).await,
        Command::Keys(command) => {
            circuit_keys::run(command)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(args) => doctor::run(args).await,
        Command::Openapi => {
            output::say(serde_json::to_string_pretty(&annona_api::openapi())?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Caretaker(args) => {
            scratch::run(args).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
