//! The texture of one iris in material coordinates: angle by distance from the pupil's edge.

use crate::fast::{exp, gauss};
use crate::lattice::{Comb, Field, Line};
use crate::random::between;
use rand::{Rng, RngExt};
use std::f32::consts::TAU;

/// Samples around the iris.
const COLUMNS: usize = 1024;
/// Samples from the pupil's edge to the limbus.
const ROWS: usize = 144;
/// Nodes of the drift around and across.
const DRIFT: (usize, usize) = (64, 16);

/// Brightness at a point of the tissue, and how it changes with angle and depth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// Structure in standard deviations.
    pub(crate) value: f32,
    /// Change of `value` a radian.
    pub(crate) by_angle: f32,
    /// Change of `value` from pupil to limbus.
    pub(crate) by_radius: f32,
}

/// Tissue at rest, the way it folds when the pupil opens, and the way it drifts.
#[derive(Clone)]
pub(crate) struct Texture {
    texels: Vec<[f32; 2]>,
    /// Uneven stiffness: how far tissue is carried outward and around when the pupil
    /// opens, in units of standard deviation. Zero at both edges of the iris.
    drift: Vec<[f32; 2]>,
}

/// A grain of the stroma: cells around, cells across, share of the standard deviation.
struct Grain(usize, usize, f32);

/// Stroma from coarse to fine. The proportions are fitted to the autocorrelations
/// of real near-infrared irises on the rubber sheet.
const STROMA: [Grain; 4] = [
    Grain(24, 19, 0.38),
    Grain(72, 32, 0.31),
    Grain(140, 40, 0.46),
    Grain(250, 52, 0.52),
];
/// Grains of fewer cells around are coarse.
const COARSE: usize = 100;
/// Radial fibre bundles: long across, narrow around.
const FIBRES: [Grain; 3] = [Grain(27, 1, 0.54), Grain(46, 5, 0.27), Grain(118, 3, 0.36)];
/// Grains of the folds in tissue under an open pupil.
const FOLDS: [Grain; 3] = [Grain(60, 16, 0.55), Grain(130, 30, 0.6), Grain(26, 8, 0.4)];

impl Texture {
    /// Grows an iris.
    pub(crate) fn grow(rng: &mut impl Rng) -> Self {
        let mut rest = stroma(rng, &STROMA);
        add_fibres(rng, &mut rest);
        add_collarette(rng, &mut rest);
        add_crypts(rng, &mut rest);
        add_pigment(rng, &mut rest);
        let mut folds = stroma(rng, &FOLDS);
        add_furrows(rng, &mut rest, &mut folds);
        standardise(&mut rest);
        standardise(&mut folds);
        Self {
            texels: rest.into_iter().zip(folds).map(|(a, b)| [a, b]).collect(),
            drift: drift(rng),
        }
    }

