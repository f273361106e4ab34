use std::fmt;
use std::time::Duration;

use annona_core::{B256, Epoch, NullifierHash};
use annona_http::{BodyError, ClientTimeouts, PublicAddress, Url, client_for, read_body};
use annona_tree::{Tile, TileId};
use annona_wire::{
    ClaimRequest, ClaimView, ConfigView, EnrolmentRequest, EnrolmentStatus, EnrolmentView,
    EpochView, ModelUpgradeView, SealedPackageView, TemplateUpgradeRequest, TemplateUpgradeView,
    VisitSignatureRequest,
};
use rand::RngExt;
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ClientError;

/// Longest waits for one answer.
const LIMITS: ClientTimeouts = ClientTimeouts {
    connect: Duration::from_secs(10),
    request: Duration::from_secs(30),
};

/// Requests for one answer, the first included, while failures are passing.
const MAX_ATTEMPTS: u32 = 4;

/// Pause before the second request for an answer; it doubles, and up to as much again is
/// added by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Bytes that an answer can have at most; a tile has 8 KiB.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Pause between two looks at something under way.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Looks at a tree that the service does not have yet: about a minute.
const MAX_TREE_LOOKS: u32 = 240;

/// A client of one service.
///
/// ```no_run
/// # use annona_client::{ApiClient, ClientError};
/// # async fn ask() -> Result<(), ClientError> {
/// let service = ApiClient::new("https://annona.example")?;
/// let epoch = service.current_epoch().await?;
/// println!("{epoch:?}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ApiClient {
    base: String,
    service: PublicAddress,
    http: reqwest::Client,
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiClient({})", self.service)
    }
}

