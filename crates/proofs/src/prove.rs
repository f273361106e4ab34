use annona_core::{
    ClaimInputs, ClaimScope, Epoch, ExternalNullifier, FieldError, Payment, ProofPoints, SignalHash,
};
use annona_tree::InclusionProof;
use rand_chacha_03::ChaCha20Rng;
use rand_core::CryptoRng;
use rand_core_06::SeedableRng;
use semaphore_rs::poseidon_tree::Proof;
use semaphore_rs_trees::{Branch, InclusionProof as InclusionPath};

use crate::Identity;

/// Reason why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] semaphore_rs::protocol::ProofError),
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

/// Loads the proving key and the witness graph, about 0.3 s the first time.
pub fn warm_up() {
    semaphore_rs::protocol::warmup_for_verification(annona_core::TREE_DEPTH);
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
    let proof = semaphore_rs::protocol::generate_proof_rng(
        &identity.semaphore(),
        &semaphore_path(path),
        external_nullifier.to_field().to_u256(),
        signal.to_field().to_u256(),
        &mut ChaCha20Rng::from_seed(seed),
    )?;
    Ok(ClaimProof {
        inputs,
        points: ProofPoints::try_from(proof.flatten())?,
    })
}

fn semaphore_path(path: &InclusionProof) -> Proof {
    let branches = path.siblings.iter().enumerate().map(|(level, sibling)| {
        if path.turns_right(level) {
            Branch::Right(sibling.to_u256())
        } else {
            Branch::Left(sibling.to_u256())
        }
    });
    InclusionPath(branches.collect())
}
