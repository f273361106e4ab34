//! Check that templates are those behind the code commitments of a statement.

use annona_circuits::commit_code;
use annona_core::{CodeSalts, FieldElement, IrisCommitments};
use annona_model::{EncodedIris, Eye, ModelName};
use annona_template::{EyePair, IrisTemplate};
use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};

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
    let left = code_commitment(Eye::Left, &templates.left, salts.left);
    if left != commitments.left.code {
        return Err(Eye::Left);
    }
    let right = code_commitment(Eye::Right, &templates.right, salts.right);
    if right != commitments.right.code {
        return Err(Eye::Right);
    }
    Ok(())
}

/// Computes the commitment to the code of a template, by the model of templates (ZKML-3).
#[must_use]
pub fn code_commitment(eye: Eye, template: &IrisTemplate, salt: FieldElement) -> FieldElement {
    let eye = match eye {
        Eye::Left => Fr::from(0),
        Eye::Right => Fr::from(1),
    };
    let model = ModelName::P.model();
    from_scalar(commit_code(model, &encoded(template), eye, to_scalar(salt)))
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

/// Exact, because a [`FieldElement`] is below the scalar modulus.
fn to_scalar(value: FieldElement) -> Fr {
    Fr::from_be_bytes_mod_order(&value.to_be_bytes())
}

fn from_scalar(value: Fr) -> FieldElement {
    let bytes = value.into_bigint().to_bytes_be();
    let bytes: [u8; 32] = bytes.try_into().expect("a scalar has 32 bytes");
    FieldElement::from_be_bytes(bytes).expect("a scalar is reduced")
}
