//! Several captures of one eye to one template.
//!
//! A capture session gives several templates of an eye. Alone, each has the noise
//! of its photograph; together they agree on most bits, and a frame that agrees
//! with no other is a bad segmentation or another eye.

use annona_template::{COLUMNS, IrisTemplate};
use thiserror::Error;

use crate::score::{Score, score};

/// Bits of a mask word, each for one filter and radius.
const MASK_WORD_BITS: usize = 32;

/// Rule by which frames become one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FusionRule {
    /// Greatest score to the reference frame, in millionths; a frame above it is
    /// left out.
    pub max_score_micros: u32,
    /// Least number of frames that have to agree with each other. More than half
    /// of all frames have to in any case.
    pub min_frames: usize,
    /// A bit is valid when at least one in so many of the frames used saw it.
    pub seen_by_one_in: usize,
    /// Of those that saw it, at least so many per cent have to agree on each of
    /// its two parts.
    pub min_agreement_percent: usize,
}

impl FusionRule {
    /// Most frames that are fused.
    // Chosen, not measured: a bound on the work, which grows with the square of the frames.
    pub const MAX_FRAMES: usize = 32;

    /// The rule in use; `docs/measurements/iris.md` has the measurement behind it.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            // Below it two people are one for the decision too.
            max_score_micros: 360_000,
            min_frames: 2,
            // On 108 eyes of CASIA-IrisV1 half, any and all of three frames did equally well.
            seen_by_one_in: 2,
            // Asking for 67 per cent left 133 of 431 genuine pairs without enough shared bits.
            min_agreement_percent: 50,
        }
    }
}

/// Outcome of a frame in a fusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameOutcome {
    /// It is the reference that the others were turned to.
    Reference,
    /// Its bits were counted.
    Used {
        /// Its score to the reference.
        score: Score,
    },
    /// Too different from the reference: another eye, or a bad segmentation.
    Different {
        /// Its score to the reference.
        score: Score,
    },
    /// It shares too few valid bits with the reference.
    Incomparable,
}

impl FrameOutcome {
    /// Returns whether the frame's bits are in the fused template.
    #[must_use]
    pub const fn is_used(&self) -> bool {
        matches!(self, Self::Reference | Self::Used { .. })
    }

    /// The stable name, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Used { .. } => "used",
            Self::Different { .. } => "different",
            Self::Incomparable => "incomparable",
        }
    }
}

/// One template of several, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FusedTemplate {
    /// The template, turned as the reference frame is.
    pub template: IrisTemplate,
    /// Outcome of each frame, in the order given.
    pub frames: Vec<FrameOutcome>,
}

impl FusedTemplate {
    /// Number of frames whose bits were counted.
    #[must_use]
    pub fn used(&self) -> usize {
        self.frames
            .iter()
            .filter(|outcome| outcome.is_used())
            .count()
    }
}

/// Reason why frames did not become one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FusionError {
    /// More frames than are fused at once.
    #[error("{given} frames are too many. Give at most {maximum} of one eye.")]
    TooManyFrames {
        /// Number of frames given.
        given: usize,
        /// Largest number of frames accepted.
        maximum: usize,
    },
    /// Too few frames show the same eye.
    #[error(
        "Only {agreeing} of {given} pictures show the same eye, {needed} are needed. Look into the orb with the same eye and hold still."
    )]
    TooFewAgree {
        /// Size of the largest group of frames around one of them.
        agreeing: usize,
        /// Number of frames given.
        given: usize,
        /// Frames that have to agree.
        needed: usize,
    },
}

impl FusionError {
    /// The stable name of this refusal, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyFrames { .. } => "fusion-too-many-frames",
            Self::TooFewAgree { .. } => "fusion-too-few-agree",
        }
    }
}

/// Fuses frames of one eye by a majority vote for each bit.
///
/// The reference is the frame with the most others within the rule's limit, of equals the
/// one nearest to them. Each frame within the limit is turned to the reference and votes
/// with its valid bits. Where the votes are equal, the reference decides if it saw the bit,
/// and the bit is 0 otherwise. The order of the frames does not matter.
///
/// # Errors
/// Too many frames, or too few that agree: at least [`FusionRule::min_frames`],
/// and more than half of those given.
pub fn fuse(frames: &[IrisTemplate], rule: &FusionRule) -> Result<FusedTemplate, FusionError> {
    let (given, maximum) = (frames.len(), FusionRule::MAX_FRAMES);
    if given > maximum {
        return Err(FusionError::TooManyFrames { given, maximum });
    }
    let needed = rule.min_frames.max(given / 2 + 1);
    let too_few = |agreeing| FusionError::TooFewAgree {
        agreeing,
        given,
        needed,
    };
    let outcomes = reference(frames, rule).ok_or(too_few(0))?;
    let agreeing = outcomes.iter().filter(|outcome| outcome.is_used()).count();
    if agreeing < needed {
        return Err(too_few(agreeing));
    }
    Ok(FusedTemplate {
        template: vote(frames, &outcomes, rule),
        frames: outcomes,
    })
}

