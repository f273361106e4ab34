use std::path::PathBuf;
use std::process::ExitCode;

use alloy::primitives::{Address, U256};
use annona_chain::{DeployPlan, connect, deploy};
use annona_core::{AmountWei, UnixSeconds, deserialize_address, deserialize_addresses};
use annona_http::SecretUrl;
use annona_keys::UnsafeKeys;
use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use crate::keys;
use crate::output::Format;

/// Arguments of `annona deploy`.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, value_name = "URL")]
    rpc_url: SecretUrl,
    /// Key that pays for the deployment; it gets no role.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// What to deploy; deploy/plan.sample.toml shows one.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// Where to write the deployment file; an existing one is not overwritten.
    #[arg(long, short, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Deploy verifiers of the circuits' test keys outside development chains, if the plan
    /// says so too: anybody can forge memberships under them.
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
    /// Whole tokens.
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
            per_person: whole_tokens(self.per_person_tokens),
            per_person_cap: whole_tokens(self.per_person_cap_tokens),
            token_cap: whole_tokens(self.token_cap_tokens),
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

/// Tokens in their smallest unit (18 decimals).
pub(crate) fn whole_tokens(tokens: u64) -> AmountWei {
    AmountWei(U256::from(tokens) * U256::from(10).pow(U256::from(18)))
}

/// Deploys the contracts.
pub(crate) async fn run(args: DeployArgs) -> anyhow::Result<ExitCode> {
    if args.out.exists() {
        bail!(
            "{} exists; name another file with --out",
            args.out.display()
        );
    }
    let text = std::fs::read_to_string(&args.plan)
        .with_context(|| format!("cannot read the plan {}", args.plan.display()))?;
    let plan: PlanFile = toml_from(&text)
        .with_context(|| format!("the plan {} is not complete", args.plan.display()))?;
    let plan = plan.into_plan(args.allow_unsafe_test_keys);
    let key = keys::read(&args.key_file)?;
    eprintln!("deploying 12 contracts as {} ...", key.address());
    let deployment = deploy(&connect(args.rpc_url.expose())?, key, &plan).await?;
    deployment.save(&args.out)?;
    Format::from_flag(args.json).print(&deployment, || {
        format!(
            "deployed on chain {}; wrote {}",
            deployment.chain_id,
            args.out.display()
        )
    })?;
    Ok(ExitCode::SUCCESS)
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
    fn every_line_of_a_plan_is_needed() {
        for line in SAMPLE.lines().filter(|line| line.contains(" = ")) {
            let without = SAMPLE.replace(line, "");
            assert!(toml_from::<PlanFile>(&without).is_err(), "{line}");
        }
    }
}
