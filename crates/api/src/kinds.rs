//! Kinds of requests by method and route, and the permits of each kind.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use tokio::sync::Semaphore;

use crate::limits::Permits;

/// Kinds of requests below `/v1` and for files, each with limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// A tile of the tree.
    Tile,
    /// Submission of a claim.
    Claim,
    /// Submission of an enrolment, or of templates by another model.
    Enrolment,
    /// A file of the citizen's app, or nothing that there is.
    File,
    /// Anything else.
    Lookup,
}

impl RequestKind {
    /// The kind of a request, by the route that was found for it.
    pub(crate) fn of(request: &Request) -> Self {
        let Some(route) = request.extensions().get::<MatchedPath>() else {
            return Self::File;
        };
        match (request.method(), route.as_str()) {
            (&Method::POST, "/v1/claims") => Self::Claim,
            (&Method::POST, "/v1/enrolments" | "/v1/model-upgrade/templates") => Self::Enrolment,
            (_, route) if route.starts_with("/v1/tree/") => Self::Tile,
            _ => Self::Lookup,
        }
    }
}

/// Permits that are left, by kind of request.
pub(crate) struct RequestPermits {
    tiles: Semaphore,
    claims: Semaphore,
    enrolments: Semaphore,
    files: Semaphore,
    lookups: Semaphore,
}

impl RequestPermits {
    pub(crate) fn new(permits: &Permits) -> Self {
        Self {
            tiles: Semaphore::new(permits.tiles),
            claims: Semaphore::new(permits.claims),
            enrolments: Semaphore::new(permits.enrolments),
            files: Semaphore::new(permits.files),
            lookups: Semaphore::new(permits.lookups),
        }
    }

    pub(crate) const fn of(&self, kind: RequestKind) -> &Semaphore {
        match kind {
            RequestKind::Tile => &self.tiles,
            RequestKind::Claim => &self.claims,
            RequestKind::Enrolment => &self.enrolments,
            RequestKind::File => &self.files,
            RequestKind::Lookup => &self.lookups,
        }
    }
}
