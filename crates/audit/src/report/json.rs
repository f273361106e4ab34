use annona_core::{AmountWei, U256};
use serde::Serialize;

use super::{AuditReport, AuditTotals, AuditVerdict, CheckOutcome, CheckResult, Gap, Objection};

/// Version of the JSON report's form.
const SCHEMA: u32 = 3;

/// Report in JSON. Sums are decimal strings, because they exceed the range of a JSON number.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonReport<'a> {
    schema: u32,
    chain_id: u64,
    block: JsonBlock,
    verdict: &'static str,
    exit_code: u8,
    checks: Vec<JsonCheck<'a>>,
    passed: usize,
    failed: usize,
    not_checked: usize,
    totals: JsonTotals,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonBlock {
    number: u64,
    hash: String,
    timestamp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_secs: Option<u64>,
}

#[derive(Serialize)]
struct JsonCheck<'a> {
    requirement: &'a str,
    id: &'a str,
    title: &'a str,
    outcome: &'static str,
    detail: &'a str,
    objections: Vec<JsonObjection<'a>>,
    gaps: Vec<JsonGap<'a>>,
}

#[derive(Serialize)]
struct JsonObjection<'a> {
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonGap<'a> {
    cause: &'static str,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_to_do: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonTotals {
    members: u64,
    revoked: u64,
    batches: u64,
    epochs: u64,
    claims: u64,
    paid_wei: String,
    fees_wei: String,
    issued_wei: String,
    admin_actions: u64,
}

/// Writes the report as compact JSON. Checks are in the order of the audit, which is fixed.
pub(super) fn of(report: &AuditReport, age_secs: Option<u64>) -> String {
    let verdict = report.verdict();
    let json = JsonReport {
        schema: SCHEMA,
        chain_id: report.chain_id,
        block: JsonBlock {
            number: report.block.number,
            hash: report.block.hash.to_string(),
            timestamp: report.block.timestamp.0,
            age_secs,
        },
        verdict: match verdict {
            AuditVerdict::Passed => "passed",
            AuditVerdict::Failed => "failed",
            AuditVerdict::Incomplete => "incomplete",
        },
        exit_code: verdict.exit_code(),
        checks: report.checks.iter().map(JsonCheck::from).collect(),
        passed: report.passed(),
        failed: report.failed(),
        not_checked: report.not_checked(),
        totals: JsonTotals::from(&report.totals),
    };
    serde_json::to_string(&json).expect("strings and numbers always serialise")
}

impl<'a> From<&'a CheckResult> for JsonCheck<'a> {
    fn from(check: &'a CheckResult) -> Self {
        Self {
            requirement: check.requirement,
            id: check.id,
            title: check.title,
            outcome: match check.outcome() {
                CheckOutcome::Pass => "pass",
                CheckOutcome::Fail => "fail",
                CheckOutcome::NotChecked => "notChecked",
            },
            detail: &check.detail,
            objections: check.objections.iter().map(JsonObjection::from).collect(),
            gaps: check.gaps.iter().map(JsonGap::from).collect(),
        }
    }
}

impl<'a> From<&'a Objection> for JsonObjection<'a> {
    fn from(objection: &'a Objection) -> Self {
        Self {
            what: &objection.what,
            transaction: objection.transaction.map(|hash| hash.to_string()),
        }
    }
}

impl<'a> From<&'a Gap> for JsonGap<'a> {
    fn from(gap: &'a Gap) -> Self {
        Self {
            cause: match gap {
                Gap::ByDesign { .. } => "design",
                Gap::Evidence { .. } => "endpoint",
            },
            why: gap.why(),
            what_to_do: gap.remedy(),
        }
    }
}

impl From<&AuditTotals> for JsonTotals {
    fn from(totals: &AuditTotals) -> Self {
        let wei = |AmountWei(amount): AmountWei| -> String { U256::to_string(&amount) };
        Self {
            members: totals.members,
            revoked: totals.revoked,
            batches: totals.batches,
            epochs: totals.epochs,
            claims: totals.claims,
            paid_wei: wei(totals.paid_wei),
            fees_wei: wei(totals.fees_wei),
            issued_wei: wei(totals.issued_wei),
            admin_actions: totals.admin_actions,
        }
    }
}
