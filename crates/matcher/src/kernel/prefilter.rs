//! The kernel of the prefilter: one template at a time, rotations in the lanes.
//!
//! All paths give `prefilter_excess`, bit for bit.

use std::mem::offset_of;

use super::Instructions;
use crate::entry::Entry;
use crate::prefilter::{
    PREFILTER_ROTATIONS, PREFILTER_WORDS, PrefilterProbe, PrefilterTemplate, excess,
};

/// Templates that are compared together.
pub(crate) const TOGETHER: usize = 4;

/// Brings the parts of a person that the prefilter reads into the cache.
pub(crate) fn prefetch(entry: &Entry) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE: usize = 64;
        let start = std::ptr::from_ref(entry).cast::<i8>();
        for offset in (0..offset_of!(Entry, left)).step_by(LINE) {
            // SAFETY: every processor of the architecture has the instruction, and a
            // prefetch reads no memory as far as the program can tell.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = entry;
}

/// The excess of each of four templates against the probe.
///
/// Falls back to portable instructions when the processor lacks the chosen ones.
pub(crate) fn excesses(
    instructions: Instructions,
    probe: &PrefilterProbe,
    templates: [&PrefilterTemplate; TOGETHER],
) -> [i32; TOGETHER] {
    #[cfg(target_arch = "x86_64")]
    if instructions.are_available() {
        match instructions {
            // SAFETY: the line above asked the processor for what the function needs.
            Instructions::Avx512 => return unsafe { avx512::excesses(probe, templates) },
            // SAFETY: as above.
            Instructions::Avx2 => return unsafe { avx2::excesses(probe, templates) },
            Instructions::Portable => {}
        }
    }
    let _ = instructions;
    templates.map(|template| portable(probe, template))
}

fn portable(probe: &PrefilterProbe, template: &PrefilterTemplate) -> i32 {
    let mut different = [0; PREFILTER_ROTATIONS];
    let mut shared = [0; PREFILTER_ROTATIONS];
    for word in 0..PREFILTER_WORDS {
        for k in 0..PREFILTER_ROTATIONS {
            let both = template.mask[word] & probe.mask[word][k];
            let first = (template.real[word] ^ probe.real[word][k]) & both;
            let second = (template.imaginary[word] ^ probe.imaginary[word][k]) & both;
            different[k] += u64::from(first.count_ones() + second.count_ones());
            shared[k] += u64::from(both.count_ones());
        }
    }
    least((0..PREFILTER_ROTATIONS).map(|k| excess(different[k], shared[k])))
}

