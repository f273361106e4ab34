//! A service of parts in memory behind the router, for tests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_api::{ApiLimits, ApiState, AppFolder, Readiness, router_with_limits};
use annona_chain::ReceiptKey;
use annona_core::{
    Address, AmountWei, B256, Claim, ClaimCalendar, ClaimScope, ClaimWindow, Commitment, Enrolment,
    EnrolmentDomain, EnrolmentKind, Epoch, EpochClock, OrbId, Payment, SignedEnrolment,
    UnixSeconds, keccak256,
};
use annona_engine::ports::{Clock, Store};
use annona_engine::{
    ClaimRules, ClaimService, CommitmentPolicy, EnrolmentPolicy, EnrolmentService, Membership,
    MembershipRules, ProofPolicy, ReceiptService,
};
use annona_matcher::{DecisionRule, Gallery};
use annona_proofs::{Identity, prove_claim};
use annona_store::{DeploymentTag, SqliteStore};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use annona_tree::MembershipTree;
use annona_wire::{
    ClaimRequest, ConfigView, EnrolmentRequest, PartStatus, PartView, Problem, ReadinessView,
    ServicePart,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::chain::MemoryChain;
use crate::openapi::assert_documented;

pub(crate) const GENESIS: u64 = 1_000;
pub(crate) const EPOCH_LENGTH_SECS: u64 = 100;
/// The middle of epoch 3.
pub(crate) const NOW: u64 = GENESIS + 3 * EPOCH_LENGTH_SECS + 50;
pub(crate) const CURRENT: Epoch = Epoch(3);
/// Epoch in which the members joined.
pub(crate) const JOINED: Epoch = Epoch(1);
/// Members of the registry from [`JOINED`] on; number 0 makes the claims.
const MEMBERS: u8 = 5;
/// Blocks after which the chain is final.
pub(crate) const CONFIRMATIONS: u64 = 1;
/// The service's clock, which is not the chain's.
pub(crate) const SERVICE_NOW: u64 = 1_800_000_000;
pub(crate) const MAX_AGE_SECS: u64 = 300;
pub(crate) const PROMISE_SECS: u64 = 60;
const DATABASE: &str = "annona.db";
const MODEL_ID: B256 = B256::repeat_byte(0x33);
const MAX_ANSWER_BYTES: usize = 1 << 20;
pub(crate) const SCOPE: ClaimScope = ClaimScope {
    chain_id: 31_337,
    distributor: Address::repeat_byte(0xd1),
};
pub(crate) const DOMAIN: EnrolmentDomain = EnrolmentDomain {
    chain_id: 31_337,
    orb_registry: Address::repeat_byte(0x0b),
};

static METRICS: LazyLock<PrometheusHandle> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

static HONEST_CLAIM: LazyLock<ClaimRequest> = LazyLock::new(|| claim_of(0));

/// The one honest claim of member 0 for the current epoch.
pub(crate) fn honest_claim() -> ClaimRequest {
    HONEST_CLAIM.clone()
}

pub(crate) fn member(number: u8) -> Identity {
    Identity::from_secret([number + 1; 32])
}

fn members() -> Vec<Commitment> {
    (0..MEMBERS)
        .map(|number| member(number).commitment())
        .collect()
}

/// An honest claim of a member for the current epoch.
pub(crate) fn claim_of(number: u8) -> ClaimRequest {
    let mut tree = MembershipTree::default();
    tree.append(&members()).unwrap();
    let identity = member(number);
    let index = tree.leaf_index(identity.commitment()).unwrap();
    let path = tree.current().proof(index);
    let payment = Payment {
        recipient: Address::repeat_byte(0xaa),
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let proof = prove_claim(&identity, &path, &SCOPE, CURRENT, &payment, &mut rng).unwrap();
    ClaimRequest::new(&Claim {
        epoch: CURRENT,
        nullifier_hash: proof.inputs.nullifier_hash,
        payment,
        points: proof.points,
    })
}

/// The service's key for receipts.
pub(crate) fn receipt_key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x55)).unwrap()
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(SERVICE_NOW)
    }
}

/// Readiness that a test sets.
pub(crate) struct SetReadiness {
    parts: Mutex<Vec<PartView>>,
    is_on_its_chain: AtomicBool,
}

impl SetReadiness {
    fn all_well() -> Self {
        let ready = |part| PartView {
            part,
            status: PartStatus::Ready,
            since: None,
            reason: None,
        };
        Self {
            parts: Mutex::new(ServicePart::ALL.map(ready).to_vec()),
            is_on_its_chain: AtomicBool::new(true),
        }
    }

    /// Replaces the state of one part.
    pub(crate) fn say(&self, view: PartView) {
        let mut parts = self.parts.lock().unwrap();
        let place = parts.iter().position(|part| part.part == view.part);
        parts[place.unwrap()] = view;
    }

