//! The statistics of all people against their targets.

use std::fmt;

use serde::Serialize;

use super::targets::{self, Target};
use super::unroll::LAGS;
use super::{Genuine, Photograph, Subject, distance_at, least_distance, neighbours, plot};

/// Eyes compared with each other for the distances of different eyes; more would
/// take minutes and tell no more about a mean.
const MOST_IMPOSTOR_EYES: usize = 300;

/// One statistic.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Least and greatest value on real sensors.
    pub real: (f32, f32),
    /// Allowed beyond them.
    pub tolerance: f32,
    /// What the simulation shows.
    pub measured: f32,
    /// Number of observations behind it.
    pub observations: usize,
    /// Whether it is near enough.
    pub within: bool,
}

/// All statistics, and the distributions behind them.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// People photographed.
    pub people: usize,
    /// Captures accepted by the pipeline.
    pub accepted: usize,
    /// Captures refused by the pipeline.
    pub refused: usize,
    /// The table.
    pub lines: Vec<Line>,
    /// Share of the iris that is open in truth, at 5, 50 and 95 %; for comparison
    /// with what the pipeline says.
    pub truly_visible: [f32; 3],
    #[serde(skip)]
    distances: Distances,
}

/// What the picture shows.
#[derive(Clone, Debug)]
pub(crate) struct Distances {
    /// Distance and change of the pupil ratio.
    pub(crate) genuine: Vec<(f32, f32)>,
    pub(crate) impostor: Vec<f32>,
    pub(crate) unturned: Vec<f32>,
}

impl Report {
    /// Joins what was seen of people.
    #[must_use]
    pub fn new(subjects: &[Subject]) -> Self {
        let photographs: Vec<&Photograph> =
            subjects.iter().flat_map(Subject::photographs).collect();
        let genuine: Vec<Genuine> = subjects.iter().flat_map(Subject::genuine).collect();
        let (impostor, unturned) = impostors(subjects);
        let mut table = Table::default();
        texture(&mut table, &photographs);
        table.quantiles("visible fraction", &targets::VISIBLE, || {
            photographs.iter().map(|p| p.visible)
        });
        table.moments("impostor distance", &targets::IMPOSTOR, &impostor);
        table.moments(
            "impostor distance, rotation 0",
            &targets::IMPOSTOR_UNTURNED,
            &unturned,
        );
        dilation(&mut table, &genuine);
        table.quantiles(
            "rotation between captures, columns of 256",
            &targets::ROTATION,
            || genuine.iter().map(|pair| pair.rotation),
        );
        table.quantiles("pupil ratio", &targets::PUPIL, || {
            photographs.iter().map(|p| p.pupil_ratio)
        });
        let visible = sorted(photographs.iter().map(|p| p.texture.visible));
        Self {
            people: subjects.len(),
            accepted: photographs.len(),
            refused: subjects.iter().map(|s| s.refused).sum(),
            lines: table.0,
            truly_visible: [0.05, 0.5, 0.95].map(|share| quantile(&visible, share)),
            distances: Distances {
                genuine: genuine
                    .iter()
                    .map(|pair| (pair.distance, pair.pupil_change))
                    .collect(),
                impostor,
                unturned,
            },
        }
    }

    /// Whether every statistic is near enough.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.within)
    }

    /// Distributions of the distances, and their slope against dilation, as SVG.
    #[must_use]
    pub fn to_svg(&self) -> String {
        plot::svg(&self.distances)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|l| l.name.len()).max().unwrap_or(0);
        writeln!(f, "{:width$}  {:>13}  measured", "statistic", "real eyes")?;
        for line in &self.lines {
            let real = if line.real.0 == line.real.1 {
                format!("{}", line.real.0)
            } else {
                format!("{} to {}", line.real.0, line.real.1)
            };
            let verdict = if line.within { "within" } else { "OUT" };
            writeln!(
                f,
                "{:width$}  {real:>13}  {:>8.4}  +-{:<6} {verdict}",
                line.name, line.measured, line.tolerance
            )?;
        }
        let [low, middle, high] = self.truly_visible;
        writeln!(
            f,
            "{} people, {} captures accepted, {} refused; truly visible at 5, 50, 95 %: {low:.2} {middle:.2} {high:.2}",
            self.people, self.accepted, self.refused
        )
    }
}

