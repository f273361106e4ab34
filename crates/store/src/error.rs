use std::path::PathBuf;

use annona_core::FieldError;
use annona_engine::ports::StoreError;

use crate::DeploymentTag;

/// Reason why a database was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be opened, read or written.
    #[error("the database cannot be opened")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema could not be brought to this program's version.
    #[error("the database cannot be brought to this program's schema")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A newer program wrote the database.
    #[error("the database has schema version {version}, which is newer than this program")]
    Newer {
        /// A version of the schema that this program does not know.
        version: i64,
    },
    /// It belongs to another deployment.
    #[error("the database belongs to another deployment: {actual:?} instead of {expected:?}")]
    OtherDeployment {
        /// The deployment asked for.
        expected: Box<DeploymentTag>,
        /// The deployment that the database serves.
        actual: Box<DeploymentTag>,
    },
    /// The row that names the deployment cannot be read.
    #[error(transparent)]
    Unreadable(StoreError),
}

/// Data that no schema can hold; the source of a [`StoreError::Backend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unstorable {
    #[error("{0} does not fit a column of 63 bits")]
    Number(u64),
    #[error("the state of an enrolment does not go with its admission")]
    Admission,
    #[error("a batch with nothing in it")]
    EmptyBatch,
    #[error("an append that leaves the tree")]
    LeafIndex(#[source] FieldError),
    #[error("only claims are paid or rejected one by one")]
    NotClaims,
}

impl From<Unstorable> for StoreError {
    fn from(cause: Unstorable) -> Self {
        Self::Backend(Box::new(cause))
    }
}

/// A file of the database is not the one that is open; the source of a
/// [`StoreError::Backend`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} was deleted or replaced while it was open: put it back, or stop the service",
    path.display()
)]
pub(crate) struct ReplacedFile {
    pub(crate) path: PathBuf,
}

impl From<ReplacedFile> for StoreError {
    fn from(cause: ReplacedFile) -> Self {
        Self::Backend(Box::new(cause))
    }
}

/// A failure of the database itself.
pub(crate) fn backend(cause: sqlx::Error) -> StoreError {
    StoreError::Backend(Box::new(cause))
}
