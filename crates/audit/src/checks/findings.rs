use std::collections::HashSet;

use alloy::primitives::B256;

use crate::data::Logged;
use crate::{Gap, Objection};

/// Reason that a check does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// The rule does not hold, whatever else there is on the chain.
    Wrong(Objection),
    /// The rule does not hold if these are all logs. When logs are missing, it accuses
    /// nobody (AUDIT-34).
    WrongByLogs(Objection),
    /// The rule could not be checked, or not in full.
    Unchecked(Gap),
}

/// Summary of a check's work, or the finding that ended it.
pub(super) type Verdict = Result<String, Finding>;

/// Findings of a check so far (AUDIT-36).
#[derive(Debug, Default)]
pub(super) struct Findings {
    lacks_logs: bool,
    pub(super) objections: Vec<Objection>,
    pub(super) gaps: Vec<Gap>,
    seen: HashSet<Objection>,
}

impl Findings {
    /// Begins with the gaps of the logs, for a check that rests on them.
    pub(super) fn resting_on(log_gaps: &[Gap]) -> Self {
        Self {
            lacks_logs: !log_gaps.is_empty(),
            gaps: log_gaps.to_vec(),
            ..Self::default()
        }
    }

    /// Keeps the finding in `result`, each once, or returns its value.
    pub(super) fn note<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(Finding::WrongByLogs(_)) if self.lacks_logs => {}
            Err(Finding::Wrong(objection) | Finding::WrongByLogs(objection)) => {
                if self.seen.insert(objection.clone()) {
                    self.objections.push(objection);
                }
            }
            Err(Finding::Unchecked(gap)) => {
                if !self.gaps.contains(&gap) {
                    self.gaps.push(gap);
                }
            }
        }
        None
    }
}

fn objection(what: impl Into<String>, transaction: Option<B256>) -> Objection {
    Objection {
        what: what.into(),
        transaction,
    }
}

pub(super) fn wrong<T>(what: impl Into<String>) -> Result<T, Finding> {
    Err(Finding::Wrong(objection(what, None)))
}

pub(super) fn wrong_in<T>(transaction: B256, what: impl Into<String>) -> Result<T, Finding> {
    Err(Finding::Wrong(objection(what, Some(transaction))))
}

pub(super) fn wrong_at<T, E>(logged: &Logged<E>, what: impl Into<String>) -> Result<T, Finding> {
    wrong_in(logged.at.transaction, what)
}

pub(super) fn wrong_by_logs<T>(what: impl Into<String>) -> Result<T, Finding> {
    Err(Finding::WrongByLogs(objection(what, None)))
}

pub(super) fn wrong_by_logs_in<T>(
    transaction: B256,
    what: impl Into<String>,
) -> Result<T, Finding> {
    Err(Finding::WrongByLogs(objection(what, Some(transaction))))
}

pub(super) fn wrong_by_logs_at<T, E>(
    logged: &Logged<E>,
    what: impl Into<String>,
) -> Result<T, Finding> {
    wrong_by_logs_in(logged.at.transaction, what)
}

/// Makes the gap of something that this endpoint does not show.
pub(super) fn not_shown(why: impl Into<String>, remedy: &str) -> Gap {
    Gap::Evidence {
        why: why.into(),
        remedy: remedy.to_owned(),
    }
}

pub(super) fn unchecked<T>(why: impl Into<String>, remedy: &str) -> Result<T, Finding> {
    Err(Finding::Unchecked(not_shown(why, remedy)))
}

/// Returns a getter's answer, or the finding that there is none.
pub(super) fn answer<T: Clone>(answer: Option<&T>, getter: &str) -> Result<T, Finding> {
    match answer {
        Some(value) => Ok(value.clone()),
        None => wrong(format!("the contract does not answer {getter}")),
    }
}
