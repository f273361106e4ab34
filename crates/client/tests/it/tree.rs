use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use annona_client::wire::Problem;
use annona_client::{ApiClient, ClientError, TreeReader};
use annona_core::{Commitment, Epoch, LeafIndex, U256};
use annona_tree::{MembershipTree, Revocation, TileId, TreeVersion};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

const EPOCH: Epoch = Epoch(4);

/// A service that hands out the tiles of one tree, and remembers which.
struct Tiles {
    version: TreeVersion,
    asked: Mutex<Vec<(u64, u64)>>,
    /// Bytes left out at the end of each.
    cut: usize,
    /// Requests that still find the service reading the registry.
    busy: AtomicU32,
}

impl Tiles {
    async fn serve(version: &TreeVersion, cut: usize) -> (Arc<Self>, ApiClient) {
        let tiles = Arc::new(Self {
            version: version.clone(),
            asked: Mutex::default(),
            cut,
            busy: AtomicU32::new(0),
        });
        let router = Router::new()
            .route("/v1/tree/{epoch}/{level}/{index}", get(answer))
            .with_state(Arc::clone(&tiles));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (tiles, ApiClient::new(&base).unwrap())
    }

    fn asked(&self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(
    State(tiles): State<Arc<Tiles>>,
    Path((epoch, level, index)): Path<(u64, u64, u64)>,
) -> Response {
    assert_eq!(epoch, EPOCH.0);
    tiles.asked.lock().unwrap().push((level, index));
    let is_busy = tiles
        .busy
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
    if is_busy.is_ok() {
        let problem = Json(problem("membership-not-synced"));
        return (StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    }
    let tile = TileId::new(level, index).and_then(|id| tiles.version.tile(id));
    match tile {
        Some(tile) => {
            let mut bytes = tile.to_bytes();
            bytes.truncate(bytes.len() - tiles.cut);
            bytes.into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(problem("tile-unknown"))).into_response(),
    }
}

fn problem(code: &str) -> Problem {
    Problem {
        kind: format!("urn:annona:problem:{code}"),
        title: String::new(),
        status: 0,
        code: code.to_owned(),
        detail: String::new(),
        field: None,
        enrolment_id: None,
        retry_after_secs: None,
    }
}

fn member(number: u64) -> Commitment {
    Commitment::try_from(U256::from(number + 1) * U256::from(0x9e37_79b9_7f4a_7c15_u64)).unwrap()
}

fn tree_of(count: u64) -> MembershipTree {
    let mut tree = MembershipTree::default();
    tree.append(&(0..count).map(member).collect::<Vec<_>>())
        .unwrap();
    tree
}

fn reader(service: &ApiClient, members: u64) -> TreeReader<'_> {
    TreeReader::new(service, EPOCH, members)
}

fn place(position: u64) -> LeafIndex {
    LeafIndex::try_from(position).unwrap()
}

#[tokio::test]
async fn a_member_finds_itself_and_its_path() {
    let tree = tree_of(70_000);
    let (_, service) = Tiles::serve(tree.current(), 0).await;
    for number in [0, 255, 256, 40_000, 65_536, 69_999] {
        let mut reader = reader(&service, 70_000);
        let found = reader.find(member(number), None).await.unwrap();
        assert_eq!(found, Some(place(number)));
        let path = reader.path(place(number)).await.unwrap();
        assert_eq!(path, tree.current().proof(place(number)));
        assert_eq!(path.root_from(member(number)), tree.root());
    }
}

/// The newest tile of each level, which every wallet asks for first.
const NEWEST: [(u64, u64); 4] = [(3, 0), (2, 0), (1, 1), (0, 273)];

#[tokio::test]
async fn who_has_just_joined_asks_for_the_newest_tiles() {
    let tree = tree_of(70_000);
    let (tiles, service) = Tiles::serve(tree.current(), 0).await;
    let mut reader = reader(&service, 70_000);
    reader.find(member(69_990), None).await.unwrap();
    reader.path(place(69_990)).await.unwrap();
    // Tile 273 holds 112 leaves, so its neighbour is asked for as well.
    assert_eq!(tiles.asked(), [NEWEST.as_slice(), &[(0, 272)]].concat());
}

#[tokio::test]
async fn who_knows_their_place_shows_nothing_but_its_range() {
    let tree = tree_of(70_000);
    let (tiles, service) = Tiles::serve(tree.current(), 0).await;
    let mut known = reader(&service, 70_000);
    let found = known.find(member(700), Some(place(700))).await.unwrap();
    assert_eq!(found, Some(place(700)));
    known.path(place(700)).await.unwrap();
    assert_eq!(
        tiles.asked(),
        [NEWEST.as_slice(), &[(0, 2), (1, 0)]].concat()
    );
    let mut moved = reader(&service, 70_000);
    let found = moved.find(member(69_990), Some(place(700))).await.unwrap();
    assert_eq!(found, Some(place(69_990)));
}

#[tokio::test]
async fn requests_are_the_same_wherever_in_a_range_a_leaf_is() {
    let mut tree = tree_of(2_000);
    let emptied: Vec<Revocation> = (1_024..1_224)
        .map(|number| Revocation {
            leaf_index: place(number),
            commitment: member(number),
        })
        .collect();
    tree.revoke(&emptied).unwrap();
    let (tiles, service) = Tiles::serve(tree.current(), 0).await;
    let mut asked = Vec::new();
    for number in [1_224, 1_279, 1_280, 1_535] {
        for known in [None, Some(place(number)), Some(place(1_100))] {
            let mut reader = reader(&service, 1_800);
            let found = reader.find(member(number), known).await.unwrap();
            assert_eq!(found, Some(place(number)));
            reader.path(place(number)).await.unwrap();
            let requests = tiles.asked();
            if known.is_some() {
                asked.push(requests);
            } else {
                assert!(requests.len() >= 6, "newer ranges come first");
            }
        }
    }
    // Tile 4 has 56 members left.
    let expected = [(3, 0), (2, 0), (1, 0), (0, 7), (0, 4), (0, 5)];
    assert!(
        asked.iter().all(|requests| *requests == expected),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_tree_that_is_smaller_than_the_membership_is_refused_at_once() {
    let (tiles, service) = Tiles::serve(tree_of(300).current(), 0).await;
    let mut reader = reader(&service, 301);
    let refused = reader.find(member(7), Some(place(7))).await;
    assert!(matches!(
        refused,
        Err(ClientError::TooFewLeaves {
            leaves: 300,
            members: 301
        })
    ));
    assert_eq!(tiles.asked(), [(3, 0), (2, 0), (1, 0), (0, 1)]);
}

#[tokio::test]
async fn a_stranger_finds_nothing() {
    let (_, service) = Tiles::serve(tree_of(300).current(), 0).await;
    let mut stranger = reader(&service, 300);
    assert_eq!(stranger.find(member(300), None).await.unwrap(), None);
    let far = place((1 << 30) - 1);
    assert_eq!(stranger.find(member(300), Some(far)).await.unwrap(), None);
    let (_, service) = Tiles::serve(&TreeVersion::default(), 0).await;
    let mut first = reader(&service, 0);
    assert_eq!(first.find(member(0), None).await.unwrap(), None);
}

#[tokio::test]
async fn a_member_who_was_revoked_finds_nothing() {
    let mut tree = tree_of(300);
    tree.revoke(&[Revocation {
        leaf_index: place(7),
        commitment: member(7),
    }])
    .unwrap();
    let (_, service) = Tiles::serve(tree.current(), 0).await;
    let mut reader = reader(&service, 299);
    assert_eq!(reader.find(member(7), Some(place(7))).await.unwrap(), None);
    let beside = reader.path(place(8)).await.unwrap();
    assert_eq!(beside.root_from(member(8)), tree.root());
}

#[tokio::test]
async fn a_service_that_reads_the_registry_is_asked_again() {
    let tree = tree_of(3);
    let (tiles, service) = Tiles::serve(tree.current(), 0).await;
    tiles.busy.store(2, Ordering::SeqCst);
    let mut reader = reader(&service, 3);
    let path = reader.path(place(1)).await.unwrap();
    assert_eq!(path.root_from(member(1)), tree.root());
    assert_eq!(tiles.asked()[..4], [(0, 0), (0, 0), (0, 0), (1, 0)]);
}

#[tokio::test]
async fn a_tile_that_cannot_be_one_is_an_error() {
    let (_, service) = Tiles::serve(tree_of(3).current(), 1).await;
    let mut reader = reader(&service, 3);
    let refused = reader.find(member(0), None).await;
    assert!(matches!(refused, Err(ClientError::Tile(_))));
}
