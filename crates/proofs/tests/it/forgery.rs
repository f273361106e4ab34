//! Shows why the challenge must be fixed by the proved leaves: with a challenge of the
//! calldata alone, one chooses the calldata, learns `x`, and solves one linear
//! equation for other leaves with the same value.

use annona_circuits::{Append, AppendPublic, AppendWitness, Circuit, R1cs, assign, outputs};
use annona_core::keccak256;
use annona_proofs::ProvingKey;
use ark_bn254::{Bn254, Fr};
use ark_ff::{AdditiveGroup, BigInteger, PrimeField};
use ark_groth16::Groth16;
use ark_serialize::CanonicalDeserialize;

const CIRCUIT: Append = Append { depth: 3, batch: 2 };

/// The inputs of the two verifiers: theirs differ in the challenge alone.
type Challenge = fn(&AppendPublic, &[Fr; 2]) -> Fr;

fn words(values: &[Fr]) -> Fr {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.into_bigint().to_bytes_be())
        .collect();
    Fr::from_be_bytes_mod_order(keccak256(bytes).as_slice())
}

/// Of what the calldata lists, and of nothing that depends on the proved leaves.
fn careless(public: &AppendPublic, listed: &[Fr; 2]) -> Fr {
    words(&[public.pre_root, public.start_index, listed[0], listed[1]])
}

/// The same with the digest.
fn careful(public: &AppendPublic, listed: &[Fr; 2]) -> Fr {
    let start = public.start_index;
    words(&[public.pre_root, start, public.digest, listed[0], listed[1]])
}

/// Checks calldata and proof as a contract does.
fn accepts(
    key: &ark_groth16::ProvingKey<Bn254>,
    challenge: Challenge,
    public: &AppendPublic,
    listed: &[Fr; 2],
    proof: &ark_groth16::Proof<Bn254>,
) -> bool {
    let x = challenge(public, listed);
    let y = listed[0] + listed[1] * x;
    let AppendPublic {
        pre_root,
        post_root,
        start_index,
        digest,
        ..
    } = *public;
    let inputs = [pre_root, post_root, start_index, digest, x, y];
    let prepared = ark_groth16::prepare_verifying_key(&key.vk);
    Groth16::<Bn254>::verify_proof(&prepared, proof, &inputs).unwrap()
}

/// A statement about `proved` for a challenge that is given.
fn statement(proved: [Fr; 2], x: Fr) -> AppendWitness {
    let mut witness = CIRCUIT.blank();
    witness.private = CIRCUIT.private(0, &[Fr::ZERO; 3], &proved);
    witness.public.x = x;
    let computed: [Fr; 4] = outputs(&CIRCUIT, &witness).try_into().unwrap();
    let public = &mut witness.public;
    [public.pre_root, public.post_root, public.digest, public.y] = computed;
    witness
}

fn prove(
    key: &ark_groth16::ProvingKey<Bn254>,
    witness: &AppendWitness,
) -> ark_groth16::Proof<Bn254> {
    use semaphore_rs_ark_circom::CircomReduction;
    let rows = R1cs::of(&CIRCUIT);
    let assignment = assign(&CIRCUIT, witness);
    assert!(rows.unsatisfied(&assignment).is_empty());
    Groth16::<Bn254, CircomReduction>::create_proof_with_reduction_and_matrices(
        key,
        Fr::from(7),
        Fr::from(8),
        &[rows.a, rows.b],
        rows.public_count,
        rows.rules.len(),
        assignment.values(),
    )
    .unwrap()
}

/// Leaves with the value of `listed` at `x`, the second of the forger's choice.
fn other_leaves(listed: [Fr; 2], x: Fr, hidden: Fr) -> [Fr; 2] {
    [listed[0] + (listed[1] - hidden) * x, hidden]
}

fn key() -> ark_groth16::ProvingKey<Bn254> {
    let mut bytes = Vec::new();
    ProvingKey::unsafe_test(&CIRCUIT)
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    ark_groth16::ProvingKey::deserialize_uncompressed_unchecked(bytes.as_slice()).unwrap()
}

/// Tests REG-3.
#[test]
fn a_challenge_without_the_digest_is_forged_and_one_with_it_is_not() {
    let key = key();
    let listed = [Fr::from(1111), Fr::from(2222)];
    let hidden = Fr::from(0xbad);

    // An honest proof passes both.
    for challenge in [careless as Challenge, careful] {
        let draft = statement(listed, Fr::ZERO);
        let honest = statement(listed, challenge(&draft.public, &listed));
        let proof = prove(&key, &honest);
        assert!(accepts(&key, challenge, &honest.public, &listed, &proof));
    }

    // The forger: the challenge of the calldata is known before the leaves are chosen.
    let draft = statement(listed, Fr::ZERO);
    let x = careless(&draft.public, &listed);
    let proved = other_leaves(listed, x, hidden);
    let forged = statement(proved, x);
    assert_ne!(proved, listed);
    let proof = prove(&key, &forged);
    assert!(
        accepts(&key, careless, &forged.public, &listed, &proof),
        "the leaf {hidden} is in the tree, and in no calldata"
    );

    // With the digest in it, the challenge moves when the leaves do.
    assert!(!accepts(&key, careful, &forged.public, &listed, &proof));
    let x = careful(&draft.public, &listed);
    let proved = other_leaves(listed, x, hidden);
    let forged = statement(proved, x);
    let proof = prove(&key, &forged);
    assert!(!accepts(&key, careful, &forged.public, &listed, &proof));
    // And to follow it is to chase it: the new challenge asks for yet other leaves.
    let x = careful(&forged.public, &listed);
    let chased = statement(other_leaves(listed, x, hidden), x);
    let proof = prove(&key, &chased);
    assert!(!accepts(&key, careful, &chased.public, &listed, &proof));
}