#[derive(Default)]
struct Table(Vec<Line>);

impl Table {
    fn add(&mut self, name: String, target: Target, measured: f32, observations: usize) {
        self.0.push(Line {
            name,
            real: target.real,
            tolerance: target.tolerance,
            measured,
            observations,
            // A statistic without observations is not near enough to anything.
            within: observations > 0 && target.allows(measured),
        });
    }

    fn quantiles<I: Iterator<Item = f32>>(
        &mut self,
        name: &str,
        targets: &[(f32, Target)],
        values: impl Fn() -> I,
    ) {
        let values = sorted(values());
        for (share, target) in targets {
            let name = format!("{name}, {} %", share * 100.0);
            self.add(name, *target, quantile(&values, *share), values.len());
        }
    }

    fn moments(&mut self, name: &str, [mean, sd]: &[Target; 2], values: &[f32]) {
        let (m, s) = moments(values.iter().copied());
        self.add(format!("{name}, mean"), *mean, m, values.len());
        self.add(format!("{name}, sd"), *sd, s, values.len());
    }
}

fn texture(table: &mut Table, photographs: &[&Photograph]) {
    table.quantiles("texture sd", &targets::TEXTURE_SD, || {
        photographs.iter().map(|p| p.texture.sd)
    });
    for (k, lag) in LAGS.into_iter().enumerate() {
        let mean = moments(photographs.iter().map(|p| p.texture.by_angle[k])).0;
        let name = format!("angular correlation, lag {lag} of 512");
        table.add(name, targets::BY_ANGLE[k], mean, photographs.len());
    }
    for (k, lag) in LAGS.into_iter().enumerate() {
        let mean = moments(photographs.iter().map(|p| p.texture.by_radius[k])).0;
        let name = format!("radial correlation, lag {lag} of 128");
        table.add(name, targets::BY_RADIUS[k], mean, photographs.len());
    }
    let found = neighbours(photographs.iter().map(|p| &p.template));
    for ((direction, targets), shares) in targets::EQUAL_NEIGHBOURS.into_iter().zip(found) {
        for (filter, (target, pairs)) in targets.into_iter().zip(shares).enumerate() {
            let name = format!("equal neighbours by {direction}, filter {}", filter + 1);
            table.add(name, target, pairs.share(), pairs.all as usize);
        }
    }
}

fn dilation(table: &mut Table, genuine: &[Genuine]) {
    let all: Vec<f32> = genuine.iter().map(|pair| pair.distance).collect();
    table.moments("genuine distance", &targets::GENUINE, &all);
    for ((from, to), target) in targets::DILATION {
        let of_bin: Vec<f32> = genuine
            .iter()
            .filter(|pair| (from..to).contains(&pair.pupil_change))
            .map(|pair| pair.distance)
            .collect();
        let name = if to < 1.0 {
            format!("genuine distance, pupil changed by {from:.2} to {to:.2}")
        } else {
            format!("genuine distance, pupil changed by {from:.2} and more")
        };
        table.add(
            name,
            target,
            moments(of_bin.iter().copied()).0,
            of_bin.len(),
        );
    }
}

/// Distances of the first captures of different eyes: least over the rotations, and
/// unturned.
fn impostors(subjects: &[Subject]) -> (Vec<f32>, Vec<f32>) {
    let eyes: Vec<&Photograph> = subjects
        .iter()
        .flat_map(|subject| subject.eyes.iter().filter_map(|captures| captures.first()))
        .take(MOST_IMPOSTOR_EYES)
        .collect();
    let (mut turned, mut unturned) = (Vec::new(), Vec::new());
    for (k, a) in eyes.iter().enumerate() {
        for b in &eyes[k + 1..] {
            turned.extend(least_distance(&a.template, &b.template));
            unturned.extend(distance_at(&a.template, &b.template, 0));
        }
    }
    (turned, unturned)
}

fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values
}

/// Zero of nothing.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let last = sorted.len().saturating_sub(1);
    let at = (share * last as f32).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

/// Mean and standard deviation; zeros of nothing.
fn moments(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let square = values.map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
    (mean as f32, square.sqrt() as f32)
}