    pub(crate) fn lose_the_chain(&self) {
        self.is_on_its_chain.store(false, Ordering::Relaxed);
    }
}

impl Readiness for SetReadiness {
    fn report(&self) -> ReadinessView {
        ReadinessView::new(self.parts.lock().unwrap().clone())
    }

    fn is_on_its_chain(&self) -> bool {
        self.is_on_its_chain.load(Ordering::Relaxed)
    }
}

/// The default limits, but what the chain says is asked each time: tests change it.
pub(crate) fn limits() -> ApiLimits {
    ApiLimits {
        chain_answer_age: Duration::ZERO,
        ..ApiLimits::default()
    }
}

/// A service with its database and its chain.
pub(crate) struct World {
    pub(crate) chain: Arc<MemoryChain>,
    pub(crate) store: SqliteStore,
    pub(crate) membership: Arc<Membership>,
    pub(crate) readiness: Arc<SetReadiness>,
    pub(crate) orb: PrivateKeySigner,
    router: Router,
    directory: TempDir,
}

impl World {
    /// Five members who joined in epoch 1; the service has read the registry.
    pub(crate) async fn new() -> Self {
        Self::with_limits(limits()).await
    }

    pub(crate) async fn with_limits(limits: ApiLimits) -> Self {
        let world = Self::unsynced(limits).await;
        world.membership.sync(&*world.chain).await.unwrap();
        world
    }

    /// The same service, which serves an app.
    pub(crate) async fn with_app(limits: ApiLimits, app: AppFolder) -> Self {
        Self::build(limits, Some(app), ProofPolicy::Off).await
    }

    pub(crate) async fn unsynced(limits: ApiLimits) -> Self {
        Self::build(limits, None, ProofPolicy::Off).await
    }

    /// A service that asks for proofs of encoding.
    pub(crate) async fn asking(proofs: ProofPolicy) -> Self {
        let world = Self::build(limits(), None, proofs).await;
        world.membership.sync(&*world.chain).await.unwrap();
        world
    }

    async fn build(limits: ApiLimits, app: Option<AppFolder>, proofs: ProofPolicy) -> Self {
        let chain = Arc::new(MemoryChain::new(NOW));
        chain.append(JOINED, &members());
        let orb = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x77)).unwrap();
        chain.ledger().active_orbs.insert(OrbId(orb.address()));
        let directory = tempfile::tempdir().unwrap();
        let store = open_store(&directory).await;
        let membership = Arc::new(Membership::new(rules()));
        let readiness = Arc::new(SetReadiness::all_well());
        let mut state = state(&chain, &store, &membership, &readiness, proofs);
        state.app = app;
        Self {
            chain,
            store,
            membership,
            readiness,
            orb,
            router: router_with_limits(state, limits),
            directory,
        }
    }

    /// A connection to the database past the store.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        let path = self.directory.path().join(DATABASE);
        let options = SqliteConnectOptions::new().filename(path);
        options.connect().await.unwrap()
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.post_bytes(path, serde_json::to_vec(body).unwrap())
            .await
    }

    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn claim(&self, claim: &ClaimRequest) -> Answer {
        self.post("/v1/claims", claim).await
    }

    pub(crate) async fn enrol(&self, enrolment: &EnrolmentRequest) -> Answer {
        self.post("/v1/enrolments", enrolment).await
    }

    /// Sends a request and holds its answer against the OpenAPI document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.call(request).await;
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, MAX_ANSWER_BYTES).await.unwrap().to_vec(),
        };
        answer.assert_well_formed(&method, &path);
        answer
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The service still answers.
    pub(crate) async fn assert_alive(&self) {
        assert_eq!(self.get("/healthz").await.status, StatusCode::OK);
    }

    /// A packet of a person, signed by the active orb.
    pub(crate) fn packet(
        &self,
        commitment: Commitment,
        eyes: &EyePair,
        nonce: u64,
    ) -> EnrolmentRequest {
        self.sign(statement(commitment, eyes, nonce), eyes)
    }

    pub(crate) fn sign(&self, enrolment: Enrolment, eyes: &EyePair) -> EnrolmentRequest {
        let signature = self
            .orb
            .sign_hash_sync(&enrolment.signing_hash(&DOMAIN))
            .unwrap();
        EnrolmentRequest::new(
            &SignedEnrolment {
                enrolment,
                commitments: None,
                signature,
            },
            eyes,
            None,
        )
    }
}

/// An orb's statement about a fresh capture.
pub(crate) fn statement(commitment: Commitment, eyes: &EyePair, nonce: u64) -> Enrolment {
    Enrolment {
        commitment,
        iris_digest: keccak256(eyes.to_bytes()),
        image_digest: B256::ZERO,
        model_id: MODEL_ID,
        kind: EnrolmentKind::New,
        captured_at: UnixSeconds(SERVICE_NOW - 10),
        nonce: keccak256(nonce.to_be_bytes()),
    }
}

