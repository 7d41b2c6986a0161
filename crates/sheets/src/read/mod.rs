//! Reading spreadsheets as a stream.
//!
//! Purpose: turn a file that a person sent into batches of cells, whatever program made it. [`recognise`] tells by content what it
//! is, [`preview`] gives its first rows, and [`read`] all of them.
//!
//! Invariants:
//! - What comes from outside is limited before memory is taken for it, see [`ReadLimits`]; sizes that a file declares are never
//!   believed. A file that cannot be read gives a [`ReadError`], never a panic.
//! - Cells keep what the file says: numbers by their decimal text, dates by their number format as ISO 8601, formulas by the
//!   value that was stored with them; one without is an error, not an empty cell. What a text means is not guessed here.
//! - Of a merged cell the value stands at its top left. Values of cells that it covers are not seen in ODS, which marks them where they stand.
//!   In XLSX, XLSB and XLS they come through: what is merged is said behind the rows there, so leaving them out would mean to inflate
//!   every sheet twice, and programs for people remove them on merging. A header that is merged names its first column only.
//! - Rows keep their number in the file; rows that hold nothing are left out.
//! - Everything is synchronous; the sink is called on the caller's thread.

mod batch;
mod biff;
mod error;
mod feed;
mod header;
mod limits;
mod number_format;
mod ods;
mod package;
mod parts;
mod recognise;
mod rows;
mod serial;
mod text;
mod whole;
mod xlsb;
mod xlsx;

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use feed::{Feed, Watch};
use package::Package;
pub(crate) use serial::DIGITS_OF_MICROS;

pub use batch::{Cell, CellBatch, CellColumn};
pub use error::ReadError;
pub use limits::{Limit, ReadLimits};
pub use longshore_protocol::import::{CellKind, FileKind};
pub(crate) use text::encoding_of;
pub use text::{Encoding, TextForm};

/// A sheet of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// Its name; empty for text files.
    pub name: String,
    /// Whether a spreadsheet program hides it.
    pub is_hidden: bool,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognised {
    /// Its kind.
    pub kind: FileKind,
    /// Its sheets with cells in their order; one for text files.
    pub sheets: Vec<SheetInfo>,
    /// How the fields of a text file are told apart; `None` for workbooks.
    pub text: Option<TextForm>,
}

/// What of a file is to be read, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The sheet, from 0.
    pub sheet: usize,
    /// Another form than the recognised one for a text file.
    pub text: Option<TextForm>,
}

/// The beginning of a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Its first rows; those that hold nothing are left out.
    pub batch: CellBatch,
    /// The number in the file, from 1, of the first row that looks like a header.
    pub header_row: Option<u32>,
    /// About how many rows there are: exactly where all were read for the preview, else what a workbook says itself, or a guess from a
    /// text's size.
    pub row_count_hint: Option<u64>,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSummary {
    /// Rows that hold something.
    pub row_count: u64,
    /// Columns of the widest row.
    pub column_count: usize,
    /// The number in the file of the last row that holds something; 0 where none does.
    pub last_row: u32,
}

/// Tells what a file is, by its content and never by its name.
///
/// # Errors
/// Any [`ReadError`] but [`ReadError::NoSuchSheet`] and [`ReadError::Stopped`].
pub fn recognise(path: &Path, limits: &ReadLimits) -> Result<Recognised, ReadError> {
    recognise::recognise(path, limits)
}

/// The first rows of a sheet, `row_count` at most, with a guess of the header.
///
/// # Errors
/// Any [`ReadError`]; damage beyond the rows asked for may go unseen.
pub fn preview(
    path: &Path,
    recognised: &Recognised,
    choice: &Choice,
    row_count: usize,
    limits: &ReadLimits,
) -> Result<Preview, ReadError> {
    let (mut first, stop) = (None, Arc::default());
    let mut keep = |batch: CellBatch| {
        first = Some(batch);
        ControlFlow::Break(())
    };
    let mut feed = Feed::new(limits, Watch::new(&stop, limits), row_count.max(1), &mut keep);
    let result = feed_from(path, recognised, choice, limits, &mut feed);
    let (count, hint) = (feed.rows.row_count(), feed.row_count_hint);
    match (result, first) {
        (Ok(()), batch) => finish_preview(batch, Some(count)),
        (Err(ReadError::Stopped), Some(batch)) => finish_preview(Some(batch), hint),
        (Err(error), _) => Err(error),
    }
}

fn finish_preview(batch: Option<CellBatch>, row_count_hint: Option<u64>) -> Result<Preview, ReadError> {
    let batch = batch.unwrap_or_else(CellBatch::empty);
    Ok(Preview { header_row: header::guess(&batch), batch, row_count_hint })
}

/// Reads all rows of a sheet into the sink, in batches of 4,096 rows or fewer, on this thread.
///
/// # Errors
/// Any [`ReadError`]; [`ReadError::Stopped`] soon after `stop` is set or once the sink breaks. Batches before an error are good.
pub fn read(
    path: &Path,
    recognised: &Recognised,
    choice: &Choice,
    limits: &ReadLimits,
    stop: &Arc<AtomicBool>,
    sink: &mut dyn FnMut(CellBatch) -> ControlFlow<()>,
) -> Result<ReadSummary, ReadError> {
    let mut last_row = 0;
    let mut counted = |batch: CellBatch| {
        last_row = batch.row_numbers().last().copied().unwrap_or(last_row);
        sink(batch)
    };
    let mut feed = Feed::new(limits, Watch::new(stop, limits), rows::ROWS_PER_BATCH, &mut counted);
    feed_from(path, recognised, choice, limits, &mut feed)?;
    let (row_count, column_count) = (feed.rows.row_count(), feed.rows.column_count());
    Ok(ReadSummary { row_count, column_count, last_row })
}

/// Feeds the rows of the chosen sheet.
fn feed_from(
    path: &Path,
    recognised: &Recognised,
    choice: &Choice,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    if choice.sheet >= recognised.sheets.len() {
        return Err(ReadError::NoSuchSheet {
            number: choice.sheet + 1,
            sheet_count: recognised.sheets.len(),
        });
    }
    match recognised.kind {
        FileKind::Xlsx | FileKind::Xlsm => {
            xlsx::read(&Package::open(path, limits)?, choice.sheet, limits, feed)
        }
        FileKind::Ods => ods::read(&Package::open(path, limits)?, choice.sheet, limits, feed),
        kind @ (FileKind::Xlsb | FileKind::Xls) => whole::read(path, kind, choice.sheet, limits, feed),
        FileKind::Csv | FileKind::Tsv => {
            let form = choice.text.or(recognised.text).unwrap_or(TextForm::new(Encoding::Utf8));
            text::read(File::open(path)?, form, limits, feed)
        }
    }
}
