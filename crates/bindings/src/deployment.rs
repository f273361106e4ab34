//! A deployment: chain and addresses of the contracts, in a file.

use std::path::{Path, PathBuf};

use alloy::primitives::Address;
use annona_core::{ClaimScope, EnrolmentDomain, deserialize_address, deserialize_addresses};
use annona_files::{Audience, FileError, read_text, write_new};
use serde::{Deserialize, Serialize};

/// Longest deployment file that is read.
const MAX_FILE_BYTES: u64 = 1 << 16;

/// Failure to read or to write a deployment file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a deployment.
    #[error("{} is not a deployment file", path.display())]
    Malformed {
        /// Path of the file.
        path: PathBuf,
        /// Error of the JSON library.
        source: serde_json::Error,
    },
}

/// Chain and addresses of the contracts: all that an auditor needs besides an RPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Block of the first contract; events are read from here on.
    pub deployment_block: u64,
    /// Address of `Registry`.
    #[serde(deserialize_with = "deserialize_address")]
    pub registry: Address,
    /// Address of `Distributor`.
    #[serde(deserialize_with = "deserialize_address")]
    pub distributor: Address,
    /// Address of `OrbRegistry`.
    #[serde(deserialize_with = "deserialize_address")]
    pub orb_registry: Address,
    /// Address of `AnnonaToken`.
    #[serde(deserialize_with = "deserialize_address")]
    pub token: Address,
    /// Address of `MintedIncome`.
    #[serde(deserialize_with = "deserialize_address")]
    pub income_source: Address,
    /// Address of `SemaphoreVerifier`.
    #[serde(deserialize_with = "deserialize_address")]
    pub verifier: Address,
    /// Addresses of the registry's verifiers of append batches of 16, 256 and 1024.
    #[serde(deserialize_with = "deserialize_addresses")]
    pub append_verifiers: [Address; 3],
    /// Addresses of the registry's verifiers of revoke batches of 8 and 32.
    #[serde(deserialize_with = "deserialize_addresses")]
    pub revoke_verifiers: [Address; 2],
    /// Address of `TimelockController`.
    #[serde(deserialize_with = "deserialize_address")]
    pub timelock: Address,
    /// Account whose key signs the receipts of claims: a service that signs with another key gives
    /// receipts that bind nobody (RCPT-1).
    #[serde(deserialize_with = "deserialize_address")]
    pub receipt_signer: Address,
}

impl Deployment {
    /// Reads a deployment file (JSON).
    ///
    /// # Errors
    /// [`DeploymentFileError`].
    pub fn load(path: &Path) -> Result<Self, DeploymentFileError> {
        let text = read_text(path, MAX_FILE_BYTES)?;
        serde_json::from_str(&text).map_err(|source| DeploymentFileError::Malformed {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes a new deployment file (JSON).
    ///
    /// # Errors
    /// [`DeploymentFileError::File`], for a file that exists as well.
    pub fn save(&self, path: &Path) -> Result<(), DeploymentFileError> {
        let text = serde_json::to_string_pretty(self).map_err(|source| {
            DeploymentFileError::Malformed {
                path: path.to_owned(),
                source,
            }
        })?;
        Ok(write_new(
            path,
            Audience::Everybody,
            (text + "\n").as_bytes(),
        )?)
    }

    /// Lists the contracts, by name.
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

    /// Returns the chain and the distributor that claims are bound to.
    #[must_use]
    pub const fn claim_scope(&self) -> ClaimScope {
        ClaimScope {
            chain_id: self.chain_id,
            distributor: self.distributor,
        }
    }

    /// Returns the domain that orbs sign under.
    #[must_use]
    pub const fn enrolment_domain(&self) -> EnrolmentDomain {
        EnrolmentDomain {
            chain_id: self.chain_id,
            orb_registry: self.orb_registry,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sample() -> Deployment {
        let address = |number: u8| Address::repeat_byte(0xa0 + number);
        Deployment {
            chain_id: u64::MAX,
            deployment_block: u64::MAX,
            registry: address(1),
            distributor: address(2),
            orb_registry: address(3),
            token: address(4),
            income_source: address(5),
            verifier: address(6),
            append_verifiers: [7, 8, 9].map(address),
            revoke_verifiers: [10, 11].map(address),
            timelock: address(12),
            receipt_signer: address(13),
        }
    }

    #[test]
    fn a_deployment_goes_there_and_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployment.json");
        sample().save(&path).unwrap();
        assert_eq!(Deployment::load(&path).unwrap(), sample());
        let written = std::fs::read(&path).unwrap();
        assert!(sample().save(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), written);
        let marked = [b"\xef\xbb\xbf".as_slice(), &written].concat();
        std::fs::write(&path, marked).unwrap();
        assert_eq!(Deployment::load(&path).unwrap(), sample());
    }

    #[test]
    fn each_address_of_a_file_has_a_right_checksum_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let text = serde_json::to_string(&sample()).unwrap();
        for number in 1..=13 {
            let address = Address::repeat_byte(0xa0 + number);
            let plain = format!("{address:#x}");
            let right = text.replace(&plain, &address.to_checksum(None));
            let path = folder.path().join(format!("right-{number}"));
            std::fs::write(&path, right).unwrap();
            assert_eq!(Deployment::load(&path).unwrap(), sample());
            let mut wrong = address.to_checksum(None);
            let flipped = if wrong.starts_with("0xA") {
                "0xa"
            } else {
                "0xA"
            };
            wrong.replace_range(..3, flipped);
            let path = folder.path().join(format!("wrong-{number}"));
            std::fs::write(&path, text.replace(&plain, &wrong)).unwrap();
            let refused = Deployment::load(&path).unwrap_err();
            let cause = std::error::Error::source(&refused).unwrap().to_string();
            assert!(cause.contains("checksum"), "{wrong}: {cause}");
        }
    }
}
