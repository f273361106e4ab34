//! One person of a gallery, as searches and files hold it.

use annona_template::EyePair;
use bytemuck::{Pod, Zeroable};

use crate::packed::PackedTemplate;
use crate::prefilter::PrefilterTemplate;

/// Bytes of an [`Entry`], in memory and in a file.
pub(crate) const ENTRY_BYTES: usize = size_of::<Entry>();

/// A person: sequence number, checksum, both templates, and the parts of them that the
/// prefilter reads, which lie together because a prefiltered search reads little else.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Entry {
    /// Position in order of admission, from 1.
    pub(crate) sequence: u64,
    checksum: u32,
    /// Valid code bits of the left and of the right template.
    pub(crate) valid_bits: [u32; 2],
    /// Always zero; pads the fields before it to a cache line.
    filling: [u32; 11],
    /// Prefiltered bits of the left and of the right eye.
    pub(crate) prefiltered: [PrefilterTemplate; 2],
    /// The person's left eye.
    pub(crate) left: PackedTemplate,
    /// The person's right eye.
    pub(crate) right: PackedTemplate,
}

impl Entry {
    /// The entry of a person, with its checksum.
    pub(crate) fn new(sequence: u64, eyes: &EyePair) -> Self {
        let mut entry = Self {
            sequence,
            checksum: 0,
            valid_bits: [eyes.left.valid_bits(), eyes.right.valid_bits()],
            filling: [0; 11],
            prefiltered: [&eyes.left, &eyes.right].map(PrefilterTemplate::new),
            left: PackedTemplate::new(&eyes.left),
            right: PackedTemplate::new(&eyes.right),
        };
        entry.checksum = entry.computed_checksum();
        entry
    }

    /// Returns whether this is entry `sequence` and every byte is as it was written.
    pub(crate) fn is_sound(&self, sequence: u64) -> bool {
        self.sequence == sequence && self.checksum == self.computed_checksum()
    }

    /// Returns both templates, unpacked.
    pub(crate) fn eyes(&self) -> EyePair {
        EyePair {
            left: self.left.unpack(),
            right: self.right.unpack(),
        }
    }

    /// CRC-32 of all bytes but the checksum's own.
    fn computed_checksum(&self) -> u32 {
        let bytes = bytemuck::bytes_of(self);
        let (before, rest) = bytes.split_at(size_of::<u64>());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(before);
        hasher.update(&rest[size_of::<u32>()..]);
        hasher.finalize()
    }
}
