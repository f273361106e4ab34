use annona_core::{B256, FieldElement, SCALAR_MODULUS, U256};
use annona_model::{Eye, ModelName};
use annona_proofs::VerifyError;
use annona_zkml::{
    EncodingProof, EncodingVerifier, IrisPackage, PairError, PairFormatError, ProofFormatError,
    ProofPair, RefusedProof, pinned,
};
use serde_json::{Value, json};

use crate::world::{PROVER, context, iris, package, proof, rng};

/// Tests ZKML-1 and ZKML-7: a proof holds, says what its package's commitments are, and was made
/// with the key that git pins.
#[test]
fn a_proof_says_what_its_package_commits_to() {
    let proof = proof();
    let package = package(Eye::Right);
    assert_eq!(proof.statement.image_commitment, package.image_commitment());
    let (_, code) = package.code_commitment(ModelName::Ci).unwrap();
    assert_eq!(proof.statement.code_commitment, code);
    assert_eq!(proof.statement.context, context().to_field());
    assert_eq!(proof.key_hash, pinned(ModelName::Ci).test_key_hash);
    let verifier = EncodingVerifier::unsafe_test(ModelName::Ci);
    assert_eq!(verifier.verify(&proof), Ok(()));
}

/// Tests ZKML-1, ZKML-4 and ZKML-6: another image, code or context, one of the other eye, and
/// commitments in each other's place.
#[test]
fn a_proof_holds_for_no_other_statement() {
    let honest = proof();
    let refused = |change: &dyn Fn(&mut EncodingProof)| {
        let mut other = honest.clone();
        change(&mut other);
        let refusal = PROVER.verifier().verify(&other);
        assert_eq!(refusal, Err(RefusedProof::False(VerifyError::Invalid)));
    };
    let other = IrisPackage::new(Eye::Right, iris(ModelName::Ci), &mut rng(9));
    let left = package(Eye::Left);
    refused(&|it| it.statement.image_commitment = other.image_commitment());
    refused(&|it| it.statement.image_commitment = left.image_commitment());
    refused(&|it| it.statement.code_commitment = left.code_commitment(ModelName::Ci).unwrap().1);
    refused(&|it| {
        let statement = &mut it.statement;
        core::mem::swap(
            &mut statement.image_commitment,
            &mut statement.code_commitment,
        );
    });
    for change in 0..3 {
        let mut context = context();
        match change {
            0 => context.purpose = "recovery".parse().unwrap(),
            1 => context.account = B256::repeat_byte(0x5b),
            _ => context.epoch += 1,
        }
        refused(&|it| it.statement.context = context.to_field());
    }
    refused(&|it| it.points = another().points);
}

/// A proof of the other eye's statement.
fn another() -> EncodingProof {
    let prepared = PROVER.prepare(&package(Eye::Left), &context()).unwrap();
    PROVER.prove(&prepared, &mut rng(3)).unwrap()
}

/// Tests ZKML-7.
#[test]
fn a_proof_of_another_model_or_key_is_refused_by_name() {
    let honest = proof();
    let mut other = honest.clone();
    other.statement.model = ModelName::S18;
    assert_eq!(
        PROVER.verifier().verify(&other),
        Err(RefusedProof::OtherModel {
            expected: ModelName::Ci,
            actual: ModelName::S18
        })
    );
    let mut other = honest.clone();
    other.key_hash = B256::repeat_byte(1);
    assert!(matches!(
        PROVER.verifier().verify(&other),
        Err(RefusedProof::OtherKey { .. })
    ));
    // The key of another model does not accept it either, whatever the proof says of itself.
    let foreign = EncodingVerifier::unsafe_test(ModelName::S18);
    let mut other = honest;
    other.statement.model = ModelName::S18;
    other.key_hash = foreign.key_hash();
    assert_eq!(
        foreign.verify(&other),
        Err(RefusedProof::False(VerifyError::Invalid))
    );
}

#[test]
fn an_iris_of_another_size_is_not_proved() {
    let package = IrisPackage::new(Eye::Left, iris(ModelName::S18), &mut rng(1));
    let refusal = PROVER.prepare(&package, &context()).map(drop).unwrap_err();
    assert!(refusal.to_string().contains("256 by 32"), "{refusal}");
}

fn file() -> Value {
    serde_json::from_str(&proof().to_json()).unwrap()
}

fn refusal(file: &Value) -> ProofFormatError {
    EncodingProof::from_json(&file.to_string()).unwrap_err()
}

