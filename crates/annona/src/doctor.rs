//! Command `annona doctor`: checks of this machine and of a configuration with its keys, endpoint
//! and contracts; the database is not opened.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy::primitives::Address;
use alloy::providers::Provider;
use annona_api::AppFolder;
use annona_bindings::Deployment;
use annona_chain::{EvmReader, PrivateKeySigner};
use annona_core::{AmountWei, ClaimScope, Epoch, Payment};
use annona_engine::ports::ChainReader;
use annona_keys::DEVELOPMENT_CHAINS;
use annona_proofs::{ClaimVerifier, Identity, VerifyingKey, prove_claim};
use annona_rpc::{connect, endpoint_failure};
use annona_service::account_keys;
use annona_service::config::Config;
use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::output::Format;

/// Arguments of `annona doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Configuration of a service, such as annona.toml; without one only this machine is
    /// checked.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Age of the newest block, in seconds, from which on the endpoint counts as behind.
const FRESH_HEAD_SECS: u64 = 600;

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// Findings of the examination so far.
#[derive(Default)]
struct Examination(Vec<Finding>);

impl Examination {
    fn note<T>(&mut self, check: &'static str, outcome: anyhow::Result<(T, String)>) -> Option<T> {
        match outcome {
            Ok((value, detail)) => {
                self.0.push(Finding {
                    check,
                    ok: true,
                    detail,
                });
                Some(value)
            }
            Err(error) => {
                self.0.push(Finding {
                    check,
                    ok: false,
                    detail: format!("{error:#}"),
                });
                None
            }
        }
    }
}

