//! Why a file cannot be read, in kinds that a person can be told.

use std::io;

use super::Limit;

/// Why a file cannot be recognised or read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The content is something else than a spreadsheet.
    #[error("this is no spreadsheet but {found}")]
    NotASpreadsheet {
        /// What it is, with its article: "a PDF document".
        found: String,
    },

    /// The file has no bytes, or no sheet.
    #[error("there is nothing in the file")]
    Empty,

    /// The workbook is encrypted.
    #[error("the workbook is protected by a password")]
    PasswordProtected,

    /// The file is a spreadsheet by its beginning, but cut off or wrong inside.
    #[error("the file is damaged: {what}")]
    Damaged {
        /// What is wrong, and where.
        what: String,
    },

    /// The file needs something that is refused: a document type definition in its XML, an unknown compression.
    #[error("the file uses {what}, which is not read")]
    Unsupported {
        /// What it uses.
        what: String,
    },

    /// The file asks for more than a limit allows.
    #[error("the file has {found} {limit} or more; at most {allowed} are read")]
    TooBig {
        /// Which limit.
        limit: Limit,
        /// The limit's value.
        allowed: u64,
        /// What was found when reading stopped: there may be more.
        found: u64,
    },

    /// Bytes that are no characters in the file's encoding.
    #[error("row {row} is not in the encoding {encoding}")]
    BadEncoding {
        /// The row in the file, from 1.
        row: u32,
        /// The encoding's name.
        encoding: &'static str,
    },

    /// A quote that is opened and never closed, which makes one field of the whole rest of a text file.
    #[error("the quote that is opened in row {row} is never closed")]
    UnclosedQuote {
        /// The row in the file in which it is opened, from 1.
        row: u32,
    },

    /// The workbook has fewer sheets.
    #[error("there is no sheet {number}; the file has {sheet_count}")]
    NoSuchSheet {
        /// The sheet asked for, from 1.
        number: usize,
        /// How many there are.
        sheet_count: usize,
    },

    /// The flag was set, or the sink wanted no more.
    #[error("reading was stopped")]
    Stopped,

    /// The bytes of the file could not be had.
    #[error("the file could not be read: {0}")]
    Io(#[source] io::Error),
}

impl ReadError {
    /// Whether the same file could be read later: true for errors of disks only.
    pub fn is_retryable(&self) -> bool {
        matches!(self, ReadError::Io(_))
    }

    /// A damaged file, with what is wrong.
    pub(crate) fn damaged(what: impl Into<String>) -> ReadError {
        ReadError::Damaged { what: what.into() }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}
