//! The rows of a file that could not be imported, as a file of the same kind, for people to mend and send again.
//!
//! Columns stand as they stood in the file; behind them come the number of the row there and what is wrong. Memory stays the same
//! however many rows there are: rows go into the file, or into a temporary file beside it, as they come.
//!
//! Workbooks keep what cells are (`value`), mark those that are wrong, and go on with a further sheet where one is full. Text files have
//! neither.

mod ods;
mod spool;
mod text;
mod value;
mod xls;
mod xlsb;
mod xlsm;
mod xlsx;

use std::path::Path;

use rust_xlsxwriter::XlsxError;
use zip::result::ZipError;

use crate::read::{Cell, TextForm};
use ods::OdsFile;
use text::TextFile;
use xls::XlsFile;
use xlsb::XlsbFile;
use xlsm::XlsmFile;
use xlsx::XlsxFile;

/// Columns that are added behind those of the file: the row's number and what is wrong.
pub const ADDED_COUNT: usize = 2;
/// Columns that a sheet has: of XLS ("Excel specifications and limits" of Excel 2003, Microsoft), and of other workbooks ("Excel
/// specifications and limits", Microsoft; LibreOffice has as many from 7.4 on).
const XLS_COLUMNS_MAX: usize = 256;
const COLUMNS_MAX: usize = 16_384;
/// Colours of cells that are wrong, and of headers, as `RRGGBB`.
const BAD_FILL: u32 = 0x00FF_C7CE;
const BAD_TEXT: u32 = 0x009C_0006;
const HEADER_FILL: u32 = 0x00E8_EEF4;
/// Widths of the columns, in digits of the default font; the last one says what is wrong.
const COLUMN_WIDTH: f64 = 16.0;
const REASON_WIDTH: f64 = 60.0;

/// Why the rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The XLSX workbook could not be written.
    #[error("the workbook of errors can't be written: {0}")]
    Xlsx(#[from] XlsxError),
    /// The OpenDocument spreadsheet, or the package of another kind, could not be written.
    #[error("the spreadsheet of errors can't be written: {0}")]
    Ods(#[from] ZipError),
    /// The text file could not be written.
    #[error("the file of errors can't be written: {0}")]
    Text(#[from] csv::Error),
    /// The file could not be made or completed.
    #[error("the file of errors can't be written: {0}")]
    Io(#[from] std::io::Error),
    /// There are more columns than a sheet of that kind has.
    #[error("the file of errors needs {column_count} columns, and a sheet of its kind has {allowed} at most")]
    TooManyColumns {
        /// The columns, those that are added among them.
        column_count: usize,
        /// Those that a sheet has.
        allowed: usize,
    },
    /// A row has more cells than there are columns for, which would push what is added out of its place.
    #[error(
        "row {number} has {cell_count} cells, more than the {column_count} columns of the file of errors"
    )]
    RowTooWide {
        /// The row's number in the file.
        number: u32,
        /// Its cells.
        cell_count: usize,
        /// The columns before those that are added.
        column_count: usize,
    },
}

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultsKind {
    /// An XLSX workbook.
    Xlsx,
    /// An XLSM workbook, without macros.
    Xlsm,
    /// An XLSB workbook.
    Xlsb,
    /// An OpenDocument spreadsheet.
    Ods,
    /// An XLS workbook, of Excel 97 to 2003.
    Xls,
    /// Text of that form; in UTF-8 where not all that is wrong can be said in its encoding, or the file would be taken for another.
    Text(TextForm),
}

impl FaultsKind {
    /// How many columns a file of that kind may have, those that are added among them; `None` where there may be any number.
    pub const fn columns_max(self) -> Option<usize> {
        match self {
            FaultsKind::Xls => Some(XLS_COLUMNS_MAX),
            FaultsKind::Xlsx | FaultsKind::Xlsm | FaultsKind::Xlsb | FaultsKind::Ods => Some(COLUMNS_MAX),
            FaultsKind::Text(_) => None,
        }
    }
}

/// Writes rows with what is wrong in them.
pub struct FaultsWriter {
    file: Box<dyn FaultsFile + Send>,
    /// Columns before those that are added.
    column_count: usize,
    row_count: u64,
}

/// A file of one kind, as it grows.
trait FaultsFile {
    /// Appends a row, which has no more cells than there are columns.
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError>;

    /// Completes the file.
    fn finish(self: Box<Self>) -> Result<(), FaultsError>;
}

/// A row and what is wrong with it.
struct Fault<'a> {
    cells: &'a [Cell<'a>],
    /// Which of the cells are wrong.
    bad: &'a [usize],
    /// The row's number in the file that was sent.
    number: u32,
    reason: &'a str,
    /// Columns before those that are added.
    column_count: usize,
}

