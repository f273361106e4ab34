//! Counts of labelled comparisons, and the error rates that follow from them.

use super::{
    MAX_SCORE_MICROS, MaxFalseMatchRate, OperatingPoint, PairCounts, PairKind, ScoreSummary,
};

const LEVELS: usize = MAX_SCORE_MICROS as usize + 1;

/// One comparison: the kind of its pair, and its score if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labelled {
    /// Kind of the pair: one eye twice, or two different eyes.
    pub kind: PairKind,
    /// The normalised score in millionths; `None` below the mask floor.
    pub micros: Option<u32>,
}

/// Counts of pairs by kind and score. The order of recording makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreTally {
    genuine: Counts,
    impostor: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Counts {
    by_micros: Vec<u32>,
    pairs: PairCounts,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            by_micros: vec![0; LEVELS],
            pairs: PairCounts::default(),
        }
    }
}

impl Default for ScoreTally {
    fn default() -> Self {
        Self::new()
    }
}

impl ScoreTally {
    /// Returns an empty tally.
    #[must_use]
    pub fn new() -> Self {
        Self {
            genuine: Counts::default(),
            impostor: Counts::default(),
        }
    }

    /// Counts one comparison. A score above [`MAX_SCORE_MICROS`] counts as that.
    pub fn record(&mut self, pair: Labelled) {
        let counts = match pair.kind {
            PairKind::Genuine => &mut self.genuine,
            PairKind::Impostor => &mut self.impostor,
        };
        counts.record(pair.micros);
    }

    /// Returns the numbers of pairs of a kind, with and without a score.
    #[must_use]
    pub fn pairs(&self, kind: PairKind) -> PairCounts {
        self.counts(kind).pairs
    }

    /// Pairs of a kind whose score is at most `threshold_micros`.
    #[must_use]
    pub fn matches(&self, kind: PairKind, threshold_micros: u32) -> u64 {
        let end = (threshold_micros as usize + 1).min(LEVELS);
        sum(&self.counts(kind).by_micros[..end])
    }

    /// The threshold that holds a false match rate, and the misses at it; `None`
    /// without genuine or without impostor pairs.
    #[must_use]
    pub fn at(&self, rate: MaxFalseMatchRate) -> Option<OperatingPoint> {
        let (genuine, impostor) = (self.genuine.pairs.all, self.impostor.pairs.all);
        if genuine == 0 || impostor == 0 {
            return None;
        }
        let threshold = self.impostor.largest_threshold(rate.allowed(impostor));
        let matches = |kind| threshold.map_or(0, |t| self.matches(kind, t));
        let false_non_matches = genuine - matches(PairKind::Genuine);
        Some(OperatingPoint {
            max_false_match_rate: rate,
            threshold_micros: threshold,
            false_match_rate: share(matches(PairKind::Impostor), impostor),
            false_non_match_rate: share(false_non_matches, genuine),
            false_non_matches,
        })
    }

    /// The equal error rate; `None` without genuine or without impostor pairs.
    #[must_use]
    pub fn equal_error_rate(&self) -> Option<f64> {
        let (genuine, impostor) = (self.genuine.pairs.all, self.impostor.pairs.all);
        if genuine == 0 || impostor == 0 {
            return None;
        }
        // Both rates as whole numbers over `genuine * impostor`, so that ties are ties.
        let rates = |hits: u64, false_matches: u64| {
            let missed = u128::from(genuine - hits) * u128::from(impostor);
            let matched = u128::from(false_matches) * u128::from(genuine);
            (missed.abs_diff(matched), missed + matched)
        };
        let (mut hits, mut false_matches) = (0, 0);
        let mut best = rates(0, 0);
        for level in 0..LEVELS {
            hits += u64::from(self.genuine.by_micros[level]);
            false_matches += u64::from(self.impostor.by_micros[level]);
            best = best.min(rates(hits, false_matches));
        }
        let whole = 2.0 * genuine as f64 * impostor as f64;
        Some(best.1 as f64 / whole)
    }

    /// Mean, spread and ends of the scores of a kind; `None` when none has a score.
    #[must_use]
    pub fn summary(&self, kind: PairKind) -> Option<ScoreSummary> {
        let scored = self.counts(kind).scored();
        let first = scored.clone().next()?;
        let (mut count, mut total, mut greatest) = (0.0, 0.0, 0.0);
        for (score, pairs) in scored.clone() {
            count += pairs;
            total += score * pairs;
            greatest = score;
        }
        let mean = total / count;
        let squares: f64 = scored.map(|(s, pairs)| (s - mean).powi(2) * pairs).sum();
        Some(ScoreSummary {
            mean,
            sd: (squares / count).sqrt(),
            least: first.0,
            greatest,
        })
    }

