//! Dots of a printer and pixels of a screen repeat; tissue does not.
//!
//! The power spectra of four windows on the iris are averaged over all frames. A grid shows
//! as a point that rises above the frequencies around it. Edges of pupil and eyelids show as
//! streaks through the origin, and are held low in two ways: grey levels far from their
//! surroundings are clipped, and a point must rise above its neighbours on the way outward
//! too.

use std::f32::consts::{FRAC_PI_4, TAU};

use super::fft::{Fourier, SIDE};
use super::grey::{between_eyelids, median};
use crate::pad::frame::Frame;

/// Directions of the windows from the middle of the iris, clockwise from the right.
const DIRECTIONS: [f32; 4] = [0.0, FRAC_PI_4, 3.0 * FRAC_PI_4, 4.0 * FRAC_PI_4];
/// Lowest frequency looked at, in cycles a window: slower structure is anatomy, and
/// as it is the same in every frame, the mean does not smooth its spectrum.
// Chosen, not measured apart from the limit, like the next six: structure of five samples and
// finer, its neighbours in the spectrum, and a border as wide as lashes reach.
const MIN_FREQUENCY: i32 = 14;
/// Frequencies around a point that belong to its peak.
const PEAK_REACH: i32 = 2;
/// Frequencies around a point that it is compared with.
const SURROUNDINGS_REACH: i32 = 6;
/// Half the side of the square whose mean is taken away, in pixels.
const SMOOTHING_PX: usize = 3;
/// Grey levels beyond which a pixel is clipped, after that.
const MAX_DETAIL_LEVELS: f32 = 12.0;
/// Distance of the neighbours on the way outward.
const OUTWARD_STEP: f32 = 4.0;
/// A window is left out when its middle is closer than this to an eyelid, in pixels.
const EYELID_MARGIN_PX: f32 = 20.0;

