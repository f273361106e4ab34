//! Claims from the queue to their end.

mod batches;
mod fees;
mod losses;
mod refusals;
mod reorgs;

use annona_core::{B256, Claim, Epoch};
use annona_engine::ports::{AttemptKind, Payload, Slot};

use crate::service::{CONFIRMATIONS, Service, Workers, claim};

/// Rounds in which everything settles that can.
const ROUNDS: u64 = CONFIRMATIONS + 4;
/// Claims of a transaction at most.
const FULL: usize = 128;

/// A service without claims, and its workers.
async fn start() -> (Service, Workers) {
    let service = Service::start().await;
    let workers = service.workers();
    (service, workers)
}

/// As [`start`], with claims `1..=count` in the queue.
async fn start_with_queued(count: u64) -> (Service, Workers) {
    let (service, workers) = start().await;
    service.queue_claims(count).await;
    (service, workers)
}

/// As [`start_with_queued`], after the relay has sent the claims.
async fn start_with_sent(count: u64) -> (Service, Workers) {
    let (service, workers) = start_with_queued(count).await;
    workers.relay.step().await.unwrap();
    (service, workers)
}

fn claims_of(slot: &Slot) -> usize {
    match &slot.payload {
        Payload::Claims { nullifiers } => nullifiers.len(),
        other => panic!("{other:?}"),
    }
}

/// The newest attempt of the only open slot.
async fn newest_attempt(service: &Service) -> (AttemptKind, B256, u64) {
    let open = service.open().await;
    assert_eq!(open.len(), 1);
    let attempt = open[0].attempts.last().unwrap();
    let signed = &attempt.signed;
    (attempt.kind, signed.hash, signed.fees.max_fee_wei)
}

fn in_epoch(seed: u64, epoch: u64) -> Claim {
    Claim {
        epoch: Epoch(epoch),
        ..claim(seed)
    }
}

/// Looks at what was sent, then a block, so often.
async fn follow_blocks(service: &Service, workers: &Workers, blocks: u64) {
    for _ in 0..blocks {
        workers.follow().await;
        service.chain.mine();
    }
    workers.follow().await;
}
