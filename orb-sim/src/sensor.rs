//! What the sensor does: noise, quantisation, and the way to the file.

use crate::conditions::CaptureConditions;
use crate::optics::Plane;
use image::GrayImage;
use image::codecs::jpeg::JpegEncoder;
use rand::Rng;

/// Exposes the plane: shot and read noise, clipping, eight bits, and JPEG if asked for.
pub(crate) fn expose(
    plane: &Plane,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> GrayImage {
    let read = conditions.read_noise * conditions.read_noise;
    let pixels = plane
        .data
        .iter()
        .map(|&grey| {
            let sd = (read + conditions.shot_noise * grey.max(0.0)).sqrt();
            (grey + sd * near_normal(rng.next_u64()) + 0.5).clamp(0.0, 255.0) as u8
        })
        .collect();
    let image = GrayImage::from_raw(plane.width as u32, plane.height as u32, pixels)
        .expect("the buffer has width times height pixels");
    match conditions.jpeg_quality {
        Some(quality) => jpeg_round_trip(&image, quality),
        None => image,
    }
}

/// The sum of four 16-bit uniforms, standardised: a normal deviate for the eye of a sensor.
fn near_normal(bits: u64) -> f32 {
    let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
    // Four uniforms have a variance of 4/12.
    (sum as f32 / 65_536.0 - 2.0) * 3.0_f32.sqrt()
}

fn jpeg_round_trip(image: &GrayImage, quality: u8) -> GrayImage {
    let mut bytes = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
        .expect("a grey image in memory can always be written as JPEG");
    image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg)
        .expect("a JPEG just written can be read")
        .into_luma8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_noise_is_standard() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let draws: Vec<f32> = (0..40_000).map(|_| near_normal(rng.next_u64())).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|d| d * d).sum::<f32>() / draws.len() as f32;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }
}
