use core::fmt;

use annona_circuits::ScoreSet;
use annona_core::{FieldElement, FieldError};
use annona_model::{ModelName, NormalisedIris};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::SCORE;
use crate::Salt;
use crate::text::{hex, parse_field, unhex, word};
use annona_proofs::from_scalar;

/// Form of a test set's file.
const FORMAT: &str = "annona-score-set-1";

/// Bits by which the sum of four pixels of the model CI is brought to the depth of a test set.
const SUM_SHIFT: u32 = 5;

/// Reason why irises or a text are no test set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestSetError {
    /// The number of irises is another.
    #[error("a test set has {expected} irises, two of each eye in turn, and not {actual}")]
    Count {
        /// Number that is asked for.
        expected: usize,
        /// Number given.
        actual: usize,
    },
    /// An iris is not of the size of the model CI.
    #[error("iris {at} is not of the size that the model {} reads", ModelName::Ci)]
    Size {
        /// Index of the iris.
        at: usize,
    },
    /// The text is not a test set of this version.
    #[error("this is not a test set of version 1")]
    NotATestSet(#[source] Option<serde_json::Error>),
    /// The salt is not a reduced scalar.
    #[error("the salt of the test set is damaged")]
    Salt(#[from] FieldError),
}

/// Irises of a test set with the salt of their commitment. They are biometric, and the salt is
/// what hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct TestSet {
    salt: Salt,
    pixels: Vec<u8>,
}

impl fmt::Debug for TestSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestSet(..)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestSetFile {
    format: String,
    pixels: String,
    salt: String,
}

impl TestSet {
    /// Makes a test set of irises that the model CI reads, two of each eye in turn, with a fresh
    /// salt. Each pixel is the mean of four, of 4 bits; noise is left out.
    ///
    /// # Errors
    /// [`TestSetError::Count`], [`TestSetError::Size`].
    pub fn new(irises: &[NormalisedIris], rng: &mut impl CryptoRng) -> Result<Self, TestSetError> {
        let (expected, actual) = (SCORE.iris_count(), irises.len());
        if expected != actual {
            return Err(TestSetError::Count { expected, actual });
        }
        let mut pixels = Vec::with_capacity(expected * SCORE.pixel_count());
        for (at, iris) in irises.iter().enumerate() {
            if iris.size() != ModelName::Ci.model().size() {
                return Err(TestSetError::Size { at });
            }
            pixels.extend(halved(iris));
        }
        Ok(Self {
            salt: Salt::random(rng),
            pixels,
        })
    }

    /// Computes the commitment (ZKML-12).
    #[must_use]
    pub fn commitment(&self) -> FieldElement {
        from_scalar(SCORE.commit_set(&self.values()))
    }

    pub(crate) fn values(&self) -> ScoreSet {
        ScoreSet {
            salt: self.salt.scalar(),
            pixels: self.pixels.iter().copied().map(u32::from).collect(),
        }
    }

    /// Returns the text of the test set's file. It is secret.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = TestSetFile {
            format: FORMAT.to_owned(),
            pixels: hex(&self.pixels),
            salt: word(self.salt.to_be_bytes()),
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`TestSetError`].
    pub fn from_json(text: &str) -> Result<Self, TestSetError> {
        let file: TestSetFile =
            serde_json::from_str(text).map_err(|error| TestSetError::NotATestSet(Some(error)))?;
        let expected = SCORE.iris_count() * SCORE.pixel_count();
        let is_pixel = |pixel: &u8| u32::from(*pixel) < 1 << SCORE.pixel_bits;
        let pixels = unhex(&file.pixels)
            .filter(|it| file.format == FORMAT && it.len() == expected && it.iter().all(is_pixel))
            .ok_or(TestSetError::NotATestSet(None))?;
        Ok(Self {
            salt: Salt::from(parse_field(&file.salt)?),
            pixels,
        })
    }
}

/// Means of two by two pixels, row by row.
fn halved(iris: &NormalisedIris) -> impl Iterator<Item = u8> + '_ {
    let (width, pixels) = (iris.width(), iris.pixels());
    (0..iris.height()).step_by(2).flat_map(move |row| {
        (0..width).step_by(2).map(move |column| {
            let at = row * width + column;
            let four = [at, at + 1, at + width, at + width + 1];
            let sum: u32 = four.iter().map(|at| u32::from(pixels[*at])).sum();
            (sum >> SUM_SHIFT) as u8
        })
    })
}
