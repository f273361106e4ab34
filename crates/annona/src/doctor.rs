use std::path::PathBuf;
use std::process::ExitCode;

use alloy::primitives::Address;
use alloy::providers::Provider;
use annona_chain::{Deployment, EvmReader, PrivateKeySigner, connect};
use annona_core::{AmountWei, ClaimScope, Epoch, Payment};
use annona_engine::ports::ChainReader;
use annona_proofs::{ClaimVerifier, Identity, VerifyingKey, prove_claim};
use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use crate::config::Config;
use crate::keys;
use crate::output::Format;

/// Arguments of `annona doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Configuration to check; without one only this machine is checked.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// What was found out so far.
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
            annona_core::B256::from(annona_iris::model_id()).to_string(),
        )),
    );
    if let Some(path) = &args.config {
        let config = Config::load(path).map(|config| (config, path.display().to_string()));
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
    let sequencer = keys::read(&config.keys.sequencer_file)
        .map(|key| (key.address(), key.address().to_string()));
    let sequencer = examination.note("sequencer key", sequencer);
    let relay = config.relay_keys().map(|keys| {
        let addresses: Vec<Address> = keys.iter().map(PrivateKeySigner::address).collect();
        let names: Vec<String> = addresses.iter().map(Address::to_string).collect();
        (addresses, names.join(", "))
    });
    let relay = examination.note("relay keys", relay);
    let receipt =
        keys::read(&config.keys.receipt_file).map(|key| (key.address(), key.address().to_string()));
    let receipt = examination.note("receipt key", receipt);
    let deployment = Deployment::load(&config.service.deployment)
        .map(|deployment| (deployment.clone(), format!("chain {}", deployment.chain_id)))
        .map_err(anyhow::Error::from);
    let Some(deployment) = examination.note("deployment", deployment) else {
        return;
    };
    if let Some(signer) = receipt {
        let named = keys::ensure_named(signer, &deployment).map(|()| ((), signer.to_string()));
        examination.note("receipt signer", named);
    }
    let Some(reader) = examination.note("chain", open_chain(config, deployment).await) else {
        return;
    };
    examination.note("contracts", contracts_answer(&reader).await);
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
    let reader = EvmReader::open(connect(&config.chain.rpc_url)?, deployment)
        .await
        .with_context(|| format!("{} cannot be used", config.chain.rpc_url))?;
    let head = reader.head().await?;
    Ok((reader, format!("block {}", head.number)))
}

async fn contracts_answer(reader: &EvmReader) -> anyhow::Result<((), String)> {
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
    let balance = reader.provider().get_balance(account).await?;
    ensure!(
        !balance.is_zero(),
        "{account} cannot pay gas: send it some of the chain's coin"
    );
    Ok(((), format!("{account} has {}", AmountWei(balance))))
}
