use annona_circuits::{Append, R1cs, Revoke, trial};
use annona_core::FieldElement;
use annona_proofs::{BatchKeyError, KeyOrigin, ProofVerifier, ProverKey, ProvingKey, VerifyError};
use ark_bn254::Bn254;
use ark_ff::{BigInteger, PrimeField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::model::element;

const SMALL: Append = Append { depth: 3, batch: 2 };

#[test]
fn a_test_key_is_the_same_every_time_and_says_what_it_is() {
    let key = ProvingKey::unsafe_test(&SMALL).unwrap();
    assert_eq!(key.hash(), ProvingKey::unsafe_test(&SMALL).unwrap().hash());
    assert_eq!(key.origin(), KeyOrigin::UnsafeTest);
    // Files of keys bear these names.
    assert_eq!(KeyOrigin::UnsafeTest.name(), "UNSAFE-TEST");
    assert_eq!(KeyOrigin::Ceremony.name(), "ceremony");
    let mut bytes = Vec::new();
    key.write(&mut bytes).unwrap();
    let read = ProvingKey::read(&SMALL, KeyOrigin::UnsafeTest, bytes.as_slice()).unwrap();
    assert_eq!(read.hash(), key.hash());
}

fn read_prover(bytes: &[u8]) -> Result<ProverKey, BatchKeyError> {
    ProverKey::read(KeyOrigin::UnsafeTest, bytes, bytes.len() as u64)
}

#[test]
fn a_prover_that_was_written_and_read_makes_proofs_of_the_same_key() {
    let key = ProvingKey::unsafe_test(&SMALL).unwrap();
    let verifier = ProofVerifier::new(key.verifying_key());
    let prover = ProverKey::from(key);
    let bytes = prover.to_bytes();
    let read = read_prover(&bytes).unwrap();
    assert_eq!(read.hash(), verifier.key_hash());
    assert_eq!(read.to_bytes(), bytes);

    let assignment = trial(&SMALL);
    let mut inputs: Vec<FieldElement> = Vec::new();
    for input in assignment.public_inputs() {
        let bytes = input.into_bigint().to_bytes_be();
        inputs.push(FieldElement::from_be_bytes(bytes.try_into().unwrap()).unwrap());
    }
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let proof = read.prove(&assignment, &mut rng).unwrap();
    assert_eq!(verifier.verify(&inputs, &proof), Ok(()));
    inputs[0] = element(5);
    assert_eq!(verifier.verify(&inputs, &proof), Err(VerifyError::Invalid));
}

#[test]
fn a_prover_of_another_length_is_refused() {
    let bytes = ProverKey::from(ProvingKey::unsafe_test(&SMALL).unwrap()).to_bytes();
    for length in [0, 3, 4, 100, bytes.len() - 1] {
        assert!(read_prover(&bytes[..length]).is_err(), "{length} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(read_prover(&longer).is_err());
}

#[test]
fn a_key_of_another_circuit_is_refused() {
    let mut bytes = Vec::new();
    ProvingKey::unsafe_test(&SMALL)
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    let read = |circuit| ProvingKey::read(&circuit, KeyOrigin::UnsafeTest, bytes.as_slice());
    let larger = Append { depth: 3, batch: 4 };
    assert!(matches!(
        read(larger),
        Err(BatchKeyError::OtherCircuit { .. })
    ));
    let removal = Revoke { depth: 2, batch: 1 };
    let read = ProvingKey::read(&removal, KeyOrigin::UnsafeTest, bytes.as_slice());
    assert!(matches!(read, Err(BatchKeyError::OtherCircuit { .. })));
}

#[test]
fn a_key_with_the_products_of_other_rows_is_refused() {
    let mut bytes = Vec::new();
    let key = ProvingKey::unsafe_test(&SMALL).unwrap();
    key.write(&mut bytes).unwrap();
    let mut other =
        ark_groth16::ProvingKey::<Bn254>::deserialize_uncompressed(bytes.as_slice()).unwrap();
    other.l_query.reverse();
    let mut bytes = Vec::new();
    other.serialize_uncompressed(&mut bytes).unwrap();
    // Every point is on its curve and every part has its length.
    let read = ProvingKey::read(&SMALL, KeyOrigin::Ceremony, bytes.as_slice());
    assert!(matches!(read, Err(BatchKeyError::TrialFailed)));
}

#[test]
fn a_damaged_key_is_refused() {
    let mut bytes = Vec::new();
    ProvingKey::unsafe_test(&SMALL)
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    assert!(ProvingKey::read(&SMALL, KeyOrigin::Ceremony, &bytes[1..]).is_err());
    // Two points of one query, exchanged: right in shape, and on the curve.
    let a_query = bytes.len() / 3 / 64 * 64;
    let (first, second) = bytes[a_query..].split_at_mut(64);
    first.swap_with_slice(&mut second[..64]);
    assert!(ProvingKey::read(&SMALL, KeyOrigin::Ceremony, bytes.as_slice()).is_err());
}

#[test]
fn a_ceremony_over_other_rows_is_refused() {
    let key = ProvingKey::unsafe_test(&SMALL).unwrap();
    let mut bytes = Vec::new();
    key.write(&mut bytes).unwrap();
    let parts = || {
        use ark_serialize::CanonicalDeserialize;
        ark_groth16::ProvingKey::deserialize_uncompressed_unchecked(bytes.as_slice()).unwrap()
    };
    let rows = R1cs::of(&SMALL);
    let honest = [rows.a, rows.b];
    let imported = ProvingKey::from_ceremony(&SMALL, parts(), &honest).unwrap();
    assert_eq!(imported.origin(), KeyOrigin::Ceremony);

    let mut other = honest.clone();
    other[1][100][0].0 += ark_bn254::Fr::from(1);
    let refused = ProvingKey::from_ceremony(&SMALL, parts(), &other);
    assert!(matches!(refused, Err(BatchKeyError::OtherRow { row: 100 })));
    let mut shorter = honest;
    shorter[0].pop();
    let refused = ProvingKey::from_ceremony(&SMALL, parts(), &shorter);
    assert!(matches!(refused, Err(BatchKeyError::OtherCircuit { .. })));
}

/// Under such a key anybody can forge.
#[test]
fn a_key_without_a_contribution_is_refused() {
    use ark_serialize::CanonicalDeserialize;
    let mut bytes = Vec::new();
    ProvingKey::unsafe_test(&SMALL)
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    let mut key: ark_groth16::ProvingKey<ark_bn254::Bn254> =
        ark_groth16::ProvingKey::deserialize_uncompressed_unchecked(bytes.as_slice()).unwrap();
    key.vk.delta_g2 = key.vk.gamma_g2;
    let rows = R1cs::of(&SMALL);
    let refused = ProvingKey::from_ceremony(&SMALL, key, &[rows.a, rows.b]);
    assert!(matches!(refused, Err(BatchKeyError::Unfit(_))));
}
