mod json;

use annona_core::{AmountWei, B256, UnixSeconds, keccak256};

/// Outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The rule held everywhere.
    Pass,
    /// The rule did not hold.
    Fail,
    /// The rule was not checked, or not in full.
    NotChecked,
}

/// Something on the chain that breaks a rule (AUDIT-36).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Objection {
    /// Description of the fault, in a sentence.
    pub what: String,
    /// Hash of the transaction that shows it, where there is one.
    pub transaction: Option<B256>,
}

/// Something that a check could not look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// No endpoint can show it: it is not on chain.
    ByDesign {
        /// Reason, and the question that it leaves open.
        why: String,
    },
    /// This endpoint did not show it; another one may.
    Evidence {
        /// Description of the missing evidence.
        why: String,
        /// Advice on getting the evidence.
        remedy: String,
    },
}

impl Gap {
    /// Returns a sentence on the missing evidence.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::ByDesign { why } | Self::Evidence { why, .. } => why,
        }
    }

    /// Returns advice on the gap; `None` where nothing helps.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::ByDesign { .. } => None,
            Self::Evidence { remedy, .. } => Some(remedy),
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Id of the requirement in `docs/spec/audit.md` that the check tests, such as `AUDIT-22`.
    pub requirement: &'static str,
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Rule of the check, in words.
    pub title: &'static str,
    /// Everything that breaks the rule.
    pub objections: Vec<Objection>,
    /// Everything that could not be looked at.
    pub gaps: Vec<Gap>,
    /// Summary of the check's work; several lines where a list is the point.
    pub detail: String,
}

impl CheckResult {
    /// Returns the outcome of the check: one objection is enough for a FAIL.
    #[must_use]
    pub const fn outcome(&self) -> CheckOutcome {
        if !self.objections.is_empty() {
            return CheckOutcome::Fail;
        }
        if self.gaps.is_empty() {
            CheckOutcome::Pass
        } else {
            CheckOutcome::NotChecked
        }
    }

    fn lacks_evidence(&self) -> bool {
        let mut gaps = self.gaps.iter();
        gaps.any(|gap| matches!(gap, Gap::Evidence { .. }))
    }
}

/// Outcome of the audit as a whole (AUDIT-38).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Everything that the chain can tell was looked at, and held.
    Passed,
    /// A check failed.
    Failed,
    /// No check failed, but the endpoint did not show all that must be looked at.
    Incomplete,
}

impl AuditVerdict {
    /// Returns the exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
        }
    }
}

/// The block that the audit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditedBlock {
    /// Number of the block.
    pub number: u64,
    /// Hash of the block.
    pub hash: B256,
    /// Timestamp of the block.
    pub timestamp: UnixSeconds,
}

/// Figures of the deployment as its events tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditTotals {
    /// Number of leaves that are members.
    pub members: u64,
    /// Number of leaves that were members once.
    pub revoked: u64,
    /// Number of batches of joining and leaving.
    pub batches: u64,
    /// Number of epochs opened.
    pub epochs: u64,
    /// Number of claims paid.
    pub claims: u64,
    /// Amount paid to recipients and fee recipients together.
    pub paid_wei: AmountWei,
    /// Fees in that amount.
    pub fees_wei: AmountWei,
    /// Amount of tokens issued.
    pub issued_wei: AmountWei,
    /// Number of acts of administration, deployment included.
    pub admin_actions: u64,
}

/// Results of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The block audited: the endpoint's newest.
    pub block: AuditedBlock,
    /// Time of the audit by the auditor's own clock.
    pub audited_at: UnixSeconds,
    /// Every check, in the order of the audit.
    pub checks: Vec<CheckResult>,
    /// Figures of the deployment as its events tell them.
    pub totals: AuditTotals,
}

impl AuditReport {
    /// Counts the checks that held.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(CheckOutcome::Pass)
    }

    /// Counts the checks that did not hold.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(CheckOutcome::Fail)
    }

    /// Counts the checks that were not made, or not in full.
    #[must_use]
    pub fn not_checked(&self) -> usize {
        self.count(CheckOutcome::NotChecked)
    }

    /// Returns the verdict of the audit. Checks that no chain can answer do not count against it.
    #[must_use]
    pub fn verdict(&self) -> AuditVerdict {
        if self.failed() > 0 {
            AuditVerdict::Failed
        } else if self.checks.iter().any(CheckResult::lacks_evidence) {
            AuditVerdict::Incomplete
        } else {
            AuditVerdict::Passed
        }
    }

    /// Returns the age of the audited block in seconds; 0 if it is dated ahead of the auditor's
    /// clock.
    #[must_use]
    pub const fn age_secs(&self) -> u64 {
        self.audited_at.0.saturating_sub(self.block.timestamp.0)
    }

    /// Writes the report as compact JSON. But for the block's age it is a function of the chain up
    /// to the block and of the part of it that the endpoint shows.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::of(self, Some(self.age_secs()))
    }

    /// Computes `keccak256` of [`Self::to_json`] without `ageSecs` (AUDIT-37).
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(json::of(self, None))
    }

    fn count(&self, outcome: CheckOutcome) -> usize {
        let mut count = 0;
        for check in &self.checks {
            if check.outcome() == outcome {
                count += 1;
            }
        }
        count
    }
}
