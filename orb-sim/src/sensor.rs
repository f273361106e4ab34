//! Effects of the sensor: noise, quantisation, and the way to the file.

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
    let shot = conditions.shot_noise;
    let mut noise = Noise(rng.next_u64());
    let mut pixels = vec![0u8; plane.data.len()];
    let mut deviates = vec![0.0f32; plane.width];
    let lines = plane.data.chunks_exact(plane.width);
    for (line, target) in lines.zip(pixels.chunks_exact_mut(plane.width)) {
        noise.fill(&mut deviates);
        for ((pixel, grey), deviate) in target.iter_mut().zip(line).zip(&deviates) {
            let sd = (read + shot * grey.max(0.0)).sqrt();
            *pixel = (grey + sd * deviate + 0.5).clamp(0.0, 255.0) as u8;
        }
    }
    let image = GrayImage::from_raw(plane.width as u32, plane.height as u32, pixels)
        .expect("the buffer has width times height pixels");
    match conditions.jpeg_quality {
        Some(quality) => jpeg_round_trip(&image, quality),
        None => image,
    }
}

/// The noise of one exposure: SplitMix64 (Steele, Lea, Flood 2014) from a seed of the
/// caller's generator, which would take longer than all the optics.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill(&mut self, deviates: &mut [f32]) {
        for deviate in deviates {
            *deviate = near_normal(self.next());
        }
    }
}

/// The sum of four 16-bit uniforms, standardised: a normal deviate for the eye of a sensor.
fn near_normal(bits: u64) -> f32 {
    // Adjacent lanes are added first: 17 bits each, twice.
    let pairs = (bits & 0x0000_ffff_0000_ffff) + (bits >> 16 & 0x0000_ffff_0000_ffff);
    let sum = (pairs as u32) + (pairs >> 32) as u32;
    // Four uniforms have a mean of two and a variance of 4/12.
    (sum as f32 / 65_536.0 - 2.0) * 1.732_050_8
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

    #[test]
    fn the_noise_is_standard() {
        let mut draws = vec![0.0; 40_000];
        Noise(3).fill(&mut draws);
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|d| d * d).sum::<f32>() / draws.len() as f32;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }
}
