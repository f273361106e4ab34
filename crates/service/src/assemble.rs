//! Wiring of the service from its configuration.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annona_api::ApiState;
use annona_bindings::Deployment;
use annona_chain::{EvmReader, EvmWriter, ReceiptKey, SenderKeys};
use annona_core::{B256, ClaimCalendar, EpochClock};
use annona_engine::ports::{ChainPorts, ChainReader, Store};
use annona_engine::{
    BatchPolicy, ClaimRules, ClaimService, EnrolmentPolicy, EnrolmentService, Membership, Outbox,
    ReceiptService, Relay, RelayParts, RelayRules, Sequencer, SequencerParts, SequencerRules,
    SettlementRules,
};
use annona_keys::UnsafeKeys;
use annona_matcher::{Access, DecisionRule, Gallery, GalleryError};
use annona_proofs::RegistryScope;
use annona_store::{DeploymentTag, SqliteStore};
use annona_wire::ConfigView;
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio_util::sync::CancellationToken;

use crate::account_keys;
use crate::background::{Workers, health_board};
use crate::checks::ChainIdentityCheck;
pub use crate::clock::SystemClock;
use crate::config::Config;
use crate::health::ServiceHealth;
use crate::prover::LocalProver;
use crate::tree_file::TreeFile;
use crate::workers::Workplace;

/// The parts of the service, wired.
pub struct Service {
    /// State of the API.
    pub state: ApiState,
    /// Workers, which do nothing until they are run.
    pub workers: Workers,
    /// The database, to be closed at the end.
    pub store: SqliteStore,
}

impl Service {
    /// Wires the service of a configuration, and checks the chain that it rests on.
    ///
    /// # Errors
    /// Names the file, the endpoint or the contract that keeps the service from starting.
    pub async fn assemble(
        config: &Config,
        unsafe_keys: UnsafeKeys,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let app = config.service.app()?;
        let deployment = Deployment::load(&config.service.deployment)?;
        let provider = annona_rpc::connect(config.chain.rpc_url.expose())?;
        let reader = EvmReader::trusting(provider, deployment.clone());
        let confirmations = config.chain.confirmations;
        let sqlite = open_store(config, &deployment).await?;
        let (identity_check, is_own_chain) =
            ChainIdentityCheck::new(reader.clone(), sqlite.clone(), confirmations);
        identity_check
            .look()
            .await
            .context("the service cannot start on this endpoint")?;
        let settlement = SettlementRules {
            calendar: reader.calendar().await?,
            confirmations,
            fees: config.chain.fees(),
        };
        let calendar = settlement.calendar;
        let keys = SenderKeys {
            sequencer: account_keys::read(&config.keys.sequencer_file)?,
            relay: config.relay_keys()?,
        };
        let writer = Arc::new(EvmWriter::new(reader.clone(), keys));
        let reader: Arc<dyn ChainReader> = Arc::new(reader);
        let chain = ChainPorts {
            reader: Arc::clone(&reader),
            writer,
        };
        let store: Arc<dyn Store> = Arc::new(sqlite.clone());
        let membership = Arc::new(Membership::new(settlement.membership()));
        let tree_file = TreeFile::new(config.service.tree(), &deployment, membership.clone());
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .context("metrics cannot be recorded")?;
        let receipt_key = account_keys::read(&config.keys.receipt_file)?;
        account_keys::ensure_named(receipt_key.address(), &deployment)?;
        let receipts = ReceiptService::new(
            Arc::new(ReceiptKey::new(receipt_key)),
            deployment.claim_scope(),
        );
        let pause = Duration::from_millis(config.chain.poll_interval_ms);
        let board = Arc::new(health_board(pause));
        let enrolments = Arc::new(EnrolmentService::new(
            store.clone(),
            reader.clone(),
            Arc::new(SystemClock),
            membership.clone(),
            enrolment_policy(config, &deployment, calendar.clock),
            open_gallery(&config.service.gallery())?,
        ));
        enrolments.refuse_orbs(config.enrolment.refused_orbs());
        let state = ApiState {
            enrolments,
            claims: Arc::new(ClaimService::new(
                store.clone(),
                reader.clone(),
                Arc::new(SystemClock),
                ClaimRules {
                    scope: deployment.claim_scope(),
                    token: deployment.token,
                    calendar,
                    promise_secs: config.claims.promise_secs,
                },
            )),
            receipts: receipts.clone(),
            membership: membership.clone(),
            chain: reader.clone(),
            calendar,
            config: config_view(config, &deployment, &receipts, &calendar),
            app,
            readiness: Arc::new(ServiceHealth {
                board: Arc::clone(&board),
                is_own_chain: is_own_chain.clone(),
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
                settlement,
            },
        );
        let workers = Workers {
            outbox: Arc::new(Outbox::new(store.clone(), chain.clone(), settlement)),
            relay: Arc::new(Relay::new(
                RelayParts {
                    store,
                    chain,
                    clock: Arc::new(SystemClock),
                },
                RelayRules {
                    policy: config.relay.policy(),
                    settlement,
                },
            )),
            sequencer: Arc::new(sequencer),
            membership,
            tree_file,
            chain: reader,
            chain_id: deployment.chain_id,
            identity_check: Arc::new(identity_check),
            store: sqlite.clone(),
            database: config.service.database.clone(),
            metrics,
            pause,
            workplace: Workplace {
                board,
                is_own_chain,
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

/// Opens the database of a configuration, which belongs to one deployment.
///
/// # Errors
/// The database cannot be opened, or belongs to another deployment or model.
pub async fn open_store(config: &Config, deployment: &Deployment) -> anyhow::Result<SqliteStore> {
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
        commitments: config.enrolment.commitments.into(),
    }
}

fn config_view(
    config: &Config,
    deployment: &Deployment,
    receipts: &ReceiptService,
    calendar: &ClaimCalendar,
) -> ConfigView {
    ConfigView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        chain_id: deployment.chain_id,
        registry: deployment.registry.to_string(),
        distributor: deployment.distributor.to_string(),
        orb_registry: deployment.orb_registry.to_string(),
        token: deployment.token.to_string(),
        receipt_signer: receipts.signer().to_string(),
        genesis: calendar.clock.genesis().0,
        epoch_length_secs: calendar.clock.length_secs(),
        claim_window_epochs: calendar.window.0,
        confirmations: config.chain.confirmations,
        deployment_block: deployment.deployment_block,
        rpc_urls: config
            .chain
            .public_rpc_urls
            .iter()
            .map(ToString::to_string)
            .collect(),
        model_id: B256::from(annona_template::MODEL_ID).to_string(),
        max_capture_age_secs: config.enrolment.max_capture_age_secs,
    }
}
