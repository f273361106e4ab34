//! Sequences of operations that are run each time: stories that matter, and what a simulation
//! once found. A failing simulation prints its entry.

use annona_engine::ClaimState;

use crate::operations::Op;
use crate::simulation::{Simulation, run};

/// Calls of the relay to the node before it broadcasts: head, fees, nonce, simulation.
const CALLS_BEFORE_BROADCAST: u32 = 4;

/// Names and operations.
const REGRESSIONS: &[(&str, &[Op])] = &[
    (
        "a crash between signing and broadcast, then a reorg",
        &[
            Op::SubmitClaim,
            Op::KillRelay {
                answered: CALLS_BEFORE_BROADCAST,
            },
            Op::StepOutbox,
            Op::Mine,
            Op::StepOutbox,
            Op::ReorgForgotten { depth: 1 },
            Op::StepOutbox,
        ],
    ),
    (
        "a broadcast that nobody acknowledged, a crash, and a reorg",
        &[
            Op::SubmitClaim,
            Op::LoseAcknowledgements { count: 1 },
            Op::StepRelay,
            Op::Restart,
            Op::Mine,
            Op::SubmitClaim,
            Op::StepRelay,
            Op::ReorgToPool { depth: 1 },
            Op::StepOutbox,
        ],
    ),
    (
        "a replacement that gets lost while its predecessor is mined",
        &[
            Op::SubmitClaim,
            Op::StepRelay,
            Op::SetBaseFee { times: 3 },
            Op::Mine,
            Op::Mine,
            Op::Mine,
            Op::LoseBroadcasts { count: 1 },
            Op::StepOutbox,
            Op::SetBaseFee { times: 1 },
            Op::Mine,
            Op::StepOutbox,
        ],
    ),
    (
        "a stranger's payment that a reorg takes away",
        &[
            Op::SubmitClaim,
            Op::StepRelay,
            Op::PayElsewhere { claim: 1 },
            Op::Mine,
            Op::StepOutbox,
            Op::StepRelay,
            Op::ReorgForgotten { depth: 2 },
            Op::StepRelay,
        ],
    ),
    (
        "an append that a reorg drops while nonces are answered late",
        &[
            Op::Enrol,
            Op::KillSequencer { answered: 12 },
            Op::StepSequencer,
            Op::Mine,
            Op::StepOutbox,
            Op::LagNonces { blocks: 4 },
            Op::Enrol,
            Op::StepSequencer,
            Op::ReorgForgotten { depth: 4 },
            Op::StepOutbox,
            Op::StepSequencer,
        ],
    ),
];

#[tokio::test]
async fn what_went_wrong_once_or_matters_most_goes_well() {
    for (name, ops) in REGRESSIONS {
        // Shown if it fails.
        println!("{name}");
        run(ops).await;
    }
}

#[tokio::test]
async fn the_first_story_dies_between_signing_and_broadcast() {
    let mut simulation = Simulation::new().await;
    for op in &REGRESSIONS[0].1[..2] {
        simulation.apply(*op).await;
    }
    let service = &simulation.service;
    assert!(matches!(service.claim(1).await, ClaimState::Batched { .. }));
    assert_eq!(service.chain.pool_len(), 0);
}
