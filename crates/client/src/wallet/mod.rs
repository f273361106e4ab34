use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use annona_core::LeafIndex;
use annona_proofs::Identity;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// Version of the file's form.
const FORMAT: u32 = 1;

/// Bytes that a wallet file can have at most.
const MAX_FILE_BYTES: u64 = 4_096;

/// Why a wallet is not made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// There is a file already, and a secret is never overwritten.
    #[error("{} exists; a wallet is never overwritten, choose another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot access the wallet {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no wallet.
    #[error("{} is not a wallet of format {FORMAT}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Serialize, Deserialize, Zeroize)]
#[serde(deny_unknown_fields)]
struct WalletFile {
    format: u32,
    secret: [u8; 32],
}

/// A citizen's secret on this device.
#[derive(Debug, Clone)]
pub struct Wallet {
    identity: Identity,
    path: PathBuf,
}

impl Wallet {
    /// Makes an identity and writes it to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`WalletError::Exists`] rather than overwriting, [`WalletError::Io`].
    pub fn create(path: &Path, rng: &mut impl CryptoRng) -> Result<Self, WalletError> {
        let identity = Identity::generate(rng);
        let mut file = create_private(path)?;
        let mut contents = WalletFile {
            format: FORMAT,
            secret: *identity.expose_secret(),
        };
        let text = serde_json::to_vec(&contents).map(Zeroizing::new);
        contents.zeroize();
        let text = text.map_err(|_| WalletError::Malformed {
            path: path.to_owned(),
        })?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(|source| WalletError::Io {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            identity,
            path: path.to_owned(),
        })
    }

    /// Reads a wallet.
    ///
    /// # Errors
    /// [`WalletError::Io`], [`WalletError::Malformed`].
    pub fn open(path: &Path) -> Result<Self, WalletError> {
        let mut text = Zeroizing::new(Vec::new());
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut text))
            .map_err(|source| WalletError::Io {
                path: path.to_owned(),
                source,
            })?;
        let malformed = || WalletError::Malformed {
            path: path.to_owned(),
        };
        let mut contents: WalletFile = serde_json::from_slice(&text).map_err(|_| malformed())?;
        let (format, identity) = (contents.format, Identity::from_secret(contents.secret));
        contents.zeroize();
        if format == FORMAT {
            Ok(Self {
                identity,
                path: path.to_owned(),
            })
        } else {
            Err(malformed())
        }
    }

    /// The identity.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the commitment was in the tree, if a note beside the wallet says so.
    #[must_use]
    pub fn known_leaf(&self) -> Option<LeafIndex> {
        let text = std::fs::read_to_string(self.note()).ok()?;
        LeafIndex::try_from(text.trim().parse::<u64>().ok()?).ok()
    }

    /// Notes where the commitment is. A wallet without the note looks through the tree.
    ///
    /// # Errors
    /// [`WalletError::Io`].
    pub fn remember_leaf(&self, leaf_index: LeafIndex) -> Result<(), WalletError> {
        let path = self.note();
        std::fs::write(&path, format!("{leaf_index}\n"))
            .map_err(|source| WalletError::Io { path, source })
    }

    fn note(&self) -> PathBuf {
        self.path.with_extension("leaf")
    }
}

fn create_private(path: &Path) -> Result<File, WalletError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => WalletError::Exists {
            path: path.to_owned(),
        },
        _ => WalletError::Io {
            path: path.to_owned(),
            source,
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_wallet_is_kept_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.json");
        let made = Wallet::create(&path, &mut rand::rng()).unwrap();
        let read = Wallet::open(&path).unwrap();
        assert_eq!(made.identity().commitment(), read.identity().commitment());
        assert!(matches!(
            Wallet::create(&path, &mut rand::rng()),
            Err(WalletError::Exists { .. })
        ));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn the_place_in_the_tree_is_noted_beside_the_wallet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.json");
        let wallet = Wallet::create(&path, &mut rand::rng()).unwrap();
        assert_eq!(wallet.known_leaf(), None);
        let place = LeafIndex::try_from(77).unwrap();
        wallet.remember_leaf(place).unwrap();
        assert_eq!(Wallet::open(&path).unwrap().known_leaf(), Some(place));
        std::fs::write(folder.path().join("wallet.leaf"), "9999999999").unwrap();
        assert_eq!(wallet.known_leaf(), None);
    }

    #[test]
    fn other_files_are_no_wallets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.json");
        for text in ["", "{}", r#"{"format":2,"secret":[0]}"#, "nonsense"] {
            std::fs::write(&path, text).unwrap();
            assert!(
                matches!(Wallet::open(&path), Err(WalletError::Malformed { .. })),
                "{text}"
            );
        }
        assert!(matches!(
            Wallet::open(&folder.path().join("none")),
            Err(WalletError::Io { .. })
        ));
    }
}
