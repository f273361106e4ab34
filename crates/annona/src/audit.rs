mod receipt;

use std::path::PathBuf;
use std::process::ExitCode;

use annona_audit::{
    CheckResult, Explanation, Outcome, ProofVerdict, Report, Settlement, UnpaidReason, explain,
};
use annona_chain::{Deployment, connect};
use annona_core::{Address, NullifierHash, parse_address};
use annona_http::SecretUrl;
use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::output::Format;

/// Arguments of `annona audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: SecretUrl,
    /// Deployment file: the addresses are all that is taken on trust.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// Explain one claim instead of auditing all.
    #[arg(long, value_name = "NULLIFIER")]
    explain: Option<NullifierHash>,
    /// Check whether a service kept the word of a claim's receipt, instead of auditing all;
    /// exit code 1 when it did not.
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    receipt: Option<PathBuf>,
    /// The service's signed reason for not keeping the receipt, held against the chain too.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    refusal: Option<PathBuf>,
    /// Believe receipts that were signed with the key of this address, instead of the one
    /// that the deployment file names.
    #[arg(long, value_name = "ADDRESS", requires = "receipt", value_parser = parse_address)]
    signer: Option<Address>,
    /// Print the report as JSON; it is the same to the byte for the same block.
    #[arg(long)]
    json: bool,
}

/// Audits; exit code 1 when a check fails.
pub(crate) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let deployment = Deployment::load(&args.deployment)?;
    let provider = connect(args.rpc_url.expose())?;
    if let Some(nullifier) = args.explain {
        let explanation = explain(&provider, &deployment, nullifier).await?;
        let answer = ExplanationAnswer::from(&explanation);
        Format::from_flag(args.json).print(&answer, || describe(&explanation))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &args.receipt {
        let files = receipt::ReceiptFiles {
            receipt: path,
            refusal: args.refusal.as_deref(),
        };
        let verdict = receipt::check(provider, deployment, files, args.signer).await?;
        Format::from_flag(args.json).print(&verdict, || verdict.describe())?;
        return Ok(if verdict.needs_attention() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        });
    }
    let report = annona_audit::audit(&provider, &deployment, |check| {
        if !args.json {
            println!("{}", line(check));
        }
    })
    .await
    .with_context(|| format!("the chain at {} cannot be audited", args.rpc_url))?;
    println!(
        "{}",
        if args.json {
            report.to_json()
        } else {
            summary(&report)
        }
    );
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One check: a line, and under it what it lists.
pub(crate) fn line(check: &CheckResult) -> String {
    let (word, reason) = match &check.outcome {
        Outcome::Pass => ("PASS", String::new()),
        Outcome::Fail {
            what,
            transaction: None,
        } => ("FAIL", format!(": {what}")),
        Outcome::Fail {
            what,
            transaction: Some(hash),
        } => ("FAIL", format!(": {what} (transaction {hash})")),
        Outcome::NotChecked { why } => ("NOT CHECKED", format!(": {why}")),
    };
    let details: Vec<&str> = check.detail.lines().collect();
    let detail = match details.as_slice() {
        [] => String::new(),
        [one] => format!(" ({one})"),
        several => several
            .iter()
            .map(|text| format!("\n{:16}{text}", ""))
            .collect(),
    };
    format!("{word:<11} {}{reason}{detail}", check.title)
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplanationAnswer {
    nullifier_hash: String,
    block: u64,
    payments: Vec<PaymentAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpaid_because: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentAnswer {
    epoch: u64,
    block: u64,
    time: u64,
    transaction: String,
    amount: String,
    recipient: String,
    root: Option<String>,
    proof: String,
}

impl From<&Explanation> for ExplanationAnswer {
    fn from(explanation: &Explanation) -> Self {
        Self {
            nullifier_hash: explanation.nullifier.to_string(),
            block: explanation.block_number,
            payments: explanation
                .settlements
                .iter()
                .map(PaymentAnswer::from)
                .collect(),
            unpaid_because: explanation.unpaid.as_ref().map(unpaid_sentence),
        }
    }
}

impl From<&Settlement> for PaymentAnswer {
    fn from(settlement: &Settlement) -> Self {
        Self {
            epoch: settlement.epoch.0,
            block: settlement.block_number,
            time: settlement.time.0,
            transaction: settlement.transaction.to_string(),
            amount: settlement.amount.0.to_string(),
            recipient: settlement.recipient.to_string(),
            root: settlement.root.map(|root| root.to_string()),
            proof: proof_sentence(&settlement.proof),
        }
    }
}

fn describe(explanation: &Explanation) -> String {
    let mut lines = vec![format!(
        "nullifier {} as of block {}",
        explanation.nullifier, explanation.block_number
    )];
    for paid in &explanation.settlements {
        lines.push(format!(
            "paid {} tokens to {} in epoch {}, block {}, transaction {}; the proof {}",
            paid.amount,
            paid.recipient,
            paid.epoch,
            paid.block_number,
            paid.transaction,
            proof_sentence(&paid.proof)
        ));
    }
    lines.extend(explanation.unpaid.as_ref().map(unpaid_sentence));
    lines.join("\n")
}

fn proof_sentence(verdict: &ProofVerdict) -> String {
    match verdict {
        ProofVerdict::Verified => "holds against the epoch's root".to_owned(),
        ProofVerdict::Refused(why) => format!("does not hold: {why}"),
        ProofVerdict::OutOfRange => "has a value outside its range".to_owned(),
        ProofVerdict::NotInCalldata => {
            "is not in the calldata, another contract made the claim".to_owned()
        }
        _ => "was judged in a way that this version cannot say".to_owned(),
    }
}

fn unpaid_sentence(reason: &UnpaidReason) -> String {
    match reason {
        UnpaidReason::Refused {
            transaction,
            reason,
        } => format!(
            "not paid: transaction {transaction} was refused ({})",
            reason
                .as_deref()
                .unwrap_or("the endpoint does not tell why")
        ),
        UnpaidReason::Paused => {
            "not paid: no claim of it is on the chain, and payments are paused".to_owned()
        }
        UnpaidReason::NeverClaimed {
            refusals_searched_from,
        } => format!(
            "not paid: no claim of it is on the chain (refused ones were searched from block {refusals_searched_from} on)"
        ),
        _ => "not paid, for a reason that this version cannot say".to_owned(),
    }
}
