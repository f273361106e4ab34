use annona_core::{
    ClaimInputs, ClaimScope, Epoch, ExternalNullifier, FieldError, Payment, ProofPoints,
    SignalHash, TREE_DEPTH, U256,
};
use annona_groth16::field::Fr;
use annona_groth16::{FileError, Proof, Prover, ProverError, Share, Sums, WitnessProgram};
use annona_tree::InclusionProof;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use rand_chacha_03::ChaCha20Rng;
use rand_core::CryptoRng;
use rand_core_06::SeedableRng;

use crate::Identity;
use crate::field::{g1_words, g2_words, to_scalar};

/// Reason why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] ProverError),
    /// Prover, witness program and share do not belong together.
    #[error("the prover's files do not fit each other")]
    Files(#[from] FileError),
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

/// Prover of claims: that of the depth-30 Semaphore ceremony, and the program that computes what
/// it proves. `cargo xtask gen` makes both files of those that `semaphore-rs` carries.
#[derive(Clone)]
pub struct ClaimProver {
    prover: Prover,
    witness: WitnessProgram,
}

/// Claim that is to be proved: that `identity` is the leaf of `path`.
#[derive(Debug, Clone, Copy)]
pub struct ClaimToProve<'a> {
    /// Person who claims.
    pub identity: &'a Identity,
    /// Path of the person's commitment.
    pub path: &'a InclusionProof,
    /// Contract that pays.
    pub scope: &'a ClaimScope,
    /// Epoch that is claimed.
    pub epoch: Epoch,
    /// Payment that the proof is bound to.
    pub payment: &'a Payment,
}

/// Claim proof whose sums are being computed.
#[derive(Debug, Clone, Copy)]
pub struct PendingClaim {
    inputs: ClaimInputs,
    blinding: Fr,
}

/// Public inputs of a claim, all values of its circuit, and the two blinding factors.
struct Statement {
    inputs: ClaimInputs,
    assignment: Vec<Fr>,
    blinding: [Fr; 2],
}

impl ClaimProver {
    /// Reads both files. The caller must know the bytes of `prover`, by their hash.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn from_bytes(prover: &[u8], witness: &[u8]) -> Result<Self, FileError> {
        Ok(Self {
            prover: Prover::from_bytes(prover)?,
            witness: WitnessProgram::from_bytes(witness)?,
        })
    }

    /// Proves as `prove_claim` does, by the key of this prover.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(
        &self,
        claim: &ClaimToProve<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<ClaimProof, ProveError> {
        let statement = self.statement(claim, rng)?;
        let [r, s] = statement.blinding;
        Ok(ClaimProof {
            inputs: statement.inputs,
            points: to_points(&self.prover.prove(&statement.assignment, r, s)?)?,
        })
    }

    /// Begins a proof whose sums are computed in `shares` shares, by provers that do not share
    /// memory. A share holds the secret as the assignment has it.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn begin(
        &self,
        claim: &ClaimToProve<'_>,
        shares: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(PendingClaim, Vec<Share>), ProveError> {
        let statement = self.statement(claim, rng)?;
        let [r, s] = statement.blinding;
        let shares = self.prover.shares(&statement.assignment, r, s, shares)?;
        let pending = PendingClaim {
            inputs: statement.inputs,
            blinding: s,
        };
        Ok((pending, shares))
    }

    /// Computes the sums of one share.
    ///
    /// # Errors
    /// [`FileError::OutOfRange`] for a share of another prover.
    pub fn sums(&self, share: &Share) -> Result<Sums, FileError> {
        self.prover.sums(share)
    }

    /// Makes the proof out of the sums of all shares.
    ///
    /// # Errors
    /// [`ProveError::Malformed`].
    pub fn finish(
        &self,
        pending: &PendingClaim,
        sums: impl IntoIterator<Item = Sums>,
    ) -> Result<ClaimProof, ProveError> {
        Ok(ClaimProof {
            inputs: pending.inputs,
            points: to_points(&self.prover.finish(pending.blinding, sums))?,
        })
    }

    fn statement(
        &self,
        claim: &ClaimToProve<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Statement, ProveError> {
        let ClaimToProve {
            identity,
            path,
            scope,
            epoch,
            payment,
        } = *claim;
        let external_nullifier = ExternalNullifier::new(scope, epoch);
        let signal = SignalHash::new(payment);
        let inputs = ClaimInputs {
            root: path.root_from(identity.commitment()),
            nullifier_hash: identity.nullifier_hash(external_nullifier),
            signal,
            external_nullifier,
        };
        let assignment = self.witness.run(&witness_inputs(identity, path, &inputs))?;
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let mut rng = ChaCha20Rng::from_seed(seed);
        let blinding = [Fr::rand(&mut rng), Fr::rand(&mut rng)];
        Ok(Statement {
            inputs,
            assignment,
            blinding,
        })
    }
}

