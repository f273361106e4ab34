//! Limits of time and length for an endpoint.

use std::time::Duration;

use rand::RngExt;

/// Limits on the wait for an endpoint and on repeated requests (RELAY-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointLimits {
    /// Longest wait for a connection, TLS included.
    pub connect: Duration,
    /// Longest wait for one answer.
    pub answer: Duration,
    /// Longest time of a call with all its repeats and pauses.
    pub call: Duration,
    /// Highest number of requests for one call.
    pub attempts: u32,
    /// Pause before the second request; each later one is twice as long.
    pub first_pause: Duration,
    /// Longest pause, `Retry-After` included.
    pub longest_pause: Duration,
    /// Longest answer, in bytes.
    pub answer_bytes: usize,
}

/// Highest number of requests to an endpoint that nothing listens at: it restarts, or the address
/// is wrong.
const ATTEMPTS_WITHOUT_CONNECTION: u32 = 4;

impl Default for EndpointLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
            call: Duration::from_secs(40),
            attempts: 7,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            answer_bytes: 128 << 20,
        }
    }
}

impl EndpointLimits {
    /// Returns limits with one request a call: the caller asks again.
    #[must_use]
    pub fn without_repeats() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    pub(super) fn attempts_for(&self, passing: super::Passing) -> u32 {
        use super::Passing::{Later, Never, Once, Soon};
        let most = match passing {
            Never => 1,
            Once => 2,
            Soon => ATTEMPTS_WITHOUT_CONNECTION,
            Later => self.attempts,
        };
        most.min(self.attempts)
    }

    /// Returns the pause after so many requests: between half and all of a length that doubles each
    /// time, and not less than was asked for, up to the longest pause.
    pub(super) fn pause(&self, attempts: u32, asked_for: Option<Duration>) -> Duration {
        let doubled = 1_u32.checked_shl(attempts - 1).unwrap_or(u32::MAX);
        let ours = self
            .first_pause
            .saturating_mul(doubled)
            .min(self.longest_pause);
        let jittered = ours.mul_f64(rand::rng().random_range(0.5..=1.0));
        let theirs = asked_for.unwrap_or_default().min(self.longest_pause);
        // Those that were refused together shall not come back together.
        jittered.max(theirs.mul_f64(rand::rng().random_range(1.0..=1.2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_heed_what_is_asked_for_up_to_a_limit() {
        let limits = EndpointLimits::default();
        let second = Duration::from_secs(1);
        for _ in 0..100 {
            let first = limits.pause(1, None);
            assert!((second / 8..=second / 4).contains(&first), "{first:?}");
            let third = limits.pause(3, None);
            assert!((second / 2..=second).contains(&third), "{third:?}");
            let late = limits.pause(40, None);
            assert!(late <= limits.longest_pause, "{late:?}");
            let asked = limits.pause(1, Some(3 * second));
            assert!(asked >= 3 * second && asked < 4 * second, "{asked:?}");
            let hour = limits.pause(1, Some(3_600 * second));
            assert!(hour <= limits.longest_pause.mul_f64(1.2), "{hour:?}");
        }
        let pauses: std::collections::BTreeSet<_> = (0..9).map(|_| limits.pause(4, None)).collect();
        assert!(pauses.len() > 1, "no jitter");
    }
}
