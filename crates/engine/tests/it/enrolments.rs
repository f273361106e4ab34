//! Enrolments that are admitted, and enrolments that are not.

use std::sync::Arc;

use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_core::{
    Address, B256, Enrolment, EnrolmentDomain, EnrolmentKind, OrbId, Signature, SignedEnrolment,
    U256, UnixSeconds, keccak256,
};
use annona_engine::ports::{EnrolmentRepository, GalleryEntry};
use annona_engine::{
    CommitmentPolicy, EnrolError, EnrolmentId, EnrolmentPacket, EnrolmentPolicy, EnrolmentRecord,
    EnrolmentService, EnrolmentState, Membership,
};
use annona_faults::{capture, capture_with_noise};
use annona_matcher::{Access, DecisionRule, Gallery, mirrored_pair};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use tokio::task::JoinSet;

use crate::chain::{GENESIS, calendar};
use crate::service::{Service, membership, stranger};

pub(crate) const NOW: u64 = GENESIS + 1_000;
const MAX_AGE_SECS: u64 = 600;
const MAX_SKEW_SECS: u64 = 30;
pub(crate) const COOLDOWN_SECS: u64 = 100;
/// The most people that an orb brings in during an epoch.
pub(crate) const PEOPLE_PER_ORB: u32 = 40;
pub(crate) const REVIEW_KEEP_SECS: u64 = 1_000_000;
const MODEL: B256 = B256::repeat_byte(0x3d);
pub(crate) const DOMAIN: EnrolmentDomain = EnrolmentDomain {
    chain_id: 31_337,
    orb_registry: Address::repeat_byte(9),
};
/// Flipped bits of a capture that lies between the thresholds.
const UNCLEAR_PER_MILLE: u32 = 355;
const RACES: u64 = 12;

pub(crate) fn orb() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x11)).unwrap()
}

/// A service that takes packets of one orb.
pub(crate) struct EnrolmentHarness {
    pub(crate) service: Service,
    membership: Arc<Membership>,
    pub(crate) enrolments: Arc<EnrolmentService>,
}

impl EnrolmentHarness {
    pub(crate) async fn open() -> Self {
        Self::open_with(policy()).await
    }

    pub(crate) async fn open_with(policy: EnrolmentPolicy) -> Self {
        let service = Service::start().await;
        service.clock.set(NOW);
        service.chain.add_orb(OrbId(orb().address()));
        let membership = Arc::new(membership());
        let enrolments = Arc::new(enrolments_with(
            &service,
            &membership,
            Gallery::new(),
            policy,
        ));
        Self {
            service,
            membership,
            enrolments,
        }
    }

    /// Forgets all that is in memory.
    fn restart(&mut self) {
        self.membership = Arc::new(membership());
        self.enrolments = Arc::new(new_enrolments(&self.service, &self.membership));
    }

    pub(crate) async fn submit(
        &self,
        packet: &EnrolmentPacket,
    ) -> Result<EnrolmentRecord, EnrolError> {
        self.enrolments.submit(packet.clone()).await
    }

    async fn state(&self, packet: &EnrolmentPacket) -> EnrolmentState {
        self.submit(packet).await.unwrap().state
    }

    async fn gallery(&self) -> Vec<GalleryEntry> {
        self.service.store.gallery_after(0, 1_000).await.unwrap()
    }

    /// Asserts that a packet left nothing behind.
    pub(crate) async fn assert_not_stored(&self, packet: &EnrolmentPacket, people: usize) {
        let id = EnrolmentId(packet.signed.signing_hash(&DOMAIN));
        assert_eq!(self.enrolments.find(id).await.unwrap(), None);
        assert_eq!(self.gallery().await.len(), people);
    }
}

/// The rules of a service that takes packets of the tests.
pub(crate) fn policy() -> EnrolmentPolicy {
    EnrolmentPolicy {
        domain: DOMAIN,
        model_id: MODEL,
        max_age_secs: MAX_AGE_SECS,
        max_skew_secs: MAX_SKEW_SECS,
        rule: DecisionRule::standard(),
        recovery_cooldown_secs: COOLDOWN_SECS,
        calendar: calendar(),
        people_per_orb: PEOPLE_PER_ORB,
        review_keep_secs: REVIEW_KEEP_SECS,
        commitments: CommitmentPolicy::Optional,
        proofs: annona_engine::ProofPolicy::Off,
    }
}

