//! XLSX workbooks as a stream: each row becomes XML at once, is compressed by several threads and reaches the sink; nothing is
//! kept but the table of shared strings, which is bounded.
//!
//! ```text
//! RecordBatch ─rows▶ blocks of rows ═cells, row▶ XML of rows, with marks ═deflate▶ compressed chunks ─archive▶ sink
//!                └─strings (bounded)▶ at the end                               scaffold: what stands around the rows
//! ```
//!
//! What is drawn with two lines is done by all threads, each with a block of its own (`crate::chunks`). Only looking texts up in the
//! table, and passing on what is compressed, is done by one.
//!
//! The compressor is our own, since a general one spends most of its time in searching for what the rows know: that a cell looks like
//! the cell above. It is twice as fast as zlib-rs at its fastest level, and its files are smaller than those of level 6
//! (docs/export-figures.md).

pub(crate) mod archive;
mod cells;
mod row;
mod rows;
mod scaffold;
mod strings;
mod text;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;

pub(crate) use self::cells::{date_serial, timestamp_serial};
pub(crate) use self::text::shorten;

use self::archive::Archive;
use self::cells::ColumnCells;
use self::rows::{Layout, Rows, cut_rows, look_up, write_block};
use self::scaffold::{Dress, STRINGS_PART, Scaffold, sheet_part};
use self::strings::{SharedStrings, Sharing};
use crate::blocks::{Block, pieces};
use crate::chunks::{CHUNK_BYTES, Chunk, Chunks, Passing, UNSETTLED};
use crate::column::{ColumnKind, Values};
use crate::width::{initial_widths, widen};
use crate::{
    MAX_DATA_ROWS_PER_SHEET, SheetError, SheetSpec, SheetWriter, ShortenedColumn, Summary, check_cancelled,
};

/// Columns that a sheet can hold ("Excel specifications and limits", Microsoft).
const MAX_COLUMNS: usize = 16_384;
/// Bytes of XML after which the next sheet begins: a part of 4 GiB needs ZIP64, which readers of streams get wrong. What is left is
/// more than any one row can take.
const SHEET_BYTES_MAX: u64 = 3 << 30;

/// Writes a workbook of one or more sheets with the same columns.
pub(crate) struct XlsxWriter {
    spec: SheetSpec,
    kinds: Arc<[ColumnKind]>,
    /// Widths of the columns; texts of the first batch that has rows decide.
    widths: Vec<usize>,
    archive: Archive,
    chunks: Chunks,
    strings: SharedStrings,
    /// By column.
    sharings: Vec<Sharing>,
    /// Made when the widths are known.
    sheet: Option<OpenSheet>,
    /// Data rows of the sheets that are written.
    sheet_row_counts: Vec<u32>,
    row_count: u64,
    shortened: Vec<ShortenedColumn>,
}

/// The sheet that is being written.
struct OpenSheet {
    layout: Arc<Layout>,
    /// What stands before the rows, until the first block takes it along.
    before: Vec<u8>,
    block: Block<Rows>,
    /// Rows of the blocks before.
    passed_rows: u32,
    row_count: u32,
    /// Estimates of the latest blocks, whose true sizes are not settled.
    unsettled: VecDeque<u64>,
    /// Bytes of the file before its data.
    starts_at: u64,
}

impl OpenSheet {
    /// What makes the chunk of the rows that have come since the last time.
    fn rows(&mut self) -> impl FnOnce(&mut Chunk) + Send + 'static {
        let before = std::mem::take(&mut self.before);
        let block = std::mem::replace(&mut self.block, Block::new());
        let layout = Arc::clone(&self.layout);
        // The header has the first row.
        let first = self.passed_rows + 2;
        self.passed_rows = self.row_count;
        move |chunk| {
            chunk.bytes.extend_from_slice(&before);
            write_block(&block, &layout, first, chunk);
        }
    }
}

