mod contents;
mod note;

use std::path::{Path, PathBuf};

use annona_files::{Audience, Exposure, FileError, OutputFile, decode_text, read_private};
use annona_proofs::Identity;
use rand_core::CryptoRng;

use contents::Defect;
pub use note::WalletNote;

/// Bytes that a wallet file can have at most.
const MAX_FILE_BYTES: u64 = 4_096;

/// A wallet that was not made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The file cannot be made, read or kept to its owner.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file was a wallet, and not all of it is as it was written.
    #[error(
        "the wallet {} is damaged: take your copy of it; without one, make a new wallet and recover at an orb",
        path.display()
    )]
    Damaged {
        /// Path of the wallet file.
        path: PathBuf,
    },
    /// The file is of an earlier version of this program.
    #[error(
        "the wallet {} is of format 1, which cannot tell damage from another person and is no longer read: make a new wallet and recover at an orb",
        path.display()
    )]
    Format1 {
        /// Path of the wallet file.
        path: PathBuf,
    },
    /// The file is of a later version of this program.
    #[error("the wallet {} is of a format that this version does not know; use a newer one", path.display())]
    OtherFormat {
        /// Path of the wallet file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a wallet; name one with --wallet, or make one with `annona citizen new`", path.display())]
    Foreign {
        /// Path of the wallet file.
        path: PathBuf,
    },
}

/// A citizen's secret on this device.
#[derive(Debug, Clone)]
pub struct Wallet {
    identity: Identity,
    path: PathBuf,
    was_exposed: bool,
}

impl Wallet {
    /// Makes an identity and writes it to a new file that only its owner can read. The file
    /// is there whole or not at all (IDENT-1).
    ///
    /// # Errors
    /// [`WalletError::File`], for a file that exists as well.
    pub fn create(path: &Path, rng: &mut impl CryptoRng) -> Result<Self, WalletError> {
        let mut file = OutputFile::create(path, Audience::Owner)?;
        let identity = Identity::generate(rng);
        file.put(contents::write(&identity).as_bytes())?;
        file.commit()?;
        Ok(Self {
            identity,
            path: path.to_owned(),
            was_exposed: false,
        })
    }

    /// Reads a wallet. Rights of other users to it are taken away (IDENT-7).
    ///
    /// # Errors
    /// [`WalletError`]: damage is told from other files.
    pub fn open(path: &Path) -> Result<Self, WalletError> {
        let read = |exposure| read_private(path, MAX_FILE_BYTES, exposure);
        let (bytes, was_exposed) = match read(Exposure::Refuse) {
            Err(FileError::Shared { .. }) => (read(Exposure::Repair)?, true),
            read => (read?, false),
        };
        let text = match decode_text(path, &bytes) {
            Err(FileError::NotText { .. }) => &bytes[..],
            text => text?.as_bytes(),
        };
        let path = path.to_owned();
        match contents::read(text) {
            Ok(identity) => Ok(Self {
                identity,
                path,
                was_exposed,
            }),
            Err(Defect::Damaged) => Err(WalletError::Damaged { path }),
            Err(Defect::Format1) => Err(WalletError::Format1 { path }),
            Err(Defect::OtherFormat) => Err(WalletError::OtherFormat { path }),
            Err(Defect::Foreign) => Err(WalletError::Foreign { path }),
        }
    }

    /// The identity.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Tells whether other users had rights to the file until it was opened.
    #[must_use]
    pub const fn was_exposed(&self) -> bool {
        self.was_exposed
    }

