//! Values that were computed once and are never computed anew: `tests/golden.json`. What an orb
//! signs and a service stores rests on them.

use annona_core::B256;
use annona_model::ModelName;
use annona_zkml::{EncodingProof, EncodingVerifier, IrisPackage};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden.json")).unwrap()
}

fn bits(text: &str) -> Vec<bool> {
    text.bytes().map(|digit| digit == b'1').collect()
}

/// Tests ZKML-2 and ZKML-3: the order of bits and items, and both commitments.
#[test]
fn code_and_commitments_are_the_frozen_ones() {
    let golden = golden();
    let vectors = golden["commitments"].as_array().unwrap();
    assert_eq!(vectors.len(), ModelName::ALL.len());
    for vector in vectors {
        let model: ModelName = vector["model"].as_str().unwrap().parse().unwrap();
        let id = B256::from(model.model().id()).to_string();
        assert_eq!(vector["model_id"], id.as_str(), "{model}");
        let package = IrisPackage::from_json(&vector["package"].to_string()).unwrap();
        let (encoded, code) = package.code_commitment(model).unwrap();
        assert!(
            encoded.code == bits(vector["code"].as_str().unwrap()),
            "{model}"
        );
        assert!(
            encoded.mask == bits(vector["mask"].as_str().unwrap()),
            "{model}"
        );
        let word = |value: annona_core::FieldElement| B256::from(value.to_be_bytes()).to_string();
        let image = word(package.image_commitment());
        assert_eq!(vector["image_commitment"], image.as_str(), "{model}");
        assert_eq!(vector["code_commitment"], word(code).as_str(), "{model}");
    }
}

/// Tests ZKML-7: a proof that was made once is accepted under its own key and no other.
#[test]
fn a_frozen_proof_is_accepted_under_its_own_key_alone() {
    let golden = golden();
    let proofs = golden["proofs"].as_array().unwrap();
    assert!(!proofs.is_empty());
    for file in proofs {
        let proof = EncodingProof::from_json(&file.to_string()).unwrap();
        for model in ModelName::ALL {
            let verifier = EncodingVerifier::unsafe_test(model);
            let is_own = model == proof.statement.model;
            assert_eq!(verifier.verify(&proof).is_ok(), is_own, "{model}");
            let mut renamed = proof.clone();
            renamed.statement.model = model;
            renamed.key_hash = verifier.key_hash();
            assert_eq!(verifier.verify(&renamed).is_ok(), is_own, "{model}");
        }
    }
}
