//! Shows that somebody is a member: a few leaves, the path of one, and the root that it leads to.
//!
//! `cargo run -p annona-tree --example membership`

use annona_core::{Commitment, U256};
use annona_tree::{MembershipTree, Revocation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let people: Vec<Commitment> = (1..=5)
        .map(|number| Commitment::try_from(U256::from(number)))
        .collect::<Result<_, _>>()?;
    let mut tree = MembershipTree::default();
    tree.append(&people)?;
    println!("{} members, root {}", tree.leaf_count(), tree.root());

    let member = people[3];
    let leaf_index = tree.leaf_index(member).ok_or("just appended")?;
    let path = tree.current().proof(leaf_index);
    println!(
        "leaf {leaf_index} has a path of {} nodes",
        path.siblings.len()
    );
    assert_eq!(path.root_from(member), tree.root());

    // A version is a value: later changes leave it as it is.
    let before = tree.current().clone();
    tree.revoke(&[Revocation {
        leaf_index,
        commitment: member,
    }])?;
    assert_ne!(path.root_from(member), tree.root());
    assert_eq!(path.root_from(member), before.root());
    println!("revoked: root {}, before {}", tree.root(), before.root());
    Ok(())
}