/// The outcomes of all frames as seen from the best reference; `None` without frames.
fn reference(frames: &[IrisTemplate], rule: &FusionRule) -> Option<Vec<FrameOutcome>> {
    let seen_from = |k: usize| -> Vec<FrameOutcome> {
        let others = frames.iter().enumerate();
        others
            .map(|(other, frame)| {
                if other == k {
                    FrameOutcome::Reference
                } else {
                    outcome(score(&frames[k], frame), rule)
                }
            })
            .collect()
    };
    let ranked = |outcomes: &[FrameOutcome]| {
        let agreeing = outcomes.iter().filter(|outcome| outcome.is_used()).count();
        let distances = outcomes.iter().map(|outcome| match outcome {
            FrameOutcome::Used { score } => u64::from(score.micros),
            _ => 0,
        });
        (usize::MAX - agreeing, distances.sum::<u64>())
    };
    (0..frames.len())
        .map(|k| (k, seen_from(k)))
        // Of references that are equally good, the bytes choose: the order of the
        // frames must not.
        .min_by(|(a, fates_a), (b, fates_b)| {
            ranked(fates_a)
                .cmp(&ranked(fates_b))
                .then_with(|| words(&frames[*a]).cmp(&words(&frames[*b])))
        })
        .map(|(_, outcomes)| outcomes)
}

fn words(frame: &IrisTemplate) -> (&[u64; COLUMNS], &[u32; COLUMNS]) {
    (frame.code(), frame.mask())
}

fn outcome(score: Option<Score>, rule: &FusionRule) -> FrameOutcome {
    match score {
        None => FrameOutcome::Incomparable,
        Some(score) if score.micros <= rule.max_score_micros => FrameOutcome::Used { score },
        Some(score) => FrameOutcome::Different { score },
    }
}

/// A frame that votes, and how far it is turned against the reference.
struct Voter<'a> {
    frame: &'a IrisTemplate,
    rotation: usize,
}

impl Voter<'_> {
    fn column(&self, column: usize) -> (u64, u32) {
        let k = (column + self.rotation) % COLUMNS;
        (self.frame.code()[k], self.frame.mask()[k])
    }
}

fn vote(frames: &[IrisTemplate], outcomes: &[FrameOutcome], rule: &FusionRule) -> IrisTemplate {
    let mut voters = Vec::with_capacity(frames.len());
    for (frame, outcome) in frames.iter().zip(outcomes) {
        let rotation = match outcome {
            FrameOutcome::Reference => 0,
            FrameOutcome::Used { score } => score.rotation,
            FrameOutcome::Different { .. } | FrameOutcome::Incomparable => continue,
        };
        let rotation = rotation.rem_euclid(COLUMNS as i32) as usize;
        let voter = Voter { frame, rotation };
        if *outcome == FrameOutcome::Reference {
            voters.insert(0, voter);
        } else {
            voters.push(voter);
        }
    }
    let mut code = [0; COLUMNS];
    let mut mask = [0; COLUMNS];
    for k in 0..COLUMNS {
        let columns: Vec<(u64, u32)> = voters.iter().map(|voter| voter.column(k)).collect();
        (code[k], mask[k]) = vote_column(&columns, rule);
    }
    IrisTemplate::from_columns(code, mask)
}

