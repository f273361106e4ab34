//! Claims that are taken, and claims that are refused.

use std::sync::{Arc, LazyLock};

use annona_core::{
    Address, AmountWei, Claim, ClaimScope, Commitment, Epoch, Payment, ProofPoints, RevertReason,
    U256,
};
use annona_engine::ports::{ChainReader, ClaimRepository};
use annona_engine::{
    ClaimError, ClaimRecord, ClaimRejection, ClaimRules, ClaimService, ClaimState,
};
use annona_proofs::{Identity, VerifyError, prove_claim};
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::chain::{AMOUNT, GENESIS, OrphanedTransactions, WINDOW, claim_calendar};
use crate::service::{CONFIRMATIONS, Service, stranger};

const SCOPE: ClaimScope = ClaimScope {
    chain_id: 31_337,
    distributor: Address::repeat_byte(2),
};
const TOKEN: Address = Address::repeat_byte(4);
/// The epoch claimed: the members joined in the one before.
const EPOCH: Epoch = Epoch(1);
const NOW: u64 = GENESIS + 7;
const PROMISE_SECS: u64 = 10;

fn citizen() -> Identity {
    Identity::from_secret([3; 32])
}

fn members() -> [Commitment; 2] {
    [stranger(1), citizen().commitment()]
}

fn prove(recipient: Address) -> Claim {
    prove_as(&citizen(), &members(), recipient)
}

