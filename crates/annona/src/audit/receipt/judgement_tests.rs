//! Tests of the judgement of receipts: causes that excuse a service, pauses and reorgs.
#![allow(clippy::unwrap_used)]
use annona_core::{Address, Epoch, NullifierHash, U256};
use proptest::prelude::*;

use super::*;

const TAKEN_AT: u64 = 10_000;
const PROMISE_SECS: u64 = 1_000;
const WINDOW_ENDS: u64 = TAKEN_AT + 20_000;
const LATER: u64 = WINDOW_ENDS + 100_000;

fn payment(fee: u64) -> Payment {
    Payment {
        recipient: Address::repeat_byte(1),
        fee_recipient: Address::repeat_byte(2),
        fee: AmountWei(U256::from(fee)),
    }
}

fn root(number: u64) -> Root {
    Root::try_from(U256::from(number)).unwrap()
}

fn receipt(fee: u64) -> ClaimReceipt {
    ClaimReceipt {
        terms: ClaimTerms {
            nullifier_hash: NullifierHash::try_from(U256::from(5)).unwrap(),
            epoch: Epoch(6),
            payment: payment(fee),
            root: root(7),
        },
        taken_at: UnixSeconds(TAKEN_AT),
        deadline: UnixSeconds(TAKEN_AT + PROMISE_SECS),
    }
}

/// A chain that stands in nobody's way.
fn calm(now: u64) -> Evidence {
    Evidence {
        now: UnixSeconds(now),
        root: root(7),
        window_ends: UnixSeconds(WINDOW_ENDS),
        paid: None,
        pauses: Vec::new(),
        amount: Some(AmountWei(U256::from(100))),
        is_without_money: false,
        is_census_reached: false,
        is_recipient_refused: false,
    }
}

/// Something that keeps an honest service from paying, and the reason that it gives.
#[derive(Debug, Clone, Copy)]
enum Obstacle {
    None,
    Reorg,
    Census,
    Fee,
    Recipient,
    Money,
}

impl Obstacle {
    fn stated(self) -> Option<ClaimRejection> {
        match self {
            Self::Reorg => Some(ClaimRejection::InvalidProof),
            Self::Census => Some(ClaimRejection::CensusExceeded),
            Self::Fee => Some(ClaimRejection::FeeAboveAmount),
            Self::Recipient => Some(ClaimRejection::TransferFailed),
            Self::None | Self::Money => None,
        }
    }

    fn show(self, evidence: &mut Evidence) {
        match self {
            Self::None => {}
            Self::Reorg => evidence.root = root(8),
            Self::Census => evidence.is_census_reached = true,
            Self::Fee => evidence.amount = Some(AmountWei(U256::from(2))),
            Self::Recipient => evidence.is_recipient_refused = true,
            Self::Money => {
                evidence.amount = None;
                evidence.is_without_money = true;
            }
        }
    }
}

fn arb_obstacle() -> impl Strategy<Value = Obstacle> {
    prop_oneof![
        3 => Just(Obstacle::None),
        1 => Just(Obstacle::Reorg),
        1 => Just(Obstacle::Census),
        1 => Just(Obstacle::Fee),
        1 => Just(Obstacle::Recipient),
        1 => Just(Obstacle::Money),
    ]
}

/// Pauses in order, from after the claim was taken; the last may go on.
fn arb_pauses() -> impl Strategy<Value = Vec<(u64, u64)>> {
    proptest::collection::vec((1..3_000_u64, 1..8_000_u64), 0..4).prop_map(|steps| {
        let mut at = TAKEN_AT;
        steps
            .into_iter()
            .map(|(gap, length)| {
                let from = at + gap;
                at = from + length;
                (from, at)
            })
            .collect()
    })
}

/// The pauses as they are seen at `now`.
fn seen(pauses: &[(u64, u64)], now: u64) -> Vec<Pause> {
    let begun = pauses.iter().filter(|(from, _)| *from <= now);
    begun
        .map(|(from, to)| Pause {
            from: UnixSeconds(*from),
            to: (*to <= now).then_some(UnixSeconds(*to)),
        })
        .collect()
}

/// Returns the time at which `worked` seconds have passed since the claim was taken, pauses
/// left out.
fn after_working(worked: u64, pauses: &[(u64, u64)]) -> u64 {
    let mut at = TAKEN_AT + worked;
    for (from, to) in pauses {
        if *from <= at {
            at += to - from;
        }
    }
    at
}

