//! An enrolled person before an orb again: evidence that is accepted, and each refusal.

use std::sync::LazyLock;

use annona_core::{
    Address, B256, Commitment, CommittedEnrolment, Enrolment, EnrolmentDomain, EnrolmentKind,
    IrisCommitments, OrbId, Signature, SignedEnrolment, UnixSeconds,
};
use annona_keys::ProverFile;
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_proofs::{KeyOrigin, VerifyError};
use annona_zkml::{
    EncodingProof, EncodingVerifier, EvidenceError, EyeEvidence, IrisPackage, OrbStatement,
    OrbStatementError, ProofContext, ProofFormatError, RECAPTURE_BELOW_MICROS, RecaptureError,
    RecaptureEvidence, RecaptureExpectation, RecaptureFormatError, RecaptureProof, RecaptureProver,
    RecaptureVerifier, RefusedProof, RefusedRecapture, bounds, pinned_recapture, recapture_circuit,
    recapture_circuit_name,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

use crate::world::{PROVER, rng};

const MODEL: ModelName = ModelName::Ci;

const DOMAIN: EnrolmentDomain = EnrolmentDomain {
    chain_id: 31_337,
    orb_registry: Address::repeat_byte(9),
};

/// Time of the fresh capture.
const CAPTURED: u64 = 1_800_000_000;

static RECAPTURES: LazyLock<RecaptureProver> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let name = recapture_circuit_name(MODEL);
    let file = ProverFile::new(folder.path(), name, KeyOrigin::UnsafeTest);
    let key = file.make_test_key(&recapture_circuit(MODEL)).unwrap();
    assert_eq!(key.hash(), pinned_recapture(MODEL).test_key_hash);
    RecaptureProver::new(MODEL, key)
});

/// A number that looks random, of two.
fn mixed(one: usize, other: usize) -> usize {
    let mut state = (one as u64) << 32 ^ other as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..4 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as usize
}

/// The texture of an eye, and of each capture a noise of the sensor.
fn iris(eye: usize, capture: usize) -> NormalisedIris {
    let size = *MODEL.model().size();
    let pixel = |at: usize| {
        let (row, column) = (at / 40 / 3, at % 40 / 3);
        let texture = mixed(eye, 100 * row + column) % 100;
        (texture + mixed(1_000 + capture, 1_000 * eye + at) % 28) as u8
    };
    let pixels = (0..size.pixel_count()).map(pixel).collect();
    let noise = (0..size.noise_count()).map(|at| at % 11 == 4 + capture);
    NormalisedIris::new(MODEL.model(), pixels, noise.collect()).unwrap()
}

/// Both eyes of a person, captured.
fn person(number: usize, capture: usize) -> [IrisPackage; 2] {
    [(Eye::Left, 0), (Eye::Right, 1)].map(|(eye, side)| {
        let seed = (10 * number + 2 * capture + side) as u64;
        IrisPackage::new(eye, iris(2 * number + side, capture), &mut rng(seed))
    })
}

fn account() -> Commitment {
    format!("0x{:064x}", 5).parse().unwrap()
}

fn statement(packages: &[IrisPackage; 2]) -> CommittedEnrolment {
    let [left, right] = packages.each_ref().map(|it| it.commitments(MODEL).unwrap());
    CommittedEnrolment {
        enrolment: Enrolment {
            commitment: account(),
            iris_digest: B256::repeat_byte(1),
            image_digest: B256::repeat_byte(2),
            model_id: MODEL.model().id().into(),
            kind: EnrolmentKind::Recovery,
            captured_at: UnixSeconds(CAPTURED),
            nonce: B256::repeat_byte(4),
        },
        commitments: IrisCommitments { left, right },
    }
}

fn orb() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn sign(statement: CommittedEnrolment) -> OrbStatement {
    let digest = statement.signing_hash(&DOMAIN);
    let (signature, parity) = orb().sign_prehash_recoverable(&digest.0).unwrap();
    let signed = SignedEnrolment {
        enrolment: statement.enrolment,
        commitments: Some(statement.commitments),
        signature: Signature::from((signature, parity)),
    };
    OrbStatement::new(DOMAIN, signed).unwrap()
}

