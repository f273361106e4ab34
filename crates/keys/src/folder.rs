use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use annona_circuits::{AnyCircuit, CircuitId};
use annona_core::B256;
use annona_files::{Audience, FileError, OutputFile, Purpose, create_folder};
use annona_proofs::{BatchKeyError, KeyOrigin, ProvingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::pinned::pinned;

/// First word of a key file.
const MAGIC: &str = "annona-key-1";

/// Longest header that is read.
const MAX_HEADER_BYTES: u64 = 4096;

/// Reason why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is none of ours.
    #[error("{} is not a key file of this version", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The bytes are not those that were written.
    #[error("the key file {} is damaged: its checksum differs", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file holds another key than its header or the lock file says.
    #[error("{} holds the key {actual} and not {expected}", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// Hash of the verifying key by header or lock file.
        expected: B256,
        /// Hash of the verifying key in the file.
        actual: B256,
    },
    /// The file cannot be made, or holds something else.
    #[error(transparent)]
    Output(#[from] FileError),
    /// A key from a ceremony is the test key, which anybody can forge proofs under.
    #[error("the key is the test key of {circuit}, under which anybody can forge proofs")]
    TestKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The file of a prover does not serve its circuit.
    #[error("the prover in {} does not serve its circuit", path.display())]
    UnfitProver {
        /// The file.
        path: PathBuf,
        /// Reason why it does not serve.
        source: BatchKeyError,
    },
    /// The key does not serve the circuit.
    #[error("the key does not serve the circuit {circuit}")]
    Unfit {
        /// The circuit.
        circuit: CircuitId,
        /// Reason why it does not serve.
        source: BatchKeyError,
    },
}

/// Description that a key file gives of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Circuit that the key serves.
    pub circuit: CircuitId,
    /// Place of the secrets behind the key.
    pub origin: KeyOrigin,
    /// Hash of the verifying key.
    pub hash: B256,
    /// Path of the key file.
    pub path: PathBuf,
}

/// First line of a key file, in JSON, behind the magic word.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) circuit: String,
    pub(crate) origin: String,
    #[serde(with = "crate::text")]
    pub(crate) verifying_key_hash: B256,
    #[serde(with = "crate::text")]
    pub(crate) sha256: B256,
}

/// A folder with at most one key of each origin for each circuit.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
}

impl KeyFolder {
    /// Names the folder `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns the path that the key of `circuit` has or would have.
    #[must_use]
    pub fn file(&self, circuit: CircuitId, origin: KeyOrigin) -> PathBuf {
        self.path.join(format!("{circuit}.{}.key", origin.name()))
    }