    /// The tissue at `turn` whole turns and depth `u`, with `fold` parts of folding.
    pub(crate) fn at(&self, turn: f32, u: f32, fold: f32) -> Sample {
        // A few turns more make any angle in use positive.
        let x = (turn + 4.0) * COLUMNS as f32;
        let y = u.clamp(0.0, 1.0) * (ROWS as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let (column, next) = (column % COLUMNS, (column + 1) % COLUMNS);
        let line = &self.texels[row * COLUMNS..(row + 2) * COLUMNS];
        let value = |k: usize| {
            let [rest, folds] = line[k];
            rest + fold * folds
        };
        let (a, b) = (value(column), value(next));
        let (c, d) = (value(COLUMNS + column), value(COLUMNS + next));
        let (top, bottom) = (a + (b - a) * fx, c + (d - c) * fx);
        Sample {
            value: top + (bottom - top) * fy,
            by_angle: ((b - a) * (1.0 - fy) + (d - c) * fy) * (COLUMNS as f32 / TAU),
            by_radius: (bottom - top) * ROWS as f32,
        }
    }

    /// Returns how far the tissue at a point is carried outward and around, in standard
    /// deviations.
    pub(crate) fn drift_at(&self, turn: f32, depth: f32) -> (f32, f32) {
        let (columns, rows) = DRIFT;
        let x = turn * columns as f32;
        let y = depth.clamp(0.0, 1.0) * (rows as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let (column, next) = (column % columns, (column + 1) % columns);
        let lines = &self.drift[row * columns..(row + 2) * columns];
        let mix = |part: usize| {
            let top = lines[column][part] * (1.0 - fx) + lines[next][part] * fx;
            let bottom =
                lines[columns + column][part] * (1.0 - fx) + lines[columns + next][part] * fx;
            top + (bottom - top) * fy
        };
        (mix(0), mix(1))
    }
}

/// Stiffness varies over a twelfth of the turn and a quarter of the depth.
fn drift(rng: &mut impl Rng) -> Vec<[f32; 2]> {
    let (columns, rows) = DRIFT;
    let (outward, around) = (Field::new(rng, 14, 4), Field::new(rng, 14, 4));
    let mut nodes = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let depth = row as f32 / (rows - 1) as f32;
        let slack = 4.0 * depth * (1.0 - depth);
        let (out, side) = (outward.line(depth), around.line(depth));
        nodes.extend((0..columns).map(|column| {
            let turn = column as f32 / columns as f32;
            [slack * out.at(turn), slack * side.at(turn)]
        }));
    }
    nodes
}

/// Calls `paint(u, line)` for every row.
fn each_row(map: &mut [f32], mut paint: impl FnMut(f32, &mut [f32])) {
    for (row, line) in map.chunks_exact_mut(COLUMNS).enumerate() {
        paint(row as f32 / (ROWS - 1) as f32, line);
    }
}

/// Whole turns at a column.
fn turn(column: usize) -> f32 {
    column as f32 / COLUMNS as f32
}

fn stroma(rng: &mut impl Rng, grains: &[Grain]) -> Vec<f32> {
    // Some irises are of coarser build than others.
    let coarseness = between(rng, 0.5, 1.5);
    let mut map = vec![0.0; COLUMNS * ROWS];
    for Grain(columns, rows, share) in grains {
        let share = if *columns < COARSE {
            coarseness * share
        } else {
            *share
        };
        let field = Field::new(rng, *columns, *rows);
        let comb = Comb::new(&field, COLUMNS);
        each_row(&mut map, |u, line| {
            field.line(u).add_to(line, &comb, share);
        });
    }
    map
}

/// Bundles wander sideways on their way outward, and bright strands outweigh dark gaps.
fn add_fibres(rng: &mut impl Rng, map: &mut [f32]) {
    // Some irises are all fibres, others hardly show one.
    let streaks = between(rng, 0.1, 1.8);
    let wander = Field::new(rng, 22, 5);
    let comb = Comb::new(&wander, COLUMNS);
    let grains = FIBRES.map(|Grain(columns, rows, share)| (Field::new(rng, columns, rows), share));
    let mut turns = vec![0.0; COLUMNS];
    each_row(map, |u, line| {
        for (column, place) in turns.iter_mut().enumerate() {
            *place = turn(column);
        }
        wander.line(u).add_to(&mut turns, &comb, 0.006);
        for (field, share) in &grains {
            let field = field.line(u);
            for (texel, place) in line.iter_mut().zip(&turns) {
                let n = field.at(*place);
                *texel += streaks * share * (n + 0.25 * (n * n - 1.0));
            }
        }
    });
}

/// The bright zigzag between the pupillary and the ciliary zone, and the ruff at the pupil.
fn add_collarette(rng: &mut impl Rng, map: &mut [f32]) {
    let depth = between(rng, 0.22, 0.36);
    let strength = between(rng, 0.4, 1.1);
    let zone = between(rng, -0.5, 0.5);
    let course = Field::new(rng, 34, 1);
    let around = |line: Line| -> Vec<f32> { (0..COLUMNS).map(|c| line.at(turn(c))).collect() };
    let (wave, weight) = (around(course.line(0.0)), around(course.line(0.9)));
    let pleats = around(Field::new(rng, 84, 1).line(0.0));
    each_row(map, |u, line| {
        let rim = gauss(u / 0.025);
        for (column, texel) in line.iter_mut().enumerate() {
            let out = u - depth - 0.025 * wave[column];
            let ridge = gauss(out / 0.022);
            let inside = 1.0 / (1.0 + exp(out / 0.02));
            let ruff = rim * (0.5 * pleats[column] - 0.6);
            *texel += strength * ridge * (0.7 + 0.4 * weight[column]) + zone * inside + ruff;
        }
    });
}

/// Crypts: openings of the stroma, dark, lens-shaped along the fibres, with a pale rim.
fn add_crypts(rng: &mut impl Rng, map: &mut [f32]) {
    let count = rng.random_range(12..46);
    for _ in 0..count {
        let centre = (between(rng, 0.0, 1.0), between(rng, 0.1, 0.7));
        let half = (between(rng, 0.004, 0.013), between(rng, 0.03, 0.095));
        let dark = between(rng, 0.9, 2.4);
        stamp(map, centre, half, |x, y| {
            let d = x.abs() * x.abs().sqrt() + y.abs() * y.abs().sqrt();
            -dark * gauss(d * 0.9) + 0.35 * dark * gauss((d - 1.5) * 2.0)
        });
    }
}

/// Soft dark freckles.
fn add_pigment(rng: &mut impl Rng, map: &mut [f32]) {
    let count = rng.random_range(0..7);
    for _ in 0..count {
        let centre = (between(rng, 0.0, 1.0), between(rng, 0.2, 0.95));
        let half = (between(rng, 0.004, 0.012), between(rng, 0.02, 0.06));
        let dark = between(rng, 0.6, 1.6);
        stamp(map, centre, half, |x, y| {
            -dark * gauss((x * x + y * y).sqrt())
        });
    }
}

/// Contraction furrows: broken concentric arcs, deeper the wider the pupil.
fn add_furrows(rng: &mut impl Rng, rest: &mut [f32], folds: &mut [f32]) {
    let count = rng.random_range(2..6);
    for _ in 0..count {
        let furrow = Furrow::draw(rng);
        furrow.carve(rest, 1.0);
        furrow.carve(folds, 1.5);
    }
}

struct Furrow {
    depth: f32,
    width: f32,
    strength: f32,
    start: f32,
    length: f32,
    course: Line,
}

impl Furrow {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            depth: between(rng, 0.45, 0.95),
            width: between(rng, 0.012, 0.022),
            strength: between(rng, 0.3, 0.9),
            start: between(rng, 0.0, 1.0),
            length: between(rng, 0.15, 0.7),
            course: Field::new(rng, 17, 1).line(0.0),
        }
    }

    fn carve(&self, map: &mut [f32], share: f32) {
        const REACH: f32 = 0.15;
        each_row(map, |u, line| {
            if (u - self.depth).abs() > REACH {
                return;
            }
            for (column, texel) in line.iter_mut().enumerate() {
                let along = (turn(column) - self.start + 1.0).fract() / self.length;
                if along < 1.0 {
                    let fade = (along * (1.0 - along) * 8.0).min(1.0);
                    let d = (u - self.depth - 0.02 * self.course.at(turn(column))) / self.width;
                    let profile = 0.6 * gauss((d - 1.6) * 0.9) - gauss(d);
                    *texel += share * fade * self.strength * profile;
                }
            }
        });
    }
}

/// Adds `shape(x, y)` around `centre`, in units of `half`, out to three of them.
fn stamp(map: &mut [f32], centre: (f32, f32), half: (f32, f32), shape: impl Fn(f32, f32) -> f32) {
    const REACH: f32 = 3.0;
    let columns = (REACH * half.0 * COLUMNS as f32) as i64;
    let middle = (centre.0 * COLUMNS as f32) as i64;
    for row in 0..ROWS {
        let y = (row as f32 / (ROWS - 1) as f32 - centre.1) / half.1;
        if y.abs() > REACH {
            continue;
        }
        for column in middle - columns..=middle + columns {
            let x = (column as f32 / COLUMNS as f32 - centre.0) / half.0;
            let at = column.rem_euclid(COLUMNS as i64) as usize;
            map[row * COLUMNS + at] += shape(x, y);
        }
    }
}

/// Mean zero, standard deviation one.
pub(crate) fn standardise(map: &mut [f32]) {
    let n = map.len() as f32;
    let mean = map.iter().sum::<f32>() / n;
    let sd = (map.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n).sqrt();
    for v in map {
        *v = (*v - mean) / sd;
    }
}
