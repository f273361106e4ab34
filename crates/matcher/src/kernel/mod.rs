//! Distances of one probe to eight templates at all rotations, on the fastest
//! instructions that the processor has.
//!
//! A kernel counts; it decides nothing. All kernels give the same counts, bit for
//! bit, as [`raw_distance`](crate::raw_distance).

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
pub(crate) mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
pub(crate) mod prefilter;

use annona_template::{COLUMNS, IrisTemplate};

use crate::distance::MAX_ROTATION;
#[cfg(test)]
use crate::distance::RawDistance;
use crate::packed::{COLUMN_PAIRS, ColumnWords, PACKED_WORDS, PackedTemplate};

/// Templates that a kernel compares at once.
pub(crate) const LANES: usize = 8;
/// Number of rotations that are tried.
pub(crate) const ROTATIONS: usize = 2 * MAX_ROTATION as usize + 1;
/// Columns of a probe at which a pair of columns can start: 200 and the rotations.
const STARTS: usize = COLUMNS + ROTATIONS - 2;

/// Instructions that searches can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// 64-bit words, on every processor.
    Portable,
    /// 256-bit registers; bits are counted by table look-up.
    Avx2,
    /// 512-bit registers with an instruction that counts bits (VPOPCNTDQ).
    Avx512,
    /// Matrix instructions on signed bytes (AMX), with AVX-512 around them.
    Amx,
}

impl Instructions {
    /// All instructions, slowest first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Amx];

    /// The fastest that this processor has.
    #[must_use]
    pub fn fastest() -> Self {
        Self::ALL
            .into_iter()
            .rfind(|instructions| instructions.are_available())
            .unwrap_or(Self::Portable)
    }

    /// Returns whether this processor has the instructions.
    #[must_use]
    pub fn are_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq")
            }
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            Self::Amx => amx::is_available(),
            #[cfg(not(all(target_arch = "x86_64", feature = "amx")))]
            Self::Amx => false,
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// A short name for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
        }
    }
}

/// A probe with its columns repeated, so that a rotation is an offset.
///
/// Entry `s` holds columns `s - 15` and `s - 14` of the probe, cyclically.
#[derive(Clone)]
pub(crate) struct DoubledProbe {
    real: [u64; STARTS],
    imaginary: [u64; STARTS],
    pub(crate) mask: [u64; STARTS],
}

impl DoubledProbe {
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let mut probe = Self {
            real: [0; STARTS],
            imaginary: [0; STARTS],
            mask: [0; STARTS],
        };
        for start in 0..STARTS {
            let column = (start + COLUMNS - MAX_ROTATION as usize) % COLUMNS;
            let joined = ColumnWords::of(template, column)
                .beside(ColumnWords::of(template, (column + 1) % COLUMNS));
            probe.real[start] = joined.real;
            probe.imaginary[start] = joined.imaginary;
            probe.mask[start] = joined.mask;
        }
        probe
    }
}

/// Eight templates with their words interleaved: word `8 * w + lane` is word `w` of
/// template `lane`; words run pair by pair, real, imaginary, mask.
#[derive(Clone)]
#[repr(C, align(64))]
pub(crate) struct Block {
    words: [[u64; LANES]; PACKED_WORDS],
}

impl Block {
    /// A block to be filled.
    pub(crate) fn blank() -> Box<Self> {
        Box::new(Self {
            words: [[0; LANES]; PACKED_WORDS],
        })
    }

    /// Fills the block with `templates`, at most [`LANES`]; the other lanes become
    /// templates of which no bit is valid.
    pub(crate) fn fill(&mut self, templates: &[&PackedTemplate], instructions: Instructions) {
        assert!(templates.len() <= LANES, "a block has {LANES} lanes");
        let blank = PackedTemplate::blank();
        let lanes: [&PackedTemplate; LANES] =
            std::array::from_fn(|lane| templates.get(lane).copied().unwrap_or(&blank));
        #[cfg(target_arch = "x86_64")]
        if instructions >= Instructions::Avx512 && Instructions::Avx512.are_available() {
            // SAFETY: the line above asked the processor for what the function needs.
            unsafe { avx512::interleave(self, &lanes) };
            return;
        }
        let _ = instructions;
        self.interleave(&lanes);
    }

    fn interleave(&mut self, lanes: &[&PackedTemplate; LANES]) {
        for (pair, words) in self.words.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            for (lane, template) in lanes.iter().enumerate() {
                words[0][lane] = template.real[pair];
                words[1][lane] = template.imaginary[pair];
                words[2][lane] = template.mask[pair];
            }
        }
    }
}

/// Counts of eight comparisons at each rotation. Index `k` is rotation `15 - k` of
/// the block's template against the probe's, as
/// [`raw_distance`](crate::raw_distance) counts it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Distances {
    /// Bits that differ, by rotation and lane.
    pub(crate) different: [[u64; LANES]; ROTATIONS],
    /// Mask bits valid in both, by rotation and lane: half the code bits compared.
    pub(crate) shared_mask: [[u64; LANES]; ROTATIONS],
}

