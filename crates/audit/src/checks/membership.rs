use std::collections::{HashMap, HashSet};

use alloy::primitives::U256;
use annona_core::SCALAR_MODULUS;

use super::Evidence;
use super::findings::{
    Finding, Findings, Verdict, answer, wrong_at, wrong_by_logs, wrong_by_logs_at,
};
use super::rebuilt::{Step, calendar, looked_at};
use crate::data::{Logged, RegistryBatch};

/// Checks AUDIT-10: every leaf is a commitment, and none is there twice.
pub(super) fn leaves(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let revoked = revoked_places(evidence);
    let mut seen = HashMap::new();
    for batch in &evidence.data.events.batches {
        let RegistryBatch::Appended(event) = &batch.event else {
            continue;
        };
        for (index, leaf) in (0_u64..).zip(&event.leaves) {
            let index = event.startIndex.saturating_add(U256::from(index));
            if leaf.is_zero() || *leaf >= SCALAR_MODULUS {
                let what = format!("leaf {index} is no commitment: {leaf:#066x}");
                found.note::<()>(wrong_at(batch, what));
            }
            if let Some(earlier) = seen.insert(*leaf, index) {
                let now = |place| {
                    if revoked.contains(&place) {
                        "revoked"
                    } else {
                        "a member"
                    }
                };
                let what = format!(
                    "the commitment of leaf {index} ({}) is already leaf {earlier} ({})",
                    now(index),
                    now(earlier)
                );
                found.note::<()>(wrong_at(batch, what));
            }
        }
    }
    looked_at(seen.len(), "leaves, all different")
}

fn revoked_places(evidence: &Evidence<'_>) -> HashSet<U256> {
    let mut places = HashSet::new();
    for batch in &evidence.data.events.batches {
        if let RegistryBatch::Revoked(event) = &batch.event {
            places.extend(event.removals.iter().map(|removal| removal.leafIndex));
        }
    }
    places
}

/// Checks AUDIT-11: every revoked leaf held that member until then.
pub(super) fn revocations(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let mut members = HashMap::new();
    let mut revoked = 0;
    for batch in &evidence.data.events.batches {
        match &batch.event {
            RegistryBatch::Appended(event) => {
                for (index, leaf) in (0_u64..).zip(&event.leaves) {
                    members.insert(event.startIndex.saturating_add(U256::from(index)), *leaf);
                }
            }
            RegistryBatch::Revoked(event) => {
                for removal in &event.removals {
                    if members.remove(&removal.leafIndex) == Some(removal.commitment) {
                        revoked += 1;
                        continue;
                    }
                    let what = format!(
                        "leaf {} was not {:#066x} when it was revoked",
                        removal.leafIndex, removal.commitment
                    );
                    found.note::<()>(wrong_by_logs_at(batch, what));
                }
            }
        }
    }
    looked_at(revoked, "leaves revoked, each of them a member until then")
}

/// Checks AUDIT-12: every root follows from the batches before it.
pub(super) fn roots(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    calendar(evidence.data)?;
    let batches = &evidence.data.events.batches;
    for (batch, step) in batches.iter().zip(&evidence.rebuilt.steps) {
        found.note(follows(batch, step));
        found.note(is_counted_to_its_epoch(evidence, batch, step));
    }
    evidence.rebuilt.require_whole()?;
    looked_at(batches.len(), "batches rebuilt")
}

fn follows(batch: &Logged<RegistryBatch>, step: &Step) -> Result<(), Finding> {
    let event = &batch.event;
    if let RegistryBatch::Appended(event) = event
        && event.startIndex != U256::from(step.start_index)
    {
        let what = format!(
            "the batch starts at {} instead of {}",
            event.startIndex, step.start_index
        );
        return wrong_by_logs_at(batch, what);
    }
    if event.pre_root() != step.pre_root {
        return wrong_by_logs_at(
            batch,
            "the root before the batch is not the one of the leaves before it",
        );
    }
    if event.post_root() != step.post.root {
        return wrong_by_logs_at(
            batch,
            "the root after the batch does not follow from its leaves",
        );
    }
    Ok(())
}

fn is_counted_to_its_epoch(
    evidence: &Evidence<'_>,
    batch: &Logged<RegistryBatch>,
    step: &Step,
) -> Result<(), Finding> {
    evidence.time_of(batch.at)?;
    let Some(epoch) = step.epoch else {
        return wrong_at(batch, "the batch was mined before genesis");
    };
    if batch.event.epoch() == U256::from(epoch) {
        return Ok(());
    }
    let what = format!(
        "the batch is counted to epoch {} but was mined in {epoch}",
        batch.event.epoch()
    );
    wrong_at(batch, what)
}

/// Checks AUDIT-13: the registry's state follows from its events.
pub(super) fn registry_state(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let answers = &evidence.data.answers;
    let root = answer(answers.current_root.as_ref(), "currentRoot()")?;
    let next_index = answer(answers.next_index.as_ref(), "nextIndex()")?;
    let members = answer(answers.member_count.as_ref(), "memberCount()")?;
    let newest = evidence.rebuilt.newest()?;
    if root != newest.root {
        found.note::<()>(wrong_by_logs(format!(
            "the current root is {root:#066x}, the events lead to {:#066x}",
            newest.root
        )));
    }
    let leaves = evidence.rebuilt.leaf_count()?;
    if next_index != leaves || members != newest.members {
        found.note::<()>(wrong_by_logs(format!(
            "the registry counts {next_index} leaves and {members} members, the events {leaves} and {}",
            newest.members
        )));
    }
    Ok(format!("{members} members, root {root:#066x}"))
}

/// Checks AUDIT-14: the root and member count of every epoch are the recomputed ones.
pub(super) fn checkpoints(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let checkpoints = &evidence.data.checkpoints;
    for (epoch, read) in checkpoints {
        let getter = format!("checkpointBefore({epoch})");
        let Some(actual) = found.note(answer(read.as_ref(), &getter)) else {
            continue;
        };
        let expected = evidence.rebuilt.before(*epoch)?;
        if actual != expected {
            found.note::<()>(wrong_by_logs(format!(
                "epoch {epoch} has root {:#066x} of {} members, the events say {:#066x} of {}",
                actual.root, actual.members, expected.root, expected.members
            )));
        }
    }
    looked_at(
        checkpoints.len(),
        "epochs: the newest, and every one in which members joined or money was paid",
    )
}
