use annona_core::{AmountWei, B256, U256, keccak256};
use serde::Serialize;

/// Version of the JSON report's form.
const SCHEMA: u32 = 1;

/// How a check came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rule held everywhere.
    Pass,
    /// The rule did not hold.
    Fail {
        /// What is wrong, in a sentence.
        what: String,
        /// The first transaction that shows it, where there is one.
        transaction: Option<B256>,
    },
    /// The rule was not looked at, or not in full.
    NotChecked {
        /// Why, and what that leaves open.
        why: String,
    },
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// The rule, in words.
    pub title: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was looked at; several lines where a list is the point.
    pub detail: String,
}

/// The block that the audit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditedBlock {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// Figures of the deployment as its events tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Leaves that are members.
    pub members: u64,
    /// Leaves that are members no more.
    pub revoked: u64,
    /// Batches of joining and leaving.
    pub batches: u64,
    /// Epochs opened.
    pub epochs: u64,
    /// Claims paid.
    pub claims: u64,
    /// Paid to claimants and carriers together.
    pub paid_wei: AmountWei,
    /// Of that, fees.
    pub fees_wei: AmountWei,
    /// Tokens issued.
    pub issued_wei: AmountWei,
    /// Acts of administration, deployment included.
    pub admin_actions: u64,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The block audited.
    pub block: AuditedBlock,
    /// Every check, in the order of the audit.
    pub checks: Vec<CheckResult>,
    /// Figures.
    pub totals: Totals,
}

impl Report {
    /// Checks that held.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Pass))
    }

    /// Checks that did not hold.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Fail { .. }))
    }

    /// Checks that were not made.
    #[must_use]
    pub fn not_checked(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::NotChecked { .. }))
    }

    /// Whether nothing that was checked is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failed() == 0
    }

    /// The report as compact JSON: a function of the chain up to the block, and
    /// of nothing else. Checks are in the order of the audit, which is fixed.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&JsonReport::from(self))
            .expect("strings and numbers always serialise")
    }

    /// `keccak256` of [`Self::to_json`].
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.to_json())
    }

    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        self.checks
            .iter()
            .filter(|check| is_counted(&check.outcome))
            .count()
    }
}

/// Sums are decimal strings, because they exceed what a JSON number holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonReport<'a> {
    schema: u32,
    chain_id: u64,
    block: JsonBlock,
    checks: Vec<JsonCheck<'a>>,
    passed: usize,
    failed: usize,
    not_checked: usize,
    totals: JsonTotals,
}

#[derive(Serialize)]
struct JsonBlock {
    number: u64,
    hash: String,
}

#[derive(Serialize)]
struct JsonCheck<'a> {
    id: &'a str,
    title: &'a str,
    outcome: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
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

impl<'a> From<&'a Report> for JsonReport<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            schema: SCHEMA,
            chain_id: report.chain_id,
            block: JsonBlock {
                number: report.block.number,
                hash: report.block.hash.to_string(),
            },
            checks: report.checks.iter().map(JsonCheck::from).collect(),
            passed: report.passed(),
            failed: report.failed(),
            not_checked: report.not_checked(),
            totals: JsonTotals::from(&report.totals),
        }
    }
}

impl<'a> From<&'a CheckResult> for JsonCheck<'a> {
    fn from(check: &'a CheckResult) -> Self {
        let (outcome, reason, transaction) = match &check.outcome {
            Outcome::Pass => ("pass", None, None),
            Outcome::Fail { what, transaction } => (
                "fail",
                Some(what.as_str()),
                transaction.map(|hash| hash.to_string()),
            ),
            Outcome::NotChecked { why } => ("notChecked", Some(why.as_str()), None),
        };
        Self {
            id: check.id,
            title: check.title,
            outcome,
            detail: &check.detail,
            reason,
            transaction,
        }
    }
}

impl From<&Totals> for JsonTotals {
    fn from(totals: &Totals) -> Self {
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
