//! Closed contours: a radius for each of a number of equal angles.

use std::f32::consts::TAU;

use super::circle::Circle;
use super::trig::sin_cos;

/// Angles at which a contour is held.
// Chosen, not measured: as many as the normalised iris has columns.
pub(crate) const ANGLES: usize = 256;

/// A closed curve around a centre: one radius for each of 256 equal angles,
/// clockwise in the image from the direction of growing x. Pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Column of the centre.
    pub centre_x: f32,
    /// Row of the centre.
    pub centre_y: f32,
    pub(crate) radii: Vec<f32>,
}

impl Contour {
    /// A contour from its radii, in pixels, at 256 equal angles.
    #[must_use]
    pub fn from_radii(centre_x: f32, centre_y: f32, radii: [f32; ANGLES]) -> Self {
        Self {
            centre_x,
            centre_y,
            radii: radii.to_vec(),
        }
    }

    /// Radius at `angle` (radians), linear between the angles held.
    #[must_use]
    pub fn radius_at(&self, angle: f32) -> f32 {
        let position = (angle / TAU).rem_euclid(1.0) * ANGLES as f32;
        let k = position as usize;
        let fraction = position - k as f32;
        self.radii[k % ANGLES] * (1.0 - fraction) + self.radii[(k + 1) % ANGLES] * fraction
    }

    /// Point of the curve at `angle` (radians).
    #[must_use]
    pub fn point_at(&self, angle: f32) -> (f32, f32) {
        let (sin, cos) = sin_cos(angle);
        let r = self.radius_at(angle);
        (self.centre_x + r * cos, self.centre_y + r * sin)
    }

    /// Returns the mean radius, in pixels.
    #[must_use]
    pub fn mean_radius(&self) -> f32 {
        self.radii.iter().sum::<f32>() / ANGLES as f32
    }

    /// A contour that is a circle.
    pub(crate) fn round(circle: Circle) -> Self {
        Self {
            centre_x: circle.x,
            centre_y: circle.y,
            radii: vec![circle.r; ANGLES],
        }
    }

    /// Share of the mean radius by which the curve swells along (cosine) and across
    /// (sine) the axes: the second harmonic.
    pub(crate) fn flattening(&self) -> [f32; 2] {
        let mut sums = [0.0; 2];
        for (k, r) in self.radii.iter().enumerate() {
            let (sin, cos) = sin_cos(2.0 * angle_of(k, ANGLES));
            sums[0] += r * cos;
            sums[1] += r * sin;
        }
        let whole: f32 = self.radii.iter().sum();
        sums.map(|sum| 2.0 * sum / whole)
    }

    /// The same curve on an image `factor` times as large.
    pub(crate) fn scaled(&self, factor: f32) -> Self {
        Self {
            centre_x: (self.centre_x + 0.5) * factor - 0.5,
            centre_y: (self.centre_y + 0.5) * factor - 0.5,
            radii: self.radii.iter().map(|r| r * factor).collect(),
        }
    }
}

pub(crate) fn angle_of(k: usize, count: usize) -> f32 {
    k as f32 * TAU / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::series::series_at;

    #[test]
    fn the_flattening_is_the_second_harmonic_by_the_mean_radius() {
        let series = [40.0, 1.0, -2.0, 3.2, -1.2, 0.5, 0.5];
        let contour = Contour {
            centre_x: 0.0,
            centre_y: 0.0,
            radii: (0..ANGLES)
                .map(|k| series_at(&series, angle_of(k, ANGLES)))
                .collect(),
        };
        let [along, across] = contour.flattening();
        assert!((along - 0.08).abs() < 1e-4 && (across + 0.03).abs() < 1e-4);
    }

    #[test]
    fn radii_between_angles_are_interpolated_round_the_seam() {
        let mut radii = vec![10.0; ANGLES];
        radii[0] = 12.0;
        let contour = Contour {
            centre_x: 0.0,
            centre_y: 0.0,
            radii,
        };
        assert!((contour.radius_at(-0.5 * TAU / ANGLES as f32) - 11.0).abs() < 1e-3);
    }
}
