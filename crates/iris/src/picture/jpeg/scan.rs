//! One scan of a JPEG, read to its end (annexes F and G of ITU-T T.81).

use super::super::bytes::array;
use super::bits::{Bits, HuffmanTable};
use super::frame::{COEFFICIENTS, Component, Frame};
use crate::error::FileFault;

/// Codes of the first coefficient, then of the others, four of each.
pub(super) type Tables = [[Option<HuffmanTable>; 4]; 2];

/// Longest difference of a first coefficient, in bits.
const LONGEST_DIFFERENCE: u8 = 11;
/// A run of this many zeros that is not the end of a block.
const LONG_RUN: u8 = 15;
/// Largest point transform: more would leave nothing of a coefficient.
const MOST_MISSING_BITS: u8 = 13;

/// The parts of a picture that a scan brings.
pub(super) struct Scan {
    /// Component, table of first coefficients, table of the others.
    components: Vec<(usize, usize, usize)>,
    first: usize,
    last: usize,
    /// True if earlier scans brought the higher bits.
    is_refinement: bool,
}

impl Scan {
    /// Reads a scan's header, and takes note of it in the frame.
    pub(super) fn read(header: &[u8], frame: &mut Frame) -> Result<Self, FileFault> {
        let [count] = array(header, 0)?;
        let count = usize::from(count);
        if !(1..=frame.components.len()).contains(&count) || header.len() != 4 + 2 * count {
            return Err(FileFault::Contradiction);
        }
        let mut components = Vec::with_capacity(count);
        for listed in header[1..=2 * count].chunks_exact(2) {
            let place = frame.components.iter().position(|c| c.id == listed[0]);
            let place = place.ok_or(FileFault::Contradiction)?;
            let tables = (usize::from(listed[1] >> 4), usize::from(listed[1] & 15));
            components.push((place, tables.0, tables.1));
        }
        let [first, last, bits] = array(header, 1 + 2 * count)?;
        let (before, after) = (bits >> 4, bits & 15);
        let (first, last) = (usize::from(first), usize::from(last));
        let is_sound = if frame.is_progressive {
            first <= last
                && last < COEFFICIENTS
                && (first > 0 || last == 0)
                && (first == 0 || count == 1)
                && after <= MOST_MISSING_BITS
                && (before == 0 || before == after + 1)
        } else {
            (first, last, bits) == (0, COEFFICIENTS - 1, 0)
        };
        if !is_sound {
            return Err(FileFault::Contradiction);
        }
        let missing_before = (before > 0).then_some(before);
        for &(place, ..) in &components {
            frame.components[place].advance(first..=last, missing_before, after)?;
        }
        Ok(Self {
            components,
            first,
            last,
            is_refinement: before > 0,
        })
    }

    /// Reads all units; gives the number of compressed bytes.
    pub(super) fn run(
        &self,
        frame: &mut Frame,
        tables: &Tables,
        restart_interval: usize,
        data: &[u8],
    ) -> Result<usize, FileFault> {
        let mut bits = Bits::new(data);
        let mut end_of_band_run = 0;
        let units = self.units(frame);
        for unit in 0..units {
            if restart_interval > 0 && unit > 0 && unit % restart_interval == 0 {
                if end_of_band_run > 0 {
                    return Err(FileFault::Contradiction);
                }
                bits.restart(unit / restart_interval - 1)?;
            }
            for &(place, first_table, table) in &self.components {
                let table_of = |class: usize, slot: usize| {
                    let table = tables[class].get(slot).and_then(Option::as_ref);
                    table.ok_or(FileFault::Contradiction)
                };
                let component = &mut frame.components[place];
                for _ in 0..self.blocks_of(component) {
                    match (component.nonzero.is_empty(), self.first, self.is_refinement) {
                        (true, ..) => {
                            let (dc, ac) = (table_of(0, first_table)?, table_of(1, table)?);
                            sequential_block(&mut bits, dc, ac)?;
                        }
                        (false, 0, false) => {
                            difference(&mut bits, table_of(0, first_table)?)?;
                        }
                        (false, 0, true) => {
                            bits.bit()?;
                        }
                        (false, _, is_refinement) => {
                            let mut band = Band {
                                bits: &mut bits,
                                table: table_of(1, table)?,
                                end_of_band_run: &mut end_of_band_run,
                                nonzero: &mut component.nonzero[unit],
                                first: self.first,
                                last: self.last,
                            };
                            if is_refinement {
                                band.refine()?;
                            } else {
                                band.begin()?;
                            }
                        }
                    }
                }
            }
        }
        if end_of_band_run > 0 {
            return Err(FileFault::Contradiction);
        }
        bits.end()
    }

