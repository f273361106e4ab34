//! `annona zkml recapture`: evidence of a person before an orb again, and each refusal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use annona_bindings::Deployment;
use annona_core::{
    Address, B256, CommittedEnrolment, Enrolment, EnrolmentDomain, EnrolmentKind, IrisCommitments,
    Signature, SignedEnrolment, UnixSeconds,
};
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_zkml::{IrisPackage, OrbStatement};
use k256::ecdsa::SigningKey;
use serde_json::Value;

use crate::world::{annona, annona_ok};

const MODEL: ModelName = ModelName::Ci;
const ACCOUNT: &str = "0x0000000000000000000000000000000000000000000000000000000000000005";
const OTHER_ACCOUNT: &str = "0x0000000000000000000000000000000000000000000000000000000000000006";

fn deployment() -> Deployment {
    let address = Address::repeat_byte(0x11);
    Deployment {
        chain_id: 31_337,
        deployment_block: 0,
        registry: address,
        distributor: address,
        orb_registry: Address::repeat_byte(9),
        token: address,
        income_source: address,
        verifier: address,
        append_verifiers: [address; 3],
        revoke_verifiers: [address; 2],
        timelock: address,
        receipt_signer: address,
    }
}

fn orb() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn orb_address() -> String {
    Address::from_public_key(orb().verifying_key()).to_string()
}

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
    NormalisedIris::new(MODEL.model(), pixels, vec![false; size.noise_count()]).unwrap()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Writes what `annona citizen package` writes of a visit: both packages and the orb's statement.
fn visit(folder: &Path, person: usize, capture: usize, captured_at: u64) {
    fs::create_dir(folder).unwrap();
    let eyes = [(Eye::Left, 2 * person), (Eye::Right, 2 * person + 1)]
        .map(|(eye, number)| IrisPackage::new(eye, iris(number, capture), &mut rand::rng()));
    let [left, right] = eyes.each_ref().map(|it| it.commitments(MODEL).unwrap());
    let statement = CommittedEnrolment {
        enrolment: Enrolment {
            commitment: ACCOUNT.parse().unwrap(),
            iris_digest: B256::repeat_byte(1),
            image_digest: B256::repeat_byte(2),
            model_id: MODEL.model().id().into(),
            kind: EnrolmentKind::Recovery,
            captured_at: UnixSeconds(captured_at),
            nonce: B256::repeat_byte(4),
        },
        commitments: IrisCommitments { left, right },
    };
    let domain: EnrolmentDomain = deployment().enrolment_domain();
    let digest = statement.signing_hash(&domain);
    let (signature, parity) = orb().sign_prehash_recoverable(&digest.0).unwrap();
    let signed = SignedEnrolment {
        enrolment: statement.enrolment,
        commitments: Some(statement.commitments),
        signature: Signature::from((signature, parity)),
    };
    let statement = OrbStatement::new(domain, signed).unwrap();
    let [left, right] = eyes;
    write(&folder.join("left.package"), &left.to_json());
    write(&folder.join("right.package"), &right.to_json());
    write(&folder.join("statement.json"), &statement.to_json());
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = annona(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn prove<'a>(enrolled: &'a str, fresh: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["zkml", "recapture", "prove", "--enrolled", enrolled];
    arguments.extend(["--fresh", fresh, "--keys", "keys", "--out", out, "--json"]);
    arguments
}

/// The code commitments of a visit, as the service has them in its records.
fn codes(folder: &Path) -> [String; 2] {
    let statement: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("statement.json")).unwrap()).unwrap();
    ["leftCodeCommitment", "rightCodeCommitment"]
        .map(|member| statement[member].as_str().unwrap().to_owned())
}

/// The command that accepts evidence, with some options exchanged.
fn verify(path: &Path, evidence: &str, changes: &[(&str, &[&str])]) -> Vec<String> {
    let [left, right] = codes(&path.join("home"));
    let nonce = B256::repeat_byte(4).to_string();
    let orb = orb_address();
    let options: [(&str, Vec<&str>); 6] = [
        ("--deployment", vec!["deployment.json"]),
        ("--orb", vec![&orb]),
        ("--account", vec![ACCOUNT]),
        ("--code-commitment", vec![&left, &right]),
        ("--nonce", vec![&nonce]),
        ("--model", vec!["ci"]),
    ];
    let mut arguments: Vec<String> = ["zkml", "recapture", "verify", evidence, "--json"]
        .map(str::to_owned)
        .to_vec();
    for (option, values) in &options {
        let changed = changes.iter().find(|(name, _)| name == option);
        let values = changed.map_or(&values[..], |(_, values)| values);
        arguments.push((*option).to_owned());
        arguments.extend(values.iter().map(|it| (*it).to_owned()));
    }
    for (option, values) in changes {
        if !options.iter().any(|(name, _)| name == option) {
            arguments.push((*option).to_owned());
            arguments.extend(values.iter().map(|it| (*it).to_owned()));
        }
    }
    arguments
}

