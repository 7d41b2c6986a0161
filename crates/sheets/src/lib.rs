//! Tables as streams: writing XLSX, CSV, compressed CSV and Parquet, and reading what spreadsheet programs write, see [`read`]; rows of it
//! that are wrong go back as they came, see [`faults`].
//!
//! Purpose: turn [`RecordBatch`]es into a file that people open in Excel, WPS, LibreOffice or
//! Numbers, or that programs for data read, while memory stays the same however many rows there are. [`open`] gives a
//! [`SheetWriter`] for a format; batches go in, bytes come out of the sink.
//!
//! Invariants:
//! - Synchronous: no tokio, no network. Call it from a thread that may block.
//! - No value changes silently. What an XLSX cell cannot hold exactly is written as text: numbers
//!   of more than 15 digits, dates before 1900-03-01 or after 9999-12-31, moments whose microseconds
//!   have no number (many from 2079 on), times outside of a day, NaN and infinities. A text longer than a cell is shortened, and told in [`Summary::shortened`].
//! - A moment (`Timestamp` with a zone) is shown as date and time of its zone in XLSX and CSV, for
//!   neither has a type for moments: with an offset behind it a spreadsheet program takes it for
//!   text, which it neither sorts nor filters as dates. Parquet keeps the instant and the zone.
//! - Text never becomes a formula: XLSX cells are typed strings, CSV fields pass the [`guard`], unless
//!   [`SheetSpec::csv_guard`] is off.
//! - A null is a blank XLSX cell and an empty CSV field. An empty text is a blank XLSX cell too (the
//!   format has no difference that programs keep), but `""` in CSV.
//! - Bytes reach the sink as rows come; there are no temporary files.
//! - After an error the file is incomplete, and the writer refuses to finish it.
//!
//! Supported Arrow types: `Utf8`, `Int64`, `Decimal128`, `Float64`, `Boolean`, `Date32`,
//! `Time64(Microsecond)` and `Timestamp(Microsecond, _)`, whose zone is an IANA name or an offset.

mod blocks;
mod chunks;
mod column;
mod csv;
mod deflate;
mod digits;
mod error;
pub mod faults;
mod guard;
mod iso;
mod letters;
mod local_time;
mod number;
mod outlet;
mod parquet;
pub mod read;
mod recode;
mod stored;
pub mod template;
mod title;
mod width;
mod xlsx;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use longshore_protocol::ExportFormat;

use local_time::LocalTimes;
use outlet::Outlet;

pub use error::SheetError;
pub use guard::{guard, unguard};
pub use letters::column_letters;
pub use stored::StoredArchive;

/// Data rows that fit below the header of one XLSX sheet: 1,048,576 rows less the header
/// ("Excel specifications and limits", Microsoft).
pub const MAX_DATA_ROWS_PER_SHEET: u32 = 1_048_575;

/// How small a compressed file is to be, and how fast: XLSX, `.csv.gz` and Parquet. Workbooks whose rows are mostly numbers and short
/// texts that repeat hardly differ: what stands around the values is found without searching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Long texts are compressed a little.
    Fastest,
    /// Long texts are compressed about as `gzip -3` would.
    #[default]
    Balanced,
    /// Long texts are compressed about as `gzip -6` would.
    Smallest,
}

impl Compression {
    /// All, from the fastest.
    pub const ALL: [Compression; 3] = [Compression::Fastest, Compression::Balanced, Compression::Smallest];

    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Compression::Fastest => "fastest",
            Compression::Balanced => "balanced",
            Compression::Smallest => "smallest",
        }
    }

    /// The one with that name; `None` where there is none.
    pub fn parse(name: &str) -> Option<Compression> {
        Compression::ALL.into_iter().find(|compression| compression.name() == name)
    }

    /// Earlier places that are tried for a text that may repeat.
    fn effort(self) -> u32 {
        match self {
            Compression::Fastest => 1,
            Compression::Balanced => 4,
            Compression::Smallest => 32,
        }
    }
}

/// What is to be written, known before the first row.
#[derive(Clone, Debug)]
pub struct SheetSpec {
    /// Title for people, any text; it becomes the XLSX sheet's name as far as Excel's rules allow.
    pub title: String,
    /// Headers for people, in column order; the same text may occur twice.
    pub headers: Vec<String>,
    /// The columns that every batch will have.
    pub schema: SchemaRef,
    /// Data rows on one XLSX sheet before the next one begins; at most and by default
    /// [`MAX_DATA_ROWS_PER_SHEET`].
    pub rows_per_sheet: u32,
    /// How the file is compressed, where the format is.
    pub compression: Compression,
    /// Whether texts in CSV that a spreadsheet program would take for a formula get an apostrophe before them, see [`guard`];
    /// on by default. Other formats need none.
    pub csv_guard: bool,
    /// Once set, writing and finishing stop soon with [`SheetError::Cancelled`].
    pub cancelled: Arc<AtomicBool>,
}

