use core::fmt;
use std::io::Read;

use annona_circuits::Assignment;
use annona_core::{B256, ProofPoints};
use annona_groth16::{FileError, Prover};
use rand_core::CryptoRng;

use crate::batch::prove_with;
use crate::{BatchKeyError, KeyOrigin, ProvingKey, VerifyingKey};

/// Bytes of the length in front of the verifying key.
const LENGTH_BYTES: usize = 4;

/// Parts of a proving key that a prover needs: half the memory of a [`ProvingKey`], and no rows
/// to compute before the first proof. For circuits of people, who prove once and then stop.
#[derive(Clone)]
pub struct ProverKey {
    verifying: VerifyingKey,
    prover: Prover,
    origin: KeyOrigin,
}

impl fmt::Debug for ProverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProverKey")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl From<ProvingKey> for ProverKey {
    fn from(key: ProvingKey) -> Self {
        let (verifying, prover, origin) = key.into_parts();
        Self {
            verifying,
            prover,
            origin,
        }
    }
}

impl ProverKey {
    /// Returns the bytes that [`Self::read`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let verifying = self.verifying.to_bytes();
        let mut bytes = (verifying.len() as u32).to_le_bytes().to_vec();
        bytes.extend(verifying);
        bytes.extend(self.prover.to_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote from the next `length` bytes of `from`, a part at a
    /// time. The caller vouches for the bytes with a checksum: a prover of other rows makes
    /// proofs that do not verify.
    ///
    /// # Errors
    /// [`BatchKeyError`] for bytes of another form, and for a verifying key that is unfit.
    pub fn read(
        origin: KeyOrigin,
        mut from: impl Read,
        length: u64,
    ) -> Result<Self, BatchKeyError> {
        let mut prefix = [0; LENGTH_BYTES];
        from.read_exact(&mut prefix).map_err(FileError::from)?;
        let verifying_length = u32::from_le_bytes(prefix);
        let prefixed = LENGTH_BYTES as u64 + u64::from(verifying_length);
        let rest = length.checked_sub(prefixed).ok_or(FileError::Cut)?;
        let mut verifying = vec![0; verifying_length as usize];
        from.read_exact(&mut verifying).map_err(FileError::from)?;
        Ok(Self {
            verifying: VerifyingKey::from_bytes(&verifying)?,
            prover: Prover::read(from, rest)?,
            origin,
        })
    }

    /// Returns the place of its secrets.
    #[must_use]
    pub const fn origin(&self) -> KeyOrigin {
        self.origin
    }

    /// Returns the verifying key.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Returns the hash of the verifying key.
    #[must_use]
    pub fn hash(&self) -> B256 {
        self.verifying.hash()
    }

    /// Makes a proof of `assignment`. It verifies if the assignment satisfies every row.
    ///
    /// # Errors
    /// [`BatchKeyError::Prover`], [`BatchKeyError::Malformed`].
    pub fn prove(
        &self,
        assignment: &Assignment,
        rng: &mut impl CryptoRng,
    ) -> Result<ProofPoints, BatchKeyError> {
        prove_with(&self.prover, assignment, rng)
    }
}
