//! Limits on the rate of requests of each client, and on the rate of claims of all clients
//! together.

use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::clients::Client;
use crate::error::ApiError;
use crate::kinds::RequestKind;
use crate::limits::{ClientRate, RateLimits};

/// Looks after which clients that have been silent are forgotten.
const LOOKS_PER_CLEANUP: u64 = 4_096;

type ByClient = DefaultKeyedRateLimiter<Client>;

/// Counts requests by client, and claims in all.
pub(crate) struct RateGate {
    requests: ByClient,
    enrolments: ByClient,
    claims: ByClient,
    claims_in_all: DefaultDirectRateLimiter,
    looks: AtomicU64,
}

impl RateGate {
    pub(crate) fn new(rates: &RateLimits) -> Self {
        Self {
            requests: by_client(rates.requests),
            enrolments: by_client(rates.enrolments),
            claims: by_client(rates.claims),
            claims_in_all: RateLimiter::direct(Quota::per_second(rates.claims_in_all)),
            looks: AtomicU64::new(0),
        }
    }

    /// The client is asked first, so that one alone cannot use up what is for all.
    pub(crate) fn pass(&self, kind: RequestKind, client: Client) -> Result<(), ApiError> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        if looks.is_multiple_of(LOOKS_PER_CLEANUP) {
            self.forget_the_silent();
        }
        check(&self.requests, client)?;
        match kind {
            RequestKind::Enrolment => check(&self.enrolments, client),
            RequestKind::Claim => {
                check(&self.claims, client)?;
                self.claims_in_all.check().map_err(|until| refusal(&until))
            }
            RequestKind::Tile | RequestKind::File | RequestKind::Lookup => Ok(()),
        }
    }

    fn forget_the_silent(&self) {
        for limiter in [&self.requests, &self.enrolments, &self.claims] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn by_client(rate: ClientRate) -> ByClient {
    RateLimiter::keyed(Quota::per_second(rate.per_second).allow_burst(rate.burst))
}

fn check(limiter: &ByClient, client: Client) -> Result<(), ApiError> {
    limiter.check_key(&client).map_err(|until| refusal(&until))
}

fn refusal(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> ApiError {
    let wait = until.wait_time_from(DefaultClock::default().now());
    ApiError::RateLimited {
        wait_secs: wait.as_secs() + 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use super::*;

    fn client(text: &str) -> Client {
        text.parse::<IpAddr>().unwrap().into()
    }

    fn passed(gate: &RateGate, kind: RequestKind, client: Client) -> usize {
        (0..20).filter(|_| gate.pass(kind, client).is_ok()).count()
    }

    #[test]
    fn a_client_and_all_together_are_held_to_their_rates() {
        let rates = RateLimits {
            requests: ClientRate::of(1, 10),
            enrolments: ClientRate::of(1, 2),
            claims: ClientRate::of(1, 3),
            claims_in_all: NonZeroU32::new(5).unwrap(),
        };
        let gate = RateGate::new(&rates);
        let (one, other) = (client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(passed(&gate, RequestKind::Claim, one), 3);
        assert_eq!(passed(&gate, RequestKind::Claim, other), 2, "five in all");
        assert!(matches!(
            gate.pass(RequestKind::Claim, one),
            Err(ApiError::RateLimited { wait_secs: 1..=2 })
        ));
        let third = client("192.0.2.3");
        assert_eq!(passed(&gate, RequestKind::Enrolment, third), 2);
        let fourth = client("192.0.2.4");
        assert_eq!(passed(&gate, RequestKind::Tile, fourth), 10);
        assert_eq!(passed(&gate, RequestKind::Lookup, fourth), 0, "all kinds");
    }
}
