//! Templates for tests.

use annona_template::{COLUMNS, IrisTemplate};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};

fn template(seed: u64, masked: u32) -> IrisTemplate {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let code = std::array::from_fn(|_| rng.random());
    let mask =
        std::array::from_fn(|_| (0..masked).fold(u32::MAX, |mask, _| mask & rng.random::<u32>()));
    IrisTemplate::from_columns(code, mask)
}

/// Any bits, any density of the mask (down to a sixteenth).
pub(crate) fn arb_template() -> impl Strategy<Value = IrisTemplate> {
    (any::<u64>(), 0..5u32).prop_map(|(seed, masked)| template(seed, masked))
}

/// Any bits, at least about half of them valid, so that two share a quarter.
pub(crate) fn arb_open_template() -> impl Strategy<Value = IrisTemplate> {
    (any::<u64>(), any::<u64>()).prop_map(|(seed, columns)| {
        let full = template(seed, 0);
        let mut mask = *full.mask();
        for (k, word) in mask.iter_mut().enumerate().take(64) {
            if columns >> k & 1 == 1 {
                *word = 0;
            }
        }
        IrisTemplate::from_columns(*full.code(), mask)
    })
}

/// The template of an eye turned by `columns`: column `k` moves to `k + columns`.
pub(crate) fn turned(t: &IrisTemplate, columns: i32) -> IrisTemplate {
    let from = |k: usize| (k as i32 - columns).rem_euclid(COLUMNS as i32) as usize;
    IrisTemplate::from_columns(
        std::array::from_fn(|k| t.code()[from(k)]),
        std::array::from_fn(|k| t.mask()[from(k)]),
    )
}

/// `t` with about `per_mille` of its bits flipped, as another capture would have.
pub(crate) fn recaptured(t: &IrisTemplate, per_mille: u32, seed: u64) -> IrisTemplate {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let code = std::array::from_fn(|k| {
        (0..64).fold(t.code()[k], |word, bit| {
            word ^ u64::from(rng.random_range(0..1000) < per_mille) << bit
        })
    });
    IrisTemplate::from_columns(code, *t.mask())
}

/// A template drawn from a seed, all bits valid.
pub(crate) fn seeded(seed: u64) -> IrisTemplate {
    template(seed, 0)
}
