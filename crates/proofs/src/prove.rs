use std::sync::LazyLock;

use annona_core::{
    ClaimInputs, ClaimScope, Epoch, ExternalNullifier, FieldError, Payment, ProofPoints,
    SignalHash, U256,
};
use annona_groth16::{Proof, Prover, ProverError};
use annona_tree::InclusionProof;
use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand_chacha_03::ChaCha20Rng;
use rand_core::CryptoRng;
use rand_core_06::SeedableRng;
use semaphore_rs::poseidon_tree::Proof as SemaphorePath;
use semaphore_rs_trees::{Branch, InclusionProof as InclusionPath};

use crate::Identity;
use crate::key::{g1_words, g2_words};

/// Prover of the depth-30 Semaphore ceremony; `cargo xtask gen` makes it of the proving key
/// that `semaphore-rs` carries.
const SEMAPHORE_30: &[u8] = include_bytes!("../keys/semaphore_30.prover");

static PROVER: LazyLock<Prover> = LazyLock::new(|| {
    Prover::from_bytes(SEMAPHORE_30).expect("the prover in this crate is checked by its tests")
});

/// Reason why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] ProverError),
    /// The prover returned a coordinate outside the base field.
    #[error("the prover returned a malformed point")]
    Malformed(#[from] FieldError),
}

/// A claim proof with its public inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimProof {
    /// The public inputs.
    pub inputs: ClaimInputs,
    /// The proof.
    pub points: ProofPoints,
}

/// Reads the proving key, which the first proof would else do.
pub fn warm_up() {
    LazyLock::force(&PROVER);
}

/// Proves that `identity` is the leaf of `path`, bound to `payment`, for `epoch`.
///
/// The root is the one that `path` leads to: compare it with `R_e` first.
///
/// ```
/// # use annona_core::{Address, AmountWei, ClaimScope, Epoch, Payment};
/// # use annona_proofs::{ClaimVerifier, Identity, VerifyingKey, prove_claim};
/// # use annona_tree::MembershipTree;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let identity = Identity::generate(&mut rand::rng());
/// let mut members = MembershipTree::default();
/// members.append(&[identity.commitment()])?;
/// let place = members.leaf_index(identity.commitment()).expect("appended");
/// let path = members.current().proof(place);
///
/// let scope = ClaimScope { chain_id: 31_337, distributor: Address::repeat_byte(1) };
/// let payment = Payment {
///     recipient: Address::repeat_byte(2),
///     fee_recipient: Address::ZERO,
///     fee: AmountWei::ZERO,
/// };
/// let proof = prove_claim(&identity, &path, &scope, Epoch(7), &payment, &mut rand::rng())?;
/// assert_eq!(proof.inputs.root, members.root());
///
/// let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
/// verifier.verify(&proof.inputs, &proof.points)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ProveError`] when the prover fails.
pub fn prove_claim(
    identity: &Identity,
    path: &InclusionProof,
    scope: &ClaimScope,
    epoch: Epoch,
    payment: &Payment,
    rng: &mut impl CryptoRng,
) -> Result<ClaimProof, ProveError> {
    let external_nullifier = ExternalNullifier::new(scope, epoch);
    let signal = SignalHash::new(payment);
    let inputs = ClaimInputs {
        root: path.root_from(identity.commitment()),
        nullifier_hash: identity.nullifier_hash(external_nullifier),
        signal,
        external_nullifier,
    };
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let assignment = semaphore_rs::protocol::generate_witness(
        &identity.semaphore(),
        &semaphore_path(path),
        external_nullifier.to_field().to_u256(),
        signal.to_field().to_u256(),
    );
    let mut rng = ChaCha20Rng::from_seed(seed);
    let (r, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    Ok(ClaimProof {
        inputs,
        points: to_points(&PROVER.prove(&assignment, r, s)?)?,
    })
}

/// Returns the coordinates in the order of the EVM precompiles.
pub(crate) fn to_points(proof: &Proof) -> Result<ProofPoints, FieldError> {
    let mut coordinates = [U256::ZERO; 8];
    let words = g1_words(&proof.a)
        .into_iter()
        .chain(g2_words(&proof.b))
        .chain(g1_words(&proof.c));
    for (coordinate, word) in coordinates.iter_mut().zip(words) {
        *coordinate = word;
    }
    ProofPoints::try_from(coordinates)
}

fn semaphore_path(path: &InclusionProof) -> SemaphorePath {
    let branches = path.siblings.iter().enumerate().map(|(level, sibling)| {
        if path.turns_right(level) {
            Branch::Right(sibling.to_u256())
        } else {
            Branch::Left(sibling.to_u256())
        }
    });
    InclusionPath(branches.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, AmountWei};
    use annona_tree::MembershipTree;
    use rand::SeedableRng as _;
    use rand_core::Rng as _;

    use super::*;

    #[test]
    fn the_proof_is_the_one_that_semaphore_rs_makes() {
        let identity = Identity::from_secret([3; 32]);
        let mut tree = MembershipTree::default();
        let others = [1, 2].map(|seed| Identity::from_secret([seed; 32]).commitment());
        tree.append(&others).unwrap();
        tree.append(&[identity.commitment()]).unwrap();
        let place = tree.leaf_index(identity.commitment()).unwrap();
        let path = tree.current().proof(place);
        let scope = ClaimScope {
            chain_id: 31_337,
            distributor: Address::repeat_byte(1),
        };
        let payment = Payment {
            recipient: Address::repeat_byte(2),
            fee_recipient: Address::repeat_byte(3),
            fee: AmountWei::from_tokens(1),
        };
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(9);
        let mut seed = [0; 32];
        rng.clone().fill_bytes(&mut seed);
        let proof = prove_claim(&identity, &path, &scope, Epoch(7), &payment, &mut rng).unwrap();
        let expected = semaphore_rs::protocol::generate_proof_rng(
            &identity.semaphore(),
            &semaphore_path(&path),
            proof.inputs.external_nullifier.to_field().to_u256(),
            proof.inputs.signal.to_field().to_u256(),
            &mut ChaCha20Rng::from_seed(seed),
        )
        .unwrap();
        assert_eq!(proof.points.coordinates(), &expected.flatten());
    }
}
