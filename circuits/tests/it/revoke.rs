use annona_circuits::{CircuitId, Removal, Revoke, RevokeWitness};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use proptest::prelude::*;

use crate::faults::assert_each_row_holds;
use crate::model::{Tree, broken_rules, leaves, polynomial, revoke_witness, settle_revoke};

const SMALL: Revoke = Revoke { depth: 4, batch: 3 };

fn x() -> Fr {
    Fr::from(0x1234_5678_9abc_u64)
}

fn members() -> Tree {
    let mut tree = Tree::new(SMALL.depth);
    tree.write(0, &leaves(1, 11));
    tree
}

/// Two removals, and one of nothing.
fn honest() -> RevokeWitness {
    revoke_witness(&SMALL, &members(), &[5, 10], x())
}

#[test]
fn an_honest_witness_breaks_no_rule() {
    assert_eq!(broken_rules(&SMALL, &honest()), Vec::<u8>::new());
    let full = revoke_witness(&SMALL, &members(), &[9, 0, 8], x());
    assert_eq!(broken_rules(&SMALL, &full), Vec::<u8>::new());
    let none = revoke_witness(&SMALL, &members(), &[], x());
    assert_eq!(broken_rules(&SMALL, &none), Vec::<u8>::new());
}

/// Tests CIRC-3.
#[test]
fn c1_holds_bits_to_zero_and_one() {
    let mut witness = honest();
    // The removal of nothing, at an index that is 2 * 3 in other bits.
    let removal = &mut witness.private.removals[2];
    removal.leaf_index = Fr::from(6_u64);
    removal.index_bits[1] = Fr::from(3_u64);
    settle_revoke(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [1]);
}

#[test]
fn c2_holds_the_bits_to_the_index() {
    let mut witness = honest();
    witness.private.removals[0].leaf_index += Fr::ONE;
    settle_revoke(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [2]);
}

/// In the removal of nothing C7 says nothing, so that each row stands alone there (CIRC-4).
#[test]
fn c3_c4_c5_c6_c9_c11_hold_every_step_of_the_computation() {
    for rule in [3, 4, 5, 6] {
        assert_each_row_holds(&SMALL, &honest(), rule, SMALL.batch);
    }
    for rule in [9, 11] {
        assert_each_row_holds(&SMALL, &honest(), rule, 1);
    }
}

#[test]
fn c7_holds_a_commitment_to_its_place() {
    let mut witness = honest();
    witness.private.removals[1].commitment += Fr::ONE;
    settle_revoke(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [7]);
}

#[test]
fn c8_holds_the_removals_to_the_new_root() {
    let mut witness = honest();
    witness.public.post_root += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [8]);
}

#[test]
fn c10_holds_the_sponge_to_the_digest() {
    let mut witness = honest();
    witness.public.digest += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [10]);
}

#[test]
fn c12_holds_the_polynomial_to_its_value() {
    let mut witness = honest();
    witness.public.y += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [12]);
}

#[test]
fn another_old_root_is_refused() {
    let mut witness = honest();
    witness.public.pre_root += Fr::ONE;
    settle_revoke(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [7]);
}

#[test]
fn an_index_is_not_revoked_twice() {
    let tree = members();
    let mut witness = revoke_witness(&SMALL, &tree, &[5], x());
    let again = Removal::new(5, tree.node(0, 5), tree.siblings(5));
    witness.private.removals[1] = again;
    settle_revoke(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [7]);
}

#[test]
fn a_removal_that_is_not_listed_does_not_fit_the_calldata() {
    let mut witness = revoke_witness(&SMALL, &members(), &[5, 10], x());
    let listed = [Fr::from(5_u64), members().node(0, 5)];
    witness.public.y = polynomial(&listed, x());
    assert_eq!(broken_rules(&SMALL, &witness), [12]);
}

#[test]
fn at_full_depth_a_batch_is_provable_at_both_edges() {
    let circuit = CircuitId::Revoke8.revoke().unwrap();
    let mut tree = Tree::new(circuit.depth);
    let edge = (1 << 30) - 4;
    tree.write(0, &leaves(1, 6));
    tree.write(edge, &leaves(2, 4));
    let witness = revoke_witness(&circuit, &tree, &[edge + 3, 0, edge, 5, 2], x());
    assert_eq!(broken_rules(&circuit, &witness), Vec::<u8>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The predicate: each listed leaf holds its commitment when its turn comes,
    /// and the new tree is the old one with zeros there.
    #[test]
    fn the_circuit_accepts_what_the_predicate_accepts(
        claimed in prop::collection::vec((0_u64..16, 0_u64..16), 0..=3),
    ) {
        // A removal claims the leaf of its second index to be at its first.
        let before = members();
        let mut after = before.clone();
        let mut predicate = true;
        let mut removals = Vec::new();
        for (at, whose) in claimed {
            let commitment = before.node(0, whose);
            predicate &= commitment == Fr::ZERO || after.node(0, at) == commitment;
            removals.push(Removal::new(at, commitment, after.siblings(at)));
            if commitment != Fr::ZERO {
                after.set(at, Fr::ZERO);
            }
        }
        let mut witness = revoke_witness(&SMALL, &before, &[], x());
        witness.private = SMALL.private(&removals);
        settle_revoke(&SMALL, &mut witness);
        // Digest and value are the circuit's own; the roots are the model's.
        witness.public.pre_root = before.root();
        witness.public.post_root = after.root();
        prop_assert_eq!(broken_rules(&SMALL, &witness).is_empty(), predicate);
    }
}
