use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use annona_chain::{Deployment, EvmReader, connect};
use annona_client::wire::{ClaimStatus, ClaimView, RefusalView};
use annona_client::{ApiClient, ClaimDraft, ClientError, TreeReader, Wallet, prepare_claim};
use annona_core::{Address, AmountWei, Epoch, EpochClock, ExternalNullifier, Payment, U256};
use annona_engine::ports::ChainReader;
use annona_http::SecretUrl;
use annona_tree::InclusionProof;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::output::{Format, note};
use crate::promise;

/// Commands of `annona citizen`.
#[derive(Debug, Subcommand)]
pub(crate) enum CitizenCommand {
    /// Make an identity: a secret on this device, and the commitment to show to an orb.
    New(NewArgs),
    /// Tell where you stand: member or not, what is claimed, when the next epoch begins.
    Status(StatusArgs),
    /// Make the proof of a claim without sending it.
    ///
    /// With --json: the form of npm @semaphore-protocol/proof 3.15.
    Prove(ClaimArgs),
    /// Claim an epoch's income and wait until it is paid.
    Claim(ClaimArgs),
}

/// Arguments of `annona citizen new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// File for the secret; an existing one is never overwritten. Keep a copy: who loses it must enrol again.
    #[arg(long, value_name = "FILE", default_value = "wallet.json")]
    wallet: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Where the wallet, the service and the chain are.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The wallet file.
    #[arg(long, value_name = "FILE", default_value = "wallet.json")]
    wallet: PathBuf,
    /// Address of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: SecretUrl,
    /// JSON-RPC endpoint: the wallet reads the root from the chain itself and trusts no service with it.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: SecretUrl,
    /// Deployment file.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
}

