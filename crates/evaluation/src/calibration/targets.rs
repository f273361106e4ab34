//! Values measured on real sensors, and how far a simulation may be from them.

/// An interval that a statistic has to lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationTarget {
    /// The value measured on real sensors, or the ends of its range.
    pub real: (f32, f32),
    /// Tolerance allowed beyond either end.
    pub tolerance: f32,
}

impl CalibrationTarget {
    /// A range over the real sensors, and the tolerance beyond it.
    pub(super) const fn range(low: f32, high: f32, tolerance: f32) -> Self {
        Self {
            real: (low, high),
            tolerance,
        }
    }

    /// One value and the tolerance around it.
    pub(super) const fn point(value: f32, tolerance: f32) -> Self {
        Self::range(value, value, tolerance)
    }

    /// Returns whether `value` is in the interval.
    #[must_use]
    pub fn allows(&self, value: f32) -> bool {
        // Statistics are compared as they are printed, to a thousandth of the tolerance.
        let slack = self.tolerance * 1.001;
        (self.real.0 - slack..=self.real.1 + slack).contains(&value)
    }

    /// The same target with a wider tolerance, for small samples.
    #[must_use]
    pub fn widened(&self, by: f32) -> Self {
        Self {
            tolerance: self.tolerance + by,
            ..*self
        }
    }
}

/// Texture standard deviation on the normalised iris, grey levels, at 5, 50 and 95 %.
pub(super) const TEXTURE_SD: [(f32, CalibrationTarget); 3] = [
    (0.05, CalibrationTarget::range(5.0, 6.0, 0.0)),
    (0.50, CalibrationTarget::range(6.0, 9.0, 0.0)),
    (0.95, CalibrationTarget::range(9.0, 11.0, 0.0)),
];
/// Angular autocorrelation at the lags, from the sharp to the soft sensor. The two
/// long lags depend on how shade is told from texture, hence their tolerance.
pub(super) const BY_ANGLE: [CalibrationTarget; 5] = [
    CalibrationTarget::range(0.70, 0.85, 0.0),
    CalibrationTarget::range(0.47, 0.70, 0.0),
    CalibrationTarget::range(0.22, 0.44, 0.0),
    CalibrationTarget::range(0.10, 0.18, 0.03),
    CalibrationTarget::range(0.03, 0.08, 0.05),
];
/// Radial autocorrelation at the lags, from the sharp to the soft sensor.
pub(super) const BY_RADIUS: [CalibrationTarget; 5] = [
    CalibrationTarget::range(0.81, 0.88, 0.0),
    CalibrationTarget::range(0.64, 0.76, 0.0),
    CalibrationTarget::range(0.40, 0.51, 0.0),
    CalibrationTarget::range(0.15, 0.17, 0.03),
    CalibrationTarget::range(-0.04, -0.02, 0.05),
];
/// Neighbouring bits that are equal: by column, then by row, for each filter.
pub(super) const EQUAL_NEIGHBOURS: [(&str, [CalibrationTarget; 2]); 2] = [
    (
        "column",
        [
            CalibrationTarget::point(0.874, 0.02),
            CalibrationTarget::point(0.687, 0.02),
        ],
    ),
    (
        "row",
        [
            CalibrationTarget::point(0.787, 0.02),
            CalibrationTarget::point(0.736, 0.02),
        ],
    ),
];
/// Visible fraction of the iris at 5, 50 and 95 %.
pub(super) const VISIBLE: [(f32, CalibrationTarget); 3] = [
    (0.05, CalibrationTarget::point(0.60, 0.04)),
    (0.50, CalibrationTarget::point(0.79, 0.04)),
    (0.95, CalibrationTarget::point(0.95, 0.04)),
];
/// Raw distance of different eyes after 31 rotations: mean, standard deviation.
pub(super) const IMPOSTOR: [CalibrationTarget; 2] = [
    CalibrationTarget::point(0.457, 0.005),
    CalibrationTarget::point(0.0142, 0.0014),
];
/// The same at rotation 0.
pub(super) const IMPOSTOR_UNTURNED: [CalibrationTarget; 2] = [
    CalibrationTarget::point(0.491, 0.005),
    CalibrationTarget::point(0.0217, 0.0022),
];
/// Raw distance of captures of one eye: mean, standard deviation.
pub(super) const GENUINE: [CalibrationTarget; 2] = [
    CalibrationTarget::point(0.20, 0.01),
    CalibrationTarget::point(0.045, 0.0045),
];
/// Mean raw distance of captures of one eye by the change of the pupil ratio: from, to.
pub(super) const DILATION: [((f32, f32), CalibrationTarget); 5] = [
    ((0.00, 0.01), CalibrationTarget::point(0.189, 0.0095)),
    ((0.02, 0.04), CalibrationTarget::point(0.202, 0.010)),
    ((0.06, 0.09), CalibrationTarget::point(0.225, 0.011)),
    ((0.09, 0.13), CalibrationTarget::point(0.245, 0.012)),
    ((0.13, 1.00), CalibrationTarget::point(0.281, 0.014)),
];
/// Rotation between two captures in columns of 256, at 50, 95 and 99 %.
pub(super) const ROTATION: [(f32, CalibrationTarget); 3] = [
    (0.50, CalibrationTarget::point(1.0, 0.5)),
    (0.95, CalibrationTarget::point(4.0, 0.5)),
    (0.99, CalibrationTarget::point(6.0, 0.6)),
];
/// Pupil ratio at 1, 25, 50, 75 and 99 %.
pub(super) const PUPIL: [(f32, CalibrationTarget); 5] = [
    (0.01, CalibrationTarget::point(0.25, 0.015)),
    (0.25, CalibrationTarget::point(0.35, 0.012)),
    (0.50, CalibrationTarget::point(0.39, 0.012)),
    (0.75, CalibrationTarget::point(0.44, 0.012)),
    (0.99, CalibrationTarget::point(0.54, 0.015)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_ends_where_it_says() {
        let target = CalibrationTarget::range(0.2, 0.3, 0.1);
        assert!(target.allows(0.1) && target.allows(0.4));
        assert!(!target.allows(0.09) && !target.allows(0.41));
        assert!(target.widened(0.1).allows(0.45));
    }
}