fn new_enrolments(service: &Service, membership: &Arc<Membership>) -> EnrolmentService {
    enrolments_of(service, membership, Gallery::new())
}

fn enrolments_of(
    service: &Service,
    membership: &Arc<Membership>,
    gallery: Gallery,
) -> EnrolmentService {
    enrolments_with(service, membership, gallery, policy())
}

fn enrolments_with(
    service: &Service,
    membership: &Arc<Membership>,
    gallery: Gallery,
    policy: EnrolmentPolicy,
) -> EnrolmentService {
    EnrolmentService::new(
        Arc::new(service.store.clone()),
        service.chain.clone(),
        service.clock.clone(),
        Arc::clone(membership),
        policy,
        gallery,
    )
}

/// The orb's statement about templates; `number` makes commitment and nonce.
pub(crate) fn statement(templates: &EyePair, number: u64) -> Enrolment {
    Enrolment {
        commitment: stranger(number),
        iris_digest: keccak256(templates.to_bytes()),
        image_digest: B256::repeat_byte(5),
        model_id: MODEL,
        kind: EnrolmentKind::New,
        captured_at: UnixSeconds(NOW - 10),
        nonce: keccak256(number.to_be_bytes()),
    }
}

pub(crate) fn signed_by(
    key: &PrivateKeySigner,
    enrolment: Enrolment,
    templates: EyePair,
) -> EnrolmentPacket {
    let signature = key
        .sign_hash_sync(&enrolment.signing_hash(&DOMAIN))
        .unwrap();
    EnrolmentPacket {
        signed: SignedEnrolment {
            enrolment,
            commitments: None,
            signature,
        },
        templates,
        code_salts: None,
        encoding_proofs: None,
        upgraded: None,
        package: None,
    }
}

fn packet(person: u64, number: u64) -> EnrolmentPacket {
    let templates = capture(person, number);
    signed_by(&orb(), statement(&templates, number), templates)
}

/// A packet of person 1 whose statement was changed before it was signed.
fn packet_saying(change: impl FnOnce(&mut Enrolment)) -> EnrolmentPacket {
    let templates = capture(1, 1);
    let mut enrolment = statement(&templates, 1);
    change(&mut enrolment);
    signed_by(&orb(), enrolment, templates)
}

#[tokio::test]
async fn everybody_is_admitted_once() {
    let harness = EnrolmentHarness::open().await;
    for person in 1..=3 {
        assert_eq!(
            harness.state(&packet(person, person)).await,
            EnrolmentState::Queued
        );
    }
    for person in 1..=3 {
        let again = packet(person, 10 + person);
        assert_eq!(harness.state(&again).await, EnrolmentState::Duplicate);
    }
    let gallery = harness.gallery().await;
    let expected: Vec<EyePair> = (1..=3).map(|person| capture(person, person)).collect();
    let templates: Vec<EyePair> = gallery.into_iter().map(|entry| entry.templates).collect();
    assert_eq!(templates, expected);
}

#[tokio::test]
async fn eyes_the_wrong_way_round_are_the_same_person() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    let EyePair { left, right } = capture(1, 2);
    let swapped = EyePair {
        left: right,
        right: left,
    };
    let again = signed_by(&orb(), statement(&swapped, 2), swapped);
    assert_eq!(harness.state(&again).await, EnrolmentState::Duplicate);
}

/// The template of an eye turned by so many columns of 1.8 degrees.
fn turned(eye: &IrisTemplate, columns: usize) -> IrisTemplate {
    let (mut code, mut mask) = (*eye.code(), *eye.mask());
    code.rotate_right(columns);
    mask.rotate_right(columns);
    IrisTemplate::from_columns(code, mask)
}

