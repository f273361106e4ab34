//! Claims with real proofs, in the forms that npm packages read.

use std::path::Path;

use annona_client::prepare_claim;
use annona_core::{Address, AmountWei, ClaimScope, Epoch, Payment, U256};
use annona_proofs::Identity;
use annona_tree::MembershipTree;
use anyhow::Context;
use rand::{CryptoRng, RngExt};
use serde_json::{Value, json};

/// Proves a claim of each of `count` members, each in an epoch of its own.
///
/// Writes them to `folder` as `claim-N.json`, in the form of `@semaphore-protocol/proof`;
/// returns their public inputs and coordinates.
pub(crate) fn claims(folder: &Path, count: u32, rng: &mut impl CryptoRng) -> anyhow::Result<Value> {
    let people: Vec<Identity> = (0..count).map(|_| Identity::generate(rng)).collect();
    let mut members = MembershipTree::default();
    let commitments: Vec<_> = people.iter().map(Identity::commitment).collect();
    members.append(&commitments)?;
    let scope = ClaimScope {
        chain_id: 1,
        distributor: Address::from(rng.random::<[u8; 20]>()),
    };
    let mut claims = Vec::new();
    for (number, person) in people.iter().enumerate() {
        let place = members
            .leaf_index(person.commitment())
            .context("everybody was appended")?;
        let path = members.current().proof(place);
        let payment = Payment {
            recipient: Address::from(rng.random::<[u8; 20]>()),
            fee_recipient: Address::from(rng.random::<[u8; 20]>()),
            fee: AmountWei(U256::from(rng.random::<u64>())),
        };
        let (epoch, root) = (Epoch(rng.random()), members.root());
        let draft = prepare_claim(person, &path, epoch, root, &scope, payment, rng)?;
        let semaphore = serde_json::to_string_pretty(&draft.to_semaphore_json())?;
        std::fs::write(folder.join(format!("claim-{number}.json")), semaphore)?;
        let proof = &draft.proof;
        claims.push(json!({
            "signals": proof.inputs.to_fields().map(|field| field.to_u256().to_string()),
            "coordinates": proof.points.coordinates().map(|coordinate| coordinate.to_string()),
        }));
    }
    Ok(claims.into())
}