impl XlsxWriter {
    /// Starts a workbook; nothing reaches the sink before the first rows.
    pub(crate) fn open(
        mut spec: SheetSpec,
        kinds: Vec<ColumnKind>,
        sink: Box<dyn Write + Send>,
    ) -> Result<XlsxWriter, SheetError> {
        if kinds.len() > MAX_COLUMNS {
            return Err(SheetError::TooManyColumns { column_count: kinds.len(), limit: MAX_COLUMNS });
        }
        spec.rows_per_sheet = spec.rows_per_sheet.clamp(1, MAX_DATA_ROWS_PER_SHEET);
        Ok(XlsxWriter {
            archive: Archive::new(sink),
            chunks: Chunks::start(Passing::Deflate { effort: spec.compression.effort() }),
            strings: SharedStrings::new(),
            sharings: vec![Sharing::default(); kinds.len()],
            widths: initial_widths(&kinds, &spec.headers),
            sheet: None,
            sheet_row_counts: Vec::new(),
            row_count: 0,
            shortened: Vec::new(),
            spec,
            kinds: kinds.into(),
        })
    }

    fn scaffold(&self, row_counts: &[u32]) -> Result<Scaffold, SheetError> {
        let dress = Dress {
            title: &self.spec.title,
            headers: &self.spec.headers,
            kinds: &self.kinds,
            widths: &self.widths,
        };
        scaffold::build(&dress, row_counts)
    }

    /// Begins the next sheet.
    fn start_sheet(&mut self) -> Result<OpenSheet, SheetError> {
        let number = self.sheet_row_counts.len() + 1;
        let mut scaffold = self.scaffold(&vec![0; number])?;
        let cells = scaffold.styles.iter().enumerate().map(|(index, style)| ColumnCells::new(index, *style));
        let layout = Arc::new(Layout { kinds: Arc::clone(&self.kinds), cells: cells.collect() });
        // The frame has them by number; they are the first strings of all, and each sheet uses them once more. A header's cut is
        // not told: the summary speaks of data.
        for header in self.spec.headers.iter().map(|header| shorten(header)) {
            if !header.is_empty() {
                self.strings.number(header, &mut Sharing::default());
            }
        }
        self.archive.begin(&sheet_part(number)).map_err(SheetError::Io)?;
        Ok(OpenSheet {
            layout,
            before: scaffold.sheets.pop().map(|frame| frame.before).unwrap_or_default(),
            block: Block::new(),
            passed_rows: 0,
            row_count: 0,
            unsettled: VecDeque::new(),
            starts_at: self.archive.byte_count(),
        })
    }

    /// Ends a sheet's rows. What follows them is its filter, whose range is known now.
    fn end_sheet(&mut self, mut sheet: OpenSheet) -> Result<(), SheetError> {
        self.sheet_row_counts.push(sheet.row_count);
        let frame = self.scaffold(&self.sheet_row_counts)?.sheets.pop();
        let after = frame.map(|frame| frame.after).unwrap_or_default();
        let rows = sheet.rows();
        let last = move |chunk: &mut Chunk| {
            rows(chunk);
            chunk.bytes.extend_from_slice(&after);
        };
        self.order(last, true)?;
        self.archive.end(self.chunks.end()).map_err(SheetError::Io)
    }

    /// Orders the next chunk of the part that is written.
    fn order(
        &mut self,
        make: impl FnOnce(&mut Chunk) + Send + 'static,
        is_last: bool,
    ) -> Result<(), SheetError> {
        let archive = &mut self.archive;
        self.chunks.order(make, is_last, &mut |bytes| archive.write(bytes)).map_err(SheetError::Io)
    }

    /// Passes a full block on.
    fn pass_on(&mut self, sheet: &mut OpenSheet) -> Result<(), SheetError> {
        check_cancelled(&self.spec.cancelled)?;
        sheet.unsettled.push_back(sheet.block.estimate() as u64);
        if sheet.unsettled.len() > UNSETTLED {
            sheet.unsettled.pop_front();
        }
        self.order(sheet.rows(), false)
    }

