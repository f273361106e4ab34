//! Reasons why an image did not become a template.

use thiserror::Error;

/// A fault of a picture's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Rows, scans or the end itself are missing.
    #[error("it ends before the picture does")]
    EndsEarly,
    /// Bytes follow that are no part of the picture.
    #[error("other bytes follow the picture")]
    ExtraBytes,
    /// A part does not match its checksum.
    #[error("a checksum is wrong")]
    Checksum,
    /// Header, sizes, tables or pixels do not fit together.
    #[error("its parts contradict each other")]
    Contradiction,
    /// The orientation is none of the eight, or two parts name different ones.
    #[error("its orientation is not clear")]
    Orientation,
}

/// A feature of a picture's file that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileFeature {
    /// An animation, or a stereo pair.
    #[error("it holds several pictures")]
    SeveralPictures,
    /// Pixels that are not opaque.
    #[error("parts of it are transparent")]
    Transparency,
    /// Colours of a printer, whose brightness is a matter of profiles.
    #[error("its colours are those of a printer")]
    FourInks,
    /// Runs, arithmetic codes, more than 8 bits in a JPEG, or another rare form.
    #[error("it is stored in a rare form")]
    Packing,
    /// A part that a reader must know and that is not known.
    #[error("it has an unknown part")]
    UnknownPart,
    /// Black and white without grey.
    #[error("it has no grey levels")]
    TwoLevels,
}

/// A refusal: the text tells the person in front of the orb what to do, the
/// fields say by how much the limit was missed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum IrisError {
    /// The bytes are no PNG, JPEG, BMP or PNM image, or no decoder reads them.
    #[error("The picture could not be read. Send it again as PNG, JPEG, BMP or PGM.")]
    UnreadableImage,
    /// The file differs from the one that its writer made, or was never whole.
    #[error("The picture's file is damaged: {fault}. Send it again as the camera wrote it.")]
    DamagedImage {
        /// The first fault found.
        fault: FileFault,
    },
    /// The file holds more than the grey levels of one picture.
    #[error("The picture's file cannot be used: {feature}. Send it again as a plain grey picture.")]
    UnsupportedImage {
        /// Feature of the file that is not accepted.
        feature: FileFeature,
    },
    /// Fewer pixels than an iris needs.
    #[error("The picture is too small ({width} x {height}). Use at least 200 x 150 pixels.")]
    ImageTooSmall {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// More pixels, or more bytes, than the pipeline accepts.
    #[error(
        "The picture is too large ({width} x {height}). Use at most 4096 x 4096 pixels and 32 MiB."
    )]
    ImageTooLarge {
        /// Width in pixels; 0 when refused for its bytes alone.
        width: u32,
        /// Height in pixels; 0 when refused for its bytes alone.
        height: u32,
    },
    /// Nothing in the image looks like a pupil.
    #[error("No eye was found. Look straight into the orb with your eye open.")]
    NoPupil,
    /// A pupil, but no iris edge around it.
    #[error(
        "The edge of the iris was not found. Open your eye wider and look straight into the orb."
    )]
    NoIris,
    /// The pupil is too narrow or too wide for its iris.
    #[error(
        "The pupil has {value:.2} of the size of the iris, allowed are {minimum} to {maximum}. Wait a moment for the light to settle and try again."
    )]
    PupilRatio {
        /// Pupil diameter over iris diameter.
        value: f32,
        /// Smallest ratio accepted.
        minimum: f32,
        /// Largest ratio accepted.
        maximum: f32,
    },
    /// Pupil and iris do not share a centre.
    #[error(
        "Pupil and iris do not fit together (offset {offset:.2}, at most {maximum}). Look straight into the orb."
    )]
    NotConcentric {
        /// Distance of the centres over the iris radius.
        offset: f32,
        /// Largest offset accepted.
        maximum: f32,
    },
    /// The iris covers too few pixels.
    #[error("The eye is too far away ({diameter_px:.0} pixels across, at least 80). Come closer.")]
    IrisTooSmall {
        /// Iris diameter in pixels of the image given.
        diameter_px: f32,
    },
    /// Out of focus or moved.
    #[error(
        "The picture is blurred (sharpness {sharpness:.1}, at least {minimum}). Hold still and keep your distance."
    )]
    Blurred {
        /// Iris radius over the width of the pupil's edge, or of the steepest edges
        /// of the iris region.
        sharpness: f32,
        /// Least sharpness accepted by that measure.
        minimum: f32,
    },
    /// Too much of the image is saturated.
    #[error(
        "The picture is too bright ({saturated:.2} of it is white). Turn away from other light and try again."
    )]
    OverExposed {
        /// Share of the image that is saturated.
        saturated: f32,
    },
    /// The iris itself is white or black in places that are not reflections.
    #[error(
        "Parts of the iris are black or white ({clipped:.2} of it, at most {maximum}). Use less contrast, and turn away from other light."
    )]
    ClippedIris {
        /// Share of the visible iris.
        clipped: f32,
        /// Largest share accepted.
        maximum: f32,
    },
    /// Too little light, or few of the bits of a wide sensor used.
    #[error(
        "The picture is too dark (its brightest parts have level {brightest} of 255, at least {minimum}). Let more light onto the eye, or use the full range of the file."
    )]
    TooDark {
        /// Grey level that few pixels exceed, 0 to 255.
        brightest: u8,
        /// Least level accepted.
        minimum: u8,
    },
    /// Black and white are exchanged.
    #[error(
        "The picture is a negative: the pupil is brighter than the iris. Use a near-infrared picture as the camera took it."
    )]
    Negative,
    /// The texture of the iris has too few grey levels.
    #[error(
        "The iris shows too few grey levels ({levels:.1}, at least {minimum}). Use more contrast and all bits of the sensor."
    )]
    TooFewLevels {
        /// Effective number of grey levels of the visible iris.
        levels: f32,
        /// Least number accepted.
        minimum: f32,
    },
    /// Pixels differ from their neighbours as no lens would let them.
    #[error(
        "The picture is too noisy (neighbouring pixels differ by {noise:.1} grey levels, at most {maximum}). Use more light."
    )]
    TooNoisy {
        /// Median difference of pixels near each other in the iris, grey levels.
        noise: f32,
        /// Largest difference accepted.
        maximum: f32,
    },
    /// Part of the iris lies outside the picture.
    #[error(
        "The eye is not whole in the picture ({inside:.2} of the edge of the iris is in it, at least {minimum}). Bring the eye to the middle."
    )]
    NotWhole {
        /// Share of the limbus that is in the picture.
        inside: f32,
        /// Least share accepted.
        minimum: f32,
    },
    /// The iris is far from round.
    #[error(
        "The iris is not round ({flattening:.2} longer one way than the other, at most {maximum}). Look straight into the orb, and do not stretch the picture."
    )]
    NotRound {
        /// Difference of its longest and its shortest diameter, over their sum.
        flattening: f32,
        /// Largest difference accepted.
        maximum: f32,
    },
    /// The eye lies on its side.
    #[error(
        "The eye is turned by about {degrees:.0} degrees in the picture. Hold the camera upright."
    )]
    Turned {
        /// Degrees clockwise, -180 to 180.
        degrees: f32,
    },
    /// Eyelids and corners do not tell whether the eye lies on its side.
    #[error(
        "It cannot be told whether the eye is upright. Keep both eyelids and both corners of the eye in the picture."
    )]
    UnclearTurn,
    /// Eyelids, lashes or reflections cover too much.
    #[error("Only {visible:.2} of the iris is visible. Open your eye wider, and take off glasses.")]
    TooOccluded {
        /// Visible share of the iris.
        visible: f32,
    },
    /// Not enough of the code could be read.
    #[error(
        "Too little of the iris could be read ({valid} bits, at least {minimum}). Open your eye wider and try again."
    )]
    TooFewValidBits {
        /// Code bits that are valid.
        valid: u32,
        /// Least number accepted.
        minimum: u32,
    },
}

