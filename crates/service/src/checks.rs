//! Checks of everything that the service rests on: its chain, the contracts, the disk, the
//! clock. Made before the start and now and then, because each of them can change under it.

use std::path::{Path, PathBuf};

use annona_chain::{ChainIdentity, ContractCode, EvmReader};
use annona_core::{Address, B256, UnixSeconds};
use annona_engine::ports::{BlockHead, ChainError, StoreError};
use annona_keys::DEVELOPMENT_CHAINS;
use annona_store::SqliteStore;
use tokio::sync::watch;

/// Room on the disk below which nothing can be promised, in bytes.
const MIN_FREE_BYTES: u64 = 1 << 20;
/// Seconds by which a block may lie in the future of this machine's clock.
const MAX_CLOCK_LAG_SECS: u64 = 30;
/// Seconds by which a block that has just come may lie in the past of this machine's clock.
const MAX_BLOCK_AGE_SECS: u64 = 600;

/// Reason for which the service must not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChainIdentityError {
    #[error("the database belongs to chain {database}, the endpoint serves chain {endpoint}")]
    Chain { database: u64, endpoint: u64 },
    #[error(
        "the database belongs to the chain {chain_id} whose {block} is {database}, \
         on the endpoint's chain {chain_id} it is {endpoint}"
    )]
    History {
        chain_id: u64,
        block: String,
        database: B256,
        endpoint: B256,
    },
    #[error(
        "the deployment begins in block {block}, the endpoint has blocks up to {head} and not \
         this one"
    )]
    NoDeploymentBlock { block: u64, head: u64 },
    #[error("the deployment has its {contract} at {address}, the endpoint has no contract there")]
    NoContract {
        contract: &'static str,
        address: Address,
    },
    #[error(
        "the database belongs to a {contract} at {address} whose code has hash {database}, \
         on the endpoint it is {endpoint}"
    )]
    Code {
        contract: &'static str,
        address: Address,
        database: B256,
        endpoint: B256,
    },
    #[error(transparent)]
    Unknown(#[from] ChainError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChainIdentityError {
    /// Returns whether nothing was found out, rather than something else than expected.
    const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Store(_))
    }
}

/// Holds the chain and contracts of an endpoint against those that the database knows (RELAY-8).
pub(crate) struct ChainIdentityCheck {
    reader: EvmReader,
    store: SqliteStore,
    /// Blocks after which the block of the deployment is known to stay.
    confirmations: u64,
    verdict: watch::Sender<bool>,
}

impl ChainIdentityCheck {
    pub(crate) fn new(
        reader: EvmReader,
        store: SqliteStore,
        confirmations: u64,
    ) -> (Self, watch::Receiver<bool>) {
        let (verdict, is_own_chain) = watch::channel(false);
        let check = Self {
            reader,
            store,
            confirmations,
            verdict,
        };
        (check, is_own_chain)
    }

    /// Looks, and decides whether the service pays from now on.
    ///
    /// # Errors
    /// [`ChainIdentityError`]. While nothing can be found out, the earlier verdict holds.
    pub(crate) async fn look(&self) -> Result<(), ChainIdentityError> {
        let outcome = self.compare().await;
        match &outcome {
            Ok(()) => {
                self.verdict.send_replace(true);
            }
            Err(error) if error.is_unknown() => {
                if *self.verdict.borrow() {
                    return Ok(());
                }
            }
            Err(error) => {
                if self.verdict.send_replace(false) {
                    tracing::error!(%error, "payments are stopped: this is another chain");
                }
            }
        }
        outcome
    }

    async fn compare(&self) -> Result<(), ChainIdentityError> {
        let identity = self.reader.chain_identity().await?;
        let deployment = self.reader.deployment();
        if identity.chain_id != deployment.chain_id {
            return Err(ChainIdentityError::Chain {
                database: deployment.chain_id,
                endpoint: identity.chain_id,
            });
        }
        self.compare_history(&identity).await?;
        for code in &identity.contracts {
            self.compare_code(code).await?;
        }
        Ok(())
    }

    async fn compare_history(&self, identity: &ChainIdentity) -> Result<(), ChainIdentityError> {
        if let Some(genesis) = identity.genesis_hash {
            self.compare_block("block 0", "genesis", genesis, identity)
                .await?;
        }
        let block = self.reader.deployment().deployment_block;
        let Some(hash) = identity.deployment_hash else {
            return Err(ChainIdentityError::NoDeploymentBlock {
                block,
                head: identity.head_number,
            });
        };
        // A reorg may still change it.
        if identity.head_number.saturating_sub(block) < self.confirmations {
            return Ok(());
        }
        let name = format!("block {block}");
        self.compare_block(&name, "deployment block", hash, identity)
            .await
    }

    async fn compare_block(
        &self,
        block: &str,
        mark: &str,
        endpoint: B256,
        identity: &ChainIdentity,
    ) -> Result<(), ChainIdentityError> {
        let database = self.store.first_mark(mark, endpoint).await?;
        if database == endpoint {
            return Ok(());
        }
        Err(ChainIdentityError::History {
            chain_id: identity.chain_id,
            block: block.to_owned(),
            database,
            endpoint,
        })
    }

