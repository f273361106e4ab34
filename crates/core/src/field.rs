//! Scalars of BN254, the values made of them (commitment, nullifier hash, root), and the leaf
//! index.

use core::fmt;
use core::str::FromStr;

use alloy_primitives::{B256, U256, uint};

/// Order `r` of the BN254 scalar field: roots, nullifiers and commitments live below it.
pub const SCALAR_MODULUS: U256 =
    uint!(21888242871839275222246405745257275088548364400416034343698204186575808495617_U256);

/// Order `p` of the BN254 base field: the coordinates of curve points live below it.
pub const BASE_MODULUS: U256 =
    uint!(21888242871839275222246405745257275088696311157297823662689037894645226208583_U256);

/// Levels of the membership tree; a leaf index has this many bits.
pub const TREE_DEPTH: usize = 30;

/// Reason why a number is not a value of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The number is not below the scalar modulus.
    #[error("the value is not below the BN254 scalar modulus")]
    NotCanonical,
    /// Zero is the empty leaf and never a commitment.
    #[error("zero is the empty leaf and cannot be a commitment")]
    ZeroCommitment,
    /// The text is not `0x` followed by exactly 64 hexadecimal digits.
    #[error("expected 0x followed by 64 hexadecimal digits")]
    Malformed,
    /// A coordinate of a curve point is not below the base modulus.
    #[error("proof coordinate {index} is not below the BN254 base modulus")]
    CoordinateOutOfRange {
        /// Position of the coordinate among the eight of the proof.
        index: usize,
    },
    /// The index lies outside a tree of depth 30.
    #[error("leaf index {0} lies outside the tree")]
    LeafIndexOutOfRange(u64),
}

/// A scalar of BN254 in its only form: an integer below [`SCALAR_MODULUS`] (IDENT-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldElement(U256);

impl FieldElement {
    /// The empty leaf.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Returns the scalar as an integer.
    #[must_use]
    pub const fn to_u256(self) -> U256 {
        self.0
    }

    /// Returns the 32 big-endian bytes of the scalar.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    /// [`FieldError::NotCanonical`] when the number is `r` or more.
    pub fn from_be_bytes(bytes: [u8; 32]) -> Result<Self, FieldError> {
        Self::try_from(U256::from_be_bytes(bytes))
    }

    /// Takes a number that is known to be below `r`, as `keccak256(..) >> 8` is.
    pub(crate) const fn from_248_bits(value: U256) -> Self {
        Self(value)
    }
}

impl TryFrom<U256> for FieldElement {
    type Error = FieldError;

    fn try_from(value: U256) -> Result<Self, FieldError> {
        if value < SCALAR_MODULUS {
            Ok(Self(value))
        } else {
            Err(FieldError::NotCanonical)
        }
    }
}

impl FromStr for FieldElement {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let digits = text.strip_prefix("0x").ok_or(FieldError::Malformed)?;
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FieldError::Malformed);
        }
        let value = U256::from_str_radix(digits, 16).map_err(|_| FieldError::Malformed)?;
        Self::try_from(value)
    }
}

impl fmt::Display for FieldElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", B256::from(self.to_be_bytes()))
    }
}

impl fmt::Debug for FieldElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! field_newtype {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(FieldElement);

        impl $name {
            /// Returns the value as a scalar.
            #[must_use]
            pub const fn to_field(self) -> FieldElement {
                self.0
            }

            /// Returns the scalar as an integer.
            #[must_use]
            pub const fn to_u256(self) -> U256 {
                self.0.to_u256()
            }

            /// Returns the 32 big-endian bytes of the scalar.
            #[must_use]
            pub const fn to_be_bytes(self) -> [u8; 32] {
                self.0.to_be_bytes()
            }

            /// Reads 32 big-endian bytes.
            ///
            /// # Errors
            /// [`FieldError`] when the number is not a value of this type.
            pub fn from_be_bytes(bytes: [u8; 32]) -> Result<Self, FieldError> {
                $check(FieldElement::from_be_bytes(bytes)?).map(Self)
            }
        }

        impl TryFrom<U256> for $name {
            type Error = FieldError;

