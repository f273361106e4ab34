//! Distributions and error rates of scores; small scores mean alike.

use serde_json::{Value, json};

/// Mean, spread and ends of a set of scores.
pub(crate) struct Distribution {
    count: usize,
    mean: f64,
    sd: f64,
    least: f64,
    greatest: f64,
    percentiles: [(u32, f64); 3],
}

impl Distribution {
    pub(crate) fn of(scores: &[f64]) -> Self {
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let mean = sorted.iter().sum::<f64>() / count.max(1) as f64;
        let variance = sorted.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count.max(1) as f64;
        let at = |share: f64| {
            sorted
                .get((share * count as f64) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        Self {
            count,
            mean,
            sd: variance.sqrt(),
            least: at(0.0),
            greatest: sorted.last().copied().unwrap_or(f64::NAN),
            percentiles: [(1, at(0.01)), (50, at(0.5)), (99, at(0.99))],
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let [low, middle, high] = self.percentiles;
        json!({
            "count": self.count, "mean": self.mean, "sd": self.sd,
            "min": self.least, "max": self.greatest,
            "p1": low.1, "p50": middle.1, "p99": high.1,
        })
    }
}

/// Error rates of a set of genuine and impostor scores.
pub(crate) struct ErrorRates {
    genuine: Vec<f64>,
    impostor: Vec<f64>,
}

impl ErrorRates {
    pub(crate) fn new(genuine: &[f64], impostor: &[f64]) -> Self {
        let sorted = |scores: &[f64]| {
            let mut scores = scores.to_vec();
            scores.sort_by(f64::total_cmp);
            scores
        };
        Self {
            genuine: sorted(genuine),
            impostor: sorted(impostor),
        }
    }

    /// The largest threshold with at most `rate` of the impostors below it, and the
    /// share of genuine scores that it misses.
    pub(crate) fn false_non_match_at(&self, rate: f64) -> (f64, f64) {
        let allowed = (rate * self.impostor.len() as f64) as usize;
        let threshold = self.impostor.get(allowed).copied().unwrap_or(f64::NAN);
        (threshold, self.missed(threshold))
    }

    /// Rate at which both error rates meet: the least of the greater of the two.
    pub(crate) fn equal_error_rate(&self) -> f64 {
        let rate = |&threshold: &f64| {
            let below = self.impostor.partition_point(|&s| s < threshold);
            (below as f64 / self.impostor.len() as f64).max(self.missed(threshold))
        };
        let ends = self.genuine.iter().chain(self.impostor.first());
        ends.map(rate).fold(1.0, f64::min)
    }

    fn missed(&self, threshold: f64) -> f64 {
        let matched = self.genuine.partition_point(|&s| s < threshold);
        (self.genuine.len() - matched) as f64 / self.genuine.len() as f64
    }
}
