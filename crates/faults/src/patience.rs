//! Limits of time that tests judge by.

use std::time::Duration;

/// Factor of a limit on a machine that other tests keep busy. Chosen, not measured: the same
/// waits were seen to vary by three between runs of one commit on two cores.
const BUSY: u32 = 5;

/// Returns how long a test may see something take that is to take `limit` on a quiet machine:
/// just that in the long form of the tests (`TEST_SOAK`), more beside other tests.
#[must_use]
pub fn patience(limit: Duration) -> Duration {
    if std::env::var_os("TEST_SOAK").is_some() {
        limit
    } else {
        BUSY * limit
    }
}
