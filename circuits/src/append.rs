//! **Append**: `preRoot` becomes `postRoot` by writing `N` leaves at `startIndex`, and nothing
//! else.
//!
//! Public inputs, in this order: `preRoot, postRoot, startIndex, digest, x, y`.
//! Private inputs: the bits of `startIndex`, the left frontier (at level `l` the
//! node left of the path to `startIndex`, used where bit `l` is 1), `N` leaves.
//!
//! | | constraint | rows at depth `d` |
//! | --- | --- | --- |
//! | C1 | each bit of `startIndex` is 0 or 1 | `d` |
//! | C2 | the bits add up to `startIndex` | 1 |
//! | C3 | children on the old path: `(frontier, node)` where the bit is 1, `(node, empty)` where it is 0 | `2 d` |
//! | C4 | each node of the old path is the hash of its children; the path begins with a zero leaf | `243 d` |
//! | C5 | the old path ends in `preRoot` | 1 |
//! | C6 | at each level the new nodes move one place right where the bit is 1: the frontier comes in on the left, an empty node on the right where it is 0 | about `2 N + 3 d` |
//! | C7 | each new node is the hash of the pair below it | about `243 (N + 2 d)` |
//! | C8 | the new nodes end in `postRoot` | 1 |
//! | C9 | the sponge over the leaves | `612 ceil(N / 16)` |
//! | C10 | its result is `digest` | 1 |
//! | C11 | the polynomial `sum leaf_i x^i` | `N - 1` |
//! | C12 | its value is `y` | 1 |
//!
//! C1 to C5 are CIRC-1, C6 to C8 CIRC-2, C9 to C12 CIRC-5. C3 to C5 say that everything from
//! `startIndex` on is empty in the old tree, and fix the frontier. Rows in all: 25,136 at
//! N = 16, 92,380 at 256, 310,196 at 1024.
//!
//! **Not proved here**, and why: that a leaf is not zero, and that the leaves lie
//! inside the tree. A batch of `n < N` leaves is filled up with zeros. The
//! contract evaluates the polynomial over the `n` leaves of its calldata, which by
//! C9 to C12 are the leaves here, so that the others *are* zero. The contract
//! refuses a zero or an unreduced leaf in its calldata, and `startIndex + n > 2^30`:
//! a place beyond the tree's right edge would not reach the root.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;

use crate::builder::{Builder, Circuit, Rule};
use crate::gadgets::{bits, bits_of, choose, enforce_equal, evaluate};
use crate::poseidon::{absorb, empty_nodes, hash_pair};

const BOOLEAN: Rule = Rule(1);
const START: Rule = Rule(2);
const OLD_CHILDREN: Rule = Rule(3);
const OLD_HASH: Rule = Rule(4);
const OLD_ROOT: Rule = Rule(5);
const NEW_SHIFT: Rule = Rule(6);
const NEW_HASH: Rule = Rule(7);
const NEW_ROOT: Rule = Rule(8);
const SPONGE: Rule = Rule(9);
const DIGEST: Rule = Rule(10);
const POLYNOMIAL: Rule = Rule(11);
const VALUE: Rule = Rule(12);

/// The circuit for `batch` leaves in a tree of `depth` levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Append {
    /// Levels of the tree.
    pub depth: usize,
    /// Leaves of a batch, a power of two.
    pub batch: usize,
}

/// The public inputs of [`Append`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppendPublic {
    /// Root before the batch.
    pub pre_root: Fr,
    /// Root after the batch.
    pub post_root: Fr,
    /// Position of the first leaf.
    pub start_index: Fr,
    /// Digest of the leaves.
    pub digest: Fr,
    /// The challenge.
    pub x: Fr,
    /// The polynomial of the leaves at `x`.
    pub y: Fr,
}

/// The private inputs of [`Append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendPrivate {
    /// Bits of the start index, lowest first.
    pub start_bits: Vec<Fr>,
    /// Node left of the path at each level, lowest first; any value where the bit is 0.
    pub frontier: Vec<Fr>,
    /// The leaves, with zeros behind them.
    pub leaves: Vec<Fr>,
}

/// All inputs of [`Append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendWitness {
    /// Inputs that the verifier knows.
    pub public: AppendPublic,
    /// Inputs that only the prover knows.
    pub private: AppendPrivate,
}

