//! The truth about an image, which its renderer knew.

use crate::geometry::Contour;
use crate::view::View;

/// Truth about an image that the renderer knew: for measuring, never for enrolment.
///
/// Coordinates are those of the iris plane in iris radii; [`Truth::to_image`]
/// carries them to pixels.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Edge of the pupil.
    pub pupil: Contour,
    /// Edge of the iris.
    pub limbus: Contour,
    /// Row by row, `true` where eyelid, lash or glint hides what lies beneath.
    pub hidden: Vec<bool>,
    pub(crate) view: View,
}

/// Ends of the iris at one angle, in the iris plane.
pub struct Ray {
    inner: (f32, f32),
    outer: (f32, f32),
}

impl Truth {
    /// Pixel coordinates of a point of the iris plane.
    #[must_use]
    pub fn to_image(&self, x: f32, y: f32) -> (f32, f32) {
        self.view.to_image(x, y)
    }

    /// Face coordinates of a pixel: iris radii from the iris centre, before the roll.
    pub(crate) fn to_face(&self, x: f32, y: f32) -> (f32, f32) {
        self.view.to_face(x, y)
    }

    /// Point of the iris plane at a pixel: undoes [`Truth::to_image`].
    pub(crate) fn to_iris(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = self.view.to_face(x, y);
        self.view.to_iris(x, y)
    }

    /// Pixel coordinates of a point of the rubber sheet: `theta` radians clockwise,
    /// `depth` from 0 at the pupil to 1 at the limbus.
    #[must_use]
    pub fn sheet_to_image(&self, theta: f32, depth: f32) -> (f32, f32) {
        self.along(&self.ray(theta), depth)
    }

    /// Ends of the iris at an angle.
    #[must_use]
    pub fn ray(&self, theta: f32) -> Ray {
        let (cos, sin) = (libm::cosf(theta), libm::sinf(theta));
        let [inner, outer] = [&self.pupil, &self.limbus].map(|contour| {
            let radius = contour.radius_at(theta);
            (
                contour.centre.0 + radius * cos,
                contour.centre.1 + radius * sin,
            )
        });
        Ray { inner, outer }
    }

    /// Pixel coordinates at a depth of a ray.
    #[must_use]
    pub fn along(&self, Ray { inner, outer }: &Ray, depth: f32) -> (f32, f32) {
        self.to_image(
            inner.0 + (outer.0 - inner.0) * depth,
            inner.1 + (outer.1 - inner.1) * depth,
        )
    }
}