/// Returns the inputs in the order in which `semaphore_key` of `annona-generate` names them: one,
/// nullifier secret, trapdoor, turns, siblings, external nullifier, signal hash.
fn witness_inputs(identity: &Identity, path: &InclusionProof, inputs: &ClaimInputs) -> Vec<Fr> {
    let parts = identity.parts();
    let turn = |level| {
        if path.turns_right(level) {
            Fr::ONE
        } else {
            Fr::ZERO
        }
    };
    let secrets = [parts.nullifier, parts.trapdoor].map(to_scalar);
    let siblings = path.siblings.iter().copied().map(to_scalar);
    let public = [
        inputs.external_nullifier.to_field(),
        inputs.signal.to_field(),
    ];
    [Fr::ONE]
        .into_iter()
        .chain(secrets)
        .chain((0..TREE_DEPTH).map(turn))
        .chain(siblings)
        .chain(public.map(to_scalar))
        .collect()
}

/// Returns a proof in the order of the EVM precompiles.
///
/// # Errors
/// [`FieldError`]; no prover of this project gives a coordinate outside the base field.
pub fn to_points(proof: &Proof) -> Result<ProofPoints, FieldError> {
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

#[cfg(feature = "embedded-key")]
mod embedded {
    use std::sync::LazyLock;

    use super::*;

    static PROVER: LazyLock<ClaimProver> = LazyLock::new(|| {
        ClaimProver::from_bytes(
            include_bytes!("../keys/semaphore_30.prover"),
            include_bytes!("../keys/semaphore_30.witness"),
        )
        .expect("the files in this crate are checked by its tests")
    });

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
    /// # use annona_prover::{Identity, prove_claim};
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
        let claim = ClaimToProve {
            identity,
            path,
            scope,
            epoch,
            payment,
        };
        PROVER.prove(&claim, rng)
    }
}
#[cfg(feature = "embedded-key")]
pub use embedded::{prove_claim, warm_up};

#[cfg(all(test, feature = "embedded-key"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, AmountWei};
    use annona_tree::MembershipTree;
    use rand::SeedableRng as _;
    use rand_core::Rng as _;
    use semaphore_rs_trees::Branch;

    use super::*;

    struct Sample {
        identity: Identity,
        path: InclusionProof,
        scope: ClaimScope,
        payment: Payment,
    }

    fn sample() -> Sample {
        let identity = Identity::from_secret([3; 32]);
        let mut tree = MembershipTree::default();
        let others = [1, 2].map(|seed| Identity::from_secret([seed; 32]).commitment());
        tree.append(&others).unwrap();
        tree.append(&[identity.commitment()]).unwrap();
        let place = tree.leaf_index(identity.commitment()).unwrap();
        Sample {
            path: tree.current().proof(place),
            identity,
            scope: ClaimScope {
                chain_id: 31_337,
                distributor: Address::repeat_byte(1),
            },
            payment: Payment {
                recipient: Address::repeat_byte(2),
                fee_recipient: Address::repeat_byte(3),
                fee: AmountWei::from_tokens(1),
            },
        }
    }

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::seed_from_u64(9)
    }

    #[test]
    fn the_proof_is_the_one_that_semaphore_rs_makes() {
        let Sample {
            identity,
            path,
            scope,
            payment,
        } = sample();
        let mut seed = [0; 32];
        rng().fill_bytes(&mut seed);
        let proof = prove_claim(&identity, &path, &scope, Epoch(7), &payment, &mut rng()).unwrap();
        let branches = path.siblings.iter().enumerate().map(|(level, sibling)| {
            if path.turns_right(level) {
                Branch::Right(sibling.to_u256())
            } else {
                Branch::Left(sibling.to_u256())
            }
        });
        let expected = semaphore_rs::protocol::generate_proof_rng(
            &semaphore_rs::identity::Identity::from_secret(&mut [3; 32], None),
            &semaphore_rs_trees::InclusionProof(branches.collect()),
            proof.inputs.external_nullifier.to_field().to_u256(),
            proof.inputs.signal.to_field().to_u256(),
            &mut ChaCha20Rng::from_seed(seed),
        )
        .unwrap();
        assert_eq!(proof.points.coordinates(), &expected.flatten());
    }

    #[test]
    fn shares_make_the_same_proof() {
        let Sample {
            identity,
            path,
            scope,
            payment,
        } = sample();
        let prover = ClaimProver::from_bytes(
            include_bytes!("../keys/semaphore_30.prover"),
            include_bytes!("../keys/semaphore_30.witness"),
        )
        .unwrap();
        let whole = prove_claim(&identity, &path, &scope, Epoch(7), &payment, &mut rng()).unwrap();
        let claim = ClaimToProve {
            identity: &identity,
            path: &path,
            scope: &scope,
            epoch: Epoch(7),
            payment: &payment,
        };
        let (pending, shares) = prover.begin(&claim, 2, &mut rng()).unwrap();
        let sums = shares.iter().map(|share| prover.sums(share).unwrap());
        assert_eq!(prover.finish(&pending, sums).unwrap(), whole);
    }
}
