use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use annona_core::{ClaimWindow, EpochClock};
use annona_engine::ports::ChainReader;
use annona_engine::{ClaimDesk, EnrolmentDesk, Membership, ReceiptDesk};
use annona_wire::ConfigView;
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::Limits;
use crate::rates::ClaimGate;

/// Says whether the database answers.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Whether it does, now.
    async fn store_is_ready(&self) -> bool;
}

/// What the routes work with.
#[derive(Clone)]
pub struct ApiState {
    /// Takes enrolments.
    pub enrolments: Arc<EnrolmentDesk>,
    /// Takes claims.
    pub claims: Arc<ClaimDesk>,
    /// Signs receipts of claims.
    pub receipts: ReceiptDesk,
    /// The membership tree, which somebody else keeps in step with the chain.
    pub membership: Arc<Membership>,
    /// The chain.
    pub chain: Arc<dyn ChainReader>,
    /// The deployment's calendar.
    pub calendar: EpochClock,
    /// How long an epoch can be claimed.
    pub window: ClaimWindow,
    /// What `/v1/config` shows.
    pub config: ConfigView,
    /// The database's readiness.
    pub readiness: Arc<dyn Readiness>,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

/// The state and what the router itself keeps.
pub(crate) struct Shared {
    pub(crate) api: ApiState,
    pub(crate) limits: Limits,
    pub(crate) openapi_json: String,
    pub(crate) claim_gate: ClaimGate,
    pub(crate) request_permits: Semaphore,
    pub(crate) event_permits: Arc<Semaphore>,
    pub(crate) requests_served: AtomicU64,
}

impl Shared {
    pub(crate) fn new(api: ApiState, limits: Limits, openapi_json: String) -> Self {
        Self {
            claim_gate: ClaimGate::new(limits.claims.clone()),
            request_permits: Semaphore::new(limits.max_concurrent_requests),
            event_permits: Arc::new(Semaphore::new(limits.max_event_streams)),
            requests_served: AtomicU64::new(0),
            api,
            limits,
            openapi_json,
        }
    }
}
