//! **Revoke**: `preRoot` becomes `postRoot` by setting `K` listed leaves to 0, and nothing else.
//!
//! Public inputs, in this order: `preRoot, postRoot, digest, x, y`.
//! Private inputs: for each removal its leaf index (with its bits), the
//! commitment that is there, and the siblings of its path *after* the removals
//! before it.
//!
//! | | constraint | rows at depth `d` |
//! | --- | --- | --- |
//! | C1 | each bit of each index is 0 or 1 | `K d` |
//! | C2 | the bits add up to the index | `K` |
//! | C3 | left child on the path from the commitment: the sibling where the bit is 1, the node where it is 0; the right child is the other one | `K d` |
//! | C4 | the same on the path from 0 | `K d` |
//! | C5 | each node of the path from the commitment is the hash of its children | `243 K d` |
//! | C6 | each node of the path from 0 is the hash of its children | `243 K d` |
//! | C7 | a commitment other than 0 leads to the root of the moment: `commitment (before - now) = 0`, and the root then moves by `after - before` | `K` |
//! | C8 | after the last removal the root is `postRoot` | 1 |
//! | C9 | the sponge over the pairs `index, commitment` | `612 ceil(K / 8)` |
//! | C10 | its result is `digest` | 1 |
//! | C11 | the polynomial of the list `index_0, commitment_0, index_1, ...` | `2 K - 1` |
//! | C12 | its value is `y` | 1 |
//!
//! C1 to C3, C5 and C7 are CIRC-3, C4, C6 and C8 CIRC-4, C9 to C12 CIRC-5.
//! Rows in all: 118,006 at K = 8, 472,018 at 32.
//!
//! A removal with commitment 0 fills the batch up: both its paths are the same,
//! so that the root stays, and C7 says nothing. The contract refuses a commitment
//! of 0 or an unreduced one in its calldata, and by C9 to C12 the pairs that it
//! does not list are `(0, 0)`. An index that is listed twice has 0 the second
//! time, and C7 fails for a commitment other than 0.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::builder::{Builder, Circuit, Rule};
use crate::gadgets::{bits, bits_of, choose, difference, enforce_equal, evaluate};
use crate::poseidon::{absorb, hash_pair};

const BOOLEAN: Rule = Rule(1);
const INDEX: Rule = Rule(2);
const BEFORE_CHILDREN: Rule = Rule(3);
const AFTER_CHILDREN: Rule = Rule(4);
const BEFORE_HASH: Rule = Rule(5);
const AFTER_HASH: Rule = Rule(6);
const PRESENT: Rule = Rule(7);
const NEW_ROOT: Rule = Rule(8);
const SPONGE: Rule = Rule(9);
const DIGEST: Rule = Rule(10);
const POLYNOMIAL: Rule = Rule(11);
const VALUE: Rule = Rule(12);

/// Variables of a level of a path: the left child, and a hash of 243 rows.
const VARIABLES_OF_LEVEL: usize = 1 + 243;

/// The circuit for `batch` removals from a tree of `depth` levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoke {
    /// Levels of the tree.
    pub depth: usize,
    /// Removals of a batch.
    pub batch: usize,
}

/// The public inputs of [`Revoke`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RevokePublic {
    /// Root before the batch.
    pub pre_root: Fr,
    /// Root after the batch.
    pub post_root: Fr,
    /// Digest of the pairs.
    pub digest: Fr,
    /// The challenge.
    pub x: Fr,
    /// The polynomial of the pairs at `x`.
    pub y: Fr,
}

/// One leaf that becomes 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Position of the leaf.
    pub leaf_index: Fr,
    /// Bits of the position, lowest first.
    pub index_bits: Vec<Fr>,
    /// Commitment that is there now.
    pub commitment: Fr,
    /// Siblings of its path, lowest first, after the removals before it.
    pub siblings: Vec<Fr>,
}

/// The private inputs of [`Revoke`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokePrivate {
    /// The removals, in order.
    pub removals: Vec<Removal>,
}

/// All inputs of [`Revoke`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeWitness {
    /// Inputs that the verifier knows.
    pub public: RevokePublic,
    /// Inputs that only the prover knows.
    pub private: RevokePrivate,
}

/// The variables of one removal.
struct Variables<B: Builder> {
    bits: Vec<B::Lc>,
    commitment: B::Lc,
    siblings: Vec<B::Lc>,
}

