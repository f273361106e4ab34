//! The kernel in 256-bit registers: four templates at a time, bits counted by a
//! look-up of each half byte.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_loadu_si256,
    _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_xor_si256,
};

use super::{Block, Distances, DoubledProbe, LANES, ROTATIONS};

/// Templates in a register.
const HALF: usize = LANES / 2;
/// Rotations counted together.
const TOGETHER: usize = 2;
/// Column pairs whose counts fit the bytes of a register: each adds at most 16.
const PAIRS_A_BYTE: usize = 15;

/// Counts all rotations, two at a time; the last two passes overlap.
#[target_feature(enable = "avx2")]
pub(super) fn distances(probe: &DoubledProbe, block: &Block, out: &mut Distances) {
    for first in (0..ROTATIONS).step_by(TOGETHER) {
        let first = first.min(ROTATIONS - TOGETHER);
        pass(probe, block, out, first, 0);
        pass(probe, block, out, first, HALF);
    }
}

#[target_feature(enable = "avx2")]
fn pass(probe: &DoubledProbe, block: &Block, out: &mut Distances, first: usize, lane: usize) {
    let zero = _mm256_setzero_si256();
    let mut different = [zero; TOGETHER];
    let mut shared = [zero; TOGETHER];
    let pairs = block.words.as_chunks::<3>().0;
    for (chunk, run) in pairs.chunks(PAIRS_A_BYTE).enumerate() {
        let mut different_bytes = [zero; TOGETHER];
        let mut shared_bytes = [zero; TOGETHER];
        for (k, words) in run.iter().enumerate() {
            let [real, imaginary, mask] =
                [&words[0], &words[1], &words[2]].map(|word| load(word, lane));
            for r in 0..TOGETHER {
                let start = 2 * (chunk * PAIRS_A_BYTE + k) + first + r;
                let both = _mm256_and_si256(mask, spread(probe.mask[start]));
                let first_word = _mm256_xor_si256(real, spread(probe.real[start]));
                let second_word = _mm256_xor_si256(imaginary, spread(probe.imaginary[start]));
                let first_count = count(_mm256_and_si256(first_word, both));
                let second_count = count(_mm256_and_si256(second_word, both));
                different_bytes[r] = _mm256_add_epi8(different_bytes[r], first_count);
                different_bytes[r] = _mm256_add_epi8(different_bytes[r], second_count);
                shared_bytes[r] = _mm256_add_epi8(shared_bytes[r], count(both));
            }
        }
        for r in 0..TOGETHER {
            let sums = _mm256_sad_epu8(different_bytes[r], zero);
            different[r] = _mm256_add_epi64(different[r], sums);
            shared[r] = _mm256_add_epi64(shared[r], _mm256_sad_epu8(shared_bytes[r], zero));
        }
    }
    for r in 0..TOGETHER {
        store(&mut out.different[first + r], lane, different[r]);
        store(&mut out.shared_mask[first + r], lane, shared[r]);
    }
}

#[target_feature(enable = "avx2")]
fn load(words: &[u64; LANES], lane: usize) -> __m256i {
    let half: &[u64; HALF] = words[lane..].first_chunk().expect("`lane` is 0 or 4");
    // SAFETY: `half` are 32 readable bytes; no alignment is needed.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(words: &mut [u64; LANES], lane: usize, value: __m256i) {
    let half: &mut [u64; HALF] = words[lane..].first_chunk_mut().expect("`lane` is 0 or 4");
    // SAFETY: `half` are 32 writable bytes; no alignment is needed.
    unsafe { _mm256_storeu_si256(half.as_mut_ptr().cast(), value) };
}

#[target_feature(enable = "avx2")]
pub(super) fn spread(word: u64) -> __m256i {
    _mm256_set1_epi64x(word.cast_signed())
}

/// Bits set in each byte.
#[target_feature(enable = "avx2")]
pub(super) fn count(bytes: __m256i) -> __m256i {
    let table = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3,
        3, 4,
    );
    let low = _mm256_set1_epi8(0x0f);
    let first = _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, low));
    let shifted = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
    _mm256_add_epi8(first, _mm256_shuffle_epi8(table, shifted))
}
