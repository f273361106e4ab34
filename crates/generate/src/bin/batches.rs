//! `batches OUT KEYS [quick]`, run by `cargo xtask gen`: batches with real proofs, under the
//! test keys of the folder KEYS, for the Solidity tests. The same file ties Rust's
//! challenge and value to Solidity's. With `quick`, those of the large circuits are left out.
#![allow(
    clippy::unwrap_used,
    reason = "the model of the tree is that of the tests"
)]

#[path = "../../../proofs/tests/it/model.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod model;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use annona_circuits::CircuitId;
use annona_core::{Commitment, U256, keccak256};
use annona_keys::KeyFolder;
use annona_proofs::{
    AppendBatch, AppendProver, BatchProof, BatchStatement, RevokeBatch, RevokeProver,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value, json};

use model::{SCOPE, Tree};

/// Leaves of the long batches, which the tests make themselves instead of reading them.
const LISTED: usize = 32;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (out, keys, is_quick) = match arguments.as_slice() {
        [out, keys] => (out, keys, false),
        [out, keys, quick] if quick == "quick" => (out, keys, true),
        _ => return Err("usage: batches OUT KEYS [quick]".into()),
    };
    let mut prover = FixtureProver {
        keys: KeyFolder::new(keys),
        appends: HashMap::new(),
        revokes: HashMap::new(),
        batches: Map::new(),
    };
    prover.recovery()?;
    prover.oddities()?;
    prover.full()?;
    if !is_quick {
        prover.large()?;
    }
    let document = json!({
        "chainId": SCOPE.chain_id,
        "registry": format!("{:#x}", SCOPE.registry),
        "batches": prover.batches,
    });
    std::fs::write(out, serde_json::to_string_pretty(&document)? + "\n")?;
    Ok(())
}

/// Proves batches, and keeps the results. A key is loaded once: it is tried out each time.
struct FixtureProver {
    keys: KeyFolder,
    appends: HashMap<CircuitId, AppendProver>,
    revokes: HashMap<CircuitId, RevokeProver>,
    batches: Map<String, Value>,
}

impl FixtureProver {
    /// Three people join; the second loses the phone, and joins again.
    fn recovery(&mut self) -> Result<(), Failure> {
        let mut tree = Tree::default();
        let batch = tree.append(0, &leaves(0, 3));
        self.append("joined", CircuitId::Append16, &batch)?;
        let batch = tree.revoke(&[1]);
        self.revoke("revoked", CircuitId::Revoke8, &batch)?;
        let batch = tree.append(3, &leaves(3, 1));
        self.append("recovered", CircuitId::Append16, &batch)
    }

    fn oddities(&mut self) -> Result<(), Failure> {
        let batch = Tree::default().append(0, &leaves(0, 3));
        self.append("otherSize", CircuitId::Append256, &batch)?;
        let twice = [leaves(0, 1), leaves(0, 1)].concat();
        let batch = Tree::default().append(0, &twice);
        self.append("duplicate", CircuitId::Append16, &batch)
    }

    /// Each circuit with all its places taken.
    fn full(&mut self) -> Result<(), Failure> {
        let batch = Tree::default().append(0, &leaves(0, 16));
        self.append("full16", CircuitId::Append16, &batch)?;
        let mut tree = Tree::default();
        let batch = tree.append(0, &leaves(0, 256));
        self.append("full256", CircuitId::Append256, &batch)?;
        let positions: Vec<u64> = (0..8).map(|at| at * 7).collect();
        let batch = tree.revoke(&positions);
        self.revoke("full8", CircuitId::Revoke8, &batch)
    }

    /// The same for circuits whose keys take long.
    fn large(&mut self) -> Result<(), Failure> {
        let batch = Tree::default().append(0, &leaves(0, 1024));
        self.append("full1024", CircuitId::Append1024, &batch)?;
        let positions: Vec<u64> = (0..32).map(|at| at * 7).collect();
        let mut tree = Tree::default();
        tree.append(0, &leaves(0, 256));
        let batch = tree.revoke(&positions);
        self.revoke("full32", CircuitId::Revoke32, &batch)
    }

    fn append(
        &mut self,
        name: &str,
        circuit: CircuitId,
        batch: &AppendBatch,
    ) -> Result<(), Failure> {
        let prover = match self.appends.entry(circuit) {
            Entry::Occupied(loaded) => loaded.into_mut(),
            Entry::Vacant(free) => {
                let append = circuit.append().ok_or("an append circuit")?;
                free.insert(AppendProver::new(append, self.keys.test_key(circuit)?))
            }
        };
        let proved = prover.prove(&SCOPE, batch, &mut rng_for(name))?;
        let statement = &proved.statement;
        let mut shown = show(&proved);
        shown["preRoot"] = hex(statement.pre_root.to_u256());
        shown["postRoot"] = hex(statement.post_root.to_u256());
        shown["startIndex"] = json!(statement.start_index.get());
        shown["digest"] = hex(statement.digest.to_u256());
        self.batches.insert(name.to_owned(), shown);
        Ok(())
    }

    fn revoke(
        &mut self,
        name: &str,
        circuit: CircuitId,
        batch: &RevokeBatch,
    ) -> Result<(), Failure> {
        let prover = match self.revokes.entry(circuit) {
            Entry::Occupied(loaded) => loaded.into_mut(),
            Entry::Vacant(free) => {
                let revoke = circuit.revoke().ok_or("a revoke circuit")?;
                free.insert(RevokeProver::new(revoke, self.keys.test_key(circuit)?))
            }
        };
        let proved = prover.prove(&SCOPE, batch, &mut rng_for(name))?;
        let statement = &proved.statement;
        let mut shown = show(&proved);
        shown["preRoot"] = hex(statement.pre_root.to_u256());
        shown["postRoot"] = hex(statement.post_root.to_u256());
        shown["digest"] = hex(statement.digest.to_u256());
        self.batches.insert(name.to_owned(), shown);
        Ok(())
    }
}

/// Randomness that depends on no other batch.
fn rng_for(name: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(keccak256(name).0)
}

/// Lists the parts that every kind of batch has: list, challenge, value, proof.
fn show<S: BatchStatement>(proved: &BatchProof<S>) -> Value {
    let inputs = proved.statement.public_inputs(&SCOPE);
    let items: Vec<Value> = proved
        .statement
        .items()
        .iter()
        .map(|item| hex(item.to_u256()))
        .collect();
    let mut shown = json!({
        "x": hex(inputs[inputs.len() - 2].to_u256()),
        "y": hex(inputs[inputs.len() - 1].to_u256()),
        "proof": proved.points.coordinates().map(hex),
    });
    if items.len() <= 2 * LISTED {
        shown["items"] = Value::Array(items);
    }
    shown
}

/// `keccak256(abi.encode(i)) >> 8` for each `i`, as the tests compute it.
fn leaves(from: u64, count: u64) -> Vec<Commitment> {
    (from..from + count)
        .map(|at| {
            let hash = keccak256(U256::from(at).to_be_bytes::<32>());
            Commitment::try_from(U256::from_be_bytes(hash.0) >> 8).unwrap()
        })
        .collect()
}

fn hex(value: U256) -> Value {
    json!(format!("0x{value:064x}"))
}
