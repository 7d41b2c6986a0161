//! Why the work of a task failed, and what of it is told to a person.

use longshore_datasets::import::CommitError;
use longshore_datasets::{Catalog, Dataset, Query, SourceError};
use longshore_files::FileError;
use longshore_protocol::{FailureCode, Problem};
use longshore_sheets::SheetError;
use longshore_sheets::faults::FaultsError;
use longshore_sheets::read::ReadError;
use longshore_tasks::{Failure, JobError, State, StoreError, Task};

use crate::import::refusal;

/// Why the work of a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error("dataset {0} is no longer configured")]
    NoDataset(String),
    #[error("the configuration no longer has what the task asks for: {0}")]
    Changed(String),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error(transparent)]
    Files(#[from] FileError),
    #[error("a thread of the task ended early: {0}")]
    Thread(String),
    #[error("part {number} failed, Ref {}", .failure.reference)]
    Part { number: u32, failure: Failure },
    #[error("part {0} has ended without a result")]
    NoPart(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a finished part could not be read: {0}")]
    Read(#[source] std::io::Error),
    #[error(
        "finished part {0} is not as it was stored; it was removed, so that the next attempt makes it anew"
    )]
    PartDamaged(usize),
    #[error("the archive of all parts can't be made: {0}")]
    Archive(#[source] std::io::Error),
    #[error("the finished parts are no longer what would be written")]
    RowsChanged,
    #[error("the uploaded file is not there any more")]
    NoUpload,
    #[error("the uploaded file can't be read: {0}")]
    Upload(#[from] ReadError),
    #[error("the plan of the import is not there any more")]
    NoPlan,
    #[error("stored rows can't be read or written: {0}")]
    Rows(#[from] arrow_schema::ArrowError),
    #[error(transparent)]
    Faults(#[from] FaultsError),
    #[error("the database did not take rows: {0}")]
    Commit(#[source] CommitError),
    #[error("a file of this machine can't be used: {0}")]
    Scratch(#[source] std::io::Error),
    #[error(transparent)]
    Checkpoint(#[from] JobError),
}

impl WorkError {
    /// Why a part has no result; the task fails for the same reason.
    pub(crate) fn of_part(number: u32, child: &Task) -> WorkError {
        match (&child.failure, child.state) {
            (Some(failure), State::Failed) => WorkError::Part { number, failure: failure.clone() },
            _ => WorkError::NoPart(number),
        }
    }

    /// Problems of a request that was good when the task was registered.
    pub(crate) fn changed(problems: &[Problem]) -> WorkError {
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        WorkError::Changed(fields.join(", "))
    }
}

impl From<CommitError> for WorkError {
    fn from(error: CommitError) -> WorkError {
        match error {
            CommitError::Source(error) => WorkError::Source(error),
            CommitError::Misfit(what) => WorkError::Changed(what),
            // What kept the chunk from being had is another matter than what the database says, and may pass.
            CommitError::Chunk(error) => match error.downcast::<FileError>() {
                Ok(error) => WorkError::Files(*error),
                Err(error) => WorkError::Commit(CommitError::Chunk(error)),
            },
            other => WorkError::Commit(other),
        }
    }
}

impl From<WorkError> for JobError {
    fn from(error: WorkError) -> JobError {
        let (code, detail) = match &error {
            WorkError::NoDataset(_) => (FailureCode::Definition, None),
            WorkError::Changed(fields) => (FailureCode::Definition, Some(fields.clone())),
            WorkError::Source(SourceError::BadValue { column, .. }) => {
                (FailureCode::BadValue, Some(column.clone()))
            }
            WorkError::Source(SourceError::Misfit { key, .. }) => {
                (FailureCode::Definition, Some(key.clone()))
            }
            WorkError::Source(SourceError::Database { .. }) => (FailureCode::Database, None),
            WorkError::Source(SourceError::Timeout { .. }) => (FailureCode::DatabaseTimeout, None),
            WorkError::Files(_)
            | WorkError::Read(_)
            | WorkError::PartDamaged(_)
            | WorkError::Sheet(SheetError::Io(_)) => (FailureCode::FileStore, None),
            WorkError::Scratch(_) | WorkError::Faults(_) => (FailureCode::FileStore, None),
            WorkError::NoUpload | WorkError::NoPlan => (FailureCode::Upload, None),
            WorkError::Upload(error) => match error.is_retryable() {
                true => (FailureCode::FileStore, None),
                // What is wrong with the file, in the form in which people are told of it at once where it is seen at once.
                false => {
                    (FailureCode::Upload, refusal(error).and_then(|kind| serde_json::to_string(&kind).ok()))
                }
            },
            WorkError::Commit(_) => (FailureCode::Database, None),
            WorkError::Part { failure, .. } => (failure.code, failure.detail.clone()),
            WorkError::Source(_)
            | WorkError::Sheet(_)
            | WorkError::Thread(_)
            | WorkError::NoPart(_)
            | WorkError::Archive(_)
            | WorkError::RowsChanged
            | WorkError::Rows(_)
            | WorkError::Checkpoint(_)
            | WorkError::Store(_) => (FailureCode::Internal, None),
        };
        let may_pass = match &error {
            // It has had its attempts already.
            WorkError::Part { .. } => false,
            WorkError::Store(error) => error.is_retryable(),
            // A query that is wrong stays wrong.
            WorkError::Source(SourceError::Database { is_transient, .. }) => *is_transient,
            WorkError::Files(error) => error.is_retryable(),
            // The file store may be back in a moment.
            _ => code == FailureCode::FileStore,
        };
        JobError { code, detail, may_pass, cause: Box::new(error) }
    }
}

/// The dataset of a task; the configuration may have changed since it was registered.
pub(crate) fn find_dataset<'a>(catalog: &'a Catalog, id: &str) -> Result<&'a Dataset, WorkError> {
    catalog.get(id).ok_or_else(|| WorkError::NoDataset(id.to_owned()))
}

/// The query of a task, checked again.
pub(crate) fn checked_again(query: Result<Query, Vec<Problem>>) -> Result<Query, WorkError> {
    query.map_err(|problems| WorkError::changed(&problems))
}
