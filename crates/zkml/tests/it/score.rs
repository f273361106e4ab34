//! Scores of made-up test sets, and the refusals.

use std::sync::LazyLock;

use annona_keys::ProverFile;
use annona_model::{ModelName, NormalisedIris};
use annona_proofs::{KeyOrigin, VerifyError};
use annona_zkml::{
    BankError, FilterBank, PrivateBank, SCORE, SCORE_CIRCUIT, ScoreError, ScoreErrors, ScoreProof,
    ScoreProver, ScoreVerifier, TestSet, TestSetError, pinned_score, unsafe_test_score_key,
};
use serde_json::{Value, json};

use crate::world::{context, rng};

static PROVER: LazyLock<ScoreProver> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = ProverFile::new(folder.path(), SCORE_CIRCUIT, KeyOrigin::UnsafeTest);
    let key = file.make_test_key(&SCORE).unwrap();
    assert_eq!(key.hash(), pinned_score().test_key_hash);
    ScoreProver::new(key)
});

/// Two captures of each of seven eyes: smooth textures, and a little noise of the sensor.
fn irises() -> Vec<NormalisedIris> {
    let model = ModelName::Ci.model();
    let pixel = |eye: usize, capture: usize, at: usize| {
        let (row, column) = (at / 40 / 4, at % 40 / 2);
        let texture = (eye * 7919 + row * 104_729 + column * 1_299_709) * 2_654_435_761_usize;
        ((texture >> 16) % 120 + (at * 31 + capture * 17) % 7) as u8
    };
    let captures = (0..14).map(|it| (it / 2, it % 2));
    captures
        .map(|(eye, capture)| {
            let pixels = (0..480).map(|at| pixel(eye, capture, at)).collect();
            NormalisedIris::new(model, pixels, vec![false; 120]).unwrap()
        })
        .collect()
}

fn set() -> TestSet {
    TestSet::new(&irises(), &mut rng(1)).unwrap()
}

fn bank_file() -> Value {
    json!({
        "format": "annona-filter-bank-1",
        "threshold": 8,
        "filters": [
            [[-3, 1, 4, 1, -3], [-6, 2, 8, 2, -6], [-3, 1, 4, 1, -3]],
            [[-3, -4, 0, 4, 3], [-6, -8, 0, 8, 6], [-3, -4, 0, 4, 3]],
        ],
    })
}

fn bank(file: &Value) -> PrivateBank {
    let bank = FilterBank::from_json(&file.to_string()).unwrap();
    PrivateBank::new(bank, set().commitment(), &mut rng(2))
}

fn errors(false_matches: u32, false_non_matches: u32) -> ScoreErrors {
    ScoreErrors {
        false_matches,
        false_non_matches,
    }
}

fn score() -> ScoreProof {
    static SCORE: LazyLock<ScoreProof> = LazyLock::new(|| {
        let bank = bank(&bank_file());
        PROVER
            .prove(&set(), &bank, errors(4, 1), context(), &mut rng(3))
            .unwrap()
    });
    SCORE.clone()
}

fn verifier() -> ScoreVerifier {
    ScoreVerifier::new(&unsafe_test_score_key())
}

/// Tests ZKML-14: a score holds, for its own statement and no other.
#[test]
fn a_score_holds_for_its_own_statement_alone() {
    let score = score();
    verifier().verify(&score).unwrap();
    assert_eq!(score.statement.set_commitment, set().commitment());
    let bank = bank(&bank_file());
    assert_eq!(score.statement.bank_commitment, bank.commitment());
    let changes: [fn(&mut ScoreProof); 6] = [
        |it| it.statement.most.false_matches -= 1,
        |it| it.statement.most.false_matches += 1,
        |it| it.statement.most.false_non_matches = 0,
        |it| it.statement.context.epoch += 1,
        |it| it.statement.set_commitment = it.statement.bank_commitment,
        |it| it.statement.bank_commitment = it.statement.set_commitment,
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut other = score.clone();
        change(&mut other);
        let refusal = verifier().verify(&other);
        assert!(
            matches!(refusal, Err(ScoreError::False(VerifyError::Invalid))),
            "change {at}"
        );
    }
}

