use annona_core::{CodeSalts, Commitment, EyeCommitments, FieldElement, IrisCommitments};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use serde_json::Value;

/// Enrolment that `cargo xtask gen` proved, once, with the full-size key of the model of templates.
const FROZEN: &str = include_str!("../../zkml/tests/enrolment.json");

/// Person whose codes are proved, without a picture: the irises are a pattern.
#[derive(Debug, Clone)]
pub struct ProvedPerson {
    /// Commitment that the proofs are for.
    pub commitment: Commitment,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Commitments to irises and codes.
    pub commitments: IrisCommitments,
    /// Salts that open the commitments to the codes.
    pub code_salts: CodeSalts,
    /// Text of the file of both eyes' proofs, under the unsafe test key.
    pub proofs: String,
}

/// Codes of the same person by another model, proved for the person's commitment.
#[derive(Debug, Clone)]
pub struct ProvedUpgrade {
    /// Templates of both eyes by the model `p2`.
    pub templates: EyePair,
    /// Salts that open the commitments to the codes.
    pub code_salts: CodeSalts,
    /// Text of the file of both eyes' proofs, under the unsafe test key of `p2`.
    pub proofs: String,
}

impl ProvedUpgrade {
    /// Returns the codes whose proofs are in this repository.
    ///
    /// # Panics
    /// Panics if the file is not as it was generated.
    #[must_use]
    pub fn frozen() -> Self {
        let frozen: Value = serde_json::from_str(FROZEN).unwrap();
        let upgrade = &frozen["upgrade"];
        let eyes = ["left", "right"].map(|eye| &upgrade[eye]);
        Self {
            templates: templates(eyes),
            code_salts: code_salts(eyes),
            proofs: text(&upgrade["proofs"]).to_owned(),
        }
    }
}

impl ProvedPerson {
    /// Returns the person whose proofs are in this repository.
    ///
    /// # Panics
    /// Panics if the file is not as it was generated.
    #[must_use]
    pub fn frozen() -> Self {
        let frozen: Value = serde_json::from_str(FROZEN).unwrap();
        let eyes = ["left", "right"].map(|eye| &frozen[eye]);
        let [left, right] = eyes;
        Self {
            commitment: text(&frozen["commitment"]).parse().unwrap(),
            templates: templates(eyes),
            commitments: IrisCommitments {
                left: commitments(left),
                right: commitments(right),
            },
            code_salts: code_salts(eyes),
            proofs: text(&frozen["proofs"]).to_owned(),
        }
    }
}

fn templates([left, right]: [&Value; 2]) -> EyePair {
    EyePair {
        left: template(left),
        right: template(right),
    }
}

fn code_salts([left, right]: [&Value; 2]) -> CodeSalts {
    CodeSalts {
        left: scalar(&left["code_salt"]),
        right: scalar(&right["code_salt"]),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn scalar(value: &Value) -> FieldElement {
    text(value).parse().unwrap()
}

fn commitments(eye: &Value) -> EyeCommitments {
    EyeCommitments {
        image: scalar(&eye["image_commitment"]),
        code: scalar(&eye["code_commitment"]),
    }
}

fn template(eye: &Value) -> IrisTemplate {
    let (code, mask) = (words(&eye["code"]), words(&eye["mask"]));
    IrisTemplate::from_columns(code, mask.map(|word| word.try_into().unwrap()))
}

fn words(value: &Value) -> [u64; COLUMNS] {
    let words = text(value)
        .split(' ')
        .map(|word| u64::from_str_radix(word, 16).unwrap());
    let words: Vec<u64> = words.collect();
    words.try_into().unwrap()
}
