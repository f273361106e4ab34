//! The statistics of all people against their targets.

use std::fmt;

use serde::Serialize;

use super::distances::{Distances, Genuine, distance_at, least_distance};
use super::statistics::{Bootstrap, Observation, Sample, Statistic};
use super::targets::{self, CalibrationTarget};
use super::unroll::LAGS;
use super::{CalibrationSubject, Photograph, plot};

/// Eyes compared with each other for the distances of different eyes; more would
/// take minutes and tell no more about a mean.
const MOST_IMPOSTOR_EYES: usize = 300;

/// One statistic of the table.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrationLine {
    /// Name of the statistic.
    pub name: String,
    /// Least and greatest value on real sensors.
    pub real: (f32, f32),
    /// Tolerance allowed beyond these values.
    pub tolerance: f32,
    /// Value that the simulation shows.
    pub measured: f32,
    /// Standard error of this value, by the bootstrap over people.
    pub standard_error: f32,
    /// Number of observations behind it.
    pub observations: usize,
    /// True if the value is near enough to the real ones.
    pub within: bool,
}

/// All statistics, and the distributions behind them.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrationReport {
    /// Number of people photographed.
    pub people: usize,
    /// Captures accepted by the pipeline.
    pub accepted: usize,
    /// Captures refused by the pipeline.
    pub refused: usize,
    /// Lines of the table of statistics.
    pub lines: Vec<CalibrationLine>,
    /// Share of the iris that is open in truth, at 5, 50 and 95 %; for comparison with the
    /// share that the pipeline gives.
    pub truly_visible: [f32; 3],
    #[serde(skip)]
    distances: Distances,
}

impl CalibrationReport {
    /// Joins the measurements of all people.
    #[must_use]
    pub fn new(subjects: &[CalibrationSubject]) -> Self {
        let seen = Seen::of(subjects);
        let mut table = Table {
            bootstrap: Bootstrap::new(subjects.len()),
            lines: Vec::new(),
        };
        texture(&mut table, &seen);
        let visible = seen.photographs(|p| p.visible);
        table.quantiles("visible fraction", &targets::VISIBLE, &visible);
        table.moments("impostor distance", &targets::IMPOSTOR, &seen.impostor);
        table.moments(
            "impostor distance, rotation 0",
            &targets::IMPOSTOR_UNTURNED,
            &seen.unturned,
        );
        dilation(&mut table, &seen);
        let rotation = seen.genuine(|pair| Some(pair.rotation));
        let name = "rotation between captures, columns of 256";
        table.quantiles(name, &targets::ROTATION, &rotation);
        let pupil = seen.photographs(|p| p.pupil_ratio);
        table.quantiles("pupil ratio", &targets::PUPIL, &pupil);
        let truly = seen.photographs(|p| p.texture.visible);
        Self {
            people: subjects.len(),
            accepted: seen.photographs.len(),
            refused: subjects.iter().map(|s| s.refused).sum(),
            lines: table.lines,
            truly_visible: [0.05, 0.5, 0.95].map(|share| truly.of(Statistic::Quantile(share))),
            distances: seen.distances(),
        }
    }

    /// Returns whether every statistic is near enough.
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

/// Writes the table in Markdown, with the numbers of people and captures behind it.
impl fmt::Display for CalibrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|l| l.name.len()).max().unwrap_or(0);
        writeln!(
            f,
            "| {:width$} | {:13} | tolerance | simulated | error  |        |\n| --- | --- | --- | --- | --- | --- |",
            "statistic", "real eyes"
        )?;
        for line in &self.lines {
            let real = if line.real.0 == line.real.1 {
                format!("{}", line.real.0)
            } else {
                format!("{} to {}", line.real.0, line.real.1)
            };
            let verdict = if line.within { "within" } else { "OUT" };
            writeln!(
                f,
                "| {:width$} | {real:13} | {:<9} | {:<9.4} | {:<6.4} | {verdict:6} |",
                line.name, line.tolerance, line.measured, line.standard_error
            )?;
        }
        let [low, middle, high] = self.truly_visible;
        writeln!(
            f,
            "\n{} people, {} captures accepted, {} refused; truly visible at 5, 50, 95 %: {low:.2} {middle:.2} {high:.2}",
            self.people, self.accepted, self.refused
        )
    }
}

/// Photographs and pairs with the numbers of their people.
struct Seen<'a> {
    photographs: Vec<(usize, &'a Photograph)>,
    genuine: Vec<(usize, Genuine)>,
    impostor: Sample,
    unturned: Sample,
}

impl<'a> Seen<'a> {
    fn of(subjects: &'a [CalibrationSubject]) -> Self {
        let people = || subjects.iter().enumerate();
        let (impostor, unturned) = impostors(subjects);
        Self {
            photographs: people()
                .flat_map(|(k, subject)| subject.photographs().map(move |p| (k, p)))
                .collect(),
            genuine: people()
                .flat_map(|(k, subject)| subject.genuine().into_iter().map(move |g| (k, g)))
                .collect(),
            impostor,
            unturned,
        }
    }

