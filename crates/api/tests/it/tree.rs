//! Routes of the membership tree.

use annona_core::{Commitment, LeafIndex, U256};
use annona_tree::{InclusionProof, Tile, TileId};
use axum::body::Body;
use axum::http::{Request, header};

use crate::chain::HeadAnswer;
use crate::world::{
    Answer, CURRENT, EPOCH_LENGTH_SECS, GENESIS, JOINED, NOW, World, limits, member,
};

fn tile_path(epoch: u64, id: TileId) -> String {
    format!("/v1/tree/{epoch}/{}/{}", id.level(), id.index())
}

fn header_of(answer: &Answer, name: header::HeaderName) -> &str {
    answer.headers[name].to_str().unwrap()
}

fn leaves_path() -> String {
    format!("/v1/tree/{CURRENT}/0/0")
}

#[tokio::test]
async fn four_tiles_are_a_path_to_the_root_of_the_epoch() {
    let world = World::new().await;
    let late = Commitment::try_from(U256::from(99)).unwrap();
    world.chain.append(CURRENT, &[late]);
    world.membership.sync(&*world.chain).await.unwrap();
    let place = LeafIndex::try_from(2).unwrap();
    let mut tiles = Vec::new();
    for id in TileId::path_of(place) {
        let answer = world.get(&tile_path(CURRENT.0, id)).await;
        assert_eq!(
            header_of(&answer, header::CONTENT_TYPE),
            "application/octet-stream"
        );
        tiles.push(Tile::from_bytes(id, &answer.body).unwrap());
    }
    assert_eq!(tiles[0].nodes().len(), 5);
    let path = InclusionProof::from_tiles(place, &tiles.try_into().unwrap()).unwrap();
    assert_eq!(
        path.root_from(member(2).commitment()),
        world.chain.root_before(CURRENT)
    );
}

#[tokio::test]
async fn a_tile_is_kept_for_ever_when_no_reorg_can_change_it() {
    let world = World::new().await;
    let young = world.get(&leaves_path()).await;
    assert_eq!(header_of(&young, header::CACHE_CONTROL), "public, no-cache");
    world.chain.append(CURRENT, &[member(9).commitment()]);
    world.membership.sync(&*world.chain).await.unwrap();
    let old = world.get(&leaves_path()).await;
    assert_eq!(
        header_of(&old, header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(old.body, young.body);
    let tag = header_of(&old, header::ETAG).to_owned();
    let again = |tag: &str| {
        Request::get(leaves_path())
            .header(header::IF_NONE_MATCH, tag)
            .body(Body::empty())
            .unwrap()
    };
    let unchanged = world.send(again(&tag)).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    assert_eq!(header_of(&unchanged, header::ETAG), tag);
    let other = world.send(again("\"other\"")).await;
    assert_eq!(other.body, old.body);
    let above = world.get(&format!("/v1/tree/{CURRENT}/1/0")).await;
    assert_ne!(header_of(&above, header::ETAG), tag);
}

#[tokio::test]
async fn an_epoch_that_cannot_be_claimed_has_no_tree() {
    let world = World::new().await;
    let asked = |epoch: u64| tile_path(epoch, TileId::new(0, 0).unwrap());
    for epoch in [CURRENT.0 + 1, u64::MAX] {
        let problem = world
            .get(&asked(epoch))
            .await
            .assert_problem(404, "tree-unknown");
        assert!(problem.retry_after_secs > Some(0));
    }
    let problem = world
        .get(&asked(CURRENT.0 - 2))
        .await
        .assert_problem(404, "tree-unknown");
    assert_eq!(problem.retry_after_secs, None);
}

#[tokio::test]
async fn a_place_without_members_has_no_tile() {
    let world = World::new().await;
    for place in ["0/1", "0/4194303", "0/4194304", "1/1", "3/1", "4/0", "9/9"] {
        world
            .get(&format!("/v1/tree/{CURRENT}/{place}"))
            .await
            .assert_problem(404, "tile-unknown");
    }
    // Nobody had joined before the epoch in which the members did.
    world.chain.ledger().now = GENESIS + JOINED.0 * EPOCH_LENGTH_SECS;
    world.membership.sync(&*world.chain).await.unwrap();
    world
        .get(&format!("/v1/tree/{JOINED}/0/0"))
        .await
        .assert_problem(404, "tile-unknown");
}

#[tokio::test]
async fn a_tree_that_lags_behind_says_so() {
    let world = World::unsynced(limits()).await;
    let problem = world
        .get(&leaves_path())
        .await
        .assert_problem(503, "membership-not-synced");
    assert!(problem.retry_after_secs.is_some());
    world.membership.sync(&*world.chain).await.unwrap();
    assert_eq!(world.get(&leaves_path()).await.status, 200);
    // The next epoch begins, and the service has not looked yet.
    world.chain.ledger().now = NOW + EPOCH_LENGTH_SECS;
    let next = format!("/v1/tree/{}/0/0", CURRENT.0 + 1);
    world
        .get(&next)
        .await
        .assert_problem(503, "membership-not-synced");
}

#[tokio::test]
async fn a_refusal_is_not_kept_by_caches() {
    let world = World::new().await;
    let refused = world.get(&format!("/v1/tree/{CURRENT}/0/1")).await;
    assert_eq!(header_of(&refused, header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn a_number_that_cannot_be_read_is_refused() {
    let world = World::new().await;
    for path in [
        "x/0/0",
        "3/-1/0",
        "3/0/+0",
        "03/0/0",
        "3/0/18446744073709551616",
    ] {
        world
            .get(&format!("/v1/tree/{path}"))
            .await
            .assert_problem(400, "malformed-field");
    }
}

#[tokio::test]
async fn what_is_known_needs_no_chain() {
    let world = World::new().await;
    world.chain.ledger().head = HeadAnswer::Unavailable;
    assert_eq!(world.get(&leaves_path()).await.status, 200);
    world
        .get(&format!("/v1/tree/{}/0/0", CURRENT.0 + 1))
        .await
        .assert_problem(503, "chain-unavailable");
}