fn encoding(package: &IrisPackage, context: &ProofContext) -> EncodingProof {
    let prepared = PROVER.prepare(package, context).unwrap();
    PROVER.prove(&prepared, &mut rng(2)).unwrap()
}

fn recapture(
    enrolled: &IrisPackage,
    fresh: &IrisPackage,
    most: u32,
    context: &ProofContext,
) -> RecaptureProof {
    let prepared = RECAPTURES.prepare([enrolled, fresh], most, context);
    RECAPTURES.prove(&prepared.unwrap(), &mut rng(3)).unwrap()
}

fn eye_for(place: usize, context: &ProofContext) -> EyeEvidence {
    let (enrolled, fresh) = (person(1, 0), person(1, 1));
    let most = RECAPTURE_BELOW_MICROS - 1;
    EyeEvidence {
        encoding: encoding(&fresh[place], context),
        recapture: recapture(&enrolled[place], &fresh[place], most, context),
    }
}

/// Proofs of both eyes of an enrolled person who was captured again.
fn eyes() -> [EyeEvidence; 2] {
    static EYES: LazyLock<[EyeEvidence; 2]> =
        LazyLock::new(|| [0, 1].map(|place| eye_for(place, &ProofContext::recapture(account()))));
    EYES.clone()
}

fn evidence_of(
    statement: CommittedEnrolment,
    change: impl FnOnce(&mut [EyeEvidence; 2]),
) -> RecaptureEvidence {
    let mut eyes = eyes();
    change(&mut eyes);
    RecaptureEvidence::new(sign(statement), eyes.map(Some)).unwrap()
}

fn evidence() -> RecaptureEvidence {
    evidence_of(statement(&person(1, 1)), |_| {})
}

/// The enrolled codes of a person, left and right.
fn enrolled(number: usize) -> [Option<annona_core::FieldElement>; 2] {
    person(number, 0).map(|it| Some(it.code_commitment(MODEL).unwrap().1))
}

fn expectation() -> RecaptureExpectation {
    RecaptureExpectation {
        domain: DOMAIN,
        active_orbs: vec![OrbId(Address::from_public_key(orb().verifying_key()))],
        account: account(),
        nonce: Some(B256::repeat_byte(4)),
        enrolled: enrolled(1),
        below_micros: RECAPTURE_BELOW_MICROS,
        now: UnixSeconds(CAPTURED + 300),
        max_age_secs: 300,
    }
}

fn verify(
    evidence: &RecaptureEvidence,
    expected: &RecaptureExpectation,
) -> Result<OrbId, RefusedRecapture> {
    let encodings = EncodingVerifier::unsafe_test(MODEL);
    RecaptureVerifier::unsafe_test(MODEL).verify_evidence(evidence, &encodings, expected)
}

fn refusal(change: impl FnOnce(&mut RecaptureExpectation)) -> RefusedRecapture {
    let mut expected = expectation();
    change(&mut expected);
    verify(&evidence(), &expected).unwrap_err()
}

fn refused(evidence: &RecaptureEvidence) -> RefusedRecapture {
    verify(evidence, &expectation()).unwrap_err()
}

/// Tests ZKML-25 and ZKML-26.
#[test]
fn a_person_who_is_captured_again_is_recognised() {
    let expected = expectation();
    let orb = verify(&evidence(), &expected).unwrap();
    assert_eq!(expected.active_orbs, [orb]);
    let read = RecaptureEvidence::from_json(&evidence().to_json()).unwrap();
    assert_eq!(read, evidence());
    // The scores are well below the bound, and not shown: the bound is everybody's.
    for place in [0, 1] {
        let (enrolled, fresh) = (person(1, 0), person(1, 1));
        let score = RecaptureProver::score(MODEL, &enrolled[place], &fresh[place]);
        let micros = score.unwrap().unwrap().micros;
        assert!((1..300_000).contains(&micros), "{micros}");
        let stated = evidence().eyes()[place]
            .unwrap()
            .recapture
            .statement
            .most_micros;
        assert_eq!(stated, RECAPTURE_BELOW_MICROS - 1);
    }
}

