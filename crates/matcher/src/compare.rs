//! Judges groups of templates against probes, on the instructions of choice.

mod masks;

use std::cell::RefCell;

use annona_template::{CODE_BITS, EyePair, IrisTemplate};

use crate::bound::{Bound, BoundVerdict};
use crate::distance::{Circle, MIN_SHARED_BITS};
use crate::kernel::correlation::{Agreements, Correlator, Image, OfLanes, ProbeSpectrum, SLACK};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{Avx2, Avx512};
use crate::kernel::{Instructions, Lanes, Portable};
use crate::packed::PackedTemplate;
use crate::pair::mirrored_pair;
use crate::score::{TURNED_PENALTY_MICROS, is_upright, score_at};
use masks::ProbeMask;

/// Most templates that are judged together.
pub(crate) const GROUP: usize = 16;

/// Templates of a probe: left, right, mirrored left, mirrored right.
pub(crate) const PROBE_TEMPLATES: usize = 4;

/// The templates of a probe, in the forms that judging wants.
pub(crate) struct ProbeTemplates {
    spectrum: ProbeSpectrum,
    templates: [IrisTemplate; PROBE_TEMPLATES],
    masks: [ProbeMask; PROBE_TEMPLATES],
    valid_bits: [u32; PROBE_TEMPLATES],
}

impl ProbeTemplates {
    pub(crate) fn new(eyes: &EyePair) -> Self {
        let EyePair { left, right } = eyes.clone();
        let mirrored = mirrored_pair(eyes);
        let templates = [left, right, mirrored.left, mirrored.right];
        Self {
            spectrum: ProbeSpectrum::new([&eyes.left, &eyes.right]),
            masks: templates.each_ref().map(ProbeMask::new),
            valid_bits: templates.each_ref().map(IrisTemplate::valid_bits),
            templates,
        }
    }

    pub(crate) fn templates(&self) -> &[IrisTemplate; PROBE_TEMPLATES] {
        &self.templates
    }

    pub(crate) fn valid_bits(&self) -> [u32; PROBE_TEMPLATES] {
        self.valid_bits
    }
}

/// Verdicts on a group by each template of a probe.
pub(crate) type ProbeVerdicts = [BoundVerdict; PROBE_TEMPLATES];

/// A probe, and the score below which a comparison is looked for; `None`: every score.
pub(crate) type BoundedProbe<'a> = (&'a ProbeTemplates, Option<u32>);

/// Room for the work of one thread.
pub(crate) struct Comparer {
    chosen: Instructions,
    correlator: AnyCorrelator,
}

enum AnyCorrelator {
    Portable(Correlator<Portable>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Correlator<Avx2>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Correlator<Avx512>),
}

