//! One key for all tests, and packages of made-up irises.

use std::sync::LazyLock;

use annona_core::B256;
use annona_keys::ProverFile;
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_proofs::KeyOrigin;
use annona_zkml::{
    EncodingProof, EncodingProver, IrisPackage, ProofContext, circuit, circuit_name,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// The prover of the test model, read back from the file that it was written to.
pub(crate) static PROVER: LazyLock<EncodingProver> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = ProverFile::new(
        folder.path(),
        circuit_name(ModelName::Ci),
        KeyOrigin::UnsafeTest,
    );
    let made = file.make_test_key(&circuit(ModelName::Ci)).unwrap();
    let key = file.load(made.hash()).unwrap();
    assert_eq!(key.to_bytes(), made.to_bytes());
    EncodingProver::new(ModelName::Ci, key)
});

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Pixels of a slope with a wave on it, and noise in a corner.
pub(crate) fn iris(model: ModelName) -> NormalisedIris {
    let size = *model.model().size();
    let pixel = |at: usize| ((at * at / 7 + 31 * at) % (usize::from(size.white()) + 1)) as u8;
    let pixels = (0..size.pixel_count()).map(pixel).collect();
    let noise = (0..size.noise_count()).map(|at| at % 11 == 4).collect();
    NormalisedIris::new(model.model(), pixels, noise).unwrap()
}

pub(crate) fn package(eye: Eye) -> IrisPackage {
    IrisPackage::new(eye, iris(ModelName::Ci), &mut rng(1))
}

pub(crate) fn context() -> ProofContext {
    ProofContext {
        purpose: "enrolment".parse().unwrap(),
        account: B256::repeat_byte(0x5a),
        epoch: 12,
    }
}

/// A proof of the right eye's package.
pub(crate) fn proof() -> EncodingProof {
    static PROOF: LazyLock<EncodingProof> = LazyLock::new(|| {
        let prepared = PROVER.prepare(&package(Eye::Right), &context()).unwrap();
        PROVER.prove(&prepared, &mut rng(2)).unwrap()
    });
    PROOF.clone()
}
