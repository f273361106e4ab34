//! Bodies of the reports on liveness and readiness.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process runs and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LivenessView {
    /// Version of the service.
    pub version: String,
}

/// Something that the service cannot do without.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ServicePart {
    /// The database takes writes.
    Store,
    /// The chain's newest block can be read.
    Chain,
    /// Chain and contracts are those that the database belongs to.
    Contracts,
    /// The membership tree follows the registry.
    Membership,
    /// Members are appended and revoked.
    Sequencer,
    /// Claims are sent.
    Relay,
    /// Transactions are followed to their end.
    Outbox,
    /// The disk has room.
    Disk,
    /// The machine's clock agrees with the chain's.
    Clock,
}

impl ServicePart {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Store,
        Self::Chain,
        Self::Contracts,
        Self::Membership,
        Self::Sequencer,
        Self::Relay,
        Self::Outbox,
        Self::Disk,
        Self::Clock,
    ];

    /// Stable name, as in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Chain => "chain",
            Self::Contracts => "contracts",
            Self::Membership => "membership",
            Self::Sequencer => "sequencer",
            Self::Relay => "relay",
            Self::Outbox => "outbox",
            Self::Disk => "disk",
            Self::Clock => "clock",
        }
    }
}

/// State of one part of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartStatus {
    /// The part can work.
    Ready,
    /// The part cannot work now.
    NotReady,
}

/// Report on one part of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    /// Part of the service.
    pub part: ServicePart,
    /// State of the part.
    pub status: PartStatus,
    /// Unix time since when it cannot work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Reason for which it cannot work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Report on the service: its state, and the parts that can and cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessView {
    /// State of the service: ready if every part can work.
    pub status: PartStatus,
    /// Reports on all parts.
    pub parts: Vec<PartView>,
}

impl ReadinessView {
    /// The report on `parts`.
    #[must_use]
    pub fn new(parts: Vec<PartView>) -> Self {
        let is_ready = |part: &PartView| part.status == PartStatus::Ready;
        let status = if parts.iter().all(is_ready) {
            PartStatus::Ready
        } else {
            PartStatus::NotReady
        };
        Self { status, parts }
    }

    /// Returns whether every part is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == PartStatus::Ready
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_part_is_shown_by_its_name() {
        for part in ServicePart::ALL {
            let shown = serde_json::to_string(&part).unwrap();
            assert_eq!(shown, format!("\"{}\"", part.name()));
        }
    }
}