    /// Pairs of a kind by score, in bins of `bin_micros` from 0 up; the last bin
    /// holds [`MAX_SCORE_MICROS`].
    ///
    /// # Panics
    /// `bin_micros` is 0.
    #[must_use]
    pub fn histogram(&self, kind: PairKind, bin_micros: usize) -> Vec<u64> {
        assert!(bin_micros > 0, "a bin has a width");
        let levels = self.counts(kind).by_micros.chunks(bin_micros);
        levels.map(sum).collect()
    }

    fn counts(&self, kind: PairKind) -> &Counts {
        match kind {
            PairKind::Genuine => &self.genuine,
            PairKind::Impostor => &self.impostor,
        }
    }
}

impl Counts {
    fn record(&mut self, micros: Option<u32>) {
        self.pairs.all += 1;
        let Some(micros) = micros else {
            self.pairs.without_score += 1;
            return;
        };
        let level = &mut self.by_micros[micros.min(MAX_SCORE_MICROS) as usize];
        *level = level.saturating_add(1);
    }

    /// The largest threshold at which at most `allowed` pairs match.
    fn largest_threshold(&self, allowed: u64) -> Option<u32> {
        let mut matched = 0;
        for (level, &pairs) in (0..).zip(&self.by_micros) {
            matched += u64::from(pairs);
            if matched > allowed {
                return u32::checked_sub(level, 1);
            }
        }
        Some(MAX_SCORE_MICROS)
    }

