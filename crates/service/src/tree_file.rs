//! File of the membership tree, which spares a restart the reading of all events of the registry.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use annona_bindings::Deployment;
use annona_core::{B256, keccak256};
use annona_engine::ports::RegistryState;
use annona_engine::{Membership, TREE_MAGIC};
use annona_files::{Audience, FileError, OutputFile, Purpose};
use anyhow::Context;
use tokio_util::sync::CancellationToken;

/// Time between two writes of a tree that changes. Changes that a crash loses are read from
/// the chain again.
const SAVE_INTERVAL: Duration = Duration::from_secs(600);

/// The membership tree's file.
pub struct TreeFile {
    path: PathBuf,
    tag: B256,
    membership: Arc<Membership>,
    saved: Option<RegistryState>,
}

impl TreeFile {
    /// The file at `path` of the tree of a deployment's registry.
    pub fn new(path: PathBuf, deployment: &Deployment, membership: Arc<Membership>) -> Self {
        let mut name = deployment.chain_id.to_be_bytes().to_vec();
        name.extend(deployment.registry);
        Self {
            path,
            tag: keccak256(name),
            membership,
            saved: None,
        }
    }

    /// Writes the tree down as it is.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        save(&self.path, self.tag, &self.membership)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Fills the tree from the file. A file that is of no use is not missed for long: the
    /// events of the chain say the same.
    pub async fn load(&mut self) {
        if !self.path.exists() {
            return;
        }
        let (path, tag) = (self.path.clone(), self.tag);
        let membership = Arc::clone(&self.membership);
        let loading = tokio::task::spawn_blocking(move || load(&path, tag, &membership));
        match loading.await.context("reading the tree's file stopped") {
            Ok(Ok(())) => {
                let state = self.membership.state();
                tracing::info!(leaves = state.next_index, "the tree was read from its file");
                self.saved = Some(state);
            }
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(
                    cause = format!("{error:#}"),
                    "the tree is made from the chain's events"
                );
            }
        }
    }

    /// Writes the tree down now and then, and when the service stops, if it has changed.
    pub async fn keep(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SAVE_INTERVAL) => {}
            }
            self.save().await;
        }
    }

    async fn save(&mut self) {
        let state = self.membership.state();
        if self.saved == Some(state) || !self.membership.is_synced() {
            return;
        }
        let (path, tag) = (self.path.clone(), self.tag);
        let membership = Arc::clone(&self.membership);
        let saving = tokio::task::spawn_blocking(move || save(&path, tag, &membership));
        match saving.await.map_err(io::Error::other).flatten() {
            Ok(()) => self.saved = Some(state),
            Err(error) => tracing::warn!(%error, "the tree's file was not written"),
        }
    }
}

fn load(path: &Path, tag: B256, membership: &Membership) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    membership
        .load(tag, &mut BufReader::new(file))
        .with_context(|| format!("{} is of no use", path.display()))
}

/// Tells whether a tree can be written to `path`.
pub fn check_place(path: &Path) -> Result<(), FileError> {
    begin(path).map(drop)
}

fn begin(path: &Path) -> Result<OutputFile<'static>, FileError> {
    let purpose = Purpose::beginning_with("a tree", &TREE_MAGIC);
    OutputFile::replace(path, Audience::Everybody, purpose)
}

/// Writes the tree so that a reader sees the old file or the new one. A file that holds no
/// tree is left as it is.
fn save(path: &Path, tag: B256, membership: &Membership) -> io::Result<()> {
    let mut out = BufWriter::new(begin(path).map_err(io::Error::other)?);
    membership.save(tag, &mut out)?;
    let file = out.into_inner().map_err(IntoInnerError::into_error)?;
    file.commit().map_err(io::Error::other)
}
