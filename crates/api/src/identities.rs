use std::sync::Arc;

use annona_core::{Commitment, Epoch, EpochError, UnixSeconds};
use annona_engine::{EpochMembership, MembershipError};
use annona_wire::InclusionView;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, IntoResponses};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::extract::{PathText, QueryOf, scalar};
use crate::problem::problem_responses;
use crate::state::{ApiState, Shared};
use crate::views::inclusion_view;

problem_responses!(PathProblems:
    PathInvalid, QueryInvalid, MalformedField, NotCanonical, ZeroCommitment, CommitmentUnknown,
    NotYetMember, EpochNotBegun, MembershipNotSynced, ChainUnavailable
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(inclusion_proof))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct InclusionQuery {
    /// The epoch to be claimed; it must have begun.
    epoch: u64,
}

/// The path of a commitment to the root that claims of an epoch are proved against.
#[utoipa::path(
    get, path = "/v1/identities/{commitment}/proof", tag = "identities",
    params(
        ("commitment" = String, Path, description = "Commitment: 0x and 64 hexadecimal digits."),
        InclusionQuery,
    ),
    responses((status = 200, body = InclusionView), PathProblems),
)]
pub(crate) async fn inclusion_proof(
    State(shared): State<Arc<Shared>>,
    PathText(commitment): PathText,
    QueryOf(query): QueryOf<InclusionQuery>,
) -> Result<Json<InclusionView>, ApiError> {
    let commitment = scalar("commitment", &commitment)?;
    let epoch = Epoch(query.epoch);
    let membership = path_to_root(&shared.api, commitment, epoch).await?;
    Ok(Json(inclusion_view(epoch, &membership)))
}

async fn path_to_root(
    api: &ApiState,
    commitment: Commitment,
    epoch: Epoch,
) -> Result<EpochMembership, ApiError> {
    let now = api.chain.head().await?.timestamp;
    let seconds_left = seconds_until(api, epoch, now);
    if epoch > api.calendar.epoch_at(now)? {
        return Err(EpochError::NotBegun {
            epoch: epoch.0,
            seconds_left,
        }
        .into());
    }
    match api.membership.path_at(&*api.chain, commitment, epoch).await {
        Err(MembershipError::NotYetMember { joined, .. }) => {
            let first = Epoch(joined.0.saturating_add(1));
            Err(ApiError::NotYetMember {
                first,
                seconds_left: seconds_until(api, first, now),
            })
        }
        other => Ok(other?),
    }
}

const fn seconds_until(api: &ApiState, epoch: Epoch, now: UnixSeconds) -> u64 {
    api.calendar.start_of(epoch).0.saturating_sub(now.0)
}