/// Tests ENROL-6.
#[tokio::test]
async fn eyes_turned_by_any_angle_are_the_same_person() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    let EyePair { left, right } = capture(1, 2);
    let image = mirrored_pair(&capture(1, 2));
    let presentations = [
        // Head down: the right eye is where the left one is looked for.
        (turned(&right, 100), turned(&left, 100)),
        // One picture turned to the left, the other to the right.
        (turned(&left, 50), turned(&right, 150)),
        (turned(&left, 100), right),
        // Head down before a mirror.
        (turned(&image.left, 100), turned(&image.right, 100)),
        (turned(&image.right, 83), turned(&image.left, 16)),
    ];
    for (number, (left, right)) in (3..).zip(presentations) {
        let eyes = EyePair { left, right };
        let again = signed_by(&orb(), statement(&eyes, number), eyes);
        assert_eq!(
            harness.state(&again).await,
            EnrolmentState::Duplicate,
            "{number}"
        );
    }
}

#[tokio::test]
async fn who_is_neither_new_nor_known_is_captured_again() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    let unclear = capture_with_noise(1, 2, UNCLEAR_PER_MILLE);
    let packet = signed_by(&orb(), statement(&unclear, 2), unclear);
    assert_eq!(harness.state(&packet).await, EnrolmentState::Review);
    assert_eq!(harness.gallery().await.len(), 1);
}

/// Tests ENROL-9.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_packets_of_a_person_at_once_one_is_admitted() {
    let harness = EnrolmentHarness::open().await;
    for person in 1..=RACES {
        let mut tasks = JoinSet::new();
        for number in [100 * person, 100 * person + 1, 100 * person + 2] {
            let handle = Arc::clone(&harness.enrolments);
            tasks.spawn(async move { handle.submit(packet(person, number)).await.unwrap().state });
        }
        let states = tasks.join_all().await;
        let count = |wanted| states.iter().filter(|state| **state == wanted).count();
        assert_eq!(count(EnrolmentState::Queued), 1, "{states:?}");
        assert_eq!(count(EnrolmentState::Duplicate), 2, "{states:?}");
    }
    assert_eq!(harness.gallery().await.len() as u64, RACES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_replicas_one_admits_a_person() {
    let harness = EnrolmentHarness::open().await;
    let other = Arc::new(new_enrolments(&harness.service, &harness.membership));
    for person in 1..=RACES {
        let (one, two) = (
            packet(person, 100 * person),
            packet(person, 100 * person + 1),
        );
        let (one, two) = tokio::join!(harness.enrolments.submit(one), other.submit(two));
        let mut states = [one.unwrap().state, two.unwrap().state];
        states.sort_by_key(|state| *state != EnrolmentState::Queued);
        assert_eq!(states, [EnrolmentState::Queued, EnrolmentState::Duplicate]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_people_at_once_are_all_admitted() {
    let harness = EnrolmentHarness::open().await;
    let mut tasks = JoinSet::new();
    for person in 1..=2 * RACES {
        let handle = Arc::clone(&harness.enrolments);
        tasks.spawn(async move { handle.submit(packet(person, person)).await.unwrap().state });
    }
    let states = tasks.join_all().await;
    assert_eq!(states, vec![EnrolmentState::Queued; states.len()]);
    assert_eq!(harness.gallery().await.len() as u64, 2 * RACES);
}

/// Tests ENROL-5.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_packet_many_times_at_once_is_one_record() {
    let harness = EnrolmentHarness::open().await;
    for person in 1..=RACES {
        let packet = packet(person, person);
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (handle, packet) = (Arc::clone(&harness.enrolments), packet.clone());
            tasks.spawn(async move { handle.submit(packet).await.unwrap() });
        }
        let records = tasks.join_all().await;
        assert_eq!(records[0].state, EnrolmentState::Queued);
        assert_eq!(records, vec![records[0].clone(); 4]);
    }
    assert_eq!(harness.gallery().await.len() as u64, RACES);
}

#[tokio::test]
async fn the_same_packet_later_is_the_same_record() {
    let harness = EnrolmentHarness::open().await;
    let packet = packet(1, 1);
    let first = harness.submit(&packet).await.unwrap();
    harness.service.clock.set(NOW + 10 * MAX_AGE_SECS);
    assert_eq!(harness.submit(&packet).await.unwrap(), first);
    assert_eq!(
        harness.enrolments.find(first.id).await.unwrap(),
        Some(first)
    );
    assert_eq!(harness.gallery().await.len(), 1);
}

#[tokio::test]
async fn a_duplicate_is_refused_after_a_restart() {
    let mut harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    harness.submit(&packet(2, 2)).await.unwrap();
    harness.restart();
    assert_eq!(
        harness.state(&packet(2, 3)).await,
        EnrolmentState::Duplicate
    );
    assert_eq!(harness.state(&packet(3, 4)).await, EnrolmentState::Queued);
    assert_eq!(harness.gallery().await.len(), 3);
}

#[tokio::test]
async fn a_signature_of_nobody_is_refused() {
    let harness = EnrolmentHarness::open().await;
    let mut packet = packet(1, 1);
    packet.signed.signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::Signature(_))));
    harness.assert_not_stored(&packet, 0).await;
}

