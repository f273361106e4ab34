//! Codes by another model, proved from the irises that an orb committed to (ZKML-19).

use annona_core::{B256, CodeSalts, Commitment};
use annona_model::{EncodedIris, ModelName};
use annona_template::{CODE_BITS, COLUMNS, EyePair, IrisTemplate};
use rand_core::CryptoRng;

use crate::{EncodingProver, IrisPackage, PairError, ProofContext, ProofPair, ProveError};

/// Reason why codes by another model are not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeProofError {
    /// A code was not proved.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The packages are not those of two eyes.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The model's codes are not laid out as templates are.
    #[error("codes by the model {model} are no templates")]
    Layout {
        /// The model.
        model: ModelName,
    },
}

/// Templates of both eyes by another model, with the proofs that they are the person's own.
#[derive(Debug, Clone)]
pub struct ProvedCodes {
    /// Model of the templates.
    pub model: ModelName,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Salts that open the commitments to the codes.
    pub code_salts: CodeSalts,
    /// Proofs of both codes, for the upgrade of one account.
    pub proofs: ProofPair,
}

impl ProvedCodes {
    /// Returns the id of the model.
    #[must_use]
    pub fn model_id(&self) -> B256 {
        self.model.model().id().into()
    }
}

impl EncodingProver {
    /// Encodes the irises of both eyes, left and right, by this prover's model, and proves both
    /// codes for the upgrade of `account`. At full size it takes seconds an eye and 334 MB.
    ///
    /// The code's salt is that of the package, so that the same codes and commitments come out each
    /// time; the service was told it at the enrolment, and has the codes.
    ///
    /// # Errors
    /// [`UpgradeProofError`].
    pub fn prove_upgrade(
        &self,
        eyes: [&IrisPackage; 2],
        account: Commitment,
        rng: &mut impl CryptoRng,
    ) -> Result<ProvedCodes, UpgradeProofError> {
        let model = self.verifier().model();
        let context = ProofContext::upgrade(account);
        let [left, right] = eyes;
        let templates = EyePair {
            left: template(left, model)?,
            right: template(right, model)?,
        };
        let mut prove = |package| -> Result<_, ProveError> {
            self.prove(&self.prepare(package, &context)?, rng)
        };
        let proofs = ProofPair::new(prove(left)?, prove(right)?)?;
        let code_salts = CodeSalts {
            left: left.code_salt(),
            right: right.code_salt(),
        };
        Ok(ProvedCodes {
            model,
            templates,
            code_salts,
            proofs,
        })
    }
}

fn template(package: &IrisPackage, model: ModelName) -> Result<IrisTemplate, UpgradeProofError> {
    let (encoded, _) = package.code_commitment(model).map_err(ProveError::from)?;
    laid_out(&encoded).ok_or(UpgradeProofError::Layout { model })
}

/// Returns the template whose bits these are; none if there are more or fewer.
fn laid_out(encoded: &EncodedIris) -> Option<IrisTemplate> {
    if encoded.code.len() != CODE_BITS {
        return None;
    }
    let mut code = [0; COLUMNS];
    let mut mask = [0; COLUMNS];
    let codes = encoded.code.chunks(CODE_BITS / COLUMNS);
    for (word, bits) in code.iter_mut().zip(codes) {
        *word = word_of(bits);
    }
    let masks = encoded.mask.chunks(CODE_BITS / COLUMNS / 2);
    for (word, bits) in mask.iter_mut().zip(masks) {
        *word = u32::try_from(word_of(bits)).ok()?;
    }
    Some(IrisTemplate::from_columns(code, mask))
}

/// Returns the word whose bits these are, the lowest first.
fn word_of(bits: &[bool]) -> u64 {
    let bits = bits.iter().rev();
    bits.fold(0, |word, bit| word << 1 | u64::from(*bit))
}