    async fn compare_code(&self, code: &ContractCode) -> Result<(), ChainIdentityError> {
        let ContractCode {
            contract, address, ..
        } = *code;
        let Some(endpoint) = code.code_hash else {
            return Err(ChainIdentityError::NoContract { contract, address });
        };
        let database = self.store.first_mark(contract, endpoint).await?;
        if database == endpoint {
            return Ok(());
        }
        Err(ChainIdentityError::Code {
            contract,
            address,
            database,
            endpoint,
        })
    }
}

/// Reason for which the disk is not fit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    #[error("the disk of {} has {free} bytes left, and {MIN_FREE_BYTES} are needed", folder.display())]
    Full { folder: PathBuf, free: u64 },
    #[error("the disk of {} cannot be looked at", folder.display())]
    Io {
        folder: PathBuf,
        source: std::io::Error,
    },
}

/// Looks whether the disk that holds `file` has room (RELAY-11).
pub(crate) fn check_disk(file: &Path) -> Result<(), DiskError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let statistics = rustix::fs::statvfs(folder).map_err(|error| DiskError::Io {
        folder: folder.to_owned(),
        source: error.into(),
    })?;
    let free = statistics.f_bavail.saturating_mul(statistics.f_frsize);
    metrics::gauge!("annona_disk_free_bytes").set(free as f64);
    if free < MIN_FREE_BYTES {
        return Err(DiskError::Full {
            folder: folder.to_owned(),
            free,
        });
    }
    Ok(())
}

/// Reason for which this machine's clock is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClockError {
    #[error(
        "this machine's clock says {machine}, the chain's newest block says {chain}: the clock \
         is {} s behind", chain - machine
    )]
    Behind { machine: u64, chain: u64 },
    #[error(
        "this machine's clock says {machine}, a block that has just come says {chain}: the \
         clock is {} s ahead, or the endpoint is behind", machine - chain
    )]
    Ahead { machine: u64, chain: u64 },
}

/// Compares this machine's clock with blocks as they come.
#[derive(Debug)]
pub(crate) struct ClockCheck {
    chain_id: u64,
    last_seen: Option<u64>,
}

impl ClockCheck {
    pub(crate) const fn new(chain_id: u64) -> Self {
        Self {
            chain_id,
            last_seen: None,
        }
    }

    /// Judges by the newest block. An old block tells nothing as long as no other comes:
    /// some chains have blocks only when something happens.
    pub(crate) fn judge(
        &mut self,
        machine: UnixSeconds,
        head: BlockHead,
    ) -> Result<(), ClockError> {
        let earlier = self.last_seen.replace(head.number);
        if DEVELOPMENT_CHAINS.contains(&self.chain_id) {
            return Ok(());
        }
        let (machine, chain) = (machine.0, head.timestamp.0);
        if chain > machine.saturating_add(MAX_CLOCK_LAG_SECS) {
            return Err(ClockError::Behind { machine, chain });
        }
        let has_just_come = earlier.is_some_and(|number| head.number > number);
        if has_just_come && machine > chain.saturating_add(MAX_BLOCK_AGE_SECS) {
            return Err(ClockError::Ahead { machine, chain });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn block(number: u64, timestamp: u64) -> BlockHead {
        BlockHead {
            number,
            timestamp: UnixSeconds(timestamp),
        }
    }

    #[test]
    fn a_clock_is_held_against_blocks_as_they_come() {
        let mut check = ClockCheck::new(1);
        let now = UnixSeconds(NOW);
        // The first block seen may be an old one of a quiet chain.
        assert_eq!(check.judge(now, block(5, NOW - 90_000)), Ok(()));
        assert_eq!(check.judge(now, block(5, NOW - 90_000)), Ok(()));
        let ahead = ClockError::Ahead {
            machine: NOW,
            chain: NOW - 601,
        };
        assert_eq!(check.judge(now, block(6, NOW - 601)), Err(ahead));
        assert_eq!(check.judge(now, block(7, NOW - 600)), Ok(()));
        assert_eq!(check.judge(now, block(8, NOW + 30)), Ok(()));
        let behind = ClockError::Behind {
            machine: NOW,
            chain: NOW + 31,
        };
        assert_eq!(check.judge(now, block(9, NOW + 31)), Err(behind));
        let mut development = ClockCheck::new(31_337);
        assert_eq!(development.judge(now, block(9, NOW + 99_999)), Ok(()));
    }

    #[test]
    fn a_disk_is_looked_at_by_the_file_that_is_on_it() {
        let folder = tempfile::tempdir().unwrap();
        check_disk(&folder.path().join("annona.sqlite")).unwrap();
        let gone = check_disk(Path::new("/no/such/folder/annona.sqlite"));
        assert!(matches!(gone, Err(DiskError::Io { .. })), "{gone:?}");
    }
}
