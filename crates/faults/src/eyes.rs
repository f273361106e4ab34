use annona_template::{COLUMNS, EyePair, IrisTemplate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Flipped bits of another capture of the same eye, in a thousand.
const NOISE_PER_MILLE: u32 = 150;
/// Bits by which a decoy differs from the eye that it is made from, in a thousand.
const DECOY_PER_MILLE: u64 = 210;
/// Columns of a template of few bits that are seen.
const FEW_COLUMNS: usize = 100;
const DECOY_SEED: u64 = 4_711;

/// Makes the templates of one capture of a person's eyes, without pictures. The same numbers give
/// the same templates, two captures of a person are similar, and two people are not.
#[must_use]
pub fn capture(person: u64, capture: u64) -> EyePair {
    capture_with_noise(person, capture, NOISE_PER_MILLE)
}

/// As [`capture`], with so many flipped bits in a thousand.
#[must_use]
pub fn capture_with_noise(person: u64, capture: u64, per_mille: u32) -> EyePair {
    EyePair {
        left: eye(2 * person, capture, per_mille),
        right: eye(2 * person + 1, capture, per_mille),
    }
}

fn eye(seed: u64, capture: u64, per_mille: u32) -> IrisTemplate {
    let mut iris = ChaCha8Rng::seed_from_u64(seed);
    let mut noise = ChaCha8Rng::seed_from_u64(seed << 16 | capture);
    let code = std::array::from_fn(|_| {
        let word: u64 = iris.random();
        (0..64).fold(word, |word, bit| {
            word ^ (u64::from(noise.random_range(0..1000) < per_mille) << bit)
        })
    });
    IrisTemplate::from_columns(code, [u32::MAX; COLUMNS])
}

/// Makes decoy `part` of a pair of eyes: 21 % from the eyes, and 42 % from their other decoys.
#[must_use]
pub fn decoy(eyes: &EyePair, part: u64) -> EyePair {
    let flipped = |eye: &IrisTemplate| {
        let mut lots = ChaCha8Rng::seed_from_u64(DECOY_SEED);
        let part = DECOY_PER_MILLE * part..DECOY_PER_MILLE * (part + 1);
        let code = std::array::from_fn(|column| {
            (0..64).fold(eye.code()[column], |word, bit| {
                word ^ (u64::from(part.contains(&lots.random_range(0..1000))) << bit)
            })
        });
        IrisTemplate::from_columns(code, *eye.mask())
    };
    EyePair {
        left: flipped(&eyes.left),
        right: flipped(&eyes.right),
    }
}

/// Hides most of both eyes.
pub(crate) fn with_few_bits(eyes: &EyePair) -> EyePair {
    let narrow = |eye: &IrisTemplate| {
        let mask = std::array::from_fn(|column| if column < FEW_COLUMNS { u32::MAX } else { 0 });
        IrisTemplate::from_columns(*eye.code(), mask)
    };
    EyePair {
        left: narrow(&eyes.left),
        right: narrow(&eyes.right),
    }
}