fn paid_at(at: u64, payment: Payment) -> Paid {
    Paid {
        at: UnixSeconds(at),
        payment,
    }
}

proptest! {
    /// Tests RCPT-5.
    #[test]
    fn a_service_that_does_what_it_can_is_never_blamed(
        obstacle in arb_obstacle(),
        pauses in arb_pauses(),
        worked in 0..=PROMISE_SECS,
        looked in 0..LATER - TAKEN_AT,
        says_why in any::<bool>(),
    ) {
        let now = TAKEN_AT + looked;
        let pays_at = after_working(worked, &pauses);
        let can_pay = matches!(obstacle, Obstacle::None) && pays_at < WINDOW_ENDS;
        let mut evidence = calm(now);
        evidence.pauses = seen(&pauses, now);
        obstacle.show(&mut evidence);
        if can_pay && pays_at <= now {
            evidence.paid = Some(paid_at(pays_at, payment(3)));
        }
        let stated = obstacle.stated().filter(|_| says_why);
        let standing = judge(&receipt(3), stated, &evidence);
        prop_assert!(!standing.needs_attention(), "{standing:?}");
        if let Some(reason) = stated {
            prop_assert_eq!(standing, PromiseVerdict::Refused(reason));
        }
    }

    #[test]
    fn a_service_that_drops_a_claim_is_found(
        pauses in arb_pauses(),
        waited in 1..1_000_u64,
        reason in proptest::option::of(proptest::sample::select(ClaimRejection::ALL.to_vec())),
    ) {
        let deadline = after_working(PROMISE_SECS, &pauses);
        prop_assume!(deadline < WINDOW_ENDS);
        let now = deadline + waited;
        let now = pauses.iter().find(|(from, to)| (*from..*to).contains(&now)).map_or(now, |pause| pause.1);
        let mut evidence = calm(now);
        evidence.pauses = seen(&pauses, now);
        // Whatever it says: the chain shows no cause.
        prop_assert_eq!(judge(&receipt(3), reason, &evidence), PromiseVerdict::Broken);
    }

    #[test]
    fn a_service_that_pays_late_is_found(pauses in arb_pauses(), late in 1..1_000_u64) {
        let deadline = after_working(PROMISE_SECS, &pauses);
        let at = deadline + late;
        // Nobody is paid in a pause or after the window.
        prop_assume!(pauses.iter().all(|(from, to)| !(*from..*to).contains(&at)));
        prop_assume!(at < WINDOW_ENDS);
        let mut evidence = calm(LATER);
        evidence.pauses = seen(&pauses, LATER);
        evidence.paid = Some(paid_at(at, payment(3)));
        prop_assert_eq!(judge(&receipt(3), None, &evidence), PromiseVerdict::Late);
    }

    #[test]
    fn a_service_that_pays_something_else_is_found(at in TAKEN_AT..WINDOW_ENDS, field in 0..3_u8) {
        let base = payment(3);
        let other = match field {
            0 => Payment { recipient: Address::repeat_byte(9), ..base },
            1 => Payment { fee_recipient: Address::repeat_byte(9), ..base },
            _ => Payment { fee: AmountWei(U256::from(4)), ..base },
        };
        let mut evidence = calm(LATER);
        evidence.paid = Some(paid_at(at, other));
        let standing = judge(&receipt(3), None, &evidence);
        prop_assert_eq!(standing, PromiseVerdict::PaidOtherwise);
        prop_assert!(standing.needs_attention());
    }
}

#[test]
fn the_moment_of_the_deadline_is_in_time() {
    let deadline = TAKEN_AT + PROMISE_SECS;
    let paid = |at| Evidence {
        paid: Some(paid_at(at, payment(3))),
        ..calm(LATER)
    };
    let standing = |evidence: &Evidence| judge(&receipt(3), None, evidence);
    assert_eq!(standing(&paid(deadline)), PromiseVerdict::Kept);
    assert_eq!(standing(&paid(deadline + 1)), PromiseVerdict::Late);
    assert_eq!(standing(&calm(deadline)), PromiseVerdict::Open);
    assert_eq!(standing(&calm(deadline + 1)), PromiseVerdict::Broken);
}

#[test]
fn without_a_fee_its_recipient_means_nothing() {
    let mut evidence = calm(LATER);
    let other = Payment {
        fee_recipient: Address::ZERO,
        ..payment(0)
    };
    evidence.paid = Some(paid_at(TAKEN_AT + 1, other));
    assert_eq!(judge(&receipt(0), None, &evidence), PromiseVerdict::Kept);
}
