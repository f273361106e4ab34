//! The iris unrolled between the same contours, from the same picture and mask.
//!
//! Both projects unroll linearly between points at equal angles, each around its own contour's
//! centre. open-iris takes the nearest pixel at 512 angles and 100 radii, ends included; this
//! project averages samples of a halved picture into 256 angles by 64 radii. So their pixels are
//! averaged over each of ours, and the rest is a tolerance.

use std::f64::consts::TAU;

use annona_iris::{Contour, NormalisedIris, unroll_between};
use anyhow::{Context, ensure};
use image::{GrayImage, Luma};
use serde_json::{Value, json};

use super::array::Array;

/// Angles of a contour here.
const ANGLES: usize = 256;
/// Grey level from which on open-iris masks a pixel: the default of its parameter.
const SATURATED: f64 = 254.0;
/// Share of hidden samples above which a block is noisy here.
const MAX_NOISY_SHARE: f64 = 0.25;
/// Largest distance of a share from that limit at which a block may be judged otherwise.
const SHARE_TOLERANCE: f64 = 0.2;
/// Largest share of the other blocks that may be: theirs show single pixels.
const MAX_OTHER_BLOCKS: f64 = 0.001;
/// Largest mean difference, in grey levels of 255.
// 1.7 on open-iris's picture; turned by a column or moved by a row, it is 3.3 and more.
const MAX_MEAN_DIFFERENCE: f64 = 2.2;
/// Turns in columns of 1.4 degrees, and moves in rows, at which the fit must be worse.
const SHIFTS: std::ops::RangeInclusive<isize> = -2..=2;

/// Compares pixels and noise.
///
/// # Errors
/// They differ by more than the tolerance, another turn fits better, or the data are of another
/// form.
pub(super) fn compare(theirs: &Value) -> anyhow::Result<Value> {
    let eye = Eye::of(theirs)?;
    let expected = Unrolled::of(&theirs["normalised"], "normalized_image")?;
    let hidden = Unrolled::of(&theirs["normalised"], "normalized_mask")?;
    let ours = eye.unrolled()?;
    let (width, height) = (ours.width(), ours.height());
    let expected = expected.averaged(width, height);
    let hidden = hidden.averaged(width, height);

    let difference = |turn, row| mean_difference(&ours, &expected, turn, row);
    let fit = difference(0, 0);
    ensure!(
        fit <= MAX_MEAN_DIFFERENCE,
        "pixels differ by {fit:.2} grey levels on average"
    );
    for turn in SHIFTS {
        for row in SHIFTS {
            ensure!(
                (turn, row) == (0, 0) || difference(turn, row) > fit,
                "turned by {turn} columns and moved by {row} rows, pixels fit better"
            );
        }
    }
    let [blocks, judged_otherwise] = noise(&ours, &hidden)?;
    Ok(json!({
        "pixels": width * height,
        "greyLevelsApart": format!("{fit:.2}"),
        "noiseBlocks": blocks,
        "judgedOtherwise": judged_otherwise,
    }))
}

/// The picture, its contours and its mask.
struct Eye {
    image: GrayImage,
    pupil: Polygon,
    limbus: Polygon,
    eyeball: Polygon,
    /// Centres of pupil and limbus.
    centres: [[f64; 2]; 2],
    noise: Array,
    /// Radians, clockwise.
    orientation: f64,
}

impl Eye {
    fn of(theirs: &Value) -> anyhow::Result<Self> {
        let (pixels, [height, width]) = Array::with(&theirs["image"]["img_data"])?;
        let (noise, shape) = Array::with(&theirs["noise"]["mask"])?;
        ensure!(shape == [height, width], "mask and picture differ in size");
        let level = |x, y| Luma([pixels.values[y as usize * width + x as usize] as u8]);
        let polygon = |name: &str| Polygon::of(&theirs["polygons"][name]);
        let centre = |axis: &str| theirs["centres"][axis].as_f64().context("no centre");
        let orientation = Array::of(&theirs["orientation"]["angle"])?;
        Ok(Self {
            image: GrayImage::from_fn(width as u32, height as u32, level),
            pupil: polygon("pupil_array")?,
            limbus: polygon("iris_array")?,
            eyeball: polygon("eyeball_array")?,
            centres: [
                [centre("pupil_x")?, centre("pupil_y")?],
                [centre("iris_x")?, centre("iris_y")?],
            ],
            noise,
            orientation: *orientation.values.first().context("no orientation")?,
        })
    }

