use std::path::{Path, PathBuf};

use alloy::primitives::Address;
use annona_core::{ClaimScope, EnrolmentDomain};
use serde::{Deserialize, Serialize};

/// Why a deployment file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentFileError {
    /// The file cannot be read or written.
    #[error("cannot access the deployment file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a deployment.
    #[error("{} is not a deployment file", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// Where the contracts are: all that an auditor needs besides an RPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Block of the first contract; events are read from here on.
    pub deployment_block: u64,
    /// `Registry`.
    pub registry: Address,
    /// `Distributor`.
    pub distributor: Address,
    /// `OrbRegistry`.
    pub orb_registry: Address,
    /// `AnnonaToken`.
    pub token: Address,
    /// `MintedIncome`.
    pub income_source: Address,
    /// `SemaphoreVerifier`.
    pub verifier: Address,
    /// The registry's verifiers of append batches of 16, 256 and 1024.
    pub append_verifiers: [Address; 3],
    /// The registry's verifiers of revoke batches of 8 and 32.
    pub revoke_verifiers: [Address; 2],
    /// `TimelockController`.
    pub timelock: Address,
    /// Whose key signs the receipts of claims: a service that signs with another one gives
    /// receipts that bind nobody.
    pub receipt_signer: Address,
}

impl Deployment {
    /// Reads a deployment file (JSON).
    ///
    /// # Errors
    /// [`DeploymentFileError`].
    pub fn load(path: &Path) -> Result<Self, DeploymentFileError> {
        let io = |source| DeploymentFileError::Io {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(io)?;
        serde_json::from_str(&text).map_err(|source| DeploymentFileError::Malformed {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes a deployment file (JSON).
    ///
    /// # Errors
    /// [`DeploymentFileError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), DeploymentFileError> {
        let text = serde_json::to_string_pretty(self).map_err(|source| {
            DeploymentFileError::Malformed {
                path: path.to_owned(),
                source,
            }
        })?;
        std::fs::write(path, text + "\n").map_err(|source| DeploymentFileError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// The contracts, by name.
    #[must_use]
    pub fn contracts(&self) -> Vec<(&'static str, Address)> {
        let Self {
            chain_id: _,
            deployment_block: _,
            receipt_signer: _,
            registry,
            distributor,
            orb_registry,
            token,
            income_source,
            verifier,
            append_verifiers,
            revoke_verifiers,
            timelock,
        } = *self;
        let mut all = vec![
            ("Registry", registry),
            ("Distributor", distributor),
            ("OrbRegistry", orb_registry),
            ("AnnonaToken", token),
            ("MintedIncome", income_source),
            ("SemaphoreVerifier", verifier),
            ("TimelockController", timelock),
        ];
        all.extend(append_verifiers.map(|verifier| ("append verifier", verifier)));
        all.extend(revoke_verifiers.map(|verifier| ("revoke verifier", verifier)));
        all
    }

    /// What claims are bound to.
    #[must_use]
    pub const fn claim_scope(&self) -> ClaimScope {
        ClaimScope {
            chain_id: self.chain_id,
            distributor: self.distributor,
        }
    }

    /// What orbs sign under.
    #[must_use]
    pub const fn enrolment_domain(&self) -> EnrolmentDomain {
        EnrolmentDomain {
            chain_id: self.chain_id,
            orb_registry: self.orb_registry,
        }
    }
}