impl Removal {
    /// The removal of `commitment` at `leaf_index`, with its path.
    #[must_use]
    pub fn new(leaf_index: u64, commitment: Fr, siblings: Vec<Fr>) -> Self {
        Self {
            leaf_index: Fr::from(leaf_index),
            index_bits: bits(leaf_index, siblings.len()),
            commitment,
            siblings,
        }
    }
}

impl Revoke {
    /// Computes the private inputs for `removals`; removals of nothing fill the batch up.
    ///
    /// # Panics
    /// Panics when there are more removals than the batch holds.
    #[must_use]
    pub fn private(&self, removals: &[Removal]) -> RevokePrivate {
        assert!(
            removals.len() <= self.batch,
            "more removals than the batch holds"
        );
        let mut removals = removals.to_vec();
        let nothing = Removal::new(0, Fr::ZERO, vec![Fr::ZERO; self.depth]);
        removals.resize(self.batch, nothing);
        RevokePrivate { removals }
    }

    /// Holds CIRC-3: a removed commitment is at its index when its turn comes.
    fn root_from<B: Builder>(
        self,
        builder: &mut B,
        (children, hash): (Rule, Rule),
        leaf: B::Lc,
        path: &Variables<B>,
    ) -> B::Lc {
        (0..self.depth).fold(leaf, |node, level| {
            let (bit, sibling) = (&path.bits[level], &path.siblings[level]);
            let left = choose(builder, children, bit, sibling, &node);
            let right = builder.combine(&[(Fr::ONE, sibling), (Fr::ONE, &node), (-Fr::ONE, &left)]);
            hash_pair(builder, hash, &left, &right)
        })
    }
}

impl Circuit for Revoke {
    type Witness = RevokeWitness;

    fn blank(&self) -> RevokeWitness {
        RevokeWitness {
            public: RevokePublic::default(),
            private: self.private(&[]),
        }
    }

    fn public_count(&self) -> usize {
        5
    }

    fn output_positions(&self) -> &'static [usize] {
        &[1, 2, 4]
    }

    /// Root before, challenge, and of each removal index, commitment, siblings. The bits of the
    /// index lie behind it, both paths behind the siblings.
    fn given(&self) -> Vec<usize> {
        let path = self.depth * VARIABLES_OF_LEVEL;
        let removal = 2 + 2 * self.depth + 2 * path;
        let mut given = vec![1, 4];
        for index in (6..).step_by(removal).take(self.batch) {
            let commitment = index + 1 + self.depth;
            given.push(index);
            given.extend(commitment..=commitment + self.depth);
        }
        given
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &RevokeWitness) -> Vec<B::Lc> {
        let RevokeWitness { public, private } = witness;
        let pre_root = builder.public(public.pre_root);
        let post_root = builder.public(public.post_root);
        let digest = builder.public(public.digest);
        let x = builder.public(public.x);
        let y = builder.public(public.y);
        let zero = builder.constant(Fr::ZERO);

        let mut root = pre_root;
        let mut listed = Vec::with_capacity(2 * self.batch);
        for removal in &private.removals {
            let index = builder.private(removal.leaf_index);
            let removal: Variables<B> = Variables {
                bits: bits_of(builder, (BOOLEAN, INDEX), &removal.index_bits, &index),
                commitment: builder.private(removal.commitment),
                siblings: removal
                    .siblings
                    .iter()
                    .map(|node| builder.private(*node))
                    .collect(),
            };
            let commitment = removal.commitment.clone();
            let rules = (BEFORE_CHILDREN, BEFORE_HASH);
            let before = self.root_from(builder, rules, commitment.clone(), &removal);
            let rules = (AFTER_CHILDREN, AFTER_HASH);
            let after = self.root_from(builder, rules, zero.clone(), &removal);
            let distance = difference(builder, &before, &root);
            builder.enforce(PRESENT, &commitment, &distance, &zero);
            root = builder.combine(&[(Fr::ONE, &root), (Fr::ONE, &after), (-Fr::ONE, &before)]);
            listed.extend([index, commitment]);
        }
        enforce_equal(builder, NEW_ROOT, &root, &post_root);
        let bound = absorb(builder, SPONGE, &listed);
        enforce_equal(builder, DIGEST, &bound, &digest);
        let value = evaluate(builder, POLYNOMIAL, &listed, &x);
        enforce_equal(builder, VALUE, &value, &y);
        vec![root, bound, value]
    }
}