/// Tests ZKML-22 and ZKML-25.
#[test]
fn another_persons_code_is_refused() {
    let ([other, _], [fresh, _]) = (person(2, 0), person(1, 1));
    let context = ProofContext::recapture(account());
    let proved = RECAPTURES.prepare([&other, &fresh], 359_999, &context);
    let Err(RecaptureError::Apart { eye, score, most }) = proved else {
        panic!("a stranger was recognised");
    };
    assert_eq!((eye, most), (Eye::Left, 359_999));
    let strangers = [score, score].map(|micros| {
        Some(annona_circuits::RecaptureScore {
            micros,
            rotation: 0,
        })
    });
    assert_eq!(bounds(strangers, RECAPTURE_BELOW_MICROS), None);
    // Nor does the proof about one's own code pass for one about the other's.
    let refusal = refusal(|it| it.enrolled = enrolled(2));
    assert!(matches!(
        refusal,
        RefusedRecapture::OtherEnrolledCode { eye: Eye::Left }
    ));
    let other = enrolled(2)[0].unwrap();
    let forged = evidence_of(statement(&person(1, 1)), |eyes| {
        eyes[0].recapture.statement.enrolled_commitment = other;
    });
    let mut expected = expectation();
    expected.enrolled[0] = Some(other);
    let refusal = verify(&forged, &expected).unwrap_err();
    assert!(matches!(
        refusal,
        RefusedRecapture::Recapture {
            eye: Eye::Left,
            source: RefusedProof::False(VerifyError::Invalid)
        }
    ));
}

/// Tests ZKML-22 and ZKML-25.
#[test]
fn a_fresh_code_of_the_other_eye_is_refused() {
    let ([enrolled, _], [_, fresh]) = (person(1, 0), person(1, 1));
    let context = ProofContext::recapture(account());
    let proved = RECAPTURES.prepare([&enrolled, &fresh], 359_999, &context);
    assert!(matches!(
        proved,
        Err(RecaptureError::TwoEyes {
            enrolled: Eye::Left,
            fresh: Eye::Right
        })
    ));
    let swapped = evidence_of(statement(&person(1, 1)), |eyes| eyes.swap(0, 1));
    assert!(matches!(
        refused(&swapped),
        RefusedRecapture::OtherIris { eye: Eye::Left }
    ));
}

/// Tests ZKML-22 and ZKML-25.
#[test]
fn a_distance_above_the_bound_is_refused() {
    let ([enrolled, _], [fresh, _]) = (person(1, 0), person(1, 1));
    let context = ProofContext::recapture(account());
    let score = RecaptureProver::score(MODEL, &enrolled, &fresh);
    let score = score.unwrap().unwrap().micros;
    let proved = RECAPTURES.prepare([&enrolled, &fresh], score - 1, &context);
    assert!(matches!(proved, Err(RecaptureError::Apart { .. })));
    let exact = recapture(&enrolled, &fresh, score, &context);
    let mut lower = exact.clone();
    lower.statement.most_micros -= 1;
    let verifier = RecaptureVerifier::unsafe_test(MODEL);
    verifier.verify(&exact).unwrap();
    assert_eq!(
        verifier.verify(&lower),
        Err(RefusedProof::False(VerifyError::Invalid))
    );
    // One eye that allows more than the other makes up for.
    let apart = evidence_of(statement(&person(1, 1)), |eyes| {
        eyes[1].recapture.statement.most_micros += 2;
    });
    let RefusedRecapture::NotClose { actual, .. } = refused(&apart) else {
        panic!("a distance above the bound was accepted");
    };
    assert_eq!(actual, RECAPTURE_BELOW_MICROS);
    assert!(matches!(
        refusal(|it| it.below_micros = RECAPTURE_BELOW_MICROS - 1),
        RefusedRecapture::NotClose { .. }
    ));
}

