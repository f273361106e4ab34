use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::error::ApiError;
use crate::limits::ClaimRates;
use crate::state::Shared;

/// The route of claims.
const CLAIMS: &str = "/v1/claims";

/// Looks after which clients that have been silent are forgotten.
const LOOKS_PER_CLEANUP: u64 = 4_096;

/// Counts claims by client and in all.
pub(crate) struct ClaimGate {
    rates: ClaimRates,
    clients: DefaultKeyedRateLimiter<IpAddr>,
    total: DefaultDirectRateLimiter,
    looks: AtomicU64,
}

impl ClaimGate {
    pub(crate) fn new(rates: ClaimRates) -> Self {
        let of_a_client = Quota::per_second(rates.per_client).allow_burst(rates.burst_per_client);
        Self {
            clients: RateLimiter::keyed(of_a_client),
            total: RateLimiter::direct(Quota::per_second(rates.total)),
            rates,
            looks: AtomicU64::new(0),
        }
    }

    /// The client is asked first, so that one alone cannot use up what is for all.
    fn pass(&self, client: IpAddr) -> Result<(), ApiError> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        if looks.is_multiple_of(LOOKS_PER_CLEANUP) {
            self.clients.retain_recent();
            self.clients.shrink_to_fit();
        }
        self.clients
            .check_key(&client)
            .map_err(|until| refusal(&until))?;
        self.total.check().map_err(|until| refusal(&until))
    }

    fn client_of(&self, headers: &HeaderMap, connection: Option<SocketAddr>) -> IpAddr {
        let named = self.rates.client_header.as_ref().and_then(|name| {
            // A proxy appends: what stands last is its own word.
            let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok()
        });
        let connected = connection.map(|address| address.ip());
        prefix(
            named
                .or(connected)
                .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        )
    }
}

fn refusal(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> ApiError {
    let wait = until.wait_time_from(DefaultClock::default().now());
    ApiError::RateLimited {
        wait_secs: wait.as_secs() + 1,
    }
}

/// Whoever has one address of IPv6 has a /64 of them.
fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Turns claims away that come faster than allowed, before their bodies are read.
pub(crate) async fn limit_claims(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || request.uri().path() != CLAIMS {
        return next.run(request).await;
    }
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connection = connection.map(|ConnectInfo(address)| *address);
    let gate = &shared.claim_gate;
    let client = gate.client_of(request.headers(), connection);
    match gate.pass(client) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::HeaderName;

    use super::*;

    fn gate(client_header: Option<HeaderName>) -> ClaimGate {
        let rate = |rate| std::num::NonZeroU32::new(rate).unwrap();
        ClaimGate::new(ClaimRates {
            per_client: rate(1),
            burst_per_client: rate(3),
            total: rate(5),
            client_header,
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_and_all_together_are_held_to_their_rates() {
        let gate = gate(None);
        let passed = |client| (0..4).filter(|_| gate.pass(client).is_ok()).count();
        assert_eq!(passed(address("192.0.2.1")), 3);
        assert_eq!(passed(address("192.0.2.2")), 2, "five in all");
        assert!(matches!(
            gate.pass(address("192.0.2.1")),
            Err(ApiError::RateLimited { wait_secs: 1..=2 })
        ));
    }

    #[test]
    fn a_client_is_who_the_proxy_names_and_else_who_connects() {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.insert(&name, "198.51.100.9, 192.0.2.7".parse().unwrap());
        let connection = Some("203.0.113.1:5".parse().unwrap());
        let behind = gate(Some(name));
        assert_eq!(behind.client_of(&headers, connection), address("192.0.2.7"));
        let alone = gate(None);
        assert_eq!(
            alone.client_of(&headers, connection),
            address("203.0.113.1")
        );
        headers.clear();
        assert_eq!(
            behind.client_of(&headers, connection),
            address("203.0.113.1")
        );
    }

    #[test]
    fn addresses_of_one_household_are_one_client() {
        assert_eq!(
            prefix(address("2001:db8:1:2:3:4:5:6")),
            prefix(address("2001:db8:1:2:ffff::1"))
        );
        assert_ne!(
            prefix(address("2001:db8:1:2::1")),
            prefix(address("2001:db8:1:3::1"))
        );
        assert_eq!(prefix(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
