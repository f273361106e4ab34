use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use annona_core::{ClaimWindow, EpochClock};
use annona_engine::ports::ChainReader;
use annona_engine::{ClaimDesk, EnrolmentDesk, Membership, ReceiptDesk};
use annona_wire::{ConfigView, ReadinessView};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::Limits;
use crate::error::ApiError;
use crate::rates::ClaimGate;

/// Says how the parts of the service are. Nobody is asked for it: an answer is there even
/// while a part hangs.
pub trait Readiness: Send + Sync {
    /// How every part is.
    fn report(&self) -> ReadinessView;
    /// Whether chain and contracts are those that the service was set up for. While they
    /// are not, nothing new is taken.
    fn is_on_its_chain(&self) -> bool;
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
    /// How the parts of the service are.
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
    /// Refuses what would be judged by another chain.
    pub(crate) fn require_its_chain(&self) -> Result<(), ApiError> {
        if self.api.readiness.is_on_its_chain() {
            return Ok(());
        }
        Err(ApiError::OtherChain)
    }

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
