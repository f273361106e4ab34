//! Raises the limit on the files that this process may open.

use std::io;

/// Descriptors that are of use to one service.
const MAX_DESCRIPTORS: u64 = 65_536;

/// Raises the number of files that this process may open as far as the system lets it;
/// returns how many.
///
/// # Errors
/// The system's, when the limit can neither be read nor raised.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    rlimit::increase_nofile_limit(MAX_DESCRIPTORS)
}
