//! Routes for the current epoch and for the facts about the deployment.

use std::sync::Arc;

use annona_core::Epoch;
use annona_wire::{ConfigView, EpochView};
use axum::Json;
use axum::extract::State;
use futures::FutureExt;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::problem::problem_responses;
use crate::state::{ApiState, Shared};

problem_responses!(CurrentProblems: EpochNotBegun, ChainUnavailable, RequestTimedOut);
// It waits for nothing.
problem_responses!(ConfigProblems:);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(current_epoch))
        .routes(routes!(config))
}

/// Returns the current epoch, by the chain's clock.
#[utoipa::path(
    get, path = "/v1/epochs/current", tag = "epochs",
    responses((status = 200, body = EpochView), CurrentProblems),
)]
pub(crate) async fn current_epoch(
    State(shared): State<Arc<Shared>>,
) -> Result<Json<EpochView>, ApiError> {
    let api = shared.api.clone();
    let look = async move { read_current(&api).await.map_err(Arc::new) };
    let current = shared.current_epoch.answer(|| look.boxed()).await;
    current.map(Json).map_err(ApiError::Shared)
}

async fn read_current(api: &ApiState) -> Result<EpochView, ApiError> {
    let now = api.chain.head().await?.timestamp;
    let clock = &api.calendar.clock;
    let epoch = clock.epoch_at(now)?;
    let checkpoint = api.chain.checkpoint_before(epoch).await?;
    let account = api.chain.epoch_account(epoch).await?;
    let next = Epoch(epoch.0.saturating_add(1));
    Ok(EpochView {
        epoch: epoch.0,
        chain_time: now.0,
        starts_at: clock.start_of(epoch).0,
        ends_at: clock.start_of(next).0,
        oldest_claimable: api.calendar.oldest_claimable(epoch).0,
        member_count: checkpoint.member_count,
        root: checkpoint.root.to_string(),
        amount: account.is_opened.then(|| account.amount.0.to_string()),
        claimed: account.claimed,
    })
}

/// Returns the facts that a wallet, an orb or an auditor needs to know of this service.
#[utoipa::path(
    get, path = "/v1/config", tag = "epochs",
    responses((status = 200, body = ConfigView), ConfigProblems),
)]
pub(crate) async fn config(State(shared): State<Arc<Shared>>) -> Json<ConfigView> {
    Json(shared.api.config.clone())
}