/// The greatest ratio of a point of the mean spectrum to the median around it;
/// `None` when no window lies free of the eyelids.
pub(in crate::pad) fn greatest_peak(frames: &[Frame<'_>]) -> Option<f32> {
    let fourier = Fourier::new();
    let taper = taper();
    let mut total = vec![0.0f32; SIDE * SIDE];
    let mut windows = 0;
    for frame in frames {
        for direction in DIRECTIONS {
            if let Some(window) = cut(frame, direction, &taper) {
                for (sum, power) in total.iter_mut().zip(fourier.power(&window)) {
                    *sum += power;
                }
                windows += 1;
            }
        }
    }
    (windows > 0).then(|| peak(&total))
}

/// The Hann window, one side.
fn taper() -> [f32; SIDE] {
    std::array::from_fn(|k| 0.5 - 0.5 * libm::cosf(TAU * (k as f32 + 0.5) / SIDE as f32))
}

/// The tapered square between pupil and limbus in a direction, less its mean.
fn cut(frame: &Frame<'_>, direction: f32, taper: &[f32; SIDE]) -> Option<[f32; SIDE * SIDE]> {
    let geometry = &frame.encoding.geometry;
    let inner = geometry.pupil.point_at(direction);
    let outer = geometry.limbus.point_at(direction);
    let (x, y) = (0.5 * (inner.0 + outer.0), 0.5 * (inner.1 + outer.1));
    if !between_eyelids(frame.encoding, x, y, EYELID_MARGIN_PX) {
        return None;
    }
    let left = (x - 0.5 * SIDE as f32) as i64;
    let top = (y - 0.5 * SIDE as f32) as i64;
    let (w, h) = (
        i64::from(frame.image.width()),
        i64::from(frame.image.height()),
    );
    let side = SIDE as i64;
    if left < 0 || top < 0 || left + side > w || top + side > h {
        return None;
    }
    let grey = |k: usize| {
        let (x, y) = (
            left as u32 + (k % SIDE) as u32,
            top as u32 + (k / SIDE) as u32,
        );
        f32::from(frame.image.get_pixel(x, y)[0])
    };
    let level: Vec<f32> = (0..SIDE * SIDE).map(grey).collect();
    let smooth = smoothed(&level);
    Some(std::array::from_fn(|k| {
        let fine = (level[k] - smooth[k]).clamp(-MAX_DETAIL_LEVELS, MAX_DETAIL_LEVELS);
        fine * taper[k % SIDE] * taper[k / SIDE]
    }))
}

/// Means over squares; at the edges over the part of them that is in the window.
fn smoothed(level: &[f32]) -> Vec<f32> {
    let along = |values: &[f32], step: usize, across: usize| -> Vec<f32> {
        let mut out = vec![0.0; SIDE * SIDE];
        for line in 0..SIDE {
            for k in 0..SIDE {
                let (from, to) = (
                    k.saturating_sub(SMOOTHING_PX),
                    (k + SMOOTHING_PX).min(SIDE - 1),
                );
                let sum: f32 = (from..=to).map(|n| values[line * across + n * step]).sum();
                out[line * across + k * step] = sum / (to - from + 1) as f32;
            }
        }
        out
    };
    along(&along(level, 1, SIDE), SIDE, 1)
}

fn peak(power: &[f32]) -> f32 {
    let side = SIDE as i32;
    let at = |x: i32, y: i32| -> f32 {
        power[y.rem_euclid(side) as usize * SIDE + x.rem_euclid(side) as usize]
    };
    let mut greatest = 0.0f32;
    let mut around = Vec::new();
    // The spectrum of real samples is symmetric: one half of it is enough.
    for y in 0..=side / 2 {
        for x in -side / 2..side / 2 {
            if x * x + y * y < MIN_FREQUENCY * MIN_FREQUENCY {
                continue;
            }
            around.clear();
            for j in -SURROUNDINGS_REACH..=SURROUNDINGS_REACH {
                for i in -SURROUNDINGS_REACH..=SURROUNDINGS_REACH {
                    let far =
                        (x + i) * (x + i) + (y + j) * (y + j) >= MIN_FREQUENCY * MIN_FREQUENCY;
                    if far && (i.abs() > PEAK_REACH || j.abs() > PEAK_REACH) {
                        around.push(at(x + i, y + j));
                    }
                }
            }
            let Some(level) = median(&mut around) else {
                continue;
            };
            let level = level.max(outward(&at, x, y));
            if level > 0.0 {
                greatest = greatest.max(mean_of_nine(&at, x, y) / level);
            }
        }
    }
    greatest
}

/// The lesser of the powers a few steps inward and outward, each the mean of nine.
fn outward(at: &impl Fn(i32, i32) -> f32, x: i32, y: i32) -> f32 {
    let length = ((x * x + y * y) as f32).sqrt();
    let mean = |scale: f32| {
        mean_of_nine(
            at,
            (x as f32 * scale).round() as i32,
            (y as f32 * scale).round() as i32,
        )
    };
    mean(1.0 - OUTWARD_STEP / length).min(mean(1.0 + OUTWARD_STEP / length))
}

/// A point and its neighbours: a peak is as wide under the Hann window, and the
/// speckle of one texture seen many times is narrower.
fn mean_of_nine(at: &impl Fn(i32, i32) -> f32, x: i32, y: i32) -> f32 {
    let sum: f32 = (-1..=1)
        .flat_map(|b| (-1..=1).map(move |a| at(x + a, y + b)))
        .sum();
    sum / 9.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::limits::MAX_SPECTRAL_PEAK;
    use crate::pad::testing::{frames, session};

    /// Grey levels without order, the same in every frame.
    fn grain(x: f32, y: f32) -> f32 {
        let mut mixed = ((x as i32 + 400) + 1_009 * (y as i32 + 400)) as u32;
        for factor in [0x7feb_352d_u32, 0x846c_a68b] {
            mixed = (mixed ^ mixed >> 16).wrapping_mul(factor);
        }
        ((mixed >> 13) % 17) as f32
    }

    fn peak_of(dots: f32, pitch: f32) -> Option<f32> {
        let wave = |v: f32| libm::cosf(TAU * v / pitch);
        greatest_peak(&frames(&session(4, |_, x, y| {
            100.0 + grain(x, y) + dots * (wave(x) + wave(y))
        })))
    }

    #[test]
    fn dots_stand_out_of_grain_and_grain_does_not() {
        let none = peak_of(0.0, 4.0);
        assert!(none.is_some_and(|v| v < MAX_SPECTRAL_PEAK), "{none:?}");
        for pitch in [2.6, 4.0] {
            let dots = peak_of(4.0, pitch);
            assert!(dots.is_some_and(|v| v > MAX_SPECTRAL_PEAK), "{dots:?}");
        }
    }

    #[test]
    fn an_edge_is_no_grid() {
        let edge = greatest_peak(&frames(&session(4, |_, x, y| {
            grain(x, y) + if x + 0.3 * y > 75.0 { 200.0 } else { 60.0 }
        })));
        assert!(edge.is_some_and(|v| v < MAX_SPECTRAL_PEAK), "{edge:?}");
    }
}
