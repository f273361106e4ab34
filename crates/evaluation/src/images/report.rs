//! Report of an evaluation: error rates and scores of single eyes and of both eyes, as JSON and as
//! text.

use std::collections::BTreeMap;
use std::fmt::Write;

use annona_matcher::SCORE_VERSION;
use serde::Serialize;

use super::encoded::EncodedImages;
use super::notable::NotablePairs;
use super::pairs::{ComparedCaptures, ComparedPairs};
use crate::error_rates::{MaxFalseMatchRate, PairKind, ScoreSummary, ScoreTally};
use crate::prefiltering::PrefilterRates;

/// Width of a bin of the reported histograms, in millionths of the score.
const BIN_MICROS: usize = 10_000;

/// All figures of an evaluation. Definitions: [`crate::error_rates`].
#[derive(Debug, Serialize)]
pub struct ImagesReport {
    /// True if all images and pairs are in; false when stopped before the end.
    pub complete: bool,
    model_id: String,
    score_version: u16,
    pub(super) images: usize,
    pub(super) failed_to_acquire: usize,
    failures: BTreeMap<&'static str, Vec<String>>,
    #[serde(flatten)]
    pub(super) rates: Rates,
    /// Processor time of one core, from the file's bytes to template or refusal.
    ms_per_image: Option<f64>,
    ms_per_image_median: Option<f64>,
    /// Threads that encoded and compared.
    cores: usize,
    /// Pairs of different labels that score like one eye.
    suspects: usize,
    both_eyes: Option<BothEyes>,
}

/// The same for both eyes together: the mean of their scores.
#[derive(Debug, Serialize)]
struct BothEyes {
    captures: usize,
    #[serde(flatten)]
    rates: Rates,
}

/// Pairs and error rates.
#[derive(Debug, Serialize)]
pub(super) struct Rates {
    pub(super) genuine: u64,
    pub(super) impostor: u64,
    genuine_without_score: u64,
    impostor_without_score: u64,
    pub(super) eer: Option<f64>,
    pub(super) fnmr: BTreeMap<String, Option<f64>>,
    pub(super) threshold: BTreeMap<String, Option<f64>>,
    false_non_matches: BTreeMap<String, Option<u64>>,
    /// Pairs that a prefiltered search would keep and miss.
    prefilter: PrefilterRates,
    scores: Scores,
}

#[derive(Debug, Serialize)]
struct Scores {
    genuine: Option<Summary>,
    impostor: Option<Summary>,
    histogram: Histogram,
}

#[derive(Debug, Serialize)]
struct Summary {
    mean: f64,
    sd: f64,
    least: f64,
    greatest: f64,
}

impl From<ScoreSummary> for Summary {
    fn from(summary: ScoreSummary) -> Self {
        Self {
            mean: summary.mean,
            sd: summary.sd,
            least: summary.least,
            greatest: summary.greatest,
        }
    }
}

/// Pairs by score; bin `k` holds scores from `k * bin` to below `(k + 1) * bin`.
#[derive(Debug, Serialize)]
struct Histogram {
    bin: f64,
    genuine: Vec<u64>,
    impostor: Vec<u64>,
}

impl Rates {
    fn of(compared: &ComparedPairs) -> Self {
        let tally: &ScoreTally = &compared.tally;
        let points = || {
            MaxFalseMatchRate::REPORTED
                .into_iter()
                .map(|rate| (rate.name(), tally.at(rate)))
        };
        let summary = |kind| tally.summary(kind).map(Summary::from);
        let histogram = |kind| tally.histogram(kind, BIN_MICROS);
        let (genuine, impostor) = (
            tally.pairs(PairKind::Genuine),
            tally.pairs(PairKind::Impostor),
        );
        Self {
            genuine: genuine.all,
            impostor: impostor.all,
            genuine_without_score: genuine.without_score,
            impostor_without_score: impostor.without_score,
            eer: tally.equal_error_rate(),
            fnmr: points()
                .map(|(name, at)| (name, at.map(|p| p.false_non_match_rate)))
                .collect(),
            threshold: points()
                .map(|(name, at)| {
                    let micros = at.and_then(|p| p.threshold_micros);
                    (name, micros.map(|t| f64::from(t) / 1e6))
                })
                .collect(),
            false_non_matches: points()
                .map(|(name, at)| (name, at.map(|p| p.false_non_matches)))
                .collect(),
            prefilter: compared.prefiltered.rates(),
            scores: Scores {
                genuine: summary(PairKind::Genuine),
                impostor: summary(PairKind::Impostor),
                histogram: Histogram {
                    bin: BIN_MICROS as f64 / 1e6,
                    genuine: histogram(PairKind::Genuine),
                    impostor: histogram(PairKind::Impostor),
                },
            },
        }
    }
}

