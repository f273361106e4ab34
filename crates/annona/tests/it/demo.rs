//! The demo's report, and its proofs under the npm verifier.

use std::path::PathBuf;

use serde_json::Value;

use crate::interop::verify_with_npm;
use crate::world::{CIRCUIT_KEYS, annona};

/// Tests ENROL-23, ZKML-19 and ENROL-24 on the way: codes are proved with the full-size keys, those
/// of the first person at the enrolment, and those of one person by another model at home.
#[test]
fn the_first_payment_comes_out_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "demo",
        "--people",
        "3",
        "--seed",
        "1",
        "--json",
        "figures.json",
        "--artifacts",
        "kept",
        "--encoding-keys",
        CIRCUIT_KEYS,
        "--upgrade",
    ];
    let output = annona(folder.path(), &arguments);
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(folder.path().join("figures.json")).unwrap();
    let figures: Value = serde_json::from_str(&text).unwrap();
    for (name, expected) in [
        ("people", 3),
        ("enrolled", 3),
        ("proofs_asked_for", 1),
        ("proofs_taken", 1),
        ("upgrades_offered", 1),
        ("upgrades_taken", 1),
        ("duplicates_offered", 3),
        ("duplicates_refused", 3),
        ("bad_images_offered", 2),
        ("bad_images_refused", 2),
        ("attacks_offered", 3),
        ("attacks_refused", 3),
        ("epochs", 2),
        ("claims_paid", 6),
        ("recovered", 1),
        ("claims_refused", 5),
        ("balances_right", 3),
    ] {
        assert_eq!(figures[name], expected, "{name}: {figures}");
    }
    assert_eq!(figures["audit"]["failed"], 0);
    assert!(
        figures["audit"]["passed"].as_u64().unwrap() >= 10,
        "{figures}"
    );
    assert!(
        figures["gas"]["claim"].as_u64().unwrap() > 200_000,
        "{figures}"
    );
    assert!(figures["seconds"]["total"].as_f64().unwrap() > 0.0);

    let kept = folder.path().join("kept");
    let claims: Vec<PathBuf> = std::fs::read_dir(kept.join("claims"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(verify_with_npm(&claims)["accepted"], 6);
    let eyes = std::fs::read_dir(kept.join("eyes")).unwrap().count();
    assert_eq!(eyes, 3 * 2 * 2, "an image and a template of each eye");
    assert!(kept.join("deployment.json").is_file());
}
