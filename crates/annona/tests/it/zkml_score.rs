//! `annona zkml score`: test set, bank, score, verification, and each refusal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{annona, annona_ok};

/// Two captures of each of seven eyes: the same image twice, and the last eye is the first.
fn images() -> Vec<String> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../iris/tests/vectors");
    let names = [
        "eye_0",
        "eye_1",
        "eye_2",
        "eye_3",
        "eye_4",
        "eye_5_soft",
        "eye_0",
    ];
    let twice = names.iter().flat_map(|name| [name, name]);
    twice
        .map(|name| {
            vectors
                .join(format!("{name}.png"))
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

fn json_of(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&annona_ok(folder, &[arguments, &["--json"]].concat())).unwrap()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = annona(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn commit_set(folder: &Path, out: &str) -> String {
    let images = images();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let answer = json_of(
        folder,
        &[&["zkml", "score", "set", "--out", out], &images[..]].concat(),
    );
    answer["commitment"].as_str().unwrap().to_owned()
}

fn prove<'a>(set: &'a str, false_matches: &'a str) -> Vec<&'a str> {
    let mut arguments = vec![
        "zkml",
        "score",
        "prove",
        "--set",
        set,
        "--bank",
        "bank.secret",
    ];
    arguments.extend(["--false-matches", false_matches, "--false-non-matches", "0"]);
    arguments.extend(["--keys", "keys", "--out", "bank.score", "--purpose", "sale"]);
    arguments
}

/// Tests ZKML-12, ZKML-13 and ZKML-14.
#[test]
fn a_score_is_proved_and_verified_and_a_miss_and_a_changed_set_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let set = commit_set(folder, "set.secret");
    let bank = json!({
        "format": "annona-filter-bank-1",
        "threshold": 6,
        "filters": [
            [[-3, 1, 4, 1, -3], [-6, 2, 8, 2, -6], [-3, 1, 4, 1, -3]],
            [[-3, -4, 0, 4, 3], [-6, -8, 0, 8, 6], [-3, -4, 0, 4, 3]],
        ],
    });
    fs::write(folder.join("bank.json"), bank.to_string()).unwrap();
    let commit = ["zkml", "score", "bank", "bank.json", "--out", "bank.secret"];
    let commit = [&commit[..], &["--set-commitment", &set]].concat();
    let bank = json_of(folder, &commit);
    for secret in ["set.secret", "bank.secret"] {
        let mode = fs::metadata(folder.join(secret))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let said = refusal(folder, &commit);
    assert!(said.contains("bank.secret"), "{said}");

    // The last eye is the first: four pairs of the two are false matches.
    let said = refusal(folder, &prove("set.secret", "3"));
    assert!(said.contains("the bank misses the target"), "{said}");
    commit_set(folder, "later.secret");
    let said = refusal(folder, &prove("later.secret", "84"));
    assert!(said.contains("changed since then"), "{said}");
    assert!(!folder.join("bank.score").exists());

    let proved = json_of(folder, &prove("set.secret", "84"));
    assert_eq!(proved["setCommitment"], set.as_str());
    assert_eq!(proved["bankCommitment"], bank["commitment"]);
    let verify = ["zkml", "score", "verify", "bank.score"];
    let expected = [
        &verify[..],
        &["--set-commitment", &set, "--false-matches", "84"],
    ]
    .concat();
    let verified = json_of(folder, &expected);
    assert_eq!(verified["falseMatches"], 84);
    assert_eq!(verified["purpose"], "sale");
    assert_eq!(verified["isUnsafeTestKey"], true);
    for (more, part) in [
        (["--false-matches", "83"], "up to 84 false matches"),
        (["--bank-commitment", &set], "another bank"),
        (["--key", "bank.score"], "is no verifying key"),
    ] {
        let said = refusal(folder, &[&verify[..], &more].concat());
        assert!(said.contains(part), "{more:?}: {said}");
    }
    let text = fs::read_to_string(folder.join("bank.score")).unwrap();
    let better = text.replace("\"false_matches\": 84", "\"false_matches\": 1");
    assert_ne!(text, better);
    fs::write(folder.join("bank.score"), better).unwrap();
    let said = refusal(folder, &verify);
    assert!(said.contains("the score does not hold"), "{said}");
}
