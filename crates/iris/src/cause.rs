//! Causes in the picture, and not in the person, for which no eye was found.

use image::GrayImage;

use crate::error::IrisError;
use crate::geometry::trig::length;
use crate::limits;
use crate::quality::shape::{check_proportions, inside_fraction};
use crate::raster::Plane;
use crate::segmentation::{
    CoarseChange, Planes, Segmentation, find_eye, planes_of, segment, working_plane,
};

/// Difference of the diameters over their sum when one is half the other.
const HALVED_FLATTENING: f32 = 1.0 / 3.0;

/// Returns the refusal that names the true cause: a search for an eye takes a negative, a
/// stretched picture or an eye that is partly outside for a blurred one, or for none.
pub(crate) fn true_cause(refusal: IrisError, image: &GrayImage) -> IrisError {
    let may_be_another = matches!(
        refusal,
        IrisError::NoPupil
            | IrisError::NoIris
            | IrisError::Blurred { .. }
            | IrisError::PupilRatio { .. }
            | IrisError::NotConcentric { .. }
            | IrisError::IrisTooSmall { .. }
    );
    if !may_be_another {
        return refusal;
    }
    let (working, factor) = working_plane(image);
    is_negative(&working, factor)
        .then_some(IrisError::Negative)
        .or_else(|| stretched(&working, factor))
        .or_else(|| cut(&working, factor))
        .unwrap_or(refusal)
}

/// Refuses an eye when the picture holds a better one once black and white are
/// exchanged, or once it is squeezed: that is the true one.
pub(crate) fn check_likeliest(planes: &Planes, found: &Segmentation) -> Result<(), IrisError> {
    /// Flattening from which on a picture may be one that was stretched by half or more.
    // Chosen, not measured: it saves time on round eyes, and a stretch by half leaves a third.
    const SUSPICIOUS_FLATTENING: f32 = 0.05;
    /// Likeness of the eye in a picture of half the width, and of half the height, beside that of
    /// the eye as it is, from which on the picture was stretched.
    // Chosen on odd subjects of four cameras: pictures stretched to twice the width have 1.8 and
    // more, to twice the height 1.01 and more; round eyes come to 1.39 and to 0.9 (decision 19).
    const LIKENESS_OF_STRETCHED: [f32; 2] = [1.6, 1.0];
    let is_better = |change: CoarseChange, by: f32| {
        find_eye(&planes.of_coarse(change)).is_some_and(|eye| eye.value > by * found.value)
    };
    if is_better(CoarseChange::Negative, 1.0) {
        return Err(IrisError::Negative);
    }
    let flattenings = [&found.pupil, &found.limbus].map(|contour| {
        let [along, across] = contour.flattening();
        length(along, across)
    });
    let is_suspicious = flattenings
        .iter()
        .any(|&flattening| flattening > SUSPICIOUS_FLATTENING);
    let [width, height] = LIKENESS_OF_STRETCHED;
    let is_stretched = is_suspicious
        && (is_better(CoarseChange::HalfWidth, width)
            || is_better(CoarseChange::HalfHeight, height));
    if is_stretched {
        return Err(IrisError::NotRound {
            flattening: HALVED_FLATTENING,
            maximum: limits::MAX_FLATTENING,
        });
    }
    Ok(())
}

/// Returns whether an eye is found once black and white are exchanged.
pub(crate) fn is_negative(working: &Plane, factor: usize) -> bool {
    let mut negative = working.clone();
    for level in &mut negative.data {
        *level = 255.0 - *level;
    }
    segment(&planes_of(&negative, factor), &mut |_| (), &mut |_| ())
        .is_ok_and(|found| check_proportions(&found.pupil, &found.limbus, factor as f32).is_ok())
}

/// Returns [`IrisError::NotRound`] if an eye is found once the picture is squeezed.
fn stretched(working: &Plane, factor: usize) -> Option<IrisError> {
    [(0.5, 1.0), (1.0, 0.5), (0.67, 1.0), (1.0, 0.67)]
        .into_iter()
        .find_map(|(across, down)| {
            let squeezed = resized(working, across, down);
            let found = segment(&planes_of(&squeezed, factor), &mut |_| (), &mut |_| ()).ok()?;
            check_proportions(&found.pupil, &found.limbus, factor as f32).ok()?;
            let least = f32::min(across, down);
            Some(IrisError::NotRound {
                flattening: (1.0 - least) / (1.0 + least),
                maximum: limits::MAX_FLATTENING,
            })
        })
}

fn resized(plane: &Plane, across: f32, down: f32) -> Plane {
    let width = (across * plane.width as f32) as usize;
    let height = (down * plane.height as f32) as usize;
    let data = (0..width * height)
        .map(|k| {
            let (x, y) = ((k % width) as f32 + 0.5, (k / width) as f32 + 0.5);
            plane.sample(x / across - 0.5, y / down - 0.5)
        })
        .collect();
    Plane {
        width,
        height,
        data,
    }
}

/// Returns [`IrisError::NotWhole`] if an eye that is partly outside is found once the
/// picture is continued beyond its edges, as in mirrors there.
fn cut(working: &Plane, factor: usize) -> Option<IrisError> {
    let (w, h) = (working.width, working.height);
    let (left, top) = (w / 2, h / 2);
    let folded = |k: usize, margin: usize, size: usize| {
        let from_edge = k.abs_diff(margin);
        if k < margin + size {
            from_edge
        } else {
            2 * size - 1 - from_edge
        }
    };
    let (width, height) = (w + 2 * left, h + 2 * top);
    let data = (0..width * height)
        .map(|k| working.at(folded(k % width, left, w), folded(k / width, top, h)))
        .collect();
    let continued = Plane {
        width,
        height,
        data,
    };
    let found = segment(&planes_of(&continued, factor), &mut |_| (), &mut |_| ()).ok()?;
    let mut limbus = found.limbus;
    limbus.centre_x -= left as f32;
    limbus.centre_y -= top as f32;
    let inside = inside_fraction(&limbus, working);
    let minimum = limits::MIN_INSIDE_FRACTION;
    (inside < minimum).then_some(IrisError::NotWhole { inside, minimum })
}
