//! Set of the open connections, and the choice of one to close in favour of a new one.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::ConnectionLimits;
use crate::clients::Client;

/// Marks a connection whose request is worked on.
const WORKING: u64 = u64::MAX;

/// The connections that are open (RELAY-12).
///
/// Someone new is let in as long as anybody waits for their peer: the connection that has
/// waited longest, be it for a head, a body, the next request or for an answer to be taken,
/// is closed for it. So whoever opens many only closes their own.
pub(super) struct Connections {
    limits: ConnectionLimits,
    started: Instant,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    all: BTreeMap<u64, Arc<State>>,
    by_client: HashMap<Client, usize>,
}

/// A connection as the others see it.
struct State {
    client: Client,
    /// Milliseconds since the start at which the wait for the peer began, or [`WORKING`].
    waiting_since: AtomicU64,
    closing: CancellationToken,
}

/// One connection; dropped, it is not counted any longer.
pub(crate) struct Connection {
    number: u64,
    state: Arc<State>,
    requests: AtomicU64,
    connections: Weak<Connections>,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            started: Instant::now(),
            open: Mutex::default(),
        })
    }

    pub(super) const fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// Lets a connection in; `None` when there is no room and nobody to make it.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<Connection>> {
        let client = Client::from(peer);
        let mut open = self.open();
        let count = open.by_client.get(&client).copied().unwrap_or(0);
        let is_held_to_share = !self.limits.clients.is_proxy(peer);
        if is_held_to_share && count >= self.limits.per_client && !open.close_one_of(client) {
            return None;
        }
        if open.all.len() >= self.limits.in_all && !open.close_one() {
            return None;
        }
        let state = Arc::new(State {
            client,
            waiting_since: AtomicU64::new(self.now()),
            closing: CancellationToken::new(),
        });
        let number = open.next;
        open.next += 1;
        open.all.insert(number, Arc::clone(&state));
        *open.by_client.entry(client).or_default() += 1;
        Some(Arc::new(Connection {
            number,
            state,
            requests: AtomicU64::new(0),
            connections: Arc::downgrade(self),
        }))
    }

    /// Closes a connection because descriptors have run out.
    pub(super) fn make_room(&self) {
        self.open().close_one();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(WORKING - 1)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes a connection of the client that has most, or else of any client.
    fn close_one(&mut self) -> bool {
        let busiest = self.by_client.iter().max_by_key(|(_, count)| **count);
        let busiest = busiest.map(|(client, _)| *client);
        busiest.is_some_and(|client| self.close_one_of(client)) || self.close_longest(|_| true)
    }

    fn close_one_of(&mut self, client: Client) -> bool {
        self.close_longest(|state| state.client == client)
    }

    /// Closes the connection that has waited longest among those that `may_go`.
    fn close_longest(&mut self, may_go: impl Fn(&State) -> bool) -> bool {
        let waiting = self.all.iter().filter(|(_, state)| may_go(state));
        let longest = waiting
            .map(|(number, state)| (state.waiting_since.load(Ordering::Relaxed), *number))
            .filter(|(since, _)| *since != WORKING)
            .min();
        let Some((_, number)) = longest else {
            return false;
        };
        if let Some(state) = self.remove(number) {
            state.closing.cancel();
            metrics::counter!("annona_http_connections_closed_total").increment(1);
        }
        true
    }

    fn remove(&mut self, number: u64) -> Option<Arc<State>> {
        let state = self.all.remove(&number)?;
        if let Some(count) = self.by_client.get_mut(&state.client) {
            *count -= 1;
            if *count == 0 {
                self.by_client.remove(&state.client);
            }
        }
        Some(state)
    }
}

impl Connection {
    /// Ends when somebody else needs the place.
    pub(super) async fn closed(&self) {
        self.state.closing.cancelled().await;
    }

    /// The number of this request on the connection, from 1.
    pub(super) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The request is there: until [`Self::begin_wait`] the connection is not closed for
    /// another one.
    pub(crate) fn begin_work(&self) {
        self.state.waiting_since.store(WORKING, Ordering::Relaxed);
    }

    /// Notes that it is the peer's turn.
    pub(super) fn begin_wait(&self) {
        if let Some(connections) = self.connections.upgrade() {
            let now = connections.now();
            self.state.waiting_since.store(now, Ordering::Relaxed);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(connections) = self.connections.upgrade() {
            // One that was closed for another is not counted already.
            let _counted = connections.open().remove(self.number);
        }
    }
}