    /// The note beside the file, and the reason if there is one that cannot be read. An
    /// empty one is as good, only slower.
    #[must_use]
    pub fn note(&self) -> (WalletNote, Option<FileError>) {
        WalletNote::open(&self.path, self.identity.commitment())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use annona_core::{Address, ClaimScope, Epoch, LeafIndex};
    use tempfile::TempDir;

    use super::*;

    const SCOPE: ClaimScope = ClaimScope {
        chain_id: 1,
        distributor: Address::ZERO,
    };
    const OTHER_SCOPE: ClaimScope = ClaimScope {
        chain_id: 2,
        ..SCOPE
    };

    fn created(name: &str) -> (TempDir, PathBuf, Wallet) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let wallet = Wallet::create(&path, &mut rand::rng()).unwrap();
        (folder, path, wallet)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn place(position: u64) -> LeafIndex {
        LeafIndex::try_from(position).unwrap()
    }

    /// Tests IDENT-7.
    #[test]
    fn a_wallet_is_kept_private_and_never_overwritten() {
        let (folder, path, made) = created("wallet.json");
        let read = Wallet::open(&path).unwrap();
        assert_eq!(made.identity().commitment(), read.identity().commitment());
        assert_eq!(mode(&path), 0o600);
        let before = fs::read(&path).unwrap();
        let refused = Wallet::create(&path, &mut rand::rng());
        assert!(matches!(
            refused,
            Err(WalletError::File(FileError::Exists { .. }))
        ));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_wallet_that_others_could_read_is_closed_and_they_are_named() {
        let (_folder, path, made) = created("wallet.json");
        assert!(!Wallet::open(&path).unwrap().was_exposed());
        for shared in [0o644, 0o640, 0o602] {
            fs::set_permissions(&path, Permissions::from_mode(shared)).unwrap();
            let read = Wallet::open(&path).unwrap();
            assert_eq!(made.identity().commitment(), read.identity().commitment());
            assert_eq!((read.was_exposed(), mode(&path)), (true, 0o600));
        }
    }

    #[test]
    fn a_wallet_that_an_editor_saved_is_read() {
        let (_folder, path, made) = created("wallet.json");
        let text = fs::read_to_string(&path).unwrap();
        for saved in [
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
            format!("\u{feff}{}\r\n \n", text.trim()),
            text.trim().to_owned(),
        ] {
            fs::write(&path, saved).unwrap();
            let read = Wallet::open(&path).unwrap();
            assert_eq!(made.identity().commitment(), read.identity().commitment());
        }
        let utf16: Vec<u8> = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        fs::write(&path, utf16).unwrap();
        let refused = Wallet::open(&path).unwrap_err();
        assert!(
            refused.to_string().contains("save it as UTF-8"),
            "{refused}"
        );
    }

    #[test]
    fn damage_is_said_to_be_damage() {
        let (folder, path, _) = created("wallet.json");
        let whole = fs::read(&path).unwrap();
        for position in 0..whole.len() - 1 {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[position] ^= 1 << bit;
                fs::write(&path, bytes).unwrap();
                let refused = Wallet::open(&path);
                assert!(
                    matches!(refused, Err(WalletError::Damaged { .. })),
                    "bit {bit} of byte {position}"
                );
            }
        }
        fs::write(&path, "{}").unwrap();
        assert!(matches!(
            Wallet::open(&path),
            Err(WalletError::Foreign { .. })
        ));
        let missing = Wallet::open(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("there is no such file"));
    }

    #[test]
    fn a_note_is_kept_beside_the_wallet_and_of_its_owner_only() {
        let (folder, path, wallet) = created("wallet.json");
        let (mut note, problem) = wallet.note();
        assert!(problem.is_none() && note.leaf_index(&SCOPE).is_none());
        note.remember_leaf(&SCOPE, place(77)).unwrap();
        note.remember_claim(&SCOPE, Epoch(3), "http://a").unwrap();
        note.remember_claim(&SCOPE, Epoch(4), "http://b").unwrap();
        note.remember_claim(&OTHER_SCOPE, Epoch(5), "http://a")
            .unwrap();
        assert_eq!(mode(&folder.path().join("wallet.json.note")), 0o600);
        let (note, _) = Wallet::open(&path).unwrap().note();
        assert_eq!(note.leaf_index(&SCOPE), Some(place(77)));
        assert_eq!(note.leaf_index(&OTHER_SCOPE), None);
        assert_eq!(note.handed_to(&SCOPE, "http://a"), [Epoch(3)]);
        assert!(note.handed_to(&SCOPE, "http://c").is_empty());

        let other = folder.path().join("other.json");
        fs::copy(
            folder.path().join("wallet.json.note"),
            folder.path().join("other.json.note"),
        )
        .unwrap();
        let (note, _) = Wallet::create(&other, &mut rand::rng()).unwrap().note();
        assert_eq!(
            note.leaf_index(&SCOPE),
            None,
            "the note is another person's"
        );
    }

    #[test]
    fn a_note_is_never_written_over_anything_else() {
        for name in ["alice.leaf", "alice.note", "wallet", "wallet.json.note"] {
            let (folder, path, wallet) = created(name);
            let before = fs::read(&path).unwrap();
            let (mut note, _) = wallet.note();
            note.remember_leaf(&SCOPE, place(1)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), before, "{name}");

            // Another wallet whose name is that of the first one's note.
            let beside = folder.path().join(format!("{name}.note"));
            fs::remove_file(&beside).unwrap();
            Wallet::create(&beside, &mut rand::rng()).unwrap();
            let before = fs::read(&beside).unwrap();
            let (mut note, _) = wallet.note();
            assert!(note.remember_leaf(&SCOPE, place(2)).is_err());
            assert_eq!(fs::read(&beside).unwrap(), before, "{name}");
            assert_eq!(
                note.leaf_index(&SCOPE),
                Some(place(2)),
                "in memory it is known"
            );
        }
    }

    #[test]
    fn a_note_keeps_the_newest_claims_only() {
        let (_folder, _, wallet) = created("wallet.json");
        let (mut note, _) = wallet.note();
        for epoch in 0..100 {
            note.remember_claim(&SCOPE, Epoch(epoch), "http://a")
                .unwrap();
        }
        let handed = note.handed_to(&SCOPE, "http://a");
        assert_eq!((handed.len(), handed[0]), (64, Epoch(36)));
    }
}
