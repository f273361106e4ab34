use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process runs and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LivenessView {
    /// Version of the service.
    pub version: String,
}

/// Whether one part of the service can work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartStatus {
    /// It can.
    Ready,
    /// It cannot now.
    NotReady,
}

/// Whether the service can do its work, and if not, which part cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessView {
    /// The database answers.
    pub store: PartStatus,
    /// The membership tree has followed the registry at least once.
    pub membership: PartStatus,
    /// The chain's newest block can be read.
    pub chain: PartStatus,
}

impl ReadinessView {
    /// Whether every part is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        [self.store, self.membership, self.chain] == [PartStatus::Ready; 3]
    }
}
