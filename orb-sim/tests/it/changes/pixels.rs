//! Changes of a picture: how it lies in the frame, and its grey levels.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use rand::{Rng, RngExt};

/// A change that a camera, a program or a person makes to a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// Turned clockwise by some degrees, in a frame of the same size.
    Turn(f32, Filling),
    /// Turned by quarters, in a frame that turns too.
    Quarters(u8),
    /// Left and right exchanged.
    Mirror,
    /// Top and bottom exchanged.
    Flip,
    /// Enlarged or reduced.
    Scale(f32),
    /// Widened (above 1) or narrowed, the height as it is.
    Stretch(f32),
    /// Cut to a share of its width and height, about a point given as shares.
    Crop(f32, (f32, f32)),
    /// Moved by shares of its width and height.
    Shift((f32, f32), Filling),
    /// A frame around it, as a share of its width.
    Border(f32, Filling),
    /// The same eye twice, beside or below itself.
    Twice { is_beside: bool },
    /// Reduced to a share, and set into a field at a place.
    Inset(f32, (f32, f32), Filling),
    /// Levels to the power of this.
    Gamma(f32),
    /// Levels stretched about the middle, and moved.
    Contrast(f32, f32),
    /// Black for white.
    Negative,
    /// So many grey levels only.
    Posterise(u16),
    /// Noise of so many grey levels on each pixel.
    Noise(f32),
    /// Noise in squares of so many pixels. Stronger ones are a texture of their own,
    /// painted over the iris, which no measure tells from tissue.
    Blotches(f32, u32),
    /// Blurred by so many pixels.
    Blur(f32),
    /// Brighter to one side, by a share of the level.
    Slope(f32, f32),
    /// Every n-th row black.
    Rows(u32),
}

/// Content of a place that the picture does not reach.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filling {
    Level(u8),
    /// The nearest pixel of the picture.
    Edge,
}

impl Filling {
    fn draw(rng: &mut impl Rng) -> Self {
        match rng.random_range(0..4) {
            0 => Self::Level(0),
            1 => Self::Level(255),
            2 => Self::Level(128),
            _ => Self::Edge,
        }
    }
}

/// Kinds of [`Change`] that [`Change::draw`] knows.
pub(super) const KINDS: usize = 20;

impl Change {
    /// Draws a change of this kind.
    pub(super) fn draw(kind: usize, rng: &mut impl Rng) -> Self {
        let mut place = || (rng.random_range(0.1..0.9), rng.random_range(0.1..0.9));
        let at = place();
        match kind % KINDS {
            0 => Self::Turn(rng.random_range(0.0..360.0), Filling::draw(rng)),
            1 => Self::Turn(rng.random_range(-40.0..40.0), Filling::draw(rng)),
            2 => Self::Quarters(rng.random_range(1..4)),
            3 => Self::Mirror,
            4 => Self::Flip,
            5 => Self::Scale(rng.random_range(0.4..2.5)),
            6 => Self::Stretch(rng.random_range(0.5..2.0)),
            7 => Self::Crop(rng.random_range(0.4..1.0), at),
            8 => Self::Shift((at.0 - 0.5, at.1 - 0.5), Filling::draw(rng)),
            9 => Self::Border(rng.random_range(0.01..0.3), Filling::draw(rng)),
            10 => Self::Twice {
                is_beside: rng.random(),
            },
            11 => Self::Inset(rng.random_range(0.4..0.9), at, Filling::draw(rng)),
            12 => Self::Gamma(rng.random_range(0.3..3.0)),
            13 => Self::Contrast(rng.random_range(0.1..2.5), rng.random_range(-60.0..60.0)),
            14 => Self::Negative,
            15 => Self::Posterise(1 << rng.random_range(1..6)),
            16 => Self::Noise(rng.random_range(2.0..60.0)),
            17 => Self::Blotches(rng.random_range(2.0..8.0), rng.random_range(2..24)),
            18 => Self::Blur(rng.random_range(0.5..6.0)),
            _ if rng.random() => {
                Self::Slope(rng.random_range(-0.6..0.6), rng.random_range(-0.6..0.6))
            }
            _ => Self::Rows(rng.random_range(2..12)),
        }
    }

