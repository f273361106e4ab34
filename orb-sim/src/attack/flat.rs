//! Flat things held before the orb: paper and screens.

use super::Range;
use crate::anatomy::Person;
use crate::conditions::CaptureConditions;
use crate::lattice::Field;
use crate::optics::Plane;
use crate::random::{between, normal};
use crate::render::{capture, develop};
use crate::session::{Sitting, Subject, Tremor, View, challenge, shade_flat};
use crate::view::{HEIGHT, WIDTH};
use annona_iris::Eye;
use annona_iris::pad::{Challenge, Led};
use image::GrayImage;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::f32::consts::TAU;

/// Samples a pixel and direction, so that dots finer than a pixel average out.
const OVERSAMPLING: usize = 2;
/// Grey level of white paper, and of a screen's white, in the orb's light.
const WHITE: f32 = 205.0;

/// Pictures of both eyes that are shown.
pub(crate) enum Content {
    /// One picture of each eye.
    Picture([GrayImage; 2]),
    /// Pictures of each eye, one an interval.
    Video([Vec<GrayImage>; 2], u32),
}

const SIDES: [Eye; 2] = [Eye::Left, Eye::Right];

const fn side(eye: Eye) -> usize {
    match eye {
        Eye::Left => 0,
        Eye::Right => 1,
    }
}

impl Content {
    /// A good photograph of each eye.
    pub(crate) fn picture(victim: &Person, rng: &mut impl Rng) -> Self {
        Self::Picture(SIDES.map(|eye| {
            let conditions = CaptureConditions {
                jpeg_quality: None,
                upper_eyelid_drop: -0.15,
                defocus_px: 0.3,
                motion_px: (0.0, 0.0),
                ..CaptureConditions::sample(rng)
            };
            capture(victim, eye, &conditions, rng)
        }))
    }

    /// A session of the victim under another challenge.
    pub(crate) fn video(victim: &Person, rng: &mut impl Rng) -> Self {
        let earlier = challenge(rng);
        let sitting = Sitting::new(victim, &earlier, rng);
        let interval_ms = earlier.shots[1].at_ms - earlier.shots[0].at_ms;
        let film = |eye| {
            (0..earlier.shots.len())
                .map(|index| sitting.frame(eye, index))
                .collect()
        };
        Self::Video(SIDES.map(film), interval_ms)
    }

    fn at(&self, eye: Eye, ms: f32) -> &GrayImage {
        match self {
            Self::Picture(pictures) => &pictures[side(eye)],
            Self::Video(films, interval_ms) => {
                let film = &films[side(eye)];
                &film[(ms / *interval_ms as f32) as usize % film.len()]
            }
        }
    }
}

/// Surface that makes the grey levels.
enum Surface {
    /// Dots of ink: pitch in pixels of the picture, angle, darkness of the ink in
    /// near infrared, unevenness of the paper, strength of its sheen.
    Paper {
        pitch_px: f32,
        turn: (f32, f32),
        ink: f32,
        grain: f32,
        sheen: f32,
    },
    /// Square pixels with dark gaps: pitch, share of the pitch that shines, bands.
    Screen {
        pitch_px: f32,
        turn: (f32, f32),
        shining: f32,
        banding: f32,
    },
}

/// A flat thing in a hand.
pub(crate) struct Flat {
    content: Content,
    surface: Surface,
    texture: Field,
    challenge: Challenge,
    base: CaptureConditions,
    place: (Tremor, Tremor),
    approach: Tremor,
    roll: Tremor,
    /// A living eye behind a hole of this radius around the printed pupil, in pixels.
    behind: Option<(Sitting, f32)>,
    seed: u64,
}

