//! The clock that the service goes by.

use std::time::{SystemTime, UNIX_EPOCH};

use annona_core::UnixSeconds;
use annona_engine::ports::Clock;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |elapsed| elapsed.as_secs()))
    }
}