fn prove_as(citizen: &Identity, members: &[Commitment], recipient: Address) -> Claim {
    let mut tree = MembershipTree::default();
    tree.append(members).unwrap();
    let leaf_index = tree.leaf_index(citizen.commitment()).unwrap();
    let path = tree.current().proof(leaf_index);
    let payment = Payment {
        recipient,
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let proof = prove_claim(citizen, &path, &SCOPE, EPOCH, &payment, &mut rng).unwrap();
    Claim {
        epoch: EPOCH,
        nullifier_hash: proof.inputs.nullifier_hash,
        payment,
        points: proof.points,
    }
}

pub(crate) static CLAIM: LazyLock<Claim> = LazyLock::new(|| prove(Address::repeat_byte(0x77)));
/// The same person's, to another recipient.
static OTHER: LazyLock<Claim> = LazyLock::new(|| prove(Address::repeat_byte(0x78)));

/// A claim service in epoch 1, with the members of [`members`].
pub(crate) async fn open() -> (Service, Arc<ClaimService>) {
    let service = Service::start().await;
    service.clock.set(NOW);
    service.chain.append(&members());
    service.chain.warp_to(EPOCH);
    let claim_service = claim_service(&service);
    (service, claim_service)
}

fn claim_service(service: &Service) -> Arc<ClaimService> {
    Arc::new(ClaimService::new(
        Arc::new(service.store.clone()),
        service.chain.clone(),
        service.clock.clone(),
        ClaimRules {
            scope: SCOPE,
            token: TOKEN,
            calendar: claim_calendar(),
            promise_secs: PROMISE_SECS,
        },
    ))
}

/// The refusal of a claim, which leaves nothing behind.
pub(crate) async fn refusal(claim_service: &ClaimService, claim: Claim) -> ClaimError {
    let refused = claim_service.submit(claim).await.unwrap_err();
    assert_eq!(
        claim_service.find(claim.nullifier_hash).await.unwrap(),
        None
    );
    refused
}

#[tokio::test]
async fn a_true_claim_is_queued_and_paid() {
    let (service, claim_service) = open().await;
    let record = claim_service.submit(*CLAIM).await.unwrap();
    assert_eq!(record.state, ClaimState::Queued);
    assert_eq!((record.claim, record.intake.received_at.0), (*CLAIM, NOW));
    assert_eq!(
        claim_service.find(CLAIM.nullifier_hash).await.unwrap(),
        Some(record)
    );
    service
        .workers()
        .run(&service.chain, CONFIRMATIONS + 4)
        .await;
    assert_eq!(service.chain.payments(CLAIM.nullifier_hash), 1);
    let settled = claim_service.submit(*CLAIM).await.unwrap();
    assert!(matches!(settled.state, ClaimState::Final { .. }));
    assert_eq!(service.store.queued_claims(9).await.unwrap(), []);
}

/// Tests CLAIM-12.
#[tokio::test]
async fn a_claim_sent_again_has_the_same_answer() {
    let (service, claim_service) = open().await;
    let (one, two) = tokio::join!(claim_service.submit(*CLAIM), claim_service.submit(*CLAIM));
    let first = one.unwrap();
    assert_eq!(first, two.unwrap());
    service.clock.set(NOW + 100);
    service.chain.fail_calls(u32::MAX);
    // Proofs of one statement differ each time they are made.
    let with_another_proof = Claim {
        points: OTHER.points,
        ..*CLAIM
    };
    assert_eq!(
        claim_service.submit(with_another_proof).await.unwrap(),
        first
    );
    assert_eq!(service.store.queued_claims(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_nullifier_is_taken_for_one_payment() {
    let (service, claim_service) = open().await;
    let first = claim_service.submit(*CLAIM).await.unwrap();
    let other = claim_service.submit(*OTHER).await;
    assert!(matches!(other, Err(ClaimError::NullifierTaken)));
    let kept = claim_service.find(CLAIM.nullifier_hash).await.unwrap();
    assert_eq!(kept, Some(first));
    assert_eq!(service.store.queued_claims(9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_payments_at_once_one_is_taken() {
    for _ in 0..8 {
        let (service, claim_service) = open().await;
        let (one, two) = tokio::join!(claim_service.submit(*CLAIM), claim_service.submit(*OTHER));
        let taken: Vec<ClaimRecord> = [one, two].into_iter().filter_map(Result::ok).collect();
        assert_eq!(taken.len(), 1);
        let queued = service.store.queued_claims(9).await.unwrap();
        let queued: Vec<ClaimRecord> = queued.iter().map(|one| one.record).collect();
        assert_eq!(queued, taken);
    }
}

/// Tests CLAIM-11.
#[tokio::test]
async fn a_changed_payment_makes_the_proof_invalid() {
    let (_service, claim_service) = open().await;
    let payment = CLAIM.payment;
    for changed in [
        Payment {
            recipient: Address::repeat_byte(1),
            ..payment
        },
        Payment {
            fee_recipient: Address::repeat_byte(1),
            ..payment
        },
        Payment {
            fee: AmountWei(U256::from(1)),
            fee_recipient: Address::repeat_byte(1),
            ..payment
        },
    ] {
        let claim = Claim {
            payment: changed,
            ..*CLAIM
        };
        let refused = refusal(&claim_service, claim).await;
        assert!(matches!(refused, ClaimError::Proof(VerifyError::Invalid)));
    }
}

#[tokio::test]
async fn a_claim_is_proved_for_its_nullifier_and_root() {
    let (service, claim_service) = open().await;
    let claim = Claim {
        nullifier_hash: crate::service::claim(1).nullifier_hash,
        ..*CLAIM
    };
    let refused = refusal(&claim_service, claim).await;
    assert!(matches!(refused, ClaimError::Proof(VerifyError::Invalid)));
    service.chain.roll_back(2, OrphanedTransactions::Forgotten);
    service.chain.append(&[citizen().commitment(), stranger(1)]);
    service.chain.warp_to(EPOCH);
    let refused = refusal(&claim_service, *CLAIM).await;
    assert!(matches!(refused, ClaimError::Proof(VerifyError::Invalid)));
}

#[tokio::test]
async fn a_point_off_the_curve_is_refused() {
    let (_service, claim_service) = open().await;
    let mut coordinates = *CLAIM.points.coordinates();
    coordinates[0] -= U256::from(1);
    let claim = Claim {
        points: ProofPoints::try_from(coordinates).unwrap(),
        ..*CLAIM
    };
    let refused = refusal(&claim_service, claim).await;
    assert!(matches!(
        refused,
        ClaimError::Proof(VerifyError::NotInGroup)
    ));
}

/// Claims of eight people, of which every third is spoiled in a way of its own.
fn true_and_false(people: &[Identity; 8], members: &[Commitment]) -> Vec<Claim> {
    let mut claims: Vec<Claim> = people
        .iter()
        .map(|citizen| prove_as(citizen, members, Address::repeat_byte(0x77)))
        .collect();
    claims[1].points = claims[0].points;
    claims[4].payment.recipient = Address::repeat_byte(1);
    let mut coordinates = *claims[7].points.coordinates();
    coordinates[6] -= U256::from(1);
    claims[7].points = ProofPoints::try_from(coordinates).unwrap();
    claims
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_at_once_has_its_own_answer() {
    let people = [1, 2, 3, 4, 5, 6, 7, 8].map(|seed| Identity::from_secret([seed; 32]));
    let members = people.each_ref().map(Identity::commitment);
    let claims = true_and_false(&people, &members);
    let service = Service::start().await;
    service.chain.append(&members);
    service.chain.warp_to(EPOCH);
    let claim_service = claim_service(&service);
    let submitted = claims.iter().map(|claim| claim_service.submit(*claim));
    let answers = futures::future::join_all(submitted).await;
    let kinds = answers.iter().map(|answer| match answer {
        Ok(_) => "queued",
        Err(ClaimError::Proof(VerifyError::Invalid)) => "invalid",
        Err(ClaimError::Proof(VerifyError::NotInGroup)) => "not in group",
        Err(_) => "another error",
    });
    let expected = [
        "queued",
        "invalid",
        "queued",
        "queued",
        "invalid",
        "queued",
        "queued",
        "not in group",
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
    for (claim, answer) in claims.iter().zip(answers) {
        let stored = claim_service.find(claim.nullifier_hash).await.unwrap();
        assert_eq!(stored, answer.ok());
    }
}

#[tokio::test]
async fn an_epoch_is_claimed_within_its_window() {
    let (service, claim_service) = open().await;
    let early = Claim {
        epoch: Epoch(2),
        ..*CLAIM
    };
    assert!(matches!(
        refusal(&claim_service, early).await,
        ClaimError::Epoch(_)
    ));
    service.chain.warp_to(Epoch(EPOCH.0 + WINDOW));
    assert!(matches!(
        refusal(&claim_service, *CLAIM).await,
        ClaimError::Epoch(_)
    ));
    service.chain.roll_back(1, OrphanedTransactions::Forgotten);
    service.chain.warp_to(Epoch(EPOCH.0 + WINDOW - 1));
    assert_eq!(
        claim_service.submit(*CLAIM).await.unwrap().state,
        ClaimState::Queued
    );
}

#[tokio::test]
async fn an_epoch_without_members_pays_nobody() {
    let (_service, claim_service) = open().await;
    let claim = Claim {
        epoch: Epoch(0),
        ..*CLAIM
    };
    let refused = refusal(&claim_service, claim).await;
    assert!(matches!(refused, ClaimError::NoMembers(Epoch(0))));
}

#[tokio::test]
async fn nothing_is_taken_while_payments_are_paused() {
    let (service, claim_service) = open().await;
    service.chain.pause();
    assert!(matches!(
        refusal(&claim_service, *CLAIM).await,
        ClaimError::Paused
    ));
    service.chain.unpause();
    assert_eq!(
        claim_service.submit(*CLAIM).await.unwrap().state,
        ClaimState::Queued
    );
}

#[tokio::test]
async fn a_nullifier_that_was_paid_elsewhere_is_spent() {
    let (service, claim_service) = open().await;
    let nullifier = CLAIM.nullifier_hash;
    assert!(!service.chain.is_spent(EPOCH, nullifier).await.unwrap());
    service.chain.pay_elsewhere(&CLAIM);
    assert!(service.chain.is_spent(EPOCH, nullifier).await.unwrap());
    let refused = refusal(&claim_service, *CLAIM).await;
    assert!(matches!(refused, ClaimError::NullifierSpent));
}

#[tokio::test]
async fn who_would_lose_the_money_is_not_paid() {
    let (_service, claim_service) = open().await;
    for lost in [Address::ZERO, SCOPE.distributor, TOKEN] {
        let to_nobody = Payment {
            recipient: lost,
            ..CLAIM.payment
        };
        let fee_to_nobody = Payment {
            fee: AmountWei(U256::ONE),
            fee_recipient: lost,
            ..CLAIM.payment
        };
        for payment in [to_nobody, fee_to_nobody] {
            let claim = Claim { payment, ..*CLAIM };
            let refused = refusal(&claim_service, claim).await;
            assert!(matches!(refused, ClaimError::InvalidRecipient(payee) if payee == lost));
        }
    }
}

#[tokio::test]
async fn an_epoch_that_has_paid_all_its_members_pays_nobody_else() {
    let (service, claim_service) = open().await;
    let members = service.chain.checkpoint_before(CLAIM.epoch).await.unwrap();
    for seed in 1..=members.member_count {
        let paid = Claim {
            nullifier_hash: crate::service::claim(seed).nullifier_hash,
            ..*CLAIM
        };
        let early = refusal(
            &claim_service,
            Claim {
                payment: OTHER.payment,
                ..*CLAIM
            },
        )
        .await;
        assert!(matches!(early, ClaimError::Proof(_)), "{early:?}");
        service.chain.pay_elsewhere(&paid);
    }
    assert!(matches!(
        refusal(&claim_service, *CLAIM).await,
        ClaimError::CensusExceeded(epoch) if epoch == CLAIM.epoch
    ));
}

#[tokio::test]
async fn a_fee_above_the_amount_is_refused() {
    let (service, claim_service) = open().await;
    let opening = Claim {
        nullifier_hash: crate::service::claim(1).nullifier_hash,
        ..*CLAIM
    };
    service.chain.pay_elsewhere(&opening);
    let with_fee = |fee| Claim {
        payment: Payment {
            fee: AmountWei(U256::from(fee)),
            fee_recipient: Address::repeat_byte(0x79),
            ..CLAIM.payment
        },
        ..*CLAIM
    };
    let refused = refusal(&claim_service, with_fee(AMOUNT + 1)).await;
    let amount = AmountWei(U256::from(AMOUNT));
    assert!(matches!(refused, ClaimError::FeeAboveAmount { amount: told } if told == amount));
    let refused = refusal(&claim_service, with_fee(AMOUNT)).await;
    assert!(matches!(refused, ClaimError::Proof(VerifyError::Invalid)));
}

#[tokio::test]
async fn a_chain_that_does_not_answer_takes_no_claim() {
    let (service, claim_service) = open().await;
    service.chain.fail_calls(1);
    assert!(matches!(
        refusal(&claim_service, *CLAIM).await,
        ClaimError::Chain(_)
    ));
    assert_eq!(
        claim_service.submit(*CLAIM).await.unwrap().state,
        ClaimState::Queued
    );
}

/// Rounds in which a refused claim is rejected, and a good one paid.
const SETTLED: u64 = 2 * CONFIRMATIONS + 4;

async fn state_of(claim_service: &ClaimService, claim: &Claim) -> ClaimState {
    let record = claim_service.find(claim.nullifier_hash).await.unwrap();
    record.unwrap().state
}

/// A reorg over the start of the epoch: other members, and one root more or less.
fn join_before_the_epoch(service: &Service, members: &[Commitment]) {
    service.chain.append(members);
    service.chain.warp_to(EPOCH);
}

#[tokio::test]
async fn a_claim_of_a_root_that_a_reorg_changed_makes_way_for_the_true_one() {
    let (service, claim_service) = open().await;
    let workers = service.workers();
    let early = *CLAIM;
    assert_eq!(
        claim_service.submit(early).await.unwrap().state,
        ClaimState::Queued
    );
    service.chain.roll_back(2, OrphanedTransactions::Forgotten);
    let after = [stranger(1), citizen().commitment(), stranger(2)];
    join_before_the_epoch(&service, &after);
    // The chain in memory verifies no proofs; the contract refuses this one.
    service
        .chain
        .refuse(early.nullifier_hash, RevertReason::InvalidProof);
    workers.run(&service.chain, SETTLED).await;
    let invalid = ClaimState::Rejected(ClaimRejection::InvalidProof);
    assert_eq!(state_of(&claim_service, &early).await, invalid);

    let refused = claim_service.submit(early).await.unwrap_err();
    assert!(matches!(refused, ClaimError::Proof(VerifyError::Invalid)));
    assert_eq!(state_of(&claim_service, &early).await, invalid);

    let again = prove_as(&citizen(), &after, early.payment.recipient);
    service.chain.take_again(again.nullifier_hash);
    let taken = claim_service.submit(again).await.unwrap();
    assert_eq!((taken.state, taken.claim), (ClaimState::Queued, again));
    workers.run(&service.chain, SETTLED).await;
    let paid = state_of(&claim_service, &again).await;
    assert!(matches!(paid, ClaimState::Final { .. }), "{paid:?}");
    assert_eq!(service.chain.payments(again.nullifier_hash), 1);
}

#[tokio::test]
async fn a_claim_that_a_reorg_made_true_again_is_taken_with_the_same_proof() {
    let (service, claim_service) = open().await;
    let workers = service.workers();
    claim_service.submit(*CLAIM).await.unwrap();
    service
        .chain
        .refuse(CLAIM.nullifier_hash, RevertReason::InvalidProof);
    service.chain.mine_empty(CONFIRMATIONS);
    workers.relay.step().await.unwrap();
    let invalid = ClaimState::Rejected(ClaimRejection::InvalidProof);
    assert_eq!(state_of(&claim_service, &CLAIM).await, invalid);
    service.chain.take_again(CLAIM.nullifier_hash);
    assert_eq!(
        claim_service.submit(*CLAIM).await.unwrap().state,
        ClaimState::Queued
    );
    workers.run(&service.chain, SETTLED).await;
    assert_eq!(service.chain.payments(CLAIM.nullifier_hash), 1);
}

/// Tests CLAIM-13.
#[tokio::test]
async fn whatever_a_claim_was_rejected_for_an_unspent_nullifier_can_claim_again() {
    for rejection in ClaimRejection::ALL {
        let (service, claim_service) = open().await;
        claim_service.submit(*CLAIM).await.unwrap();
        let nullifier = CLAIM.nullifier_hash;
        service
            .store
            .reject_claim(nullifier, rejection)
            .await
            .unwrap();
        service.clock.set(NOW + 60);
        let taken = claim_service.submit(*OTHER).await.unwrap();
        assert_eq!((taken.state, taken.claim), (ClaimState::Queued, *OTHER));
        assert_eq!(taken.intake.received_at.0, NOW + 60, "{rejection:?}");
        assert_eq!(claim_service.submit(*OTHER).await.unwrap(), taken);
        // It is a claim as any other: its nullifier is taken.
        let first = claim_service.submit(*CLAIM).await;
        assert!(matches!(first, Err(ClaimError::NullifierTaken)));
        service.workers().run(&service.chain, SETTLED).await;
        assert_eq!(service.chain.payments(nullifier), 1);
    }
}

#[tokio::test]
async fn a_rejected_claim_whose_nullifier_is_spent_is_not_taken_again() {
    let (service, claim_service) = open().await;
    claim_service.submit(*CLAIM).await.unwrap();
    service.chain.pay_elsewhere(&CLAIM);
    service.chain.mine_empty(CONFIRMATIONS);
    service.workers().relay.step().await.unwrap();
    let spent = ClaimState::Rejected(ClaimRejection::NullifierSpent);
    assert_eq!(state_of(&claim_service, &CLAIM).await, spent);
    for claim in [*CLAIM, *OTHER] {
        let refused = claim_service.submit(claim).await;
        assert!(matches!(refused, Err(ClaimError::NullifierSpent)));
    }
    assert_eq!(state_of(&claim_service, &CLAIM).await, spent);
}
