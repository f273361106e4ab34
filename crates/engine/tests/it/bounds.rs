//! Bounds beyond which the service refuses, or leaves the decision to an operator.

use alloy::primitives::{U256, uint};
use annona_core::Signature;
use annona_engine::{ClaimError, EnrolError, EnrolmentPacket, EnrolmentState};
use annona_faults::capture;
use annona_template::{COLUMNS, EyePair, IrisTemplate};

use crate::claims::{CLAIM, open, refusal};
use crate::enrolments::{EnrolmentHarness, orb, signed_by, statement};

/// Order of secp256k1 (SEC 2, 2.4.1).
const CURVE_ORDER: U256 =
    uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
/// Valid bits of the wider eye from which no operator has to decide.
const WIDE_ENOUGH_BITS: u32 = 6_000;
/// Puts another entry of the gallery where each enrolment is to have its own.
const MOVE_GALLERY: &str = "\
CREATE TRIGGER rival AFTER INSERT ON enrolments BEGIN
    INSERT INTO gallery (sequence, enrolment_id, templates) VALUES (1, NEW.id, x'00');
END";
/// Fills the queue of claims to its bound.
const FILL_QUEUE: &str = "\
INSERT INTO claims (nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root,
    chain_time, state)
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000)
SELECT unhex(printf('%064x', i)), 1, zeroblob(20), zeroblob(20), zeroblob(32), zeroblob(256), 0,
    zeroblob(32), 0, 'queued'
FROM numbers";

/// The eye with so many valid bits; an even number.
fn opened(eye: &IrisTemplate, valid_bits: u32) -> IrisTemplate {
    let (all, columns) = (valid_bits / 2, COLUMNS as u32);
    let mask = std::array::from_fn(|column| {
        let ones = all / columns + u32::from((column as u32) < all % columns);
        (1 << ones) - 1
    });
    let eye = IrisTemplate::from_columns(*eye.code(), mask);
    assert_eq!(eye.valid_bits(), valid_bits);
    eye
}

fn packet_of(templates: EyePair) -> EnrolmentPacket {
    signed_by(&orb(), statement(&templates, 1), templates)
}

#[tokio::test]
async fn an_operator_decides_about_eyes_of_which_too_little_is_seen() {
    let least = WIDE_ENOUGH_BITS;
    for (left, right, state) in [
        (least - 2, least - 2, EnrolmentState::Review),
        (least, least - 2, EnrolmentState::Queued),
        (least - 2, least, EnrolmentState::Queued),
    ] {
        let harness = EnrolmentHarness::open().await;
        let eyes = capture(1, 1);
        let packet = packet_of(EyePair {
            left: opened(&eyes.left, left),
            right: opened(&eyes.right, right),
        });
        let record = harness.submit(&packet).await.unwrap();
        assert_eq!(record.state, state, "{left} {right}");
    }
}

#[tokio::test]
async fn a_signature_with_s_in_the_upper_half_is_refused() {
    let harness = EnrolmentHarness::open().await;
    let mut packet = packet_of(capture(1, 1));
    let low = packet.signed.signature;
    packet.signed.signature = Signature::new(low.r(), CURVE_ORDER - low.s(), !low.v());
    let refused = harness.submit(&packet).await;
    assert!(
        matches!(refused, Err(EnrolError::Signature(_))),
        "{refused:?}"
    );
    harness.assert_not_stored(&packet, 0).await;
    packet.signed.signature = low;
    harness.submit(&packet).await.unwrap();
}

#[tokio::test]
async fn a_gallery_that_moves_during_every_search_is_busy() {
    let harness = EnrolmentHarness::open().await;
    let mut database = harness.service.connect().await;
    sqlx::raw_sql(MOVE_GALLERY)
        .execute(&mut database)
        .await
        .unwrap();
    let packet = packet_of(capture(1, 1));
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::Busy)), "{refused:?}");
    harness.assert_not_stored(&packet, 0).await;
    sqlx::raw_sql("DROP TRIGGER rival")
        .execute(&mut database)
        .await
        .unwrap();
    harness.submit(&packet).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_takes_no_claim_until_one_leaves_it() {
    let (service, claim_service) = open().await;
    let mut database = service.connect().await;
    sqlx::raw_sql(FILL_QUEUE)
        .execute(&mut database)
        .await
        .unwrap();
    assert!(matches!(
        refusal(&claim_service, *CLAIM).await,
        ClaimError::QueueFull
    ));
    let leave = "DELETE FROM claims WHERE arrival = 1";
    sqlx::raw_sql(leave).execute(&mut database).await.unwrap();
    claim_service.submit(*CLAIM).await.unwrap();
}
