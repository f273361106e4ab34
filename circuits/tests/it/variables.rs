//! No variable is free: a change of any one alone breaks a row.

use annona_circuits::{Append, Assignment, Circuit, R1cs, Revoke, assign};
use ark_bn254::Fr;
use ark_ff::Field;

use crate::model::{Tree, append_witness, leaves, revoke_witness};

/// The variables that can be changed alone.
pub(crate) fn free_variables<C: Circuit>(circuit: &C, witness: &C::Witness) -> Vec<usize> {
    let rows = R1cs::of(circuit);
    let mut assignment: Assignment = assign(circuit, witness);
    assert_eq!(rows.unsatisfied(&assignment), Vec::<usize>::new());
    let mut uses = vec![Vec::new(); rows.variable_count];
    for matrix in [&rows.a, &rows.b, &rows.c] {
        for (at, row) in matrix.iter().enumerate() {
            for (_, variable) in row {
                uses[*variable].push(at);
            }
        }
    }
    (1..rows.variable_count)
        .filter(|variable| {
            let honest = assignment.values()[*variable];
            assignment.set(*variable, honest + Fr::ONE);
            let holds = uses[*variable]
                .iter()
                .all(|row| rows.holds(*row, &assignment));
            assignment.set(*variable, honest);
            holds
        })
        .collect()
}

/// Tests CIRC-7.
#[test]
fn an_append_leaves_only_unused_frontier_nodes_free() {
    let circuit = Append { depth: 4, batch: 4 };
    let mut tree = Tree::new(circuit.depth);
    tree.write(0, &leaves(1, 6));
    let witness = append_witness(&circuit, &tree, 6, &leaves(2, 4), Fr::from(3_u64));
    // After the constant, six public inputs and four bits come the frontier's nodes;
    // 6 = 0b0110 uses those of levels 1 and 2.
    assert_eq!(free_variables(&circuit, &witness), [11, 14]);
}

#[test]
fn a_revocation_leaves_nothing_free() {
    let circuit = Revoke { depth: 3, batch: 2 };
    let mut tree = Tree::new(circuit.depth);
    tree.write(0, &leaves(1, 6));
    let witness = revoke_witness(&circuit, &tree, &[2, 5], Fr::from(3_u64));
    assert_eq!(free_variables(&circuit, &witness), Vec::<usize>::new());
}
