//! Unrolls an iris whose contours the caller knows.

use annona_model::{ModelName, NormalisedIris};
use image::GrayImage;

use super::FineIris;
use crate::geometry::contour::Contour;
use crate::segmentation::working_plane;

/// Unrolls the iris between two known contours, in pixels of the image, from `roll` on, which is
/// in radians clockwise. `is_hidden` tells of a point of the image whether it shows no iris.
///
/// The pipeline ([`encode`](crate::encode())) does the same with contours and hidden parts that it
/// finds.
#[must_use]
pub fn unroll_between(
    image: &GrayImage,
    pupil: &Contour,
    limbus: &Contour,
    roll: f32,
    is_hidden: impl Fn(f32, f32) -> bool,
) -> NormalisedIris {
    let (working, factor) = working_plane(image);
    let scale = factor as f32;
    let [pupil, limbus] = [pupil, limbus].map(|contour| contour.scaled(scale.recip()));
    let fine = FineIris::sample(&working, &pupil, &limbus, roll);
    let in_image = |at: f32| (at + 0.5) * scale - 0.5;
    let points = fine.points.iter();
    let noisy: Vec<bool> = points
        .map(|&(x, y)| is_hidden(in_image(x), in_image(y)))
        .collect();
    fine.reduced(&noisy, ModelName::P.model())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::contour::ANGLES;

    fn round(r: f32) -> Contour {
        Contour::from_radii(300.0, 240.0, [r; ANGLES])
    }

    #[test]
    fn large_and_small_pictures_unroll_alike() {
        let ring = |scale: u32| {
            GrayImage::from_fn(640 * scale, 480 * scale, |x, y| {
                let at = |v: u32| (v as f32 + 0.5) / scale as f32 - 0.5;
                let (x, y) = (at(x) - 300.0, at(y) - 240.0);
                image::Luma([(x.hypot(y) + 30.0 * (x > 0.0) as u8 as f32) as u8])
            })
        };
        let is_left = |scale: f32| move |x: f32, _: f32| (x + 0.5) / scale < 300.5;
        let small = unroll_between(&ring(1), &round(40.0), &round(120.0), 0.0, is_left(1.0));
        let [pupil, limbus] = [40.0, 120.0].map(|r| round(r).scaled(4.0));
        let large = unroll_between(&ring(4), &pupil, &limbus, 0.0, is_left(4.0));
        let differences = small.pixels().iter().zip(large.pixels());
        let far = differences.filter(|(a, b)| a.abs_diff(**b) > 1).count();
        // Those on the edge between the halves.
        assert!(far <= 4 * small.height(), "{far} pixels differ");
        for row in 0..small.height() {
            let noisy = |column| [&small, &large].map(|iris| iris.is_noisy(column, row));
            assert_eq!((noisy(0), noisy(128)), ([false; 2], [true; 2]));
        }
        assert_eq!(small.pixels()[40], 35);
    }
}