impl Append {
    /// Computes the private inputs for `leaves` at `start_index`; zeros fill the batch up.
    ///
    /// # Panics
    /// Panics when there are more leaves than the batch holds, or the frontier has not one node
    /// a level.
    #[must_use]
    pub fn private(&self, start_index: u64, frontier: &[Fr], leaves: &[Fr]) -> AppendPrivate {
        assert!(
            leaves.len() <= self.batch,
            "more leaves than the batch holds"
        );
        assert_eq!(
            frontier.len(),
            self.depth,
            "one node of the frontier a level"
        );
        let mut leaves = leaves.to_vec();
        leaves.resize(self.batch, Fr::ZERO);
        AppendPrivate {
            start_bits: bits(start_index, self.depth),
            frontier: frontier.to_vec(),
            leaves,
        }
    }

    /// Holds CIRC-1: everything from the start index on is empty before.
    fn old_root<B: Builder>(
        self,
        builder: &mut B,
        bits: &[B::Lc],
        frontier: &[B::Lc],
        empty: &[B::Lc],
    ) -> B::Lc {
        (0..self.depth).fold(empty[0].clone(), |node, level| {
            let left = choose(builder, OLD_CHILDREN, &bits[level], &frontier[level], &node);
            let right = choose(builder, OLD_CHILDREN, &bits[level], &node, &empty[level]);
            hash_pair(builder, OLD_HASH, &left, &right)
        })
    }

    /// Level by level, so that a node above several new leaves is hashed once (CIRC-2).
    fn new_root<B: Builder>(
        self,
        builder: &mut B,
        bits: &[B::Lc],
        frontier: &[B::Lc],
        empty: &[B::Lc],
        leaves: &[B::Lc],
    ) -> B::Lc {
        let mut nodes = leaves.to_vec();
        for level in 0..self.depth {
            // Where the bit is 1, the nodes begin with a right child. Beyond the
            // last place of the level above there is nothing to compute.
            let places = nodes.len() + 1;
            let parents = places.div_ceil(2).min(1 << (self.depth - level - 1));
            let mut shifted: Vec<B::Lc> = (0..places.min(2 * parents))
                .map(|at| {
                    let moved = at.checked_sub(1).map_or(&frontier[level], |at| &nodes[at]);
                    let resting = nodes.get(at).unwrap_or(&empty[level]);
                    choose(builder, NEW_SHIFT, &bits[level], moved, resting)
                })
                .collect();
            shifted.resize(2 * parents, empty[level].clone());
            nodes = shifted
                .chunks_exact(2)
                .map(|pair| hash_pair(builder, NEW_HASH, &pair[0], &pair[1]))
                .collect();
        }
        nodes.swap_remove(0)
    }
}

impl Circuit for Append {
    type Witness = AppendWitness;

    fn blank(&self) -> AppendWitness {
        AppendWitness {
            public: AppendPublic::default(),
            private: self.private(0, &vec![Fr::ZERO; self.depth], &[]),
        }
    }

    fn public_count(&self) -> usize {
        6
    }

    fn output_positions(&self) -> &'static [usize] {
        &[0, 1, 3, 5]
    }

    /// Start index, challenge, frontier, leaves. The frontier follows the bits of the index.
    fn given(&self) -> Vec<usize> {
        let frontier = 7 + self.depth;
        let mut given = vec![3, 5];
        given.extend(frontier..frontier + self.depth + self.batch);
        given
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &AppendWitness) -> Vec<B::Lc> {
        let AppendWitness { public, private } = witness;
        let pre_root = builder.public(public.pre_root);
        let post_root = builder.public(public.post_root);
        let start_index = builder.public(public.start_index);
        let digest = builder.public(public.digest);
        let x = builder.public(public.x);
        let y = builder.public(public.y);

        let bits = bits_of(builder, (BOOLEAN, START), &private.start_bits, &start_index);
        let mut all_private = |values: &[Fr]| -> Vec<B::Lc> {
            values.iter().map(|value| builder.private(*value)).collect()
        };
        let (frontier, leaves) = (all_private(&private.frontier), all_private(&private.leaves));
        let empty: Vec<B::Lc> = empty_nodes(self.depth)
            .into_iter()
            .map(|node| builder.constant(node))
            .collect();

        let old = self.old_root(builder, &bits, &frontier, &empty);
        enforce_equal(builder, OLD_ROOT, &old, &pre_root);
        let new = self.new_root(builder, &bits, &frontier, &empty, &leaves);
        enforce_equal(builder, NEW_ROOT, &new, &post_root);
        let bound = absorb(builder, SPONGE, &leaves);
        enforce_equal(builder, DIGEST, &bound, &digest);
        let value = evaluate(builder, POLYNOMIAL, &leaves, &x);
        enforce_equal(builder, VALUE, &value, &y);
        vec![old, new, bound, value]
    }
}
