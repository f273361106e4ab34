//! Plan of the orb's lights and frames during one session.

/// Place of a near-infrared LED beside the lens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Led {
    /// Distance from the lens to the right in the image, over the working distance.
    pub right: f32,
    /// Distance from the lens downward in the image, over the working distance.
    pub down: f32,
}

/// The orb's lights and scale, known from its construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Rig {
    /// The LEDs, named by their index.
    pub leds: Vec<Led>,
    /// Radius in pixels that an iris of average size has at the working distance.
    pub iris_radius_px: f32,
}

/// A pulse of visible light that makes the pupil narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Milliseconds from the start of the session to the start of the light.
    pub start_ms: u32,
    /// Time for which the light is on, in milliseconds.
    pub length_ms: u32,
}

/// One frame to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shot {
    /// Milliseconds since the start of the session.
    pub at_ms: u32,
    /// Index of the only LED that is lit, in [`Rig::leds`].
    pub led: usize,
}

/// Everything that is asked of the eye in one session. It must be drawn anew for each
/// session, once the person is before the orb.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// Lights and scale of the orb.
    pub rig: Rig,
    /// The pulse of visible light.
    pub pulse: Pulse,
    /// The frames in the order of time.
    pub shots: Vec<Shot>,
}

impl Challenge {
    /// The LED of a shot; `None` when the shot names one that the rig does not have.
    pub(crate) fn led(&self, shot: Shot) -> Option<Led> {
        self.rig.leds.get(shot.led).copied()
    }
}
