//! What cannot be told from the chain, said out loud.

use super::{Evidence, Objection, Verdict};

fn unchecked(why: &str) -> Verdict {
    Err(Objection::Unchecked {
        why: why.to_owned(),
    })
}

pub(super) fn leaves_are_people(_: &Evidence<'_>) -> Verdict {
    unchecked(
        "the chain shows commitments, not people: that each stands for one living person rests on \
         the orbs and on the sequencer, who alone appends; the roots themselves are recomputed here",
    )
}

pub(super) fn enrolment_signatures(_: &Evidence<'_>) -> Verdict {
    unchecked("the orbs' signatures are kept by the service and are not on chain")
}

pub(super) fn log_anchors(_: &Evidence<'_>) -> Verdict {
    unchecked("this deployment anchors no transparency log")
}
