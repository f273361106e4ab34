//! An encoding's proof from a made-up iris, at the size of tests: package, proof, verification.
//! Try `cargo run --package annona-zkml --example prove_encoding`.

use annona_core::B256;
use annona_keys::ProverFile;
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_proofs::KeyOrigin;
use annona_zkml::{
    EncodingProof, EncodingProver, EncodingVerifier, IrisPackage, ProofContext, circuit,
    circuit_name,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

const MODEL: ModelName = ModelName::Ci;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let size = MODEL.model().size();
    let pixels = (0..size.pixel_count())
        .map(|at| (at * at % 128) as u8)
        .collect();
    let iris = NormalisedIris::new(MODEL.model(), pixels, vec![false; size.noise_count()])?;
    let package = IrisPackage::new(Eye::Left, iris, &mut rng);

    let folder = std::env::temp_dir().join("annona-example-keys");
    let file = ProverFile::new(&folder, circuit_name(MODEL), KeyOrigin::UnsafeTest);
    let prover = EncodingProver::new(MODEL, file.make_test_key(&circuit(MODEL))?);

    let context = ProofContext {
        purpose: "example".parse()?,
        account: B256::ZERO,
        epoch: 0,
    };
    let proof = prover.prove(&prover.prepare(&package, &context)?, &mut rng)?;
    let text = proof.to_json();
    EncodingVerifier::unsafe_test(MODEL).verify(&EncodingProof::from_json(&text)?)?;
    println!("{text}");
    Ok(())
}
