//! Command `annona relay bench`: claims a second that a service accepts and settles on a
//! development chain.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi;
use annona_bindings::Deployment;
use annona_chain::{DynProvider, PrivateKeySigner};
use annona_client::wire::{ClaimRequest, ClaimStatus};
use annona_client::{ApiClient, ClaimDraft};
use annona_core::{Address, AmountWei, Commitment, Epoch, NullifierHash, Payment, keccak256};
use annona_engine::ports::BatchProver;
use annona_files::{Audience, write_new};
use annona_keys::UnsafeKeys;
use annona_proofs::{AppendBatch, Identity, RegistryScope, prove_claim};
use annona_rpc::connect;
use annona_service::account_keys;
use annona_service::prover::LocalProver;
use annona_service::sandbox::{self, Account, EPOCH_LENGTH_SECS};
use annona_tree::MembershipTree;
use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use crate::output::note;
use crate::outputs::JsonOutput;
use crate::scratch::Scratch;
use crate::service_process::ServiceProcess;

/// Members by which earlier figures are known.
const MEMBERS: &[&str] = &["accepted_per_s", "settled_per_s", "senders"];
/// Members of one registry batch.
const JOIN_AT_ONCE: usize = 1024;
const BLOCK_TIME_SECS: u64 = 1;
/// Gas limit of a block, as on Ethereum's main chain.
const BLOCK_GAS: u64 = 60_000_000;
/// Longest wait for the last payment.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Arguments of `annona relay bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Number of people, each of whom claims once; a proof takes about a tenth of a second.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    claims: u32,
    /// Number of claims that are sent at the same time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Number of accounts that pay the gas, 1 to 5.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=5))]
    senders: u8,
    /// Folder with the circuits' keys; test keys that are missing are made there.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Write the figures as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Figures that were measured; field names are those of the file.
#[derive(Debug, Serialize)]
struct Figures {
    claims: usize,
    clients: u16,
    senders: u8,
    /// Claims accepted a second, from the first request to the last answer.
    accepted_per_s: f64,
    /// Claims settled a second, from the first request to the last claim that is final, under
    /// one confirmation.
    settled_per_s: f64,
    /// Median time until the answer to `POST /v1/claims`, in milliseconds.
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    /// The most memory that the service ever had, in megabytes.
    rss_mb: Option<f64>,
}

struct Member(Identity);

/// Measures a service of its own on a chain of its own.
pub(super) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let json = JsonOutput::begin(args.json.as_deref(), "figures of this command", MEMBERS)?;
    let mut folder = Scratch::new("bench", None)?;
    let anvil = sandbox::start_chain()?;
    folder.watch(anvil.child().id())?;
    let provider = connect(&anvil.endpoint())?;
    let deployment = sandbox::deploy_contracts(&anvil, &provider, Vec::new()).await?;
    note(format_args!("{} people join", args.claims));
    let members: Vec<Member> = (0..args.claims).map(Member::new).collect();
    let tree = join(&args, &anvil, &provider, &deployment, &members).await?;
    provider.anvil_increase_time(EPOCH_LENGTH_SECS).await?;
    provider.evm_mine(None).await?;
    provider.anvil_set_block_gas_limit(BLOCK_GAS).await?;
    provider.anvil_set_interval_mining(BLOCK_TIME_SECS).await?;
    note(format_args!("{} claims are proved", args.claims));
    let drafts = prove(&members, &tree, &deployment)?;
    write_service_files(folder.path(), &args, &anvil, &deployment)?;
    let service = ServiceProcess::start(&mut folder).await?;
    note(format_args!("they are sent by {} clients", args.clients));
    let figures = measure(&args, &service, &drafts).await?;
    json.answer(&figures, || table(&figures))
}

impl Member {
    fn new(number: u32) -> Self {
        let secret = keccak256([b"bench".as_slice(), &number.to_be_bytes()].concat());
        Self(Identity::from_secret(secret.0))
    }

    fn commitment(&self) -> Commitment {
        self.0.commitment()
    }

    /// Without zeros, which would make calldata cheap.
    fn recipient(&self) -> Address {
        let hash = keccak256(self.commitment().to_be_bytes());
        Address::from_slice(&hash[12..])
    }
}

/// Appends everybody to the registry.
async fn join(
    args: &BenchArgs,
    anvil: &AnvilInstance,
    provider: &DynProvider,
    deployment: &Deployment,
    members: &[Member],
) -> anyhow::Result<MembershipTree> {
    let scope = RegistryScope {
        chain_id: deployment.chain_id,
        registry: deployment.registry,
    };
    let prover = LocalProver::new(scope, args.keys.clone(), UnsafeKeys::Refuse)?;
    let mut tree = MembershipTree::default();
    for chunk in members.chunks(JOIN_AT_ONCE) {
        let leaves: Vec<Commitment> = chunk.iter().map(Member::commitment).collect();
        let call = prover
            .prove_append(AppendBatch::to(&tree, leaves.clone())?)
            .await?;
        let sent = sandbox::send_append(anvil, provider, deployment, &call).await?;
        let receipt = sent.get_receipt().await?;
        ensure!(receipt.status(), "the registry refused the members");
        tree.append(&leaves)?;
    }
    Ok(tree)
}

