//! From columns to domain values and back.

use annona_core::{Address, B256, Commitment, LeafIndex, NullifierHash, U256};
use annona_engine::ports::StoreError;

use crate::error::Unstorable;

/// Reads the columns of one table; a value that this program cannot have written is corrupt.
#[derive(Clone, Copy)]
pub(super) struct Table(pub(super) &'static str);

impl Table {
    pub(super) fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: self.0,
            column,
        }
    }

    pub(super) fn bytes<const N: usize>(
        self,
        column: &'static str,
        blob: &[u8],
    ) -> Result<[u8; N], StoreError> {
        blob.try_into().map_err(|_| self.corrupt(column))
    }

    pub(super) fn word(self, column: &'static str, blob: &[u8]) -> Result<B256, StoreError> {
        self.bytes(column, blob).map(B256::new)
    }

    pub(super) fn address(self, column: &'static str, blob: &[u8]) -> Result<Address, StoreError> {
        self.bytes(column, blob).map(Address::new)
    }

    pub(super) fn uint256(self, column: &'static str, blob: &[u8]) -> Result<U256, StoreError> {
        self.bytes::<32>(column, blob).map(U256::from_be_bytes)
    }

    pub(super) fn commitment(
        self,
        column: &'static str,
        blob: &[u8],
    ) -> Result<Commitment, StoreError> {
        Commitment::from_be_bytes(self.bytes(column, blob)?).map_err(|_| self.corrupt(column))
    }

    pub(super) fn nullifier(
        self,
        column: &'static str,
        blob: &[u8],
    ) -> Result<NullifierHash, StoreError> {
        NullifierHash::from_be_bytes(self.bytes(column, blob)?).map_err(|_| self.corrupt(column))
    }

    pub(super) fn unsigned(self, column: &'static str, value: i64) -> Result<u64, StoreError> {
        u64::try_from(value).map_err(|_| self.corrupt(column))
    }

    /// Reads a value from its code.
    pub(super) fn code<T>(
        self,
        column: &'static str,
        code: &str,
        from_code: fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        from_code(code).ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn leaf_index(
        self,
        column: &'static str,
        value: i64,
    ) -> Result<LeafIndex, StoreError> {
        LeafIndex::try_from(self.unsigned(column, value)?).map_err(|_| self.corrupt(column))
    }
}

/// Converts a number to its form in a column.
pub(super) fn integer(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| Unstorable::Number(value).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::SCALAR_MODULUS;

    use super::*;

    const TABLE: Table = Table("claims");

    #[expect(clippy::needless_pass_by_value, reason = "it is put around the call")]
    fn is_corrupt<T>(result: Result<T, StoreError>) -> bool {
        matches!(
            result,
            Err(StoreError::Corrupt {
                table: "claims",
                column: "c"
            })
        )
    }

    #[test]
    fn a_blob_of_another_length_is_corrupt() {
        for length in [0, 19, 21, 31, 33] {
            let blob = vec![1; length];
            assert!(is_corrupt(TABLE.address("c", &blob)), "{length}");
            assert!(is_corrupt(TABLE.word("c", &blob)), "{length}");
            assert!(is_corrupt(TABLE.uint256("c", &blob)), "{length}");
        }
        assert_eq!(TABLE.word("c", &[7; 32]).unwrap(), B256::repeat_byte(7));
    }

    #[test]
    fn a_number_out_of_its_range_is_corrupt() {
        let modulus = SCALAR_MODULUS.to_be_bytes::<32>();
        assert!(is_corrupt(TABLE.nullifier("c", &modulus)));
        assert!(is_corrupt(TABLE.commitment("c", &modulus)));
        assert!(is_corrupt(TABLE.commitment("c", &[0; 32])));
        assert!(is_corrupt(TABLE.unsigned("c", -1)));
        assert!(is_corrupt(TABLE.leaf_index("c", 1 << 30)));
        assert_eq!(TABLE.leaf_index("c", 5).unwrap().get(), 5);
    }

    #[test]
    fn a_number_of_64_bits_is_refused_not_wrapped() {
        assert_eq!(integer(i64::MAX as u64).unwrap(), i64::MAX);
        assert!(matches!(
            integer(i64::MAX as u64 + 1),
            Err(StoreError::Backend(_))
        ));
    }
}