fn least(excesses: impl Iterator<Item = i64>) -> i32 {
    let least = excesses.min().unwrap_or_default();
    i32::try_from(least).expect("an excess is at most 64 times 2,048 bits")
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_min_epi64,
        _mm512_mul_epu32, _mm512_popcnt_epi64, _mm512_reduce_min_epi64, _mm512_set1_epi64,
        _mm512_setzero_si512, _mm512_slli_epi64, _mm512_sub_epi64, _mm512_ternarylogic_epi64,
    };

    use super::{
        PREFILTER_ROTATIONS, PREFILTER_WORDS, PrefilterProbe, PrefilterTemplate, TOGETHER,
    };
    use crate::prefilter::{MASK_BITS_PER_128, MAX_DIFFERENT_PER_128};

    /// Truth table of `(a ^ b) & c`.
    const DIFFERENT_AND_VALID: i32 = 0b0010_1000;
    const LANES: usize = 8;
    const HALVES: usize = PREFILTER_ROTATIONS / LANES;

    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    pub(super) fn excesses(
        probe: &PrefilterProbe,
        templates: [&PrefilterTemplate; TOGETHER],
    ) -> [i32; TOGETHER] {
        let zero = _mm512_setzero_si512();
        let mut different = [[zero; HALVES]; TOGETHER];
        let mut shared = [[zero; HALVES]; TOGETHER];
        for word in 0..PREFILTER_WORDS {
            for half in 0..HALVES {
                let [real, imaginary, mask] = [&probe.real, &probe.imaginary, &probe.mask]
                    .map(|part| load(&part[word], half));
                for (k, template) in templates.iter().enumerate() {
                    let both = _mm512_and_si512(mask, spread(template.mask[word]));
                    let first = differing(real, template.real[word], both);
                    let second = differing(imaginary, template.imaginary[word], both);
                    let sum = &mut different[k][half];
                    *sum = _mm512_add_epi64(*sum, _mm512_popcnt_epi64(first));
                    *sum = _mm512_add_epi64(*sum, _mm512_popcnt_epi64(second));
                    let sum = &mut shared[k][half];
                    *sum = _mm512_add_epi64(*sum, _mm512_popcnt_epi64(both));
                }
            }
        }
        let mut least = [0; TOGETHER];
        for k in 0..TOGETHER {
            let low = excess(different[k][0], shared[k][0]);
            let high = excess(different[k][1], shared[k][1]);
            least[k] = _mm512_reduce_min_epi64(_mm512_min_epi64(low, high)) as i32;
        }
        least
    }

    const _: () = assert!(HALVES == 2);

    #[target_feature(enable = "avx512f")]
    fn excess(different: __m512i, shared: __m512i) -> __m512i {
        const SHIFT: u32 = MASK_BITS_PER_128.trailing_zeros();
        const _: () = assert!(MASK_BITS_PER_128 == 1 << SHIFT);
        let allowed = _mm512_mul_epu32(shared, _mm512_set1_epi64(MAX_DIFFERENT_PER_128));
        _mm512_sub_epi64(_mm512_slli_epi64::<SHIFT>(different), allowed)
    }

    #[target_feature(enable = "avx512f")]
    fn load(words: &[u64; PREFILTER_ROTATIONS], half: usize) -> __m512i {
        let words: &[u64; LANES] = &words.as_chunks().0[half];
        // SAFETY: `words` are 64 readable bytes; no alignment is needed.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    fn spread(word: u64) -> __m512i {
        _mm512_set1_epi64(word.cast_signed())
    }

    #[target_feature(enable = "avx512f")]
    fn differing(probe: __m512i, template: u64, valid: __m512i) -> __m512i {
        _mm512_ternarylogic_epi64::<DIFFERENT_AND_VALID>(probe, spread(template), valid)
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_loadu_si256,
        _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
        _mm256_xor_si256,
    };

    use super::{
        PREFILTER_ROTATIONS, PREFILTER_WORDS, PrefilterProbe, PrefilterTemplate, TOGETHER, least,
    };
    use crate::prefilter::excess;

    const LANES: usize = 4;
    /// Words whose counts fit the bytes of a register: each adds at most 16.
    const WORDS_A_BYTE: usize = 8;

    #[target_feature(enable = "avx2")]
    pub(super) fn excesses(
        probe: &PrefilterProbe,
        templates: [&PrefilterTemplate; TOGETHER],
    ) -> [i32; TOGETHER] {
        let mut all = [0; TOGETHER];
        for (excess, template) in all.iter_mut().zip(templates) {
            *excess = one(probe, template);
        }
        all
    }

    #[target_feature(enable = "avx2")]
    fn one(probe: &PrefilterProbe, template: &PrefilterTemplate) -> i32 {
        let zero = _mm256_setzero_si256();
        let mut least_excess = i32::MAX;
        for quarter in 0..PREFILTER_ROTATIONS / LANES {
            let (mut different, mut shared) = (zero, zero);
            for first in (0..PREFILTER_WORDS).step_by(WORDS_A_BYTE) {
                let (mut different_bytes, mut shared_bytes) = (zero, zero);
                for word in first..first + WORDS_A_BYTE {
                    let mask = spread(template.mask[word]);
                    let both = _mm256_and_si256(mask, load(&probe.mask[word], quarter));
                    for (ours, theirs) in [
                        (template.real[word], &probe.real[word]),
                        (template.imaginary[word], &probe.imaginary[word]),
                    ] {
                        let unequal = _mm256_xor_si256(spread(ours), load(theirs, quarter));
                        let bits = count(_mm256_and_si256(unequal, both));
                        different_bytes = _mm256_add_epi8(different_bytes, bits);
                    }
                    shared_bytes = _mm256_add_epi8(shared_bytes, count(both));
                }
                different = _mm256_add_epi64(different, _mm256_sad_epu8(different_bytes, zero));
                shared = _mm256_add_epi64(shared, _mm256_sad_epu8(shared_bytes, zero));
            }
            let (different, shared) = (store(different), store(shared));
            let of_quarter = least((0..LANES).map(|k| excess(different[k], shared[k])));
            least_excess = least_excess.min(of_quarter);
        }
        least_excess
    }

    const _: () = assert!(PREFILTER_WORDS.is_multiple_of(WORDS_A_BYTE) && WORDS_A_BYTE * 16 < 256);

    #[target_feature(enable = "avx2")]
    fn load(words: &[u64; PREFILTER_ROTATIONS], quarter: usize) -> __m256i {
        let words: &[u64; LANES] = &words.as_chunks().0[quarter];
        // SAFETY: `words` are 32 readable bytes; no alignment is needed.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    fn store(value: __m256i) -> [u64; LANES] {
        let mut words = [0; LANES];
        // SAFETY: `words` are 32 writable bytes; no alignment is needed.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) };
        words
    }

    #[target_feature(enable = "avx2")]
    fn spread(word: u64) -> __m256i {
        _mm256_set1_epi64x(word.cast_signed())
    }

    /// Bits set in each byte.
    #[target_feature(enable = "avx2")]
    fn count(bytes: __m256i) -> __m256i {
        let table = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2,
            3, 3, 4,
        );
        let low = _mm256_set1_epi8(0x0f);
        let first = _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, low));
        let shifted = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
        _mm256_add_epi8(first, _mm256_shuffle_epi8(table, shifted))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prefilter::prefilter_excess;
    use crate::testing::{arb_open_template, arb_template, seeded, turned};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_path_prefilters_as_the_definition(
            probe in arb_template(),
            one in arb_template(),
            others in [arb_open_template(), arb_open_template()],
            turn in -15..=15i32,
        ) {
            let [two, three] = others;
            let templates = [one, two, three, turned(&probe, turn)];
            let expected = templates.each_ref().map(|template| prefilter_excess(&probe, template));
            let packed = templates.each_ref().map(PrefilterTemplate::new);
            let probe = PrefilterProbe::new(&probe);
            for instructions in Instructions::ALL {
                let found = excesses(instructions, &probe, packed.each_ref());
                prop_assert_eq!(found, expected, "{}", instructions.name());
            }
        }
    }

    #[test]
    fn a_template_turned_by_an_odd_number_of_columns_has_no_differing_bit() {
        for turn in (-15..=15).step_by(2) {
            let other = turned(&seeded(1), turn);
            assert_eq!(prefilter_excess(&seeded(1), &other), -47 * 1_024, "{turn}");
        }
        assert!(prefilter_excess(&seeded(1), &seeded(2)) > 0);
    }
}
