use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderName;

/// Largest body taken: an enrolment carries two templates in hexadecimal, about
/// 11 KiB in all, and a claim less than 2 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// How often a watched claim is read.
pub(crate) const EVENT_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Longest silence on a stream of events; proxies cut silent connections.
pub(crate) const EVENT_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Requests after which recorded latencies are folded into their histograms,
/// so that they do not pile up when nobody reads the metrics.
pub(crate) const REQUESTS_PER_METRICS_UPKEEP: u64 = 1_024;

/// Longest text of a parser that is repeated to the sender.
pub(crate) const MAX_PARSER_TEXT_CHARS: usize = 200;

/// How many claims are looked at. Each costs a verification of milliseconds, whether it is
/// true or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRates {
    /// Claims a second from one client, an IPv4 address or a /64 of IPv6.
    pub per_client: NonZeroU32,
    /// Claims that a client who was silent may send at once.
    pub burst_per_client: NonZeroU32,
    /// Claims a second from everybody.
    pub total: NonZeroU32,
    /// Header in which a proxy names the client; anyone else could write into it, so name
    /// one only when all requests come through that proxy. Without one, the address of the
    /// connection counts.
    pub client_header: Option<HeaderName>,
}

impl Default for ClaimRates {
    /// 10 a second and 50 at once from a client, 1,000 a second in all.
    fn default() -> Self {
        let rate = |rate| NonZeroU32::new(rate).expect("it is written here");
        Self {
            per_client: rate(10),
            burst_per_client: rate(50),
            total: rate(1_000),
            client_header: None,
        }
    }
}

/// What one service takes on at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest a request may take, its body included.
    pub request_timeout: Duration,
    /// Requests under way; health, readiness and metrics are not counted.
    pub max_concurrent_requests: usize,
    /// Streams of events open.
    pub max_event_streams: usize,
    /// Longest a stream of events lasts; a browser's `EventSource` connects again by itself.
    pub max_event_stream_duration: Duration,
    /// How many claims are looked at.
    pub claims: ClaimRates,
}

impl Default for Limits {
    /// 20 s, 256 requests, 1,024 streams of at most a minute.
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(20),
            max_concurrent_requests: 256,
            max_event_streams: 1_024,
            max_event_stream_duration: Duration::from_secs(60),
            claims: ClaimRates::default(),
        }
    }
}
