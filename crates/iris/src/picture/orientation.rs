//! Orientation of the camera, from the tags that it wrote beside the pixels.

use image::metadata::Orientation;

use super::bytes::array;
use crate::error::FileFault;

/// Tag of the orientation in the first directory of EXIF.
const ORIENTATION_TAG: u16 = 0x0112;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// The orientations that the parts of a file claim.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claimed: Option<u32>,
}

impl Claims {
    /// Takes note of the EXIF block of a file, a TIFF of its own.
    pub(super) fn read_exif(&mut self, tiff: &[u8]) -> Result<(), FileFault> {
        for value in exif_orientations(tiff).map_err(|_| FileFault::Orientation)? {
            self.claim(value)?;
        }
        Ok(())
    }

    /// Takes note of the XMP packet of a file.
    pub(super) fn read_xmp(&mut self, packet: &[u8]) -> Result<(), FileFault> {
        for value in xmp_orientations(packet) {
            self.claim(value.ok_or(FileFault::Orientation)?)?;
        }
        Ok(())
    }

    fn claim(&mut self, value: u32) -> Result<(), FileFault> {
        let is_known = (1..=8).contains(&value);
        let agrees = self.claimed.is_none_or(|other| other == value);
        if !is_known || !agrees {
            return Err(FileFault::Orientation);
        }
        self.claimed = Some(value);
        Ok(())
    }

    /// The one orientation that all parts claim; `None` when no part claims any.
    pub(super) fn orientation(&self) -> Option<Orientation> {
        let value = u8::try_from(self.claimed?).ok()?;
        Orientation::from_exif(value)
    }
}

/// Numbers of a TIFF, whose first bytes say their order.
struct Tiff<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Tiff<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, FileFault> {
        let is_big_endian = match &array::<4>(bytes, 0)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return Err(FileFault::Orientation),
        };
        Ok(Self {
            bytes,
            is_big_endian,
        })
    }

    fn short(&self, at: usize) -> Result<u16, FileFault> {
        let bytes = array(self.bytes, at)?;
        Ok(if self.is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Result<u32, FileFault> {
        let bytes = array(self.bytes, at)?;
        Ok(if self.is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
}

/// Values of all orientation tags in the first directory; 0 for one of another type.
fn exif_orientations(tiff: &[u8]) -> Result<Vec<u32>, FileFault> {
    const ENTRY_BYTES: usize = 12;
    let tiff = Tiff::open(tiff)?;
    let directory = tiff.long(4)? as usize;
    let entries = usize::from(tiff.short(directory)?);
    let mut values = Vec::new();
    for entry in 0..entries {
        let at = directory + 2 + entry * ENTRY_BYTES;
        if tiff.short(at)? != ORIENTATION_TAG {
            continue;
        }
        values.push(match (tiff.short(at + 2)?, tiff.long(at + 4)?) {
            (SHORT, 1) => u32::from(tiff.short(at + 8)?),
            (LONG, 1) => tiff.long(at + 8)?,
            _ => 0,
        });
    }
    Ok(values)
}

/// Values of `tiff:Orientation` in an XMP packet, as attribute or as element; `None`
/// for one that is no number.
fn xmp_orientations(packet: &[u8]) -> Vec<Option<u32>> {
    const NAME: &str = "tiff:Orientation";
    let text = String::from_utf8_lossy(packet);
    let mut values = Vec::new();
    for (at, _) in text.match_indices(NAME) {
        let is_closing_tag = text[..at].ends_with('/');
        if is_closing_tag {
            continue;
        }
        let rest = text[at + NAME.len()..].trim_start();
        let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix('>'));
        let value = value.map(|v| v.trim_start().trim_start_matches(['"', '\'']).trim_start());
        let digits = value.map(|v| &v[..v.find(|c: char| !c.is_ascii_digit()).unwrap_or(v.len())]);
        values.push(digits.and_then(|digits| digits.parse().ok()));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiff(is_big_endian: bool, tag: u16, kind: u16, value: u32) -> Vec<u8> {
        let short = |v: u16| {
            if is_big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let long = |v: u32| {
            if is_big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let mut bytes = if is_big_endian { b"MM" } else { b"II" }.to_vec();
        bytes.extend(short(42));
        bytes.extend(long(8));
        bytes.extend(short(2));
        for (tag, kind, value) in [(0x0100, LONG, 640), (tag, kind, value)] {
            bytes.extend(short(tag));
            bytes.extend(short(kind));
            bytes.extend(long(1));
            if kind == SHORT {
                bytes.extend(short(value as u16));
                bytes.extend([0; 2]);
            } else {
                bytes.extend(long(value));
            }
        }
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn both_byte_orders_and_both_widths_are_read() {
        for is_big_endian in [false, true] {
            for kind in [SHORT, LONG] {
                for value in 1..=8 {
                    let mut claims = Claims::default();
                    let block = tiff(is_big_endian, ORIENTATION_TAG, kind, value);
                    assert_eq!(claims.read_exif(&block), Ok(()));
                    let found = claims.orientation().map(Orientation::to_exif);
                    assert_eq!(found, Some(value as u8));
                }
            }
        }
    }

    #[test]
    fn values_that_are_none_of_the_eight_are_refused() {
        for value in [0, 9, 258, 65_535] {
            let block = tiff(true, ORIENTATION_TAG, SHORT, value);
            let refused = Claims::default().read_exif(&block);
            assert_eq!(refused, Err(FileFault::Orientation), "{value}");
        }
        let rational = tiff(true, ORIENTATION_TAG, 5, 3);
        assert!(Claims::default().read_exif(&rational).is_err());
    }

    #[test]
    fn blocks_that_end_early_are_refused() {
        let block = tiff(false, ORIENTATION_TAG, SHORT, 6);
        for length in 0..block.len() - 8 {
            assert!(Claims::default().read_exif(&block[..length]).is_err());
        }
        assert_eq!(
            Claims::default().read_exif(&tiff(false, 1, SHORT, 6)),
            Ok(())
        );
    }

    #[test]
    fn attribute_and_element_of_a_packet_are_read() {
        for (packet, expected) in [
            ("<a tiff:Orientation=\"6\"/>", Ok(Some(6))),
            ("<a tiff:Orientation = '3'/>", Ok(Some(3))),
            ("<tiff:Orientation>8</tiff:Orientation>", Ok(Some(8))),
            ("<tiff:Make>8</tiff:Make>", Ok(None)),
            ("<a tiff:Orientation=\"9\"/>", Err(FileFault::Orientation)),
            ("<a tiff:Orientation=\"up\"/>", Err(FileFault::Orientation)),
        ] {
            let mut claims = Claims::default();
            let read = claims.read_xmp(packet.as_bytes());
            let found = read.map(|()| claims.orientation().map(Orientation::to_exif));
            assert_eq!(found, expected, "{packet}");
        }
    }

    #[test]
    fn two_parts_that_disagree_are_refused() {
        let mut claims = Claims::default();
        let block = tiff(false, ORIENTATION_TAG, SHORT, 6);
        assert_eq!(claims.read_exif(&block), Ok(()));
        assert_eq!(claims.read_xmp(b"tiff:Orientation='6'"), Ok(()));
        let other = claims.read_xmp(b"tiff:Orientation='1'");
        assert_eq!(other, Err(FileFault::Orientation));
    }
}
