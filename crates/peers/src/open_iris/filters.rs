//! Responses of open-iris's kernels, by this project's arithmetic.
//!
//! This project's filters are integers and separable, on 256 by 64 pixels of 7 bits. Responses are
//! linear, so another kernel is a sum of such filters, one a row of it; a level of 8 bits is twice
//! one of 7 and the rest; and a larger picture is laid out in windows. Not expressed so, and not
//! compared: places where open-iris cuts a kernel off at an edge, which this project never
//! probes; kernels that go round the eye, for the seam is elsewhere in a window; and masks, which
//! are weighted there and counted here.

use std::ops::Range;

use annona_iris::{NormalisedIris, responses};
use annona_model::ModelName;
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::array::Array;

/// Size of this project's normalised iris.
const WIDTH: usize = 256;
const HEIGHT: usize = 64;
/// Weights here for a weight of one there.
const SCALE: f64 = (1 << 21) as f64;
/// Last radius that open-iris probes, as a share: the default of its schema.
const LAST_RADIUS: f64 = 1.0 - 0.0625;
/// Largest relative error of a response there, which is a float of 32 bits.
const FLOAT_ERROR: f64 = 1e-6;

/// Compares all responses that can be expressed, and the code bits of those beyond rounding.
///
/// # Errors
/// The first that does not agree, or data of another form.
pub(super) fn compare(theirs: &Value) -> anyhow::Result<Value> {
    let picture = Picture::of(&theirs["normalised"]["normalized_image"])?;
    let list = |name: &str| theirs["responses"][name].as_array().context("no list");
    let responses = list("iris_responses")?;
    let kernels = theirs["kernels"].as_array().context("no kernels")?;
    ensure!(
        !kernels.is_empty() && kernels.len() == responses.len(),
        "{} kernels for {} responses",
        kernels.len(),
        responses.len()
    );
    let mut counts = Counts::default();
    for (number, (kernel, expected)) in kernels.iter().zip(responses).enumerate() {
        let kernel = Kernel::of(kernel)?;
        let expected = Expected::of(expected, &picture)?;
        counts
            .add(&kernel, &expected, &picture)
            .with_context(|| format!("filter {number}"))?;
    }
    ensure!(counts.bits > 0, "no response was compared");
    Ok(json!({
        "filters": kernels.len(),
        "responses": counts.responses,
        "bits": counts.bits,
        "atEdges": counts.at_edges,
    }))
}

/// A normalised iris of open-iris.
struct Picture {
    width: usize,
    height: usize,
    levels: Vec<u8>,
}

impl Picture {
    fn of(value: &Value) -> anyhow::Result<Self> {
        let (array, [height, width]) = Array::with(value)?;
        ensure!(
            height >= HEIGHT && width >= WIDTH,
            "a picture smaller than this project's"
        );
        let levels = array.values.iter().map(|&level| level as u8).collect();
        Ok(Self {
            width,
            height,
            levels,
        })
    }

    /// Cuts a window out: its levels halved, and the bits that are lost.
    fn window(&self, top: usize, left: usize) -> anyhow::Result<[NormalisedIris; 2]> {
        let of_bits = |bits: fn(u8) -> u8| {
            let pixels = (0..HEIGHT * WIDTH)
                .map(|at| (top + at / WIDTH) * self.width + left + at % WIDTH)
                .map(|at| bits(self.levels[at]));
            let noise = vec![false; HEIGHT * WIDTH / 4];
            NormalisedIris::new(ModelName::P.model(), pixels.collect(), noise)
                .context("a window of another size")
        };
        Ok([of_bits(|level| level >> 1)?, of_bits(|level| level & 1)?])
    }
}

/// A kernel of open-iris: for each part, rows of weights.
struct Kernel {
    rows: usize,
    columns: usize,
    parts: [Vec<Vec<f64>>; 2],
    norms: [f64; 2],
}

