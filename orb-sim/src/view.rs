//! Geometry of the picture: its size, and the way from pixels to the iris plane.

use crate::conditions::CaptureConditions;

/// Width of the orb's images in pixels.
pub const WIDTH: u32 = 640;
/// Height of the orb's images in pixels.
pub const HEIGHT: u32 = 480;

/// Position of the camera: from pixels to face coordinates to the iris plane.
#[derive(Clone, Debug)]
pub(crate) struct View {
    centre: (f32, f32),
    pub(crate) radius: f32,
    /// Size of a pixel, in iris radii.
    pixel: f32,
    roll: (f32, f32),
    /// Unit direction of the gaze in the image and the cosine of its angle.
    gaze: (f32, f32, f32),
    /// Share by which the iris plane is longer than its image along the gaze.
    stretch: f32,
}

impl View {
    /// Position of the camera under the conditions of one photograph.
    pub(crate) fn new(conditions: &CaptureConditions) -> Self {
        let (gx, gy) = conditions.gaze;
        let angle = libm::hypotf(gx, gy);
        let (ux, uy) = if angle > 0.0 {
            (gx / angle, gy / angle)
        } else {
            (1.0, 0.0)
        };
        Self {
            centre: (
                0.5 * (WIDTH as f32 - 1.0) + conditions.centre_px.0,
                0.5 * (HEIGHT as f32 - 1.0) + conditions.centre_px.1,
            ),
            radius: conditions.iris_radius_px,
            pixel: 1.0 / conditions.iris_radius_px,
            roll: (libm::cosf(conditions.roll), libm::sinf(conditions.roll)),
            gaze: (ux, uy, libm::cosf(angle)),
            stretch: 1.0 / libm::cosf(angle) - 1.0,
        }
    }

    /// Face coordinates of a pixel.
    pub(crate) fn to_face(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (
            (x - self.centre.0) * self.pixel,
            (y - self.centre.1) * self.pixel,
        );
        let (c, s) = self.roll;
        (c * dx + s * dy, c * dy - s * dx)
    }

    /// Pixel of a point in face coordinates.
    pub(crate) fn face_to_image(&self, x: f32, y: f32) -> (f32, f32) {
        let (c, s) = self.roll;
        (
            self.centre.0 + self.radius * (c * x - s * y),
            self.centre.1 + self.radius * (s * x + c * y),
        )
    }

    /// The iris plane seen foreshortened along the gaze.
    pub(crate) fn to_iris(&self, x: f32, y: f32) -> (f32, f32) {
        let (ux, uy, _) = self.gaze;
        let stretch = (x * ux + y * uy) * self.stretch;
        (x + stretch * ux, y + stretch * uy)
    }

    /// Pixel of a point of the iris plane.
    pub(crate) fn to_image(&self, x: f32, y: f32) -> (f32, f32) {
        let (ux, uy, cos) = self.gaze;
        let shrink = (x * ux + y * uy) * (cos - 1.0);
        self.face_to_image(x + shrink * ux, y + shrink * uy)
    }
}