/// Arguments of `annona citizen status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    connection: Connection,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona citizen prove` and `annona citizen claim`.
#[derive(Debug, Args)]
pub(crate) struct ClaimArgs {
    #[command(flatten)]
    connection: Connection,
    /// Who gets the money. Use a fresh address: the chain shows it.
    #[arg(long, value_name = "ADDRESS")]
    recipient: Address,
    /// Epoch to claim; the current one if not named.
    #[arg(long)]
    epoch: Option<u64>,
    /// Fee for whoever carries the claim, in the token's smallest unit.
    #[arg(long, default_value = "0")]
    fee: U256,
    /// Who gets the fee.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO)]
    fee_recipient: Address,
    /// Longest wait for the payment, in seconds.
    #[arg(long, default_value_t = 300)]
    wait_secs: u64,
    /// Keep the service's receipt in this file, and its reason beside it if it refuses later: with them
    /// anyone can prove that the claim was dropped or paid late (`annona audit --receipt`).
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a command of the citizen.
pub(crate) async fn run(command: CitizenCommand) -> anyhow::Result<ExitCode> {
    match command {
        CitizenCommand::New(args) => new(&args),
        CitizenCommand::Status(args) => status(args).await,
        CitizenCommand::Prove(args) => prove(args).await,
        CitizenCommand::Claim(args) => claim(args).await,
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

/// The citizen's three sources: the own secret, the service, the chain.
struct Session {
    wallet: Wallet,
    service: ApiClient,
    chain: EvmReader,
    calendar: EpochClock,
}

impl Session {
    async fn open(connection: &Connection) -> anyhow::Result<Self> {
        let deployment = Deployment::load(&connection.deployment)?;
        let chain = EvmReader::open(connect(connection.rpc_url.expose())?, deployment)
            .await
            .with_context(|| format!("the chain at {} cannot be used", connection.rpc_url))?;
        let (genesis, length_secs) = chain.calendar().await?;
        Ok(Self {
            wallet: Wallet::open(&connection.wallet)?,
            service: ApiClient::new(connection.service.expose())?,
            calendar: EpochClock::new(genesis, length_secs)?,
            chain,
        })
    }

    async fn current_epoch(&self) -> anyhow::Result<(Epoch, u64)> {
        let now = self.chain.head().await?.timestamp;
        let epoch = self.calendar.epoch_at(now)?;
        let next = self.calendar.start_of(Epoch(epoch.0 + 1));
        Ok((epoch, next.0.saturating_sub(now.0)))
    }

    async fn draft(&self, args: &ClaimArgs) -> anyhow::Result<ClaimDraft> {
        let epoch = match args.epoch {
            Some(epoch) => Epoch(epoch),
            None => self.current_epoch().await?.0,
        };
        let identity = self.wallet.identity();
        let path = self.path(epoch).await?.with_context(|| {
            format!("you are not in the tree of epoch {epoch}; who enrols is paid from the next epoch on")
        })?;
        let on_chain = self.chain.checkpoint_before(epoch).await?.root;
        let payment = Payment {
            recipient: args.recipient,
            fee_recipient: args.fee_recipient,
            fee: AmountWei(args.fee),
        };
        let scope = self.chain.deployment().claim_scope();
        Ok(prepare_claim(
            identity,
            &path,
            epoch,
            on_chain,
            &scope,
            payment,
            &mut rand::rng(),
        )?)
    }

    /// The own path in the tree of an epoch, if it leads anywhere.
    async fn path(&self, epoch: Epoch) -> anyhow::Result<Option<InclusionProof>> {
        let mut tree = TreeReader::new(&self.service, epoch);
        let known = self.wallet.known_leaf();
        let commitment = self.wallet.identity().commitment();
        let Some(leaf_index) = tree.find(commitment, known).await? else {
            return Ok(None);
        };
        if known != Some(leaf_index) {
            self.wallet.remember_leaf(leaf_index)?;
        }
        Ok(Some(tree.path(leaf_index).await?))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusAnswer {
    commitment: String,
    epoch: u64,
    seconds_to_next_epoch: u64,
    is_member: bool,
    claims: Vec<ClaimView>,
}

async fn status(args: StatusArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.connection).await?;
    let (epoch, seconds_left) = session.current_epoch().await?;
    let identity = session.wallet.identity();
    let answer = StatusAnswer {
        commitment: identity.commitment().to_string(),
        epoch: epoch.0,
        seconds_to_next_epoch: seconds_left,
        is_member: session.path(epoch).await?.is_some(),
        claims: claims_in_window(&session, epoch).await?,
    };
    Format::from_flag(args.json).print(&answer, || describe_status(&answer))?;
    Ok(ExitCode::SUCCESS)
}

async fn claims_in_window(session: &Session, current: Epoch) -> anyhow::Result<Vec<ClaimView>> {
    let window = session.chain.claim_window().await?;
    let scope = session.chain.deployment().claim_scope();
    let mut claims = Vec::new();
    for epoch in current.0.saturating_sub(window - 1)..=current.0 {
        let external_nullifier = ExternalNullifier::new(&scope, Epoch(epoch));
        let nullifier = session.wallet.identity().nullifier_hash(external_nullifier);
        match session.service.claim_status(nullifier).await {
            Ok(view) => claims.push(view),
            Err(ClientError::Refused(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(claims)
}

fn describe_status(answer: &StatusAnswer) -> String {
    let member = if answer.is_member {
        "You are a member and can claim this epoch."
    } else {
        "You cannot claim this epoch: enrol at an orb first; who has just enrolled can claim the next epoch."
    };
    let mut text = format!(
        "commitment {}\nepoch {}, the next one begins in {} seconds\n{member}",
        answer.commitment, answer.epoch, answer.seconds_to_next_epoch
    );
    for claim in &answer.claims {
        text.push_str(&format!(
            "\nepoch {}: claim {:?}",
            claim.epoch, claim.status
        ));
    }
    text
}

async fn prove(args: ClaimArgs) -> anyhow::Result<ExitCode> {
    let draft = Session::open(&args.connection).await?.draft(&args).await?;
    let proof = draft.to_semaphore_json();
    Format::from_flag(args.json).print(&proof, || {
        format!(
            "proved epoch {} for {}: nullifier {}\nNothing was sent; `annona citizen claim` does.",
            draft.epoch, draft.payment.recipient, draft.proof.inputs.nullifier_hash
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn claim(args: ClaimArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.connection).await?;
    let draft = session.draft(&args).await?;
    let accepted = session.service.claim(&draft.to_request()).await?;
    if let Some(path) = &args.receipt {
        keep_receipt(&session, &draft, &accepted, path)?;
    }
    let nullifier = draft.proof.inputs.nullifier_hash;
    let view = session
        .service
        .wait_for_claim(nullifier, Duration::from_secs(args.wait_secs))
        .await?;
    if let (Some(path), Some(refusal)) = (&args.receipt, &view.refusal) {
        keep_refusal(refusal, path)?;
    }
    Format::from_flag(args.json).print(&view, || describe_claim(&view))?;
    Ok(if view.status == ClaimStatus::Final {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes the receipt down once it is seen to bind the service.
fn keep_receipt(
    session: &Session,
    draft: &ClaimDraft,
    accepted: &ClaimView,
    path: &Path,
) -> anyhow::Result<()> {
    let Some(view) = &accepted.receipt else {
        note("the service took the claim, and promises nothing about it");
        return Ok(());
    };
    promise::ensure_binding(view, session.chain.deployment(), draft)?;
    let text = serde_json::to_string_pretty(view)? + "\n";
    std::fs::write(path, text)
        .with_context(|| format!("cannot write the receipt {}", path.display()))
}

/// Writes the service's reason down beside the receipt.
fn keep_refusal(refusal: &RefusalView, receipt: &Path) -> anyhow::Result<()> {
    let path = promise::refusal_path(receipt);
    let text = serde_json::to_string_pretty(refusal)? + "\n";
    std::fs::write(&path, text)
        .with_context(|| format!("cannot write the refusal {}", path.display()))
}

fn describe_claim(view: &ClaimView) -> String {
    match view.status {
        ClaimStatus::Final => format!(
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