/// Tests ENROL-2.
#[tokio::test]
async fn an_orb_that_is_not_active_is_refused() {
    let harness = EnrolmentHarness::open().await;
    let stranger = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x22)).unwrap();
    let templates = capture(1, 1);
    let packet = signed_by(&stranger, statement(&templates, 1), templates);
    let refused = harness.submit(&packet).await;
    assert!(matches!(
        refused,
        Err(EnrolError::OrbNotActive(orb)) if orb.0 == stranger.address()
    ));
    harness.assert_not_stored(&packet, 0).await;
}

#[tokio::test]
async fn a_statement_changed_after_it_was_signed_is_nobodys() {
    let harness = EnrolmentHarness::open().await;
    let mut packet = packet(1, 1);
    packet.signed.enrolment.commitment = stranger(99);
    assert!(harness.submit(&packet).await.is_err());
    harness.assert_not_stored(&packet, 0).await;
}

/// Tests ENROL-3.
#[tokio::test]
async fn other_templates_than_the_signed_ones_are_refused() {
    let harness = EnrolmentHarness::open().await;
    let mut packet = packet(1, 1);
    packet.templates = capture(2, 1);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::IrisDigestMismatch)));
    harness.assert_not_stored(&packet, 0).await;
}

#[tokio::test]
async fn templates_of_another_model_are_refused() {
    let harness = EnrolmentHarness::open().await;
    let packet = packet_saying(|enrolment| enrolment.model_id = B256::ZERO);
    let refused = harness.submit(&packet).await;
    assert!(matches!(
        refused,
        Err(EnrolError::ModelMismatch {
            expected: MODEL,
            actual: B256::ZERO
        })
    ));
    harness.assert_not_stored(&packet, 0).await;
}

/// Tests ENROL-4.
#[tokio::test]
async fn a_capture_is_taken_while_it_is_fresh() {
    let at = |time| packet_saying(|enrolment| enrolment.captured_at = UnixSeconds(time));
    for time in [NOW - MAX_AGE_SECS - 1, NOW + MAX_SKEW_SECS + 1, 0, u64::MAX] {
        let harness = EnrolmentHarness::open().await;
        let packet = at(time);
        let refused = harness.submit(&packet).await;
        assert!(matches!(
            refused,
            Err(EnrolError::NotFresh { captured_at, now: NOW }) if captured_at == time
        ));
        harness.assert_not_stored(&packet, 0).await;
    }
    for time in [NOW - MAX_AGE_SECS, NOW + MAX_SKEW_SECS] {
        let harness = EnrolmentHarness::open().await;
        assert_eq!(harness.state(&at(time)).await, EnrolmentState::Queued);
    }
}

/// Tests ENROL-8.
#[tokio::test]
async fn a_template_that_decides_nothing_is_refused() {
    let harness = EnrolmentHarness::open().await;
    let EyePair { left, right } = capture(1, 1);
    let blind = |eye: &IrisTemplate| IrisTemplate::from_columns(*eye.code(), [0; COLUMNS]);
    for templates in [
        EyePair {
            left: blind(&left),
            right: right.clone(),
        },
        EyePair {
            right: blind(&right),
            left,
        },
    ] {
        let packet = signed_by(&orb(), statement(&templates, 1), templates);
        let refused = harness.submit(&packet).await;
        assert!(matches!(refused, Err(EnrolError::TemplateUnusable)));
        harness.assert_not_stored(&packet, 0).await;
    }
}

