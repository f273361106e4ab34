//! The note beside a wallet: facts that save requests, and are not missed when it is lost.

use std::path::{Path, PathBuf};

use annona_core::{ClaimScope, Commitment, Epoch, LeafIndex};
use annona_files::{Audience, Exposure, FileError, Purpose, read_private, write_over};
use serde::{Deserialize, Serialize};

/// Name of the format, the first value of each note.
const FORMAT: &str = "annona-wallet-note-1";

/// Beginning of each note.
const START: &str = r#"{"format":"annona-wallet-note-1","#;

/// Bytes that a note can have at most.
const MAX_FILE_BYTES: u64 = 1 << 16;

/// Claims of a deployment that are kept, the newest.
const MAX_CLAIMS: usize = 64;

/// Deployments that are kept, the newest.
const MAX_DEPLOYMENTS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Contents {
    format: String,
    commitment: String,
    deployments: Vec<Known>,
}

/// Facts about one deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Known {
    deployment: String,
    leaf_index: Option<u64>,
    claims: Vec<Handed>,
}

/// A claim that was handed to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Handed {
    epoch: u64,
    service: String,
}

/// The note of a wallet. It names the wallet's owner, so it is as private as the wallet.
#[derive(Debug, Clone)]
pub struct WalletNote {
    path: PathBuf,
    contents: Contents,
}

impl WalletNote {
    /// The note beside `wallet`; an empty one if there is none, or one of another identity.
    ///
    /// # Errors
    /// [`FileError`] when there is one that cannot be read; the second value is then to be
    /// used in its place.
    pub(super) fn open(wallet: &Path, commitment: Commitment) -> (Self, Option<FileError>) {
        let path = beside(wallet);
        let empty = Contents {
            format: FORMAT.to_owned(),
            commitment: commitment.to_string(),
            deployments: Vec::new(),
        };
        let read = read_private(&path, MAX_FILE_BYTES, Exposure::Repair);
        let (found, problem) = match read {
            Ok(bytes) => (serde_json::from_slice::<Contents>(&bytes).ok(), None),
            Err(error) if error.is_not_found() => (None, None),
            Err(error) => (None, Some(error)),
        };
        let own = found
            .filter(|found| found.format == empty.format && found.commitment == empty.commitment);
        let contents = own.unwrap_or(empty);
        (Self { path, contents }, problem)
    }

    /// Place of the commitment in a deployment's tree, where it was seen last.
    #[must_use]
    pub fn leaf_index(&self, scope: &ClaimScope) -> Option<LeafIndex> {
        LeafIndex::try_from(self.known(scope)?.leaf_index?).ok()
    }

    /// Epochs whose claims were handed to `service` (IDENT-10).
    #[must_use]
    pub fn handed_to(&self, scope: &ClaimScope, service: &str) -> Vec<Epoch> {
        let known = self.known(scope).into_iter();
        known
            .flat_map(|known| &known.claims)
            .filter(|claim| claim.service == service)
            .map(|claim| Epoch(claim.epoch))
            .collect()
    }

    /// Notes the place of the commitment.
    ///
    /// # Errors
    /// [`FileError`]; a wallet without the note looks through the tree.
    pub fn remember_leaf(
        &mut self,
        scope: &ClaimScope,
        leaf_index: LeafIndex,
    ) -> Result<(), FileError> {
        let known = self.known_mut(scope);
        if known.leaf_index == Some(leaf_index.get()) {
            return Ok(());
        }
        known.leaf_index = Some(leaf_index.get());
        self.write()
    }

    /// Notes that a claim is handed to `service`. Only that service is ever asked about it.
    ///
    /// # Errors
    /// [`FileError`]; the service is not asked about the claim later.
    pub fn remember_claim(
        &mut self,
        scope: &ClaimScope,
        epoch: Epoch,
        service: &str,
    ) -> Result<(), FileError> {
        let claim = Handed {
            epoch: epoch.0,
            service: service.to_owned(),
        };
        let claims = &mut self.known_mut(scope).claims;
        if claims.contains(&claim) {
            return Ok(());
        }
        claims.push(claim);
        let surplus = claims.len().saturating_sub(MAX_CLAIMS);
        claims.drain(..surplus);
        self.write()
    }

    fn known(&self, scope: &ClaimScope) -> Option<&Known> {
        let name = name_of(scope);
        let mut all = self.contents.deployments.iter();
        all.find(|known| known.deployment == name)
    }

    fn known_mut(&mut self, scope: &ClaimScope) -> &mut Known {
        let name = name_of(scope);
        let all = &mut self.contents.deployments;
        let position = all.iter().position(|known| known.deployment == name);
        let known = match position {
            Some(position) => all.remove(position),
            None => Known {
                deployment: name,
                leaf_index: None,
                claims: Vec::new(),
            },
        };
        let surplus = (all.len() + 1).saturating_sub(MAX_DEPLOYMENTS);
        all.drain(..surplus);
        all.push(known);
        all.last_mut().expect("one was pushed")
    }

    fn write(&self) -> Result<(), FileError> {
        let failed = |source: serde_json::Error| FileError::Io {
            path: self.path.clone(),
            action: annona_files::FileAction::Write,
            source: source.into(),
        };
        let text = serde_json::to_string(&self.contents).map_err(failed)? + "\n";
        let purpose = Purpose::beginning_with("a wallet's note", START.as_bytes());
        write_over(&self.path, Audience::Owner, purpose, text.as_bytes())
    }
}

/// `wallet.json.note`: a name of its own for each wallet, and never the wallet's (IDENT-7).
fn beside(wallet: &Path) -> PathBuf {
    let mut name = wallet.as_os_str().to_owned();
    name.push(".note");
    PathBuf::from(name)
}

fn name_of(scope: &ClaimScope) -> String {
    format!("{}:{}", scope.chain_id, scope.distributor)
}
