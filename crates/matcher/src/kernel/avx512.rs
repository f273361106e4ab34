//! The kernel in 512-bit registers: eight templates in the lanes, eleven or ten
//! rotations in registers at a time.
//!
//! Two columns and one rotation of eight templates take one AND, two ternary
//! logics, three bit counts and three additions.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_permutex2var_epi64,
    _mm512_popcnt_epi64, _mm512_set1_epi64, _mm512_setr_epi64, _mm512_setzero_si512,
    _mm512_storeu_si512, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use super::{Block, Distances, DoubledProbe, LANES, ROTATIONS};
use crate::packed::{COLUMN_PAIRS, PackedTemplate};

/// Truth table of `(a ^ b) & c`.
pub(super) const DIFFERENT_AND_VALID: i32 = 0b0010_1000;

/// Counts all rotations in three passes over the block.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
pub(super) fn distances(probe: &DoubledProbe, block: &Block, out: &mut Distances) {
    pass::<0, 11>(probe, block, out);
    pass::<11, 10>(probe, block, out);
    pass::<21, 10>(probe, block, out);
}

const _: () = assert!(ROTATIONS == 31);

/// Counts rotations `FIRST..FIRST + COUNT`.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn pass<const FIRST: usize, const COUNT: usize>(
    probe: &DoubledProbe,
    block: &Block,
    out: &mut Distances,
) {
    let mut different = [_mm512_setzero_si512(); COUNT];
    let mut shared = [_mm512_setzero_si512(); COUNT];
    for (pair, words) in block.words.as_chunks::<3>().0.iter().enumerate() {
        let [real, imaginary, mask] = [load(&words[0]), load(&words[1]), load(&words[2])];
        let start = 2 * pair + FIRST;
        let probe_real: &[u64; COUNT] = window(&probe.real, start);
        let probe_imaginary: &[u64; COUNT] = window(&probe.imaginary, start);
        let probe_mask: &[u64; COUNT] = window(&probe.mask, start);
        for k in 0..COUNT {
            let both = _mm512_and_si512(mask, spread(probe_mask[k]));
            let first = differing(real, spread(probe_real[k]), both);
            let second = differing(imaginary, spread(probe_imaginary[k]), both);
            different[k] = _mm512_add_epi64(different[k], _mm512_popcnt_epi64(first));
            shared[k] = _mm512_add_epi64(shared[k], _mm512_popcnt_epi64(both));
            different[k] = _mm512_add_epi64(different[k], _mm512_popcnt_epi64(second));
        }
    }
    for k in 0..COUNT {
        store(&mut out.different[FIRST + k], different[k]);
        store(&mut out.shared_mask[FIRST + k], shared[k]);
    }
}

fn window<const COUNT: usize>(words: &[u64], start: usize) -> &[u64; COUNT] {
    words[start..]
        .first_chunk()
        .expect("the doubled probe has a word for each pair of columns at each rotation")
}

#[target_feature(enable = "avx512f")]
fn load(words: &[u64; LANES]) -> __m512i {
    // SAFETY: `words` are 64 readable bytes; no alignment is needed.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(words: &mut [u64; LANES], value: __m512i) {
    // SAFETY: `words` are 64 writable bytes; no alignment is needed.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) };
}

#[target_feature(enable = "avx512f")]
fn spread(word: u64) -> __m512i {
    _mm512_set1_epi64(word.cast_signed())
}

#[target_feature(enable = "avx512f")]
fn differing(a: __m512i, b: __m512i, valid: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<DIFFERENT_AND_VALID>(a, b, valid)
}

/// Interleaves eight templates, eight words of each at a time.
#[target_feature(enable = "avx512f")]
pub(super) fn interleave(block: &mut Block, lanes: &[&PackedTemplate; LANES]) {
    type Part = fn(&PackedTemplate) -> &[u64; COLUMN_PAIRS];
    const PARTS: [Part; 3] = [|t| &t.real, |t| &t.imaginary, |t| &t.mask];
    for (offset, part) in PARTS.iter().enumerate() {
        let rows = lanes.map(part);
        for first in (0..COLUMN_PAIRS).step_by(LANES) {
            // The last step repeats some pairs: 100 is no multiple of eight.
            let first = first.min(COLUMN_PAIRS - LANES);
            let columns = transpose(&rows.map(|row| {
                load(
                    row[first..]
                        .first_chunk()
                        .expect("eight pairs follow `first`"),
                )
            }));
            for (k, column) in columns.into_iter().enumerate() {
                store(&mut block.words[3 * (first + k) + offset], column);
            }
        }
    }
}

/// Row `r` word `c` becomes row `c` word `r`.
#[target_feature(enable = "avx512f")]
fn transpose(rows: &[__m512i; LANES]) -> [__m512i; LANES] {
    let low_pairs = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    let high_pairs = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    let low_halves = _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11);
    let high_halves = _mm512_setr_epi64(4, 5, 6, 7, 12, 13, 14, 15);
    let mut twos = *rows;
    for k in 0..4 {
        twos[2 * k] = _mm512_unpacklo_epi64(rows[2 * k], rows[2 * k + 1]);
        twos[2 * k + 1] = _mm512_unpackhi_epi64(rows[2 * k], rows[2 * k + 1]);
    }
    // `twos[2k + b]` has, of rows 2k and 2k + 1, the words b, 2 + b, 4 + b, 6 + b.
    let mut fours = twos;
    for k in 0..2 {
        for b in 0..2 {
            let (a, c) = (twos[4 * k + b], twos[4 * k + 2 + b]);
            fours[4 * k + b] = _mm512_permutex2var_epi64(a, low_pairs, c);
            fours[4 * k + 2 + b] = _mm512_permutex2var_epi64(a, high_pairs, c);
        }
    }
    // `fours[4k + j]` has, of rows 4k to 4k + 3, word j and then word 4 + j.
    let mut eights = fours;
    for j in 0..4 {
        eights[j] = _mm512_permutex2var_epi64(fours[j], low_halves, fours[4 + j]);
        eights[4 + j] = _mm512_permutex2var_epi64(fours[j], high_halves, fours[4 + j]);
    }
    eights
}