    /// The picture after the change.
    pub(super) fn of(self, picture: &GrayImage, rng: &mut impl Rng) -> GrayImage {
        let (w, h) = picture.dimensions();
        let (width, height) = (w as f32, h as f32);
        let each = |level: &mut dyn FnMut(u32, u32, f32) -> f32| {
            GrayImage::from_fn(w, h, |x, y| {
                let old = f32::from(picture.get_pixel(x, y)[0]);
                Luma([level(x, y, old).round().clamp(0.0, 255.0) as u8])
            })
        };
        let sized = |w: f32, h: f32| {
            imageops::resize(
                picture,
                w.max(1.0) as u32,
                h.max(1.0) as u32,
                FilterType::Triangle,
            )
        };
        match self {
            Self::Turn(degrees, filling) => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                resampled(picture, (w, h), filling, |x, y| {
                    let (x, y) = (x - 0.5 * width, y - 0.5 * height);
                    (
                        cos * x + sin * y + 0.5 * width,
                        cos * y - sin * x + 0.5 * height,
                    )
                })
            }
            Self::Quarters(1) => imageops::rotate90(picture),
            Self::Quarters(2) => imageops::rotate180(picture),
            Self::Quarters(_) => imageops::rotate270(picture),
            Self::Mirror => imageops::flip_horizontal(picture),
            Self::Flip => imageops::flip_vertical(picture),
            Self::Scale(factor) => sized(factor * width, factor * height),
            Self::Stretch(factor) => sized(factor * width, height),
            Self::Crop(share, (x, y)) => {
                let (cut_w, cut_h) = (share * width, share * height);
                let from = (x * (width - cut_w), y * (height - cut_h));
                let size = (cut_w as u32, cut_h as u32);
                imageops::crop_imm(picture, from.0 as u32, from.1 as u32, size.0, size.1).to_image()
            }
            Self::Shift((dx, dy), filling) => resampled(picture, (w, h), filling, |x, y| {
                (x - dx * width, y - dy * height)
            }),
            Self::Border(share, filling) => {
                let edge = (share * width) as u32;
                let size = (w + 2 * edge, h + 2 * edge);
                resampled(picture, size, filling, |x, y| {
                    (x - edge as f32, y - edge as f32)
                })
            }
            Self::Twice { is_beside } => {
                let size = if is_beside { (2 * w, h) } else { (w, 2 * h) };
                GrayImage::from_fn(size.0, size.1, |x, y| *picture.get_pixel(x % w, y % h))
            }
            Self::Inset(share, (x, y), filling) => {
                let from = (x * (1.0 - share) * width, y * (1.0 - share) * height);
                resampled(picture, (w, h), filling, |x, y| {
                    ((x - from.0) / share, (y - from.1) / share)
                })
            }
            Self::Gamma(power) => each(&mut |_, _, v| 255.0 * (v / 255.0).powf(power)),
            Self::Contrast(factor, offset) => {
                each(&mut |_, _, v| 128.0 + factor * (v - 128.0) + offset)
            }
            Self::Negative => each(&mut |_, _, v| 255.0 - v),
            Self::Posterise(levels) => {
                let steps = f32::from(levels) - 1.0;
                each(&mut |_, _, v| (v / 255.0 * steps).round() / steps * 255.0)
            }
            Self::Noise(sd) => each(&mut |_, _, v| v + sd * orb_sim::normal(rng)),
            Self::Blotches(sd, side) => {
                let columns = w.div_ceil(side) as usize;
                let cells = columns * h.div_ceil(side) as usize;
                let levels: Vec<f32> = (0..cells).map(|_| sd * orb_sim::normal(rng)).collect();
                each(&mut |x, y, v| v + levels[(y / side) as usize * columns + (x / side) as usize])
            }
            Self::Blur(sd) => imageops::blur(picture, sd),
            Self::Slope(across, down) => each(&mut |x, y, v| {
                let (u, t) = (x as f32 / width - 0.5, y as f32 / height - 0.5);
                v * (1.0 + across * u + down * t)
            }),
            Self::Rows(every) => each(&mut |_, y, v| if y % every == 0 { 0.0 } else { v }),
        }
    }
}

/// A picture of a size, each pixel from a place of another, linear between pixels.
fn resampled(
    picture: &GrayImage,
    (w, h): (u32, u32),
    filling: Filling,
    from: impl Fn(f32, f32) -> (f32, f32),
) -> GrayImage {
    let last = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    GrayImage::from_fn(w, h, |x, y| {
        let (x, y) = from(x as f32, y as f32);
        let is_inside = (0.0..=last.0).contains(&x) && (0.0..=last.1).contains(&y);
        match filling {
            Filling::Level(level) if !is_inside => Luma([level]),
            _ => {
                let (x, y) = (x.clamp(0.0, last.0), y.clamp(0.0, last.1));
                imageops::interpolate_bilinear(picture, x, y).unwrap_or(Luma([0]))
            }
        }
    })
}