/// Tests ZKML-14.
#[test]
fn a_bank_that_misses_the_target_is_told_so() {
    let mut blind = bank_file();
    blind["filters"][0] = json!([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]);
    blind["filters"][1] = blind["filters"][0].clone();
    let refusal = PROVER.prove(&set(), &bank(&blind), errors(3, 1), context(), &mut rng(3));
    let said = refusal.unwrap_err().to_string();
    assert!(said.contains("84 false matches (at most 3)"), "{said}");
    let refusal = ScoreProver::check(&set(), &bank(&blind), errors(85, 0));
    assert!(matches!(refusal, Err(ScoreError::Counts { .. })));
    assert!(ScoreProver::check(&set(), &bank(&blind), errors(84, 0)).is_ok());
}

/// Tests ZKML-12 and ZKML-13.
#[test]
fn a_test_set_changed_after_the_fact_is_refused() {
    let bank = bank(&bank_file());
    let mut file: Value = serde_json::from_str(&set().to_json()).unwrap();
    let pixels = file["pixels"].as_str().unwrap();
    let other = if pixels.starts_with("00") { "01" } else { "00" };
    file["pixels"] = json!(format!("{other}{}", &pixels[2..]));
    let changed = TestSet::from_json(&file.to_string()).unwrap();
    let refusal = PROVER.prove(&changed, &bank, errors(84, 7), context(), &mut rng(3));
    assert!(matches!(refusal, Err(ScoreError::OtherTestSet)));
    // The same irises under another salt are another test set too.
    let salted = TestSet::new(&irises(), &mut rng(9)).unwrap();
    let refusal = ScoreProver::check(&salted, &bank, errors(84, 7));
    assert!(matches!(refusal, Err(ScoreError::OtherTestSet)));
}

#[test]
fn files_are_read_as_they_were_written_and_in_no_other_form() {
    let (set, bank, score) = (set(), bank(&bank_file()), score());
    assert_eq!(TestSet::from_json(&set.to_json()).unwrap(), set);
    assert_eq!(PrivateBank::from_json(&bank.to_json()).unwrap(), bank);
    assert_eq!(ScoreProof::from_json(&score.to_json()).unwrap(), score);
    assert_eq!(format!("{set:?}"), "TestSet(..)");
    let shown = format!("{bank:?}");
    assert!(
        shown.contains("FilterBank(..)") && shown.contains("Salt(..)"),
        "{shown}"
    );
    for (member, value) in [
        ("relation", json!("annona.iris-encoding.v1")),
        ("backend", json!("other")),
        ("format", json!("annona-proof-2")),
        ("false_matches", json!(85)),
        ("false_non_matches", json!(8)),
        ("set_commitment", json!("0x12")),
        ("extra", json!(1)),
    ] {
        let mut changed: Value = serde_json::from_str(&score.to_json()).unwrap();
        changed[member] = value;
        assert!(
            ScoreProof::from_json(&changed.to_string()).is_err(),
            "{member}"
        );
    }
    let refused = |path: &str, value: Value| {
        let mut file = bank_file();
        *file.pointer_mut(path).unwrap() = value;
        FilterBank::from_json(&file.to_string()).unwrap_err()
    };
    assert!(matches!(
        refused("/filters/1/2/4", json!(16)),
        BankError::Weight { at: 29, .. }
    ));
    assert!(matches!(
        refused("/filters/0/0", json!([1])),
        BankError::Size
    ));
    assert!(matches!(
        refused("/threshold", json!(41)),
        BankError::Threshold { .. }
    ));
    assert!(matches!(
        refused("/format", json!("x")),
        BankError::NotABank(_)
    ));
    let few = TestSet::new(&irises()[..13], &mut rng(1));
    assert!(matches!(
        few,
        Err(TestSetError::Count {
            expected: 14,
            actual: 13
        })
    ));
}
