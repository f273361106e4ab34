//! Checks that no chain data can answer: each reports a gap by design.

use super::Evidence;
use super::findings::{Finding, Findings, Verdict};
use crate::Gap;

fn by_design(why: &str) -> Verdict {
    Err(Finding::Unchecked(Gap::ByDesign {
        why: why.to_owned(),
    }))
}

/// Checks AUDIT-31: every leaf is one living person.
pub(super) fn leaves_are_people(_: &Evidence<'_>, _: &mut Findings) -> Verdict {
    by_design(
        "the chain shows commitments, not people: that each stands for one living person rests on \
         the orbs and on the sequencer, who alone appends; the roots themselves are recomputed here",
    )
}

/// Checks AUDIT-32: every leaf was signed for by an active orb.
pub(super) fn enrolment_signatures(_: &Evidence<'_>, _: &mut Findings) -> Verdict {
    by_design("the orbs' signatures are kept by the service and are not on chain")
}

/// Checks AUDIT-33: the transparency log is anchored on chain.
pub(super) fn log_anchors(_: &Evidence<'_>, _: &mut Findings) -> Verdict {
    by_design("this deployment anchors no transparency log")
}
