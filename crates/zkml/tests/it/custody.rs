use annona_core::{
    Address, B256, CommittedEnrolment, Enrolment, EnrolmentDomain, EnrolmentKind, IrisCommitments,
    OrbId, Signature, SignedEnrolment, UnixSeconds,
};
use annona_model::{Eye, ModelName};
use annona_zkml::{CustodyError, CustodyPackage, CustodyVisit, IrisPackage, VisitSecret};
use k256::ecdsa::SigningKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use serde_json::Value;

use crate::world::{iris, rng};

const DOMAIN: EnrolmentDomain = EnrolmentDomain {
    chain_id: 31_337,
    orb_registry: Address::repeat_byte(9),
};

/// Form of a sealed package: magic, encapsulated key, ciphertext with its tag.
const BEGINNING: usize = 16;
const KEY: usize = 65;
const TAG: usize = 16;
/// Statement and signature.
const STATEMENT: usize = 32 + 3 * 32 + 1 + 8 + 32 + 4 * 32 + 65;

fn eyes(model: ModelName) -> [IrisPackage; 2] {
    [(Eye::Left, 1), (Eye::Right, 2)]
        .map(|(eye, seed)| IrisPackage::new(eye, iris(model), &mut rng(seed)))
}

fn statement(model: ModelName) -> CommittedEnrolment {
    let [left, right] = eyes(model).map(|it| it.commitments(model).unwrap());
    CommittedEnrolment {
        enrolment: Enrolment {
            commitment: format!("0x{:064x}", 5).parse().unwrap(),
            iris_digest: B256::repeat_byte(1),
            image_digest: B256::repeat_byte(2),
            model_id: model.model().id().into(),
            kind: EnrolmentKind::Recovery,
            captured_at: UnixSeconds(1_700_000_000),
            nonce: B256::repeat_byte(4),
        },
        commitments: IrisCommitments { left, right },
    }
}

fn orb() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn sign(statement: CommittedEnrolment) -> SignedEnrolment {
    let digest = statement.signing_hash(&DOMAIN);
    let (signature, parity) = orb().sign_prehash_recoverable(&digest.0).unwrap();
    SignedEnrolment {
        enrolment: statement.enrolment,
        commitments: Some(statement.commitments),
        signature: Signature::from((signature, parity)),
    }
}

fn custody(model: ModelName) -> CustodyPackage {
    let [left, right] = eyes(model);
    CustodyPackage::new(left, right, sign(statement(model))).unwrap()
}

fn visit() -> CustodyVisit {
    let enrolment = statement(ModelName::Ci).enrolment;
    CustodyVisit {
        domain: DOMAIN,
        commitment: enrolment.commitment,
        nonce: enrolment.nonce,
    }
}

/// A visit's secret and its public key as a visit code shows it.
fn visit_key(byte: u8) -> (VisitSecret, [u8; 33]) {
    let secret = p256::SecretKey::from_slice(&[byte; 32]).unwrap();
    let public = secret.public_key().to_encoded_point(true);
    let secret = VisitSecret::from_bytes(&[byte; 32]).unwrap();
    (secret, public.as_bytes().try_into().unwrap())
}

fn sealed() -> Vec<u8> {
    let package = custody(ModelName::Ci);
    package.seal(&visit_key(3).1, &DOMAIN, &mut rng(8)).unwrap()
}

fn opened(sealed: &[u8], byte: u8, visit: &CustodyVisit) -> Result<CustodyPackage, CustodyError> {
    CustodyPackage::open(sealed, &visit_key(byte).0, visit)
}

/// Tests ZKML-16 and ZKML-17.
#[test]
fn a_citizen_opens_what_the_orb_sealed_and_nobody_else_does() {
    let sealed = sealed();
    let package = opened(&sealed, 3, &visit()).unwrap();
    assert_eq!(package, custody(ModelName::Ci));
    let orb = OrbId(Address::from_public_key(orb().verifying_key()));
    assert_eq!(package.orb(&DOMAIN), Ok(orb));

    let refused = |byte, visit: &CustodyVisit| {
        let refusal = opened(&sealed, byte, visit).unwrap_err();
        assert!(
            matches!(refusal, CustodyError::NotForThisVisit),
            "{refusal}"
        );
    };
    refused(4, &visit());
    let nonce = B256::repeat_byte(5);
    refused(3, &CustodyVisit { nonce, ..visit() });
    let commitment = format!("0x{:064x}", 6).parse().unwrap();
    refused(
        3,
        &CustodyVisit {
            commitment,
            ..visit()
        },
    );
    let domain = EnrolmentDomain {
        chain_id: 1,
        ..DOMAIN
    };
    refused(3, &CustodyVisit { domain, ..visit() });
}

