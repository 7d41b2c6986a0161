//! Why a call could not be answered.

use longshore_datasets::SourceError;
use longshore_files::FileError;
use longshore_protocol::{ErrorCode, Problem};
use longshore_tasks::{ApplyError, StoreError};

/// Why a call could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// There is no such dataset.
    #[error("there is no such dataset")]
    UnknownDataset,
    /// The parameters are wrong; each problem names its field.
    #[error("{} of the parameters are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// There is no such task, or it belongs to somebody else.
    #[error("there is no such task of this person")]
    UnknownTask,
    /// The caller has no such draft of an import.
    #[error("there is no such draft of this person")]
    UnknownDraft,
    /// The draft was changed since the caller saw it.
    #[error("the draft was changed in the meantime")]
    DraftChanged,
    /// The task has no file yet, or never will: it has not ended well.
    #[error("the task has not finished")]
    NotFinished,
    /// The task has ended well without a file.
    #[error("the task has no file")]
    NoFile,
    /// The file's retention has passed.
    #[error("the file has expired")]
    FileExpired,
    /// A file that was being uploaded ended early.
    #[error("the upload ended early: {0}")]
    Upload(String),
    /// The task store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file store failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// A fault of Longshore itself.
    #[error("{0}")]
    Internal(String),
}

impl CentreError {
    /// The code that the caller is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            CentreError::UnknownDataset => ErrorCode::UnknownDataset,
            CentreError::Invalid(_) => ErrorCode::InvalidParameters,
            CentreError::UnknownTask => ErrorCode::UnknownTask,
            CentreError::UnknownDraft => ErrorCode::UnknownDraft,
            CentreError::DraftChanged => ErrorCode::DraftChanged,
            CentreError::Upload(_) => ErrorCode::BadRequest,
            CentreError::NotFinished => ErrorCode::TaskNotFinished,
            CentreError::NoFile => ErrorCode::NoFile,
            CentreError::FileExpired => ErrorCode::FileExpired,
            CentreError::Store(error) if error.is_retryable() => ErrorCode::StoreUnavailable,
            CentreError::Source(SourceError::Database { .. } | SourceError::Timeout { .. }) => {
                ErrorCode::DatabaseUnavailable
            }
            CentreError::Store(_)
            | CentreError::Source(_)
            | CentreError::Files(_)
            | CentreError::Internal(_) => ErrorCode::Internal,
        }
    }
}

impl From<ApplyError> for CentreError {
    fn from(error: ApplyError) -> CentreError {
        match error {
            ApplyError::Unknown(_) => CentreError::UnknownTask,
            ApplyError::Store(error) => CentreError::Store(error),
            // The same request may get through a moment later.
            ApplyError::Busy => CentreError::Store(StoreError::Interrupted),
            ApplyError::Refused(refusal) => CentreError::Internal(refusal.to_string()),
        }
    }
}
