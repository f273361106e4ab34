//! Compressed bits of a JPEG and the codes in them.

use super::super::bytes::{array, part};
use crate::error::FileFault;

/// Longest code, in bits.
const LONGEST: usize = 16;
/// Longest value after a code, in bits.
const LONGEST_VALUE: u8 = 15;

/// A table of codes, by their length (annex C of ITU-T T.81).
#[derive(Debug, Clone)]
pub(super) struct HuffmanTable {
    /// The first code of each length, one past the last, and the place of its value.
    lengths: [(u32, u32, usize); LONGEST],
    values: Vec<u8>,
}

impl HuffmanTable {
    /// Reads a table, and gives its length in bytes.
    pub(super) fn read(data: &[u8]) -> Result<(Self, usize), FileFault> {
        let counts: [u8; LONGEST] = array(data, 0)?;
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        let values = part(data, LONGEST, total)?.to_vec();
        let mut lengths = [(0, 0, 0); LONGEST];
        let (mut code, mut place) = (0u32, 0);
        for (k, &count) in counts.iter().enumerate() {
            let end = code + u32::from(count);
            if end > 2 << k {
                return Err(FileFault::Contradiction);
            }
            lengths[k] = (code, end, place);
            place += usize::from(count);
            code = end << 1;
        }
        Ok((Self { lengths, values }, LONGEST + total))
    }
}

/// Reads bits up to the next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    byte: u8,
    left: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            byte: 0,
            left: 0,
        }
    }

    pub(super) fn bit(&mut self) -> Result<u32, FileFault> {
        if self.left == 0 {
            let [byte] = array(self.data, self.at)?;
            self.at += 1;
            if byte == 0xff {
                // A zero after it says that this is no marker.
                if array::<1>(self.data, self.at)? != [0] {
                    return Err(FileFault::EndsEarly);
                }
                self.at += 1;
            }
            (self.byte, self.left) = (byte, 8);
        }
        self.left -= 1;
        Ok(u32::from(self.byte >> self.left & 1))
    }

    /// A value of so many bits.
    pub(super) fn value(&mut self, bits: u8) -> Result<u32, FileFault> {
        if bits > LONGEST_VALUE {
            return Err(FileFault::Contradiction);
        }
        (0..bits).try_fold(0, |value, _| Ok(value << 1 | self.bit()?))
    }

    /// The value of the next code.
    pub(super) fn symbol(&mut self, table: &HuffmanTable) -> Result<u8, FileFault> {
        let mut code = 0;
        for &(first, end, place) in &table.lengths {
            code = code << 1 | self.bit()?;
            if (first..end).contains(&code) {
                return Ok(table.values[place + (code - first) as usize]);
            }
        }
        Err(FileFault::Contradiction)
    }

    /// Passes a restart marker, which has to be the one of this number.
    pub(super) fn restart(&mut self, number: usize) -> Result<(), FileFault> {
        let expected = 0xd0 + (number % 8) as u8;
        let at = self.end()?;
        if array(self.data, at)? != [0xff, expected] {
            return Err(FileFault::Contradiction);
        }
        self.at = at + 2;
        self.left = 0;
        Ok(())
    }

    /// The place of the marker that has to follow here.
    pub(super) fn end(&self) -> Result<usize, FileFault> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        match rest {
            [0xff, 0, ..] => Err(FileFault::Contradiction),
            [0xff, ..] => {
                let filling = rest.iter().take_while(|&&b| b == 0xff).count();
                Ok(self.at + filling - 1)
            }
            [] => Err(FileFault::EndsEarly),
            _ => Err(FileFault::Contradiction),
        }
    }
}
