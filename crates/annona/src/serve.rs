//! Command `annona serve`: start of the service, its signals and its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use annona_engine::EnrolmentService;
use annona_keys::UnsafeKeys;
use annona_service::assemble::Service;
use annona_service::logs;
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::load_config;
use crate::output::Format;
use crate::signals::EndSignals;

/// Arguments of `annona serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file; deploy/annona.sample.toml shows one.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Use the circuits' test keys outside development chains, if the configuration allows it
    /// too: anybody can forge memberships under them.
    #[arg(long)]
    allow_unsafe_test_keys: bool,
    /// Print the address that the service listens on as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listening {
    listening: String,
}

/// Longest wait for open requests after a signal to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Runs the service until SIGINT or SIGTERM.
pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = load_config(&args.config)?;
    let descriptors = annona_api::raise_descriptor_limit()
        .context("the number of files that may be open cannot be read")?;
    let connections = config.connections(descriptors)?;
    logs::init(config.logs.format);
    let unsafe_keys = UnsafeKeys::said(
        config.keys.allow_unsafe_test_keys,
        args.allow_unsafe_test_keys,
    );
    let stop = CancellationToken::new();
    let Service {
        state,
        workers,
        store,
    } = Service::assemble(&config, unsafe_keys, stop.clone()).await?;
    let listener = TcpListener::bind(config.service.listen)
        .await
        .with_context(|| {
            format!(
                "cannot listen on {}; end what listens there, or set `listen` of [service] to another address",
                config.service.listen
            )
        })?;
    // The one line on standard output tells a caller the port that was taken.
    // Before the line below: whoever reads it may send a signal at once.
    let signals = EndSignals::listen_except_hangup()?;
    let hangups = Hangups::listen()?;
    let listening = Listening {
        listening: format!("http://{}", listener.local_addr()?),
    };
    Format::from_flag(args.json).print(&listening, || {
        format!("listening on {}", listening.listening)
    })?;

    let rereading = tokio::spawn(reread_on_hangup(
        hangups,
        args.config,
        Arc::clone(&state.enrolments),
        stop.clone(),
    ));
    let background = tokio::spawn(workers.run());
    let heeding = tokio::spawn(heed(signals, stop.clone()));
    let router = annona_api::router_with_limits(state, config.limits()?);
    tokio::select! {
        () = annona_api::serve(listener, router, connections, stop.clone()) => {}
        () = end_of_grace(&stop) => {}
    }
    background.await?;
    rereading.await?;
    store.close().await;
    heeding.abort();
    Ok(ExitCode::SUCCESS)
}

/// Stops the service at the first signal, and ends the process at the second.
async fn heed(mut signals: EndSignals, stop: CancellationToken) {
    signals.next().await;
    tracing::info!(
        "stopping; what is under way is stored and goes on at the next start; a second signal \
         ends it at once"
    );
    stop.cancel();
    signals.next().await.end_process()
}

/// Open requests may end within the grace; event streams would hold up the end for longer.
async fn end_of_grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(SHUTDOWN_GRACE).await;
}

/// Reads again on SIGHUP which orbs are refused; a configuration that cannot be read
/// changes nothing.
async fn reread_on_hangup(
    mut hangups: Hangups,
    path: PathBuf,
    enrolments: Arc<EnrolmentService>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = hangups.next() => {}
        }
        match load_config(&path) {
            Ok(config) => {
                let refused = config.enrolment.refused_orbs();
                tracing::info!(
                    orbs = refused.len(),
                    "orbs that are refused were read again"
                );
                enrolments.refuse_orbs(refused);
            }
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the configuration cannot be read again; the same orbs are refused as before"
                );
            }
        }
    }
}

/// SIGHUP, heeded from [`Hangups::listen`] on.
#[cfg(unix)]
struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::hangup())?))
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// There is no such signal.
#[cfg(not(unix))]
struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
