use annona_circuits::{
    Append, AppendPublic, AppendWitness, Circuit, Removal, Revoke, RevokePublic, RevokeWitness,
    assign, outputs,
};
use annona_core::{Commitment, FieldElement, LeafIndex, ProofPoints, Root, TREE_DEPTH};
use annona_tree::{MembershipTree, TreeError};
use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use rand_core::CryptoRng;

use super::statement::{AppendStatement, BatchStatement, RegistryScope, RevokeStatement};
use super::{BatchKeyError, KeyOrigin, ProvingKey};
use crate::field::{from_scalar, to_scalar};
use crate::verify::PreparedKey;
use crate::{VerifyError, VerifyingKey};

/// Reason why no batch was proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// There is no entry, or there are more than the circuit has places for.
    #[error("a batch of this circuit has 1 to {places} entries, not {actual}")]
    Size {
        /// Places of the circuit.
        places: usize,
        /// Entries of the batch.
        actual: usize,
    },
    /// The last leaf would lie beyond the right edge of the tree.
    #[error("{count} leaves from leaf {start} on do not fit the tree")]
    BeyondTheEdge {
        /// Position that the first leaf would get.
        start: LeafIndex,
        /// Leaves of the batch.
        count: usize,
    },
    /// The tree that the batch was made from is not the one with the stated root.
    #[error("the batch leads to the root {actual} and not to {expected}")]
    Root {
        /// The root stated.
        expected: Root,
        /// Root that the circuit computes.
        actual: Root,
    },
    /// A leaf to remove is not at its place, or a path is wrong.
    #[error("the proof does not hold: a leaf is not where the batch says")]
    NotThere,
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] BatchKeyError),
}

/// Leaves to append, with the roots and the frontier of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendBatch {
    /// Root before the batch.
    pub pre_root: Root,
    /// Root after the batch.
    pub post_root: Root,
    /// Number of leaves before, which is the position of the first one.
    pub start_index: LeafIndex,
    /// At each level the node left of the path to `start_index`; any value where
    /// that path turns left.
    pub frontier: [FieldElement; TREE_DEPTH],
    /// The new leaves.
    pub leaves: Vec<Commitment>,
}

impl AppendBatch {
    /// Makes the batch that appends `leaves` to `tree`, which stays as it is.
    ///
    /// # Errors
    /// [`TreeError`] when they do not fit.
    pub fn to(tree: &MembershipTree, leaves: Vec<Commitment>) -> Result<Self, TreeError> {
        let before = tree.current();
        let present = before.leaf_count();
        let start_index = LeafIndex::try_from(present).map_err(|_| TreeError::Full {
            present,
            requested: leaves.len() as u64,
        })?;
        Ok(Self {
            pre_root: before.root(),
            post_root: tree.root_after_append(&leaves)?,
            start_index,
            frontier: before.frontier(),
            leaves,
        })
    }
}

/// A leaf to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedLeaf {
    /// Position of the leaf.
    pub leaf_index: LeafIndex,
    /// Commitment at the position.
    pub commitment: Commitment,
    /// Siblings of its path, bottom to top, after the removals before it.
    pub siblings: [FieldElement; TREE_DEPTH],
}

/// Leaves to remove, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeBatch {
    /// Root before the batch.
    pub pre_root: Root,
    /// Root after the batch.
    pub post_root: Root,
    /// Leaves to remove, in order.
    pub removals: Vec<RemovedLeaf>,
}

/// A statement with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProof<S> {
    /// Statement that is proved.
    pub statement: S,
    /// The proof.
    pub points: ProofPoints,
}

/// Proves batches of [`Append`].
#[derive(Debug, Clone)]
pub struct AppendProver {
    circuit: Append,
    prover: Prover,
}

/// Proves batches of [`Revoke`].
#[derive(Debug, Clone)]
pub struct RevokeProver {
    circuit: Revoke,
    prover: Prover,
}

/// Verifies batches of one circuit with a key that is prepared once.
#[derive(Debug, Clone)]
pub struct RegistryBatchVerifier {
    prepared: PreparedKey,
}

impl RegistryBatchVerifier {
    /// Creates a verifier under `key`.
    #[must_use]
    pub fn new(key: &VerifyingKey) -> Self {
        Self {
            prepared: PreparedKey::new(key),
        }
    }

    /// Checks the proof of `statement` for the registry of `scope`.
    ///
    /// # Errors
    /// [`VerifyError`]; also for a statement of another kind than the key's.
    pub fn verify(
        &self,
        scope: &RegistryScope,
        statement: &impl BatchStatement,
        proof: &ProofPoints,
    ) -> Result<(), VerifyError> {
        self.verify_inputs(&statement.public_inputs(scope), proof)
    }

    /// Checks a proof whose public inputs are known.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_inputs(
        &self,
        inputs: &[FieldElement],
        proof: &ProofPoints,
    ) -> Result<(), VerifyError> {
        self.prepared.check(inputs, proof)
    }
}

impl AppendProver {
    /// Creates a prover of `circuit` with `key`, which must be a key of that circuit.
    #[must_use]
    pub fn new(circuit: Append, key: ProvingKey) -> Self {
        let prover = Prover::new(key);
        Self { circuit, prover }
    }

    /// Returns the place of the secrets behind the key.
    #[must_use]
    pub const fn origin(&self) -> KeyOrigin {
        self.prover.key.origin()
    }