impl Distances {
    pub(crate) const fn zero() -> Self {
        Self {
            different: [[0; LANES]; ROTATIONS],
            shared_mask: [[0; LANES]; ROTATIONS],
        }
    }

    /// One comparison; `rotation` is that of [`raw_distance`](crate::raw_distance)
    /// with the probe first.
    #[cfg(test)]
    pub(crate) fn at(&self, lane: usize, rotation: i32) -> RawDistance {
        let index = (MAX_ROTATION - rotation) as usize;
        RawDistance {
            different: self.different[index][lane] as u32,
            shared: 2 * self.shared_mask[index][lane] as u32,
        }
    }
}

/// Compares `probe` with the eight templates of `block` at all rotations.
///
/// Falls back to the portable kernel when the processor lacks `instructions`, or when
/// they count in another way ([`amx`]).
pub(crate) fn distances(
    instructions: Instructions,
    probe: &DoubledProbe,
    block: &Block,
    out: &mut Distances,
) {
    #[cfg(target_arch = "x86_64")]
    if instructions.are_available() {
        match instructions {
            // SAFETY: the line above asked the processor for what the function needs.
            Instructions::Avx512 => return unsafe { avx512::distances(probe, block, out) },
            // SAFETY: as above.
            Instructions::Avx2 => return unsafe { avx2::distances(probe, block, out) },
            Instructions::Portable | Instructions::Amx => {}
        }
    }
    let _ = instructions;
    portable::distances(probe, block, out);
}

const _: () = assert!(STARTS == 2 * (COLUMN_PAIRS - 1) + ROTATIONS);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distance::raw_distance;
    use crate::testing::{arb_template, seeded};

    fn assert_counts_match(probe: &IrisTemplate, templates: &[IrisTemplate]) {
        let packed: Vec<PackedTemplate> = templates.iter().map(PackedTemplate::new).collect();
        let doubled = DoubledProbe::new(probe);
        for instructions in Instructions::ALL {
            let mut block = Block::blank();
            block.fill(&packed.iter().collect::<Vec<_>>(), instructions);
            let mut out = Distances::zero();
            distances(instructions, &doubled, &block, &mut out);
            for (lane, template) in templates.iter().enumerate() {
                for rotation in -MAX_ROTATION..=MAX_ROTATION {
                    assert_eq!(
                        out.at(lane, rotation),
                        raw_distance(probe, template, rotation),
                        "{} lane {lane} rotation {rotation}",
                        instructions.name()
                    );
                }
            }
            for lane in templates.len()..LANES {
                assert_eq!(out.at(lane, 0).shared, 0, "an empty lane shares nothing");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_kernel_counts_as_the_reference(
            probe in arb_template(),
            templates in prop::collection::vec(arb_template(), 0..=LANES),
        ) {
            assert_counts_match(&probe, &templates);
        }
    }

    #[test]
    fn full_and_empty_masks_are_counted() {
        let ones = IrisTemplate::from_columns([u64::MAX; COLUMNS], [u32::MAX; COLUMNS]);
        let zeros = IrisTemplate::from_columns([0; COLUMNS], [u32::MAX; COLUMNS]);
        let blind = IrisTemplate::from_columns([u64::MAX; COLUMNS], [0; COLUMNS]);
        assert_counts_match(&ones, &[zeros.clone(), ones.clone(), blind, seeded(1)]);
        assert_counts_match(&zeros, &vec![ones; LANES]);
    }

    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn tiles_agree_as_the_reference(
            probe in arb_template(),
            templates in prop::collection::vec(arb_template(), 1..=amx::TEMPLATES),
        ) {
            if !amx::is_available() {
                return Ok(());
            }
            let packed: Vec<PackedTemplate> = templates.iter().map(PackedTemplate::new).collect();
            let mut room = amx::SignedTemplates::blank();
            // The second probe shows that sums are kept apart.
            let probes = [&probe, &templates[0]].map(amx::SignedProbe::new);
            let mut sums = vec![amx::Agreements::zero(); 2];
            // SAFETY: the processor was asked above.
            unsafe {
                amx::multiply(
                    &probes.each_ref(),
                    &packed.iter().collect::<Vec<_>>(),
                    &[],
                    &mut room,
                    &mut sums,
                );
            }
            prop_assert_eq!(sums[1].at(0, 15), templates[0].valid_bits() as i32);
            let out = &sums[0];
            for (place, template) in templates.iter().enumerate() {
                for rotation in -MAX_ROTATION..=MAX_ROTATION {
                    let raw = raw_distance(&probe, template, rotation);
                    let agreement = raw.shared as i32 - 2 * raw.different as i32;
                    let index = (MAX_ROTATION - rotation) as usize;
                    prop_assert_eq!(out.at(place, index), agreement);
                    // SAFETY: as above.
                    let (reached, missed) = unsafe {
                        (out.reaching(place, agreement), out.reaching(place, agreement + 1))
                    };
                    prop_assert_eq!(reached >> index & 1, 1);
                    prop_assert_eq!(missed >> index & 1, 0);
                }
            }
        }
    }

    #[test]
    fn this_processor_has_the_portable_instructions() {
        assert!(Instructions::Portable.are_available());
        assert!(Instructions::fastest().are_available());
    }
}
