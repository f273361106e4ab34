//! Commands of `annona citizen`: the arguments of all of them, and the making of a wallet.

mod claim;
mod direct;
mod draft;
mod package;
mod paid;
mod prove;
mod receipt_file;
mod session;
mod status;
mod upgrade;
mod visit;

use std::path::PathBuf;
use std::process::ExitCode;

use annona_client::Wallet;
use annona_core::{Address, AmountWei, Payment, U256, parse_address};
use annona_http::SecretUrl;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::output::Format;

/// Commands of `annona citizen`.
#[derive(Debug, Subcommand)]
pub(crate) enum CitizenCommand {
    /// Make an identity: a secret on this device, and the commitment to show to an orb.
    New(NewArgs),
    /// Make a visit code to show to an orb (`annona orb enrol --qr-text`), and keep its secret.
    ///
    /// The code is good for 90 seconds. With the secret you then fetch what the orb hands you:
    /// your irises, encrypted for this visit (`annona citizen package`).
    Visit(visit::VisitArgs),
    /// Fetch your irises after a visit to an orb, and have the service delete its copy.
    ///
    /// The orb encrypts them for the key of the visit code, with the salts of its commitments and
    /// its signed statement; the service keeps the ciphertext for a week. They are checked
    /// against the statement, and written into a new folder that only you can read: left.package
    /// and right.package for `annona zkml prove`, and statement.json. Keep it as you would keep a
    /// key: whoever reads it knows your eyes, and nobody can make it again.
    Package(package::PackageArgs),
    /// Change to the model that the service changes to, at home: no visit to an orb is needed.
    ///
    /// Your irises are encoded anew, both codes are proved from the very irises that the orb
    /// committed to, and the service replaces your templates. It learns the new codes and nothing
    /// else; your claim secret has no part in it. A request whose answer was lost can be made again.
    Upgrade(upgrade::UpgradeArgs),
    /// Show whether you are a member, which epochs you were paid, and when the next one begins.
    ///
    /// Payments are read from the chain, in the events of all claims of the last epochs, so
    /// that nobody learns which of them are yours. A service is asked only about claims that
    /// this wallet handed to it.
    Status(StatusArgs),
    /// Make the proof of a claim without sending it.
    ///
    /// With --json: the form of npm @semaphore-protocol/proof 3.15.
    Prove(ProveArgs),
    /// Claim an epoch's income and wait until it is paid.
    ///
    /// A service carries the claim and pays the gas. With --direct no service is needed: the
    /// members are read from the chain's events and the claim is sent to the contract by an
    /// account of your own, which pays the gas. Everybody sees that account beside the
    /// payment, so use one that says nothing about you.
    Claim(ClaimArgs),
}

/// Arguments of `annona citizen new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// File for the secret; an existing one is never overwritten. Keep a copy: if you lose it,
    /// you must enrol again.
    #[arg(long, value_name = "FILE", default_value = "wallet.json")]
    wallet: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Parameters of the wallet, the service and the chain.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Wallet file, from `annona citizen new`.
    #[arg(long, value_name = "FILE", default_value = "wallet.json")]
    wallet: PathBuf,
    /// Address of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: SecretUrl,
    /// JSON-RPC endpoint: the wallet reads the root from the chain itself and trusts no service
    /// with it.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: SecretUrl,
    /// Deployment file, such as deployment.json.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
}

/// Arguments of `annona citizen status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    connection: Connection,
    /// Do not look for payments, which saves reading the events of everybody's claims.
    #[arg(long)]
    skip_payments: bool,
    /// Ask no service: read the members from the chain's events.
    #[arg(long)]
    direct: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// The claim to make.
#[derive(Debug, Args)]
pub(crate) struct Demand {
    #[command(flatten)]
    connection: Connection,
    /// Address that gets the money. Use a fresh one: the chain shows it. Capital and small
    /// letters are its checksum, and must be right.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    recipient: Address,
    /// Number of the epoch to claim; the current one if none is given.
    #[arg(long)]
    epoch: Option<u64>,
    /// Fee for the carrier of the claim, in the token's smallest unit; it is taken from the
    /// payment.
    #[arg(long, default_value = "0")]
    fee: U256,
    /// Address that gets the fee; needed only with --fee.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, value_parser = parse_address)]
    fee_recipient: Address,
    /// Ask no service: read the members from the chain's events.
    #[arg(long)]
    direct: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Demand {
    const fn payment(&self) -> Payment {
        Payment {
            recipient: self.recipient,
            fee_recipient: self.fee_recipient,
            fee: AmountWei(self.fee),
        }
    }
}

/// Arguments of `annona citizen prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    demand: Demand,
}

/// Arguments of `annona citizen claim`.
#[derive(Debug, Args)]
pub(crate) struct ClaimArgs {
    #[command(flatten)]
    demand: Demand,
    /// With --direct: key of the account that sends the claim and pays the gas, a file of 64
    /// hexadecimal digits that only you can read.
    #[arg(
        long,
        value_name = "FILE",
        requires = "direct",
        required_if_eq("direct", "true")
    )]
    key_file: Option<PathBuf>,
    /// Longest wait for the payment, in seconds.
    #[arg(long, default_value_t = 300)]
    wait_secs: u64,
    /// Keep the service's receipt in this file, and its reason beside it if it refuses later:
    /// with them anyone can prove that the claim was dropped or paid late (`annona audit
    /// --receipt`). An existing file is not overwritten; the receipt of the same claim in it
    /// is kept.
    #[arg(long, value_name = "FILE", conflicts_with = "direct")]
    receipt: Option<PathBuf>,
}

/// Runs a command of the citizen.
pub(crate) async fn run(command: CitizenCommand) -> anyhow::Result<ExitCode> {
    match command {
        CitizenCommand::New(args) => new(&args),
        CitizenCommand::Visit(args) => visit::run(&args),
        CitizenCommand::Package(args) => package::run(&args).await,
        CitizenCommand::Upgrade(args) => upgrade::run(args).await,
        CitizenCommand::Status(args) => status::status(&args).await,
        CitizenCommand::Prove(args) => prove::run(&args).await,
        CitizenCommand::Claim(args) => claim::run(&args).await,
    }
}

#[derive(Serialize)]
struct NewAnswer {
    commitment: String,
    wallet: PathBuf,
}

fn new(args: &NewArgs) -> anyhow::Result<ExitCode> {
    let wallet = Wallet::create(&args.wallet, &mut rand::rng())?;
    let commitment = wallet.identity().commitment().to_string();
    let answer = NewAnswer {
        commitment,
        wallet: args.wallet.clone(),
    };
    Format::from_flag(args.json).print(&answer, || {
        format!(
            "made {}\ncommitment {}\nShow the commitment to an orb (`annona orb enrol --commitment …`). The secret stays in the file.",
            answer.wallet.display(),
            answer.commitment
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
