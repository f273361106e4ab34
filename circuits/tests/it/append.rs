use annona_circuits::{Append, AppendWitness, assign};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use proptest::prelude::*;

use crate::faults::assert_each_row_holds;
use crate::model::{Tree, append_witness, broken_rules, leaves, polynomial, settle_append};

const SMALL: Append = Append { depth: 5, batch: 4 };
const START: u64 = 6;

fn x() -> Fr {
    Fr::from(0x1234_5678_9abc_u64)
}

/// Six members, and four to come: a start in the middle of a subtree.
fn honest() -> AppendWitness {
    let mut tree = Tree::new(SMALL.depth);
    tree.write(0, &leaves(1, 6));
    append_witness(&SMALL, &tree, START, &leaves(2, 4), x())
}

#[test]
fn an_honest_witness_breaks_no_rule() {
    assert_eq!(broken_rules(&SMALL, &honest()), Vec::<u8>::new());
}

/// Tests CIRC-1.
#[test]
fn c1_holds_bits_to_zero_and_one() {
    let mut witness = honest();
    // 6 = 4 + 1 * 2, and also 2 * 3.
    witness.private.start_bits[..3].copy_from_slice(&[Fr::ZERO, Fr::from(3_u64), Fr::ZERO]);
    settle_append(&SMALL, &mut witness);
    assert_eq!(broken_rules(&SMALL, &witness), [1]);
}

#[test]
fn c2_holds_the_bits_to_the_start_index() {
    let mut witness = honest();
    witness.public.start_index += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [2]);
}

/// Tests CIRC-2.
#[test]
fn c3_c4_c6_c7_c9_c11_hold_every_step_of_the_computation() {
    for rule in [3, 4, 6, 7, 9, 11] {
        assert_each_row_holds(&SMALL, &honest(), rule, 1);
    }
}

#[test]
fn c5_holds_the_old_path_to_the_old_root() {
    let mut witness = honest();
    witness.public.pre_root += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [5]);
}

#[test]
fn c8_holds_the_new_nodes_to_the_new_root() {
    let mut witness = honest();
    witness.public.post_root += Fr::ONE;
    assert_eq!(broken_rules(&SMALL, &witness), [8]);
}

/// Tests CIRC-5.
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
fn a_place_to_the_right_that_is_taken_is_refused() {
    for taken in [7, 9, 31] {
        let mut tree = Tree::new(SMALL.depth);
        tree.write(0, &leaves(1, 6));
        tree.set(taken, Fr::from(99_u64));
        let witness = append_witness(&SMALL, &tree, START, &leaves(2, 4), x());
        assert!(broken_rules(&SMALL, &witness).contains(&5), "place {taken}");
    }
}

#[test]
fn writing_over_members_or_past_a_gap_is_refused() {
    let mut tree = Tree::new(SMALL.depth);
    tree.write(0, &leaves(1, 6));
    for start in [0, 2, 5] {
        let witness = append_witness(&SMALL, &tree, start, &leaves(2, 4), x());
        assert!(broken_rules(&SMALL, &witness).contains(&5), "start {start}");
    }
    // A gap is possible in the tree; that `startIndex` is the next one is for the contract to say.
    let witness = append_witness(&SMALL, &tree, 8, &leaves(2, 4), x());
    assert_eq!(broken_rules(&SMALL, &witness), Vec::<u8>::new());
}

#[test]
fn another_start_index_than_the_proved_one_is_refused() {
    for start in [0_u64, 5, 7, 8, 38] {
        let mut witness = honest();
        witness.public.start_index = Fr::from(start);
        assert_eq!(broken_rules(&SMALL, &witness), [2], "start {start}");
    }
}

#[test]
fn leaves_in_another_order_do_not_fit_the_calldata() {
    let listed = leaves(2, 4);
    let mut swapped = listed.clone();
    swapped.swap(0, 2);
    let mut tree = Tree::new(SMALL.depth);
    tree.write(0, &leaves(1, 6));
    let mut witness = append_witness(&SMALL, &tree, START, &swapped, x());
    witness.public.y = polynomial(&listed, x());
    assert_eq!(broken_rules(&SMALL, &witness), [12]);
}

#[test]
fn a_padded_place_that_is_not_zero_does_not_fit_the_calldata() {
    let listed = leaves(2, 3);
    let hidden = [listed.clone(), vec![Fr::from(77_u64)]].concat();
    let mut tree = Tree::new(SMALL.depth);
    tree.write(0, &leaves(1, 6));
    let mut witness = append_witness(&SMALL, &tree, START, &hidden, x());
    witness.public.y = polynomial(&listed, x());
    assert_eq!(broken_rules(&SMALL, &witness), [12]);
}