impl IrisError {
    /// The stable name of this refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnreadableImage => "iris-unreadable-image",
            Self::DamagedImage { .. } => "iris-damaged-image",
            Self::UnsupportedImage { .. } => "iris-unsupported-image",
            Self::ImageTooSmall { .. } => "iris-image-too-small",
            Self::ImageTooLarge { .. } => "iris-image-too-large",
            Self::NoPupil => "iris-no-pupil",
            Self::NoIris => "iris-no-iris",
            Self::PupilRatio { .. } => "iris-pupil-ratio",
            Self::NotConcentric { .. } => "iris-not-concentric",
            Self::IrisTooSmall { .. } => "iris-too-small",
            Self::Blurred { .. } => "iris-blurred",
            Self::OverExposed { .. } => "iris-over-exposed",
            Self::TooDark { .. } => "iris-too-dark",
            Self::ClippedIris { .. } => "iris-clipped",
            Self::Negative => "iris-negative",
            Self::TooFewLevels { .. } => "iris-too-few-levels",
            Self::TooNoisy { .. } => "iris-too-noisy",
            Self::NotWhole { .. } => "iris-not-whole",
            Self::NotRound { .. } => "iris-not-round",
            Self::Turned { .. } => "iris-turned",
            Self::UnclearTurn => "iris-unclear-turn",
            Self::TooOccluded { .. } => "iris-too-occluded",
            Self::TooFewValidBits { .. } => "iris-too-few-valid-bits",
        }
    }
}
