//! The kernel in 64-bit words, for every processor.

use super::{Block, Distances, DoubledProbe, LANES, ROTATIONS};

/// Counts with the words of the standard library.
pub(super) fn distances(probe: &DoubledProbe, block: &Block, out: &mut Distances) {
    for rotation in 0..ROTATIONS {
        let mut different = [0; LANES];
        let mut shared = [0; LANES];
        for (pair, words) in block.words.as_chunks::<3>().0.iter().enumerate() {
            let start = 2 * pair + rotation;
            let (real, imaginary) = (probe.real[start], probe.imaginary[start]);
            let mask = probe.mask[start];
            for lane in 0..LANES {
                let both = words[2][lane] & mask;
                let first = (words[0][lane] ^ real) & both;
                let second = (words[1][lane] ^ imaginary) & both;
                different[lane] += u64::from(first.count_ones() + second.count_ones());
                shared[lane] += u64::from(both.count_ones());
            }
        }
        out.different[rotation] = different;
        out.shared_mask[rotation] = shared;
    }
}
