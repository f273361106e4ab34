//! Route for the tiles of an epoch's membership tree, with headers for caches.

use std::sync::Arc;

use annona_core::Epoch;
use annona_engine::EpochTree;
use annona_tree::TileId;
use annona_wire::UnsignedNumber;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::extract::{PathTexts, whole_number};
use crate::problem::problem_responses;
use crate::state::Shared;

/// A tile that no reorg can change: a year, as long as caches take it (REG-13).
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A tile that a reorg can change: kept, and asked for again each time.
const REVALIDATED: HeaderValue = HeaderValue::from_static("public, no-cache");

problem_responses!(TileProblems:
    PathInvalid, MalformedField, TreeUnknown, TileUnknown, MembershipNotSynced, ChainUnavailable,
    RequestTimedOut
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(tile))
}

/// A tile of the tree that claims of an epoch are proved against.
///
/// The tree has 30 levels, and four levels of tiles: the leaves, and the nodes 8, 16 and
/// 24 levels above them. A tile is 256 neighbours of its level (64 of the topmost), in
/// order, 32 big-endian bytes each; empty nodes at its right end are left out. An empty
/// leaf is zero, any other node is Poseidon of the two below it.
///
/// A wallet takes the four tiles over its leaf, `index = leaf >> 8, leaf >> 16, leaf >> 24, 0`,
/// makes its path of them, and compares the root with the one on the chain. While
/// a tile has fewer than 128 people, it takes more of them. The service learns only among
/// which people of these tiles the wallet is, and with a cache in between not even that.
#[utoipa::path(
    get, path = "/v1/tree/{epoch}/{level}/{index}", tag = "tree",
    params(
        ("epoch" = UnsignedNumber, Path, description = "An epoch that can be claimed."),
        ("level" = UnsignedNumber, Path, description = "Level of tiles: 0 at the leaves, 3 at the root."),
        ("index" = UnsignedNumber, Path, description = "Number of the tile on its level, from the left."),
    ),
    responses(
        (status = 200, body = TileBytes, content_type = "application/octet-stream",
         description = "The nodes. As soon as no reorg can change them, caches may keep them for ever.",
         headers(
            ("ETag" = String, description = "Root of the tree, and the tile."),
            ("Cache-Control" = String, description = "`immutable`, or `no-cache` while a reorg can change the tile."),
         )),
        (status = 304, description = "The tile is still the one of `If-None-Match`."),
        TileProblems,
    ),
)]
pub(crate) async fn tile(
    State(shared): State<Arc<Shared>>,
    PathTexts(place): PathTexts<3>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let [epoch, level, index] = place;
    let epoch = Epoch(whole_number("epoch", &epoch)?);
    let (level, index) = (
        whole_number("level", &level)?,
        whole_number("index", &index)?,
    );
    let id = TileId::new(level, index).ok_or(ApiError::TileUnknown)?;
    let Some(tree) = shared.api.membership.tree_of(epoch) else {
        return Err(why_no_tree(&shared, epoch).await);
    };
    let tile = tree.version.tile(id).ok_or(ApiError::TileUnknown)?;
    let tag = entity_tag(&tree, id);
    let cached = headers.get(header::IF_NONE_MATCH);
    let cache_control = if tree.is_settled {
        FOREVER
    } else {
        REVALIDATED
    };
    let validators = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, cache_control),
    ];
    if cached.is_some_and(|cached| *cached == tag) {
        return Ok((StatusCode::NOT_MODIFIED, validators).into_response());
    }
    Ok((validators, TileBytes(tile.to_bytes())).into_response())
}

/// Nodes, 32 big-endian bytes each.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
struct TileBytes(Vec<u8>);

impl IntoResponse for TileBytes {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/octet-stream")];
        (content_type, self.0).into_response()
    }
}

fn entity_tag(tree: &EpochTree, id: TileId) -> HeaderValue {
    let tag = format!("\"{}-{}-{}\"", tree.version.root(), id.level(), id.index());
    HeaderValue::try_from(tag).expect("digits and dashes may stand in a header")
}

/// There is no tree of an epoch that cannot be claimed, and not yet one of an epoch that
/// was not compared with the chain.
async fn why_no_tree(shared: &Shared, epoch: Epoch) -> ApiError {
    let api = &shared.api;
    let now = match shared.head().await {
        Ok(head) => head.timestamp,
        Err(error) => return error,
    };
    match api.calendar.check(epoch, now) {
        Ok(()) => ApiError::NotSynced,
        Err(error) => ApiError::TreeUnknown(error),
    }
}