#[tokio::test]
async fn a_nonce_is_used_once() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    let templates = capture(2, 2);
    let mut enrolment = statement(&templates, 2);
    enrolment.nonce = statement(&templates, 1).nonce;
    let packet = signed_by(&orb(), enrolment, templates);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::NonceUsed)));
    harness.assert_not_stored(&packet, 1).await;
}

#[tokio::test]
async fn a_commitment_is_enrolled_once() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet(1, 1)).await.unwrap();
    harness.service.chain.append(&[stranger(7)]);
    harness
        .membership
        .sync(&*harness.service.chain)
        .await
        .unwrap();
    for (number, taken) in [(2, stranger(1)), (3, stranger(7))] {
        let templates = capture(number, number);
        let mut enrolment = statement(&templates, number);
        enrolment.commitment = taken;
        let packet = signed_by(&orb(), enrolment, templates);
        let refused = harness.submit(&packet).await;
        assert!(matches!(
            refused,
            Err(EnrolError::CommitmentTaken(commitment)) if commitment == taken
        ));
        harness.assert_not_stored(&packet, 1).await;
    }
}

#[tokio::test]
async fn without_the_chain_nobody_is_admitted() {
    let harness = EnrolmentHarness::open().await;
    let packet = packet(1, 1);
    harness.service.chain.fail_calls(1);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::Chain(_))));
    harness.assert_not_stored(&packet, 0).await;
    assert_eq!(harness.state(&packet).await, EnrolmentState::Queued);
}

#[tokio::test]
async fn gallery_files_fill_up_from_the_database_and_are_used_again() {
    let mut harness = EnrolmentHarness::open().await;
    let folder = tempfile::tempdir().unwrap();
    let open = |access| Gallery::open(folder.path(), access).unwrap();
    for person in 1..=3 {
        assert_eq!(
            harness.state(&packet(person, person)).await,
            EnrolmentState::Queued
        );
    }
    // Entries that the files lack come from the database.
    harness.enrolments = Arc::new(enrolments_of(
        &harness.service,
        &harness.membership,
        open(Access::Write),
    ));
    assert_eq!(
        harness.state(&packet(2, 20)).await,
        EnrolmentState::Duplicate
    );
    assert_eq!(open(Access::Read).in_files(), 3);
    // A second service follows the first one's files, and adds what they lack.
    let follower = enrolments_of(&harness.service, &harness.membership, open(Access::Read));
    assert_eq!(harness.state(&packet(4, 4)).await, EnrolmentState::Queued);
    let again = follower.submit(packet(4, 40)).await.unwrap();
    assert_eq!(again.state, EnrolmentState::Duplicate);
}

#[tokio::test]
async fn gallery_files_of_another_database_are_not_believed() {
    let mut harness = EnrolmentHarness::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut other = Gallery::open(folder.path(), Access::Write).unwrap();
    for person in 1..=3 {
        other
            .push(person, &capture_with_noise(10 + person, 0, 0))
            .unwrap();
    }
    for person in 1..=3 {
        assert_eq!(
            harness.state(&packet(person, person)).await,
            EnrolmentState::Queued
        );
    }
    harness.enrolments = Arc::new(enrolments_of(&harness.service, &harness.membership, other));
    assert_eq!(
        harness.state(&packet(2, 20)).await,
        EnrolmentState::Duplicate
    );
    assert_eq!(harness.state(&packet(13, 13)).await, EnrolmentState::Queued);
}

#[tokio::test]
async fn gallery_files_ahead_of_the_database_are_not_believed() {
    let mut harness = EnrolmentHarness::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut ahead = Gallery::open(folder.path(), Access::Write).unwrap();
    ahead.push(1, &capture_with_noise(1, 0, 0)).unwrap();
    harness.enrolments = Arc::new(enrolments_of(&harness.service, &harness.membership, ahead));
    assert_eq!(harness.state(&packet(1, 1)).await, EnrolmentState::Queued);
    assert_eq!(harness.gallery().await.len(), 1);
}