/// Checks; exit code 1 when something is not fit.
pub(crate) async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut examination = Examination::default();
    examination.note("prover", prove_once());
    examination.note(
        "iris model",
        Ok((
            (),
            annona_core::B256::from(annona_template::MODEL_ID).to_string(),
        )),
    );
    if let Some(path) = &args.config {
        let config = Config::load_with_origins(path, &crate::variables_of_arguments());
        let config = config.map(|(config, origins)| (config, origins.describe()));
        if let Some(config) = examination.note("configuration", config) {
            examine_service(&mut examination, &config).await;
        }
    }
    let findings = examination.0;
    Format::from_flag(args.json).print(&findings, || {
        let lines: Vec<String> = findings
            .iter()
            .map(|f| {
                format!(
                    "{} {}: {}",
                    if f.ok { "ok  " } else { "FAIL" },
                    f.check,
                    f.detail
                )
            })
            .collect();
        lines.join("\n")
    })?;
    let all_well = findings.iter().all(|finding| finding.ok);
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A claim proof of a throw-away identity, made and verified.
fn prove_once() -> anyhow::Result<((), String)> {
    let identity = Identity::generate(&mut rand::rng());
    let mut tree = annona_tree::MembershipTree::default();
    tree.append(&[identity.commitment()])?;
    let index = tree
        .leaf_index(identity.commitment())
        .context("a leaf just appended has an index")?;
    let path = tree.current().proof(index);
    let scope = ClaimScope {
        chain_id: 0,
        distributor: Address::ZERO,
    };
    let payment = Payment {
        recipient: Address::ZERO,
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let started = std::time::Instant::now();
    let proof = prove_claim(
        &identity,
        &path,
        &scope,
        Epoch(0),
        &payment,
        &mut rand::rng(),
    )?;
    ClaimVerifier::new(&VerifyingKey::semaphore_30()).verify(&proof.inputs, &proof.points)?;
    Ok((
        (),
        format!(
            "a claim proof took {} ms with the key loaded from scratch",
            started.elapsed().as_millis()
        ),
    ))
}

async fn examine_service(examination: &mut Examination, config: &Config) {
    if let Some(folder) = &config.service.app_dir {
        let app = AppFolder::open(folder).map_err(anyhow::Error::from);
        let shown = |app: AppFolder| ((), format!("{}: {}", folder.display(), app.policy()));
        examination.note("app", app.map(shown));
    }
    let sequencer = account_keys::read(&config.keys.sequencer_file)
        .map(|key| (key.address(), key.address().to_string()));
    let sequencer = examination.note("sequencer key", sequencer);
    let relay = config.relay_keys().map(|keys| {
        let addresses: Vec<Address> = keys.iter().map(PrivateKeySigner::address).collect();
        let names: Vec<String> = addresses.iter().map(Address::to_string).collect();
        (addresses, names.join(", "))
    });
    let relay = examination.note("relay keys", relay);
    let receipt = account_keys::read(&config.keys.receipt_file)
        .map(|key| (key.address(), key.address().to_string()));
    let receipt = examination.note("receipt key", receipt);
    let deployment = Deployment::load(&config.service.deployment)
        .map(|deployment| (deployment.clone(), format!("chain {}", deployment.chain_id)))
        .map_err(anyhow::Error::from);
    let Some(deployment) = examination.note("deployment", deployment) else {
        return;
    };
    if let Some(signer) = receipt {
        let named =
            account_keys::ensure_named(signer, &deployment).map(|()| ((), signer.to_string()));
        examination.note("receipt signer", named);
    }
    let Some(reader) = examination.note("chain", open_chain(config, deployment).await) else {
        return;
    };
    examination.note("newest block", head_is_fresh(&reader).await);
    examination.note("contracts", contracts_answer(&reader).await);
    examination.note("event logs", gives_logs(&reader).await);
    examination.note("gas price", can_be_paid(&reader, config).await);
    if let Some(account) = sequencer {
        examination.note("sequencer balance", has_money(&reader, account).await);
    }
    for account in relay.into_iter().flatten() {
        examination.note("relay balance", has_money(&reader, account).await);
    }
}

async fn open_chain(
    config: &Config,
    deployment: Deployment,
) -> anyhow::Result<(EvmReader, String)> {
    let address = &config.chain.rpc_url;
    let reader = EvmReader::open(connect(address.expose())?, deployment)
        .await
        .with_context(|| format!("{address} cannot be used"))?;
    let shown = format!("{address} is of chain {}", reader.deployment().chain_id);
    Ok((reader, shown))
}

/// Development chains make blocks when they are asked to.
async fn head_is_fresh(reader: &EvmReader) -> anyhow::Result<((), String)> {
    let head = reader.head().await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let age_secs = now.saturating_sub(head.timestamp.0);
    let ahead_secs = head.timestamp.0.saturating_sub(now);
    let shown = format!("block {} is {age_secs} s old", head.number);
    if DEVELOPMENT_CHAINS.contains(&reader.deployment().chain_id) {
        return Ok(((), shown));
    }
    ensure!(
        ahead_secs <= FRESH_HEAD_SECS,
        "block {} is of {ahead_secs} s from now: set this machine's clock",
        head.number
    );
    ensure!(
        age_secs <= FRESH_HEAD_SECS,
        "{shown}: the endpoint lags behind the chain, or the chain has stopped"
    );
    Ok(((), shown))
}

async fn gives_logs(reader: &EvmReader) -> anyhow::Result<((), String)> {
    let logs = reader
        .log_fitness()
        .await
        .context("the endpoint gives no event logs: the membership tree is made from them")?;
    ensure!(
        logs.has_first_block,
        "the endpoint has no event logs of block {}, in which the deployment began: a tree cannot be made from them, nor an audit; use an endpoint that keeps all logs",
        reader.deployment().deployment_block
    );
    let shown = match logs.limit_blocks {
        Some(blocks) => format!("at most some {blocks} blocks in one query, which will do"),
        None => "as many blocks in one query as are asked for".to_owned(),
    };
    Ok(((), shown))
}

async fn can_be_paid(reader: &EvmReader, config: &Config) -> anyhow::Result<((), String)> {
    let market = reader
        .fee_market()
        .await
        .context("the endpoint tells no price of gas, so that no transaction can be priced")?;
    let rate = market.going_rate_wei();
    let most = config.chain.fees().max_fee_wei;
    let shown = if market.base_fee_wei == 0 {
        format!("{rate} wei without a base fee: transactions are legacy ones")
    } else {
        format!("a base fee of {rate} wei: transactions are of EIP-1559")
    };
    ensure!(
        rate <= most,
        "{shown}; max_fee_gwei allows {most} wei, so that nothing comes into a block now"
    );
    Ok(((), shown))
}

async fn contracts_answer(reader: &EvmReader) -> anyhow::Result<((), String)> {
    let missing = reader.missing_contracts().await?;
    if !missing.is_empty() {
        let names = missing
            .iter()
            .map(|(name, address)| format!("{name} {address}"));
        let names: Vec<String> = names.collect();
        bail!(
            "this chain has no code at {}: it is another chain of the same id, or the deployment file is not its own",
            names.join(", ")
        );
    }
    let state = reader
        .registry_state()
        .await
        .context("the registry does not answer: is the deployment file of this chain?")?;
    let paused = reader.is_paused().await?;
    Ok((
        (),
        format!(
            "{} members, payments {}",
            state.next_index,
            if paused { "paused" } else { "open" }
        ),
    ))
}

async fn has_money(reader: &EvmReader, account: Address) -> anyhow::Result<((), String)> {
    let balance = reader.provider().get_balance(account).await;
    let balance = balance.map_err(|error| anyhow!(endpoint_failure(error)))?;
    ensure!(
        !balance.is_zero(),
        "{account} cannot pay gas: send it some of the chain's coin"
    );
    Ok(((), format!("{account} has {}", AmountWei(balance))))
}
