//! Eyes whose contours are known, for tests of single checks.

use annona_model::{Eye, ModelName, NormalisedIris};
use annona_template::{COLUMNS, IrisTemplate};
use image::{GrayImage, Luma};

use super::challenge::{Challenge, Led, Pulse, Rig, Shot};
use super::frame::Frame;
use super::session::SelectedFrame;
use crate::geometry::contour::{ANGLES, Contour};
use crate::pipeline::{Encoding, Geometry};
use crate::quality::Quality;
use crate::segmentation::{EyelidEdge, Eyelids};

pub(super) const SIDE_PX: u32 = 400;
pub(super) const MIDDLE: (f32, f32) = (200.0, 200.0);
pub(super) const IRIS_PX: f32 = 110.0;

/// Two LEDs, to the right and to the left of the lens.
pub(super) const LEDS: [Led; 2] = [
    Led {
        right: 0.2,
        down: 0.1,
    },
    Led {
        right: -0.2,
        down: -0.1,
    },
];

/// As many frames as asked for, 200 ms apart, the LEDs in turn. `paint` gives grey
/// levels by the frame's LED and the place less [`MIDDLE`].
pub(super) fn session(frames: usize, paint: impl Fn(Led, f32, f32) -> f32) -> Vec<SelectedFrame> {
    (0..frames)
        .map(|k| {
            let shot = Shot {
                at_ms: 200 * k as u32,
                led: k % LEDS.len(),
            };
            let image = GrayImage::from_fn(SIDE_PX, SIDE_PX, |x, y| {
                let (dx, dy) = (x as f32 - MIDDLE.0, y as f32 - MIDDLE.1);
                Luma([paint(LEDS[shot.led], dx, dy).clamp(0.0, 255.0) as u8])
            });
            SelectedFrame {
                image,
                encoding: encoding(MIDDLE, (0.0, SIDE_PX as f32)),
                shot,
            }
        })
        .collect()
}

/// The challenge that [`session`] answers.
pub(super) fn challenge() -> Challenge {
    Challenge {
        rig: Rig {
            leds: LEDS.to_vec(),
            iris_radius_px: IRIS_PX,
        },
        pulse: Pulse {
            start_ms: 800,
            length_ms: 500,
        },
        shots: Vec::new(),
    }
}

pub(super) fn frames(shown: &[SelectedFrame]) -> Vec<Frame<'_>> {
    shown.iter().map(SelectedFrame::as_frame).collect()
}

/// An eye with its iris around `centre` and its eyelids at two rows.
pub(super) fn encoding(centre: (f32, f32), (upper, lower): (f32, f32)) -> Encoding {
    let circle = |radius| Contour {
        centre_x: centre.0,
        centre_y: centre.1,
        radii: vec![radius; ANGLES],
    };
    let eyelid = |row| EyelidEdge {
        first_x: 0.0,
        step: SIDE_PX as f32,
        rows: vec![row; 2],
    };
    Encoding {
        eye: Eye::Left,
        template: IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]),
        quality: Quality {
            sharpness: 0.0,
            region_sharpness: 0.0,
            visible: 1.0,
            pupil_ratio: 0.4,
            centre_offset: 0.0,
            iris_diameter_px: 2.0 * IRIS_PX,
            valid_bits: 0,
        },
        geometry: Geometry {
            pupil: circle(0.4 * IRIS_PX),
            limbus: circle(IRIS_PX),
            eyelids: Eyelids {
                upper: eyelid(upper),
                lower: eyelid(lower),
            },
        },
        normalised: blank(),
    }
}

fn blank() -> NormalisedIris {
    let model = ModelName::P.model();
    let size = model.size();
    NormalisedIris::new(
        model,
        vec![0; size.pixel_count()],
        vec![false; size.noise_count()],
    )
    .expect("the sizes are those of the parameters")
}