    /// A scan of one component has its blocks as units.
    fn units(&self, frame: &Frame) -> usize {
        match self.components[..] {
            [(place, ..)] => {
                let component = &frame.components[place];
                component.columns * component.rows
            }
            _ => frame.unit_columns * frame.unit_rows,
        }
    }

    fn blocks_of(&self, component: &Component) -> usize {
        match self.components.len() {
            1 => 1,
            _ => component.across * component.down,
        }
    }
}

fn difference(bits: &mut Bits<'_>, table: &HuffmanTable) -> Result<(), FileFault> {
    let length = bits.symbol(table)?;
    if length > LONGEST_DIFFERENCE {
        return Err(FileFault::Contradiction);
    }
    bits.value(length).map(|_| ())
}

fn sequential_block(
    bits: &mut Bits<'_>,
    dc: &HuffmanTable,
    ac: &HuffmanTable,
) -> Result<(), FileFault> {
    difference(bits, dc)?;
    let mut k = 1;
    while k < COEFFICIENTS {
        let symbol = bits.symbol(ac)?;
        let (run, length) = (symbol >> 4, symbol & 15);
        if length == 0 && run != LONG_RUN {
            break;
        }
        k += usize::from(run);
        if k >= COEFFICIENTS {
            return Err(FileFault::Contradiction);
        }
        bits.value(length)?;
        k += 1;
    }
    Ok(())
}

/// The coefficients of one block that a progressive scan brings.
struct Band<'a, 'b> {
    bits: &'a mut Bits<'b>,
    table: &'a HuffmanTable,
    /// Blocks, with this one, that bring no new coefficient.
    end_of_band_run: &'a mut u32,
    nonzero: &'a mut u64,
    first: usize,
    last: usize,
}

impl Band<'_, '_> {
    fn begin(&mut self) -> Result<(), FileFault> {
        let mut k = self.first;
        while *self.end_of_band_run == 0 && k <= self.last {
            let symbol = self.bits.symbol(self.table)?;
            let (run, length) = (symbol >> 4, symbol & 15);
            if length == 0 && run != LONG_RUN {
                *self.end_of_band_run = (1 << run) + self.bits.value(run)?;
                break;
            }
            k += usize::from(run);
            if k > self.last {
                return Err(FileFault::Contradiction);
            }
            if length > 0 {
                self.bits.value(length)?;
                *self.nonzero |= 1 << k;
            }
            k += 1;
        }
        *self.end_of_band_run = self.end_of_band_run.saturating_sub(1);
        Ok(())
    }

    fn refine(&mut self) -> Result<(), FileFault> {
        let mut k = self.first;
        while *self.end_of_band_run == 0 && k <= self.last {
            let symbol = self.bits.symbol(self.table)?;
            let (run, length) = (symbol >> 4, symbol & 15);
            if length > 1 {
                return Err(FileFault::Contradiction);
            }
            if length == 0 && run != LONG_RUN {
                *self.end_of_band_run = (1 << run) + self.bits.value(run)?;
                break;
            }
            if length == 1 {
                self.bits.bit()?;
            }
            k = self.pass_zeros(k, run)?;
            if length == 1 {
                if k > self.last {
                    return Err(FileFault::Contradiction);
                }
                *self.nonzero |= 1 << k;
            }
            k += 1;
        }
        if *self.end_of_band_run > 0 {
            self.pass_zeros(k, u8::MAX)?;
            *self.end_of_band_run -= 1;
        }
        Ok(())
    }

    /// Reads a bit for each coefficient that is not zero, up to the zero after `run`
    /// others or the end of the band.
    fn pass_zeros(&mut self, from: usize, mut run: u8) -> Result<usize, FileFault> {
        let mut k = from;
        while k <= self.last {
            if *self.nonzero >> k & 1 == 1 {
                self.bits.bit()?;
            } else if run == 0 {
                break;
            } else {
                run -= 1;
            }
            k += 1;
        }
        Ok(k)
    }
}