/// A claim of each member in epoch 1.
fn prove(
    members: &[Member],
    tree: &MembershipTree,
    deployment: &Deployment,
) -> anyhow::Result<Vec<ClaimDraft>> {
    let scope = deployment.claim_scope();
    let view = tree.current();
    let one = |member: &Member| {
        let place = tree.leaf_index(member.commitment()).context("a member")?;
        let payment = Payment {
            recipient: member.recipient(),
            fee_recipient: Address::ZERO,
            fee: AmountWei(U256::ZERO),
        };
        let path = view.proof(place);
        let proof = prove_claim(
            &member.0,
            &path,
            &scope,
            Epoch(1),
            &payment,
            &mut rand::rng(),
        )?;
        Ok(ClaimDraft {
            epoch: Epoch(1),
            payment,
            proof,
        })
    };
    // One after the other: a proof uses all cores by itself.
    members.iter().map(one).collect()
}

fn write_service_files(
    folder: &Path,
    args: &BenchArgs,
    anvil: &AnvilInstance,
    deployment: &Deployment,
) -> anyhow::Result<()> {
    deployment.save(&folder.join("deployment.json"))?;
    let sequencer = Account::Sequencer.key(anvil);
    account_keys::write_new(&folder.join("sequencer.key"), &sequencer)?;
    account_keys::write_new(&folder.join("receipt.key"), &Account::Receipts.key(anvil))?;
    let first = Account::Receipts as usize + 1;
    let mut files = Vec::new();
    for (number, key) in (0..args.senders).zip(&anvil.keys()[first..]) {
        let name = format!("relay-{number}.key");
        account_keys::write_new(&folder.join(&name), &PrivateKeySigner::from(key.clone()))?;
        files.push(format!("\"{name}\""));
    }
    let config = format!(
        "[service]\nlisten = \"127.0.0.1:0\"\ndatabase = \"annona.sqlite\"\ndeployment = \"deployment.json\"\n\
         [chain]\nrpc_url = \"{}\"\nconfirmations = 1\npoll_interval_ms = 200\nmax_fee_gwei = 1000\n\
         [keys]\nsequencer_file = \"sequencer.key\"\nrelay_files = [{}]\nreceipt_file = \"receipt.key\"\n\
         circuits_folder = \"circuit-keys\"\n\
         [relay]\nwait_secs = 2\n\
         [claims]\nper_client = 100000\nburst_per_client = 100000\ntotal = 100000\n\
         [http]\nper_client = 100000\nburst_per_client = 100000\n",
        anvil.endpoint(),
        files.join(", ")
    );
    write_new(
        &folder.join("annona.toml"),
        Audience::Owner,
        config.as_bytes(),
    )?;
    Ok(())
}

async fn measure(
    args: &BenchArgs,
    service: &ServiceProcess,
    drafts: &[ClaimDraft],
) -> anyhow::Result<Figures> {
    let requests: Vec<ClaimRequest> = drafts.iter().map(ClaimDraft::to_request).collect();
    let begun = Instant::now();
    let mut latencies = send_all(&service.client, requests, args.clients).await?;
    let accepted = begun.elapsed();
    note(format_args!("accepted in {:.1} s", accepted.as_secs_f64()));
    for draft in drafts {
        wait_until_final(&service.client, draft.proof.inputs.nullifier_hash, begun).await?;
    }
    let settled = begun.elapsed();
    latencies.sort_unstable();
    let per_second = |elapsed: Duration| drafts.len() as f64 / elapsed.as_secs_f64();
    let quantile = |share: f64| {
        let rank = (latencies.len() as f64 * share).ceil() as usize;
        latencies[rank.clamp(1, latencies.len()) - 1].as_secs_f64() * 1e3
    };
    Ok(Figures {
        claims: drafts.len(),
        clients: args.clients,
        senders: args.senders,
        accepted_per_s: per_second(accepted),
        settled_per_s: per_second(settled),
        p50_ms: quantile(0.5),
        p95_ms: quantile(0.95),
        p99_ms: quantile(0.99),
        rss_mb: service.most_memory().map(|bytes| bytes as f64 / 1e6),
    })
}

/// Time until the answer to each request, in no order.
async fn send_all(
    client: &ApiClient,
    requests: Vec<ClaimRequest>,
    clients: u16,
) -> anyhow::Result<Vec<Duration>> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (client, requests, next) = (client.clone(), requests.clone(), next.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let asked = Instant::now();
                    client.claim(request).await?;
                    latencies.push(asked.elapsed());
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}

async fn wait_until_final(
    client: &ApiClient,
    nullifier: NullifierHash,
    begun: Instant,
) -> anyhow::Result<()> {
    loop {
        let view = client.claim_status(nullifier).await?;
        match view.status {
            ClaimStatus::Final => return Ok(()),
            ClaimStatus::Rejected => anyhow::bail!(
                "claim {nullifier} was rejected: {}",
                view.reason.unwrap_or_default()
            ),
            _ => {}
        }
        ensure!(
            begun.elapsed() < SETTLE_TIMEOUT,
            "claim {nullifier} is not settled after {} s",
            SETTLE_TIMEOUT.as_secs()
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn table(figures: &Figures) -> String {
    let memory = figures
        .rss_mb
        .map_or_else(|| "unknown".to_owned(), |mb| format!("{mb:.0}"));
    format!(
        "| claims | clients | accounts | accepted/s | settled/s | p50 ms | p95 ms | p99 ms | MB |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n\
         | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {memory} |",
        figures.claims,
        figures.clients,
        figures.senders,
        figures.accepted_per_s,
        figures.settled_per_s,
        figures.p50_ms,
        figures.p95_ms,
        figures.p99_ms,
    )
}
