//! Reading grey levels of a frame, and small statistics.

use image::GrayImage;

use crate::pipeline::Encoding;

/// Grey level from which a pixel counts as a reflection.
// Chosen, not measured: an eye that is exposed well has nothing else so bright.
pub(in crate::pad) const MIN_REFLECTION_LEVEL: f32 = 215.0;

/// Bilinear grey level; `None` outside the image.
pub(in crate::pad) fn sample(image: &GrayImage, x: f32, y: f32) -> Option<f32> {
    let (w, h) = (image.width() as usize, image.height() as usize);
    if !(x >= 0.0 && y >= 0.0 && x < w as f32 - 1.0 && y < h as f32 - 1.0) {
        return None;
    }
    let (i, j) = (x as usize, y as usize);
    let (fx, fy) = (x - i as f32, y - j as f32);
    let raw = image.as_raw();
    let at = |row: usize, column: usize| f32::from(raw[row * w + column]);
    let top = at(j, i) * (1.0 - fx) + at(j, i + 1) * fx;
    let bottom = at(j + 1, i) * (1.0 - fx) + at(j + 1, i + 1) * fx;
    Some(top * (1.0 - fy) + bottom * fy)
}

/// Returns whether a point lies between the eyelids, `margin` pixels inside both.
pub(in crate::pad) fn between_eyelids(encoding: &Encoding, x: f32, y: f32, margin: f32) -> bool {
    let geometry = &encoding.geometry;
    y > geometry.upper_eyelid_row(x) + margin && y < geometry.lower_eyelid_row(x) - margin
}

/// Returns the middle value; `None` when there are no values.
pub(in crate::pad) fn median(values: &mut [f32]) -> Option<f32> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f32::total_cmp);
    let middle = values.len() / 2;
    Some(if values.len() % 2 == 1 {
        values[middle]
    } else {
        0.5 * (values[middle - 1] + values[middle])
    })
}
