//! Two frames of a living eye differ by the noise of the sensor at least.

use image::GrayImage;

use crate::pad::frame::Frame;

/// Half the side of the square that is compared, in pixels, and its step.
// Chosen for speed, not measured: a thousand pixels about the middle of the iris.
const COMPARED_HALF_SIDE_PX: i32 = 48;
const COMPARED_STEP_PX: usize = 3;
/// Shifts tried beside the one that lays iris on iris, in pixels.
// Chosen, not measured: contours of one picture, shifted, are as exact.
const MAX_EXTRA_SHIFT_PX: i32 = 2;

/// The least root mean square difference in grey levels between two frames, over all
/// pairs, after the best of small shifts and a change of brightness.
pub(in crate::pad) fn least_difference(frames: &[Frame<'_>]) -> Option<f32> {
    let mut least: Option<f32> = None;
    for (k, a) in frames.iter().enumerate() {
        for b in &frames[k + 1..] {
            if let Some(found) = difference(a, b)
                && least.is_none_or(|l| found < l)
            {
                least = Some(found);
            }
        }
    }
    least
}

fn difference(a: &Frame<'_>, b: &Frame<'_>) -> Option<f32> {
    let (first, second) = (&a.encoding.geometry.limbus, &b.encoding.geometry.limbus);
    let from = (first.centre_x as i32, first.centre_y as i32);
    let way = (
        (second.centre_x - first.centre_x).round() as i32,
        (second.centre_y - first.centre_y).round() as i32,
    );
    let mut least: Option<f32> = None;
    let mut try_shift = |dx: i32, dy: i32| {
        if let Some(found) = residual(a.image, b.image, from, (dx, dy))
            && least.is_none_or(|l| found < l)
        {
            least = Some(found);
        }
    };
    try_shift(0, 0);
    for dy in way.1 - MAX_EXTRA_SHIFT_PX..=way.1 + MAX_EXTRA_SHIFT_PX {
        for dx in way.0 - MAX_EXTRA_SHIFT_PX..=way.0 + MAX_EXTRA_SHIFT_PX {
            try_shift(dx, dy);
        }
    }
    least
}

/// Returns the standard deviation of the part of `b`, shifted, that is left after the best
/// gain and offset on `a`.
fn residual(a: &GrayImage, b: &GrayImage, centre: (i32, i32), shift: (i32, i32)) -> Option<f32> {
    let (mut n, mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0f32, 0.0, 0.0, 0.0, 0.0, 0.0);
    for dy in (-COMPARED_HALF_SIDE_PX..COMPARED_HALF_SIDE_PX).step_by(COMPARED_STEP_PX) {
        for dx in (-COMPARED_HALF_SIDE_PX..COMPARED_HALF_SIDE_PX).step_by(COMPARED_STEP_PX) {
            let (x, y) = (centre.0 + dx, centre.1 + dy);
            let (Some(p), Some(q)) = (at(a, x, y), at(b, x + shift.0, y + shift.1)) else {
                continue;
            };
            n += 1.0;
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    }
    if n < 100.0 {
        return None;
    }
    let (ma, mb) = (sa / n, sb / n);
    let (vaa, vbb, vab) = (saa / n - ma * ma, sbb / n - mb * mb, sab / n - ma * mb);
    if vaa <= 0.0 {
        return Some(0.0);
    }
    Some((vbb - vab * vab / vaa).max(0.0).sqrt())
}

fn at(image: &GrayImage, x: i32, y: i32) -> Option<f32> {
    let inside = x >= 0 && y >= 0 && (x as u32) < image.width() && (y as u32) < image.height();
    inside.then(|| f32::from(image.get_pixel(x as u32, y as u32)[0]) - 128.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32) -> GrayImage {
        GrayImage::from_fn(200, 200, |x, y| {
            let mixed = (x + 211 * y + 7919 * seed).wrapping_mul(2_654_435_761) >> 13;
            let mixed = mixed.wrapping_mul(2_246_822_519) >> 11;
            image::Luma([100 + (mixed % 16) as u8])
        })
    }

    #[test]
    fn a_copy_shifted_or_brightened_leaves_nothing_and_fresh_noise_does() {
        let image = noise(1);
        let shifted = GrayImage::from_fn(200, 200, |x, y| {
            *image.get_pixel((x + 197) % 200, (y + 5) % 200)
        });
        let brighter = GrayImage::from_fn(200, 200, |x, y| {
            image::Luma([image.get_pixel(x, y)[0] + 20])
        });
        let left = |b: &GrayImage, shift| residual(&image, b, (100, 100), shift);
        assert!(left(&image, (0, 0)).is_some_and(|v| v < 0.01));
        assert!(left(&shifted, (3, -5)).is_some_and(|v| v < 0.01));
        assert!(left(&brighter, (0, 0)).is_some_and(|v| v < 0.05));
        assert!(left(&noise(2), (0, 0)).is_some_and(|v| v > 3.0));
    }
}
