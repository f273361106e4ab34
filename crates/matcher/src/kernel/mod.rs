//! Kernels in the fastest instructions that the processor has.
//!
//! A kernel counts; it decides nothing. All instructions lead to the same answers.

pub(crate) mod correlation;
mod dft;
mod lanes;
pub(crate) mod prefilter;

#[cfg(target_arch = "x86_64")]
pub(crate) use lanes::{Avx2, Avx512};
pub(crate) use lanes::{Lanes, Portable};

/// Instructions that searches can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// Those that every processor of the architecture has.
    Portable,
    /// 256-bit registers, with fused multiplication and addition.
    Avx2,
    /// 512-bit registers, with an instruction that counts bits (VPOPCNTDQ).
    Avx512,
}

impl Instructions {
    /// All instructions, slowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The fastest that this processor has.
    #[must_use]
    pub fn fastest() -> Self {
        Self::ALL
            .into_iter()
            .rfind(|instructions| instructions.are_available())
            .unwrap_or(Self::Portable)
    }

    /// Returns whether this processor has the instructions.
    #[must_use]
    pub fn are_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vpopcntdq")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// A short name for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_processor_has_the_portable_instructions() {
        assert!(Instructions::Portable.are_available());
        assert!(Instructions::fastest().are_available());
    }
}
