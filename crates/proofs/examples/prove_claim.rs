//! Proves a claim and verifies it: an identity, a tree in which it is one of three, a payment.
//!
//! `cargo run -p annona-proofs --example prove_claim`

use annona_core::{Address, AmountWei, ClaimScope, Epoch, Payment, SignalHash};
use annona_proofs::{ClaimVerifier, Identity, VerifyingKey, prove_claim};
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Anybody can repeat this one: a wallet takes the random source of its system.
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let people = [(); 3].map(|()| Identity::generate(&mut rng));
    let mut tree = MembershipTree::default();
    tree.append(&people.each_ref().map(Identity::commitment))?;

    let claimant = &people[1];
    let leaf_index = tree.leaf_index(claimant.commitment());
    let path = tree.current().proof(leaf_index.ok_or("just appended")?);
    let scope = ClaimScope {
        chain_id: 31_337,
        distributor: Address::repeat_byte(1),
    };
    let payment = Payment {
        recipient: Address::repeat_byte(2),
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let proof = prove_claim(claimant, &path, &scope, Epoch(7), &payment, &mut rng)?;
    println!("root           {}", proof.inputs.root);
    println!("nullifier hash {}", proof.inputs.nullifier_hash);

    let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
    verifier.verify(&proof.inputs, &proof.points)?;
    println!("the proof holds");

    // Another payment would be another signal, for which this proof does not hold.
    let mut other = proof.inputs;
    other.signal = SignalHash::new(&Payment {
        recipient: Address::repeat_byte(3),
        ..payment
    });
    assert!(verifier.verify(&other, &proof.points).is_err());
    println!("it does not hold for another recipient");
    Ok(())
}
