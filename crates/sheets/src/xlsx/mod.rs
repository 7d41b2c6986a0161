//! XLSX workbooks as a stream: each row becomes XML at once, is compressed by several threads and reaches the sink; nothing is
//! kept but the table of shared strings, which is bounded.
//!
//! ```text
//! RecordBatch ─cells, row▶ XML of rows, with marks ─deflate▶ compressed chunks ─archive▶ sink
//!                └─strings (bounded)▶ at the end             scaffold: what stands around the rows
//! ```
//!
//! The compressor is our own, since a general one spends most of its time in searching for what the rows know: that a cell looks like
//! the cell above. It is twice as fast as zlib-rs at its fastest level, and its files are smaller than those of level 6
//! (docs/export-figures.md).

pub(crate) mod archive;
mod cells;
mod row;
mod scaffold;
mod strings;
mod text;

use std::io::Write;

use arrow_array::RecordBatch;

use self::archive::Archive;
use self::cells::ColumnCells;
use self::row::RowXml;
use self::scaffold::{Dress, STRINGS_PART, Scaffold, sheet_part};
use self::strings::{SharedStrings, Sharing};
use crate::column::{ColumnKind, Values};
use crate::deflate::{CHUNK_BYTES, Chunk, Deflate};
use crate::width::{initial_widths, widen};
use crate::{
    MAX_DATA_ROWS_PER_SHEET, SheetError, SheetSpec, SheetWriter, ShortenedColumn, Summary, check_cancelled,
};

/// Columns that a sheet can hold ("Excel specifications and limits", Microsoft).
const MAX_COLUMNS: usize = 16_384;
/// Rows written between two looks at the cancellation flag.
const ROWS_PER_CANCEL_CHECK: usize = 256;
/// Bytes of XML after which the next sheet begins: a part of 4 GiB needs ZIP64, which readers of streams get wrong. What is left is
/// more than any one row can take.
const SHEET_BYTES_MAX: u64 = 3 << 30;

/// Writes a workbook of one or more sheets with the same columns.
pub(crate) struct XlsxWriter {
    spec: SheetSpec,
    kinds: Vec<ColumnKind>,
    /// Widths of the columns; texts of the first batch that has rows decide.
    widths: Vec<usize>,
    archive: Archive,
    deflate: Deflate,
    strings: SharedStrings,
    /// Made when the widths are known.
    sheet: Option<OpenSheet>,
    /// Data rows of the sheets that are written.
    sheet_row_counts: Vec<u32>,
    row_count: u64,
    shortened: Vec<ShortenedColumn>,
}

