use annona_core::{Commitment, TREE_DEPTH, U256};
use annona_tree::{MembershipTree, Revocation, TileId, TreeError, empty_root};
use semaphore_rs::poseidon_tree::LazyPoseidonTree;

use crate::model::{commitment, index};

fn commitments(count: u64) -> Vec<Commitment> {
    (0..count).map(commitment).collect()
}

#[test]
fn the_empty_tree_has_the_root_of_the_protocol() {
    let expected = "0x0918d46bf52d98b034413f4a1a1c41594e7a7a3f6ae08cb43d1a2a230e1959ef";
    assert_eq!(empty_root().to_string(), expected);
    assert_eq!(MembershipTree::default().root(), empty_root());
}

#[test]
fn roots_equal_those_of_semaphore_after_every_change() {
    let leaves = commitments(300);
    let mut reference = LazyPoseidonTree::new(TREE_DEPTH, U256::ZERO).derived();
    let mut tree = MembershipTree::default();
    for (position, batch) in leaves
        .chunks(7)
        .enumerate()
        .map(|(n, batch)| (7 * n, batch))
    {
        let root = tree.append(batch).unwrap();
        for (position, leaf) in (position..).zip(batch) {
            reference = reference.update(position, &leaf.to_u256());
        }
        assert_eq!(root.to_u256(), reference.root());
        let revocation = Revocation {
            leaf_index: index(position + 1),
            commitment: leaves[position + 1],
        };
        let root = tree.revoke(&[revocation]).unwrap();
        reference = reference.update(position + 1, &U256::ZERO);
        assert_eq!(root.to_u256(), reference.root());
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let leaves = commitments(6);
    let mut tree = MembershipTree::default();
    let root = tree.append(&leaves[..3]).unwrap();
    for again in [[leaves[3], leaves[1]], [leaves[3], leaves[3]]] {
        let told = tree.root_after_append(&again);
        assert!(matches!(told, Err(TreeError::AlreadyMember { .. })));
    }
    let revocation = |position: usize, leaf: usize| Revocation {
        leaf_index: index(position),
        commitment: leaves[leaf],
    };
    for wrong in [
        vec![revocation(0, 1)],
        vec![revocation(4, 4)],
        vec![revocation(0, 0), revocation(1, 2)],
        vec![revocation(2, 2), revocation(2, 2)],
    ] {
        let told = tree.revoke(&wrong);
        assert!(matches!(told, Err(TreeError::NotTheLeaf { .. })));
    }
    assert_eq!((tree.root(), tree.leaf_count()), (root, 3));
    assert_eq!(tree.leaf_index(leaves[0]), Some(index(0)));
    assert_eq!(tree.leaf_index(leaves[3]), None);
}

#[test]
fn a_position_is_never_used_again() {
    let leaves = commitments(3);
    let mut tree = MembershipTree::default();
    tree.append(&leaves[..2]).unwrap();
    let revocation = Revocation {
        leaf_index: index(1),
        commitment: leaves[1],
    };
    tree.revoke(&[revocation]).unwrap();
    assert_eq!(tree.leaf_index(leaves[1]), None);
    assert!(tree.revoke(&[revocation]).is_err());
    tree.append(&leaves[1..]).unwrap();
    assert_eq!(tree.leaf_index(leaves[1]), Some(index(2)));
    assert_eq!(tree.leaf_index(leaves[2]), Some(index(3)));
}

#[test]
fn what_the_registry_takes_twice_is_in_the_tree_twice() {
    let leaves = commitments(1);
    let mut tree = MembershipTree::default();
    tree.append(&[leaves[0], leaves[0]]).unwrap();
    assert_eq!(tree.leaf_count(), 2);
    assert_eq!(tree.leaf_index(leaves[0]), Some(index(0)));
}

#[test]
fn there_are_as_many_tiles_as_leaves_need() {
    let mut tree = MembershipTree::default();
    let id = |level, index| TileId::new(level, index).unwrap();
    assert_eq!(tree.current().tile(id(0, 0)), None);
    tree.append(&commitments(257)).unwrap();
    let nodes = |level, index| {
        let tile = tree.current().tile(id(level, index))?;
        Some(tile.nodes().len())
    };
    assert_eq!(nodes(0, 0), Some(256));
    assert_eq!(nodes(0, 1), Some(1));
    assert_eq!(nodes(0, 2), None);
    assert_eq!((nodes(1, 0), nodes(1, 1)), (Some(2), None));
    assert_eq!((nodes(2, 0), nodes(3, 0)), (Some(1), Some(1)));
    assert!(TileId::new(0, (1 << 22) - 1).is_some());
    assert!(TileId::new(0, 1 << 22).is_none());
    assert!(TileId::new(3, 1).is_none());
    assert!(TileId::new(4, 0).is_none());
}
