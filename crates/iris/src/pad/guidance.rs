//! Advice that the orb gives to the person in front of it.

use crate::error::IrisError;
use crate::pipeline::Encoding;

use super::challenge::Rig;

/// One piece of advice to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Advice {
    /// The iris covers too few pixels.
    ComeCloser,
    /// The iris covers too many pixels.
    MoveBack,
    /// Eyelids or lashes hide too much.
    OpenWider,
    /// The image is blurred.
    HoldStill,
    /// No eye, or one that looks elsewhere.
    LookStraight,
    /// Other light is too strong.
    TurnFromLight,
    /// The pupil is too wide or too narrow.
    LetLightSettle,
}

/// Smallest and largest iris, as a share of its size at the working distance.
// Chosen, not measured, like the next two: stricter than the limits, for advice costs nothing.
const GOOD_SIZES: (f32, f32) = (0.72, 1.3);
/// Share of the iris that should be visible.
const MIN_GOOD_VISIBLE_SHARE: f32 = 0.5;
/// Largest distance of the centres of pupil and iris, in iris radii.
const MAX_GOOD_OFFSET_RADII: f32 = 0.15;

impl Advice {
    /// Returns the advice that helps against a refusal of the pipeline.
    #[must_use]
    pub const fn against(refusal: &IrisError) -> Self {
        match refusal {
            IrisError::IrisTooSmall { .. } => Self::ComeCloser,
            IrisError::Blurred { .. } => Self::HoldStill,
            IrisError::NoIris
            | IrisError::TooOccluded { .. }
            | IrisError::TooFewValidBits { .. } => Self::OpenWider,
            IrisError::OverExposed { .. } => Self::TurnFromLight,
            IrisError::PupilRatio { .. } => Self::LetLightSettle,
            // No pupil, no common centre, no picture at all.
            _ => Self::LookStraight,
        }
    }

    /// Returns the advice that would make an accepted frame better; `None` when it is good.
    #[must_use]
    pub fn to_improve(encoding: &Encoding, rig: &Rig) -> Option<Self> {
        let size = 0.5 * encoding.quality.iris_diameter_px / rig.iris_radius_px;
        let (pupil, limbus) = (&encoding.geometry.pupil, &encoding.geometry.limbus);
        let (dx, dy) = (
            pupil.centre_x - limbus.centre_x,
            pupil.centre_y - limbus.centre_y,
        );
        let offset = (dx * dx + dy * dy).sqrt() / limbus.mean_radius();
        if size < GOOD_SIZES.0 {
            Some(Self::ComeCloser)
        } else if size > GOOD_SIZES.1 {
            Some(Self::MoveBack)
        } else if encoding.quality.visible < MIN_GOOD_VISIBLE_SHARE {
            Some(Self::OpenWider)
        } else if offset > MAX_GOOD_OFFSET_RADII {
            Some(Self::LookStraight)
        } else {
            None
        }
    }

    /// The stable name, for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ComeCloser => "orb-come-closer",
            Self::MoveBack => "orb-move-back",
            Self::OpenWider => "orb-open-wider",
            Self::HoldStill => "orb-hold-still",
            Self::LookStraight => "orb-look-straight",
            Self::TurnFromLight => "orb-turn-from-light",
            Self::LetLightSettle => "orb-let-light-settle",
        }
    }

    /// One sentence for the person.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ComeCloser => "Come closer.",
            Self::MoveBack => "Move back a little.",
            Self::OpenWider => "Open your eye wider, and take off glasses.",
            Self::HoldStill => "Hold still.",
            Self::LookStraight => "Look straight into the orb with your eyes open.",
            Self::TurnFromLight => "Turn away from the bright light.",
            Self::LetLightSettle => "Wait a moment for your eyes to get used to the light.",
        }
    }
}
