//! Work of the service in the background, and the looks that it takes meanwhile.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use annona_engine::ports::{ChainError, ChainReader, Clock, EnrolmentRepository};
use annona_engine::{Membership, Outbox, Relay, Sequencer};
use annona_store::SqliteStore;
use annona_wire::ServicePart;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::checks::{ChainIdentityCheck, ClockCheck, check_disk};
use crate::clock::SystemClock;
use crate::health::HealthBoard;
use crate::tree_file::TreeFile;
use crate::workers::{Pace, Workplace};

/// Pause between two looks at what can fail beside the work: database, chain, disk, clock.
const LOOK_PAUSE: Duration = Duration::from_secs(3);
/// Pause between two comparisons of chain and contracts with the database.
const IDENTITY_PAUSE: Duration = Duration::from_secs(30);
/// Pause between two looks for packages that are too old.
const WIPE_PAUSE: Duration = Duration::from_secs(600);
/// Longest of these looks; a write waits for one in another process for 10 s.
const LOOK_LIMIT: Duration = Duration::from_secs(15);
/// Longest step of a worker that asks the chain.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// Longest step of the sequencer, which proves.
const PROVING_LIMIT: Duration = Duration::from_secs(600);
/// Time for which failing steps are borne before a part counts as not ready.
const BORNE: Duration = Duration::from_secs(10);

const LOOK: Pace = Pace {
    pause: LOOK_PAUSE,
    step_limit: LOOK_LIMIT,
};
const IDENTITY_LOOK: Pace = Pace {
    pause: IDENTITY_PAUSE,
    step_limit: STEP_LIMIT,
};

/// The paces of the workers, with `pause` between two steps.
const fn stepping(pause: Duration) -> Pace {
    Pace {
        pause,
        step_limit: STEP_LIMIT,
    }
}

const fn proving(pause: Duration) -> Pace {
    Pace {
        pause,
        step_limit: PROVING_LIMIT,
    }
}

/// A board with every part of the service (RELAY-11).
pub(crate) fn health_board(pause: Duration) -> HealthBoard {
    let patience = |part| match part {
        ServicePart::Store | ServicePart::Disk | ServicePart::Clock => {
            LOOK.patience(Duration::ZERO)
        }
        ServicePart::Contracts => IDENTITY_LOOK.patience(Duration::ZERO),
        ServicePart::Chain => LOOK.patience(BORNE),
        ServicePart::Membership | ServicePart::Relay | ServicePart::Outbox => {
            stepping(pause).patience(BORNE)
        }
        ServicePart::Sequencer => proving(pause).patience(BORNE),
    };
    let parts = ServicePart::ALL.map(|part| (part, patience(part)));
    HealthBoard::new(Arc::new(SystemClock), parts)
}

/// Workers in the background, each in a task of its own: one that hangs or fails holds up no
/// other.
pub struct Workers {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) membership: Arc<Membership>,
    pub(crate) tree_file: TreeFile,
    pub(crate) chain: Arc<dyn ChainReader>,
    pub(crate) chain_id: u64,
    pub(crate) identity_check: Arc<ChainIdentityCheck>,
    pub(crate) store: SqliteStore,
    pub(crate) database: PathBuf,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) pause: Duration,
    pub(crate) workplace: Workplace,
}

impl Workers {
    /// Runs them all until the service stops. The tree's file is read before its events are.
    pub async fn run(mut self) {
        self.tree_file.load().await;
        self.start().join_all().await;
    }

    fn start(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let stop = self.workplace.stop.clone();
        tasks.spawn(self.tree_file.keep(stop.clone()));
        tasks.spawn(wipe_packages(self.store.clone(), stop.clone()));
        tasks.spawn(keep_books(
            self.metrics,
            Arc::clone(&self.workplace.board),
            stop,
        ));
        let pace = stepping(self.pause);
        let (workplace, outbox) = (self.workplace.clone(), self.outbox);
        tasks.spawn(async move {
            let step = || async { outbox.step().await.map(drop) };
            workplace.work(ServicePart::Outbox, pace, step).await;
        });
        let (workplace, relay) = (self.workplace.clone(), self.relay);
        tasks.spawn(async move {
            let step = || async { relay.step().await.map(drop) };
            workplace.work(ServicePart::Relay, pace, step).await;
        });
        let (workplace, chain) = (self.workplace.clone(), Arc::clone(&self.chain));
        let membership = self.membership;
        tasks.spawn(async move {
            let step = || async { membership.sync(&*chain).await.map(drop) };
            workplace.work(ServicePart::Membership, pace, step).await;
        });
        let (workplace, sequencer) = (self.workplace.clone(), self.sequencer);
        let proving = proving(self.pause);
        tasks.spawn(async move {
            let step = || async { sequencer.step().await.map(drop) };
            workplace.work(ServicePart::Sequencer, proving, step).await;
        });
        let (workplace, check) = (self.workplace.clone(), self.identity_check);
        tasks.spawn(async move {
            let look = || check.look();
            workplace
                .repeat(ServicePart::Contracts, IDENTITY_LOOK, look)
                .await;
        });
        let (workplace, store) = (self.workplace.clone(), self.store);
        tasks.spawn(async move {
            let look = || store.probe_write(SystemClock.now());
            workplace.repeat(ServicePart::Store, LOOK, look).await;
        });
        let (workplace, database) = (self.workplace.clone(), self.database);
        tasks.spawn(async move {
            let look = || async { check_disk(&database) };
            workplace.repeat(ServicePart::Disk, LOOK, look).await;
        });
        tasks.spawn(watch_chain(self.workplace, self.chain, self.chain_id));
        tasks
    }
}

/// Looks at the newest block, and holds the clock against it.
async fn watch_chain(workplace: Workplace, chain: Arc<dyn ChainReader>, chain_id: u64) {
    let clock = Mutex::new(ClockCheck::new(chain_id));
    let look = || async {
        let head = chain.head().await?;
        let judged = clock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .judge(SystemClock.now(), head);
        match judged {
            Ok(()) => workplace.board.success(ServicePart::Clock),
            Err(error) => workplace
                .board
                .failure(ServicePart::Clock, &error.to_string()),
        }
        Ok::<(), ChainError>(())
    };
    workplace.repeat(ServicePart::Chain, LOOK, look).await;
}

/// Wipes packages for citizens that nobody fetched in time, also while nobody enrols (ENROL-22).
async fn wipe_packages(store: SqliteStore, stop: CancellationToken) {
    loop {
        if let Err(error) = store.wipe_old_packages(SystemClock.now()).await {
            tracing::warn!(%error, "old packages are not wiped yet");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(WIPE_PAUSE) => {}
        }
    }
}

/// Folds recorded figures together, and says which part has fallen silent.
async fn keep_books(metrics: PrometheusHandle, board: Arc<HealthBoard>, stop: CancellationToken) {
    loop {
        board.announce();
        metrics.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_PAUSE) => {}
        }
    }
}
