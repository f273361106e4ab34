//! Names of the stages of the way from an image to a template.

/// A stage of the way from an image to a template, for measuring the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Exposure, size of work, reflections, blurs.
    Preparation,
    /// Pupil and limbus, as a pair of circles.
    Eye,
    /// The pupil's contour.
    Pupil,
    /// The limbus's contour, and the eyelids.
    LimbusAndEyelids,
    /// The normalised iris and its noise.
    NormalisedIris,
    /// The code and its mask.
    Code,
}

impl Stage {
    /// All stages, in the order in which they are passed.
    pub const ALL: [Self; 6] = [
        Self::Preparation,
        Self::Eye,
        Self::Pupil,
        Self::LimbusAndEyelids,
        Self::NormalisedIris,
        Self::Code,
    ];
}
