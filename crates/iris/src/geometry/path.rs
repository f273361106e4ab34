//! The best closed path over a table of gains by angle and row.

/// The closed path (one row an angle, neighbours at most one row apart) with the
/// largest sum of gains. `gain` holds `rows` values an angle.
///
/// A free pass over two turns settles where the path crosses angle 0; a second
/// pass from and to that row closes it.
pub(crate) fn closed_path(gain: &[f32], rows: usize) -> Vec<usize> {
    let angles = gain.len() / rows;
    let free = open_path(gain, rows, 2 * angles, None);
    open_path(gain, rows, angles, Some(free[angles]))
}

fn open_path(gain: &[f32], rows: usize, length: usize, ends: Option<usize>) -> Vec<usize> {
    let angles = gain.len() / rows;
    let at = |k: usize, r: usize| gain[(k % angles) * rows + r];
    let mut total: Vec<f32> = (0..rows)
        .map(|r| {
            if ends.is_some_and(|end| end != r) {
                f32::MIN
            } else {
                at(0, r)
            }
        })
        .collect();
    let mut from = vec![0i8; length * rows];
    let mut next = vec![0.0; rows];
    for k in 1..length {
        for r in 0..rows {
            let (mut best, mut step) = (total[r], 0i8);
            if r > 0 && total[r - 1] > best {
                (best, step) = (total[r - 1], -1);
            }
            if r + 1 < rows && total[r + 1] > best {
                (best, step) = (total[r + 1], 1);
            }
            next[r] = best + at(k, r);
            from[k * rows + r] = step;
        }
        std::mem::swap(&mut total, &mut next);
    }
    let closing = |r: usize| ends.is_none_or(|end| end.abs_diff(r) <= 1);
    let mut row = (0..rows)
        .filter(|&r| closing(r))
        .max_by(|&a, &b| total[a].total_cmp(&total[b]))
        .unwrap_or(0);
    let mut path = vec![0; length];
    for k in (0..length).rev() {
        path[k] = row;
        row = row.saturating_add_signed(isize::from(from[k * rows + row]));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::contour::angle_of;

    #[test]
    fn the_path_is_closed_and_follows_the_ridge() {
        let (angles, rows) = (64, 20);
        let ridge = |k: usize| (10.0 + 4.0 * angle_of(k, angles).sin()).round() as usize;
        let mut gain = vec![0.0; angles * rows];
        for k in 0..angles {
            gain[k * rows + ridge(k)] = 1.0;
        }
        let path = closed_path(&gain, rows);
        assert!((0..angles).all(|k| path[k] == ridge(k)));
        assert!(path[0].abs_diff(path[angles - 1]) <= 1);
    }

    #[test]
    fn a_path_on_nothing_is_still_a_closed_path() {
        let path = closed_path(&[0.0; 64 * 5], 5);
        assert_eq!(path.len(), 64);
    }
}
