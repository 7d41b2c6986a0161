//! What can go wrong while a spreadsheet is written.

use std::io;

use arrow_schema::DataType;

/// Why a spreadsheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The sink refused bytes; the sink's own error is kept as it was.
    #[error("the file could not be written: {0}")]
    Io(#[source] io::Error),

    /// The workbook could not be put together.
    #[error("the workbook could not be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),

    /// The Parquet file could not be put together.
    #[error("the Parquet file could not be made: {0}")]
    Parquet(#[source] parquet::errors::ParquetError),

    /// The workbook around the rows is not as expected: a fault of this crate.
    #[error("the workbook's frame is not as expected: {what}")]
    Scaffold {
        /// What is missing or malformed.
        what: String,
    },

    /// A column's Arrow type has no encoder.
    #[error("column \"{column}\" has type {data_type}, which cannot be written to a spreadsheet")]
    UnsupportedType {
        /// The column's name in the schema.
        column: String,
        /// Its type.
        data_type: DataType,
    },

    /// A column's zone is not in the time zone database.
    #[error("column \"{column}\" is in time zone \"{zone}\", which is not known")]
    UnknownZone {
        /// The column's name in the schema.
        column: String,
        /// The zone's name in the column's type.
        zone: String,
    },

    /// There is nothing to write: the schema has no columns.
    #[error("a spreadsheet needs at least one column")]
    NoColumns,

    /// More columns than a sheet can hold.
    #[error("{column_count} columns are more than the {limit} that a sheet can hold")]
    TooManyColumns {
        /// Columns asked for.
        column_count: usize,
        /// Columns possible.
        limit: usize,
    },

    /// The headers do not match the schema one to one.
    #[error("{header_count} headers were given for {column_count} columns")]
    HeaderCount {
        /// Headers given.
        header_count: usize,
        /// Columns in the schema.
        column_count: usize,
    },

    /// A batch's columns are not those announced when the writer was opened.
    #[error("a batch does not have the columns that the spreadsheet was opened with: {detail}")]
    SchemaMismatch {
        /// Which difference was found first.
        detail: String,
    },

    /// The cancellation flag was set.
    #[error("the export was cancelled")]
    Cancelled,

    /// The writer was used after an earlier error; what it has written is incomplete.
    #[error("the spreadsheet is incomplete because of an earlier error")]
    Incomplete,
}

impl SheetError {
    /// Whether the same work could succeed later: true for errors of disks and sinks only.
    pub fn is_retryable(&self) -> bool {
        matches!(self, SheetError::Io(_))
    }
}
