//! Judges groups of templates against probes, on the instructions of choice.

use std::cell::RefCell;

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
use annona_template::{CODE_BITS, IrisTemplate};

use crate::bound::{self, Bound, BoundVerdict};
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
use crate::distance::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance};
use crate::kernel::{Block, Distances, DoubledProbe, Instructions, LANES, distances};
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
use crate::kernel::{ROTATIONS, amx};
use crate::packed::PackedTemplate;
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
use crate::score::normalised_micros;

/// Most templates that are judged together.
// As many as the AMX kernel compares at once.
pub(crate) const GROUP: usize = 32;

/// One template of a probe, in the forms that the instructions want.
pub(crate) struct ProbeTemplate {
    doubled: DoubledProbe,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    signed: Option<amx::SignedProbe>,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    valid_bits: u32,
}

impl ProbeTemplate {
    pub(crate) fn new(template: &IrisTemplate, instructions: Instructions) -> Self {
        let _ = instructions;
        Self {
            doubled: DoubledProbe::new(template),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            signed: (instructions == Instructions::Amx).then(|| amx::SignedProbe::new(template)),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            valid_bits: template.valid_bits(),
        }
    }
}

/// Room for the work of one thread.
pub(crate) struct Comparer {
    chosen: Instructions,
    instructions: Instructions,
    block: Box<Block>,
    counts: Box<Distances>,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    tiles: Option<Box<Tiles>>,
}

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
struct Tiles {
    templates: Box<amx::SignedTemplates>,
    agreements: Vec<amx::Agreements>,
    valid_bits: [u32; GROUP],
}

impl Comparer {
    /// Runs `work` with this thread's comparer, which is kept: its room is large.
    /// `work` must not search in its turn.
    pub(crate) fn with<T>(instructions: Instructions, work: impl FnOnce(&mut Self) -> T) -> T {
        thread_local! {
            static KEPT: RefCell<Option<Comparer>> = const { RefCell::new(None) };
        }
        KEPT.with_borrow_mut(|kept| match kept {
            Some(comparer) if comparer.chosen == instructions => work(comparer),
            _ => work(kept.insert(Self::new(instructions))),
        })
    }

    /// Falls back to portable instructions when the processor lacks the chosen ones.
    fn new(instructions: Instructions) -> Self {
        let available = instructions.are_available();
        Self {
            chosen: instructions,
            instructions: if available {
                instructions
            } else {
                Instructions::Portable
            },
            block: Block::blank(),
            counts: Box::new(Distances::zero()),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            tiles: (available && instructions == Instructions::Amx).then(|| {
                Box::new(Tiles {
                    templates: amx::SignedTemplates::blank(),
                    agreements: Vec::new(),
                    valid_bits: [0; GROUP],
                })
            }),
        }
    }

    /// Judges at most [`GROUP`] templates against each probe under its bound (`None`:
    /// every score counts). Bits of verdicts behind the last template mean nothing.
    /// `next` are likely to be judged next.
    pub(crate) fn judge(
        &mut self,
        templates: &[&PackedTemplate],
        next: &[&PackedTemplate],
        probes: &[(&ProbeTemplate, Option<Bound>)],
    ) -> Vec<BoundVerdict> {
        assert!(templates.len() <= GROUP, "a group has {GROUP} places");
        #[cfg(all(target_arch = "x86_64", feature = "amx"))]
        if let Some(tiles) = &mut self.tiles {
            // SAFETY: tiles are only made when the processor has the instructions.
            return unsafe { tiles.judge(templates, next, probes) };
        }
        let _foreseen_by_the_processor = next;
        let mut verdicts = vec![BoundVerdict::NONE; probes.len()];
        for (k, lanes) in templates.chunks(LANES).enumerate() {
            self.block.fill(lanes, self.instructions);
            for (verdict, (probe, bound)) in verdicts.iter_mut().zip(probes) {
                let counts = &mut self.counts;
                distances(self.instructions, &probe.doubled, &self.block, counts);
                let of_lanes = match bound {
                    Some(bound) => bound.judge(counts),
                    None => bound::judge_all(counts),
                };
                verdict.promising |= (of_lanes.promising & 0xff) << (LANES * k);
                verdict.comparable |= (of_lanes.comparable & 0xff) << (LANES * k);
            }
        }
        verdicts
    }
}

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
impl Tiles {
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vpopcntdq,popcnt")]
    fn judge(
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
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
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
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
fn least_shared(probe: &ProbeTemplate, valid_bits: u32) -> u32 {
    (probe.valid_bits + valid_bits).saturating_sub(CODE_BITS as u32)
}

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
#[inline(always)]
fn is_comparable(probe: &ProbeTemplate, template: &PackedTemplate, valid_bits: u32) -> bool {
    const STRAIGHT: usize = MAX_ROTATION as usize;
    let is_enough = |k| 2 * shared_mask(probe, template, k) >= MIN_SHARED_BITS;
    least_shared(probe, valid_bits) >= MIN_SHARED_BITS
        || is_enough(STRAIGHT)
        || (0..ROTATIONS).any(is_enough)
}

/// Mask bits valid in both at the rotation of index `k`.
#[cfg(all(target_arch = "x86_64", feature = "amx"))]
#[inline(always)]
fn shared_mask(probe: &ProbeTemplate, template: &PackedTemplate, k: usize) -> u32 {
    let starts = probe.doubled.mask[k..].iter().step_by(2);
    let both = template.mask.iter().zip(starts).map(|(a, b)| a & b);
    both.map(u64::count_ones).sum()
}