/// Tests ZKML-17: no byte can be changed, and a service that keeps the bytes reads nothing.
#[test]
fn a_sealed_package_is_whole_or_refused_and_shows_nothing() {
    let sealed = sealed();
    for place in [BEGINNING + KEY, BEGINNING + KEY + 99, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        let refusal = opened(&changed, 3, &visit()).unwrap_err();
        assert!(matches!(refusal, CustodyError::NotForThisVisit), "{place}");
    }
    let no_point = [
        &sealed[..BEGINNING],
        &[0; KEY][..],
        &sealed[BEGINNING + KEY..],
    ]
    .concat();
    for changed in [&sealed[..BEGINNING + KEY - 1], &sealed[1..], b"", &no_point] {
        let refusal = opened(changed, 3, &visit()).unwrap_err();
        assert!(
            matches!(refusal, CustodyError::NotACustodyPackage),
            "{refusal}"
        );
    }
    let printed = format!("{:?}", custody(ModelName::Ci));
    let [left, _] = eyes(ModelName::Ci);
    let file: serde_json::Value = serde_json::from_str(&left.to_json()).unwrap();
    for secret in ["pixels", "noise", "image_salt", "code_salt"] {
        let text = file[secret].as_str().unwrap();
        assert!(!printed.contains(text), "{secret}");
    }
    let pixels = left.iris().pixels();
    assert!(!sealed.windows(8).any(|it| it == &pixels[..8]), "pixels");
    assert_eq!(format!("{:?}", visit_key(3).0), "VisitSecret(..)");
    assert!(VisitSecret::from_bytes(&[0; 32]).is_err());
    let no_point = custody(ModelName::Ci).seal(&[5; 33], &DOMAIN, &mut rng(9));
    assert!(matches!(no_point, Err(CustodyError::VisitKey)));
}

/// Tests ZKML-17: the length says nothing but the model, and is below what a service takes.
#[test]
fn all_packages_of_a_model_have_one_length() {
    for model in ModelName::ALL {
        let size = model.model().size();
        let eye = 64 + size.pixel_count() + size.noise_count().div_ceil(8);
        let expected = BEGINNING + KEY + STATEMENT + 2 * eye + TAG;
        let package = custody(model);
        let sealed = package.seal(&visit_key(3).1, &DOMAIN, &mut rng(8)).unwrap();
        assert_eq!(sealed.len(), expected, "{model}");
        assert!(sealed.len() <= 36_000, "{model}");
        assert_eq!(opened(&sealed, 3, &visit()).unwrap(), package);
    }
}

/// Tests ZKML-16: left for right, another iris, other salts, another model, no commitments.
#[test]
fn a_package_is_what_the_orb_signed_eye_by_eye() {
    let refusal = |[left, right]: [IrisPackage; 2], statement| {
        CustodyPackage::new(left, right, sign(statement)).unwrap_err()
    };
    let (eyes, statement) = (|| eyes(ModelName::Ci), || statement(ModelName::Ci));
    let [left, right] = eyes();
    let swapped = refusal([right, left.clone()], statement());
    assert!(matches!(swapped, CustodyError::OtherEye));
    let other = IrisPackage::new(Eye::Right, iris(ModelName::Ci), &mut rng(5));
    let other_salts = refusal([left, other], statement());
    assert!(matches!(other_salts, CustodyError::OtherImage));

    let with = |change: fn(&mut CommittedEnrolment)| {
        let mut changed = statement();
        change(&mut changed);
        refusal(eyes(), changed)
    };
    let swapped = with(|it| {
        let eyes = &mut it.commitments;
        core::mem::swap(&mut eyes.left, &mut eyes.right);
    });
    assert!(matches!(swapped, CustodyError::OtherImage));
    let code = with(|it| {
        let eyes = &mut it.commitments;
        core::mem::swap(&mut eyes.left.code, &mut eyes.right.code);
    });
    assert!(matches!(code, CustodyError::OtherCode));
    let unknown = with(|it| it.enrolment.model_id = B256::ZERO);
    assert!(matches!(unknown, CustodyError::UnknownModel { .. }));
    let size = with(|it| it.enrolment.model_id = ModelName::S18.model().id().into());
    assert!(matches!(size, CustodyError::Size(_)));
    let [left, right] = eyes();
    let without = SignedEnrolment {
        commitments: None,
        ..sign(statement())
    };
    let without = CustodyPackage::new(left, right, without).unwrap_err();
    assert!(matches!(without, CustodyError::WithoutCommitments));
}

/// Tests ZKML-16 and ZKML-17: a package that was sealed once, which the app opens in its tests.
#[test]
fn a_frozen_package_is_opened_and_its_eyes_are_written_alike() {
    let frozen: Value = serde_json::from_str(include_str!("../custody.json")).unwrap();
    let text = |name: &str| frozen[name].as_str().unwrap();
    let secret: B256 = text("visitSecret").parse().unwrap();
    let secret = VisitSecret::from_bytes(&secret.0).unwrap();
    let visit = CustodyVisit {
        domain: EnrolmentDomain {
            chain_id: frozen["chainId"].as_u64().unwrap(),
            orb_registry: text("orbRegistry").parse().unwrap(),
        },
        commitment: text("commitment").parse().unwrap(),
        nonce: text("nonce").parse().unwrap(),
    };
    let digits = text("sealed").as_bytes().as_chunks::<2>().0;
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    let sealed: Vec<u8> = digits.iter().map(byte).collect();
    let package = CustodyPackage::open(&sealed, &secret, &visit).unwrap();
    let [left, right] = package.eyes().map(IrisPackage::to_json);
    assert_eq!(
        (left.as_str(), right.as_str()),
        (text("left"), text("right"))
    );
    let orb = package.orb(&visit.domain).unwrap();
    assert_eq!(orb.to_string().to_lowercase(), text("orb"));
}