fn furnished() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    deployment().save(&path.join("deployment.json")).unwrap();
    visit(&path.join("home"), 1, 0, now() - 10_000_000);
    visit(&path.join("again"), 1, 1, now() - 5);
    folder
}

/// Tests ZKML-25 and ZKML-26.
#[test]
fn a_recapture_is_proved_and_verified_in_one_command_each() {
    let folder = furnished();
    let path = folder.path();
    let proved: Value =
        serde_json::from_str(&annona_ok(path, &prove("home", "again", "x.recapture"))).unwrap();
    assert_eq!(proved["left"]["mostMicros"], 359_999);
    assert_eq!(proved["right"]["isUnsafeTestKey"], true);
    assert_eq!(proved["account"], ACCOUNT);
    let run = |changes: &[(&str, &[&str])]| {
        let arguments = verify(path, "x.recapture", changes);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        annona(path, &arguments)
    };
    let accepted = run(&[]);
    assert!(accepted.status.success(), "{accepted:?}");
    let shown: Value = serde_json::from_slice(&accepted.stdout).unwrap();
    assert_eq!(shown["orb"], orb_address().as_str());
    let [left, right] = codes(&path.join("home"));
    assert_eq!(shown["left"]["enrolledCommitment"], left.as_str());

    let orb = Address::repeat_byte(3).to_string();
    let nonce = B256::repeat_byte(5).to_string();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../zkml/keys");
    let other_key = keys.join("recapture-s18.UNSAFE-TEST.vk");
    let other_key = other_key.to_string_lossy();
    for (option, values, part) in [
        ("--orb", vec![orb.as_str()], "is not active"),
        ("--account", vec![OTHER_ACCOUNT], "for the account"),
        ("--nonce", vec![nonce.as_str()], "signed the nonce"),
        ("--max-age", vec!["1"], "s old, and at most 1 s"),
        (
            "--code-commitment",
            vec![&right, &left],
            "another enrolled code",
        ),
        ("--code-commitment", vec![&left], "takes two values"),
        ("--below", vec!["300000"], "below 0.3 is asked for"),
        ("--below", vec!["450001"], "from 1 to 450000"),
        ("--model", vec!["p"], "encoded by the model"),
        ("--key", vec![&other_key], "was made for the key"),
        ("--key", vec!["deployment.json"], "is no verifying key"),
        ("--encoding-key", vec![&other_key], "was made for the key"),
    ] {
        let refused = run(&[(option, &values)]);
        assert_eq!(refused.status.code(), Some(1), "{option}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(part), "{option}: {said}");
    }
    // One eye alone is not both, and has to be more alike.
    let one = [
        &prove("home", "again", "one.recapture")[..],
        &["--eye", "left"],
    ]
    .concat();
    annona_ok(path, &one);
    let one = verify(path, "one.recapture", &[]);
    let one: Vec<&str> = one.iter().map(String::as_str).collect();
    assert!(refusal(path, &one).contains("no proof of the right eye"));
}

/// Tests ZKML-22 and ZKML-25: before any key is made.
#[test]
fn eyes_that_do_not_match_and_packages_in_the_wrong_place_are_refused() {
    let folder = furnished();
    let path = folder.path();
    visit(&path.join("stranger"), 2, 1, now());
    let refused = |enrolled, fresh| refusal(path, &prove(enrolled, fresh, "x.recapture"));
    let said = refused("home", "stranger");
    assert!(said.contains("the eyes do not match"), "{said}");
    let said = refused("home", "home");
    assert!(
        said.contains("the fresh capture is the enrolled one"),
        "{said}"
    );

    let swap = |folder: &str, to: &str| {
        let (from, to) = (path.join(folder), path.join(to));
        fs::create_dir(&to).unwrap();
        for (file, name) in [
            ("left.package", "right.package"),
            ("right.package", "left.package"),
            ("statement.json", "statement.json"),
        ] {
            fs::copy(from.join(file), to.join(name)).unwrap();
        }
    };
    swap("home", "swapped");
    let said = refused("swapped", "again");
    assert!(
        said.contains("of the right eye, and stands for the left"),
        "{said}"
    );
    // A package that the orb did not sign in this visit.
    fs::copy(
        path.join("home/left.package"),
        path.join("stranger/left.package"),
    )
    .unwrap();
    let said = refused("home", "stranger");
    assert!(
        said.contains("is not the left eye that the orb signed"),
        "{said}"
    );
    fs::write(path.join("stranger/statement.json"), "{}").unwrap();
    let said = refused("home", "stranger");
    assert!(said.contains("statement.json cannot be used"), "{said}");
    assert!(!path.join("x.recapture").exists() && !path.join("keys").exists());
}
