//! Counts of the pairs that the prefilter of a search keeps and misses.

use annona_matcher::DecisionRule;
use serde::Serialize;

use crate::confidence::clopper_pearson;
use crate::error_rates::PairKind;

/// Counts of pairs by the outcome of the prefilter.
#[derive(Debug, Clone, Copy, Default)]
pub struct PrefilterTally {
    alike: u64,
    missed: u64,
    strangers: u64,
    kept: u64,
}

impl PrefilterTally {
    /// Counts a pair: its score, if it has one, and whether it passes the prefilter.
    pub fn record(&mut self, kind: PairKind, micros: Option<u32>, passes: bool) {
        let limit = DecisionRule::standard().threshold_micros();
        match kind {
            PairKind::Genuine if micros.is_some_and(|score| score < limit) => {
                self.alike += 1;
                self.missed += u64::from(!passes);
            }
            PairKind::Genuine => {}
            PairKind::Impostor => {
                self.strangers += 1;
                self.kept += u64::from(passes);
            }
        }
    }

    /// Returns the shares that follow from the counts.
    #[must_use]
    pub fn rates(&self) -> PrefilterRates {
        let (low, high) = clopper_pearson(self.missed, self.alike);
        PrefilterRates {
            alike: self.alike,
            missed: self.missed,
            miss_rate: share(self.missed, self.alike),
            miss_rate_interval: [low, high],
            strangers: self.strangers,
            survivors_fraction: share(self.kept, self.strangers),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Shares of the pairs that the prefilter misses and keeps.
#[derive(Debug, Clone, Serialize)]
pub struct PrefilterRates {
    /// Number of genuine pairs whose score is below the limit of a search.
    alike: u64,
    /// Number of them that the prefilter drops.
    missed: u64,
    miss_rate: Option<f64>,
    /// 95 % confidence interval of the miss rate, after Clopper and Pearson.
    miss_rate_interval: [f64; 2],
    /// Number of impostor pairs.
    strangers: u64,
    /// Share of them that the prefilter keeps, to be scored exactly.
    survivors_fraction: Option<f64>,
}

impl PrefilterRates {
    /// One line for a person to read.
    #[must_use]
    pub fn line(&self) -> String {
        let percent =
            |rate: Option<f64>| rate.map_or("-".to_owned(), |r| format!("{:.3} %", 100.0 * r));
        format!(
            "prefilter: keeps {} of {} impostor pairs; misses {} of {} genuine pairs below the limit ({}, 95 % interval {:.3} to {:.3} %)",
            percent(self.survivors_fraction),
            self.strangers,
            self.missed,
            self.alike,
            percent(self.miss_rate),
            100.0 * self.miss_rate_interval[0],
            100.0 * self.miss_rate_interval[1],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_genuine_pairs_within_the_limit_can_be_missed() {
        let mut tally = PrefilterTally::default();
        for (kind, micros, passes) in [
            (PairKind::Genuine, Some(384_999), false),
            (PairKind::Genuine, Some(100_000), true),
            (PairKind::Genuine, Some(385_000), false),
            (PairKind::Genuine, None, false),
            (PairKind::Impostor, Some(450_000), true),
            (PairKind::Impostor, None, false),
        ] {
            tally.record(kind, micros, passes);
        }
        let rates = tally.rates();
        assert_eq!((rates.missed, rates.alike, rates.strangers), (1, 2, 2));
        assert_eq!(
            (rates.miss_rate, rates.survivors_fraction),
            (Some(0.5), Some(0.5))
        );
    }
}
