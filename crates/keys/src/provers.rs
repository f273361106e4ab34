use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use annona_circuits::Circuit;
use annona_core::B256;
use annona_files::{Audience, OutputFile, Purpose, create_folder};
use annona_proofs::{KeyOrigin, ProverKey, ProvingKey};
use sha2::{Digest, Sha256};

use crate::KeyError;
use crate::folder::{Header, checksum, open_headed};

/// First word of a prover's file.
const MAGIC: &str = "annona-prover-1";

/// Bytes that are read and hashed at a time.
const READ_BYTES: usize = 1 << 16;

/// Reader that hashes everything that passes.
struct Hashed<R> {
    from: R,
    hasher: Sha256,
}

impl<R> Hashed<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            hasher: Sha256::new(),
        }
    }

    fn checksum(self) -> B256 {
        B256::from(<[u8; 32]>::from(self.hasher.finalize()))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// Returns the number of bytes between the place of `reader` and the end of its file.
fn length_of(reader: &mut BufReader<File>) -> io::Result<u64> {
    let place = reader.stream_position()?;
    Ok(reader.get_ref().metadata()?.len().saturating_sub(place))
}

/// The file of a prover: all that a person needs to prove with one circuit.
#[derive(Debug, Clone)]
pub struct ProverFile {
    path: PathBuf,
    circuit: &'static str,
    origin: KeyOrigin,
}

impl ProverFile {
    /// Names the file of `circuit` in `folder`; neither need exist yet.
    #[must_use]
    pub fn new(folder: &Path, circuit: &'static str, origin: KeyOrigin) -> Self {
        Self {
            path: folder.join(format!("{circuit}.{}.prover", origin.name())),
            circuit,
            origin,
        }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Loads the prover, whose verifying key must have the hash `expected`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load(&self, expected: B256) -> Result<ProverKey, KeyError> {
        let path = self.path.clone();
        let (header, rest) = open_headed(&path, MAGIC, self.circuit, self.origin)?;
        let other_key = |actual| KeyError::OtherKey {
            path: path.clone(),
            expected,
            actual,
        };
        if header.verifying_key_hash != expected {
            return Err(other_key(header.verifying_key_hash));
        }
        let key = self.read_checked(rest, &header)?;
        if key.hash() == expected {
            Ok(key)
        } else {
            Err(other_key(key.hash()))
        }
    }

    /// Reads the prover behind a header, without ever holding the file beside it. Damage is told
    /// from a prover that serves another circuit by the checksum.
    fn read_checked(
        &self,
        mut file: BufReader<File>,
        header: &Header,
    ) -> Result<ProverKey, KeyError> {
        let path = || self.path.clone();
        let failed = |source| KeyError::File {
            path: path(),
            source,
        };
        let length = length_of(&mut file).map_err(failed)?;
        let mut hashed = BufReader::with_capacity(READ_BYTES, Hashed::new(file));
        let key = ProverKey::read(self.origin, &mut hashed, length);
        io::copy(&mut hashed, &mut io::sink()).map_err(failed)?;
        if hashed.into_inner().checksum() != header.sha256 {
            return Err(KeyError::Damaged { path: path() });
        }
        key.map_err(|source| KeyError::UnfitProver {
            path: path(),
            source,
        })
    }

    /// Makes the **unsafe** test key of `circuit`, always the same, and writes its prover; one
    /// that is there is replaced. At full size it takes minutes.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn make_test_key<C: Circuit>(&self, circuit: &C) -> Result<ProverKey, KeyError> {
        // A place where it cannot be written is found before the minutes are spent.
        let file = self.begin()?;
        let unfit = |source| KeyError::UnfitProver {
            path: self.path.clone(),
            source,
        };
        let key = ProverKey::from(ProvingKey::unsafe_test(circuit).map_err(unfit)?);
        self.write(file, &key)?;
        Ok(key)
    }

    fn begin(&self) -> Result<OutputFile<'static>, KeyError> {
        if let Some(folder) = self.path.parent() {
            create_folder(folder, Audience::Everybody)?;
        }
        let purpose = Purpose::beginning_with("a prover of a circuit", MAGIC.as_bytes());
        Ok(OutputFile::replace(
            &self.path,
            Audience::Everybody,
            purpose,
        )?)
    }

    fn write(&self, mut file: OutputFile<'_>, key: &ProverKey) -> Result<(), KeyError> {
        let bytes = key.to_bytes();
        let header = Header {
            circuit: self.circuit.to_owned(),
            origin: key.origin().name().to_owned(),
            verifying_key_hash: key.hash(),
            sha256: checksum(&bytes),
        };
        let line = serde_json::to_string(&header).map_err(|error| KeyError::File {
            path: self.path.clone(),
            source: io::Error::from(error),
        })?;
        file.put(format!("{MAGIC} {line}\n").as_bytes())?;
        file.put(&bytes)?;
        Ok(file.commit()?)
    }
}
