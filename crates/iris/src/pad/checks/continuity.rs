//! Heads do not jump: the place of the iris from frame to frame.

use super::grey::median;
use crate::pad::frame::{Frame, neighbours};

/// The median way of the iris centre and change of its radius between neighbouring
/// frames, in iris radii; `None` when no two frames are neighbours.
pub(in crate::pad) fn typical_jump(frames: &[Frame<'_>]) -> Option<f32> {
    let mut jumps: Vec<f32> = neighbours(frames)
        .map(|(a, b)| {
            let (a, b) = (&a.encoding.geometry.limbus, &b.encoding.geometry.limbus);
            let (dx, dy) = (b.centre_x - a.centre_x, b.centre_y - a.centre_y);
            let grown = b.mean_radius() - a.mean_radius();
            (dx * dx + dy * dy + grown * grown).sqrt() / a.mean_radius()
        })
        .collect();
    median(&mut jumps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::frame::MAX_NEIGHBOUR_GAP_MS;
    use crate::pad::limits::MAX_JUMP;
    use crate::pad::testing::{IRIS_PX, MIDDLE, SIDE_PX, encoding, frames, session};

    /// The jump of an iris that goes to and fro by a share of its radius.
    fn jump(by: f32, every_ms: u32) -> Option<f32> {
        let mut shown = session(6, |_, _, _| 0.0);
        for (k, frame) in shown.iter_mut().enumerate() {
            let x = MIDDLE.0 + by * IRIS_PX * (k % 2) as f32;
            frame.encoding = encoding((x, MIDDLE.1), (0.0, SIDE_PX as f32));
            frame.shot.at_ms = every_ms * k as u32;
        }
        typical_jump(&frames(&shown))
    }

    #[test]
    fn an_iris_that_jumps_is_measured_in_its_radii_and_only_between_neighbours() {
        assert!(jump(0.02, 200).is_some_and(|v| (v - 0.02).abs() < 1e-3));
        assert!(jump(0.3, 200).is_some_and(|v| v > MAX_JUMP && (v - 0.3).abs() < 1e-3));
        assert_eq!(jump(0.3, MAX_NEIGHBOUR_GAP_MS + 1), None);
    }

    #[test]
    fn an_iris_that_grows_at_once_jumps_too() {
        let mut shown = session(6, |_, _, _| 0.0);
        for frame in shown.iter_mut().step_by(2) {
            let limbus = &mut frame.encoding.geometry.limbus;
            limbus.radii.iter_mut().for_each(|radius| *radius *= 1.5);
        }
        assert!(typical_jump(&frames(&shown)).is_some_and(|v| v > MAX_JUMP));
    }
}
