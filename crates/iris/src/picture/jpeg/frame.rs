//! The picture that the scans of a JPEG have to fill.

use crate::error::FileFault;

/// Number of coefficients of a block.
pub(super) const COEFFICIENTS: usize = 64;

/// One colour of a picture.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of it in a unit of interleaved scans.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Blocks of it in a scan of its own.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Number of low bits of each coefficient that are still missing; `None` before its
    /// first scan.
    missing_bits: [Option<u8>; COEFFICIENTS],
    /// For progressive scans: a bit for each coefficient of a block that is not zero.
    pub(super) nonzero: Vec<u64>,
}

/// Size, components, and how far the scans have filled them.
pub(super) struct Frame {
    pub(super) components: Vec<Component>,
    pub(super) is_progressive: bool,
    /// Units of interleaved scans, across and down.
    pub(super) unit_columns: usize,
    pub(super) unit_rows: usize,
}

impl Frame {
    /// A frame of components as the header lists them: identifier, sampling, table.
    pub(super) fn new(
        width: u32,
        height: u32,
        listed: &[u8],
        is_progressive: bool,
    ) -> Result<Self, FileFault> {
        let sampling = |c: &[u8]| (usize::from(c[1] >> 4), usize::from(c[1] & 15));
        let listed: Vec<&[u8]> = listed.chunks_exact(3).collect();
        let all = listed.iter().map(|c| sampling(c));
        if !matches!(listed.len(), 1 | 3)
            || !all
                .clone()
                .all(|(h, v)| (1..=4).contains(&h) && (1..=4).contains(&v))
        {
            return Err(FileFault::Contradiction);
        }
        let most_across = all.clone().map(|(h, _)| h).max().unwrap_or(1);
        let most_down = all.map(|(_, v)| v).max().unwrap_or(1);
        let blocks = |pixels: u32, share: usize, of: usize| {
            (pixels as usize * share).div_ceil(of).div_ceil(8)
        };
        let components = listed.iter().map(|c| {
            let (across, down) = sampling(c);
            let columns = blocks(width, across, most_across);
            let rows = blocks(height, down, most_down);
            Component {
                id: c[0],
                across,
                down,
                columns,
                rows,
                missing_bits: [None; COEFFICIENTS],
                nonzero: vec![0; if is_progressive { columns * rows } else { 0 }],
            }
        });
        Ok(Self {
            components: components.collect(),
            is_progressive,
            unit_columns: (width as usize).div_ceil(8 * most_across),
            unit_rows: (height as usize).div_ceil(8 * most_down),
        })
    }

    /// Refuses a picture of which a scan is missing.
    pub(super) fn check_complete(&self) -> Result<(), FileFault> {
        let is_complete = |c: &Component| c.missing_bits.iter().all(|bits| *bits == Some(0));
        if self.components.iter().all(is_complete) {
            Ok(())
        } else {
            Err(FileFault::EndsEarly)
        }
    }
}

impl Component {
    /// Takes note of a scan that brings coefficients from `missing_before` low bits
    /// missing to `missing_after`.
    pub(super) fn advance(
        &mut self,
        coefficients: std::ops::RangeInclusive<usize>,
        missing_before: Option<u8>,
        missing_after: u8,
    ) -> Result<(), FileFault> {
        for bits in &mut self.missing_bits[coefficients] {
            if *bits != missing_before {
                return Err(FileFault::Contradiction);
            }
            *bits = Some(missing_after);
        }
        Ok(())
    }
}
