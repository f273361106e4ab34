//! Limits on requests, bodies, streams and connections, with their defaults.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::ClientNames;

/// Largest body taken: an enrolment carries two templates in hexadecimal, the package for the
/// person in base 64 and proofs, and while the model changes templates and proofs of the new one,
/// about 77 KiB in all; a claim has less than 2 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 96 * 1024;

/// Time between two reads of a watched claim.
pub(crate) const EVENT_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Longest silence on a stream of events; proxies cut silent connections.
pub(crate) const EVENT_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Requests after which recorded latencies are folded into their histograms,
/// so that they do not pile up when nobody reads the metrics.
pub(crate) const REQUESTS_PER_METRICS_UPKEEP: u64 = 1_024;

/// Longest text of a parser that is repeated to the sender.
pub(crate) const MAX_PARSER_TEXT_CHARS: usize = 200;

/// Rate at which one client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientRate {
    /// Requests a second.
    pub per_second: NonZeroU32,
    /// Requests that a client who was silent may send at once.
    pub burst: NonZeroU32,
}

impl ClientRate {
    /// A rate and a burst, both written in code.
    ///
    /// # Panics
    /// If one of them is zero.
    #[must_use]
    pub const fn of(per_second: u32, burst: u32) -> Self {
        Self {
            per_second: NonZeroU32::new(per_second).expect("a rate in code is not zero"),
            burst: NonZeroU32::new(burst).expect("a burst in code is not zero"),
        }
    }
}

/// Rates at which requests are looked at. Bodies are read before a request counts, so that
/// bodies that never come use nothing up (RELAY-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of any kind below `/v1`, and for files of the app, from one client.
    pub requests: ClientRate,
    /// Enrolments from one client.
    pub enrolments: ClientRate,
    /// Claims from one client. Each costs a verification of milliseconds, whether it is
    /// true or not.
    pub claims: ClientRate,
    /// Claims a second from everybody.
    pub claims_in_all: NonZeroU32,
}

impl Default for RateLimits {
    /// From a client 200 requests a second, of them 10 claims and 10 enrolments; 1,000
    /// claims a second in all.
    fn default() -> Self {
        Self {
            requests: ClientRate::of(200, 1_000),
            enrolments: ClientRate::of(10, 50),
            claims: ClientRate::of(10, 50),
            claims_in_all: NonZeroU32::new(1_000).expect("it is written here"),
        }
    }
}

/// Numbers of requests of each kind that are worked on at a time. A kind that has used up its
/// permits takes none from the others. Health, readiness and metrics are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permits {
    /// Requests for tiles of the tree.
    pub tiles: usize,
    /// Submissions of claims.
    pub claims: usize,
    /// Submissions of enrolments.
    pub enrolments: usize,
    /// Files of the citizen's app that are opened.
    pub files: usize,
    /// All other requests below `/v1`.
    pub lookups: usize,
}

impl Default for Permits {
    /// 256 claims, 64 of each other kind.
    fn default() -> Self {
        Self {
            tiles: 64,
            claims: 256,
            enrolments: 64,
            files: 64,
            lookups: 64,
        }
    }
}

/// Time that a body may take, and bytes of all bodies that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Time limit of a whole body.
    pub timeout: Duration,
    /// Longest pause between two pieces of it.
    pub pause: Duration,
    /// Bytes of all bodies that are read at the same time.
    pub bytes_in_all: usize,
}

impl Default for BodyLimits {
    /// 10 s, pauses of 3 s, 64 MiB.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            pause: Duration::from_secs(3),
            bytes_in_all: 64 << 20,
        }
    }
}

/// Numbers of streams of events that are open, and the duration of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Number of streams in all.
    pub in_all: usize,
    /// Number of streams of one client.
    pub per_client: usize,
    /// Time limit of a stream; a browser's `EventSource` connects again by itself.
    pub duration: Duration,
}

impl Default for StreamLimits {
    /// 256, 16 from one client, for a minute.
    fn default() -> Self {
        Self {
            in_all: 256,
            per_client: 16,
            duration: Duration::from_secs(60),
        }
    }
}

/// The load that one service takes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLimits {
    /// Time limit of the work on a request, from when its body is there.
    pub request_timeout: Duration,
    /// Reading of bodies.
    pub bodies: BodyLimits,
    /// Requests worked on at a time.
    pub permits: Permits,
    /// Requests by client and second.
    pub rates: RateLimits,
    /// Streams of events.
    pub streams: StreamLimits,
    /// Time for which an answer about the chain that anybody may ask for is given again.
    pub chain_answer_age: Duration,
    /// Names by which clients are distinguished.
    pub clients: ClientNames,
}

impl Default for ApiLimits {
    /// 20 s a request, answers about the chain for a second, and the defaults of the parts.
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(20),
            bodies: BodyLimits::default(),
            permits: Permits::default(),
            rates: RateLimits::default(),
            streams: StreamLimits::default(),
            chain_answer_age: Duration::from_secs(1),
            clients: ClientNames::default(),
        }
    }
}

/// The connections that one service holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Number of connections in all. Beyond it, the one that has waited longest for its peer
    /// makes room.
    pub in_all: usize,
    /// Number of connections of one client, except the proxies that are trusted.
    pub per_client: usize,
    /// Longest that a connection is idle, or takes over the head of a request.
    pub head_timeout: Duration,
    /// Longest that a peer takes nothing of an answer.
    pub write_timeout: Duration,
    /// Requests after which a connection is closed, so that each comes back to be counted.
    pub requests: u64,
    /// Names by which clients are distinguished.
    pub clients: ClientNames,
}

impl ConnectionLimits {
    /// Limits for a process that may open `descriptors` files: a part is kept for the
    /// database, the chain's endpoint and the gallery.
    #[must_use]
    pub fn for_descriptors(descriptors: u64, clients: ClientNames) -> Self {
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let kept = KEPT_DESCRIPTORS.min(descriptors / 2);
        let in_all = (descriptors - kept).clamp(1, MAX_CONNECTIONS);
        Self {
            in_all,
            per_client: in_all.div_ceil(4),
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            requests: 1_000,
            clients,
        }
    }
}

/// Files that the service opens besides connections of clients, with room to spare.
const KEPT_DESCRIPTORS: usize = 320;

/// Connections that are of use to one machine.
const MAX_CONNECTIONS: usize = 4_096;