/// Made-up templates of a made-up person.
pub(crate) fn eyes(seed: u64) -> EyePair {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut eye =
        || IrisTemplate::from_columns([(); COLUMNS].map(|()| rng.next_u64()), [u32::MAX; COLUMNS]);
    EyePair {
        left: eye(),
        right: eye(),
    }
}

fn rules() -> MembershipRules {
    MembershipRules {
        calendar: ClaimCalendar {
            clock: EpochClock::new(UnixSeconds(GENESIS), EPOCH_LENGTH_SECS).unwrap(),
            window: ClaimWindow(2),
        },
        confirmations: CONFIRMATIONS,
    }
}

async fn open_store(directory: &TempDir) -> SqliteStore {
    let tag = DeploymentTag {
        chain_id: SCOPE.chain_id,
        registry: Address::repeat_byte(0x0e),
        distributor: SCOPE.distributor,
        model_id: MODEL_ID,
    };
    SqliteStore::open(&directory.path().join(DATABASE), &tag)
        .await
        .unwrap()
}

fn state(
    chain: &Arc<MemoryChain>,
    sqlite: &SqliteStore,
    membership: &Arc<Membership>,
    readiness: &Arc<SetReadiness>,
    proofs: ProofPolicy,
) -> ApiState {
    let store: Arc<dyn Store> = Arc::new(sqlite.clone());
    let calendar = rules().calendar;
    let policy = EnrolmentPolicy {
        domain: DOMAIN,
        model_id: MODEL_ID,
        max_age_secs: MAX_AGE_SECS,
        max_skew_secs: 5,
        rule: DecisionRule::standard(),
        recovery_cooldown_secs: 0,
        calendar: calendar.clock,
        people_per_orb: 1_000,
        review_keep_secs: 1_000,
        commitments: CommitmentPolicy::Optional,
        proofs,
    };
    ApiState {
        enrolments: Arc::new(EnrolmentService::new(
            store.clone(),
            chain.clone(),
            Arc::new(FixedClock),
            membership.clone(),
            policy,
            Gallery::new(),
        )),
        claims: Arc::new(ClaimService::new(
            store,
            chain.clone(),
            Arc::new(FixedClock),
            ClaimRules {
                scope: SCOPE,
                token: Address::repeat_byte(0x70),
                calendar,
                promise_secs: PROMISE_SECS,
            },
        )),
        receipts: ReceiptService::new(Arc::new(ReceiptKey::new(receipt_key())), SCOPE),
        membership: membership.clone(),
        chain: chain.clone(),
        calendar,
        config: config(calendar.window),
        app: None,
        readiness: Arc::clone(readiness) as Arc<dyn Readiness>,
        metrics: METRICS.clone(),
    }
}

fn config(window: ClaimWindow) -> ConfigView {
    ConfigView {
        version: "0.0.0-test".to_owned(),
        chain_id: SCOPE.chain_id,
        registry: Address::repeat_byte(0x0e).to_string(),
        distributor: SCOPE.distributor.to_string(),
        orb_registry: DOMAIN.orb_registry.to_string(),
        token: Address::repeat_byte(0x70).to_string(),
        receipt_signer: receipt_key().address().to_string(),
        genesis: GENESIS,
        epoch_length_secs: EPOCH_LENGTH_SECS,
        claim_window_epochs: window.0,
        confirmations: CONFIRMATIONS,
        deployment_block: 7,
        rpc_urls: vec!["https://rpc.example/".to_owned()],
        model_id: MODEL_ID.to_string(),
        max_capture_age_secs: MAX_AGE_SECS,
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The answer is the problem `code` with `status`.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> Problem {
        let problem: Problem = self.json();
        assert_eq!(
            (self.status.as_u16(), problem.code.as_str()),
            (status, code),
            "{problem:?}"
        );
        problem
    }

    /// A refusal is a problem that agrees with its own headers, and the document names it.
    #[track_caller]
    fn assert_well_formed(&self, method: &Method, path: &str) {
        assert!(self.headers.contains_key("x-request-id"), "{method} {path}");
        let is_refusal = self.status.is_client_error() || self.status.is_server_error();
        let code = if !is_refusal || path == "/readyz" {
            None
        } else {
            assert_eq!(
                self.headers[header::CONTENT_TYPE],
                "application/problem+json"
            );
            let problem: Problem = self.json();
            assert_eq!(problem.status, self.status.as_u16());
            assert_eq!(problem.kind, format!("urn:annona:problem:{}", problem.code));
            let retry_after = self
                .headers
                .get(header::RETRY_AFTER)
                .map(|v| v.to_str().unwrap().to_owned());
            assert_eq!(
                retry_after,
                problem.retry_after_secs.map(|seconds| seconds.to_string())
            );
            assert!(problem.detail.ends_with('.'), "{}", problem.detail);
            Some(problem.code)
        };
        assert_documented(method, path, self.status, code.as_deref());
    }
}
