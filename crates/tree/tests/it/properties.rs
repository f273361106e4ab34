use annona_core::{Commitment, U256};
use annona_tree::{
    InclusionProof, MembershipTree, Revocation, Tile, TileId, TreeError, TreeVersion, read_version,
    write_version,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{Model, commitment, field, index};

/// A change of a tree.
#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    /// Seeds of the leaves to be emptied.
    Revoke(Vec<usize>),
    Close,
    /// Back to one of the versions kept, as a reorg does.
    GoBack(usize),
}

fn arb_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_usize..40).prop_map(Step::Append),
        // More than a tile, and enough to be shared among threads.
        1 => (200_usize..600).prop_map(Step::Append),
        3 => vec(any::<usize>(), 1..6).prop_map(Step::Revoke),
        3 => Just(Step::Close),
        1 => any::<usize>().prop_map(Step::GoBack),
    ]
}

/// The tree, its model, and a version of both for each epoch closed.
#[derive(Debug, Default)]
struct World {
    tree: MembershipTree,
    model: Model,
    closed: Vec<(TreeVersion, Model)>,
    seeds: u64,
}

impl World {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(count) => {
                let leaves: Vec<Commitment> = (0..*count as u64)
                    .map(|seed| commitment(self.seeds + seed))
                    .collect();
                self.seeds += leaves.len() as u64;
                let told = self.tree.root_after_append(&leaves).unwrap();
                assert_eq!(self.tree.append(&leaves).unwrap(), told);
                let leaves = leaves.iter().map(|leaf| leaf.to_u256());
                self.model.leaves.extend(leaves);
            }
            Step::Revoke(seeds) => self.revoke(seeds),
            Step::Close => self
                .closed
                .push((self.tree.current().clone(), self.model.clone())),
            Step::GoBack(seed) if !self.closed.is_empty() => {
                let (version, model) = self.closed[seed % self.closed.len()].clone();
                self.tree.move_to(version);
                self.model = model;
            }
            Step::GoBack(_) => {}
        }
    }

    fn revoke(&mut self, seeds: &[usize]) {
        let mut positions: Vec<usize> = seeds
            .iter()
            .filter_map(|seed| seed.checked_rem(self.model.leaves.len()))
            .filter(|position| self.model.leaves[*position] != U256::ZERO)
            .collect();
        positions.dedup();
        let revocations: Vec<Revocation> = positions
            .iter()
            .map(|position| Revocation {
                leaf_index: index(*position),
                commitment: Commitment::try_from(self.model.leaves[*position]).unwrap(),
            })
            .collect();
        let has_doubles = {
            let mut sorted = positions.clone();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.len() < positions.len()
        };
        let told = self.tree.root_after_revoke(&revocations);
        assert_eq!(self.tree.revoke(&revocations), told);
        if has_doubles {
            assert!(matches!(told, Err(TreeError::NotTheLeaf { .. })));
            return;
        }
        told.unwrap();
        for position in positions {
            self.model.leaves[position] = U256::ZERO;
        }
    }

    fn check_members(&self) {
        for seed in 0..self.seeds {
            let commitment = commitment(seed);
            let place = |leaf: &U256| *leaf == commitment.to_u256();
            assert_eq!(
                self.tree.leaf_index(commitment),
                self.model.leaves.iter().position(place).map(index)
            );
        }
    }
}

fn check_version(version: &TreeVersion, model: &Model, seed: usize) {
    assert_eq!(version.leaf_count(), model.leaves.len() as u64);
    let position = seed % model.leaves.len().max(1);
    let (root, expected) = model.root_and_path(position);
    assert_eq!(version.root().to_u256(), root);
    let path = version.proof(index(position));
    assert_eq!(
        path.siblings
            .map(annona_core::FieldElement::to_u256)
            .to_vec(),
        expected
    );
    if model.leaves.is_empty() {
        return;
    }
    assert_eq!(version.leaf(index(position)), field(model.leaves[position]));
    let tiles = TileId::path_of(index(position)).map(|id| {
        let sent = version.tile(id).unwrap().to_bytes();
        Tile::from_bytes(id, &sent).unwrap()
    });
    assert_eq!(
        InclusionProof::from_tiles(index(position), &tiles),
        Ok(path)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_version_is_that_of_the_naive_tree(steps in vec(arb_step(), 1..14), seed: usize) {
        let mut world = World::default();
        for step in &steps {
            world.take(step);
        }
        world.check_members();
        check_version(world.tree.current(), &world.model, seed);
        for (version, model) in &world.closed {
            check_version(version, model, seed);
        }
    }

    #[test]
    fn versions_written_down_are_read_as_they_were(
        steps in vec(arb_step().prop_filter("a history", |step| !matches!(step, Step::GoBack(_))), 1..14),
        cut: usize,
        flipped: usize,
    ) {
        let mut world = World::default();
        for step in &steps {
            world.take(step);
        }
        world.take(&Step::Close);
        let mut bytes = Vec::new();
        let mut before = TreeVersion::default();
        for (version, _) in &world.closed {
            write_version(&before, version, &mut bytes).unwrap();
            before = version.clone();
        }
        let read_all = |mut input: &[u8]| {
            let mut versions = vec![TreeVersion::default()];
            for _ in &world.closed {
                versions.push(read_version(versions.last().unwrap(), &mut input)?);
            }
            Ok::<_, annona_tree::RestoreError>(versions.split_off(1))
        };
        let read = read_all(&bytes).unwrap();
        for (read, (version, model)) in read.iter().zip(&world.closed) {
            prop_assert_eq!(read.root(), version.root());
            prop_assert_eq!(read.leaf_count(), model.leaves.len() as u64);
        }
        let restored = MembershipTree::from(read.last().unwrap().clone());
        for seed in 0..world.seeds {
            prop_assert_eq!(
                restored.leaf_index(commitment(seed)),
                world.tree.leaf_index(commitment(seed))
            );
        }
        prop_assert!(read_all(&bytes[..cut % bytes.len()]).is_err());
        let mut damaged = bytes.clone();
        let place = flipped % bytes.len();
        damaged[place] ^= 1 << (flipped % 8);
        let told = read_all(&damaged);
        prop_assert!(told.is_err(), "byte {place} of {}", bytes.len());
    }
}

#[test]
fn the_frontier_is_what_lies_left_of_the_path_to_the_first_free_leaf() {
    let mut tree = MembershipTree::default();
    let mut model = Model::default();
    for count in 0..70 {
        let (_, path) = model.root_and_path(count);
        for (level, node) in tree.current().frontier().into_iter().enumerate() {
            let is_right = (count >> level) % 2 == 1;
            let expected = if is_right { path[level] } else { U256::ZERO };
            assert_eq!(node, field(expected), "{count} leaves, level {level}");
        }
        let leaf = commitment(count as u64);
        tree.append(&[leaf]).unwrap();
        model.leaves.push(leaf.to_u256());
        if count % 7 == 3 {
            let revocation = Revocation {
                leaf_index: index(count),
                commitment: leaf,
            };
            tree.revoke(&[revocation]).unwrap();
            model.leaves[count] = U256::ZERO;
        }
    }
}
