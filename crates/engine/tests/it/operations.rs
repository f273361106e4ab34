//! Operations of a simulation as data, so that a failing sequence shrinks and can be kept.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;

/// Longest sequence that is generated; the mean is half of it.
const MAX_OPS: usize = 160;
/// Deepest reorg, in blocks; below what counts as final.
const DEEPEST_REORG: u64 = 4;
/// Largest base fee, as a multiple of the first; beyond the limit of what is offered.
const DEAREST: u64 = 20;
/// Largest number of a claim that a stranger pays; beyond it, numbers begin anew.
const MAX_CLAIM: u64 = 16;
/// Largest number of calls that a step makes before it is killed.
const MAX_ANSWERED: u32 = 12;

/// Event in the life of a service; the simplest first, because a sequence shrinks towards them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// Mines a block with everything of the pool that can be in it.
    Mine,
    /// Lets the outbox do a step, which may fail.
    StepOutbox,
    /// Lets the relay do a step, which may fail.
    StepRelay,
    /// Lets the sequencer do a step, which may fail.
    StepSequencer,
    /// Queues the next claim.
    SubmitClaim,
    /// Queues the next claim, which the contract refuses for ever.
    SubmitRefusedClaim,
    /// Admits the next person.
    Enrol,
    /// Replaces all workers by new ones, which know only the database and the chain.
    Restart,
    /// Begins a step of the outbox, and kills the process after so many answers of the node.
    KillOutbox { answered: u32 },
    /// Begins a step of the relay, and kills the process after so many answers of the node.
    KillRelay { answered: u32 },
    /// Begins a step of the sequencer, and kills the process after so many answers of the node.
    KillSequencer { answered: u32 },
    /// Replaces the newest blocks by empty ones; their transactions go back to the pool.
    ReorgToPool { depth: u64 },
    /// Replaces the newest blocks by empty ones; their transactions are forgotten.
    ReorgForgotten { depth: u64 },
    /// Empties the pool.
    ForgetPool,
    /// Leaves the next calls unanswered.
    FailCalls { count: u32 },
    /// Acknowledges the next broadcasts and loses them.
    LoseBroadcasts { count: u32 },
    /// Takes the next broadcasts and loses the acknowledgements.
    LoseAcknowledgements { count: u32 },
    /// Reverts the next execution for no lasting reason.
    RevertExecution,
    /// Answers about nonces as so many blocks before, from now on.
    LagNonces { blocks: u64 },
    /// Sets the base fee to a multiple of the first one.
    SetBaseFee { times: u64 },
    /// Pays a claim past the service, if it is due; numbers begin at 1, and again after the last.
    PayElsewhere { claim: u64 },
}

/// Generates an operation.
fn arb_op() -> impl Strategy<Value = Op> {
    // In two parts, because a choice has at most ten arms.
    let kill = prop_oneof![
        (0..=MAX_ANSWERED).prop_map(|answered| Op::KillOutbox { answered }),
        (0..=MAX_ANSWERED).prop_map(|answered| Op::KillRelay { answered }),
        (0..=MAX_ANSWERED).prop_map(|answered| Op::KillSequencer { answered }),
    ];
    let work = prop_oneof![
        4 => Just(Op::Mine),
        4 => Just(Op::StepOutbox),
        3 => Just(Op::StepRelay),
        2 => Just(Op::StepSequencer),
        4 => Just(Op::SubmitClaim),
        1 => Just(Op::SubmitRefusedClaim),
        2 => Just(Op::Enrol),
        1 => Just(Op::Restart),
        3 => kill,
    ];
    let fault = prop_oneof![
        1 => (1..=DEEPEST_REORG).prop_map(|depth| Op::ReorgToPool { depth }),
        1 => (1..=DEEPEST_REORG).prop_map(|depth| Op::ReorgForgotten { depth }),
        1 => Just(Op::ForgetPool),
        1 => (1..=6_u32).prop_map(|count| Op::FailCalls { count }),
        1 => (1..=3_u32).prop_map(|count| Op::LoseBroadcasts { count }),
        1 => (1..=3_u32).prop_map(|count| Op::LoseAcknowledgements { count }),
        1 => Just(Op::RevertExecution),
        1 => (0..=DEEPEST_REORG).prop_map(|blocks| Op::LagNonces { blocks }),
        2 => (1..=DEAREST).prop_map(|times| Op::SetBaseFee { times }),
        1 => (1..=MAX_CLAIM).prop_map(|claim| Op::PayElsewhere { claim }),
    ];
    prop_oneof![24 => work, 11 => fault]
}

/// Generates a sequence of operations.
pub(crate) fn arb_ops() -> impl Strategy<Value = Vec<Op>> {
    vec(arb_op(), 1..=MAX_OPS)
}

/// Returns the sequence as an entry of `regressions.rs`.
pub(crate) fn as_regression(name: &str, ops: &[Op]) -> String {
    let mut text = format!("    (\n        {name:?},\n        &[\n");
    for op in ops {
        writeln!(text, "            Op::{op:?},").unwrap();
    }
    text + "        ],\n    ),\n"
}

#[test]
fn a_sequence_is_written_as_rust() {
    let ops = [Op::SubmitClaim, Op::KillRelay { answered: 4 }];
    let expected = r#"    (
        "seed 3",
        &[
            Op::SubmitClaim,
            Op::KillRelay { answered: 4 },
        ],
    ),
"#;
    assert_eq!(as_regression("seed 3", &ops), expected);
}