    /// Scores that occur, with the number of pairs.
    fn scored(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        let levels = (0u32..).zip(&self.by_micros);
        levels
            .filter(|(_, pairs)| **pairs > 0)
            .map(|(micros, &pairs)| (f64::from(micros) / 1e6, f64::from(pairs)))
    }
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|&count| u64::from(count)).sum()
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn tally(genuine: &[Option<u32>], impostor: &[Option<u32>]) -> ScoreTally {
        let mut tally = ScoreTally::new();
        for (kind, scores) in [(PairKind::Genuine, genuine), (PairKind::Impostor, impostor)] {
            for &micros in scores {
                tally.record(Labelled { kind, micros });
            }
        }
        tally
    }

    fn scored(micros: &[u32]) -> Vec<Option<u32>> {
        micros.iter().copied().map(Some).collect()
    }

    #[test]
    fn the_threshold_is_the_largest_that_holds_the_rate() {
        // 2 of 10 impostor pairs may match: 300 and 400 do, 500 must not.
        let impostor = scored(&[300, 400, 500, 600, 700, 800, 900, 910, 920, 930]);
        let tally = tally(&scored(&[100, 450, 499, 500, 900]), &impostor);
        let point = tally.at(MaxFalseMatchRate::OneIn(5)).unwrap();
        assert_eq!(point.threshold_micros, Some(499));
        assert_eq!(point.false_match_rate, 0.2);
        assert_eq!(
            (point.false_non_matches, point.false_non_match_rate),
            (2, 0.4)
        );
        let none = tally.at(MaxFalseMatchRate::Zero).unwrap();
        assert_eq!(none.threshold_micros, Some(299));
        assert_eq!(
            (none.false_match_rate, none.false_non_match_rate),
            (0.0, 0.8)
        );
    }

    #[test]
    fn equal_impostor_scores_stay_on_one_side_of_the_threshold() {
        let tally = tally(&scored(&[399, 400]), &scored(&[400, 400, 400, 900]));
        let point = tally.at(MaxFalseMatchRate::OneIn(4)).unwrap();
        assert_eq!(point.threshold_micros, Some(399));
        assert_eq!(
            (point.false_match_rate, point.false_non_match_rate),
            (0.0, 0.5)
        );
    }

    #[test]
    fn a_score_equal_to_the_threshold_matches() {
        let tally = tally(&scored(&[250]), &scored(&[250]));
        assert_eq!(tally.matches(PairKind::Genuine, 249), 0);
        assert_eq!(tally.matches(PairKind::Genuine, 250), 1);
        assert_eq!(tally.matches(PairKind::Impostor, u32::MAX), 1);
    }

    #[test]
    fn a_pair_without_a_score_never_matches_and_counts_in_both_rates() {
        // 1 of 4 may match; with 3 scored of 4, one match is allowed.
        let impostor = [Some(300), Some(500), Some(600), None];
        let tally = tally(&[Some(100), None], &impostor);
        let point = tally.at(MaxFalseMatchRate::OneIn(4)).unwrap();
        assert_eq!(point.threshold_micros, Some(499));
        assert_eq!(point.false_match_rate, 0.25);
        assert_eq!(point.false_non_match_rate, 0.5);
        let counted = |all, without_score| PairCounts { all, without_score };
        assert_eq!(tally.pairs(PairKind::Genuine), counted(2, 1));
        assert_eq!(tally.pairs(PairKind::Impostor), counted(4, 1));
    }

    #[test]
    fn nothing_matches_when_an_impostor_pair_is_equal() {
        let tally = tally(&scored(&[0]), &scored(&[0, 500]));
        let point = tally.at(MaxFalseMatchRate::Zero).unwrap();
        assert_eq!(point.threshold_micros, None);
        assert_eq!(
            (point.false_match_rate, point.false_non_match_rate),
            (0.0, 1.0)
        );
    }

    #[test]
    fn without_scored_impostor_pairs_every_score_is_below_the_threshold() {
        let tally = tally(&scored(&[1_274_999]), &[None]);
        let point = tally.at(MaxFalseMatchRate::Zero).unwrap();
        assert_eq!(point.threshold_micros, Some(MAX_SCORE_MICROS));
        assert_eq!(point.false_non_match_rate, 0.0);
    }

    #[test]
    fn the_equal_error_rate_is_where_both_rates_meet() {
        // At 450: 1 of 4 genuine missed, 1 of 4 impostor pairs matched.
        let crossing = tally(
            &scored(&[100, 200, 300, 600]),
            &scored(&[400, 500, 700, 800]),
        );
        assert_eq!(crossing.equal_error_rate(), Some(0.25));
        let apart = tally(&scored(&[100, 200]), &scored(&[400, 500]));
        assert_eq!(apart.equal_error_rate(), Some(0.0));
        // Never equal: at 200 1/3 and 0, at 400 1/3 and 1/2, at 450 0 and 1/2.
        // They differ least at 400, where the mean is 5/12.
        let uneven = tally(&scored(&[100, 200, 450]), &scored(&[400, 500]));
        assert!((uneven.equal_error_rate().unwrap() - 5.0 / 12.0).abs() < 1e-12);
    }

    #[test]
    fn misses_without_a_score_are_in_the_equal_error_rate() {
        let tally = tally(&[Some(100), None], &scored(&[400, 500]));
        // At 400: half missed, half matched.
        assert_eq!(tally.equal_error_rate(), Some(0.5));
    }

    #[test]
    fn rates_of_nothing_are_not_numbers() {
        assert_eq!(tally(&[], &scored(&[400])).equal_error_rate(), None);
        assert_eq!(
            tally(&scored(&[400]), &[]).at(MaxFalseMatchRate::Zero),
            None
        );
        assert_eq!(tally(&[None], &[]).summary(PairKind::Genuine), None);
    }

    #[test]
    fn summary_and_histogram_are_those_of_the_scores() {
        let tally = tally(&scored(&[100_000, 100_000, 400_000]), &[]);
        let summary = tally.summary(PairKind::Genuine).unwrap();
        assert!((summary.mean - 0.2).abs() < 1e-12);
        assert!((summary.sd - 0.02f64.sqrt()).abs() < 1e-12);
        assert_eq!((summary.least, summary.greatest), (0.1, 0.4));
        let bins = tally.histogram(PairKind::Genuine, 100_000);
        assert_eq!(bins.len(), 13);
        assert_eq!(bins[..5], [0, 2, 0, 0, 1]);
    }

    #[test]
    fn rates_are_named_as_they_are_written() {
        let names: Vec<String> = MaxFalseMatchRate::REPORTED
            .iter()
            .map(|rate| rate.name())
            .collect();
        assert_eq!(names, ["1e-3", "1e-4", "1e-5", "0"]);
        assert_eq!(MaxFalseMatchRate::OneIn(7).name(), "1/7");
        assert_eq!(MaxFalseMatchRate::OneIn(10_000).allowed(29_999), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_next_threshold_up_would_break_the_rate(
            genuine in prop::collection::vec(0u32..2_000, 1..40),
            impostor in prop::collection::vec(0u32..2_000, 1..40),
            one_in in 1u64..50,
        ) {
            let tally = tally(&scored(&genuine), &scored(&impostor));
            let rate = MaxFalseMatchRate::OneIn(one_in);
            let point = tally.at(rate).unwrap();
            let matched = |t: u32| impostor.iter().filter(|&&s| s <= t).count() as u64;
            let allowed = rate.allowed(impostor.len() as u64);
            if let Some(t) = point.threshold_micros {
                prop_assert!(matched(t) <= allowed);
            }
            let next = point.threshold_micros.map_or(0, |t| t + 1);
            prop_assert!(next > MAX_SCORE_MICROS || matched(next) > allowed);
        }
    }
}
