//! Check that templates are those behind the code commitments of a statement.

use annona_circuits::{commit_code, eye_scalar};
use annona_core::{CodeSalts, FieldElement, IrisCommitments};
use annona_model::{EncodedIris, Eye, ModelName};
use annona_proofs::{from_scalar, to_scalar};
use annona_template::{EyePair, IrisTemplate, MIN_VALID_BITS};

/// Checks that template and salt of each eye open the code commitment in that eye's place, by the
/// model of templates (ENROL-19). It takes some milliseconds of computation.
///
/// # Errors
/// The first eye whose commitment does not open; the left one when there are no salts.
pub(crate) fn check_codes(
    commitments: &IrisCommitments,
    templates: &EyePair,
    salts: Option<&CodeSalts>,
) -> Result<(), Eye> {
    let salts = salts.ok_or(Eye::Left)?;
    let codes = code_commitments(ModelName::P, templates, salts);
    if codes.left != commitments.left.code {
        return Err(Eye::Left);
    }
    if codes.right != commitments.right.code {
        return Err(Eye::Right);
    }
    Ok(())
}

/// Returns whether both eyes have enough valid bits for a decision. The orb's pipeline makes no
/// template with fewer, but a packet is not trusted to be from it.
pub(crate) fn is_decidable(eyes: &EyePair) -> bool {
    [&eyes.left, &eyes.right]
        .iter()
        .all(|eye| eye.valid_bits() >= MIN_VALID_BITS)
}

/// Commitments to the codes of both eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeCommitments {
    /// Commitment to the code of the left eye.
    pub left: FieldElement,
    /// Commitment to the code of the right eye.
    pub right: FieldElement,
}

/// Computes the commitments to the codes of templates by `model` (ZKML-3). It takes some
/// milliseconds.
#[must_use]
pub fn code_commitments(
    model: ModelName,
    templates: &EyePair,
    salts: &CodeSalts,
) -> CodeCommitments {
    CodeCommitments {
        left: commitment(model, Eye::Left, &templates.left, salts.left),
        right: commitment(model, Eye::Right, &templates.right, salts.right),
    }
}

/// Computes the commitment to the code of a template, by the model of templates (ZKML-3).
#[must_use]
pub fn code_commitment(eye: Eye, template: &IrisTemplate, salt: FieldElement) -> FieldElement {
    commitment(ModelName::P, eye, template, salt)
}

fn commitment(
    model: ModelName,
    eye: Eye,
    template: &IrisTemplate,
    salt: FieldElement,
) -> FieldElement {
    from_scalar(commit_code(
        model.model(),
        &encoded(template),
        eye_scalar(eye),
        to_scalar(salt),
    ))
}

/// Returns code and mask in the order in which a commitment packs them: the words of the
/// template, the lowest bit first (ZKML-3).
fn encoded(template: &IrisTemplate) -> EncodedIris {
    let code = template.code().iter();
    let mask = template.mask().iter();
    EncodedIris {
        code: code.flat_map(|word| bits(*word, u64::BITS)).collect(),
        mask: mask
            .flat_map(|word| bits(u64::from(*word), u32::BITS))
            .collect(),
    }
}

fn bits(word: u64, count: u32) -> impl Iterator<Item = bool> {
    (0..count).map(move |place| word >> place & 1 == 1)
}
