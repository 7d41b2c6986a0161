//! What can go wrong with files.

use opendal::ErrorKind;

/// Why the file store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no file of that key.
    #[error("there is no file {key}")]
    Missing {
        /// The key.
        key: String,
    },
    /// The store refused or failed, for instance because it is full.
    #[error("the file store could not {action}: {source}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// What the store says.
        source: Box<opendal::Error>,
    },
    /// The folder can't be created.
    #[error("can't create the folder {path} for files: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The setting that names the store is not right. Its text is not repeated: people put passwords there.
    #[error("files_url: {problem}")]
    BadAddress {
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The bucket can't be used, as was seen when it was opened.
    #[error("files_url: can't use the bucket {bucket}: {advice} ({source})")]
    Unusable {
        /// The bucket.
        bucket: String,
        /// What to look at.
        advice: &'static str,
        /// What the store says.
        source: Box<opendal::Error>,
    },
}

impl FileError {
    pub(crate) fn store(action: &'static str) -> impl FnOnce(opendal::Error) -> FileError {
        move |source| FileError::Store { action, source: Box::new(source) }
    }

    /// Whether the same may go well a little later: the store did not answer, or was full or busy. What it refused, or does
    /// not have, it will refuse again.
    pub fn is_retryable(&self) -> bool {
        match self {
            FileError::Store { source, .. } => {
                source.is_temporary()
                    || matches!(source.kind(), ErrorKind::Unexpected | ErrorKind::RateLimited)
            }
            FileError::Folder { .. } => true,
            FileError::Missing { .. } | FileError::BadAddress { .. } | FileError::Unusable { .. } => false,
        }
    }
}