impl ImagesReport {
    /// Joins the figures of single eyes and of both eyes, of so many images of a manifest.
    #[must_use]
    pub fn new(
        images: usize,
        encoded: &EncodedImages,
        single: &ComparedPairs,
        notable: &NotablePairs,
        both: &ComparedCaptures,
    ) -> Self {
        let is_encoded = encoded.tried == images;
        Self {
            complete: is_encoded && single.complete && both.pairs.complete,
            model_id: annona_core::B256::from(annona_template::MODEL_ID).to_string(),
            score_version: SCORE_VERSION,
            images: encoded.tried,
            failed_to_acquire: encoded.failed(),
            failures: encoded.failures.clone(),
            rates: Rates::of(single),
            ms_per_image: encoded.mean_millis(),
            ms_per_image_median: encoded.median_millis(),
            cores: rayon::current_num_threads(),
            suspects: notable.suspects(),
            both_eyes: (both.captures > 0).then(|| BothEyes {
                captures: both.captures,
                rates: Rates::of(&both.pairs),
            }),
        }
    }

    /// The figures for a person to read, without an end of the last line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text)
            .expect("writing to a string does not fail");
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        if !self.complete {
            writeln!(
                out,
                "STOPPED BEFORE THE END: these figures are of a part of the data."
            )?;
        }
        let failed = 100.0 * self.failed_to_acquire as f64 / self.images.max(1) as f64;
        writeln!(
            out,
            "{} images, {} failed to acquire ({failed:.2} %)",
            self.images, self.failed_to_acquire
        )?;
        for (code, paths) in &self.failures {
            writeln!(out, "  {:>5} {code}", paths.len())?;
        }
        if let (Some(mean), Some(median)) = (self.ms_per_image, self.ms_per_image_median) {
            writeln!(
                out,
                "{mean:.1} ms of one core an image (median {median:.1}), on {} at once",
                self.cores
            )?;
        }
        writeln!(out, "\nsingle eyes")?;
        self.rates.write_text(out)?;
        if let Some(both) = &self.both_eyes {
            writeln!(out, "\nboth eyes together, {} captures", both.captures)?;
            both.rates.write_text(out)?;
        }
        if self.suspects > 0 {
            writeln!(
                out,
                "\n{} pairs of different labels score like one eye; --suspects FILE lists them.",
                self.suspects
            )?;
        }
        if self.rates.genuine == 0 || self.rates.impostor == 0 {
            writeln!(
                out,
                "\nError rates need pairs of one eye and pairs of different eyes: at least two images of one subject and eye, and one of another."
            )?;
        }
        // The caller ends the last line.
        out.truncate(out.trim_end().len());
        Ok(())
    }
}

impl Rates {
    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        for (name, pairs, blind, summary) in [
            (
                "genuine",
                self.genuine,
                self.genuine_without_score,
                &self.scores.genuine,
            ),
            (
                "impostor",
                self.impostor,
                self.impostor_without_score,
                &self.scores.impostor,
            ),
        ] {
            write!(out, "  {pairs:>9} {name} pairs, {blind} without a score")?;
            if let Some(s) = summary {
                write!(
                    out,
                    "; score {:.3} ± {:.3}, {:.3} to {:.3}",
                    s.mean, s.sd, s.least, s.greatest
                )?;
            }
            writeln!(out)?;
        }
        let Some(eer) = self.eer else { return Ok(()) };
        writeln!(out, "  EER                {:.4} %", 100.0 * eer)?;
        for rate in MaxFalseMatchRate::REPORTED.map(MaxFalseMatchRate::name) {
            let (Some(fnmr), Some(misses)) = (self.fnmr[&rate], self.false_non_matches[&rate])
            else {
                continue;
            };
            let threshold = self.threshold[&rate]
                .map_or("no threshold".to_owned(), |t| format!("threshold {t:.4}"));
            writeln!(
                out,
                "  FNMR at FMR {rate:<5}  {:.4} % ({misses} pairs), {threshold}",
                100.0 * fnmr
            )?;
        }
        writeln!(out, "  {}", self.prefilter.line())?;
        Ok(())
    }
}
