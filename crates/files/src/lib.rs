//! Files as this house writes and reads them.
//!
//! In here: files that appear whole or not at all, rights that are set when a file is
//! made and looked at when it is opened, and text as editors of other systems save it.
//! Not in here: the meaning of any of the files.
//!
//! Invariants:
//! - No file is replaced unless its contents show that it was made for the same purpose.
//! - A file is written beside its place, synced and moved there; a reader sees the old
//!   contents or the new ones, also after a power cut or on a full disk.
//! - A private file is mode 0600 and a private folder 0700 from the moment it exists,
//!   whatever the umask, and is never written through a symbolic link.

mod error;
mod output;
mod private;
mod purpose;
mod text;

pub use error::{FileAction, FileError};
pub use output::{OutputFile, is_unfinished, write_new, write_over};
pub use private::{Audience, Exposure, create_folder, is_shared, open_private, restrict};
pub use purpose::Purpose;
pub use text::{decode_text, read_private, read_secret, read_text};