/// Shows that the header is right about what is not proved here, so that nobody takes it for
/// proved (CIRC-8).
#[test]
fn the_right_edge_is_for_the_contract_to_watch() {
    let mut tree = Tree::new(SMALL.depth);
    let last = (1 << SMALL.depth) - 2;
    let mut witness = append_witness(&SMALL, &tree, last, &leaves(2, 4), x());
    tree.write(last, &leaves(2, 2));
    witness.public.post_root = tree.root();
    assert_eq!(broken_rules(&SMALL, &witness), Vec::<u8>::new());
}

#[test]
fn at_full_depth_the_last_batch_of_the_tree_is_provable() {
    let circuit = annona_circuits::CircuitId::Append16.append().unwrap();
    let mut tree = Tree::new(circuit.depth);
    let start = (1 << 30) - 16;
    tree.write(start - 3, &leaves(1, 3));
    let witness = append_witness(&circuit, &tree, start, &leaves(2, 16), x());
    assert_eq!(broken_rules(&circuit, &witness), Vec::<u8>::new());
}

#[test]
fn at_full_depth_two_batches_follow_each_other_after_revocations() {
    let circuit = annona_circuits::CircuitId::Append16.append().unwrap();
    let mut tree = Tree::new(circuit.depth);
    tree.write(0, &leaves(1, 13));
    tree.set(12, Fr::ZERO);
    tree.set(4, Fr::ZERO);
    for (start, count) in [(13, 11), (24, 16)] {
        let batch = leaves(start, count);
        let witness = append_witness(&circuit, &tree, start, &batch, x());
        assert_eq!(broken_rules(&circuit, &witness), Vec::<u8>::new());
        tree.write(start, &batch);
    }
}

#[test]
fn rows_do_not_depend_on_the_witness() {
    let assignment = assign(&SMALL, &honest());
    let rows = annona_circuits::R1cs::of(&SMALL);
    assert_eq!(assignment.values().len(), rows.variable_count);
    assert_eq!(assignment.public_inputs().len() + 1, rows.public_count);
}

/// A change to a statement that was true.
#[derive(Debug, Clone, Copy)]
enum Change {
    None,
    PreRoot,
    PostRoot,
    StartIndex,
    Digest,
    Value,
    Leaf(usize),
    Frontier(usize),
}

fn arb_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => Just(Change::None),
        1 => Just(Change::PreRoot),
        1 => Just(Change::PostRoot),
        1 => Just(Change::StartIndex),
        1 => Just(Change::Digest),
        1 => Just(Change::Value),
        2 => (0..SMALL.batch).prop_map(Change::Leaf),
        2 => (0..SMALL.depth).prop_map(Change::Frontier),
    ]
}

fn apply(change: Change, witness: &mut AppendWitness) {
    let (public, private) = (&mut witness.public, &mut witness.private);
    let changed = match change {
        Change::None => return,
        Change::PreRoot => &mut public.pre_root,
        Change::PostRoot => &mut public.post_root,
        Change::StartIndex => &mut public.start_index,
        Change::Digest => &mut public.digest,
        Change::Value => &mut public.y,
        Change::Leaf(at) => &mut private.leaves[at],
        Change::Frontier(level) => &mut private.frontier[level],
    };
    *changed += Fr::ONE;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The predicate: the old tree is empty from the start on, the new tree is the
    /// old one with the leaves written, and digest and value are those of the leaves.
    #[test]
    fn the_circuit_accepts_what_the_predicate_accepts(
        members in 0_u64..28,
        start in 0_u64..28,
        revoked in prop::collection::vec(0_u64..28, 0..6),
        count in 0_usize..=4,
        change in arb_change(),
    ) {
        let mut tree = Tree::new(SMALL.depth);
        tree.write(0, &leaves(1, usize::try_from(members).unwrap()));
        for index in revoked {
            tree.set(index, Fr::ZERO);
        }
        let listed = leaves(2, count);
        let mut witness = append_witness(&SMALL, &tree, start, &listed, x());
        let expected_frontier = witness.private.frontier.clone();
        apply(change, &mut witness);

        let used = |level: usize| (start >> level) & 1 == 1;
        let frontier_right = (0..SMALL.depth)
            .all(|level| !used(level) || witness.private.frontier[level] == expected_frontier[level]);
        let unchanged = matches!(change, Change::None | Change::Frontier(_));
        let predicate = tree.empty_from(start) && unchanged && frontier_right;
        prop_assert_eq!(broken_rules(&SMALL, &witness).is_empty(), predicate);
    }
}