    /// Returns the test key of `circuit`: from its file, or made and written. A file that is
    /// damaged or belongs to earlier rows is replaced.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn test_key(&self, circuit: CircuitId) -> Result<ProvingKey, KeyError> {
        if let Ok(key) = self.load(circuit, KeyOrigin::UnsafeTest) {
            return Ok(key);
        }
        // A key takes minutes: a place where it cannot be written is found before.
        let file = self.begin(&self.file(circuit, KeyOrigin::UnsafeTest))?;
        let key = match circuit.circuit() {
            AnyCircuit::Append(append) => ProvingKey::unsafe_test(&append),
            AnyCircuit::Revoke(revoke) => ProvingKey::unsafe_test(&revoke),
        };
        let key = key.map_err(|source| KeyError::Unfit { circuit, source })?;
        self.write(file, circuit, &key)?;
        Ok(key)
    }

    /// Writes `key`; the file appears whole or not at all.
    ///
    /// # Errors
    /// [`KeyError::Output`]; [`KeyError::TestKey`] for a test key that is said to be of a
    /// ceremony.
    pub fn store(&self, circuit: CircuitId, key: &ProvingKey) -> Result<KeyInfo, KeyError> {
        let is_test_key = key.hash() == pinned(circuit).test_key_hash;
        if key.origin() == KeyOrigin::Ceremony && is_test_key {
            return Err(KeyError::TestKey { circuit });
        }
        let file = self.begin(&self.file(circuit, key.origin()))?;
        self.write(file, circuit, key)
    }

    fn write(
        &self,
        mut file: OutputFile<'_>,
        circuit: CircuitId,
        key: &ProvingKey,
    ) -> Result<KeyInfo, KeyError> {
        let path = self.file(circuit, key.origin());
        let failed = |source| KeyError::File {
            path: path.clone(),
            source,
        };
        let mut bytes = Vec::new();
        key.write(&mut bytes)
            .map_err(|error| failed(io::Error::other(error)))?;
        let header = Header {
            circuit: circuit.name().to_owned(),
            origin: key.origin().name().to_owned(),
            verifying_key_hash: key.hash(),
            sha256: checksum(&bytes),
        };
        let line = serde_json::to_string(&header).map_err(|error| failed(error.into()))?;
        file.put(format!("{MAGIC} {line}\n").as_bytes())?;
        file.put(&bytes)?;
        file.commit()?;
        Ok(KeyInfo {
            circuit,
            origin: key.origin(),
            hash: key.hash(),
            path,
        })
    }

    /// Loads the key of `circuit`, checked against its header, and a test key against the
    /// lock file too.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load(&self, circuit: CircuitId, origin: KeyOrigin) -> Result<ProvingKey, KeyError> {
        let path = self.file(circuit, origin);
        let (header, rest) = self.open(circuit, origin)?;
        let bytes = read_checked(rest, &header, &path)?;
        let key = match circuit.circuit() {
            AnyCircuit::Append(append) => ProvingKey::read(&append, origin, bytes.as_slice()),
            AnyCircuit::Revoke(revoke) => ProvingKey::read(&revoke, origin, bytes.as_slice()),
        };
        let key = key.map_err(|source| KeyError::Unfit { circuit, source })?;
        let named = header.verifying_key_hash;
        let expected = match origin {
            KeyOrigin::UnsafeTest => pinned(circuit).test_key_hash,
            KeyOrigin::Ceremony => named,
        };
        for expected in [named, expected] {
            let actual = key.hash();
            if expected != actual {
                return Err(KeyError::OtherKey {
                    path,
                    expected,
                    actual,
                });
            }
        }
        Ok(key)
    }

    /// Lists the keys in the folder, by the headers alone.
    ///
    /// # Errors
    /// [`KeyError`] for a file that is there and cannot be read.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeyError> {
        let mut found = Vec::new();
        for circuit in CircuitId::ALL {
            for origin in [KeyOrigin::UnsafeTest, KeyOrigin::Ceremony] {
                let path = self.file(circuit, origin);
                if !path.exists() {
                    continue;
                }
                let (header, _) = self.open(circuit, origin)?;
                found.push(KeyInfo {
                    circuit,
                    origin,
                    hash: header.verifying_key_hash,
                    path,
                });
            }
        }
        Ok(found)
    }

    fn begin(&self, path: &Path) -> Result<OutputFile<'static>, FileError> {
        create_folder(&self.path, Audience::Everybody)?;
        let purpose = Purpose::beginning_with("a key of a circuit", MAGIC.as_bytes());
        OutputFile::replace(path, Audience::Everybody, purpose)
    }

    fn open(
        &self,
        circuit: CircuitId,
        origin: KeyOrigin,
    ) -> Result<(Header, BufReader<File>), KeyError> {
        let path = self.file(circuit, origin);
        open_headed(&path, MAGIC, circuit.name(), origin)
    }
}

/// Opens a file that begins with `magic` and a header of this circuit and origin.
pub(crate) fn open_headed(
    path: &Path,
    magic: &str,
    circuit: &str,
    origin: KeyOrigin,
) -> Result<(Header, BufReader<File>), KeyError> {
    let failed = |source| KeyError::File {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut line = Vec::new();
    let mut start = (&mut reader).take(MAX_HEADER_BYTES);
    start.read_until(b'\n', &mut line).map_err(failed)?;
    let header: Option<Header> = line
        .strip_prefix(magic.as_bytes())
        .and_then(|json| serde_json::from_slice(json).ok());
    match header {
        Some(header) if header.circuit == circuit && header.origin == origin.name() => {
            Ok((header, reader))
        }
        _ => Err(KeyError::NotAKey {
            path: path.to_owned(),
        }),
    }
}

/// Reads the content behind a header, held against the header's checksum.
pub(crate) fn read_checked(
    mut rest: impl Read,
    header: &Header,
    path: &Path,
) -> Result<Vec<u8>, KeyError> {
    let mut bytes = Vec::new();
    rest.read_to_end(&mut bytes)
        .map_err(|source| KeyError::File {
            path: path.to_owned(),
            source,
        })?;
    if checksum(&bytes) == header.sha256 {
        Ok(bytes)
    } else {
        Err(KeyError::Damaged {
            path: path.to_owned(),
        })
    }
}

pub(crate) fn checksum(bytes: &[u8]) -> B256 {
    B256::from(<[u8; 32]>::from(Sha256::digest(bytes)))
}