    /// Unrolls the iris as this project does.
    fn unrolled(&self) -> anyhow::Result<NormalisedIris> {
        let (pupil, first_of_pupil) = self.pupil.contour(self.centres[0])?;
        let (limbus, first_of_limbus) = self.limbus.contour(self.centres[1])?;
        // open-iris turns by whole points, and its two first points are not at one angle.
        let count = self.pupil.0.len() as f64;
        let turned = (self.orientation * count / TAU).round_ties_even() * TAU / count;
        let roll = turned + f64::midpoint(first_of_pupil, first_of_limbus);
        let mask = self.mask();
        let (width, height) = self.image.dimensions();
        let is_hidden = |x: f32, y: f32| {
            let [x, y] = [x, y].map(|at| at.round_ties_even() as i64);
            let inside = (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y);
            !inside || !mask[y as usize * width as usize + x as usize]
        };
        Ok(unroll_between(
            &self.image,
            &pupil,
            &limbus,
            roll as f32,
            is_hidden,
        ))
    }

    /// Pixels that show iris, by open-iris's rule: inside of limbus and eyeball, without noise,
    /// not saturated.
    fn mask(&self) -> Vec<bool> {
        let width = self.image.width() as usize;
        let levels = self.image.as_raw();
        let height = self.image.height() as usize;
        let mut mask = Vec::with_capacity(levels.len());
        for y in 0..height {
            let [limbus, eyeball] = [&self.limbus, &self.eyeball].map(|it| it.row(y as f64, width));
            for x in 0..width {
                let at = y * width + x;
                let is_clear = self.noise.values[at] == 0.0 && f64::from(levels[at]) < SATURATED;
                mask.push(limbus[x] && eyeball[x] && is_clear);
            }
        }
        mask
    }
}

/// Corners of a closed line.
struct Polygon(Vec<[f64; 2]>);

impl Polygon {
    fn of(value: &Value) -> anyhow::Result<Self> {
        let (points, [count, 2]) = Array::with(value)? else {
            anyhow::bail!("points of other than two coordinates");
        };
        ensure!(count > 2, "{count} corners");
        Ok(Self(points.values.as_chunks::<2>().0.to_vec()))
    }

