//! `annona zkml` with the test model: package, proof, verification, and each refusal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::world::{annona, annona_ok};

/// A simulated eye.
fn image() -> String {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../iris/tests/vectors");
    vectors.join("eye_1.png").to_string_lossy().into_owned()
}

/// A folder with a package of the left eye and a proof of it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        annona_ok(
            folder.path(),
            &folder.prove(&["--image", &image(), "--eye", "left"]),
        );
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn prove<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["zkml", "prove", "--model", "ci", "--keys", "keys"];
        arguments.extend(["--package", "eye.package", "--out", "eye.proof", "--json"]);
        arguments.extend(["--purpose", "enrolment", "--epoch", "7"]);
        arguments.extend(more);
        arguments
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        refusal(&annona(self.path(), arguments))
    }

    fn verify(&self, more: &[&str]) -> Output {
        annona(
            self.path(),
            &[&["zkml", "verify", "eye.proof"], more].concat(),
        )
    }
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_proof_of_an_image_is_verified_and_shown() {
    let folder = Folder::new();
    let shown = json(&annona_ok(
        folder.path(),
        &["zkml", "inspect", "eye.proof", "--json"],
    ));
    assert_eq!(shown["model"], "ci");
    assert_eq!(shown["epoch"], 7);
    assert_eq!(shown["isUnsafeTestKey"], true);
    let package = json(&annona_ok(
        folder.path(),
        &["zkml", "inspect", "eye.package", "--json"],
    ));
    assert_eq!(package["eye"], "left");
    assert_eq!(package["imageCommitment"], shown["imageCommitment"]);
    assert_eq!(
        package["codes"][0]["codeCommitment"],
        shown["codeCommitment"]
    );

    let image = shown["imageCommitment"].as_str().unwrap();
    let code = shown["codeCommitment"].as_str().unwrap();
    let verified = folder.verify(&[
        "--model",
        "ci",
        "--image-commitment",
        image,
        "--code-commitment",
        code,
        "--purpose",
        "enrolment",
        "--epoch",
        "7",
    ]);
    assert!(verified.status.success(), "{verified:?}");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(said.starts_with("the proof holds"), "{said}");
    // The package is enough for another proof, of the same commitments.
    let again = json(&annona_ok(folder.path(), &folder.prove(&[])));
    assert_eq!(again["imageCommitment"], shown["imageCommitment"]);
    assert_eq!(again["eye"], "left");

    let refused = |more: &[&str], said: &str| {
        let refusal = refusal(&folder.verify(more));
        assert!(refusal.contains(said), "{more:?}: {refusal}");
    };
    refused(&["--model", "s18"], "the model s18 is asked for");
    refused(&["--purpose", "recovery"], "another purpose");
    refused(&["--epoch", "8"], "another epoch");
    refused(&["--image-commitment", code], "another image commitment");
    refused(&["--code-commitment", image], "another code commitment");
    let other = Path::new(env!("CARGO_MANIFEST_DIR"));
    let other = other.join("../zkml/keys/iris-s18.UNSAFE-TEST.vk");
    refused(&["--key", other.to_str().unwrap()], "made for the key");
    refused(&["--key", "eye.proof"], "is no verifying key");

    let mut changed = json(&fs::read_to_string(folder.file("eye.proof")).unwrap());
    changed["public_inputs"][1] = changed["public_inputs"][0].clone();
    fs::write(folder.file("eye.proof"), changed.to_string()).unwrap();
    refused(&[], "the proof does not hold");
}

