//! Refusals: a code for programs, a sentence for people, and what is wrong per field.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is not the JSON this call takes.
    BadRequest,
    /// There is no call of that name, or not by that method.
    UnknownCall,
    /// The request was understood; see the problems per field.
    InvalidParameters,
    /// No dataset of that id.
    UnknownDataset,
    /// No task of that id belongs to the caller.
    UnknownTask,
    /// The task is not finished and can't be downloaded or cleared yet.
    TaskNotFinished,
    /// The caller has no such draft of an import: it was discarded, or its time has passed.
    UnknownDraft,
    /// The draft was changed in the meantime, so what the page shows no longer holds.
    DraftChanged,
    /// The task has ended well and has no file, because there was nothing to put into one.
    NoFile,
    /// The file's retention has passed.
    FileExpired,
    /// The session cookie was changed or is of another server.
    SessionInvalid,
    /// The task store does not answer; the same request may succeed later.
    StoreUnavailable,
    /// The database does not answer; the same request may succeed later.
    DatabaseUnavailable,
    /// The browser could not reach the server. Made by the client only.
    Unreachable,
    /// A fault of Longshore itself; the cause is in the server's log under the reference.
    Internal,
}

impl ErrorCode {
    /// The HTTP status that answers carry; 0 for a code that never leaves the client.
    pub fn http_status(self) -> u16 {
        match self {
            ErrorCode::BadRequest => 400,
            ErrorCode::SessionInvalid => 401,
            ErrorCode::UnknownCall
            | ErrorCode::UnknownDataset
            | ErrorCode::UnknownTask
            | ErrorCode::UnknownDraft
            | ErrorCode::NoFile => 404,
            ErrorCode::TaskNotFinished | ErrorCode::DraftChanged => 409,
            ErrorCode::FileExpired => 410,
            ErrorCode::InvalidParameters => 422,
            ErrorCode::Internal => 500,
            ErrorCode::StoreUnavailable | ErrorCode::DatabaseUnavailable => 503,
            ErrorCode::Unreachable => 0,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(self, ErrorCode::StoreUnavailable | ErrorCode::DatabaseUnavailable | ErrorCode::Unreachable)
    }

    /// When the server wants to be asked again by those whom it refuses so; `None` where it has no wish.
    pub fn retry_after(self) -> Option<Duration> {
        matches!(self, ErrorCode::StoreUnavailable | ErrorCode::DatabaseUnavailable)
            .then_some(Duration::from_secs(5))
    }
}

/// The body of every refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiError {
    /// Why, for programs.
    pub code: ErrorCode,
    /// Why and what to do, for people, in the language of the request.
    pub message: String,
    /// Always false: whatever was asked for was not done. Named as in the answer to `registerExportTask`, so that
    /// every answer of that call says whether a task was registered.
    #[serde(default)]
    pub registered: bool,
    /// What is wrong per field, where the request's parameters are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
    /// How long the client should wait before it asks again: the answer's `Retry-After`, for clients that see no headers. Absent
    /// where the server has no wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ApiError {
    /// A refusal without field problems.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        let retry_after_ms = code.retry_after().map(|wait| wait.as_millis() as u64);
        ApiError { code, message: message.into(), registered: false, problems: Vec::new(), retry_after_ms }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// One thing wrong with a request, found by a core, not yet put into words.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The field, for instance `columns[2]` or `filters[0].value`.
    pub field: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ProblemKind {
    /// The dataset has no such column.
    UnknownColumn {
        /// As given.
        name: String,
    },
    /// The column is named twice.
    RepeatedColumn {
        /// As given.
        name: String,
    },
    /// There is no such operator.
    UnknownOperator {
        /// As given.
        name: String,
    },
    /// The operator does not apply to the column's type.
    OperatorNotForType {
        /// The operator.
        name: String,
        /// The column.
        column: String,
    },
    /// The value is not of the column's type.
    WrongType {
        /// The type the value must have: `text`, `integer`, `decimal`, `float`, `boolean`, `date` or `timestamp`.
        expected: String,
        /// What was given, shortened.
        given: String,
    },
    /// The value is none of those the column can have.
    NotAllowed {
        /// What was given, shortened.
        given: String,
    },
    /// There is no such file format.
    UnknownFormat {
        /// As given.
        name: String,
    },
    /// A file name holds a slash, a control character or another character that systems refuse.
    BadFileName,
    /// There is no such time zone.
    UnknownTimeZone {
        /// As given.
        name: String,
    },
    /// The dataset is not configured for daily statistics.
    NoDailyStatistics,
    /// A text is longer than is taken.
    TooLong {
        /// Characters at most.
        limit: u32,
    },
    /// A list has more entries than are taken.
    TooMany {
        /// Entries at most.
        limit: u32,
    },
    /// The uploaded file is no spreadsheet of a known kind.
    NotASpreadsheet,
    /// The uploaded file has no bytes, or no row at all.
    FileEmpty,
    /// The workbook asks for a password.
    PasswordProtected,
    /// The file is cut off or damaged.
    FileDamaged,
    /// The file, or what it unpacks to, has too many bytes.
    FileTooBig {
        /// Bytes at most.
        limit_bytes: u64,
    },
    /// The sheet has too many rows, columns or cells, or one of its cells is too long.
    SheetTooBig {
        /// What there are too many of: `rows`, `columns`, `cells`, `cell_bytes`, `text_bytes`, `shared_strings` or `seconds`.
        what: String,
        /// How many at most.
        limit: u64,
    },
    /// A text file holds bytes that are no characters of its encoding.
    BadEncoding {
        /// The row's number in the file, from 1.
        row: u64,
    },
    /// A quotation mark of a text file is opened and never closed.
    UnclosedQuote {
        /// The number in the file, from 1, of the row in which it is opened.
        row: u64,
    },
    /// There is no such sheet, row, encoding or delimiter.
    NoSuchChoice {
        /// As given.
        name: String,
    },
    /// The dataset can't be imported.
    NotImportable,
    /// The dataset does not allow this mode.
    ModeNotAllowed {
        /// As given.
        name: String,
    },
    /// A draft's columns are not matched as they must be.
    NotMatched,
    /// The plan has no row to write.
    NothingToImport,
    /// All or nothing was asked for, and some rows are in error.
    PlanHasErrors,
    /// The import's rows can no longer be taken back, or have been already.
    NotUndoable,
}

/// One thing wrong with a request, in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field, for instance `columns[2]` or `filters[0].value`.
    pub field: String,
    /// What is wrong and what would be right, in the language of the request.
    pub message: String,
    /// What is wrong, for programs.
    #[serde(flatten)]
    pub kind: ProblemKind,
}
