//! A picture of the pipeline's findings in an image.

use std::f32::consts::TAU;

use annona_model::NormalisedIris;
use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::geometry::contour::Contour;
use crate::pipeline::{Encoding, Examination, Geometry};

const PUPIL_COLOUR: Rgb<u8> = Rgb([255, 210, 0]);
const LIMBUS_COLOUR: Rgb<u8> = Rgb([0, 220, 120]);
const EYELID_COLOUR: Rgb<u8> = Rgb([90, 160, 255]);

/// The normalised iris as an 8-bit picture.
#[must_use]
pub fn normalised_picture(normalised: &NormalisedIris) -> GrayImage {
    let size = normalised.size();
    let depth = 8 - size.pixel_bits;
    GrayImage::from_fn(
        size.width_angles as u32,
        size.height_radii as u32,
        |x, y| Luma([normalised.pixels()[y as usize * size.width_angles + x as usize] << depth]),
    )
}

/// The image with the contours (pupil yellow, limbus green, eyelids blue) and the
/// masked part of the iris in red.
#[must_use]
pub fn overlay(image: &GrayImage, encoding: &Encoding) -> RgbImage {
    let mut picture = coloured(image);
    tint_noise(&mut picture, encoding);
    draw_edges(&mut picture, &encoding.geometry);
    picture
}

/// The image with the contours as far as they were found, and with the mask if the image gave
/// a template.
#[must_use]
pub fn examination_overlay(image: &GrayImage, examination: &Examination) -> RgbImage {
    if let Ok(encoding) = &examination.result {
        return overlay(image, encoding);
    }
    let mut picture = coloured(image);
    if let Some(geometry) = &examination.geometry {
        draw_edges(&mut picture, geometry);
    }
    picture
}

fn coloured(image: &GrayImage) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let v = image.get_pixel(x, y)[0];
        Rgb([v, v, v])
    })
}

fn draw_edges(picture: &mut RgbImage, geometry: &Geometry) {
    draw_contour(picture, &geometry.pupil, PUPIL_COLOUR);
    draw_contour(picture, &geometry.limbus, LIMBUS_COLOUR);
    let limbus = &geometry.limbus;
    let r = limbus.mean_radius();
    for step in 0..=(2.0 * r) as usize {
        let x = limbus.centre_x - r + step as f32;
        draw_point(picture, x, geometry.upper_eyelid_row(x), EYELID_COLOUR);
        draw_point(picture, x, geometry.lower_eyelid_row(x), EYELID_COLOUR);
    }
}

fn tint_noise(picture: &mut RgbImage, encoding: &Encoding) {
    let (pupil, limbus) = (&encoding.geometry.pupil, &encoding.geometry.limbus);
    let normalised = &encoding.normalised;
    let reach = limbus.mean_radius() * 1.3;
    let rows = span(limbus.centre_y, reach, picture.height());
    for y in rows {
        for x in span(limbus.centre_x, reach, picture.width()) {
            let (dx, dy) = (x as f32 - pupil.centre_x, y as f32 - pupil.centre_y);
            let angle = dy.atan2(dx).rem_euclid(TAU);
            let outer = distance_along(pupil, limbus, angle);
            let inner = pupil.radius_at(angle);
            let t = (dx.hypot(dy) - inner) / (outer - inner).max(1.0);
            if !(0.0..1.0).contains(&t) {
                continue;
            }
            let along = angle / TAU;
            let column = (along * normalised.width() as f32) as usize % normalised.width();
            let row = (t * normalised.height() as f32) as usize;
            if normalised.is_noisy(column, row.min(normalised.height() - 1)) {
                let pixel = picture.get_pixel_mut(x, y);
                pixel[0] = pixel[0].saturating_add(90);
            }
        }
    }
}

fn span(centre: f32, reach: f32, size: u32) -> std::ops::Range<u32> {
    let from = (centre - reach).max(0.0) as u32;
    let to = (centre + reach).max(0.0) as u32;
    from.min(size)..to.min(size)
}

/// Distance from the pupil's centre to the limbus; good to the offset of centres.
fn distance_along(pupil: &Contour, limbus: &Contour, angle: f32) -> f32 {
    let (x, y) = limbus.point_at(angle);
    (x - pupil.centre_x).hypot(y - pupil.centre_y)
}

fn draw_contour(picture: &mut RgbImage, contour: &Contour, colour: Rgb<u8>) {
    let steps = (contour.mean_radius() * TAU * 1.5) as usize + 8;
    for k in 0..steps {
        let (x, y) = contour.point_at(k as f32 * TAU / steps as f32);
        draw_point(picture, x, y, colour);
    }
}

fn draw_point(picture: &mut RgbImage, x: f32, y: f32, colour: Rgb<u8>) {
    let (x, y) = (x.round(), y.round());
    if x >= 0.0 && y >= 0.0 && x < picture.width() as f32 && y < picture.height() as f32 {
        picture.put_pixel(x as u32, y as u32, colour);
    }
}
