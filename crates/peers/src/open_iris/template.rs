//! Templates of open-iris as this project's.

use annona_template::{COLUMNS, IrisTemplate};
use anyhow::{Context, ensure};
use serde_json::Value;

use super::array::Array;

/// Radii and filters of a template: open-iris has as many of both as this project.
const RADII: usize = 16;
const FILTERS: usize = 2;
/// Parts of a response, real and imaginary.
const PARTS: usize = 2;

/// Code and mask of an eye, with any number of columns.
pub(super) struct TheirTemplate {
    pub(super) columns: usize,
    /// By filter: radius, column, part.
    codes: Vec<Vec<f64>>,
    masks: Vec<Vec<f64>>,
}

impl TheirTemplate {
    /// Reads lists of planes, one a filter.
    ///
    /// # Errors
    /// They are not of this project's radii, filters and parts, or the mask of a real part is not
    /// that of the imaginary one.
    pub(super) fn of(codes: &Value, masks: &Value) -> anyhow::Result<Self> {
        let (columns, codes) = planes(codes)?;
        let (columns_of_masks, masks) = planes(masks)?;
        ensure!(columns == columns_of_masks, "mask and code differ in size");
        let mut pairs = masks.iter().flat_map(|mask| mask.as_chunks::<PARTS>().0);
        ensure!(
            pairs.all(|[real, imaginary]| real == imaginary),
            "a mask with parts of its own cannot be expressed"
        );
        Ok(Self {
            columns,
            codes,
            masks,
        })
    }

    /// Lays `count` columns from `first` on, cyclically, at columns from `at` on of a template of
    /// which nothing else is valid.
    pub(super) fn laid(&self, first: usize, count: usize, at: usize) -> IrisTemplate {
        let (mut code, mut mask) = ([0_u64; COLUMNS], [0_u32; COLUMNS]);
        for offset in 0..count {
            let column = (first + offset) % self.columns;
            for filter in 0..FILTERS {
                for radius in 0..RADII {
                    let bit = RADII * filter + radius;
                    let place = PARTS * (radius * self.columns + column);
                    let is_set = |plane: &[f64], part| plane[place + part] > 0.0;
                    let [real, imaginary] =
                        [0, 1].map(|part| u64::from(is_set(&self.codes[filter], part)));
                    code[at + offset] |= real << bit | imaginary << (32 + bit);
                    mask[at + offset] |= u32::from(is_set(&self.masks[filter], 0)) << bit;
                }
            }
        }
        IrisTemplate::from_columns(code, mask)
    }
}

fn planes(value: &Value) -> anyhow::Result<(usize, Vec<Vec<f64>>)> {
    let list = value.as_array().context("no planes")?;
    ensure!(list.len() == FILTERS, "{} filters", list.len());
    let mut columns = 0;
    let mut planes = Vec::new();
    for plane in list {
        let (plane, [radii, width, parts]) = Array::with(plane)?;
        ensure!(
            (radii, parts) == (RADII, PARTS),
            "a plane of {:?}",
            plane.shape
        );
        ensure!(columns == 0 || columns == width, "planes of two sizes");
        columns = width;
        planes.push(plane.values);
    }
    Ok((columns, planes))
}