impl Kernel {
    fn of(value: &Value) -> anyhow::Result<Self> {
        let (array, [rows, columns, 2]) = Array::with(value)? else {
            anyhow::bail!("a kernel that is not complex");
        };
        let odd = |side: usize| side % 2 == 1;
        ensure!(odd(rows) && odd(columns), "a kernel without a centre");
        let weights = array.values.as_chunks::<2>().0;
        let part = |part: usize| -> Vec<Vec<f64>> {
            let of_row = |row: &[[f64; 2]]| row.iter().map(|weight| weight[part]).collect();
            weights.chunks_exact(columns).map(of_row).collect()
        };
        let most = f64::from(i32::MAX) / 127.0 / SCALE;
        let sum = |row: &[[f64; 2]]| row.iter().flatten().map(|weight| weight.abs()).sum::<f64>();
        ensure!(
            weights.chunks_exact(columns).all(|row| sum(row) < most),
            "a kernel whose sums do not fit"
        );
        let norm = |part: usize| {
            let squares = weights.iter().map(|weight| weight[part] * weight[part]);
            squares.sum::<f64>().sqrt()
        };
        Ok(Self {
            rows,
            columns,
            parts: [part(0), part(1)],
            norms: [norm(0), norm(1)],
        })
    }

    /// Responses of one part at places of a row of the window, in units of [`SCALE`].
    fn sums(
        &self,
        part: usize,
        window: &NormalisedIris,
        row: usize,
        columns: &[usize],
    ) -> Vec<i64> {
        let mut sums = vec![0_i64; columns.len()];
        for (number, weights) in self.parts[part].iter().enumerate() {
            let angular: Vec<i32> = weights
                .iter()
                .map(|weight| (weight * SCALE).round() as i32)
                .collect();
            let row = row + number - self.rows / 2;
            let of_row = responses(window, &[1], &angular, row, columns);
            for (sum, response) in sums.iter_mut().zip(of_row) {
                *sum += i64::from(response);
            }
        }
        sums
    }

    /// Responses at places of a row of the window, as open-iris scales them.
    fn responses(&self, window: &[NormalisedIris; 2], row: usize, at: &[usize]) -> Vec<[f64; 2]> {
        let of_part = |part: usize| {
            let [halves, rests] = window.each_ref().map(|it| self.sums(part, it, row, at));
            let scale = SCALE * (self.rows * self.columns) as f64 * self.norms[part];
            let sums = halves.into_iter().zip(rests);
            sums.map(move |(half, rest)| (2 * half + rest) as f64 / scale)
        };
        of_part(0)
            .zip(of_part(1))
            .map(|(re, im)| [re, im])
            .collect()
    }

    /// Largest error that rounded weights make.
    fn rounding(&self, part: usize) -> f64 {
        0.5 * 255.0 / SCALE / self.norms[part]
    }
}

/// Responses of open-iris, with the places of its probes.
struct Expected {
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<[f64; 2]>,
}

impl Expected {
    fn of(value: &Value, picture: &Picture) -> anyhow::Result<Self> {
        let (array, [rows, columns, 2]) = Array::with(value)? else {
            anyhow::bail!("responses that are not complex");
        };
        ensure!(rows > 1, "one radius");
        let place = |share: f64, side: usize| {
            ((share * side as f64).round_ties_even() as usize).min(side - 1)
        };
        let step = LAST_RADIUS / (rows - 1) as f64;
        let radius = |k| {
            if k + 1 == rows {
                LAST_RADIUS
            } else {
                k as f64 * step
            }
        };
        let angle = |k| k as f64 * (1.0 / columns as f64);
        Ok(Self {
            rows: (0..rows)
                .map(|k| place(radius(k), picture.height))
                .collect(),
            columns: (0..columns)
                .map(|k| place(angle(k), picture.width))
                .collect(),
            values: array.values.as_chunks::<2>().0.to_vec(),
        })
    }
}

/// Indices of the places at which a kernel of `side` lies inside of `range`.
fn inside(places: &[usize], range: Range<usize>, side: usize) -> Vec<usize> {
    let half = side / 2;
    let centres = range.start + half..range.end - half;
    (0..places.len())
        .filter(|&k| centres.contains(&places[k]))
        .collect()
}

#[derive(Default)]
struct Counts {
    responses: usize,
    bits: usize,
    at_edges: usize,
}

