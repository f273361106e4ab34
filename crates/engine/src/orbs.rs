//! Memory of the orbs found active, and the bound on questions to the chain about unknown ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use annona_core::{OrbId, UnixSeconds};

use crate::enrol_error::EnrolError;
use crate::ports::{ChainReader, Clock};

/// Seconds for which an orb that was found active is taken to be active (ENROL-2).
const ACTIVE_SECS: u64 = 5;

/// Highest number of questions to the chain, in a second, about orbs that were never found
/// active. Anybody can make up such orbs.
// Chosen, not measured: a new orb waits a second at most, and an endpoint is not flooded.
const STRANGERS_PER_SEC: u32 = 16;

/// Asks the chain about orbs only as often as needed: enrolments of unknown orbs cost a
/// bounded number of calls, however many arrive, and none of the calls that are needed for
/// the known orbs.
pub(crate) struct ActiveOrbs {
    chain: Arc<dyn ChainReader>,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Time at which each orb was last found active.
    active: HashMap<OrbId, UnixSeconds>,
    /// A second, and the number of unknown orbs that were looked at in it.
    strangers: (u64, u32),
}

/// Way in which a question about an orb is answered.
enum Answer {
    Active,
    AskChain,
    Busy,
}

impl ActiveOrbs {
    pub(crate) fn new(chain: Arc<dyn ChainReader>, clock: Arc<dyn Clock>) -> Self {
        Self {
            chain,
            clock,
            seen: Mutex::default(),
        }
    }

    /// Returns whether the orb registry lists `orb` as active, now or a few seconds ago.
    ///
    /// # Errors
    /// [`EnrolError::Busy`] when too many unknown orbs are asked about, or
    /// [`EnrolError::Chain`].
    pub(crate) async fn is_active(&self, orb: OrbId) -> Result<bool, EnrolError> {
        let now = self.clock.now();
        let answer = self.seen().answer(orb, now);
        match answer {
            Answer::Active => return Ok(true),
            Answer::Busy => return Err(EnrolError::Busy),
            Answer::AskChain => {}
        }
        let is_active = self.chain.is_active_orb(orb).await?;
        let mut seen = self.seen();
        if is_active {
            seen.active.insert(orb, now);
        } else {
            seen.active.remove(&orb);
        }
        Ok(is_active)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn answer(&mut self, orb: OrbId, now: UnixSeconds) -> Answer {
        if let Some(found) = self.active.get(&orb) {
            return if now.0.abs_diff(found.0) < ACTIVE_SECS {
                Answer::Active
            } else {
                Answer::AskChain
            };
        }
        let (second, looks) = self.strangers;
        let looks = if second == now.0 { looks } else { 0 };
        if looks >= STRANGERS_PER_SEC {
            return Answer::Busy;
        }
        self.strangers = (now.0, looks + 1);
        Answer::AskChain
    }
}

#[cfg(test)]
mod tests {
    use annona_core::Address;

    use super::*;

    fn orb(number: u8) -> OrbId {
        OrbId(Address::repeat_byte(number))
    }

    #[test]
    fn strangers_cost_few_looks_and_known_orbs_go_on() {
        let mut seen = Seen::default();
        let now = UnixSeconds(100);
        seen.active.insert(orb(1), now);
        let mut asked = 0;
        for number in 2..=255 {
            match seen.answer(orb(number), now) {
                Answer::AskChain => asked += 1,
                Answer::Busy => {}
                Answer::Active => panic!("nobody has seen orb {number}"),
            }
        }
        assert_eq!(asked, STRANGERS_PER_SEC);
        assert!(matches!(seen.answer(orb(1), now), Answer::Active));
        let later = UnixSeconds(now.0 + ACTIVE_SECS);
        assert!(matches!(seen.answer(orb(1), later), Answer::AskChain));
        assert!(matches!(seen.answer(orb(2), later), Answer::AskChain));
    }
}