impl AnyCorrelator {
    /// Falls back to portable instructions when the processor lacks the chosen ones.
    fn new(instructions: Instructions) -> Self {
        #[cfg(target_arch = "x86_64")]
        if instructions.are_available() {
            match instructions {
                Instructions::Avx2 => return Self::Avx2(Correlator::new()),
                Instructions::Avx512 => return Self::Avx512(Correlator::new()),
                Instructions::Portable => {}
            }
        }
        let _ = instructions;
        Self::Portable(Correlator::new())
    }
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
            _ => work(kept.insert(Self {
                chosen: instructions,
                correlator: AnyCorrelator::new(instructions),
            })),
        })
    }

    /// Judges at most [`GROUP`] templates against each probe. Bits of verdicts behind the
    /// last template mean nothing. `next` are likely to be judged next.
    pub(crate) fn judge(
        &mut self,
        templates: &[&PackedTemplate],
        next: &[&PackedTemplate],
        probes: &[BoundedProbe],
    ) -> Vec<ProbeVerdicts> {
        assert!(templates.len() <= GROUP, "a group has {GROUP} places");
        match &mut self.correlator {
            AnyCorrelator::Portable(it) => judge(it, templates, next, probes),
            // SAFETY: this correlator is only made when the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            AnyCorrelator::Avx2(it) => unsafe { judge_avx2(it, templates, next, probes) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            AnyCorrelator::Avx512(it) => unsafe { judge_avx512(it, templates, next, probes) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,popcnt")]
fn judge_avx2(
    correlator: &mut Correlator<Avx2>,
    templates: &[&PackedTemplate],
    next: &[&PackedTemplate],
    probes: &[BoundedProbe],
) -> Vec<ProbeVerdicts> {
    judge(correlator, templates, next, probes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
fn judge_avx512(
    correlator: &mut Correlator<Avx512>,
    templates: &[&PackedTemplate],
    next: &[&PackedTemplate],
    probes: &[BoundedProbe],
) -> Vec<ProbeVerdicts> {
    judge(correlator, templates, next, probes)
}

#[inline(always)]
fn judge<V: Lanes>(
    correlator: &mut Correlator<V>,
    templates: &[&PackedTemplate],
    next: &[&PackedTemplate],
    probes: &[BoundedProbe],
) -> Vec<ProbeVerdicts> {
    let mut verdicts = vec![[BoundVerdict::NONE; PROBE_TEMPLATES]; probes.len()];
    let spectra: Vec<&ProbeSpectrum> = probes.iter().map(|(probe, _)| &probe.spectrum).collect();
    for (chunk, lanes) in templates.chunks(V::COUNT).enumerate() {
        correlator.fill(lanes);
        let mut valid_bits = [0; GROUP];
        for (bits, template) in valid_bits.iter_mut().zip(lanes) {
            *bits = template.valid_bits();
        }
        correlator.multiply(&spectra, |row| {
            next.iter().for_each(|template| prefetch(template, row));
        });
        for (k, probe) in probes.iter().enumerate() {
            for eye in 0..2 {
                let agreements = correlator.agreements(k, eye);
                for image in Image::ALL {
                    let place = 2 * image as usize + eye;
                    let judge = Judge::new(*probe, place);
                    let of_lanes = judge.judge(image, agreements, lanes, &valid_bits);
                    let verdict = &mut verdicts[k][place];
                    verdict.promising |= of_lanes.promising << (V::COUNT * chunk);
                    verdict.comparable |= of_lanes.comparable << (V::COUNT * chunk);
                }
            }
        }
    }
    verdicts
}

/// Brings a part of a template into the second cache while row `row` is in work:
/// sixteen templates are more streams than the processor foresees.
#[inline(always)]
fn prefetch(template: &PackedTemplate, row: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        const LINE: usize = 64;
        const LINES: usize = size_of::<PackedTemplate>() / LINE;
        const PARTS: usize = 32;
        let bytes = bytemuck::bytes_of(template);
        for line in row * LINES / PARTS..(row + 1) * LINES / PARTS {
            // SAFETY: every processor of the architecture has the instruction, and a
            // prefetch reads no memory as far as the program can tell.
            unsafe { _mm_prefetch::<_MM_HINT_T1>((&raw const bytes[line * LINE]).cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (template, row);
}

/// One template of a probe, and the scores that are looked for.
struct Judge<'a> {
    template: &'a IrisTemplate,
    mask: &'a ProbeMask,
    valid_bits: u32,
    limits: Option<Limits>,
}

/// Limits of scores: upright ones, and turned ones before the penalty.
struct Limits {
    below_micros: u32,
    upright: Bound,
    turned: Bound,
}

impl Limits {
    /// `None` when every score may be below.
    fn new(below_micros: u32) -> Option<Self> {
        Some(Self {
            below_micros,
            upright: Bound::new(below_micros)?,
            turned: Bound::new(below_micros.saturating_sub(TURNED_PENALTY_MICROS))?,
        })
    }
}

impl<'a> Judge<'a> {
    #[inline(always)]
    fn new((probe, below): BoundedProbe<'a>, place: usize) -> Self {
        Self {
            template: &probe.templates[place],
            mask: &probe.masks[place],
            valid_bits: probe.valid_bits[place],
            limits: below.and_then(Limits::new),
        }
    }

    #[inline(always)]
    fn judge<V: Lanes>(
        &self,
        image: Image,
        agreements: &Agreements<V>,
        templates: &[&PackedTemplate],
        valid_bits: &[u32; GROUP],
    ) -> BoundVerdict {
        let greatest = agreements.greatest(image);
        let mut verdict = BoundVerdict::NONE;
        for (lane, (template, valid_bits)) in templates.iter().zip(valid_bits).enumerate() {
            // So many bits are shared at least: both templates have so few invalid ones.
            let together = self.valid_bits + valid_bits;
            let least_shared = together.saturating_sub(CODE_BITS as u32);
            let is_promising = self.limits.as_ref().is_none_or(|limits| {
                is_reached(limits, least_shared, &greatest, lane)
                    && self.has_score(limits, least_shared, template, || {
                        agreements.at_rotations(image, lane)
                    })
            });
            let is_comparable =
                least_shared >= MIN_SHARED_BITS || self.mask.is_comparable(template);
            verdict.promising |= u32::from(is_promising) << lane;
            verdict.comparable |= u32::from(is_comparable) << lane;
        }
        verdict
    }

    /// Counts the bits at the rotations where a limit may be reached.
    fn has_score<I: Iterator<Item = (i32, f32)>>(
        &self,
        limits: &Limits,
        least_shared: u32,
        template: &PackedTemplate,
        agreements: impl FnOnce() -> I,
    ) -> bool {
        let least = least_agreements(limits, least_shared);
        let other = Circle::new(&template.unpack());
        agreements()
            .filter(|(rotation, agreement)| {
                agreement + SLACK >= least[usize::from(!is_upright(*rotation))]
            })
            .filter_map(|(rotation, _)| score_at(self.template, &other, rotation))
            .any(|score| score.micros < limits.below_micros)
    }
}

#[inline(always)]
fn is_reached(limits: &Limits, least_shared: u32, greatest: &[OfLanes; 2], lane: usize) -> bool {
    let [upright, turned] = least_agreements(limits, least_shared);
    greatest[0][lane] + SLACK >= upright || greatest[1][lane] + SLACK >= turned
}

/// The least agreements of upright and of turned scores below the limits.
#[inline(always)]
fn least_agreements(limits: &Limits, least_shared: u32) -> [f32; 2] {
    let fewest = least_shared.max(MIN_SHARED_BITS);
    [&limits.upright, &limits.turned].map(|bound| bound.least_agreement(fewest) as f32)
}