/// The fused words of one column; the first of `frames` is the reference.
fn vote_column(frames: &[(u64, u32)], rule: &FusionRule) -> (u64, u32) {
    let needed = frames.len().div_ceil(rule.seen_by_one_in.max(1));
    let (mut code, mut mask) = (0, 0);
    for bit in 0..MASK_WORD_BITS {
        let seen = frames.iter().filter(|(_, m)| m >> bit & 1 == 1).count();
        let mut steady = seen > 0 && seen >= needed;
        for part_bit in [bit, bit + MASK_WORD_BITS] {
            let ones = frames
                .iter()
                .filter(|(c, m)| m >> bit & 1 == 1 && c >> part_bit & 1 == 1)
                .count();
            let (reference, reference_mask) = frames[0];
            let casting = reference_mask >> bit & 1 == 1 && reference >> part_bit & 1 == 1;
            let one = 2 * ones > seen || (2 * ones == seen && casting);
            code |= u64::from(one) << part_bit;
            let agreeing = ones.max(seen - ones);
            steady &= 100 * agreeing >= rule.min_agreement_percent * seen;
        }
        mask |= u32::from(steady) << bit;
    }
    (code, mask)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{recaptured, seeded, turned};

    const RULE: FusionRule = FusionRule::standard();

    /// `count` noisy, turned captures of the eye of `seed`.
    fn captures(seed: u64, count: u64) -> Vec<IrisTemplate> {
        let eye = seeded(seed);
        (0..count)
            .map(|k| {
                let noisy = recaptured(&eye, 150, 1_000 * seed + k);
                turned(&noisy, k as i32 % 7 - 3)
            })
            .collect()
    }

    #[test]
    fn the_majority_of_each_bit_stands() {
        // Three frames: bit 0 is 1,1,0; bit 1 is 0,1,0; bit 2 (masked in the last) 1,0,-.
        let frames = [(0b101, 0b111), (0b011, 0b111), (0b000, 0b011)];
        let (code, mask) = vote_column(&frames, &RULE);
        assert_eq!(code & 0b11, 0b01);
        // One against one: the reference, which comes first, decides.
        assert_eq!(code >> 2 & 1, 1);
        assert_eq!(mask, 0b111);
    }

    #[test]
    fn a_bit_that_few_frames_saw_is_masked() {
        let frames = [(0, 0b01), (0, 0b01), (0, 0b10)];
        let (_, mask) = vote_column(&frames, &RULE);
        assert_eq!(mask, 0b01);
    }

    #[test]
    fn a_bit_that_frames_disagree_on_is_masked_when_the_rule_says_so() {
        let strict = FusionRule {
            min_agreement_percent: 67,
            ..RULE
        };
        // The imaginary part of bit 1 is 1,1,0: two of three are less than 67 %.
        let imaginary = 0b10 << MASK_WORD_BITS;
        let frames = [(imaginary, 0b11), (imaginary, 0b11), (0, 0b11)];
        assert_eq!(vote_column(&frames, &strict), (imaginary, 0b01));
    }

    #[test]
    fn a_fused_template_is_nearer_to_a_new_capture_than_its_frames() {
        let frames = captures(5, 5);
        let fused = fuse(&frames, &RULE).unwrap();
        assert_eq!(fused.used(), 5);
        let fresh = recaptured(&seeded(5), 150, 77);
        let distance = |t: &IrisTemplate| score(t, &fresh).unwrap().micros;
        let nearest = frames.iter().map(distance).min().unwrap();
        assert!(distance(&fused.template) + 50_000 < nearest);
    }

    #[test]
    fn a_frame_of_another_eye_is_left_out_and_named() {
        let mut frames = captures(5, 3);
        let alone = fuse(&frames, &RULE).unwrap();
        frames.insert(1, seeded(6));
        let fused = fuse(&frames, &RULE).unwrap();
        assert!(matches!(fused.frames[1], FrameOutcome::Different { .. }));
        assert_eq!(fused.template, alone.template);
    }

    #[test]
    fn a_frame_that_shows_nothing_is_left_out() {
        let mut frames = captures(5, 2);
        frames.push(IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]));
        let fused = fuse(&frames, &RULE).unwrap();
        assert_eq!(fused.frames[2], FrameOutcome::Incomparable);
    }

    #[test]
    fn frames_that_do_not_agree_are_refused() {
        let refused = |frames: &[IrisTemplate]| fuse(frames, &RULE).unwrap_err();
        let too_few = |agreeing, given, needed| FusionError::TooFewAgree {
            agreeing,
            given,
            needed,
        };
        assert_eq!(refused(&[]), too_few(0, 0, 2));
        assert_eq!(refused(&captures(5, 1)), too_few(1, 1, 2));
        let two_eyes = [captures(5, 2), captures(6, 2)].concat();
        assert_eq!(refused(&two_eyes), too_few(2, 4, 3));
        assert_eq!(refused(&two_eyes).code(), "fusion-too-few-agree");
        let many = vec![seeded(1); FusionRule::MAX_FRAMES + 1];
        assert_eq!(refused(&many).code(), "fusion-too-many-frames");
    }

    #[test]
    fn of_two_frames_the_same_one_is_the_reference_in_either_order() {
        for seed in 0..8 {
            let [a, b] = captures(seed, 2).try_into().unwrap();
            let one_way = fuse(&[a.clone(), b.clone()], &RULE).unwrap();
            let other_way = fuse(&[b, a], &RULE).unwrap();
            assert_eq!(one_way.template, other_way.template);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_order_of_frames_does_not_matter(
            order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(),
            same in 0..3usize,
        ) {
            let mut frames = captures(5, 5);
            frames.push(seeded(9));
            // Equal frames tie in every respect but their bytes.
            frames[same] = frames[4].clone();
            let shuffled: Vec<IrisTemplate> = order.iter().map(|&k| frames[k].clone()).collect();
            let (plain, mixed) = (fuse(&frames, &RULE).unwrap(), fuse(&shuffled, &RULE).unwrap());
            prop_assert_eq!(plain.used(), mixed.used());
            prop_assert_eq!(plain.template, mixed.template);
        }

        #[test]
        fn equal_frames_fuse_to_themselves(seed: u64, count in 2usize..6) {
            let frame = seeded(seed);
            let fused = fuse(&vec![frame.clone(); count], &RULE).unwrap();
            prop_assert_eq!(fused.template, frame);
        }
    }
}