/// Tests ZKML-25: an eye alone has to be more alike, and is enough only where it is asked for.
#[test]
fn one_eye_is_enough_only_where_it_is_asked_for() {
    let one = |most| {
        let context = ProofContext::recapture(account());
        let ([enrolled, _], [fresh, _]) = (person(1, 0), person(1, 1));
        let mut eyes = [Some(eyes()[0].clone()), None];
        eyes[0].as_mut().unwrap().recapture = recapture(&enrolled, &fresh, most, &context);
        RecaptureEvidence::new(sign(statement(&person(1, 1))), eyes).unwrap()
    };
    let mut expected = expectation();
    assert!(matches!(
        verify(&one(319_999), &expected),
        Err(RefusedRecapture::EyeMissing { eye: Eye::Right })
    ));
    expected.enrolled[1] = None;
    verify(&one(319_999), &expected).unwrap();
    assert!(matches!(
        verify(&one(320_000), &expected),
        Err(RefusedRecapture::NotClose { .. })
    ));
    expected.enrolled[0] = None;
    assert!(matches!(
        verify(&evidence(), &expected),
        Err(RefusedRecapture::NothingExpected)
    ));
    let none = RecaptureEvidence::new(sign(statement(&person(1, 1))), [None, None]);
    assert!(matches!(none, Err(EvidenceError::NoEye)));
}

/// Tests ZKML-26.
#[test]
fn an_old_capture_is_refused() {
    let RefusedRecapture::TooOld {
        age_secs,
        most_secs,
    } = refusal(|it| it.now = UnixSeconds(CAPTURED + 301))
    else {
        panic!("an old capture was accepted");
    };
    assert_eq!((age_secs, most_secs), (301, 300));
    let ahead = |secs| {
        let mut expected = expectation();
        expected.now = UnixSeconds(CAPTURED - secs);
        verify(&evidence(), &expected)
    };
    ahead(30).unwrap();
    assert!(matches!(ahead(31), Err(RefusedRecapture::InFuture)));
}

/// Tests ZKML-26: the capture of the enrolment, however it is dated.
#[test]
fn the_enrolled_capture_itself_is_refused() {
    let [left, right] = person(1, 0);
    let score = RecaptureProver::score(MODEL, &left, &left);
    assert!(matches!(score, Err(RecaptureError::OneCapture)));
    let context = ProofContext::recapture(account());
    let own = evidence_of(statement(&[left.clone(), right.clone()]), |eyes| {
        for (eye, package) in eyes.iter_mut().zip([&left, &right]) {
            eye.encoding = encoding(package, &context);
            let code = eye.encoding.statement.code_commitment;
            eye.recapture.statement.fresh_commitment = code;
        }
    });
    assert!(matches!(
        refused(&own),
        RefusedRecapture::OneCapture { eye: Eye::Left }
    ));
}

/// Tests ZKML-26.
#[test]
fn an_orb_that_is_not_active_is_refused() {
    let other = OrbId(Address::repeat_byte(3));
    let expected = expectation().active_orbs;
    let refusal = refusal(|it| it.active_orbs = vec![other]);
    let RefusedRecapture::OrbNotActive { orb } = refusal else {
        panic!("an orb that is not active was believed");
    };
    assert_eq!(expected, [orb]);
    assert!(matches!(
        self::refusal(|it| it.active_orbs.clear()),
        RefusedRecapture::OrbNotActive { .. }
    ));
}

/// Tests ZKML-6 and ZKML-26.
#[test]
fn a_context_of_another_account_is_refused() {
    let other: Commitment = format!("0x{:064x}", 6).parse().unwrap();
    assert!(matches!(
        refusal(|it| it.account = other),
        RefusedRecapture::OtherAccount { .. }
    ));
    // The person is before the orb for the other account, and the proofs are for the first one.
    let mut for_other = statement(&person(1, 1));
    for_other.enrolment.commitment = other;
    let mut expected = expectation();
    expected.account = other;
    let verdict = verify(&evidence_of(for_other, |_| {}), &expected);
    assert!(matches!(
        verdict,
        Err(RefusedRecapture::OtherContext { eye: Eye::Left })
    ));
    // The same with the context written anew: the proof is not about it.
    let renamed = evidence_of(for_other, |eyes| {
        for eye in eyes {
            let context = ProofContext::recapture(other);
            eye.encoding.statement.context = context.to_field();
            eye.encoding.context = context.clone();
            eye.recapture.statement.context = context;
        }
    });
    let verdict = verify(&renamed, &expected);
    assert!(matches!(verdict, Err(RefusedRecapture::Encoding { .. })));
    // Nor do proofs of an enrolment pass for those of a re-capture.
    let enrolment = evidence_of(statement(&person(1, 1)), |eyes| {
        eyes[1] = eye_for(1, &ProofContext::enrolment(account()));
    });
    assert!(matches!(
        refused(&enrolment),
        RefusedRecapture::OtherContext { eye: Eye::Right }
    ));
}

