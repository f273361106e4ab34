//! `fixtures OUT BATCH`, run by `cargo xtask gen`: claims with real proofs for the Solidity
//! tests, at fixed addresses and seeds. The file OUT ties Rust's hashes to Solidity's; BATCH
//! has as many claims of one epoch as a transaction takes.

use std::ffi::OsStr;

use annona_core::{Address, AmountWei, ClaimScope, Epoch, FieldElement, Payment, U256};
use annona_proofs::{Identity, prove_claim};
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value, json};

/// Low bytes of the distributor's, the recipient's and the relay's address, as the tests
/// place them.
const DISTRIBUTOR: u32 = 0x0a22_0a01;
const RECIPIENT: u32 = 0x000a_11ce;
const RELAY: u32 = 0x00e1_a700;

/// Low bytes of the address of the first recipient of the batch; the others follow.
const BATCH_RECIPIENTS: u32 = 0x0b00_0000;

/// Claims of the batch, and members of its epoch: some do not claim.
const BATCH_CLAIMS: u32 = 128;
const BATCH_MEMBERS: u32 = 136;

/// A tenth of a token.
const FEE_WEI: u64 = 100_000_000_000_000_000;

/// One claim: its name, person and epoch, the number of leaves of the tree, and the fee.
struct Case {
    name: &'static str,
    person: usize,
    epoch: u64,
    leaves: usize,
    fee: u64,
}

const CASES: [Case; 5] = [
    Case {
        name: "single",
        person: 0,
        epoch: 1,
        leaves: 1,
        fee: 0,
    },
    Case {
        name: "withFee",
        person: 0,
        epoch: 1,
        leaves: 1,
        fee: FEE_WEI,
    },
    Case {
        name: "nextEpoch",
        person: 0,
        epoch: 2,
        leaves: 2,
        fee: 0,
    },
    Case {
        name: "secondPerson",
        person: 1,
        epoch: 2,
        leaves: 2,
        fee: 0,
    },
    // Proved against the root of epoch 2, for epoch 1: to be refused.
    Case {
        name: "olderRoot",
        person: 1,
        epoch: 1,
        leaves: 2,
        fee: 0,
    },
];

type Failure = Box<dyn std::error::Error>;

fn address(low: u32) -> Address {
    Address::left_padding_from(&low.to_be_bytes())
}

fn hex(value: impl Into<U256>) -> String {
    format!("0x{:064x}", value.into())
}

fn field(value: FieldElement) -> String {
    hex(value.to_u256())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [out, batch_out] = arguments.as_slice() else {
        return Err("usage: fixtures OUT BATCH".into());
    };
    let scope = ClaimScope {
        chain_id: 31_337,
        distributor: address(DISTRIBUTOR),
    };
    write(out, &single_claims(&scope)?)?;
    write(batch_out, &claim_batch(&scope)?)
}

fn write(out: &OsStr, document: &Value) -> Result<(), Failure> {
    std::fs::write(out, serde_json::to_string_pretty(document)? + "\n")?;
    Ok(())
}

fn single_claims(scope: &ClaimScope) -> Result<Value, Failure> {
    let people = [[1; 32], [2; 32]].map(Identity::from_secret);
    let mut tree = MembershipTree::default();
    let mut versions = Vec::new();
    for person in &people {
        tree.append(&[person.commitment()])?;
        versions.push(tree.clone());
    }
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut claims = Map::new();
    for case in &CASES {
        claims.insert(
            case.name.to_owned(),
            claim(case, &people, &versions[case.leaves - 1], scope, &mut rng)?,
        );
    }
    Ok(json!({
        "chainId": scope.chain_id,
        "distributor": format!("{:#x}", scope.distributor),
        "commitments": people.each_ref().map(|person| field(person.commitment().to_field())),
        "roots": versions.iter().map(|tree| field(tree.root().to_field())).collect::<Vec<_>>(),
        "claims": claims,
    }))
}

/// Claims of epoch 1 without a fee, as the words that calldata has of them.
fn claim_batch(scope: &ClaimScope) -> Result<Value, Failure> {
    let people: Vec<Identity> = (0..BATCH_MEMBERS).map(batch_member).collect();
    let mut tree = MembershipTree::default();
    let commitments: Vec<_> = people.iter().map(Identity::commitment).collect();
    tree.append(&commitments)?;
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut words = Vec::new();
    for (number, person) in (0..BATCH_CLAIMS).zip(&people) {
        let index = tree
            .leaf_index(person.commitment())
            .ok_or("every person is a leaf")?;
        let path = tree.current().proof(index);
        let payment = Payment {
            recipient: address(BATCH_RECIPIENTS + number),
            fee_recipient: Address::ZERO,
            fee: AmountWei(U256::ZERO),
        };
        let proof = prove_claim(person, &path, scope, Epoch(1), &payment, &mut rng)?;
        words.push(proof.inputs.nullifier_hash.to_field().to_u256());
        words.push(U256::from_be_bytes(payment.recipient.into_word().0));
        words.extend([U256::ZERO; 2]);
        words.extend(*proof.points.coordinates());
    }
    let digits: String = words.iter().map(|word| format!("{word:064x}")).collect();
    Ok(json!({
        "members": BATCH_MEMBERS,
        "root": field(tree.root().to_field()),
        "claims": format!("0x{digits}"),
    }))
}

fn batch_member(number: u32) -> Identity {
    let mut secret = [3; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    Identity::from_secret(secret)
}

fn claim(
    case: &Case,
    people: &[Identity; 2],
    tree: &MembershipTree,
    scope: &ClaimScope,
    rng: &mut ChaCha20Rng,
) -> Result<Value, Failure> {
    let person = &people[case.person];
    let index = tree
        .leaf_index(person.commitment())
        .ok_or("every person is a leaf")?;
    let path = tree.current().proof(index);
    let fee_recipient = if case.fee == 0 {
        Address::ZERO
    } else {
        address(RELAY)
    };
    let fee = AmountWei(U256::from(case.fee));
    let payment = Payment {
        recipient: address(RECIPIENT),
        fee_recipient,
        fee,
    };
    let proof = prove_claim(person, &path, scope, Epoch(case.epoch), &payment, rng)?;
    Ok(json!({
        "epoch": case.epoch,
        "root": field(proof.inputs.root.to_field()),
        "recipient": format!("{:#x}", payment.recipient),
        "feeRecipient": format!("{:#x}", payment.fee_recipient),
        "fee": hex(payment.fee.0),
        "externalNullifier": field(proof.inputs.external_nullifier.to_field()),
        "signalHash": field(proof.inputs.signal.to_field()),
        "nullifierHash": field(proof.inputs.nullifier_hash.to_field()),
        "proof": proof.points.coordinates().map(hex),
    }))
}
