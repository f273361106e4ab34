//! Made-up people, claims and transactions: equal seeds make equal values.

use annona_core::{
    Address, AmountWei, B256, Claim, Commitment, Enrolment, EnrolmentKind, Epoch, EyeCommitments,
    FieldElement, IrisCommitments, NullifierHash, OrbId, Payment, ProofPoints, Root, U256,
    UnixSeconds, hash_to_field, keccak256,
};
use annona_engine::ports::{
    Admission, AdmitOutcome, Attempt, AttemptKind, EnrolmentRepository, Fees, InsertClaimOutcome,
    NewEnrolment, NewEntry, OpenOutcome, OrbAllowance, OutboxRepository, PackageToKeep, Payload,
    ReviewMatch, SignedTransaction, SlotId, Store, StoreError,
};
use annona_engine::{ClaimIntake, EnrolmentId, EnrolmentRecord, EnrolmentState, SealedPackage};
use annona_template::{COLUMNS, EyePair, IrisTemplate};

/// Time at which everything of the suite arrives.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// Allowance of orbs that are not limited.
const ALLOWANCE: OrbAllowance = OrbAllowance {
    epoch: Epoch(0),
    people: u32::MAX,
};

/// A word that depends on all of `what` and `seed`.
pub(super) fn word(what: &str, seed: u64) -> B256 {
    keccak256([what.as_bytes(), &seed.to_be_bytes()].concat())
}

fn field(what: &str, seed: u64) -> FieldElement {
    hash_to_field(word(what, seed))
}

pub(super) fn address(what: &str, seed: u64) -> Address {
    Address::from_word(word(what, seed))
}

pub(super) fn nullifier(seed: u64) -> NullifierHash {
    NullifierHash::from(field("nullifier", seed))
}

fn template(what: &str, seed: u64) -> IrisTemplate {
    let mut code = [0; COLUMNS];
    let mut mask = [0; COLUMNS];
    for (column, (code, mask)) in (0_u64..).zip(code.iter_mut().zip(&mut mask)) {
        let bytes = word(what, seed << 16 | column);
        let (halves, _) = bytes.as_chunks::<8>();
        *code = u64::from_le_bytes(halves[0]);
        *mask = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    }
    IrisTemplate::from_columns(code, mask)
}

/// Templates of a made-up person.
#[must_use]
pub fn templates(seed: u64) -> EyePair {
    EyePair {
        left: template("left", seed),
        right: template("right", seed),
    }
}

fn record(seed: u64, state: EnrolmentState) -> EnrolmentRecord {
    EnrolmentRecord {
        id: EnrolmentId(word("enrolment", seed)),
        orb: OrbId(address("orb", seed)),
        enrolment: Enrolment {
            commitment: Commitment::try_from(field("commitment", seed).to_u256()).unwrap(),
            iris_digest: word("iris", seed),
            image_digest: word("image", seed),
            model_id: word("model", seed),
            kind: EnrolmentKind::New,
            captured_at: UnixSeconds(NOW.0 - 60 + seed),
            nonce: word("nonce", seed),
        },
        received_at: UnixSeconds(NOW.0 + seed),
        state,
    }
}

/// A person who is new and becomes entry `gallery_sequence`.
#[must_use]
pub fn newcomer(seed: u64, gallery_sequence: u64) -> NewEnrolment {
    NewEnrolment {
        record: record(seed, EnrolmentState::Queued),
        admission: Admission::Admit(entry(seed, gallery_sequence)),
        commitments: None,
        package: None,
        allowance: ALLOWANCE,
    }
}

/// Commitments of a made-up person.
pub(super) fn iris_commitments(seed: u64) -> IrisCommitments {
    let eye = |eye: &str| EyeCommitments {
        image: field(&format!("{eye} image"), seed),
        code: field(&format!("{eye} code"), seed),
    };
    IrisCommitments {
        left: eye("left"),
        right: eye("right"),
    }
}

/// The same person as an orb enrols them that commits to what it saw.
#[must_use]
pub fn committed(new: NewEnrolment, seed: u64) -> NewEnrolment {
    NewEnrolment {
        commitments: Some(iris_commitments(seed)),
        ..new
    }
}

/// A made-up package that is kept for a hundred seconds.
pub(super) fn package(seed: u64) -> PackageToKeep {
    let mut visit_key = [2; 33];
    visit_key[1..].copy_from_slice(word("visit key", seed).as_slice());
    PackageToKeep {
        package: SealedPackage {
            visit_key,
            sealed: word("sealed", seed).to_vec(),
        },
        keep_until: UnixSeconds(NOW.0 + 100),
    }
}

/// The same person as an orb enrols them that seals a package.
pub(super) fn with_package(new: NewEnrolment, seed: u64) -> NewEnrolment {
    NewEnrolment {
        package: Some(package(seed)),
        ..new
    }
}

/// The entry `sequence` with the templates of `seed`.
#[must_use]
pub fn entry(seed: u64, sequence: u64) -> NewEntry {
    NewEntry {
        sequence,
        templates: templates(seed),
        upgraded: None,
        past: Vec::new(),
    }
}

/// A person who replaces the commitment of enrolment `current` by that of `seed`, and
/// becomes entry `seed`.
#[must_use]
pub fn recovery(seed: u64, current: u64) -> NewEnrolment {
    let mut record = record(seed, EnrolmentState::Queued);
    record.enrolment.kind = EnrolmentKind::Recovery;
    NewEnrolment {
        record,
        admission: Admission::Replace {
            current: enrolment_id(current),
            entry: entry(seed, seed),
        },
        commitments: None,
        package: None,
        allowance: ALLOWANCE,
    }
}

