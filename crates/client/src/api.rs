use std::fmt;
use std::time::Duration;

use annona_core::{B256, Epoch, NullifierHash};
use annona_http::{Limits, PublicAddress, Url, client_for};
use annona_tree::{Tile, TileError, TileId};
use annona_wire::{
    ClaimRequest, ClaimView, ConfigView, EnrolmentRequest, EnrolmentStatus, EnrolmentView,
    EpochView, Problem,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

/// Longest waits for a connection and for one answer.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    request: Duration::from_secs(30),
};

/// Pause between two looks at something under way.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Looks at a tree that the service does not have yet: about a minute.
const MAX_TREE_LOOKS: u32 = 240;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is not one of HTTP.
    #[error("{address} is not an http or https address")]
    Address {
        /// The address.
        address: PublicAddress,
    },
    /// No answer, or one that is not of the API.
    #[error(
        "the service at {url} did not answer as expected; is the address right and `annona serve` running?"
    )]
    Transport {
        /// Address of the service.
        url: PublicAddress,
        /// Why.
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{} {} ({})", .0.title, .0.detail, .0.code)]
    Refused(Box<Problem>),
    /// A tile is not what a tile can be.
    #[error("the service sent a tile that cannot be one")]
    Tile(#[from] TileError),
    /// It took too long.
    #[error("{what} was not settled within {} seconds; it is stored and goes on, look again later", limit.as_secs())]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
    },
}

impl ClientError {
    /// Stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

/// A client of one service.
#[derive(Clone)]
pub struct ApiClient {
    base: String,
    shown: PublicAddress,
    http: reqwest::Client,
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("address", &self.shown)
            .finish_non_exhaustive()
    }
}

impl ApiClient {
    /// A client of the service at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`ClientError::Address`], or [`ClientError::Transport`] when no client can be made on
    /// this machine.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let base = base.trim().trim_end_matches('/').to_owned();
        let shown = PublicAddress::of_text(&base);
        let url: Option<Url> = base.parse().ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Err(ClientError::Address { address: shown });
        };
        let http = client_for(&url, LIMITS).map_err(|source| ClientError::Transport {
            url: shown.clone(),
            source,
        })?;
        Ok(Self { base, shown, http })
    }

    /// Base address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What the service says of itself.
    ///
    /// # Errors
    /// [`ClientError`], here and below.
    pub async fn config(&self) -> Result<ConfigView, ClientError> {
        self.get("/v1/config").await
    }

    /// The epoch of now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn current_epoch(&self) -> Result<EpochView, ClientError> {
        self.get("/v1/epochs/current").await
    }

    /// Whether every part of the service is ready.
    ///
    /// # Errors
    /// [`ClientError::Transport`].
    pub async fn is_ready(&self) -> Result<bool, ClientError> {
        let response = self.send(self.http.get(self.url("/readyz"))).await?;
        Ok(response.status().is_success())
    }

    /// Hands in an enrolment.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `enrolment-duplicate` and others.
    pub async fn enrol(&self, request: &EnrolmentRequest) -> Result<EnrolmentView, ClientError> {
        self.read(self.http.post(self.url("/v1/enrolments")).json(request))
            .await
    }

    /// An enrolment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn enrolment(&self, id: B256) -> Result<EnrolmentView, ClientError> {
        self.get(&format!("/v1/enrolments/{id}")).await
    }

    /// Waits until an enrolment is a member for good, or is known not to become one.
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
        let response = self.answer(self.http.get(self.url(&path))).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|source| self.transport(source))?;
        Ok(Tile::from_bytes(id, &bytes)?)
    }

    /// Hands in a claim.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn claim(&self, request: &ClaimRequest) -> Result<ClaimView, ClientError> {
        self.read(self.http.post(self.url("/v1/claims")).json(request))
            .await
    }

    /// A claim.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn claim_status(&self, nullifier: NullifierHash) -> Result<ClaimView, ClientError> {
        self.get(&format!("/v1/claims/{nullifier}")).await
    }

    /// Waits until a claim is paid for good or rejected.
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
        self.read(self.http.get(self.url(path))).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        request
            .send()
            .await
            .map_err(|source| self.transport(source))
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.answer(request).await?;
        response
            .json()
            .await
            .map_err(|source| self.transport(source))
    }

    /// The answer, if it is not a refusal.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = self.send(request).await?;
        if response.status() < StatusCode::BAD_REQUEST {
            return Ok(response);
        }
        let problem = response
            .json()
            .await
            .map_err(|source| self.transport(source))?;
        Err(ClientError::Refused(Box::new(problem)))
    }

    fn transport(&self, source: reqwest::Error) -> ClientError {
        ClientError::Transport {
            url: self.shown.clone(),
            source: source.without_url(),
        }
    }
}

/// Looks again and again until what is seen is settled.
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