impl FaultsWriter {
    /// Begins a file at `path`. `headers` are those of the file with the two columns that are added.
    ///
    /// # Errors
    /// [`FaultsError`] if the file can't be made.
    pub fn create(
        kind: FaultsKind,
        path: &Path,
        title: &str,
        headers: Vec<String>,
    ) -> Result<FaultsWriter, FaultsError> {
        let column_count = headers.len().saturating_sub(ADDED_COUNT);
        FaultsWriter::create_wide(kind, path, title, headers, column_count)
    }

    /// The same for a file in which rows go on to the right of its last header: there are `column_count` columns before the two that are
    /// added, and those without a header get an empty one. Where there are fewer than headers, those decide.
    ///
    /// # Errors
    /// [`FaultsError`] if the file can't be made.
    pub fn create_wide(
        kind: FaultsKind,
        path: &Path,
        title: &str,
        mut headers: Vec<String>,
        column_count: usize,
    ) -> Result<FaultsWriter, FaultsError> {
        let added = headers.split_off(headers.len().saturating_sub(ADDED_COUNT));
        headers.resize(column_count.max(headers.len()), String::new());
        let column_count = headers.len();
        headers.extend(added);
        if let Some(allowed) = kind.columns_max().filter(|allowed| headers.len() > *allowed) {
            return Err(FaultsError::TooManyColumns { column_count: headers.len(), allowed });
        }
        let file: Box<dyn FaultsFile + Send> = match kind {
            FaultsKind::Xlsx => Box::new(XlsxFile::create(path, title, headers)?),
            FaultsKind::Xlsm => Box::new(XlsmFile::create(path, title, headers)?),
            FaultsKind::Xlsb => Box::new(XlsbFile::create(path, title, headers)?),
            FaultsKind::Ods => Box::new(OdsFile::create(path, title, headers)?),
            FaultsKind::Xls => Box::new(XlsFile::create(path, title, headers)?),
            FaultsKind::Text(form) => Box::new(TextFile::create(path, form, &headers)?),
        };
        Ok(FaultsWriter { file, column_count, row_count: 0 })
    }

    /// Appends a row: its cells, one for each column or fewer; which of them are wrong; its number in the file; and why.
    ///
    /// # Errors
    /// [`FaultsError`], also where there are more cells than columns; the file is of no use then.
    pub fn push(
        &mut self,
        cells: &[Cell<'_>],
        bad: &[usize],
        number: u32,
        reason: &str,
    ) -> Result<(), FaultsError> {
        self.row_count += 1;
        let column_count = self.column_count;
        if cells.len() > column_count {
            return Err(FaultsError::RowTooWide { number, cell_count: cells.len(), column_count });
        }
        self.file.push(&Fault { cells, bad, number, reason, column_count })
    }

    /// Completes the file; gives how many rows it has.
    ///
    /// # Errors
    /// [`FaultsError`]; the file is of no use then.
    pub fn finish(self) -> Result<u64, FaultsError> {
        self.file.finish()?;
        Ok(self.row_count)
    }
}
