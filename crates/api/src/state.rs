//! State that the routes share, and the trait for reports on readiness.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use annona_core::ClaimCalendar;
use annona_engine::ports::{BlockHead, ChainReader};
use annona_engine::{ClaimService, EnrolmentService, Membership, ReceiptService};
use annona_wire::{ConfigView, EpochView, ReadinessView};
use futures::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::clients::Shares;
use crate::error::ApiError;
use crate::kinds::RequestPermits;
use crate::rates::RateGate;
use crate::recent::Recent;
use crate::{ApiLimits, AppFolder};

/// Reports on the parts of the service. Nobody is asked for it: an answer is there even
/// while a part hangs.
pub trait Readiness: Send + Sync {
    /// Reports the state of every part.
    fn report(&self) -> ReadinessView;
    /// Returns whether chain and contracts are those that the service was set up for. While
    /// they are not, nothing new is taken.
    fn is_on_its_chain(&self) -> bool;
}

/// State that the routes work with.
#[derive(Clone)]
pub struct ApiState {
    /// Service that takes enrolments.
    pub enrolments: Arc<EnrolmentService>,
    /// Service that takes claims.
    pub claims: Arc<ClaimService>,
    /// Service that signs receipts of claims.
    pub receipts: ReceiptService,
    /// The membership tree, which somebody else keeps in step with the chain.
    pub membership: Arc<Membership>,
    /// Reader of the chain.
    pub chain: Arc<dyn ChainReader>,
    /// The deployment's calendar with its claim window.
    pub calendar: ClaimCalendar,
    /// Answer of `/v1/config`.
    pub config: ConfigView,
    /// The citizen's app, where this service serves it.
    pub app: Option<AppFolder>,
    /// Reports on the parts of the service.
    pub readiness: Arc<dyn Readiness>,
    /// Source of the figures that `/metrics` shows.
    pub metrics: PrometheusHandle,
}

/// The state and what the router itself keeps.
pub(crate) struct Shared {
    pub(crate) api: ApiState,
    pub(crate) limits: ApiLimits,
    pub(crate) openapi_json: String,
    pub(crate) rates: RateGate,
    pub(crate) permits: RequestPermits,
    /// Room for the bytes of bodies.
    pub(crate) body_bytes: Semaphore,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) streams_by_client: Arc<Shares>,
    pub(crate) current_epoch: Recent<Result<EpochView, Arc<ApiError>>>,
    pub(crate) chain_head: Recent<Result<BlockHead, Arc<ApiError>>>,
    pub(crate) requests_served: AtomicU64,
}

impl Shared {
    /// Refuses a request that would be judged by another chain (RELAY-8).
    pub(crate) fn require_its_chain(&self) -> Result<(), ApiError> {
        if self.api.readiness.is_on_its_chain() {
            return Ok(());
        }
        Err(ApiError::OtherChain)
    }

    pub(crate) fn new(api: ApiState, limits: ApiLimits, openapi_json: String) -> Self {
        Self {
            rates: RateGate::new(&limits.rates),
            permits: RequestPermits::new(&limits.permits),
            body_bytes: Semaphore::new(limits.bodies.bytes_in_all),
            streams: Arc::new(Semaphore::new(limits.streams.in_all)),
            streams_by_client: Shares::new(limits.streams.per_client),
            current_epoch: Recent::new(limits.chain_answer_age),
            chain_head: Recent::new(limits.chain_answer_age),
            requests_served: AtomicU64::new(0),
            api,
            limits,
            openapi_json,
        }
    }

    /// The newest block, now or a moment ago.
    pub(crate) async fn head(&self) -> Result<BlockHead, ApiError> {
        let chain = Arc::clone(&self.api.chain);
        let look = async move { chain.head().await.map_err(|error| Arc::new(error.into())) };
        let head = self.chain_head.answer(|| look.boxed()).await;
        head.map_err(ApiError::Shared)
    }
}
