//! Command `annona deploy`: the plan, the deployment by it, and an account of one that ended early.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use alloy::primitives::Address;
use annona_bindings::Deployment;
use annona_chain::{DEPLOYED_CONTRACTS, DeployPlan, DeployProgress, deploy_telling};
use annona_core::{AmountWei, UnixSeconds, deserialize_address, deserialize_addresses};
use annona_files::{Audience, OutputFile};
use annona_http::SecretUrl;
use annona_keys::UnsafeKeys;
use annona_rpc::connect;
use annona_service::account_keys;
use anyhow::Context;
use clap::Args;
use serde::Deserialize;

use crate::output::{Format, note};
use crate::signals::until_signal;

/// The largest file that is taken for a plan.
const MAX_PLAN_BYTES: u64 = 1 << 20;
/// Disk space that is taken for the deployment file, in bytes: more than it needs.
const DEPLOYMENT_BYTES: usize = 4_096;

/// Arguments of `annona deploy`.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, value_name = "URL")]
    rpc_url: SecretUrl,
    /// File with the key that pays for the deployment: 64 hexadecimal digits that only you can
    /// read. Its account gets no role.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Plan of the deployment; deploy/plan.sample.toml shows one.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// File for the addresses; an existing one is not overwritten.
    #[arg(long, short, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Deploy verifiers with the circuits' test keys outside development chains, if the plan
    /// allows it too: anybody can forge memberships under them.
    #[arg(long)]
    allow_unsafe_test_keys: bool,
    /// Print the deployment as JSON.
    #[arg(long)]
    json: bool,
}

/// The plan as it is written in TOML. Nothing has a default: it decides over money.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    /// First second of epoch 0 (Unix), now or earlier.
    genesis: u64,
    epoch_length_secs: u64,
    claim_window_epochs: u64,
    /// Amount for each person, in whole tokens.
    per_person_tokens: u64,
    per_person_cap_tokens: u64,
    token_cap_tokens: u64,
    epoch_enrolment_cap: u64,
    timelock_delay_secs: u64,
    #[serde(deserialize_with = "deserialize_address")]
    governor: Address,
    #[serde(deserialize_with = "deserialize_address")]
    pauser: Address,
    #[serde(deserialize_with = "deserialize_address")]
    sequencer: Address,
    #[serde(deserialize_with = "deserialize_address")]
    receipt_signer: Address,
    #[serde(deserialize_with = "deserialize_addresses")]
    orbs: Vec<Address>,
    /// Refused outside development chains unless the command line says so too.
    allow_unsafe_test_keys: bool,
}

impl PlanFile {
    fn into_plan(self, is_told_again: bool) -> DeployPlan {
        DeployPlan {
            genesis: UnixSeconds(self.genesis),
            epoch_length_secs: self.epoch_length_secs,
            claim_window: self.claim_window_epochs,
            per_person: AmountWei::from_tokens(self.per_person_tokens),
            per_person_cap: AmountWei::from_tokens(self.per_person_cap_tokens),
            token_cap: AmountWei::from_tokens(self.token_cap_tokens),
            epoch_enrolment_cap: self.epoch_enrolment_cap,
            timelock_delay_secs: self.timelock_delay_secs,
            governor: self.governor,
            pauser: self.pauser,
            sequencer: self.sequencer,
            receipt_signer: self.receipt_signer,
            orbs: self.orbs,
            unsafe_keys: UnsafeKeys::said(self.allow_unsafe_test_keys, is_told_again),
        }
    }
}

