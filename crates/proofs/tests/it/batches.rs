use std::sync::LazyLock;

use annona_circuits::CircuitId;
use annona_core::{FieldElement, Root, U256};
use annona_proofs::{
    AppendProver, AppendStatement, BatchError, BatchProof, BatchStatement, ProvingKey,
    RegistryBatchVerifier, RegistryScope, RevokeProver, VerifyError,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::model::{SCOPE, Tree, commitments, element, index};

static APPEND: LazyLock<(AppendProver, RegistryBatchVerifier)> = LazyLock::new(|| {
    let circuit = CircuitId::Append16.append().unwrap();
    let key = ProvingKey::unsafe_test(&circuit).unwrap();
    let verifier = RegistryBatchVerifier::new(key.verifying_key());
    (AppendProver::new(circuit, key), verifier)
});

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// 21 members, of which two have left, and 11 to join.
fn append() -> BatchProof<AppendStatement> {
    let mut tree = Tree::default();
    let _ = tree.append(0, &commitments(1, 21));
    let _ = tree.revoke(&[20, 3]);
    let batch = tree.append(21, &commitments(2, 11));
    APPEND.0.prove(&SCOPE, &batch, &mut rng()).unwrap()
}

#[test]
fn an_append_is_accepted_and_nothing_else_in_its_place() {
    let BatchProof { statement, points } = append();
    let verify = |scope: &RegistryScope, statement: &AppendStatement| {
        APPEND.1.verify(scope, statement, &points)
    };
    assert_eq!(verify(&SCOPE, &statement), Ok(()));

    let other_registry = RegistryScope {
        registry: annona_core::Address::ZERO,
        ..SCOPE
    };
    let other_chain = RegistryScope {
        chain_id: 1,
        ..SCOPE
    };
    for scope in [other_registry, other_chain] {
        assert_eq!(verify(&scope, &statement), Err(VerifyError::Invalid));
    }
    let honest = statement;
    let changed = |change: &dyn Fn(&mut AppendStatement)| {
        let mut statement = honest.clone();
        change(&mut statement);
        statement
    };
    for (what, statement) in [
        ("old root", changed(&|s| s.pre_root = element(1).into())),
        ("new root", changed(&|s| s.post_root = element(1).into())),
        ("start", changed(&|s| s.start_index = index(22))),
        ("digest", changed(&|s| s.digest = element(1))),
        ("order", changed(&|s| s.leaves.swap(2, 7))),
        ("one leaf", changed(&|s| s.leaves[4] = commitments(9, 1)[0])),
        ("a leaf less", changed(&|s| s.leaves.truncate(10))),
        (
            "a leaf more",
            changed(&|s| s.leaves.push(commitments(9, 1)[0])),
        ),
    ] {
        assert_eq!(
            verify(&SCOPE, &statement),
            Err(VerifyError::Invalid),
            "{what}"
        );
    }
}

#[test]
fn batches_that_are_not_true_are_named_before_they_are_proved() {
    let mut tree = Tree::default();
    let honest = tree.append(0, &commitments(1, 16));
    let prove = |batch| APPEND.0.prove(&SCOPE, &batch, &mut rng()).unwrap_err();

    let mut batch = honest.clone();
    batch.post_root = element(5).into();
    assert!(matches!(prove(batch), BatchError::Root { .. }));
    let mut batch = honest.clone();
    batch.pre_root = element(5).into();
    assert!(matches!(prove(batch), BatchError::Root { .. }));
    let mut batch = honest.clone();
    batch.leaves.clear();
    assert!(matches!(prove(batch), BatchError::Size { actual: 0, .. }));
    let mut batch = honest.clone();
    batch.leaves.push(commitments(3, 1)[0]);
    assert!(matches!(prove(batch), BatchError::Size { actual: 17, .. }));
    let at = |start| {
        let mut batch = honest.clone();
        batch.start_index = index(start);
        prove(batch)
    };
    assert!(matches!(
        at((1 << 30) - 15),
        BatchError::BeyondTheEdge { .. }
    ));
    // The last place with room, and one in the middle: another tree's, but within the edge.
    assert!(matches!(at((1 << 30) - 16), BatchError::Root { .. }));
    assert!(matches!(at(1 << 29), BatchError::Root { .. }));
}

#[test]
fn a_revocation_is_accepted_and_nothing_else_in_its_place() {
    let circuit = CircuitId::Revoke8.revoke().unwrap();
    let key = ProvingKey::unsafe_test(&circuit).unwrap();
    let verifier = RegistryBatchVerifier::new(key.verifying_key());
    let prover = RevokeProver::new(circuit, key);
    let mut tree = Tree::default();
    let _ = tree.append(0, &commitments(1, 21));
    let batch = tree.revoke(&[20, 3, 0]);
    let proof = prover.prove(&SCOPE, &batch, &mut rng()).unwrap();
    let verify = |statement: &_| verifier.verify(&SCOPE, statement, &proof.points);
    assert_eq!(verify(&proof.statement), Ok(()));

    let mut other = proof.statement.clone();
    other.removals[1].0 = index(4);
    assert_eq!(verify(&other), Err(VerifyError::Invalid));
    let mut other = proof.statement.clone();
    other.removals.swap(0, 1);
    assert_eq!(verify(&other), Err(VerifyError::Invalid));
    let mut other = proof.statement.clone();
    other.removals.pop();
    assert_eq!(verify(&other), Err(VerifyError::Invalid));
    let mut other = proof.statement.clone();
    other.post_root = element(1).into();
    assert_eq!(verify(&other), Err(VerifyError::Invalid));

    let mut twice = batch.clone();
    twice.removals[2] = twice.removals[0].clone();
    assert!(prover.prove(&SCOPE, &twice, &mut rng()).is_err());
    let mut elsewhere = batch;
    elsewhere.removals[0].leaf_index = index(19);
    assert!(prover.prove(&SCOPE, &elsewhere, &mut rng()).is_err());
}

#[test]
fn a_leaf_at_or_above_the_modulus_is_not_a_leaf() {
    use annona_core::{Commitment, SCALAR_MODULUS};
    assert!(Commitment::try_from(SCALAR_MODULUS).is_err());
    assert!(Commitment::try_from(U256::MAX).is_err());
    assert!(Commitment::try_from(U256::ZERO).is_err());
}

/// The bytes that Solidity must hash, word by word.
#[test]
fn the_challenge_is_the_hash_of_the_abi_encoding() {
    let statement = AppendStatement {
        pre_root: Root::from(element(1)),
        post_root: Root::from(element(2)),
        start_index: index(3),
        digest: element(4),
        leaves: commitments(5, 2),
    };
    let word = |number: u64| U256::from(number).to_be_bytes::<32>();
    let mut bytes = Vec::new();
    for number in [0x100_u64, 31_337] {
        bytes.extend(word(number));
    }
    bytes.extend([0; 12]);
    bytes.extend([0x21; 20]);
    for number in [1, 2, 3, 4, 0x140, 16] {
        bytes.extend(word(number));
    }
    bytes.extend(b"annona.append.v1");
    bytes.extend([0; 16]);
    bytes.extend(word(2));
    for leaf in &statement.leaves {
        bytes.extend(leaf.to_be_bytes());
    }
    let hash = U256::from_be_bytes(annona_core::keccak256(bytes).0) % annona_core::SCALAR_MODULUS;
    assert_eq!(
        statement.challenge(&SCOPE),
        FieldElement::try_from(hash).unwrap()
    );
}
