//! A sparse tree on the hash of `annona-tree`, and the predicates that the
//! circuits stand for, written without them.

use std::collections::HashMap;

use annona_circuits::{
    Append, AppendPublic, AppendWitness, Circuit, Removal, Revoke, RevokePublic, RevokeWitness,
    outputs,
};
use annona_core::{FieldElement, U256};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};

pub(crate) fn hash(left: Fr, right: Fr) -> Fr {
    let element = |value: Fr| {
        let bytes = value.into_bigint().to_bytes_be();
        FieldElement::try_from(U256::from_be_slice(&bytes)).unwrap()
    };
    let node = annona_tree::hash_pair(element(left), element(right));
    Fr::from_be_bytes_mod_order(&node.to_be_bytes())
}

#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) depth: usize,
    nodes: HashMap<(usize, u64), Fr>,
    empty: Vec<Fr>,
}

impl Tree {
    pub(crate) fn new(depth: usize) -> Self {
        let mut empty = vec![Fr::ZERO];
        for level in 0..depth {
            empty.push(hash(empty[level], empty[level]));
        }
        Self {
            depth,
            nodes: HashMap::new(),
            empty,
        }
    }

    pub(crate) fn node(&self, level: usize, index: u64) -> Fr {
        let found = self.nodes.get(&(level, index));
        found.copied().unwrap_or(self.empty[level])
    }

    pub(crate) fn set(&mut self, index: u64, leaf: Fr) {
        self.nodes.insert((0, index), leaf);
        for level in 0..self.depth {
            let parent = index >> (level + 1);
            let node = hash(
                self.node(level, 2 * parent),
                self.node(level, 2 * parent + 1),
            );
            self.nodes.insert((level + 1, parent), node);
        }
    }

    pub(crate) fn write(&mut self, start: u64, leaves: &[Fr]) {
        for (index, leaf) in (start..).zip(leaves) {
            self.set(index, *leaf);
        }
    }

    pub(crate) fn root(&self) -> Fr {
        self.node(self.depth, 0)
    }

    pub(crate) fn siblings(&self, index: u64) -> Vec<Fr> {
        (0..self.depth)
            .map(|level| self.node(level, (index >> level) ^ 1))
            .collect()
    }

    pub(crate) fn frontier(&self, start: u64) -> Vec<Fr> {
        let mut nodes = self.siblings(start);
        for (level, node) in nodes.iter_mut().enumerate() {
            if (start >> level) & 1 == 0 {
                *node = Fr::ZERO;
            }
        }
        nodes
    }

    /// Returns whether every place from `start` on is empty.
    pub(crate) fn empty_from(&self, start: u64) -> bool {
        let taken = self.nodes.iter();
        taken
            .filter(|((level, index), _)| *level == 0 && *index >= start)
            .all(|(_, leaf)| *leaf == Fr::ZERO)
    }
}

/// `sum items_i x^i`, the other way round than the circuit.
pub(crate) fn polynomial(items: &[Fr], x: Fr) -> Fr {
    let mut power = Fr::ONE;
    let mut sum = Fr::ZERO;
    for item in items {
        sum += power * item;
        power *= x;
    }
    sum
}

/// The statement of an append that the tree `before` makes true, and its secret.
pub(crate) fn append_witness(
    circuit: &Append,
    before: &Tree,
    start: u64,
    leaves: &[Fr],
    x: Fr,
) -> AppendWitness {
    let private = circuit.private(start, &before.frontier(start), leaves);
    let mut after = before.clone();
    after.write(start, leaves);
    let public = AppendPublic {
        pre_root: before.root(),
        post_root: after.root(),
        start_index: Fr::from(start),
        digest: super::poseidon::digest(&private.leaves),
        x,
        y: polynomial(leaves, x),
    };
    AppendWitness { public, private }
}

/// The same for removals of `indices`, from the tree as it is after each.
pub(crate) fn revoke_witness(
    circuit: &Revoke,
    before: &Tree,
    indices: &[u64],
    x: Fr,
) -> RevokeWitness {
    let mut after = before.clone();
    let mut removals = Vec::new();
    for index in indices {
        let commitment = after.node(0, *index);
        removals.push(Removal::new(*index, commitment, after.siblings(*index)));
        after.set(*index, Fr::ZERO);
    }
    let private = circuit.private(&removals);
    let listed: Vec<Fr> = private
        .removals
        .iter()
        .flat_map(|removal| [removal.leaf_index, removal.commitment])
        .collect();
    let public = RevokePublic {
        pre_root: before.root(),
        post_root: after.root(),
        digest: super::poseidon::digest(&listed),
        x,
        y: polynomial(&listed, x),
    };
    RevokeWitness { public, private }
}

/// Makes the outputs of the statement what the circuit computes from the secret.
pub(crate) fn settle_append(circuit: &Append, witness: &mut AppendWitness) {
    let computed = outputs(circuit, witness);
    let public = &mut witness.public;
    [public.pre_root, public.post_root, public.digest, public.y] = computed.try_into().unwrap();
}

/// The same for removals.
pub(crate) fn settle_revoke(circuit: &Revoke, witness: &mut RevokeWitness) {
    let computed = outputs(circuit, witness);
    let public = &mut witness.public;
    [public.post_root, public.digest, public.y] = computed.try_into().unwrap();
}

/// Commitments that look like hashes.
pub(crate) fn leaves(seed: u64, count: usize) -> Vec<Fr> {
    (0..count as u64)
        .map(|at| hash(Fr::from(seed), Fr::from(at)))
        .collect()
}

pub(crate) fn broken_rules<C: Circuit>(circuit: &C, witness: &C::Witness) -> Vec<u8> {
    let assignment = annona_circuits::assign(circuit, witness);
    super::faults::rules(&annona_circuits::R1cs::of(circuit), &assignment)
}
