//! Command `annona serve`: wiring of the service from its configuration, its start, its signals and
//! its end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use annona_api::ApiState;
use annona_bindings::Deployment;
use annona_chain::{EvmChain, EvmReader, ReceiptKey, SenderKeys};
use annona_core::{B256, ClaimWindow, EpochClock, UnixSeconds};
use annona_engine::ports::{Clock, Store};
use annona_engine::{
    BatchPolicy, ClaimDesk, ClaimRules, EnrolmentDesk, EnrolmentPolicy, Membership,
    MembershipRules, Outbox, OutboxRules, ReceiptDesk, Relay, RelayParts, RelayRules, Sequencer,
    SequencerParts, SequencerRules,
};
use annona_keys::UnsafeKeys;
use annona_matcher::{Access, DecisionRule, Gallery, GalleryError};
use annona_proofs::RegistryScope;
use annona_store::{DeploymentTag, SqliteStore};
use annona_wire::ConfigView;
use anyhow::Context;
use clap::Args;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::background::{Workers, health_board};
use crate::config::Config;
use crate::ground::GroundCheck;
use crate::health::ServiceHealth;
use crate::output::Format;
use crate::prover::LocalProver;
use crate::signals::EndSignals;
use crate::tree_file::TreeFile;
use crate::workers::Workplace;
use crate::{keys, logs};

/// Arguments of `annona serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file; deploy/annona.sample.toml shows one.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Take the circuits' test keys outside development chains, if the configuration says
    /// so too: anybody can forge memberships under them.
    #[arg(long)]
    allow_unsafe_test_keys: bool,
    /// Say where it listens as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listening {
    listening: String,
}

/// Longest wait for open requests after a signal to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |elapsed| elapsed.as_secs()))
    }
}

/// The parts of the service, wired.
struct Service {
    state: ApiState,
    workers: Workers,
    store: SqliteStore,
}

impl Service {
    async fn assemble(
        config: &Config,
        unsafe_keys: UnsafeKeys,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let deployment = Deployment::load(&config.service.deployment)?;
        let provider = annona_rpc::connect(config.chain.rpc_url.expose())?;
        let reader = EvmReader::trusting(provider, deployment.clone());
        let confirmations = config.chain.confirmations;
        let sqlite = open_store(config, &deployment).await?;
        let (ground_check, ground) =
            GroundCheck::new(reader.clone(), sqlite.clone(), confirmations);
        ground_check
            .look()
            .await
            .context("the service cannot start on this endpoint")?;
        let (genesis, length_secs) = reader.calendar().await?;
        let calendar = EpochClock::new(genesis, length_secs)?;
        let window = ClaimWindow(reader.claim_window().await?);
        let chain = Arc::new(EvmChain::new(
            reader,
            SenderKeys {
                sequencer: keys::read(&config.keys.sequencer_file)?,
                relay: config.relay_keys()?,
            },
        ));
        let store: Arc<dyn Store> = Arc::new(sqlite.clone());
        let membership = Arc::new(Membership::new(MembershipRules {
            calendar,
            window,
            confirmations,
        }));
        let tree_file = TreeFile::new(config.service.tree(), &deployment, membership.clone());
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .context("metrics cannot be recorded")?;
        let receipt_key = keys::read(&config.keys.receipt_file)?;
        keys::ensure_named(receipt_key.address(), &deployment)?;
        let receipts = ReceiptDesk::new(
            Arc::new(ReceiptKey::new(receipt_key)),
            deployment.claim_scope(),
        );
        let pause = Duration::from_millis(config.chain.poll_interval_ms);
        let board = Arc::new(health_board(pause));
        let enrolments = Arc::new(EnrolmentDesk::new(
            store.clone(),
            chain.clone(),
            Arc::new(SystemClock),
            membership.clone(),
            enrolment_policy(config, &deployment, calendar),
            open_gallery(&config.service.gallery())?,
        ));
        enrolments.refuse_orbs(config.enrolment.refused_orbs());
        let state = ApiState {
            enrolments,
            claims: Arc::new(ClaimDesk::new(
                store.clone(),
                chain.clone(),
                Arc::new(SystemClock),
                ClaimRules {
                    scope: deployment.claim_scope(),
                    token: deployment.token,
                    calendar,
                    window,
                    promise_secs: config.claims.promise_secs,
                },
            )),
            receipts: receipts.clone(),
            membership: membership.clone(),
            chain: chain.clone(),
            calendar,
            window,
            config: config_view(config, &deployment, &receipts, &calendar, window),
            readiness: Arc::new(ServiceHealth {
                board: Arc::clone(&board),
                ground: ground.clone(),
            }),
            metrics: metrics.clone(),
        };
        let scope = RegistryScope {
            chain_id: deployment.chain_id,
            registry: deployment.registry,
        };
        let prover = LocalProver::new(scope, config.keys.circuits_folder.clone(), unsafe_keys)?;
        let sequencer = Sequencer::new(
            SequencerParts {
                store: store.clone(),
                chain: chain.clone(),
                membership: membership.clone(),
                prover: Arc::new(prover),
                clock: Arc::new(SystemClock),
            },
            SequencerRules {
                policy: BatchPolicy {
                    max_wait_secs: config.sequencer.max_wait_secs,
                    epoch_margin_secs: config.sequencer.epoch_margin_secs,
                    recovery_share_percent: config.sequencer.recovery_share_percent,
                },
                fees: config.chain.fees(),
                calendar,
                confirmations,
            },
        );
        let workers = Workers {
            outbox: Arc::new(Outbox::new(
                store.clone(),
                chain.clone(),
                OutboxRules {
                    confirmations,
                    fees: config.chain.fees(),
                },
            )),
            relay: Arc::new(Relay::new(
                RelayParts {
                    store,
                    chain: chain.clone(),
                    clock: Arc::new(SystemClock),
                },
                RelayRules {
                    policy: config.relay.policy(),
                    fees: config.chain.fees(),
                    calendar,
                    window,
                    confirmations,
                },
            )),
            sequencer: Arc::new(sequencer),
            membership,
            tree_file,
            chain,
            chain_id: deployment.chain_id,
            ground: Arc::new(ground_check),
            store: sqlite.clone(),
            database: config.service.database.clone(),
            metrics,
            pause,
            workplace: Workplace {
                board,
                ground,
                stop,
            },
        };
        Ok(Self {
            state,
            workers,
            store: sqlite,
        })
    }
}