/// Tests ZKML-26: another challenge, deployment or model than the verifier's.
#[test]
fn what_the_orb_signed_for_others_is_refused() {
    assert!(matches!(
        refusal(|it| it.nonce = Some(B256::repeat_byte(5))),
        RefusedRecapture::OtherNonce { .. }
    ));
    assert!(matches!(
        refusal(|it| it.domain.chain_id = 1),
        RefusedRecapture::OtherDeployment
    ));
    let mut other = statement(&person(1, 1));
    other.enrolment.model_id = ModelName::P.model().id().into();
    let other = evidence_of(other, |_| {});
    assert!(matches!(
        refused(&other),
        RefusedRecapture::OtherModel { .. }
    ));
}

/// Tests ZKML-26.
#[test]
fn a_statement_without_commitments_is_none() {
    let enrolment = statement(&person(1, 1)).enrolment;
    let digest = enrolment.signing_hash(&DOMAIN);
    let (signature, parity) = orb().sign_prehash_recoverable(&digest.0).unwrap();
    let signed = SignedEnrolment {
        enrolment,
        commitments: None,
        signature: Signature::from((signature, parity)),
    };
    signed.orb(&DOMAIN).unwrap();
    assert!(matches!(
        OrbStatement::new(DOMAIN, signed),
        Err(OrbStatementError::NotAStatement(None))
    ));
}

/// Tests ZKML-25: a fresh iris, or a fresh code, that the orb did not sign.
#[test]
fn proofs_about_another_capture_are_refused() {
    let context = ProofContext::recapture(account());
    let (enrolled, third) = (person(1, 0), person(1, 2));
    let other = evidence_of(statement(&person(1, 1)), |eyes| {
        eyes[0].encoding = encoding(&third[0], &context);
    });
    assert!(matches!(
        refused(&other),
        RefusedRecapture::OtherIris { eye: Eye::Left }
    ));
    let other = evidence_of(statement(&person(1, 1)), |eyes| {
        eyes[1].recapture = recapture(&enrolled[1], &third[1], 359_999, &context);
    });
    assert!(matches!(
        refused(&other),
        RefusedRecapture::OtherFreshCode { eye: Eye::Right }
    ));
    // A statement about other commitments, signed by nobody that is active.
    let text = evidence().to_json();
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    let code = third[0].code_commitment(MODEL).unwrap().1.to_string();
    changed["statement"]["leftCodeCommitment"] = json!(code);
    let changed = RecaptureEvidence::from_json(&changed.to_string());
    assert!(matches!(
        changed,
        Err(EvidenceError::Statement(OrbStatementError::OtherOrb { .. }))
    ));
}

/// Tests ZKML-7: a proof holds under the re-capture key of its model alone.
#[test]
fn proofs_of_another_model_or_key_are_refused_by_name() {
    let [left, _] = eyes();
    for model in ModelName::ALL {
        let verdict = RecaptureVerifier::unsafe_test(model).verify(&left.recapture);
        if model == MODEL {
            verdict.unwrap();
            continue;
        }
        assert!(matches!(verdict, Err(RefusedProof::OtherModel { .. })));
        let mut renamed = left.recapture.clone();
        renamed.statement.model = model;
        let verifier = RecaptureVerifier::unsafe_test(model);
        let verdict = verifier.verify(&renamed);
        assert!(matches!(verdict, Err(RefusedProof::OtherKey { .. })));
        renamed.key_hash = verifier.key_hash();
        let verdict = verifier.verify(&renamed);
        assert!(matches!(verdict, Err(RefusedProof::False(_))), "{model}");
    }
    // A proof that an encoding key made is no re-capture.
    let mut other = left.recapture.clone();
    other.points = left.encoding.points;
    let verdict = RecaptureVerifier::unsafe_test(MODEL).verify(&other);
    assert!(matches!(verdict, Err(RefusedProof::False(_))));
}

