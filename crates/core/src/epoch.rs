//! Epochs, the calendar that gives the epoch of a time, and the claim window.

use core::fmt;

/// Seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

/// Number of an epoch, counted from the deployment's genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Reason why a time or an epoch does not fit the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The length of an epoch is zero.
    #[error("the epoch length is zero seconds")]
    ZeroLength,
    /// Nothing happens before genesis.
    #[error("time {time} is before genesis {genesis}")]
    BeforeGenesis {
        /// The time asked about.
        time: u64,
        /// The first second of epoch 0.
        genesis: u64,
    },
    /// The epoch has not begun.
    #[error("epoch {epoch} begins in {seconds_left} seconds")]
    NotBegun {
        /// The epoch asked for.
        epoch: u64,
        /// Seconds from now to its start.
        seconds_left: u64,
    },
    /// The claim window is over.
    #[error("the claim window of epoch {epoch} is over; the current epoch is {current}")]
    WindowOver {
        /// The epoch asked for.
        epoch: u64,
        /// Epoch of the present time.
        current: u64,
    },
}

/// The deployment's calendar (EPOCH-1); the chain's timestamps are the only clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochClock {
    genesis: UnixSeconds,
    length_secs: u64,
}

impl EpochClock {
    /// Creates a calendar that starts at `genesis` with epochs of `length_secs`.
    ///
    /// # Errors
    /// [`EpochError::ZeroLength`].
    pub const fn new(genesis: UnixSeconds, length_secs: u64) -> Result<Self, EpochError> {
        if length_secs == 0 {
            return Err(EpochError::ZeroLength);
        }
        Ok(Self {
            genesis,
            length_secs,
        })
    }

    /// Returns the first second of epoch 0.
    #[must_use]
    pub const fn genesis(&self) -> UnixSeconds {
        self.genesis
    }

    /// Returns the length of an epoch in seconds.
    #[must_use]
    pub const fn length_secs(&self) -> u64 {
        self.length_secs
    }

    /// Returns the epoch of a time: `(t - genesis) / length`.
    ///
    /// # Errors
    /// [`EpochError::BeforeGenesis`].
    pub const fn epoch_at(&self, time: UnixSeconds) -> Result<Epoch, EpochError> {
        match time.0.checked_sub(self.genesis.0) {
            Some(elapsed) => Ok(Epoch(elapsed / self.length_secs)),
            None => Err(EpochError::BeforeGenesis {
                time: time.0,
                genesis: self.genesis.0,
            }),
        }
    }

    /// Returns the first second of `epoch`, saturating at the end of time.
    #[must_use]
    pub const fn start_of(&self, epoch: Epoch) -> UnixSeconds {
        UnixSeconds(
            self.genesis
                .0
                .saturating_add(epoch.0.saturating_mul(self.length_secs)),
        )
    }
}

/// Number of epochs for which an epoch stays claimable, its own included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimWindow(pub u64);

/// The deployment's calendar with the window in which its epochs are claimed (EPOCH-1, EPOCH-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimCalendar {
    /// Calendar that gives the epoch of a time.
    pub clock: EpochClock,
    /// Number of epochs for which each epoch stays claimable.
    pub window: ClaimWindow,
}

impl ClaimCalendar {
    /// Checks that `epoch` can be claimed at `now`: `epoch <= current < epoch + window`.
    ///
    /// # Errors
    /// [`EpochError::NotBegun`], [`EpochError::WindowOver`] or [`EpochError::BeforeGenesis`].
    pub fn check(&self, epoch: Epoch, now: UnixSeconds) -> Result<(), EpochError> {
        let current = self.clock.epoch_at(now)?;
        if epoch > current {
            let seconds_left = self.clock.start_of(epoch).0.saturating_sub(now.0);
            return Err(EpochError::NotBegun {
                epoch: epoch.0,
                seconds_left,
            });
        }
        if current.0 - epoch.0 >= self.window.0 {
            return Err(EpochError::WindowOver {
                epoch: epoch.0,
                current: current.0,
            });
        }
        Ok(())
    }

    /// Returns the first second in which `epoch` is not claimable any longer.
    #[must_use]
    pub const fn window_end(&self, epoch: Epoch) -> UnixSeconds {
        self.clock
            .start_of(Epoch(epoch.0.saturating_add(self.window.0)))
    }

    /// Returns the oldest epoch that is claimable during `current`.
    #[must_use]
    pub const fn oldest_claimable(&self, current: Epoch) -> Epoch {
        Epoch(current.0.saturating_add(1).saturating_sub(self.window.0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn clock() -> EpochClock {
        EpochClock::new(UnixSeconds(1_000), 100).unwrap()
    }

    #[test]
    fn an_epoch_is_shown_by_its_number_and_has_a_length() {
        assert_eq!(Epoch(12).to_string(), "12");
        assert_eq!(clock().genesis(), UnixSeconds(1_000));
        assert_eq!(clock().length_secs(), 100);
        let empty = EpochClock::new(UnixSeconds(0), 0);
        assert_eq!(empty, Err(EpochError::ZeroLength));
    }

    #[test]
    fn an_epoch_begins_with_its_first_second() {
        assert_eq!(clock().epoch_at(UnixSeconds(1_000)), Ok(Epoch(0)));
        assert_eq!(clock().epoch_at(UnixSeconds(1_099)), Ok(Epoch(0)));
        assert_eq!(clock().epoch_at(UnixSeconds(1_100)), Ok(Epoch(1)));
        assert_eq!(clock().start_of(Epoch(1)), UnixSeconds(1_100));
        assert!(clock().epoch_at(UnixSeconds(999)).is_err());
    }

    #[test]
    fn the_window_includes_its_first_epoch_and_excludes_the_one_after_its_last() {
        let calendar = ClaimCalendar {
            clock: clock(),
            window: ClaimWindow(4),
        };
        let at = |epoch, now| calendar.check(Epoch(epoch), UnixSeconds(now));
        assert_eq!(at(1, 1_100), Ok(()));
        assert_eq!(at(1, 1_499), Ok(()));
        assert_eq!(
            at(1, 1_500),
            Err(EpochError::WindowOver {
                epoch: 1,
                current: 5
            })
        );
        assert_eq!(
            at(2, 1_150),
            Err(EpochError::NotBegun {
                epoch: 2,
                seconds_left: 50
            })
        );
        assert_eq!(calendar.window_end(Epoch(1)), UnixSeconds(1_500));
        assert_eq!(calendar.oldest_claimable(Epoch(4)), Epoch(1));
        assert_eq!(calendar.oldest_claimable(Epoch(2)), Epoch(0));
    }
}