pub(crate) async fn open_store(
    config: &Config,
    deployment: &Deployment,
) -> anyhow::Result<SqliteStore> {
    let tag = DeploymentTag {
        chain_id: deployment.chain_id,
        registry: deployment.registry,
        distributor: deployment.distributor,
        model_id: B256::from(annona_template::MODEL_ID),
    };
    let path = &config.service.database;
    SqliteStore::open(path, &tag)
        .await
        .with_context(|| format!("cannot open the database {}", path.display()))
}

/// The files are a copy of the database's gallery: those of another version are thrown
/// away, and while another process writes them, this one follows.
fn open_gallery(folder: &Path) -> anyhow::Result<Gallery> {
    let open = |access| Gallery::open(folder, access);
    let gallery = match open(Access::Write) {
        Err(error) if error.is_cured_by_rebuilding() => {
            tracing::warn!(%error, "the gallery files are made again from the database");
            Gallery::discard(folder)?;
            open(Access::Write)
        }
        Err(GalleryError::InUse { .. }) => open(Access::Read),
        opened => opened,
    };
    gallery.with_context(|| format!("cannot open the gallery {}", folder.display()))
}

fn enrolment_policy(
    config: &Config,
    deployment: &Deployment,
    calendar: EpochClock,
) -> EnrolmentPolicy {
    EnrolmentPolicy {
        domain: deployment.enrolment_domain(),
        model_id: B256::from(annona_template::MODEL_ID),
        max_age_secs: config.enrolment.max_capture_age_secs,
        max_skew_secs: config.enrolment.max_clock_skew_secs,
        rule: DecisionRule::standard(),
        recovery_cooldown_secs: config.enrolment.recovery_cooldown_secs,
        calendar,
        people_per_orb: config.enrolment.people_per_orb.get(),
        review_keep_secs: config.enrolment.review_keep_secs,
    }
}

fn config_view(
    config: &Config,
    deployment: &Deployment,
    receipts: &ReceiptDesk,
    calendar: &EpochClock,
    window: ClaimWindow,
) -> ConfigView {
    ConfigView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        chain_id: deployment.chain_id,
        registry: deployment.registry.to_string(),
        distributor: deployment.distributor.to_string(),
        orb_registry: deployment.orb_registry.to_string(),
        token: deployment.token.to_string(),
        receipt_signer: receipts.signer().to_string(),
        genesis: calendar.genesis().0,
        epoch_length_secs: calendar.length_secs(),
        claim_window_epochs: window.0,
        confirmations: config.chain.confirmations,
        model_id: B256::from(annona_template::MODEL_ID).to_string(),
        max_capture_age_secs: config.enrolment.max_capture_age_secs,
    }
}

/// Runs the service until SIGINT or SIGTERM.
pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let descriptors = annona_api::raise_descriptor_limit()
        .context("the number of files that may be open cannot be read")?;
    let connections = config.http.connections(descriptors)?;
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
    enrolments: Arc<EnrolmentDesk>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = hangups.next() => {}
        }
        match Config::load(&path) {
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