/// Tests ZKML-9.
#[test]
fn a_package_is_private_and_never_overwritten() {
    let folder = Folder::new();
    let package = folder.file("eye.package");
    let mode = fs::metadata(&package).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read(&package).unwrap();
    let image = image();
    let said = folder.refusal(&folder.prove(&["--image", &image, "--eye", "left"]));
    assert!(said.contains("eye.package"), "{said}");
    assert_eq!(fs::read(&package).unwrap(), before);
    let proof = fs::read_to_string(folder.file("eye.proof")).unwrap();
    let held = json(&String::from_utf8(before).unwrap());
    for secret in ["pixels", "noise", "image_salt", "code_salt"] {
        let secret = held[secret].as_str().unwrap();
        assert!(!proof.contains(secret));
    }

    let said = folder.refusal(&folder.prove(&["--eye", "right"]));
    assert!(said.contains("of the left eye"), "{said}");
    let mut other_model = folder.prove(&[]);
    other_model[3] = "s18";
    // The size is looked at before a key is made.
    let said = folder.refusal(&other_model);
    assert!(said.contains("the model s18 reads 256 by 32"), "{said}");

    fs::set_permissions(&package, fs::Permissions::from_mode(0o644)).unwrap();
    for arguments in [folder.prove(&[]), vec!["zkml", "inspect", "eye.package"]] {
        let said = folder.refusal(&arguments);
        assert!(said.contains("eye.package"), "{said}");
    }
    fs::write(&package, "{}").unwrap();
    fs::set_permissions(&package, fs::Permissions::from_mode(0o600)).unwrap();
    let said = folder.refusal(&folder.prove(&[]));
    assert!(said.contains("not an iris package of version 1"), "{said}");
}

/// Tests ZKML-11: both eyes in one command and one file, left for right refused wherever it can
/// be said.
#[test]
fn both_eyes_are_proved_and_verified_in_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let image = image();
    let prove = |more: &[&str]| {
        let start = ["zkml", "prove", "--model", "ci", "--keys", "keys", "--json"];
        let arguments = [&start[..], &["--out", "eyes.proof", "--eye"], more].concat();
        annona(path, &arguments)
    };
    let packages = ["--package", "left.package", "right.package"];
    let images = ["--image", &image, &image];
    let made = prove(&[&["both"], &packages[..], &images[..]].concat());
    assert!(made.status.success(), "{made:?}");
    let made = json(&String::from_utf8_lossy(&made.stdout));
    assert_eq!(made["left"]["eye"], "left");
    assert_eq!(made["right"]["eye"], "right");
    let word = |eye: &str, name: &str| made[eye][name].as_str().unwrap().to_owned();
    let [left, right] = ["left", "right"].map(|eye| word(eye, "imageCommitment"));
    let [left_code, right_code] = ["left", "right"].map(|eye| word(eye, "codeCommitment"));

    let verify = |more: &[&str]| annona(path, &[&["zkml", "verify", "eyes.proof"], more].concat());
    let expected = ["--image-commitment", &left, &right];
    let codes = ["--code-commitment", &left_code, &right_code];
    let verified = verify(&[&expected[..], &codes[..]].concat());
    assert!(verified.status.success(), "{verified:?}");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(said.starts_with("the proofs of both eyes hold"), "{said}");
    let swapped = refusal(&verify(&["--image-commitment", &right, &left]));
    assert!(swapped.contains("another image commitment"), "{swapped}");
    let swapped = refusal(&verify(&["--code-commitment", &right_code, &left_code]));
    assert!(swapped.contains("another code commitment"), "{swapped}");
    let one = refusal(&verify(&["--image-commitment", &left]));
    assert!(one.contains("holds 2 proofs"), "{one}");
    let shown = json(&annona_ok(
        path,
        &["zkml", "inspect", "eyes.proof", "--json"],
    ));
    assert_eq!(shown["right"]["imageCommitment"], right.as_str());

    let crossed = refusal(&prove(&[
        "both",
        "--package",
        "right.package",
        "left.package",
    ]));
    assert!(
        crossed.contains("of the right eye, and stands for the left one"),
        "{crossed}"
    );
    let one = refusal(&prove(&["both", "--package", "left.package"]));
    assert!(one.contains("name two files for --package"), "{one}");

    // One proof cannot be that of both eyes, and a false one spoils the file.
    let file = json(&fs::read_to_string(path.join("eyes.proof")).unwrap());
    let mut twice = file.clone();
    twice["right"] = file["left"].clone();
    fs::write(path.join("eyes.proof"), twice.to_string()).unwrap();
    let said = refusal(&verify(&[]));
    assert!(said.contains("about one iris or one code"), "{said}");
    let mut changed = file.clone();
    changed["right"]["proof"] = file["left"]["proof"].clone();
    fs::write(path.join("eyes.proof"), changed.to_string()).unwrap();
    let said = refusal(&verify(&[]));
    assert!(said.contains("the proof does not hold"), "{said}");
}
