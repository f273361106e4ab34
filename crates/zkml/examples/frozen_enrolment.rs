//! `frozen_enrolment KEYS FILE`, run by `cargo xtask gen`: writes to FILE an enrolment whose codes
//! are proved by the model of templates, and its change to another model, for tests that cannot
//! afford the full-size key. The irises are a pattern, and the same each time. The prover is in the
//! folder KEYS, or is made there under the unsafe test key, which takes minutes.

use std::error::Error;
use std::path::{Path, PathBuf};

use annona_core::{Commitment, FieldElement, keccak256};
use annona_keys::ProverFile;
use annona_model::{EncodedIris, Eye, ModelName, NormalisedIris};
use annona_proofs::KeyOrigin;
use annona_zkml::{
    EncodingProver, IrisPackage, ProofContext, ProofPair, circuit, circuit_name, pinned,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// Model of templates.
const MODEL: ModelName = ModelName::P;

/// Model to which the person changes later.
const NEXT: ModelName = ModelName::P2;

/// Commitment of the person, which the proofs are for.
const PERSON: &str = "0x0000000000000000000000000000000000000000000000000000000000000e19";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [keys, file] = arguments.as_slice() else {
        return Err("usage: frozen_enrolment KEYS FILE".into());
    };
    let packages = [(Eye::Left, 1), (Eye::Right, 2)].map(|(eye, seed)| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        IrisPackage::new(eye, iris(seed), &mut rng)
    });
    let person: Commitment = PERSON.parse()?;
    let context = ProofContext::enrolment(person);
    let first = prover(keys, MODEL)?;
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut prove = |package| -> Result<_, Box<dyn Error>> {
        Ok(first.prove(&first.prepare(package, &context)?, &mut rng)?)
    };
    let pair = ProofPair::new(prove(&packages[0])?, prove(&packages[1])?)?;
    let [left, right] = packages.each_ref().map(|it| eye(it, MODEL));
    let next = prover(keys, NEXT)?;
    let upgraded = next.prove_upgrade(packages.each_ref(), person, &mut rng)?;
    let [next_left, next_right] = packages.each_ref().map(|it| eye(it, NEXT));
    let enrolment = json!({
        "commitment": PERSON,
        "left": left?,
        "right": right?,
        "proofs": pair.to_json(),
        "upgrade": {
            "model": NEXT.name(),
            "left": next_left?,
            "right": next_right?,
            "proofs": upgraded.proofs.to_json(),
        },
    });
    let text = serde_json::to_string_pretty(&enrolment)? + "\n";
    Ok(std::fs::write(file, text)?)
}

fn prover(keys: &Path, model: ModelName) -> Result<EncodingProver, Box<dyn Error>> {
    let file = ProverFile::new(keys, circuit_name(model), KeyOrigin::UnsafeTest);
    let key = match file.load(pinned(model).test_key_hash) {
        Ok(key) => key,
        Err(_) => file.make_test_key(&circuit(model))?,
    };
    Ok(EncodingProver::new(model, key))
}

/// Pixels drawn from the hash of a seed, without noise.
fn iris(seed: u64) -> NormalisedIris {
    let size = *MODEL.model().size();
    let pixel = |at: usize| {
        keccak256([seed, (at / 32) as u64].map(u64::to_be_bytes).concat())[at % 32] & size.white()
    };
    let pixels = (0..size.pixel_count()).map(pixel).collect();
    let noise = vec![false; size.noise_count()];
    NormalisedIris::new(MODEL.model(), pixels, noise).expect("the pattern is of the model's size")
}

/// Code and mask of an eye, the lowest bit of each word first, with the commitments and the salt
/// that opens the second.
fn eye(package: &IrisPackage, model: ModelName) -> Result<Value, Box<dyn Error>> {
    let (EncodedIris { code, mask }, _) = package.code_commitment(model)?;
    let commitments = package.commitments(model)?;
    let hex = |value: FieldElement| value.to_string();
    Ok(json!({
        "code": words(&code, 64),
        "mask": words(&mask, 32),
        "image_commitment": hex(commitments.image),
        "code_commitment": hex(commitments.code),
        "code_salt": hex(package.code_salt()),
    }))
}

fn words(bits: &[bool], length: usize) -> String {
    let word = |bits: &[bool]| {
        let bits = bits.iter().enumerate();
        let word = bits.fold(0_u64, |word, (place, bit)| word | u64::from(*bit) << place);
        format!("{word:0width$x}", width = length / 4)
    };
    bits.chunks(length).map(word).collect::<Vec<_>>().join(" ")
}
