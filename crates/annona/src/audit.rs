use std::path::PathBuf;
use std::process::ExitCode;

use annona_audit::{CheckResult, Outcome, Report, explain};
use annona_chain::{Deployment, connect};
use annona_core::NullifierHash;
use anyhow::Context;
use clap::Args;

use crate::output::Format;

/// Arguments of `annona audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: String,
    /// Deployment file: the addresses are all that is taken on trust.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// Explain one claim instead of auditing all.
    #[arg(long, value_name = "NULLIFIER")]
    explain: Option<NullifierHash>,
    /// Print the report as JSON; it is the same to the byte for the same block.
    #[arg(long)]
    json: bool,
}

/// Audits; exit code 1 when a check fails.
pub(crate) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let deployment = Deployment::load(&args.deployment)?;
    let provider = connect(&args.rpc_url)?;
    if let Some(nullifier) = args.explain {
        let explanation = explain(&provider, &deployment, nullifier).await?;
        Format::from_flag(args.json).print(&explanation.to_json(), || explanation.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = annona_audit::audit(&provider, &deployment, |check| {
        if !args.json {
            println!("{}", line(check));
        }
    })
    .await
    .with_context(|| format!("the chain at {} cannot be audited", args.rpc_url))?;
    Format::from_flag(args.json).print(&report.to_json(), || summary(&report))?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One check as a line.
pub(crate) fn line(check: &CheckResult) -> String {
    let word = match &check.outcome {
        Outcome::Pass => "PASS       ",
        Outcome::Fail { .. } => "FAIL       ",
        Outcome::NotChecked { .. } => "NOT CHECKED",
    };
    let mut text = format!("{word} {}", check.title);
    if !check.detail.is_empty() {
        text.push_str(&format!(" ({})", check.detail));
    }
    match &check.outcome {
        Outcome::Pass => {}
        Outcome::Fail { what, transaction } => {
            text.push_str(&format!(": {what}"));
            if let Some(transaction) = transaction {
                text.push_str(&format!(" (transaction {transaction})"));
            }
        }
        Outcome::NotChecked { why } => text.push_str(&format!(": {why}")),
    }
    text
}

/// The last line of an audit.
pub(crate) fn summary(report: &Report) -> String {
    format!(
        "{} passed, {} failed, {} not checked; report hash {}",
        report.passed(),
        report.failed(),
        report.not_checked(),
        report.hash()
    )
}