    /// Writes some rows, on as many sheets as they need.
    fn write_piece(&mut self, piece: &RecordBatch) -> Result<(), SheetError> {
        check_cancelled(&self.spec.cancelled)?;
        let mut sheet = match self.sheet.take() {
            Some(sheet) => sheet,
            None => self.start_sheet()?,
        };
        let kinds = Arc::clone(&self.kinds);
        let columns = Values::of_batch(&kinds, piece);
        for (column, values) in columns.iter().enumerate() {
            cut_rows(values)
                .for_each(|row| note_shortened(&mut self.shortened, column, self.row_count + row as u64 + 1));
        }
        let (rows, row_bytes) = look_up(&columns, piece, &mut self.strings, &mut self.sharings);
        let rows = Arc::new(rows);
        let mut next = 0;
        while next < row_bytes.len() {
            let room = (self.spec.rows_per_sheet - sheet.row_count) as usize;
            let byte_count = self.chunks.settled().bytes + sheet.unsettled.iter().sum::<u64>();
            if room == 0 || byte_count >= SHEET_BYTES_MAX {
                self.end_sheet(sheet)?;
                sheet = self.start_sheet()?;
                continue;
            }
            let end = row_bytes.len().min(next.saturating_add(room));
            let taken_to = sheet.block.take(&rows, next..end, &row_bytes, CHUNK_BYTES);
            sheet.row_count += (taken_to - next) as u32;
            next = taken_to;
            if sheet.block.estimate() >= CHUNK_BYTES {
                self.pass_on(&mut sheet)?;
            }
        }
        self.row_count += row_bytes.len() as u64;
        self.sheet = Some(sheet);
        Ok(())
    }

    /// Writes what is known only now: the table of strings, and the parts that know every sheet.
    fn complete(mut self) -> Result<Summary, SheetError> {
        let sheet = match self.sheet.take() {
            Some(sheet) => sheet,
            None => self.start_sheet()?,
        };
        self.end_sheet(sheet)?;
        self.archive.begin(STRINGS_PART).map_err(SheetError::Io)?;
        let strings = Arc::new(std::mem::take(&mut self.strings));
        let pieces = strings.pieces(CHUNK_BYTES);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.into_iter().enumerate() {
            check_cancelled(&self.spec.cancelled)?;
            let strings = Arc::clone(&strings);
            self.order(move |chunk| strings.write(piece, index == last, &mut chunk.bytes), index == last)?;
        }
        self.archive.end(self.chunks.end()).map_err(SheetError::Io)?;
        for (name, bytes) in self.scaffold(&self.sheet_row_counts)?.parts {
            self.archive.add(&name, &bytes).map_err(SheetError::Io)?;
        }
        check_cancelled(&self.spec.cancelled)?;
        let sheet_count = u32::try_from(self.sheet_row_counts.len()).unwrap_or(u32::MAX);
        self.archive.finish().map_err(SheetError::Io)?;
        self.shortened.sort_unstable_by_key(|shortened| shortened.column);
        let shortened_cell_count = self.shortened.iter().map(|column| column.cell_count).sum();
        Ok(Summary {
            row_count: self.row_count,
            sheet_count,
            shortened_cell_count,
            shortened: self.shortened,
        })
    }
}

impl SheetWriter for XlsxWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        if self.row_count == 0 {
            widen(&mut self.widths, &Values::of_batch(&self.kinds, batch));
        }
        pieces(batch).try_for_each(|piece| self.write_piece(&piece))
    }

    fn finish(self: Box<Self>) -> Result<Summary, SheetError> {
        self.complete()
    }

    fn bytes_written(&self) -> u64 {
        match &self.sheet {
            Some(sheet) => sheet.starts_at + self.chunks.settled().passed_on,
            None => self.archive.byte_count(),
        }
    }
}

/// Counts a text of a column that was cut; `row` from 1.
fn note_shortened(shortened: &mut Vec<ShortenedColumn>, column: usize, row: u64) {
    match shortened.iter_mut().find(|known| known.column == column) {
        Some(known) => known.cell_count += 1,
        None => shortened.push(ShortenedColumn { column, cell_count: 1, first_row: row }),
    }
}
