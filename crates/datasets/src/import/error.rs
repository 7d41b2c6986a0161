//! Why chunks could not be written.

use crate::error::SourceError;

/// Why a checked chunk could not be had.
pub type ChunkError = Box<dyn std::error::Error + Send + Sync>;

/// Why a transaction wrote nothing. Whatever it is, nothing of it is in the database, with one exception: where the connection was
/// lost while the transaction was being committed it may be either. Calling again tells, and does nothing twice.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Rows are no longer as the plan has them.
    #[error("{} rows were changed since the plan was made", rows.len())]
    Drifted {
        /// Their numbers in the file, in order.
        rows: Vec<u32>,
    },
    /// The database refuses rows for a rule of its own: a value that must be there, a check, a reference, something unique.
    #[error("the database refuses rows: {message}")]
    Refused {
        /// What the database says, without values of cells.
        message: String,
        /// The rule, or the column, as the database names it, where it tells.
        rule: Option<String>,
        /// Rows of the file among which the refused one is: their first and last numbers.
        rows: Option<(u32, u32)>,
    },
    /// A chunk could not be had.
    #[error("a part of the plan can't be read: {0}")]
    Chunk(#[source] ChunkError),
    /// The plan is not of this dataset as it is configured now.
    #[error("the plan does not go with the dataset: {0}")]
    Misfit(String),
    /// The database, or the way to it; [`SourceError::Stopped`] where it was told to stop.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl CommitError {
    /// Whether it may be otherwise in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self, CommitError::Source(SourceError::Database { is_transient: true, .. }))
    }
}

impl From<arrow_schema::ArrowError> for CommitError {
    fn from(error: arrow_schema::ArrowError) -> CommitError {
        CommitError::Source(SourceError::Schema(error))
    }
}