    /// The contour around `centre`, and the angle of the first corner.
    ///
    /// # Errors
    /// The corners are not at equal angles around it, so that the definitions differ.
    fn contour(&self, centre: [f64; 2]) -> anyhow::Result<(Contour, f64)> {
        const MAX_UNEVENNESS: f64 = 1e-4;
        let polar = self.0.iter().map(|[x, y]| {
            let (x, y) = (x - centre[0], y - centre[1]);
            (y.atan2(x), x.hypot(y))
        });
        let polar: Vec<(f64, f64)> = polar.collect();
        let (first, step) = (polar[0].0, TAU / polar.len() as f64);
        for (number, (angle, _)) in polar.iter().enumerate() {
            let off =
                (angle - first - number as f64 * step + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
            ensure!(off.abs() < MAX_UNEVENNESS, "corners at unequal angles");
        }
        let radius_at = |angle: f64| {
            let place = ((angle - first) / step).rem_euclid(polar.len() as f64);
            let (before, share) = (place as usize, place.fract());
            let radius = |number: usize| polar[number % polar.len()].1;
            radius(before) * (1.0 - share) + radius(before + 1) * share
        };
        let radii = std::array::from_fn(|k| radius_at(k as f64 * TAU / ANGLES as f64) as f32);
        let [x, y] = centre.map(|at| at as f32);
        Ok((Contour::from_radii(x, y, radii), first))
    }

    /// Pixels of a row of `width` that lie inside.
    fn row(&self, y: f64, width: usize) -> Vec<bool> {
        let next = self.0.iter().cycle().skip(1);
        let mut crossings: Vec<f64> = self
            .0
            .iter()
            .zip(next)
            .filter(|(a, b)| (a[1] <= y) != (b[1] <= y))
            .map(|(a, b)| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
            .collect();
        crossings.sort_by(f64::total_cmp);
        let crossed = |x: f64| crossings.partition_point(|at| *at <= x);
        (0..width).map(|x| crossed(x as f64) % 2 == 1).collect()
    }
}

/// An unrolled iris of open-iris: points from edge to edge, row by row.
struct Unrolled {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl Unrolled {
    fn of(value: &Value, name: &str) -> anyhow::Result<Self> {
        let (array, [height, width]) = Array::with(&value[name])?;
        ensure!(height > 1 && width > 1, "nothing is unrolled");
        Ok(Self {
            width,
            height,
            values: array.values,
        })
    }

    /// Means over the cells of this project: column `c` of `width` holds the angles from `c` to
    /// `c + 1`, row `r` of `height` the radii from `r` to `r + 1`.
    fn averaged(&self, width: usize, height: usize) -> Vec<f64> {
        let columns: Vec<_> = (0..width)
            .map(|c| weights(c, self.width as f64 / width as f64))
            .collect();
        let rows = (0..height).map(|r| weights(r, (self.height - 1) as f64 / height as f64));
        let mut means = Vec::with_capacity(width * height);
        for row in rows {
            for column in &columns {
                let mut sums = (0.0, 0.0);
                for (y, of_row) in &row {
                    for (x, of_column) in column {
                        let weight = of_row * of_column;
                        sums.0 += weight * self.values[y * self.width + x % self.width];
                        sums.1 += weight;
                    }
                }
                means.push(sums.0 / sums.1);
            }
        }
        means
    }
}

/// Points under cell `number` of a length of `step` points, each with its share.
fn weights(number: usize, step: f64) -> Vec<(usize, f64)> {
    let (from, to) = (number as f64 * step, (number + 1) as f64 * step);
    let overlap =
        |point: usize| (to.min(point as f64 + 0.5) - from.max(point as f64 - 0.5)).max(0.0);
    (from.round() as usize..=to.round() as usize)
        .map(|point| (point, overlap(point)))
        .filter(|(_, share)| *share > 0.0)
        .collect()
}

/// Mean difference in grey levels, with ours turned by columns and moved by rows.
fn mean_difference(ours: &NormalisedIris, theirs: &[f64], turn: isize, moved: isize) -> f64 {
    let (width, height) = (ours.width(), ours.height());
    let mut sums = (0.0, 0.0);
    for row in 0..height {
        let Some(from) = row.checked_add_signed(moved).filter(|row| *row < height) else {
            continue;
        };
        for column in 0..width {
            let turned = (column + width).saturating_add_signed(turn) % width;
            let level = f64::from(ours.pixels()[from * width + turned]) * 255.0 / 127.0;
            sums.0 += (level - theirs[row * width + column]).abs();
            sums.1 += 1.0;
        }
    }
    sums.0 / sums.1
}

/// Compares the noise bits; returns the number of blocks whose share is not near the limit, and
/// of those that are judged otherwise.
fn noise(ours: &NormalisedIris, shown: &[f64]) -> anyhow::Result<[usize; 2]> {
    const BLOCK: usize = 4;
    let width = ours.width();
    let mut clear = 0;
    let mut wrong = 0;
    for (number, shares) in shown.chunks_exact(BLOCK).enumerate() {
        let (row, column) = (number * BLOCK / width, number * BLOCK % width);
        let hidden = 1.0 - shares.iter().sum::<f64>() / BLOCK as f64;
        if (hidden - MAX_NOISY_SHARE).abs() > SHARE_TOLERANCE {
            clear += 1;
            wrong += usize::from(ours.is_noisy(column, row) != (hidden > MAX_NOISY_SHARE));
        }
    }
    ensure!(
        clear > 0 && wrong as f64 <= MAX_OTHER_BLOCKS * clear as f64,
        "{wrong} of {clear} blocks are judged otherwise"
    );
    Ok([clear, wrong])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::open_iris::array::testing::{bytes, doubles};

    const POINTS: usize = 512;
    const SIZE: [usize; 2] = [480, 640];
    const CENTRES: [[f64; 2]; 2] = [[322.0, 241.0], [320.0, 240.0]];
    const RADII: [f64; 2] = [50.0, 120.0];

    fn circle(contour: usize) -> Vec<[f64; 2]> {
        let [x, y] = CENTRES[contour];
        let angle = |k: usize| k as f64 * TAU / POINTS as f64;
        let point = |k| {
            [
                x + RADII[contour] * angle(k).cos(),
                y + RADII[contour] * angle(k).sin(),
            ]
        };
        (0..POINTS).map(point).collect()
    }

    /// A smooth texture.
    fn level(x: f64, y: f64) -> f64 {
        120.0 + 50.0 * (x / 7.0).sin() + 40.0 * (y / 9.0 + x / 30.0).cos()
    }

    /// A picture and what open-iris makes of it, by its definition: the nearest pixels at
    /// 512 angles, turned by 7 points and `turned` more, and at 100 radii.
    fn data(turned: usize, shown: f64) -> Value {
        let [pupil, limbus] = [circle(0), circle(1)];
        let corners = |points: &[[f64; 2]]| doubles(&[points.len(), 2], points.as_flattened());
        let at = |k: usize| {
            let (share, point) = (
                (k / POINTS) as f64 / 99.0,
                (k % POINTS + POINTS - 7 + turned) % POINTS,
            );
            [0, 1].map(|axis| {
                let (from, to) = (pupil[point][axis], limbus[point][axis]);
                (from + share * (to - from)).round_ties_even()
            })
        };
        json!({
            "image": { "img_data": bytes(&SIZE, |k| level((k % 640) as f64, (k / 640) as f64) as u8) },
            "noise": { "mask": bytes(&SIZE, |k| u8::from(k % 640 < 300)) },
            "polygons": {
                "pupil_array": corners(&pupil),
                "iris_array": corners(&limbus),
                "eyeball_array": corners(&[[0.0, 0.0], [639.0, 0.0], [639.0, 300.0], [0.0, 300.0]]),
            },
            "orientation": { "angle": doubles(&[], &[-7.2 * TAU / POINTS as f64]) },
            "centres": {
                "pupil_x": CENTRES[0][0], "pupil_y": CENTRES[0][1],
                "iris_x": CENTRES[1][0], "iris_y": CENTRES[1][1],
            },
            "normalised": {
                "normalized_image": bytes(&[100, POINTS], |k| level(at(k)[0], at(k)[1]) as u8),
                "normalized_mask": bytes(&[100, POINTS], |k| u8::from(at(k)[0] >= shown && at(k)[1] < 300.0)),
            },
        })
    }

    fn refusal(data: &Value) -> String {
        format!("{:#}", compare(data).unwrap_err())
    }

    #[test]
    fn the_same_contours_unroll_alike() {
        compare(&data(0, 300.0)).unwrap();
    }

    #[test]
    fn another_turn_centre_or_mask_is_noticed() {
        assert!(refusal(&data(2, 300.0)).contains("pixels"));
        assert!(refusal(&data(0, 340.0)).contains("blocks are judged otherwise"));
        let mut uneven = data(0, 300.0);
        uneven["centres"]["iris_x"] = json!(324.0);
        assert!(refusal(&uneven).contains("unequal angles"));
        let mut level = data(0, 300.0);
        level["orientation"]["angle"] = doubles(&[], &[7.2 * TAU / POINTS as f64]);
        assert!(refusal(&level).contains("pixels"));
    }
}
