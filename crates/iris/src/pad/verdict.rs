//! Findings of the checks, and the verdict that follows from them.

use std::fmt;

use super::limits;

/// One way in which a living eye differs from its likenesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LivenessCheck {
    /// No two frames are copies of each other, shifted or not.
    FramesDiffer,
    /// The eye stays where it was from one frame to the next.
    Continuity,
    /// The mirror image of the LED moves as on a cornea.
    GlintDisplacement,
    /// The pupil narrows after the pulse of light.
    PupilAmplitude,
    /// It does so at the time of the pulse.
    PupilTiming,
    /// The white of the eye is shaded like a sphere.
    Shading,
    /// The iris shows no grid of dots or pixels.
    Spectrum,
    /// The texture of the iris moves with the pupil.
    TissueMotion,
}

impl LivenessCheck {
    /// All checks, in the order in which a failure is named.
    pub const ALL: [Self; 8] = [
        Self::FramesDiffer,
        Self::Continuity,
        Self::GlintDisplacement,
        Self::PupilAmplitude,
        Self::PupilTiming,
        Self::Shading,
        Self::Spectrum,
        Self::TissueMotion,
    ];

    /// The stable name, for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FramesDiffer => "liveness-frames-differ",
            Self::Continuity => "liveness-continuity",
            Self::GlintDisplacement => "liveness-glint-displacement",
            Self::PupilAmplitude => "liveness-pupil-amplitude",
            Self::PupilTiming => "liveness-pupil-timing",
            Self::Shading => "liveness-shading",
            Self::Spectrum => "liveness-spectrum",
            Self::TissueMotion => "liveness-tissue-motion",
        }
    }

    /// Returns the meaning of a failure, in one sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::FramesDiffer => "Two frames are copies of one picture.",
            Self::Continuity => "The eye jumps from frame to frame as no head does.",
            Self::GlintDisplacement => {
                "The reflections of the orb's lights do not move as on an eye."
            }
            Self::PupilAmplitude => "The pupil does not answer the light.",
            Self::PupilTiming => "The pupil answers a light at another time than the orb's.",
            Self::Shading => "The light falls on it as on something flat.",
            Self::Spectrum => "The iris is made of dots, as in print or on a screen.",
            Self::TissueMotion => {
                "The pattern of the iris does not move with the pupil, as if on a lens."
            }
        }
    }

    /// Returns the limit that a living eye keeps to.
    #[must_use]
    pub const fn limit(self) -> LivenessLimit {
        match self {
            Self::FramesDiffer => LivenessLimit::AtLeast(limits::MIN_FRAME_DIFFERENCE),
            Self::Continuity => LivenessLimit::AtMost(limits::MAX_JUMP),
            Self::GlintDisplacement => LivenessLimit::AtMost(limits::MAX_GLINT_ERROR),
            Self::PupilAmplitude => LivenessLimit::AtLeast(limits::MIN_PUPIL_AMPLITUDE),
            Self::PupilTiming => LivenessLimit::AtMost(limits::MAX_PUPIL_LAG_MS),
            Self::Shading => LivenessLimit::AtLeast(limits::MIN_SHADING_SLOPE),
            Self::Spectrum => LivenessLimit::AtMost(limits::MAX_SPECTRAL_PEAK),
            Self::TissueMotion => LivenessLimit::AtLeast(limits::MIN_TISSUE_MOTION),
        }
    }
}

/// The side of a number on which a living eye lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LivenessLimit {
    /// A living eye has this much or more.
    AtLeast(f32),
    /// A living eye has this much or less.
    AtMost(f32),
}

impl LivenessLimit {
    /// Returns whether `value` keeps the limit. A value that is not a number never does.
    #[must_use]
    pub fn holds(self, value: f32) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
        }
    }
}

impl fmt::Display for LivenessLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::AtMost(limit) => write!(f, "at most {limit}"),
        }
    }
}

/// Result of one check of an eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LivenessMeasurement {
    /// Check that made the measurement.
    pub check: LivenessCheck,
    /// The value, in the unit of its limit; `None` when these frames do not show it.
    pub value: Option<f32>,
}

impl LivenessMeasurement {
    /// Returns whether the value speaks against a living eye. One that could not be
    /// measured does not.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.value
            .is_some_and(|value| !self.check.limit().holds(value))
    }
}

/// Conclusion from all checks of an eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LivenessVerdict {
    /// Every check that could be made holds.
    Live,
    /// A check fails; the first one in the order of [`LivenessCheck::ALL`] is named.
    Attack {
        /// The check that failed.
        check: LivenessCheck,
        /// Value that the check measured.
        value: f32,
        /// Limit that the value does not keep.
        limit: LivenessLimit,
    },
}

impl LivenessVerdict {
    /// Returns whether a check failed.
    #[must_use]
    pub const fn is_attack(&self) -> bool {
        matches!(self, Self::Attack { .. })
    }

    /// Returns the stable name of the check that failed, or `liveness-live`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Live => "liveness-live",
            Self::Attack { check, .. } => check.code(),
        }
    }
}

impl fmt::Display for LivenessVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => write!(f, "This is a living eye."),
            Self::Attack {
                check,
                value,
                limit,
            } => write!(f, "{} ({value:.3}, {limit})", check.sentence()),
        }
    }
}

/// All measurements of one eye in one session.
#[derive(Debug, Clone, PartialEq)]
pub struct LivenessReport {
    /// One for each of [`LivenessCheck::ALL`], in that order.
    pub measurements: Vec<LivenessMeasurement>,
}

impl LivenessReport {
    /// Returns the verdict that follows from the measurements.
    #[must_use]
    pub fn verdict(&self) -> LivenessVerdict {
        let failed = self.measurements.iter().find(|m| m.fails());
        match failed.and_then(|m| m.value.map(|value| (m.check, value))) {
            Some((check, value)) => LivenessVerdict::Attack {
                check,
                value,
                limit: check.limit(),
            },
            None => LivenessVerdict::Live,
        }
    }

    /// Returns the value that a check measured.
    #[must_use]
    pub fn value(&self, check: LivenessCheck) -> Option<f32> {
        self.measurements
            .iter()
            .find(|m| m.check == check)
            .and_then(|m| m.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(check: LivenessCheck, value: Option<f32>) -> LivenessReport {
        LivenessReport {
            measurements: vec![LivenessMeasurement { check, value }],
        }
    }

    #[test]
    fn a_value_beyond_its_limit_is_an_attack_and_none_is_not() {
        for check in LivenessCheck::ALL {
            let (good, bad) = match check.limit() {
                LivenessLimit::AtLeast(limit) => (limit, limit - 0.01),
                LivenessLimit::AtMost(limit) => (limit, limit + 0.01),
            };
            assert_eq!(report(check, Some(good)).verdict(), LivenessVerdict::Live);
            assert_eq!(report(check, None).verdict(), LivenessVerdict::Live);
            assert_eq!(report(check, Some(bad)).verdict().code(), check.code());
            assert!(report(check, Some(f32::NAN)).verdict().is_attack());
        }
    }
}