    fn photographs(&self, value: impl Fn(&Photograph) -> f32) -> Sample {
        Sample::new(self.photographs.iter().map(|(k, photograph)| Observation {
            value: value(photograph),
            people: [*k; 2],
        }))
    }

    /// Pairs of one eye for which there is a value.
    fn genuine(&self, value: impl Fn(&Genuine) -> Option<f32>) -> Sample {
        Sample::new(self.genuine.iter().filter_map(|(k, pair)| {
            Some(Observation {
                value: value(pair)?,
                people: [*k; 2],
            })
        }))
    }

    fn distances(&self) -> Distances {
        Distances {
            genuine: self
                .genuine
                .iter()
                .map(|(_, pair)| (pair.distance, pair.pupil_change))
                .collect(),
            impostor: self.impostor.values().collect(),
            unturned: self.unturned.values().collect(),
        }
    }
}

struct Table {
    bootstrap: Bootstrap,
    lines: Vec<CalibrationLine>,
}

impl Table {
    fn add(
        &mut self,
        name: String,
        target: CalibrationTarget,
        statistic: Statistic,
        sample: &Sample,
    ) {
        let measured = sample.of(statistic);
        self.lines.push(CalibrationLine {
            name,
            real: target.real,
            tolerance: target.tolerance,
            measured,
            standard_error: self.bootstrap.standard_error(statistic, sample),
            observations: sample.len(),
            // A statistic without observations is not near enough to anything.
            within: sample.len() > 0 && target.allows(measured),
        });
    }

    fn quantiles(&mut self, name: &str, targets: &[(f32, CalibrationTarget)], sample: &Sample) {
        for (share, target) in targets {
            let name = format!("{name}, {} %", share * 100.0);
            self.add(name, *target, Statistic::Quantile(*share), sample);
        }
    }

    fn moments(&mut self, name: &str, [mean, sd]: &[CalibrationTarget; 2], sample: &Sample) {
        self.add(format!("{name}, mean"), *mean, Statistic::Mean, sample);
        let deviation = Statistic::StandardDeviation;
        self.add(format!("{name}, sd"), *sd, deviation, sample);
    }
}

fn texture(table: &mut Table, seen: &Seen<'_>) {
    let sd = seen.photographs(|p| p.texture.sd);
    table.quantiles("texture sd", &targets::TEXTURE_SD, &sd);
    for (k, lag) in LAGS.into_iter().enumerate() {
        let sample = seen.photographs(|p| p.texture.by_angle[k]);
        let name = format!("angular correlation, lag {lag} of 512");
        table.add(name, targets::BY_ANGLE[k], Statistic::Mean, &sample);
    }
    for (k, lag) in LAGS.into_iter().enumerate() {
        let sample = seen.photographs(|p| p.texture.by_radius[k]);
        let name = format!("radial correlation, lag {lag} of 128");
        table.add(name, targets::BY_RADIUS[k], Statistic::Mean, &sample);
    }
    for (way, (direction, targets)) in targets::EQUAL_NEIGHBOURS.into_iter().enumerate() {
        for (filter, target) in targets.into_iter().enumerate() {
            let sample = seen.photographs(|p| p.equal_neighbours[way][filter]);
            let name = format!("equal neighbours by {direction}, filter {}", filter + 1);
            table.add(name, target, Statistic::Mean, &sample);
        }
    }
}

fn dilation(table: &mut Table, seen: &Seen<'_>) {
    let all = seen.genuine(|pair| Some(pair.distance));
    table.moments("genuine distance", &targets::GENUINE, &all);
    for ((from, to), target) in targets::DILATION {
        let of_bin = seen.genuine(|pair| {
            (from..to)
                .contains(&pair.pupil_change)
                .then_some(pair.distance)
        });
        let name = if to < 1.0 {
            format!("genuine distance, pupil changed by {from:.2} to {to:.2}")
        } else {
            format!("genuine distance, pupil changed by {from:.2} and more")
        };
        table.add(name, target, Statistic::Mean, &of_bin);
    }
}

/// Distances of the first captures of different eyes: least over the rotations, and
/// unturned. The two eyes of a person are different eyes.
fn impostors(subjects: &[CalibrationSubject]) -> (Sample, Sample) {
    let eyes: Vec<(usize, &Photograph)> = subjects
        .iter()
        .enumerate()
        .flat_map(|(k, subject)| {
            let firsts = subject.eyes.iter().filter_map(|captures| captures.first());
            firsts.map(move |first| (k, first))
        })
        .take(MOST_IMPOSTOR_EYES)
        .collect();
    let (mut turned, mut unturned) = (Vec::new(), Vec::new());
    for (k, (i, a)) in eyes.iter().enumerate() {
        for (j, b) in &eyes[k + 1..] {
            let seen = |value| Observation {
                value,
                people: [*i, *j],
            };
            turned.extend(least_distance(&a.template, &b.template).map(seen));
            unturned.extend(distance_at(&a.template, &b.template, 0).map(seen));
        }
    }
    (Sample::new(turned), Sample::new(unturned))
}
