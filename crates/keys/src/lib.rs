//! Keys of the circuits in files: made for tests, imported from a ceremony,
//! loaded by the service, pinned in git.
//!
//! Here: a [`KeyFolder`]; a [`ProverFile`], for circuits of people; the [`pinned()`] sizes and hashes; the files that a
//! ceremony starts from ([`write_ceremony_files`]) and the one that it ends in
//! ([`import_zkey`]); the rule of where a test key may be used ([`permit()`]).
//!
//! Not here: circuits, proving, the choice of a folder.
//!
//! Invariants: a key that was not made by a ceremony says so in its file name and
//! in its file; no key is loaded whose file was damaged, or whose verifying key is
//! not the one that its file or the lock file names.

mod folder;
mod permit;
mod pinned;
mod provers;
mod text;
mod transfer;

pub use folder::{KeyError, KeyFolder, KeyInfo};
pub use permit::{DEVELOPMENT_CHAINS, UnsafeKeyRefused, UnsafeKeys, permit};
pub use pinned::{Pinned, pinned, rows_hash};
pub use provers::ProverFile;
pub use transfer::{ImportError, import_zkey, write_ceremony_files};
