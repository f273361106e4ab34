use core::fmt;

use annona_circuits::{ScoreBank, ScoreErrors};
use annona_core::{FieldElement, FieldError};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{SCORE, TestSet};
use crate::Salt;
use crate::text::{parse_field, word};
use annona_proofs::{from_scalar, to_scalar};

/// Form of a file with a bank alone.
const BANK_FORMAT: &str = "annona-filter-bank-1";

/// Form of a file with a bank that is committed to.
const PRIVATE_FORMAT: &str = "annona-private-bank-1";

/// Reason why a text is no filter bank.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BankError {
    /// The text is not a bank of this version.
    #[error("this is not a filter bank of version 1")]
    NotABank(#[source] Option<serde_json::Error>),
    /// A filter has not the rows and columns that are asked for.
    #[error(
        "a bank has {} filters of {} rows with {} weights each",
        SCORE.filters, SCORE.filter_height, SCORE.filter_width
    )]
    Size,
    /// A weight is out of range.
    #[error(
        "weight {at} is {weight}, and weights are from {} to {}",
        SCORE.weight_range().start(), SCORE.weight_range().end()
    )]
    Weight {
        /// Index of the weight, filter by filter, row by row.
        at: usize,
        /// The weight.
        weight: i32,
    },
    /// The threshold is out of range.
    #[error("the threshold is {threshold}, and a code has {} bits", SCORE.code_count())]
    Threshold {
        /// The threshold.
        threshold: u32,
    },
    /// A commitment or a salt is not a reduced scalar.
    #[error("a word of the bank is damaged")]
    Word(#[from] FieldError),
}

/// Filters and the threshold of a match.
#[derive(Clone, PartialEq, Eq)]
pub struct FilterBank {
    weights: Vec<i32>,
    threshold: u32,
}

impl fmt::Debug for FilterBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilterBank(..)")
    }
}

/// A bank that is committed to for one test set, with the salt that hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateBank {
    bank: FilterBank,
    set_commitment: FieldElement,
    salt: Salt,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BankFile {
    format: String,
    threshold: u32,
    filters: Vec<Vec<Vec<i32>>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivateFile {
    format: String,
    set_commitment: String,
    salt: String,
    bank: BankFile,
}

impl FilterBank {
    /// Reads a bank: `format`, `threshold`, and `filters` as rows of weights.
    ///
    /// # Errors
    /// [`BankError`].
    pub fn from_json(text: &str) -> Result<Self, BankError> {
        let file: BankFile =
            serde_json::from_str(text).map_err(|error| BankError::NotABank(Some(error)))?;
        Self::read(&file)
    }

    fn read(file: &BankFile) -> Result<Self, BankError> {
        if file.format != BANK_FORMAT {
            return Err(BankError::NotABank(None));
        }
        let (height, width) = (
            usize::from(SCORE.filter_height),
            usize::from(SCORE.filter_width),
        );
        let is_filter = |filter: &Vec<Vec<i32>>| {
            filter.len() == height && filter.iter().all(|row| row.len() == width)
        };
        if file.filters.len() != usize::from(SCORE.filters) || !file.filters.iter().all(is_filter) {
            return Err(BankError::Size);
        }
        let weights: Vec<i32> = file.filters.iter().flatten().flatten().copied().collect();
        let range = SCORE.weight_range();
        if let Some(at) = weights.iter().position(|it| !range.contains(it)) {
            let weight = weights[at];
            return Err(BankError::Weight { at, weight });
        }
        let threshold = file.threshold;
        if threshold as usize > SCORE.code_count() {
            return Err(BankError::Threshold { threshold });
        }
        Ok(Self { weights, threshold })
    }

    fn file(&self) -> BankFile {
        let rows: Vec<Vec<i32>> = self
            .weights
            .chunks(SCORE.filter_width.into())
            .map(<[i32]>::to_vec)
            .collect();
        let filters = rows.chunks(SCORE.filter_height.into());
        BankFile {
            format: BANK_FORMAT.to_owned(),
            threshold: self.threshold,
            filters: filters.map(<[Vec<i32>]>::to_vec).collect(),
        }
    }

    fn values(&self, salt: Salt) -> ScoreBank {
        ScoreBank {
            salt: salt.scalar(),
            weights: self.weights.clone(),
            threshold: self.threshold,
        }
    }
}

impl PrivateBank {
    /// Commits to a bank for the test set behind `set_commitment`, with a fresh salt.
    pub fn new(bank: FilterBank, set_commitment: FieldElement, rng: &mut impl CryptoRng) -> Self {
        Self {
            bank,
            set_commitment,
            salt: Salt::random(rng),
        }
    }

    /// Returns the commitment to the test set that the bank was committed to for.
    #[must_use]
    pub const fn set_commitment(&self) -> FieldElement {
        self.set_commitment
    }

    /// Computes the commitment (ZKML-13).
    #[must_use]
    pub fn commitment(&self) -> FieldElement {
        from_scalar(SCORE.commit_bank(to_scalar(self.set_commitment), &self.values()))
    }

    /// Counts the errors over a test set.
    #[must_use]
    pub fn errors(&self, set: &TestSet) -> ScoreErrors {
        SCORE.count_errors(&set.values(), &self.values())
    }

    pub(crate) fn values(&self) -> ScoreBank {
        self.bank.values(self.salt)
    }

    /// Returns the text of the bank's file. It is secret.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = PrivateFile {
            format: PRIVATE_FORMAT.to_owned(),
            set_commitment: word(self.set_commitment.to_be_bytes()),
            salt: word(self.salt.to_be_bytes()),
            bank: self.bank.file(),
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`BankError`].
    pub fn from_json(text: &str) -> Result<Self, BankError> {
        let file: PrivateFile =
            serde_json::from_str(text).map_err(|error| BankError::NotABank(Some(error)))?;
        if file.format != PRIVATE_FORMAT {
            return Err(BankError::NotABank(None));
        }
        Ok(Self {
            bank: FilterBank::read(&file.bank)?,
            set_commitment: parse_field(&file.set_commitment)?,
            salt: Salt::from(parse_field(&file.salt)?),
        })
    }
}
