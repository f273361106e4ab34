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
use annona_keys::{UnsafeKeys, permit};
use annona_matcher::{Access, DecisionRule, Gallery, GalleryError};
use annona_proofs::{KeyOrigin, RegistryScope, VerifyingKey};
use annona_store::{DeploymentTag, SqliteStore};
use annona_wire::ConfigView;
use annona_zkml::{EncodingVerifier, ModelName, pinned};
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

/// Public inputs of a proof of encoding: both commitments and the context.
const ENCODING_INPUTS: usize = 3;

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
            enrolment_policy(config, &deployment, calendar.clock, unsafe_keys)?,
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
    unsafe_keys: UnsafeKeys,
) -> anyhow::Result<EnrolmentPolicy> {
    let rules = &config.enrolment;
    let verifier = || {
        let chain_id = deployment.chain_id;
        encoding_verifier(rules.encoding_key.as_deref(), chain_id, unsafe_keys)
    };
    Ok(EnrolmentPolicy {
        proofs: rules.encoding_proofs.policy(verifier)?,
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
    })
}

/// Makes the verifier of encodings by the model of templates: under the key in `file`, or under
/// the unsafe test key, which is permitted on development chains (ENROL-23).
fn encoding_verifier(
    file: Option<&Path>,
    chain_id: u64,
    unsafe_keys: UnsafeKeys,
) -> anyhow::Result<EncodingVerifier> {
    let verifier = match file {
        Some(path) => EncodingVerifier::new(ModelName::P, &read_encoding_key(path)?),
        None => EncodingVerifier::unsafe_test(ModelName::P),
    };
    let is_test_key = |model: &ModelName| pinned(*model).test_key_hash == verifier.key_hash();
    if ModelName::ALL.iter().any(is_test_key) {
        permit(KeyOrigin::UnsafeTest, chain_id, unsafe_keys).context(
            "encoding_key of [enrolment] names no key of a ceremony, and proofs are asked for",
        )?;
        tracing::warn!("encodings are verified under the UNSAFE test key: anybody can forge them");
    }
    Ok(verifier)
}

fn read_encoding_key(path: &Path) -> anyhow::Result<VerifyingKey> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let key = VerifyingKey::from_bytes(&bytes)
        .with_context(|| format!("{} is no verifying key", path.display()))?;
    anyhow::ensure!(
        key.input_count() == ENCODING_INPUTS,
        "{} is the key of another circuit",
        path.display()
    );
    Ok(key)
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

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    const DEVELOPMENT: u64 = 31_337;

    /// Tests ENROL-23: also where the file of the key names it.
    #[test]
    fn encodings_are_verified_under_a_test_key_on_development_chains_alone() {
        let named = Path::new(CRATES).join("zkml/keys/iris-p.UNSAFE-TEST.vk");
        for file in [None, Some(named.as_path())] {
            let make = |chain, said| encoding_verifier(file, chain, said);
            assert!(make(1, UnsafeKeys::Refuse).is_err(), "{file:?}");
            assert!(make(1, UnsafeKeys::AllowedOnce).is_err(), "{file:?}");
            assert!(make(1, UnsafeKeys::AllowedTwice).is_ok(), "{file:?}");
            let verifier = make(DEVELOPMENT, UnsafeKeys::Refuse).expect("a development chain");
            let pinned = pinned(ModelName::P).test_key_hash;
            assert_eq!(verifier.key_hash(), pinned, "{file:?}");
        }
    }

    #[test]
    fn a_file_without_a_key_of_encodings_is_refused_by_name() {
        for (file, said) in [
            ("proofs/keys/semaphore_30.vk", "another circuit"),
            ("proofs/Cargo.toml", "no verifying key"),
            ("proofs/nothing.vk", "cannot read"),
        ] {
            let path = Path::new(CRATES).join(file);
            let refused = encoding_verifier(Some(&path), DEVELOPMENT, UnsafeKeys::Refuse);
            let error = refused.map(drop).expect_err(file).to_string();
            assert!(error.contains(said) && error.contains(file), "{error}");
        }
    }
}