            fn try_from(value: U256) -> Result<Self, FieldError> {
                $check(FieldElement::try_from(value)?).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                $check(text.parse::<FieldElement>()?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

field_newtype! {
    /// Commitment, which represents a person on chain:
    /// `Poseidon1(Poseidon2(nullifierSecret, trapdoor))`, never zero.
    Commitment, refuse_zero
}
field_newtype! {
    /// Mark of one person's claims in one epoch:
    /// `Poseidon2(externalNullifier, nullifierSecret)`.
    NullifierHash, Ok
}
field_newtype! {
    /// Root of the membership tree.
    Root, Ok
}

fn refuse_zero(value: FieldElement) -> Result<FieldElement, FieldError> {
    if value == FieldElement::ZERO {
        return Err(FieldError::ZeroCommitment);
    }
    Ok(value)
}

impl From<FieldElement> for NullifierHash {
    fn from(value: FieldElement) -> Self {
        Self(value)
    }
}

impl From<FieldElement> for Root {
    fn from(value: FieldElement) -> Self {
        Self(value)
    }
}

/// Position of a leaf, below `2^30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u32);

impl LeafIndex {
    /// Returns the position as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0 as u64
    }
}

impl TryFrom<u64> for LeafIndex {
    type Error = FieldError;

    fn try_from(value: u64) -> Result<Self, FieldError> {
        match u32::try_from(value) {
            Ok(index) if value < 1 << TREE_DEPTH => Ok(Self(index)),
            _ => Err(FieldError::LeafIndexOutOfRange(value)),
        }
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Tests IDENT-2.
    #[test]
    fn the_modulus_and_above_are_refused() {
        assert_eq!(
            FieldElement::try_from(SCALAR_MODULUS),
            Err(FieldError::NotCanonical)
        );
        assert_eq!(
            NullifierHash::try_from(U256::MAX),
            Err(FieldError::NotCanonical)
        );
        let largest = SCALAR_MODULUS - U256::from(1);
        assert_eq!(Root::try_from(largest).unwrap().to_u256(), largest);
    }

    #[test]
    fn zero_is_no_commitment_but_a_possible_root() {
        assert_eq!(
            Commitment::try_from(U256::ZERO),
            Err(FieldError::ZeroCommitment)
        );
        assert!(Root::try_from(U256::ZERO).is_ok());
    }

    #[test]
    fn text_has_one_form() {
        let one = format!("0x{:064x}", 1);
        assert_eq!(one.parse::<Root>().unwrap().to_string(), one);
        for bad in [
            "",
            "1",
            "0x1",
            &one[2..],
            &format!("{one}0"),
            &format!("0x{}", "g".repeat(64)),
            &format!("0x+{}", "0".repeat(63)),
        ] {
            assert_eq!(bad.parse::<Root>(), Err(FieldError::Malformed), "{bad}");
        }
        let modulus = format!("0x{SCALAR_MODULUS:064x}");
        assert_eq!(modulus.parse::<Root>(), Err(FieldError::NotCanonical));
    }

    #[test]
    fn a_scalar_is_shown_read_and_written_as_the_same_number() {
        let number: U256 = U256::from(0x0102_u64) << 200;
        let text = format!("0x{number:064x}");
        let scalar: FieldElement = text.parse().unwrap();
        assert_eq!(scalar.to_u256(), number);
        assert_eq!(
            (scalar.to_string(), format!("{scalar:?}")),
            (text.clone(), text.clone())
        );
        let bytes: [u8; 32] = number.to_be_bytes();
        assert_eq!(scalar.to_be_bytes(), bytes);
        assert_eq!(FieldElement::from_be_bytes(bytes), Ok(scalar));

        let commitment = Commitment::from_be_bytes(bytes).unwrap();
        assert_eq!(commitment, Commitment::try_from(number).unwrap());
        assert_eq!(commitment.to_field(), scalar);
        assert_eq!(commitment.to_be_bytes(), bytes);
        assert_eq!(format!("{commitment:?}"), format!("Commitment({text})"));
        assert_eq!(
            Commitment::from_be_bytes([0; 32]),
            Err(FieldError::ZeroCommitment)
        );
        assert_eq!(NullifierHash::from(scalar).to_u256(), number);
        assert_eq!(Root::from(scalar).to_u256(), number);
    }

    #[test]
    fn a_leaf_index_has_thirty_bits() {
        assert_eq!(LeafIndex::try_from(12).unwrap().to_string(), "12");
        assert_eq!(
            LeafIndex::try_from((1 << 30) - 1).unwrap().get(),
            (1 << 30) - 1
        );
        assert!(LeafIndex::try_from(1 << 30).is_err());
        assert!(LeafIndex::try_from(u64::MAX).is_err());
    }
}
