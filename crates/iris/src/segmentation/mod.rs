//! Finds the edges of pupil, iris and eyelids, from coarse to fine: on a small copy a pair of
//! circles; about it the pupil; between the eyelids the contours of both.

mod acceptance;
mod eye;
mod eyelids;
mod limbus;
mod planes;
mod pupil;
mod radial_voting;
mod specular;
#[cfg(test)]
mod testing;
mod tissue_brightness;

use crate::error::IrisError;
use crate::geometry::circle::refined_circle;
use crate::geometry::contour::Contour;
use crate::limits;
use crate::quality::focus::edge_width;
use crate::stage::Stage;

pub(crate) use eye::find_eye;
#[cfg(test)]
pub(crate) use eyelids::EyelidEdge;
pub(crate) use eyelids::Eyelids;
pub(crate) use planes::{CoarseChange, Planes, planes_of, working_plane};
pub(crate) use tissue_brightness::TissueModel;

use acceptance::is_iris;
use eye::{FoundEye, PupilPart, find_eyes};
use eyelids::find_eyelids;
use limbus::{circle_of_flanks, limbus_contour, limbus_gradients};
use pupil::{FoundPupil, find_pupil, pupil_between_eyelids};

/// Share of the iris radius beside an eyelid's edge in which contours are not trusted.
// Decision 7: with it 0 and 4 pairs of CASIA-IrisV1 and MMU2 fail at FMR 1e-3, without 1 and 5.
const EYELID_SHADE_RADIUS_SHARE: f32 = 0.07;

/// Pairs of circles that are followed until one proves to be an eye.
// Chosen for speed: each costs contours and eyelids.
const MAX_EYES_TRIED: usize = 3;
/// The same where an eyelid hides half of the pupil.
// Chosen on one picture of the odd subjects of IIT Delhi, whose third pair is the eye: so few
// pictures come here that their time is no matter.
const MAX_HALF_EYES_TRIED: usize = 8;

/// Contours and eyelids, with how well the edges agreed with circles.
pub(crate) struct Segmentation {
    pub(crate) pupil: Contour,
    pub(crate) limbus: Contour,
    pub(crate) eyelids: Eyelids,
    pub(crate) limbus_agreement: f32,
    /// Likeness of the pair of circles to pupil and iris.
    pub(crate) value: f32,
    /// Iris radius over the width of the pupil's edge.
    pub(crate) sharpness: f32,
}

/// Segments, and blames the focus first when an eye was all but found. `traced` sees the
/// edges before they are judged.
pub(crate) fn segment(
    planes: &Planes,
    passed: &mut dyn FnMut(Stage),
    traced: &mut dyn FnMut(&Segmentation),
) -> Result<Segmentation, IrisError> {
    segment_by(planes, PupilPart::Whole, passed, traced)
}

/// Segments an eye of which an eyelid may hide half of the pupil.
pub(crate) fn segment_half_covered(
    planes: &Planes,
    passed: &mut dyn FnMut(Stage),
    traced: &mut dyn FnMut(&Segmentation),
) -> Result<Segmentation, IrisError> {
    segment_by(planes, PupilPart::Half, passed, traced)
}

/// Segments an eye of whose pupil this part is seen.
fn segment_by(
    planes: &Planes,
    part: PupilPart,
    passed: &mut dyn FnMut(Stage),
    traced: &mut dyn FnMut(&Segmentation),
) -> Result<Segmentation, IrisError> {
    let (eyes_tried, least_likeness) = match part {
        PupilPart::Whole => (MAX_EYES_TRIED, limits::MIN_EYE_LIKENESS),
        PupilPart::Half => (MAX_HALF_EYES_TRIED, limits::MIN_HALF_EYE_LIKENESS),
    };
    let eyes = find_eyes(planes, part);
    passed(Stage::Eye);
    let mut first = None;
    let mut accepted = None;
    for eye in eyes.iter().take(eyes_tried) {
        let is_half = part == PupilPart::Half;
        if is_half && eye.value < least_likeness {
            continue;
        }
        let pupil = find_pupil(planes, eye);
        passed(Stage::Pupil);
        if pupil.agreement < limits::MIN_PUPIL_CORRELATION
            || pupil.contrast < limits::MIN_PUPIL_CONTRAST
        {
            continue;
        }
        let found = find_limbus(planes, eye, &pupil);
        // The edge of an eyelid and shadows of lashes are blurred beside half a pupil: the next pair may
        // be the eye.
        let is_sharp = !is_half || found.sharpness >= limits::MIN_SHARPNESS;
        if is_sharp && is_iris(&planes.smooth, &found) {
            accepted = Some(found);
            break;
        }
        first.get_or_insert(found);
    }
    let is_accepted = accepted.is_some();
    let found = accepted.or(first).ok_or(IrisError::NoPupil)?;
    traced(&found);
    let minimum = limits::MIN_SHARPNESS;
    if found.sharpness < minimum {
        let sharpness = found.sharpness;
        return Err(IrisError::Blurred { sharpness, minimum });
    }
    if !is_accepted
        || found.limbus_agreement < limits::MIN_LIMBUS_CORRELATION
        || found.value < least_likeness
    {
        return Err(IrisError::NoIris);
    }
    Ok(found)
}

/// Finds the iris edge around a pupil, and the eyelids that hide parts of both: with a rough
/// circle first, then with the contours.
fn find_limbus(planes: &Planes, eye: &FoundEye, pupil: &FoundPupil) -> Segmentation {
    let gradients = limbus_gradients(planes);
    let rough = circle_of_flanks(&gradients, planes.to_fine(eye.limbus));
    let eyelids = find_eyelids(&planes.smooth, &pupil.contour, &Contour::round(rough));
    let shade = EYELID_SHADE_RADIUS_SHARE * rough.r;
    let seen = |x: f32, y: f32| if eyelids.cover(x, y, shade) { 0.0 } else { 1.0 };

    let circle = refined_circle(&gradients, rough, seen);
    let pupil = pupil_between_eyelids(planes, pupil, seen);
    let limbus = limbus_contour(planes, circle, &pupil, seen);
    let radius = limbus.mean_radius();
    Segmentation {
        eyelids: find_eyelids(&planes.smooth, &pupil, &limbus),
        limbus_agreement: eye.limbus_agreement,
        value: eye.value,
        sharpness: radius / edge_width(&planes.filled, &pupil, radius),
        pupil,
        limbus,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::testing::{CENTRE, eye};
    use super::*;
    use crate::raster::Plane;

    #[test]
    fn a_pupil_of_which_an_eyelid_hides_half_is_found() {
        let covered = eye(CENTRE - 5.0, |k| 120.0 + (k * 13 % 17) as f32);
        for plane in [covered.clone(), upside_down(&covered)] {
            let planes = planes_of(&plane.blurred(0.8), 1);
            let found = segment_half_covered(&planes, &mut |_| (), &mut |_| ()).unwrap();
            let (pupil, limbus) = (found.pupil.mean_radius(), found.limbus.mean_radius());
            assert!((pupil - 20.0).abs() <= 1.5, "{pupil}");
            assert!((limbus - 60.0).abs() <= 2.0, "{limbus}");
            assert!(segment(&planes, &mut |_| (), &mut |_| ()).is_err());
        }
    }

    fn upside_down(plane: &Plane) -> Plane {
        let rows = plane.data.chunks_exact(plane.width).rev();
        Plane {
            data: rows.flatten().copied().collect(),
            ..*plane
        }
    }
}