/// Deploys the contracts. The file for their addresses is there before the first
/// transaction is sent, and is moved to its place with the addresses in it.
pub(crate) async fn run(args: DeployArgs) -> anyhow::Result<ExitCode> {
    let plan = read_plan(&args.plan)?.into_plan(args.allow_unsafe_test_keys);
    let key = account_keys::read(&args.key_file)?;
    let mut out = OutputFile::create(&args.out, Audience::Everybody)?;
    out.reserve(DEPLOYMENT_BYTES)?;
    note(format_args!(
        "deploying {DEPLOYED_CONTRACTS} contracts as {} ...",
        key.address()
    ));
    let provider = connect(args.rpc_url.expose())?;
    let ledger = Ledger::default();
    let progress = |step| ledger.record(step);
    let deploying = async { anyhow::Ok(deploy_telling(&provider, key, &plan, &progress).await?) };
    let deployment = match until_signal(deploying).await {
        Ok(Ok(deployment)) => deployment,
        Ok(Err(signal)) => {
            note(ledger.account());
            return Ok(signal.exit_code());
        }
        Err(error) => {
            note(ledger.account());
            return Err(error);
        }
    };
    keep(out, &deployment)?;
    Format::from_flag(args.json).print(&deployment, || {
        format!(
            "deployed on chain {}; wrote {}",
            deployment.chain_id,
            args.out.display()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the deployment file. When that fails after all, the addresses are printed.
fn keep(mut out: OutputFile<'_>, deployment: &Deployment) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(deployment)? + "\n";
    let written = out.put(text.as_bytes()).and_then(|()| out.commit());
    let Err(error) = written else { return Ok(()) };
    note("All contracts are deployed. This is the deployment file, which could not be written:");
    note(&text);
    Err(error.into())
}

/// Contracts that a deployment has put on the chain so far, and the one under way.
#[derive(Debug, Default)]
struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    created: Vec<(&'static str, Address)>,
    under_way: Option<(&'static str, Address)>,
}

impl Ledger {
    fn record(&self, step: DeployProgress) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            DeployProgress::Begun { contract, address } => {
                entries.under_way = Some((contract, address));
            }
            DeployProgress::Created {
                contract,
                address,
                block_number,
            } => {
                note(format_args!(
                    "   {address} {contract}, block {block_number}"
                ));
                entries.under_way = None;
                entries.created.push((contract, address));
            }
        }
    }

    /// Tells, after an early end, which contracts are on the chain, and how to go on.
    fn account(&self) -> String {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!(
            "The deployment is not complete: {} of {DEPLOYED_CONTRACTS} contracts are on the chain, and no deployment file was written.",
            entries.created.len()
        );
        for (contract, address) in &entries.created {
            text += &format!("\n   {address} {contract}");
        }
        if let Some((contract, address)) = entries.under_way {
            text += &format!(
                "\n   {address} {contract}: its transaction may have been sent, and may still get into a block"
            );
        }
        text += "\nWhat is there has no use and no power alone. To go on, run the same command again: it deploys all contracts anew. If a transaction is still under way, wait until it is in a block first.";
        text
    }
}

fn read_plan(path: &Path) -> anyhow::Result<PlanFile> {
    let text = annona_files::read_text(path, MAX_PLAN_BYTES)?;
    toml_from(&text).with_context(|| {
        format!(
            "the plan {} cannot be used; deploy/plan.sample.toml shows one",
            path.display()
        )
    })
}

fn toml_from<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    use figment::providers::{Format as _, Toml};
    Ok(figment::Figment::from(Toml::string(text)).extract()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/plan.sample.toml");

    #[test]
    fn the_sample_plan_is_complete() {
        let plan = toml_from::<PlanFile>(SAMPLE).unwrap().into_plan(false);
        assert!(plan.timelock_delay_secs > plan.epoch_length_secs);
        assert!(plan.per_person.0 <= plan.per_person_cap.0);
    }

    #[test]
    fn test_keys_are_allowed_by_the_plan_and_the_command_line_together() {
        let allowing = SAMPLE.replace("test_keys = false", "test_keys = true");
        for (text, is_told_again, said) in [
            (SAMPLE, false, UnsafeKeys::Refuse),
            (SAMPLE, true, UnsafeKeys::AllowedOnce),
            (&*allowing, false, UnsafeKeys::AllowedOnce),
            (&*allowing, true, UnsafeKeys::AllowedTwice),
        ] {
            let plan = toml_from::<PlanFile>(text).unwrap();
            assert_eq!(plan.into_plan(is_told_again).unsafe_keys, said);
        }
    }

    #[test]
    fn an_account_says_what_is_there_and_how_to_go_on() {
        let ledger = Ledger::default();
        assert!(ledger.account().contains("0 of 12"));
        let (first, second) = (Address::repeat_byte(1), Address::repeat_byte(2));
        ledger.record(DeployProgress::Created {
            contract: "AnnonaToken",
            address: first,
            block_number: 7,
        });
        ledger.record(DeployProgress::Begun {
            contract: "Registry",
            address: second,
        });
        let account = ledger.account();
        assert!(account.contains("1 of 12"), "{account}");
        for part in [
            format!("{first} AnnonaToken"),
            format!("{second} Registry: its"),
            "run the same command again".to_owned(),
        ] {
            assert!(account.contains(&part), "{account}");
        }
    }

    #[test]
    fn a_plan_may_be_saved_by_any_editor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        let windows = format!("\u{feff}{}", SAMPLE.replace('\n', "\r\n"));
        std::fs::write(&path, windows).unwrap();
        assert!(read_plan(&path).is_ok());
        let missing = read_plan(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("none"), "{missing}");
    }

    #[test]
    fn every_line_of_a_plan_is_needed() {
        for line in SAMPLE.lines().filter(|line| line.contains(" = ")) {
            let without = SAMPLE.replace(line, "");
            assert!(toml_from::<PlanFile>(&without).is_err(), "{line}");
        }
    }
}
