use std::time::Duration;

/// Largest body taken: an enrolment carries two templates in hexadecimal, about
/// 11 KiB in all, and a claim less than 2 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// How often a watched claim is read.
pub(crate) const EVENT_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Longest silence on a stream of events; proxies cut silent connections.
pub(crate) const EVENT_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Longest a part may take to say that it is ready.
pub(crate) const READINESS_TIMEOUT: Duration = Duration::from_secs(2);

/// Requests after which recorded latencies are folded into their histograms,
/// so that they do not pile up when nobody reads the metrics.
pub(crate) const REQUESTS_PER_METRICS_UPKEEP: u64 = 1_024;

/// Longest text of a parser that is repeated to the sender.
pub(crate) const MAX_PARSER_TEXT_CHARS: usize = 200;

/// What one service takes on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest a request may take, its body included.
    pub request_timeout: Duration,
    /// Requests under way; health, readiness and metrics are not counted.
    pub max_concurrent_requests: usize,
    /// Streams of events open.
    pub max_event_streams: usize,
    /// Longest a stream of events lasts; a browser's `EventSource` connects again by itself.
    pub max_event_stream_duration: Duration,
}

impl Default for Limits {
    /// 20 s, 256 requests, 1,024 streams of at most a minute.
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(20),
            max_concurrent_requests: 256,
            max_event_streams: 1_024,
            max_event_stream_duration: Duration::from_secs(60),
        }
    }
}
