use std::collections::HashMap;

use alloy::primitives::U256;
use annona_core::SCALAR_MODULUS;

use super::rebuilt::{calendar, looked_at};
use super::{Evidence, Verdict, answer, wrong, wrong_at};
use crate::data::RegistryBatch;

pub(super) fn leaves(evidence: &Evidence<'_>) -> Verdict {
    let mut seen = HashMap::new();
    for batch in &evidence.data.events.batches {
        let RegistryBatch::Appended(event) = &batch.event else {
            continue;
        };
        for (index, leaf) in (0_u64..).zip(&event.leaves) {
            let index = event.startIndex.saturating_add(U256::from(index));
            if leaf.is_zero() || *leaf >= SCALAR_MODULUS {
                return wrong_at(
                    batch,
                    format!("leaf {index} is no commitment: {leaf:#066x}"),
                );
            }
            if let Some(earlier) = seen.insert(*leaf, index) {
                return wrong_at(
                    batch,
                    format!("the commitment of leaf {index} is already leaf {earlier}"),
                );
            }
        }
    }
    looked_at(seen.len(), "leaves, all different")
}

pub(super) fn revocations(evidence: &Evidence<'_>) -> Verdict {
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
                    if members.remove(&removal.leafIndex) != Some(removal.commitment) {
                        return wrong_at(
                            batch,
                            format!(
                                "leaf {} was not {:#066x} when it was revoked",
                                removal.leafIndex, removal.commitment
                            ),
                        );
                    }
                    revoked += 1;
                }
            }
        }
    }
    looked_at(revoked, "leaves revoked, each of them a member until then")
}

pub(super) fn roots(evidence: &Evidence<'_>) -> Verdict {
    let clock = calendar(evidence.data)?;
    let batches = &evidence.data.events.batches;
    for (batch, step) in batches.iter().zip(&evidence.rebuilt.steps) {
        let event = &batch.event;
        if let RegistryBatch::Appended(event) = event
            && event.startIndex != U256::from(step.start_index)
        {
            return wrong_at(
                batch,
                format!(
                    "the batch starts at {} instead of {}",
                    event.startIndex, step.start_index
                ),
            );
        }
        if event.pre_root() != step.pre_root {
            return wrong_at(
                batch,
                "the root before the batch is not the one of the leaves before it",
            );
        }
        if event.post_root() != step.post.root {
            return wrong_at(
                batch,
                "the root after the batch does not follow from its leaves",
            );
        }
        let Some(epoch) = step.epoch else {
            return wrong_at(
                batch,
                format!("the batch was mined before genesis {}", clock.genesis().0),
            );
        };
        if event.epoch() != U256::from(epoch) {
            return wrong_at(
                batch,
                format!(
                    "the batch is counted to epoch {} but was mined in {epoch}",
                    event.epoch()
                ),
            );
        }
    }
    evidence.rebuilt.require_whole()?;
    looked_at(batches.len(), "batches rebuilt")
}

pub(super) fn registry_state(evidence: &Evidence<'_>) -> Verdict {
    let answers = &evidence.data.answers;
    let root = answer(answers.current_root.as_ref(), "currentRoot()")?;
    let next_index = answer(answers.next_index.as_ref(), "nextIndex()")?;
    let members = answer(answers.member_count.as_ref(), "memberCount()")?;
    let newest = evidence.rebuilt.newest()?;
    if root != newest.root {
        return wrong(format!(
            "the current root is {root:#066x}, the events lead to {:#066x}",
            newest.root
        ));
    }
    let leaves = evidence.rebuilt.leaf_count()?;
    if next_index != leaves || members != newest.members {
        return wrong(format!(
            "the registry counts {next_index} leaves and {members} members, the events {leaves} and {}",
            newest.members
        ));
    }
    Ok(format!("{members} members, root {root:#066x}"))
}

pub(super) fn checkpoints(evidence: &Evidence<'_>) -> Verdict {
    let checkpoints = &evidence.data.checkpoints;
    for (epoch, read) in checkpoints {
        let getter = format!("checkpointBefore({epoch})");
        let actual = answer(read.as_ref(), &getter)?;
        let expected = evidence.rebuilt.before(*epoch)?;
        if actual != expected {
            return wrong(format!(
                "epoch {epoch} has root {:#066x} of {} members, the events say {:#066x} of {}",
                actual.root, actual.members, expected.root, expected.members
            ));
        }
    }
    looked_at(
        checkpoints.len(),
        "epochs: the newest, and every one in which members joined or money was paid",
    )
}
