//! The sockets: who may connect, for how long, and what is closed when there are too many.

mod connections;
mod descriptors;
mod timed;

use core::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::ConnectionLimits;
pub(crate) use connections::Connection;
use connections::Connections;
pub use descriptors::raise_descriptor_limit;
use timed::TimedStream;

/// Sockets that are about to close while others have taken their places.
const CLOSING_CONNECTIONS: usize = 64;

/// Pause after a failed accept, which is nearly always a want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Least time between two log lines about failed accepts.
const ACCEPT_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Largest head of a request.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Header lines of a request at most.
const MAX_HEADER_LINES: usize = 64;

/// Serves until `stop`, then until the requests under way are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    // Counts sockets until they are closed; the connections below count the ones in use.
    let sockets = limits.in_all.saturating_add(CLOSING_CONNECTIONS);
    let sockets = sockets.min(Semaphore::MAX_PERMITS);
    let server = Arc::new(Server {
        connections: Connections::new(limits),
        router,
        stop: stop.clone(),
    });
    let free = Arc::new(Semaphore::new(sockets));
    let mut failures = FailureLog::default();
    while !stop.is_cancelled() {
        let accepted = async {
            let socket = Arc::clone(&free).acquire_owned().await;
            (socket, listener.accept().await)
        };
        let (socket, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let server = Arc::clone(&server);
                if let Some(connection) = server.connections.admit(peer.ip()) {
                    tokio::spawn(async move {
                        server.answer(stream, peer, connection).await;
                        drop(socket);
                    });
                }
            }
            // The peer went away while it waited to be accepted.
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                failures.note(&error);
                server.connections.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // All sockets are free when all connections have ended.
    let all = u32::try_from(sockets).unwrap_or(u32::MAX);
    let _closed = free.acquire_many(all).await;
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

struct Server {
    connections: Arc<Connections>,
    router: Router,
    stop: CancellationToken,
}

impl Server {
    async fn answer(&self, stream: TcpStream, peer: SocketAddr, connection: Arc<Connection>) {
        // Events go out as they come; a socket that is gone already shows below.
        let _gone = stream.set_nodelay(true);
        let limits = self.connections.limits();
        let stream = TokioIo::new(TimedStream::new(stream, limits.write_timeout));
        let service = service_fn(|request| self.route(request, peer, &connection));
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADER_LINES)
            .serve_connection(stream, service);
        let mut serving = pin!(serving);
        tokio::select! {
            outcome = serving.as_mut() => return note_end(outcome),
            () = connection.closed() => return,
            () = self.stop.cancelled() => serving.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            outcome = serving => note_end(outcome),
            () = connection.closed() => {}
        }
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        connection: &Arc<Connection>,
    ) -> Result<Response<Body>, Infallible> {
        let number = connection.count_request();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(connection));
        let mut response = self.router.clone().oneshot(request).await?;
        connection.begin_wait();
        if number >= self.connections.limits().requests {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Ok(response)
    }
}

/// A peer that breaks off or is too slow is no fault of the service.
fn note_end(outcome: hyper::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Logs failed accepts now and then: there are many of them when descriptors run out.
#[derive(Default)]
struct FailureLog {
    last: Option<Instant>,
}

impl FailureLog {
    fn note(&mut self, error: &std::io::Error) {
        let is_due = self
            .last
            .is_none_or(|last| last.elapsed() >= ACCEPT_LOG_INTERVAL);
        if is_due {
            self.last = Some(Instant::now());
            tracing::warn!(%error, "no connection can be accepted now");
        }
    }
}