/// Tests ZKML-8.
#[test]
fn a_file_is_read_as_it_was_written_and_in_no_other_form() {
    let proof = proof();
    assert_eq!(EncodingProof::from_json(&proof.to_json()).unwrap(), proof);
    for (member, value, said) in [
        ("format", json!("annona-proof-2"), "not a proof file"),
        (
            "relation",
            json!("annona.iris-encoding.v2"),
            "iris-encoding.v2",
        ),
        ("backend", json!("spartan2"), "spartan2"),
        (
            "model_id",
            json!(B256::repeat_byte(3).to_string()),
            "no model with the id",
        ),
        ("key_hash", json!("0x12"), "not canonical"),
        ("extra", json!(1), "not a proof file"),
        ("proof", json!([]), "not a proof file"),
    ] {
        let mut changed = file();
        changed[member] = value;
        let refusal = refusal(&changed);
        assert!(refusal.to_string().contains(said), "{member}: {refusal}");
    }
    for (member, value) in [
        ("epoch", json!(13)),
        ("purpose", json!("enrolments")),
        ("account", json!(B256::repeat_byte(3).to_string())),
    ] {
        let mut changed = file();
        changed["context"][member] = value;
        assert!(
            matches!(refusal(&changed), ProofFormatError::OtherContext),
            "{member}"
        );
    }
    let mut changed = file();
    changed["context"]["purpose"] = json!("Not plain");
    assert!(matches!(refusal(&changed), ProofFormatError::Context(_)));
}

/// Tests ZKML-8: a public input plus the modulus is the same scalar, and no second form of it.
#[test]
fn inputs_and_coordinates_that_are_not_reduced_are_refused() {
    for at in 0..3 {
        let honest: FieldElement = proof().statement.public_inputs()[at];
        let alias = honest.to_u256().checked_add(SCALAR_MODULUS);
        let Some(alias) = alias else { continue };
        let mut changed = file();
        changed["public_inputs"][at] = json!(B256::from(alias).to_string());
        assert!(matches!(
            refusal(&changed),
            ProofFormatError::NotCanonical(_)
        ));
    }
    let mut changed = file();
    changed["proof"][3] = json!(B256::from(U256::MAX).to_string());
    assert!(matches!(
        refusal(&changed),
        ProofFormatError::NotCanonical(_)
    ));
    // A point that is on no curve.
    let mut changed = file();
    changed["proof"][0] = json!(B256::from(U256::from(5)).to_string());
    let read = EncodingProof::from_json(&changed.to_string()).unwrap();
    assert_eq!(
        PROVER.verifier().verify(&read),
        Err(RefusedProof::False(VerifyError::NotInGroup))
    );
}

#[test]
fn two_proofs_of_one_statement_differ_and_both_hold() {
    let prepared = PROVER.prepare(&package(Eye::Right), &context()).unwrap();
    let [one, other] = [4, 5].map(|seed| PROVER.prove(&prepared, &mut rng(seed)).unwrap());
    assert_ne!(one.points, other.points);
    assert_eq!(PROVER.verifier().verify(&other), Ok(()));
}

/// Tests ZKML-11.
#[test]
fn proofs_of_both_eyes_are_of_one_model_key_and_context_and_of_two_irises() {
    let (left, right) = (another(), proof());
    let pair = ProofPair::new(left.clone(), right.clone()).unwrap();
    assert_eq!(pair.proofs(), [&left, &right]);
    let text = pair.to_json();
    assert_eq!(ProofPair::from_json(&text).unwrap(), pair);
    let refused = |change: &dyn Fn(&mut EncodingProof)| {
        let mut other = right.clone();
        change(&mut other);
        ProofPair::new(left.clone(), other).unwrap_err()
    };
    let model = |it: &mut EncodingProof| it.statement.model = ModelName::S18;
    assert_eq!(refused(&model), PairError::TwoModels);
    let key = |it: &mut EncodingProof| it.key_hash = B256::repeat_byte(1);
    assert_eq!(refused(&key), PairError::TwoKeys);
    assert_eq!(refused(&|it| it.context.epoch += 1), PairError::TwoContexts);
    let code = left.statement.code_commitment;
    let code = |it: &mut EncodingProof| it.statement.code_commitment = code;
    assert_eq!(refused(&code), PairError::OneEye);
    assert_eq!(refused(&|it| *it = left.clone()), PairError::OneEye);

    let file: Value = serde_json::from_str(&text).unwrap();
    let refusal = |change: &dyn Fn(&mut Value)| {
        let mut changed = file.clone();
        change(&mut changed);
        ProofPair::from_json(&changed.to_string()).unwrap_err()
    };
    let refusal_of_format = refusal(&|it| it["format"] = json!("annona-proof-pair-2"));
    assert!(matches!(refusal_of_format, PairFormatError::NotAPair(None)));
    let of_member = refusal(&|it| it["extra"] = json!(1));
    assert!(matches!(of_member, PairFormatError::NotAPair(Some(_))));
    let of_proof = refusal(&|it| it["left"]["relation"] = json!("another"));
    assert!(matches!(
        of_proof,
        PairFormatError::Proof { eye: "left", .. }
    ));
    let twice = refusal(&|it| it["left"] = it["right"].clone());
    assert!(matches!(twice, PairFormatError::Pair(PairError::OneEye)));
}
