//! Judges by products of matrices, on processors with AMX.

use annona_template::CODE_BITS;

use super::{GROUP, ProbeTemplate};
use crate::bound::{Bound, BoundVerdict};
use crate::distance::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance};
use crate::kernel::{ROTATIONS, amx};
use crate::packed::PackedTemplate;
use crate::score::normalised_micros;

/// Room for the products of one thread.
pub(super) struct Tiles {
    templates: Box<amx::SignedTemplates>,
    agreements: Vec<amx::Agreements>,
    valid_bits: [u32; GROUP],
}

impl Tiles {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            templates: amx::SignedTemplates::blank(),
            agreements: Vec::new(),
            valid_bits: [0; GROUP],
        })
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vpopcntdq,popcnt")]
    pub(super) fn judge(
        &mut self,
        templates: &[&PackedTemplate],
        next: &[&PackedTemplate],
        probes: &[(&ProbeTemplate, Option<Bound>)],
    ) -> Vec<BoundVerdict> {
        for (valid, template) in self.valid_bits.iter_mut().zip(templates) {
            *valid = template.valid_bits();
        }
        let signed: Vec<_> = probes
            .iter()
            .map(|(probe, _)| {
                let signed = probe.signed.as_ref();
                signed.expect("probes are made for the instructions")
            })
            .collect();
        let zero = amx::Agreements::zero();
        self.agreements.resize(probes.len(), zero);
        // SAFETY: whoever made these tiles has asked the processor.
        unsafe {
            amx::multiply(
                &signed,
                templates,
                next,
                &mut self.templates,
                &mut self.agreements,
            );
        }
        let judge_one = |(&(probe, bound), agreements): (&(&ProbeTemplate, Option<Bound>), _)| {
            let mut verdict = BoundVerdict::NONE;
            for (place, template) in templates.iter().enumerate() {
                let valid_bits = self.valid_bits[place];
                let is_promising = bound.is_none_or(|bound| {
                    is_promising(probe, template, valid_bits, (agreements, place), &bound)
                });
                let is_comparable = is_comparable(probe, template, valid_bits);
                verdict.promising |= u32::from(is_promising) << place;
                verdict.comparable |= u32::from(is_comparable) << place;
            }
            verdict
        };
        probes.iter().zip(&self.agreements).map(judge_one).collect()
    }
}

/// The product says where the limit could be reached; there the bits are counted.
#[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
fn is_promising(
    probe: &ProbeTemplate,
    template: &PackedTemplate,
    valid_bits: u32,
    (agreements, place): (&amx::Agreements, usize),
    bound: &Bound,
) -> bool {
    let fewest = least_shared(probe, valid_bits).max(MIN_SHARED_BITS);
    let mut rotations = agreements.reaching(place, bound.least_agreement(fewest));
    while rotations != 0 {
        let k = rotations.trailing_zeros() as usize;
        rotations &= rotations - 1;
        let shared = 2 * shared_mask(probe, template, k);
        let agreement = agreements.at(place, k);
        // Shared bits are agreeing and differing ones: the difference is even.
        let different = (shared.cast_signed() - agreement).cast_unsigned() / 2;
        let raw = RawDistance { different, shared };
        if shared >= MIN_SHARED_BITS && normalised_micros(raw) < bound.limit_micros() {
            return true;
        }
    }
    false
}

/// So many bits are shared at least: both templates have so few invalid ones.
fn least_shared(probe: &ProbeTemplate, valid_bits: u32) -> u32 {
    (probe.valid_bits + valid_bits).saturating_sub(CODE_BITS as u32)
}

#[inline(always)]
fn is_comparable(probe: &ProbeTemplate, template: &PackedTemplate, valid_bits: u32) -> bool {
    const STRAIGHT: usize = MAX_ROTATION as usize;
    let is_enough = |k| 2 * shared_mask(probe, template, k) >= MIN_SHARED_BITS;
    least_shared(probe, valid_bits) >= MIN_SHARED_BITS
        || is_enough(STRAIGHT)
        || (0..ROTATIONS).any(is_enough)
}

/// Mask bits valid in both at the rotation of index `k`.
#[inline(always)]
fn shared_mask(probe: &ProbeTemplate, template: &PackedTemplate, k: usize) -> u32 {
    let starts = probe.doubled.mask[k..].iter().step_by(2);
    let both = template.mask.iter().zip(starts).map(|(a, b)| a & b);
    both.map(u64::count_ones).sum()
}