impl SheetSpec {
    /// A specification with the usual row limit and a cancellation flag of its own.
    pub fn new(title: String, headers: Vec<String>, schema: SchemaRef) -> SheetSpec {
        SheetSpec {
            title,
            headers,
            schema,
            rows_per_sheet: MAX_DATA_ROWS_PER_SHEET,
            compression: Compression::default(),
            csv_guard: true,
            cancelled: Arc::default(),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Data rows, headers not counted.
    pub row_count: u64,
    /// Sheets; 1 for formats that have none.
    pub sheet_count: u32,
    /// Cells whose text was longer than an XLSX cell's 32,767 characters and was cut there; other
    /// formats cut nothing.
    pub shortened_cell_count: u64,
    /// The columns in which such cells are, in order.
    pub shortened: Vec<ShortenedColumn>,
}

/// A column in which texts were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortenedColumn {
    /// Its place among the columns, from 0.
    pub column: usize,
    /// How many of its cells were cut.
    pub cell_count: u64,
    /// The first row with such a cell: data rows of the whole file, from 1.
    pub first_row: u64,
}

/// Takes rows and writes them to its sink. Dropping it without finishing leaves the sink with an
/// incomplete file.
pub trait SheetWriter: Send {
    /// Appends the rows of a batch.
    ///
    /// # Errors
    /// [`SheetError::SchemaMismatch`] where the batch has other columns than announced;
    /// [`SheetError::Cancelled`] once the flag is set; [`SheetError::Io`] where bytes cannot be stored. After
    /// any of them only dropping the writer is useful: everything else answers [`SheetError::Incomplete`].
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError>;

    /// Completes the file and flushes the sink.
    ///
    /// # Errors
    /// As [`SheetWriter::write_batch`], and [`SheetError::Workbook`].
    fn finish(self: Box<Self>) -> Result<Summary, SheetError>;

    /// Bytes of the file that are certain so far; all but some KiB of them are in the sink. Meaningless after an error.
    ///
    /// The same rows give the same figure, whatever the machine and its load, so that a file can be
    /// split by it. Hence it lags behind the rows: by 4 MiB for CSV, whose chunks of 256 KiB are made side by side;
    /// by 16 MiB of uncompressed data for XLSX and `.csv.gz`, whose chunks have 1 MiB, and for XLSX by the table of shared
    /// strings, which comes at the end; and by a row group of at most 131,072 rows or about 16 MiB for Parquet.
    fn bytes_written(&self) -> u64;
}

/// Starts a file in `format`, whose bytes go to `sink`. The sink need not be buffered or seekable.
///
/// # Errors
/// [`SheetError::UnsupportedType`], [`SheetError::UnknownZone`], [`SheetError::NoColumns`],
/// [`SheetError::TooManyColumns`] and [`SheetError::HeaderCount`] where the specification cannot be met.
pub fn open(
    format: ExportFormat,
    spec: SheetSpec,
    sink: Box<dyn Write + Send>,
) -> Result<Box<dyn SheetWriter>, SheetError> {
    let kinds = column::kinds_of(&spec.schema)?;
    if kinds.is_empty() {
        return Err(SheetError::NoColumns);
    }
    if kinds.len() != spec.headers.len() {
        let (header_count, column_count) = (spec.headers.len(), kinds.len());
        return Err(SheetError::HeaderCount { header_count, column_count });
    }
    let local = LocalTimes::of(&spec.schema)?;
    let local = Some(local).filter(|local| format != ExportFormat::Parquet && local.is_needed());
    let (schema, cancelled) = (Arc::clone(&spec.schema), Arc::clone(&spec.cancelled));
    let inner: Box<dyn SheetWriter> = match format {
        ExportFormat::Xlsx => Box::new(xlsx::XlsxWriter::open(spec, kinds, sink)?),
        ExportFormat::Csv => Box::new(csv::CsvWriter::open(spec, kinds, Outlet::plain(sink))),
        ExportFormat::CsvGz => {
            let outlet = Outlet::gzip(sink, spec.compression.effort());
            Box::new(csv::CsvWriter::open(spec, kinds, outlet))
        }
        ExportFormat::Parquet => Box::new(parquet::ParquetWriter::open(spec, sink)?),
    };
    Ok(Box::new(CheckedWriter { inner, schema, local, cancelled, incomplete: false }))
}

/// The rules that hold for every format: batches fit the schema, cancellation is noticed, and an
/// error is final. Where moments are shown as local times, the format's own writer sees those.
struct CheckedWriter {
    inner: Box<dyn SheetWriter>,
    schema: SchemaRef,
    local: Option<LocalTimes>,
    cancelled: Arc<AtomicBool>,
    incomplete: bool,
}

impl CheckedWriter {
    fn check_usable(&self) -> Result<(), SheetError> {
        if self.incomplete {
            return Err(SheetError::Incomplete);
        }
        check_cancelled(&self.cancelled)
    }
}

impl SheetWriter for CheckedWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        let written = self
            .check_usable()
            .and_then(|()| column::check_schema(&self.schema, &batch.schema()))
            .and_then(|()| match &mut self.local {
                Some(local) => self.inner.write_batch(&local.localise(batch)?),
                None => self.inner.write_batch(batch),
            });
        self.incomplete |= written.is_err();
        written
    }

    fn finish(self: Box<Self>) -> Result<Summary, SheetError> {
        self.check_usable()?;
        self.inner.finish()
    }

    fn bytes_written(&self) -> u64 {
        self.inner.bytes_written()
    }
}

/// Fails with [`SheetError::Cancelled`] once the flag is set.
fn check_cancelled(cancelled: &AtomicBool) -> Result<(), SheetError> {
    if cancelled.load(Ordering::Relaxed) { Err(SheetError::Cancelled) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::Compression;

    #[test]
    fn settings_name_compressions() {
        for compression in Compression::ALL {
            assert_eq!(Compression::parse(compression.name()), Some(compression));
        }
        for other in ["", "Fastest", "best", "6"] {
            assert_eq!(Compression::parse(other), None, "{other}");
        }
    }
}