/// Tests ZKML-8.
#[test]
fn files_are_read_as_they_were_written_and_in_no_other_form() {
    let [left, _] = eyes();
    let text = left.recapture.to_json();
    assert_eq!(RecaptureProof::from_json(&text).unwrap(), left.recapture);
    let encoding = left.encoding.to_json();
    assert!(matches!(
        EncodingProof::from_json(&text),
        Err(ProofFormatError::NotAProof(_))
    ));
    assert!(matches!(
        RecaptureProof::from_json(&encoding),
        Err(RecaptureFormatError::NotARecapture(_))
    ));
    let read = |pointer: &str, value: Value| {
        let mut file: Value = serde_json::from_str(&text).unwrap();
        if let Some(member) = file.pointer_mut(pointer) {
            *member = value;
        } else {
            file[&pointer[1..]] = value;
        }
        RecaptureProof::from_json(&file.to_string()).unwrap_err()
    };
    let word = |number: u64| json!(format!("0x{number:064x}"));
    for (pointer, value) in [
        ("/relation", json!("annona.iris-recapture.v2")),
        ("/relation", json!("annona.iris-encoding.v1")),
        ("/backend", json!("other")),
    ] {
        let other = read(pointer, value);
        assert!(matches!(other, RecaptureFormatError::Other { .. }));
    }
    for (pointer, value) in [("/format", json!("annona-proof-2")), ("/extra", json!(1))] {
        let other = read(pointer, value);
        assert!(matches!(other, RecaptureFormatError::NotARecapture(_)));
    }
    assert!(matches!(
        read("/public_inputs/2", word(1 << 20)),
        RecaptureFormatError::Bound
    ));
    assert!(matches!(
        read("/public_inputs/3", word(7)),
        RecaptureFormatError::OtherContext
    ));
    assert!(matches!(
        read("/context/epoch", json!(1)),
        RecaptureFormatError::OtherContext
    ));
    assert!(matches!(
        read("/model_id", word(1)),
        RecaptureFormatError::UnknownModel { .. }
    ));
    let beyond = json!(format!("0x{}", "f".repeat(64)));
    for pointer in ["/public_inputs/0", "/proof/0"] {
        let other = read(pointer, beyond.clone());
        assert!(matches!(other, RecaptureFormatError::NotCanonical(_)));
    }
    let statement = evidence().statement().clone();
    assert_eq!(
        OrbStatement::from_json(&statement.to_json()).unwrap(),
        statement
    );
}

/// Tests ZKML-7: a proof that was made once is accepted under its own key and no other.
#[test]
fn a_frozen_recapture_is_accepted_under_its_own_key_alone() {
    let golden: Value = serde_json::from_str(include_str!("../recapture.json")).unwrap();
    let proofs = golden["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), ModelName::ALL.len());
    for file in proofs {
        let proof = RecaptureProof::from_json(&file.to_string()).unwrap();
        for model in ModelName::ALL {
            let verifier = RecaptureVerifier::unsafe_test(model);
            let is_own = model == proof.statement.model;
            assert_eq!(verifier.verify(&proof).is_ok(), is_own, "{model}");
            let mut renamed = proof.clone();
            renamed.statement.model = model;
            renamed.key_hash = verifier.key_hash();
            assert_eq!(verifier.verify(&renamed).is_ok(), is_own, "{model}");
        }
    }
}

/// A prover of another relation's key is told so before a proof leaves it.
#[test]
fn a_key_of_another_circuit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let name = annona_zkml::circuit_name(MODEL);
    let file = ProverFile::new(folder.path(), name, KeyOrigin::UnsafeTest);
    let key = file.make_test_key(&annona_zkml::circuit(MODEL)).unwrap();
    let ([enrolled, _], [fresh, _]) = (person(1, 0), person(1, 1));
    let context = ProofContext::recapture(account());
    let other = RecaptureProver::new(MODEL, key);
    let prepared = other.prepare([&enrolled, &fresh], 359_999, &context);
    let proved = other.prove(&prepared.unwrap(), &mut rng(3));
    assert!(matches!(
        proved,
        Err(RecaptureError::Prover(_) | RecaptureError::Unfit { .. })
    ));
}