impl Counts {
    fn add(
        &mut self,
        kernel: &Kernel,
        expected: &Expected,
        picture: &Picture,
    ) -> anyhow::Result<()> {
        let mut done = vec![false; expected.values.len()];
        for top in [0, picture.height - HEIGHT] {
            for left in [0, picture.width - WIDTH] {
                let window = picture.window(top, left)?;
                let columns = inside(&expected.columns, left..left + WIDTH, kernel.columns);
                let at: Vec<usize> = columns
                    .iter()
                    .map(|&k| expected.columns[k] - left)
                    .collect();
                // open-iris leaves the last row of the picture out of every kernel.
                let rows = top..(top + HEIGHT).min(picture.height - 1);
                for row in inside(&expected.rows, rows, kernel.rows) {
                    let ours = kernel.responses(&window, expected.rows[row] - top, &at);
                    for (ours, column) in ours.into_iter().zip(&columns) {
                        let place = row * expected.columns.len() + column;
                        if !std::mem::replace(&mut done[place], true) {
                            self.judge(kernel, ours, expected.values[place])?;
                        }
                    }
                }
            }
        }
        self.responses += done.iter().filter(|done| **done).count();
        self.at_edges += done.iter().filter(|done| !**done).count();
        Ok(())
    }

    /// Compares both parts of a response and the bits that they become.
    fn judge(&mut self, kernel: &Kernel, ours: [f64; 2], theirs: [f64; 2]) -> anyhow::Result<()> {
        for part in 0..2 {
            let tolerance = kernel.rounding(part) + FLOAT_ERROR * theirs[part].abs();
            ensure!(
                (ours[part] - theirs[part]).abs() <= tolerance,
                "a response of {} here, of {} there",
                ours[part],
                theirs[part]
            );
            if theirs[part].abs() > tolerance {
                ensure!((ours[part] > 0.0) == (theirs[part] > 0.0), "another bit");
                self.bits += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::open_iris::array::testing::{bytes, complex, mixed};

    const PICTURE: [usize; 2] = [80, 300];
    const KERNEL: [usize; 2] = [5, 7];
    const PROBES: [usize; 2] = [9, 30];

    fn level(at: usize) -> u8 {
        mixed(at) as u8
    }

    fn weight(at: usize) -> [f64; 2] {
        let weight = |salt| (mixed(at + salt) % 200) as f64 / 1000.0 - 0.1;
        [weight(1000), weight(2000)]
    }

    /// Response of a kernel by the definition, a double sum over the picture.
    fn response(row: usize, column: usize) -> [f64; 2] {
        let [rows, columns] = KERNEL;
        [0, 1].map(|part| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for at in 0..rows * columns {
                let (y, x) = (
                    row + at / columns - rows / 2,
                    column + PICTURE[1] + at % columns - columns / 2,
                );
                let weight = weight(at)[part];
                sum += weight * f64::from(level(y * PICTURE[1] + x % PICTURE[1]));
                squares += weight * weight;
            }
            sum / (rows * columns) as f64 / squares.sqrt()
        })
    }

    fn data(turned: usize) -> Value {
        let weights: Vec<_> = (0..KERNEL[0] * KERNEL[1]).map(weight).collect();
        let responses: Vec<_> = (0..PROBES[0] * PROBES[1])
            .map(|at| (at / PROBES[1], at % PROBES[1]))
            .map(|(row, column)| {
                let row = (row as f64 * LAST_RADIUS / 8.0 * 80.0).round_ties_even() as usize;
                // Rows at the edge are not compared.
                let row = row.clamp(2, PICTURE[0] - 3);
                response(row, (column * 10 + turned) % PICTURE[1])
            })
            .collect();
        json!({
            "normalised": { "normalized_image": bytes(&PICTURE, level) },
            "kernels": [complex(&KERNEL, &weights)],
            "responses": { "iris_responses": [complex(&PROBES, &responses)] },
        })
    }

    #[test]
    fn responses_equal_the_double_sum() {
        let counts = compare(&data(0)).unwrap();
        // The first row of probes, and the first column: the kernel goes across the seam there.
        assert_eq!(
            (&counts["responses"], &counts["atEdges"]),
            (&json!(8 * 29), &json!(9 + 29))
        );
    }

    #[test]
    fn a_picture_turned_by_a_pixel_differs() {
        let refusal = compare(&data(1)).unwrap_err();
        assert!(
            format!("{refusal:#}").contains("a response of"),
            "{refusal:#}"
        );
    }

    #[test]
    fn kernels_whose_sums_do_not_fit_are_refused() {
        assert!(Kernel::of(&complex(&KERNEL, &[[2.0; 2]; 35])).is_err());
        assert!(Kernel::of(&complex(&[2, 3], &[[0.1; 2]; 6])).is_err());
    }
}