impl ApiClient {
    /// A client of the service at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`ClientError::Address`] when no client can be made for it.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let base = base.trim().trim_end_matches('/').to_owned();
        let service = PublicAddress::of_text(&base);
        let url: Option<Url> = base.parse().ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let http = url.and_then(|url| client_for(&url, LIMITS).ok());
        match http {
            Some(http) => Ok(Self {
                base,
                service,
                http,
            }),
            None => Err(ClientError::Address { service }),
        }
    }

    /// Returns the base address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Fetches the service's description of itself.
    ///
    /// # Errors
    /// [`ClientError`], here and below.
    pub async fn config(&self) -> Result<ConfigView, ClientError> {
        self.get("/v1/config").await
    }

    /// Fetches the current epoch.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn current_epoch(&self) -> Result<EpochView, ClientError> {
        self.get("/v1/epochs/current").await
    }

    /// Returns whether every part of the service is ready.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`], [`ClientError::NoAnswer`].
    pub async fn is_ready(&self) -> Result<bool, ClientError> {
        let answer = self.send(self.http.get(self.url("/readyz"))).await?;
        Ok((200..300).contains(&answer.status))
    }

    /// Submits an enrolment.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `enrolment-duplicate` and others;
    /// [`ClientError::AnswerLost`] when it may have been taken.
    pub async fn enrol(&self, request: &EnrolmentRequest) -> Result<EnrolmentView, ClientError> {
        let sent = self.post("/v1/enrolments", request).await;
        sent.map_err(|error| self.after_sending("the enrolment", error))
    }

    /// Fetches an enrolment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn enrolment(&self, id: B256) -> Result<EnrolmentView, ClientError> {
        self.get(&format!("/v1/enrolments/{id}")).await
    }

    /// Waits until an enrolment has made a final member, or is known not to make one.
    ///
    /// # Errors
    /// [`ClientError::TimedOut`] after `limit`.
    pub async fn wait_for_enrolment(
        &self,
        id: B256,
        limit: Duration,
    ) -> Result<EnrolmentView, ClientError> {
        let is_settled = |view: &EnrolmentView| {
            use EnrolmentStatus::{Final, Revoked, Withdrawn};
            matches!(view.status, Final | Revoked | Withdrawn)
        };
        settled("the enrolment", limit, || self.enrolment(id), is_settled).await
    }

    /// Fetches the package that an orb sealed for the visit of `nonce`. `signature` is that of the
    /// visit's key on `CustodyRequest::Collect`.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `package-unknown` or `visit-signature-invalid`.
    pub async fn collect_package(
        &self,
        nonce: B256,
        signature: &[u8; 64],
    ) -> Result<SealedPackageView, ClientError> {
        let path = format!("/v1/enrolments/by-nonce/{nonce}/package");
        let answer = self.ask_signed(&path, signature).await?;
        self.read(&answer)
    }

    /// Has the package of a visit deleted, once the device has opened it. `signature` is that of
    /// the visit's key on `CustodyRequest::Confirm`.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `package-unknown`, also when an earlier request whose answer
    /// was lost has deleted it.
    pub async fn confirm_package(
        &self,
        nonce: B256,
        signature: &[u8; 64],
    ) -> Result<(), ClientError> {
        let path = format!("/v1/enrolments/by-nonce/{nonce}/package/received");
        self.ask_signed(&path, signature).await.map(drop)
    }

    /// Fetches the change to another model.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `model-upgrade-unknown` where none is under way.
    pub async fn model_upgrade(&self) -> Result<ModelUpgradeView, ClientError> {
        self.get("/v1/model-upgrade").await
    }

    /// Has a person's templates replaced by those of the model that the service changes to. The
    /// same request is sent again while failures are passing.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `template-upgraded`, `encoding-proof-invalid` and others.
    pub async fn upgrade_templates(
        &self,
        request: &TemplateUpgradeRequest,
    ) -> Result<TemplateUpgradeView, ClientError> {
        let url = self.url("/v1/model-upgrade/templates");
        let answer = self
            .ask_again(|| self.http.post(&url).json(request))
            .await?;
        self.read(&answer)
    }

    /// Sends a signed request about a visit, which may be sent again.
    async fn ask_signed(&self, path: &str, signature: &[u8; 64]) -> Result<Answer, ClientError> {
        let body = VisitSignatureRequest::new(signature);
        self.ask_again(|| self.http.post(self.url(path)).json(&body))
            .await
    }

    /// A tile of an epoch's tree. When an epoch has just begun, the service first holds its
    /// tree against the chain: this waits for it.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `tree-unknown` or `tile-unknown`, or with
    /// `membership-not-synced` after a minute; [`ClientError::Tile`].
    pub async fn tile(&self, epoch: Epoch, id: TileId) -> Result<Tile, ClientError> {
        for _ in 0..MAX_TREE_LOOKS {
            match self.tile_now(epoch, id).await {
                Err(error) if error.code() == Some("membership-not-synced") => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                answer => return answer,
            }
        }
        self.tile_now(epoch, id).await
    }

    async fn tile_now(&self, epoch: Epoch, id: TileId) -> Result<Tile, ClientError> {
        let path = format!("/v1/tree/{epoch}/{}/{}", id.level(), id.index());
        let answer = self.look(&path).await?;
        Ok(Tile::from_bytes(id, &answer.body)?)
    }

    /// Submits a claim. The same claim again is the same claim, so it is sent again while
    /// failures are passing.
    ///
    /// # Errors
    /// [`ClientError::Refused`]; [`ClientError::AnswerLost`] when it may have been taken.
    pub async fn claim(&self, request: &ClaimRequest) -> Result<ClaimView, ClientError> {
        let mut patience = Patience::default();
        loop {
            let sent = self.post("/v1/claims", request).await;
            match sent.map_err(|error| self.after_sending("the claim", error)) {
                Ok(view) => return Ok(view),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// Fetches a claim.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn claim_status(&self, nullifier: NullifierHash) -> Result<ClaimView, ClientError> {
        self.get(&format!("/v1/claims/{nullifier}")).await
    }

    /// Waits until the payment of a claim is final, or the claim is rejected.
    ///
    /// # Errors
    /// [`ClientError::TimedOut`] after `limit`.
    pub async fn wait_for_claim(
        &self,
        nullifier: NullifierHash,
        limit: Duration,
    ) -> Result<ClaimView, ClientError> {
        let is_settled = |view: &ClaimView| view.status.is_settled();
        let look = || self.claim_status(nullifier);
        settled("the claim", limit, look, is_settled).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.look(path).await?;
        self.read(&answer)
    }

    /// An answer that is not a refusal.
    async fn look(&self, path: &str) -> Result<Answer, ClientError> {
        self.ask_again(|| self.http.get(self.url(path))).await
    }

    /// Sends a request that may be sent again, while failures are passing.
    async fn ask_again(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, ClientError> {
        let mut patience = Patience::default();
        loop {
            match self.accepted(request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let answer = self.accepted(self.http.post(self.url(path)).json(body));
        self.read(&answer.await?)
    }

    /// The answer, if it is not a refusal.
    async fn accepted(&self, request: RequestBuilder) -> Result<Answer, ClientError> {
        let answer = self.send(request).await?;
        if answer.status < 400 {
            return Ok(answer);
        }
        let problem = self.read(&answer)?;
        Err(ClientError::Refused(Box::new(problem)))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, ClientError> {
        let service = self.service.clone();
        // The transport's error would quote the whole address.
        let response = request.send().await.map_err(|source| {
            let (is_unsent, source) = (source.is_connect(), source.without_url());
            if is_unsent {
                ClientError::Unreachable { service, source }
            } else {
                ClientError::NoAnswer { service, source }
            }
        })?;
        self.receive(response).await
    }

    async fn receive(&self, response: Response) -> Result<Answer, ClientError> {
        let status = response.status().as_u16();
        match read_body(response, MAX_ANSWER_BYTES).await {
            Ok(body) => Ok(Answer { status, body }),
            Err(BodyError::TooLong) => Err(self.not_the_api(status)),
            Err(BodyError::Broken(source)) => Err(ClientError::NoAnswer {
                service: self.service.clone(),
                source,
            }),
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ClientError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.not_the_api(answer.status))
    }

    fn not_the_api(&self, status: u16) -> ClientError {
        ClientError::NotTheApi {
            service: self.service.clone(),
            status,
        }
    }

    /// Says of a failure whether the service may have taken `what`.
    fn after_sending(&self, what: &'static str, error: ClientError) -> ClientError {
        match error {
            ClientError::NoAnswer { .. } | ClientError::NotTheApi { .. } => {
                ClientError::AnswerLost {
                    service: self.service.clone(),
                    what,
                    source: Box::new(error),
                }
            }
            // Unreachable: nothing was sent. Refused: nothing was taken.
            other => other,
        }
    }
}

/// An answer as a whole.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// The repeats of one request.
struct Patience {
    attempts_left: u32,
    pause: Duration,
    /// A failure after which the request may have been taken.
    lost: Option<ClientError>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts_left: MAX_ATTEMPTS - 1,
            pause: FIRST_PAUSE,
            lost: None,
        }
    }
}

impl Patience {
    /// Pauses before the next request, while the failure is passing. Of several failures,
    /// one after which the request may have been taken is the one to tell.
    async fn after(&mut self, error: ClientError) -> Result<(), ClientError> {
        if !error.is_passing() {
            return Err(error);
        }
        if self.attempts_left == 0 {
            return Err(self.lost.take().unwrap_or(error));
        }
        self.attempts_left -= 1;
        if matches!(error, ClientError::AnswerLost { .. }) {
            self.lost.get_or_insert(error);
        }
        let by_chance = rand::rng().random_range(0.0..1.0);
        tokio::time::sleep(self.pause.mul_f64(1.0 + by_chance)).await;
        self.pause *= 2;
        Ok(())
    }
}

/// Looks again and again until the thing seen is settled.
async fn settled<T>(
    what: &'static str,
    limit: Duration,
    look: impl AsyncFn() -> Result<T, ClientError>,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, ClientError> {
    let waiting = async {
        loop {
            let seen = look().await?;
            if is_settled(&seen) {
                return Ok(seen);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(limit, waiting)
        .await
        .unwrap_or(Err(ClientError::TimedOut { what, limit }))
}