/// A print of the victim's eyes, with the pupils cut out when somebody looks through.
pub(crate) fn print(
    range: Range,
    victim: &Person,
    behind: Option<&Person>,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Flat {
    let turn = between(rng, 0.0, 0.25 * TAU);
    let surface = Surface::Paper {
        pitch_px: range.draw(rng, (2.7, 4.4), [(2.2, 2.7), (4.4, 6.0)]),
        turn: turn.sin_cos(),
        ink: range.draw(rng, (0.55, 0.9), [(0.4, 0.55), (0.9, 0.98)]),
        grain: range.draw(rng, (0.01, 0.03), [(0.0, 0.01), (0.03, 0.05)]),
        sheen: range.draw(rng, (0.0, 40.0), [(40.0, 70.0), (70.0, 110.0)]),
    };
    let behind = behind.map(|forger| {
        let hole = victim.pupil_ratio(&CaptureConditions::sample(rng)) * 115.0;
        (Sitting::new(forger, challenge, rng), hole)
    });
    Flat::new(
        Content::picture(victim, rng),
        surface,
        behind,
        challenge,
        rng,
    )
}

/// A screen that shows the content.
pub(crate) fn screen(
    range: Range,
    content: Content,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Flat {
    let surface = Surface::Screen {
        pitch_px: range.draw(rng, (2.4, 4.0), [(2.1, 2.4), (4.0, 5.5)]),
        turn: (0.03 * normal(rng)).sin_cos(),
        shining: range.draw(rng, (0.6, 0.85), [(0.5, 0.6), (0.85, 0.93)]),
        banding: range.draw(rng, (0.0, 0.04), [(0.04, 0.06), (0.06, 0.10)]),
    };
    Flat::new(content, surface, None, challenge, rng)
}

impl Flat {
    fn new(
        content: Content,
        surface: Surface,
        behind: Option<(Sitting, f32)>,
        challenge: &Challenge,
        rng: &mut impl Rng,
    ) -> Self {
        Self {
            content,
            surface,
            texture: Field::new(rng, 200, 150),
            challenge: challenge.clone(),
            base: CaptureConditions {
                jpeg_quality: None,
                ..CaptureConditions::sample(rng)
            },
            place: (
                Tremor::draw(rng, 2.5, (0.2, 1.5)),
                Tremor::draw(rng, 2.5, (0.2, 1.5)),
            ),
            approach: Tremor::draw(rng, 0.01, (0.1, 0.8)),
            roll: Tremor::draw(rng, 0.008, (0.1, 0.8)),
            behind,
            seed: rng.next_u64(),
        }
    }

    /// From a pixel of the frame to the surface, in pixels of the picture.
    fn to_surface(&self, ms: f32) -> impl Fn(f32, f32) -> (f32, f32) {
        let scale = 1.0 + self.approach.at(ms);
        let (sin, cos) = self.roll.at(ms).sin_cos();
        let (px, py) = (self.place.0.at(ms), self.place.1.at(ms));
        let middle = (0.5 * WIDTH as f32, 0.5 * HEIGHT as f32);
        move |x, y| {
            let (dx, dy) = ((x - middle.0 - px) / scale, (y - middle.1 - py) / scale);
            (
                middle.0 + cos * dx + sin * dy,
                middle.1 + cos * dy - sin * dx,
            )
        }
    }

    fn paint(&self, eye: Eye, ms: f32, led: Led, band: f32) -> Plane {
        let picture = self.content.at(eye, ms);
        let place = self.to_surface(ms);
        let mut plane = Plane::filled(WIDTH as usize, HEIGHT as usize, 0.0);
        let share = 1.0 / (OVERSAMPLING * OVERSAMPLING) as f32;
        for (k, grey) in plane.data.iter_mut().enumerate() {
            let (x, y) = ((k % WIDTH as usize) as f32, (k / WIDTH as usize) as f32);
            for part in 0..OVERSAMPLING * OVERSAMPLING {
                let step = |n: usize| (n as f32 + 0.5) / OVERSAMPLING as f32 - 0.5;
                let (u, v) = place(x + step(part % OVERSAMPLING), y + step(part / OVERSAMPLING));
                *grey += share * self.surface_at(picture, u, v);
            }
            *grey += self.shine(x, y, led, band);
        }
        plane
    }

    fn surface_at(&self, picture: &GrayImage, u: f32, v: f32) -> f32 {
        match self.surface {
            Surface::Paper {
                pitch_px,
                turn,
                ink,
                grain,
                ..
            } => {
                let tone = level(picture, u, v) / WHITE;
                let dot = 1.0 - halftone(u, v, pitch_px, turn, tone);
                let paper = 1.0 + grain * self.texture.at(u / WIDTH as f32, v / HEIGHT as f32);
                WHITE * paper * (1.0 - ink * dot)
            }
            Surface::Screen {
                pitch_px,
                turn,
                shining,
                ..
            } => {
                let (s, c) = turn;
                let (a, b) = ((c * u + s * v) / pitch_px, (c * v - s * u) / pitch_px);
                let (column, row) = (a.floor(), b.floor());
                let half = 0.5 * shining;
                let lit =
                    |f: f32| ((half - (f - 0.5).abs()) * pitch_px * 2.0 + 0.5).clamp(0.0, 1.0);
                let (x, y) = ((column + 0.5) * pitch_px, (row + 0.5) * pitch_px);
                let shown = level(picture, c * x - s * y, s * x + c * y);
                shown / (shining * shining) * lit(a - column) * lit(b - row)
            }
        }
    }

    /// Light that does not come from the picture.
    fn shine(&self, x: f32, y: f32, led: Led, band: f32) -> f32 {
        match self.surface {
            Surface::Paper { sheen, .. } => {
                // A flat mirror shows the LED far from the middle, and paper blurs it.
                let radius = self.base.iris_radius_px;
                let dx = x - 0.5 * WIDTH as f32 - 12.0 * radius * led.right;
                let dy = y - 0.5 * HEIGHT as f32 - 12.0 * radius * led.down;
                sheen * (-0.5 * (dx * dx + dy * dy) / (radius * radius)).exp()
            }
            Surface::Screen { banding, .. } => {
                WHITE * 0.5 * banding * (TAU * (y / 160.0 + band)).sin()
            }
        }
    }

    fn look_through(&self, plane: &mut Plane, eye: Eye, index: usize, ms: f32) {
        let Some((sitting, hole)) = &self.behind else {
            return;
        };
        let mut view: View = sitting.view(eye, index);
        view.add_glint();
        let place = self.to_surface(ms);
        let middle = (0.5 * WIDTH as f32, 0.5 * HEIGHT as f32);
        // The forger looks through the hole: the own eye is behind its middle.
        let (ex, ey) = view.truth.to_image(0.0, 0.0);
        for y in 0..HEIGHT as usize {
            for x in 0..WIDTH as usize {
                let (u, v) = place(x as f32, y as f32);
                let out = (u - middle.0).hypot(v - middle.1);
                if out > *hole {
                    continue;
                }
                let sx = (x as f32 - middle.0 + ex).clamp(0.0, WIDTH as f32 - 1.0) as usize;
                let sy = (y as f32 - middle.1 + ey).clamp(0.0, HEIGHT as f32 - 1.0) as usize;
                plane.data[y * WIDTH as usize + x] = view.plane.data[sy * WIDTH as usize + sx];
            }
        }
    }
}

impl Subject for Flat {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        let shot = self.challenge.shots[index];
        let led = self.challenge.rig.leds[shot.led];
        let ms = shot.at_ms as f32;
        let mut noise = ChaCha12Rng::seed_from_u64(self.seed);
        noise.set_stream(2 * index as u64 + side(eye) as u64);
        let band = noise.random::<f32>();
        let mut plane = self.paint(eye, ms, led, band);
        let mut conditions = CaptureConditions {
            motion_px: (0.4 * normal(&mut noise), 0.4 * normal(&mut noise)),
            ..self.base.clone()
        };
        match self.surface {
            Surface::Paper { .. } => {
                self.look_through(&mut plane, eye, index, ms);
                shade_flat(&mut conditions, led);
            }
            // A screen has its own light, and the LEDs do not change it.
            Surface::Screen { .. } => {
                conditions.exposure = 1.0;
                conditions.gradient = (0.0, 0.0);
            }
        }
        develop(plane, &conditions, &mut noise)
    }
}

/// Grey level of a picture between its pixels; edges repeat.
fn level(picture: &GrayImage, x: f32, y: f32) -> f32 {
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    let (x, y) = (x.clamp(0.0, w - 1.001), y.clamp(0.0, h - 1.001));
    let (i, j) = (x as u32, y as u32);
    let (fx, fy) = (x - i as f32, y - j as f32);
    let at = |i, j| f32::from(picture.get_pixel(i, j).0[0]);
    let top = at(i, j) * (1.0 - fx) + at(i + 1, j) * fx;
    let bottom = at(i, j + 1) * (1.0 - fx) + at(i + 1, j + 1) * fx;
    top * (1.0 - fy) + bottom * fy
}

/// Share of white at a point of a clustered-dot screen, for a tone from 0 to 1.
fn halftone(u: f32, v: f32, pitch: f32, (s, c): (f32, f32), tone: f32) -> f32 {
    let a = TAU * (c * u + s * v) / pitch;
    let b = TAU * (c * v - s * u) / pitch;
    // The spot function of a round dot lies between 0 and 1; half the area is below a half.
    let spot = 0.25 * (2.0 + a.cos() + b.cos());
    // Ink spreads: the edge is half a pixel wide.
    ((tone.clamp(0.02, 0.98) - spot) * pitch * 2.0 + 0.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halftone_keeps_its_tone_on_average() {
        let turn = 0.4_f32.sin_cos();
        for tone in [0.25, 0.5, 0.75] {
            let sum: f32 = (0..400 * 400)
                .map(|k| {
                    halftone(
                        (k % 400) as f32 * 0.3,
                        (k / 400) as f32 * 0.3,
                        4.0,
                        turn,
                        tone,
                    )
                })
                .sum();
            let mean = sum / (400.0 * 400.0);
            assert!((mean - tone).abs() < 0.08, "{tone}: {mean}");
        }
    }
}