    /// Proves `batch` for the registry of `scope`. The proof that it returns was verified.
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn prove(
        &self,
        scope: &RegistryScope,
        batch: &AppendBatch,
        rng: &mut impl CryptoRng,
    ) -> Result<BatchProof<AppendStatement>, BatchError> {
        self.check_size(batch)?;
        let scalars = |elements: &mut dyn Iterator<Item = FieldElement>| -> Vec<Fr> {
            elements.map(to_scalar).collect()
        };
        let frontier = scalars(&mut batch.frontier.iter().copied());
        let leaves = scalars(&mut batch.leaves.iter().map(|leaf| leaf.to_field()));
        let start = batch.start_index.get();
        let mut witness = AppendWitness {
            public: AppendPublic::default(),
            private: self.circuit.private(start, &frontier, &leaves),
        };
        let computed = outputs(&self.circuit, &witness);
        same_root(batch.pre_root, computed[0])?;
        same_root(batch.post_root, computed[1])?;
        let statement = AppendStatement {
            pre_root: batch.pre_root,
            post_root: batch.post_root,
            start_index: batch.start_index,
            digest: from_scalar(computed[2]),
            leaves: batch.leaves.clone(),
        };
        let [pre_root, post_root, start_index, digest, x, y] =
            inputs(&statement.public_inputs(scope));
        witness.public = AppendPublic {
            pre_root,
            post_root,
            start_index,
            digest,
            x,
            y,
        };
        let points = self.prover.prove(&self.circuit, &witness, rng)?;
        Ok(BatchProof { statement, points })
    }

    fn check_size(&self, batch: &AppendBatch) -> Result<(), BatchError> {
        let (start, count) = (batch.start_index, batch.leaves.len());
        check_count(count, self.circuit.batch)?;
        if start.get() + count as u64 > 1 << self.circuit.depth {
            return Err(BatchError::BeyondTheEdge { start, count });
        }
        Ok(())
    }
}

impl RevokeProver {
    /// Creates a prover of `circuit` with `key`, which must be a key of that circuit.
    #[must_use]
    pub fn new(circuit: Revoke, key: ProvingKey) -> Self {
        let prover = Prover::new(key);
        Self { circuit, prover }
    }

    /// Returns the place of the secrets behind the key.
    #[must_use]
    pub const fn origin(&self) -> KeyOrigin {
        self.prover.key.origin()
    }

    /// Proves `batch` for the registry of `scope`. The proof that it returns was verified.
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn prove(
        &self,
        scope: &RegistryScope,
        batch: &RevokeBatch,
        rng: &mut impl CryptoRng,
    ) -> Result<BatchProof<RevokeStatement>, BatchError> {
        check_count(batch.removals.len(), self.circuit.batch)?;
        let removals: Vec<Removal> = batch.removals.iter().map(removal).collect();
        let mut witness = RevokeWitness {
            public: RevokePublic {
                pre_root: to_scalar(batch.pre_root.to_field()),
                ..RevokePublic::default()
            },
            private: self.circuit.private(&removals),
        };
        let computed = outputs(&self.circuit, &witness);
        same_root(batch.post_root, computed[0])?;
        let pair = |removed: &RemovedLeaf| (removed.leaf_index, removed.commitment);
        let statement = RevokeStatement {
            pre_root: batch.pre_root,
            post_root: batch.post_root,
            digest: from_scalar(computed[1]),
            removals: batch.removals.iter().map(pair).collect(),
        };
        let [pre_root, post_root, digest, x, y] = inputs(&statement.public_inputs(scope));
        witness.public = RevokePublic {
            pre_root,
            post_root,
            digest,
            x,
            y,
        };
        let points = self.prover.prove(&self.circuit, &witness, rng)?;
        Ok(BatchProof { statement, points })
    }
}

/// A proving key with its verifying key prepared.
#[derive(Debug, Clone)]
struct Prover {
    key: ProvingKey,
    prepared: PreparedKey,
}

impl Prover {
    fn new(key: ProvingKey) -> Self {
        let prepared = PreparedKey::new(key.verifying_key());
        Self { key, prepared }
    }

    fn prove<C: Circuit>(
        &self,
        circuit: &C,
        witness: &C::Witness,
        rng: &mut impl CryptoRng,
    ) -> Result<ProofPoints, BatchError> {
        let assignment = assign(circuit, witness);
        let points = self.key.prove(&assignment, rng)?;
        let public: Vec<FieldElement> = assignment
            .public_inputs()
            .iter()
            .copied()
            .map(from_scalar)
            .collect();
        self.prepared
            .check(&public, &points)
            .map_err(|_| BatchError::NotThere)?;
        Ok(points)
    }
}

fn check_count(actual: usize, places: usize) -> Result<(), BatchError> {
    if (1..=places).contains(&actual) {
        Ok(())
    } else {
        Err(BatchError::Size { places, actual })
    }
}

fn removal(removed: &RemovedLeaf) -> Removal {
    let siblings = removed.siblings.iter().copied().map(to_scalar).collect();
    let commitment = to_scalar(removed.commitment.to_field());
    Removal::new(removed.leaf_index.get(), commitment, siblings)
}

fn same_root(expected: Root, computed: Fr) -> Result<(), BatchError> {
    let actual = Root::from(from_scalar(computed));
    if expected == actual {
        Ok(())
    } else {
        Err(BatchError::Root { expected, actual })
    }
}

fn inputs<const N: usize>(elements: &[FieldElement]) -> [Fr; N] {
    let mut scalars = [Fr::ZERO; N];
    for (scalar, element) in scalars.iter_mut().zip(elements) {
        *scalar = to_scalar(*element);
    }
    scalars
}
