//! Text of an audit: a line for each check, the summary, and the progress of long reading.

use std::time::{Duration, Instant};

use annona_audit::{AuditProgress, AuditReport, CheckOutcome, CheckResult, Gap, Objection};

/// Objections and gaps of a check that are shown; JSON has all.
const SHOWN_AT_MOST: usize = 10;

/// Time between two lines on long reading.
const READING_INTERVAL: Duration = Duration::from_secs(5);

/// One check: a line, and under it what it lists.
pub(crate) fn line(check: &CheckResult) -> String {
    let word = match check.outcome() {
        CheckOutcome::Pass => "PASS",
        CheckOutcome::Fail => "FAIL",
        CheckOutcome::NotChecked => "NOT CHECKED",
    };
    let objections = check.objections.iter().map(objection);
    let mut found = shown(objections.collect(), "objections");
    let gaps = check.gaps.iter().map(gap);
    let is_failed = check.outcome() == CheckOutcome::Fail;
    let gaps = shown(gaps.collect(), "gaps").into_iter();
    found.extend(gaps.map(|text| {
        if is_failed {
            format!("not checked: {text}")
        } else {
            text
        }
    }));
    let reason = match found.as_slice() {
        [] => String::new(),
        [one] => format!(": {one}"),
        several => format!(":{}", under(several.iter().map(String::as_str))),
    };
    let details: Vec<&str> = check.detail.lines().collect();
    let detail = match details.as_slice() {
        [one] if found.is_empty() => format!(" ({one})"),
        several if found.is_empty() => under(several.iter().copied()),
        _ => String::new(),
    };
    format!("{word:<11} {}{reason}{detail}", check.title)
}

fn under<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|text| format!("\n{:16}{text}", "")).collect()
}

fn shown(mut texts: Vec<String>, what: &str) -> Vec<String> {
    let more = texts.len().saturating_sub(SHOWN_AT_MOST);
    if more > 0 {
        let all = texts.len();
        texts.truncate(SHOWN_AT_MOST);
        texts.push(format!("and {more} more; --json lists all {all} {what}"));
    }
    texts
}

fn objection(objection: &Objection) -> String {
    match objection.transaction {
        Some(hash) => format!("{} (transaction {hash})", objection.what),
        None => objection.what.clone(),
    }
}

fn gap(gap: &Gap) -> String {
    match gap.remedy() {
        Some(remedy) => format!("{}; {remedy}", gap.why()),
        None => gap.why().to_owned(),
    }
}

/// The last lines of an audit.
pub(crate) fn summary(report: &AuditReport) -> String {
    let block = report.block;
    format!(
        "chain {}, block {} ({}), {} s old (time {})\n\
         {} passed, {} failed, {} not checked; report hash {}",
        report.chain_id,
        block.number,
        block.hash,
        report.age_secs(),
        block.timestamp.0,
        report.passed(),
        report.failed(),
        report.not_checked(),
        report.hash()
    )
}

/// Tells of long reading, now and then.
#[derive(Debug)]
pub(super) struct Reading {
    told: Instant,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            told: Instant::now(),
        }
    }
}

impl Reading {
    /// The line to show, if it is time for one.
    pub(super) fn line(&mut self, progress: AuditProgress<'_>) -> Option<String> {
        let text = match progress {
            AuditProgress::Reading { what, done, total } => {
                if self.told.elapsed() < READING_INTERVAL {
                    return None;
                }
                format!("reading {what}: {done} of {total}")
            }
            AuditProgress::BegunAgain { number } => {
                format!("block {number} was replaced meanwhile: beginning again")
            }
            _ => return None,
        };
        self.told = Instant::now();
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(objections: usize, gaps: usize) -> CheckResult {
        let objection = |number| Objection {
            what: format!("wrong {number}"),
            transaction: None,
        };
        let gap = |number| Gap::Evidence {
            why: format!("unseen {number}"),
            remedy: "ask".to_owned(),
        };
        CheckResult {
            requirement: "AUDIT-1",
            id: "some",
            title: "A rule",
            objections: (0..objections).map(objection).collect(),
            gaps: (0..gaps).map(gap).collect(),
            detail: "looked at".to_owned(),
        }
    }

    #[test]
    fn a_check_is_one_line_if_there_is_one_thing_to_say() {
        assert_eq!(line(&check(0, 0)), "PASS        A rule (looked at)");
        assert_eq!(line(&check(1, 0)), "FAIL        A rule: wrong 0");
        assert_eq!(line(&check(0, 1)), "NOT CHECKED A rule: unseen 0; ask");
    }

    #[test]
    fn many_objections_are_cut_and_counted_whole() {
        let text = line(&check(12, 1));
        assert_eq!(text.lines().count(), 1 + SHOWN_AT_MOST + 2);
        assert!(
            text.contains("and 2 more; --json lists all 12 objections"),
            "{text}"
        );
        assert!(text.contains("not checked: unseen 0; ask"), "{text}");
    }
}