/// The sheet that is being written.
struct OpenSheet {
    columns: Vec<ColumnCells>,
    chunk: Chunk,
    /// Where the value ended that was written last, in the chunk.
    value_end: usize,
    row_count: u32,
    byte_count: u64,
    /// Bytes of the file before its data.
    starts_at: u64,
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
            deflate: Deflate::start(spec.compression.effort()),
            strings: SharedStrings::default(),
            widths: initial_widths(&kinds, &spec.headers),
            sheet: None,
            sheet_row_counts: Vec::new(),
            row_count: 0,
            shortened: Vec::new(),
            spec,
            kinds,
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
        let columns =
            scaffold.styles.iter().enumerate().map(|(index, style)| ColumnCells::new(index, *style));
        let columns = columns.collect();
        // The frame has them by number; they are the first strings of all, and each sheet uses them once more. A header's cut is
        // not told: the summary speaks of data.
        for header in self.spec.headers.iter().map(|header| text::shorten(header)) {
            if !header.is_empty() {
                self.strings.number(header, &mut Sharing::default());
            }
        }
        self.archive.begin(&sheet_part(number)).map_err(SheetError::Io)?;
        let mut chunk = self.deflate.buffer();
        if let Some(frame) = scaffold.sheets.pop() {
            chunk.bytes.extend_from_slice(&frame.before);
        }
        let starts_at = self.archive.byte_count();
        let value_end = chunk.bytes.len();
        Ok(OpenSheet { columns, chunk, value_end, row_count: 0, byte_count: 0, starts_at })
    }

    /// Ends a sheet's rows. What follows them is its filter, whose range is known now.
    fn end_sheet(&mut self, mut sheet: OpenSheet) -> Result<(), SheetError> {
        self.sheet_row_counts.push(sheet.row_count);
        let frame = self.scaffold(&self.sheet_row_counts)?.sheets.pop();
        if let Some(frame) = frame {
            sheet.chunk.bytes.extend_from_slice(&frame.after);
        }
        let archive = &mut self.archive;
        self.deflate.write(sheet.chunk, true, &mut |bytes| archive.write(bytes)).map_err(SheetError::Io)?;
        self.archive.end(self.deflate.end()).map_err(SheetError::Io)
    }

    /// Passes a full chunk on.
    fn pass_on(&mut self, sheet: &mut OpenSheet) -> Result<(), SheetError> {
        let next = self.deflate.buffer();
        let chunk = std::mem::replace(&mut sheet.chunk, next);
        sheet.byte_count += chunk.bytes.len() as u64;
        sheet.value_end = 0;
        let archive = &mut self.archive;
        self.deflate.write(chunk, false, &mut |bytes| archive.write(bytes)).map_err(SheetError::Io)
    }

    /// Writes all rows of a batch, on as many sheets as they need.
    fn write_rows(&mut self, columns: &[Values<'_>], row_count: usize) -> Result<(), SheetError> {
        let mut next = 0;
        while next < row_count {
            check_cancelled(&self.spec.cancelled)?;
            let mut sheet = match self.sheet.take() {
                Some(sheet) => sheet,
                None => self.start_sheet()?,
            };
            let room = (self.spec.rows_per_sheet - sheet.row_count) as usize;
            if room == 0 || sheet.byte_count >= SHEET_BYTES_MAX {
                self.end_sheet(sheet)?;
                continue;
            }
            let end = row_count.min(next + room.min(ROWS_PER_CANCEL_CHECK));
            for (cells, values) in sheet.columns.iter_mut().zip(columns) {
                cells.look_up(values, next..end, &mut self.strings);
            }
            for row in next..end {
                self.push_row(&mut sheet, columns, row, row - next);
                if sheet.chunk.bytes.len() >= CHUNK_BYTES {
                    self.pass_on(&mut sheet)?;
                }
            }
            next = end;
            self.sheet = Some(sheet);
        }
        Ok(())
    }

    fn push_row(&mut self, sheet: &mut OpenSheet, columns: &[Values<'_>], row: usize, looked_up: usize) {
        // The header has the first row.
        let mut out = RowXml::begin_row(&mut sheet.chunk, &mut sheet.value_end, sheet.row_count + 2);
        for (index, (cells, values)) in sheet.columns.iter_mut().zip(columns).enumerate() {
            if cells.push(&mut out, values, row, looked_up, &mut self.strings) {
                note_shortened(&mut self.shortened, index, self.row_count + 1);
            }
        }
        out.end_row();
        sheet.row_count += 1;
        self.row_count += 1;
    }

    /// Writes what is known only now: the table of strings, and the parts that know every sheet.
    fn complete(mut self) -> Result<Summary, SheetError> {
        let sheet = match self.sheet.take() {
            Some(sheet) => sheet,
            None => self.start_sheet()?,
        };
        self.end_sheet(sheet)?;
        self.archive.begin(STRINGS_PART).map_err(SheetError::Io)?;
        let (archive, deflate, cancelled) = (&mut self.archive, &mut self.deflate, &self.spec.cancelled);
        self.strings.xml(|xml| {
            check_cancelled(cancelled)?;
            let mut chunk = deflate.buffer();
            chunk.bytes.extend_from_slice(xml);
            deflate.write(chunk, false, &mut |bytes| archive.write(bytes)).map_err(SheetError::Io)
        })?;
        let last = deflate.buffer();
        deflate.write(last, true, &mut |bytes| archive.write(bytes)).map_err(SheetError::Io)?;
        self.archive.end(self.deflate.end()).map_err(SheetError::Io)?;
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
        let columns = Values::of_batch(&self.kinds, batch);
        if self.row_count == 0 {
            widen(&mut self.widths, &columns);
        }
        self.write_rows(&columns, batch.num_rows())
    }

    fn finish(self: Box<Self>) -> Result<Summary, SheetError> {
        self.complete()
    }

    fn bytes_written(&self) -> u64 {
        match &self.sheet {
            Some(sheet) => sheet.starts_at + self.deflate.settled_bytes(),
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
