//! Command `annona audit`: audits a deployment, explains one claim, or checks a receipt against the
//! chain.

mod explanation;
mod lines;
mod receipt;

use std::path::PathBuf;
use std::process::ExitCode;

use annona_audit::{AuditProgress, AuditReport, AuditVerdict, explain};
use annona_bindings::Deployment;
use annona_chain::DynProvider;
use annona_core::{Address, NullifierHash, parse_address};
use annona_http::SecretUrl;
use annona_rpc::connect;
use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::orb::now;
use crate::output::{Format, Lines, is_unwritten, note, print_error, say, sentences};
use explanation::{ExplanationAnswer, describe};
pub(crate) use lines::{line, summary};

/// Exit code when the chain could not be audited, or not in full (AUDIT-38).
const COULD_NOT_CHECK: u8 = AuditVerdict::Incomplete.exit_code();

const EXIT_CODES: &str = "\
Exit codes:
  0  every check that the chain can answer was made, and passed
  1  a check failed, or a service did not keep the promise of a receipt
  2  could not check: the endpoint failed, is behind, or does not show all that must be seen
     (NOT CHECKED says what to do), or the arguments cannot be used

Rows that no chain can answer (is each leaf a living person?) are NOT CHECKED and leave the code at 0.";

/// Arguments of `annona audit`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct AuditArgs {
    /// JSON-RPC endpoint of the chain; an archive node shows most.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc_url: SecretUrl,
    /// Deployment file, such as deployment.json: its addresses are all that is taken on trust.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// Explain one claim, by its nullifier hash (0x and 64 hexadecimal digits), instead of
    /// auditing all.
    #[arg(long, value_name = "NULLIFIER")]
    explain: Option<NullifierHash>,
    /// Check whether a service kept the promise of a claim's receipt, in the file that `annona
    /// citizen claim --receipt` wrote, instead of auditing all.
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    receipt: Option<PathBuf>,
    /// File with the service's signed reason for not paying, which is kept beside the receipt;
    /// it is held against the chain as well.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    refusal: Option<PathBuf>,
    /// Believe receipts that were signed with the key of this address, instead of the one
    /// that the deployment file names.
    #[arg(long, value_name = "ADDRESS", requires = "receipt", value_parser = parse_address)]
    signer: Option<Address>,
    /// Print the report as JSON, with every objection. Except for the block's age, it has the
    /// same bytes for the same block.
    #[arg(long)]
    json: bool,
}

/// Audits; the exit code says how it came out.
pub(crate) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    match answer(args).await {
        Ok(code) => Ok(code),
        Err(error) if is_unwritten(&error) => Err(error),
        Err(error) => {
            print_error(&error);
            if format == Format::Json {
                format.print(&Failure::of(&error), String::new)?;
            }
            Ok(ExitCode::from(COULD_NOT_CHECK))
        }
    }
}

/// The JSON answer of an audit that could not be made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    verdict: &'static str,
    exit_code: u8,
    error: Vec<String>,
}

impl Failure {
    fn of(error: &anyhow::Error) -> Self {
        Self {
            verdict: "not audited",
            exit_code: COULD_NOT_CHECK,
            error: sentences(error),
        }
    }
}

async fn answer(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    let deployment = Deployment::load(&args.deployment)?;
    let provider = connect(args.rpc_url.expose())?;
    if let Some(nullifier) = args.explain {
        let explanation = explain(&provider, &deployment, nullifier).await?;
        let answer = ExplanationAnswer::from(&explanation);
        format.print(&answer, || describe(&explanation))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &args.receipt {
        let files = receipt::ReceiptFiles {
            receipt: path,
            refusal: args.refusal.as_deref(),
        };
        let verdict = receipt::check(provider, deployment, files, args.signer).await?;
        format.print(&verdict, || verdict.describe())?;
        return Ok(if verdict.needs_attention() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        });
    }
    let lines = Lines::default();
    let auditing = audit_all(&provider, &deployment, format, &lines);
    let report = lines
        .during(async {
            let report = auditing.await;
            report.with_context(|| format!("the chain at {} cannot be audited", args.rpc_url))
        })
        .await?;
    say(match format {
        Format::Json => report.to_json(),
        Format::Text => summary(&report),
    })?;
    Ok(ExitCode::from(report.verdict().exit_code()))
}

/// Audits, with the checks on standard output and long reading on standard error.
async fn audit_all(
    provider: &DynProvider,
    deployment: &Deployment,
    format: Format,
    lines: &Lines,
) -> anyhow::Result<AuditReport> {
    let mut reading = lines::Reading::default();
    let report = annona_audit::audit(provider, deployment, now(), |progress| match progress {
        AuditProgress::Checked(check) if format == Format::Text => lines.say(line(check)),
        AuditProgress::Checked(_) => {}
        progress => {
            if let Some(text) = reading.line(progress) {
                note(text);
            }
        }
    });
    Ok(report.await?)
}