/// A person who is enrolled already.
#[must_use]
pub fn duplicate(seed: u64) -> NewEnrolment {
    NewEnrolment {
        record: record(seed, EnrolmentState::Duplicate),
        admission: Admission::Refuse,
        commitments: None,
        package: None,
        allowance: ALLOWANCE,
    }
}

/// A person whom an operator has to look at, and who may be each of `entries`.
#[must_use]
pub fn review(seed: u64, entries: &[u64]) -> NewEnrolment {
    let one = |sequence: &u64| ReviewMatch {
        sequence: *sequence,
        micros: 370_000,
    };
    NewEnrolment {
        record: record(seed, EnrolmentState::Review),
        admission: Admission::Review {
            matches: entries.iter().map(one).collect(),
            templates: templates(seed),
            upgraded: None,
            keep_until: UnixSeconds(NOW.0 + 1_000),
        },
        commitments: None,
        package: None,
        allowance: ALLOWANCE,
    }
}

/// A made-up claim whose every part depends on `seed`.
#[must_use]
pub fn claim(seed: u64) -> Claim {
    let mut coordinates = [U256::ZERO; 8];
    for (index, coordinate) in (0_u64..).zip(&mut coordinates) {
        *coordinate = field("coordinate", seed << 8 | index).to_u256();
    }
    Claim {
        epoch: Epoch(100 + seed),
        nullifier_hash: nullifier(seed),
        payment: Payment {
            recipient: address("recipient", seed),
            fee_recipient: address("fee recipient", seed),
            fee: AmountWei(U256::from_be_bytes(word("fee", seed).0)),
        },
        points: ProofPoints::try_from(coordinates).unwrap(),
    }
}

/// A transaction of sender 0 with `nonce`; its hash depends on `salt` too.
#[must_use]
pub fn signed(nonce: u64, salt: u64) -> SignedTransaction {
    let hash = word("transaction", salt << 32 | nonce);
    SignedTransaction {
        sender: address("sender", 0),
        nonce,
        fees: Fees {
            max_fee_wei: 1_000 + salt,
            priority_fee_wei: 10 + salt,
        },
        hash,
        raw: hash.to_vec(),
    }
}

/// An attempt that does what its slot is for.
#[must_use]
pub fn payload_attempt(signed: SignedTransaction) -> Attempt {
    Attempt {
        kind: AttemptKind::Payload,
        made_at_block: 60 + signed.nonce,
        signed,
    }
}

pub(super) fn claims_payload(seeds: &[u64]) -> Payload {
    Payload::Claims {
        nullifiers: seeds.iter().map(|seed| nullifier(*seed)).collect(),
    }
}

pub(super) fn claim_payload(seed: u64) -> Payload {
    claims_payload(&[seed])
}

pub(super) fn append_payload(start_index: u64, seeds: &[u64]) -> Payload {
    Payload::Append {
        start_index: start_index.try_into().unwrap(),
        enrolments: seeds.iter().map(|seed| enrolment_id(*seed)).collect(),
    }
}

pub(super) fn enrolment_id(seed: u64) -> EnrolmentId {
    EnrolmentId(word("enrolment", seed))
}

/// Admits newcomers `1..=count` in order; the gallery must be empty.
pub(super) async fn admit<S: Store>(store: &S, count: u64) {
    for seed in 1..=count {
        let outcome = store.record_enrolment(&newcomer(seed, seed)).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::Recorded);
    }
}

/// Makes the circumstances in which a claim of these tests is taken.
pub fn intake(received_at: UnixSeconds) -> ClaimIntake {
    ClaimIntake {
        received_at,
        root: Root::try_from(U256::from(9)).expect("9 is below the modulus"),
        chain_time: UnixSeconds(received_at.0 + 1),
        deadline: Some(UnixSeconds(received_at.0 + 2)),
    }
}

/// Queues claims `1..=count` in order.
pub(super) async fn queue_claims<S: Store>(store: &S, count: u64) {
    for seed in 1..=count {
        let outcome = store
            .insert_claim(&claim(seed), &intake(NOW))
            .await
            .unwrap();
        assert_eq!(outcome, InsertClaimOutcome::Inserted);
    }
}

/// Opens a slot that must be free.
pub(super) async fn send<S: OutboxRepository>(
    store: &S,
    signed: &SignedTransaction,
    payload: &Payload,
) -> SlotId {
    let attempt = payload_attempt(signed.clone());
    match store.open_slot(&attempt, payload).await.unwrap() {
        OpenOutcome::Stored(id) => id,
        other => panic!("the slot was not stored: {other:?}"),
    }
}

/// Puts the transaction into block `number`; of claims, `paid` are paid.
pub(super) async fn mine<S: OutboxRepository>(
    store: &S,
    id: SlotId,
    signed: &SignedTransaction,
    number: u64,
    paid: &[u64],
) -> Result<(), StoreError> {
    let paid: Vec<NullifierHash> = paid.iter().map(|seed| nullifier(*seed)).collect();
    let block = word("block", number);
    store
        .mark_mined(id, signed.hash, number, block, &paid)
        .await
}

/// Returns the state of enrolment `seed`.
pub(super) async fn enrolment_state<S: EnrolmentRepository>(
    store: &S,
    seed: u64,
) -> EnrolmentState {
    let record = store.enrolment(enrolment_id(seed)).await.unwrap();
    record.unwrap().state
}

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is put around the call that it judges"
)]
pub(super) fn assert_hit_nothing(result: Result<(), StoreError>) {
    assert!(
        matches!(
            result,
            Err(StoreError::RowCount {
                expected: 1,
                actual: 0,
                ..
            })
        ),
        "{result:?}"
    );
}
