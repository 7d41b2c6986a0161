//! XLSX workbooks, by `rust_xlsxwriter` in its constant-memory mode: rows go to a temporary file
//! and are compressed into the sink at the end.

mod cells;
mod escape;
mod scratch;
mod sink;

use std::io::{BufWriter, Write};

use arrow_array::RecordBatch;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::column::{ColumnKind, Values};
use crate::title::sheet_name;
use crate::width::{initial_widths, widen};
use crate::{MAX_DATA_ROWS_PER_SHEET, SheetError, SheetSpec, SheetWriter, Summary, check_cancelled};
use cells::{CellCounts, column_format, write_cell, write_text};
use scratch::catch_scratch_failure;
use sink::WatchedSink;

/// Columns that a sheet can hold ("Excel specifications and limits", Microsoft).
const MAX_COLUMNS: usize = 16_384;
/// Rows written between two looks at the cancellation flag.
const ROWS_PER_CANCEL_CHECK: usize = 256;
/// Bytes gathered before they go to the sink.
const CHUNK_SIZE_BYTES: usize = 256 * 1024;
/// Deflate level. Measured on 200,000 orders: against the library's 6, level 4 takes three fifths
/// of the time for files 3 % larger; level 2 saves little more time and costs 19 % in size.
const COMPRESSION_LEVEL: u8 = 4;
/// A ZIP member of this size or more needs ZIP64 (APPNOTE.TXT 4.5.3, PKWARE).
const ZIP64_SIZE_BYTES: u64 = u32::MAX as u64;

/// Writes a workbook of one or more sheets with the same columns.
pub(crate) struct XlsxWriter {
    workbook: Workbook,
    sink: Box<dyn Write + Send>,
    spec: SheetSpec,
    kinds: Vec<ColumnKind>,
    formats: Vec<Format>,
    header_format: Format,
    /// Widths of the columns; texts of the first batch that has rows decide.
    widths: Vec<usize>,
    /// Data rows on each sheet so far; the last sheet is the one being written.
    sheet_row_counts: Vec<u32>,
    counts: CellCounts,
}

impl XlsxWriter {
    /// Starts a workbook with the header of its first sheet.
    pub(crate) fn open(
        mut spec: SheetSpec,
        kinds: Vec<ColumnKind>,
        sink: Box<dyn Write + Send>,
    ) -> Result<XlsxWriter, SheetError> {
        if kinds.len() > MAX_COLUMNS {
            return Err(SheetError::TooManyColumns { column_count: kinds.len(), limit: MAX_COLUMNS });
        }
        spec.rows_per_sheet = spec.rows_per_sheet.clamp(1, MAX_DATA_ROWS_PER_SHEET);
        let mut workbook = Workbook::new();
        workbook.set_tempdir(&spec.scratch_dir)?;
        workbook.set_zip_compression_level(COMPRESSION_LEVEL);
        let mut writer = XlsxWriter {
            workbook,
            sink,
            formats: kinds.iter().map(|kind| column_format(*kind)).collect(),
            header_format: Format::new().set_bold(),
            widths: initial_widths(&kinds, &spec.headers),
            sheet_row_counts: Vec::new(),
            counts: CellCounts::default(),
            spec,
            kinds,
        };
        catch_scratch_failure(|| writer.start_sheet())?;
        Ok(writer)
    }

    /// Adds a sheet with its frozen header and its column formats.
    fn start_sheet(&mut self) -> Result<(), SheetError> {
        self.sheet_row_counts.push(0);
        let number = u32::try_from(self.sheet_row_counts.len()).unwrap_or(u32::MAX);
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(&self.spec.title, number))?;
        sheet.set_freeze_panes(1, 0)?;
        self.counts.start_sheet();
        for (column, (header, format)) in (0u16..).zip(self.spec.headers.iter().zip(&self.formats)) {
            sheet.set_column_format(column, format)?;
            // A header's cut is not counted: the summary speaks of data.
            let mut ignored = CellCounts::default();
            write_text(sheet, 0, column, header, Some(&self.header_format), &mut ignored)?;
        }
        Ok(())
    }

    fn current_sheet(&mut self) -> Result<&mut Worksheet, SheetError> {
        Ok(self.workbook.worksheet_from_index(self.sheet_row_counts.len().saturating_sub(1))?)
    }

    /// Writes all rows of a batch, on as many sheets as they need.
    fn write_rows(&mut self, columns: &[Values<'_>], row_count: usize) -> Result<(), SheetError> {
        let mut next = 0;
        while next < row_count {
            check_cancelled(&self.spec.cancelled)?;
            let rows_on_sheet = self.sheet_row_counts.last().copied().unwrap_or(0);
            let room = (self.spec.rows_per_sheet - rows_on_sheet) as usize;
            if room == 0 {
                self.start_sheet()?;
                continue;
            }
            let end = row_count.min(next + room.min(ROWS_PER_CANCEL_CHECK));
            self.write_row_range(columns, next..end, rows_on_sheet + 1)?;
            next = end;
        }
        Ok(())
    }

    /// Writes some rows of a batch to the current sheet, from its row `sheet_row` on.
    fn write_row_range(
        &mut self,
        columns: &[Values<'_>],
        rows: std::ops::Range<usize>,
        sheet_row: u32,
    ) -> Result<(), SheetError> {
        let mut counts = self.counts;
        let sheet = self.current_sheet()?;
        for (sheet_row, row) in (sheet_row..).zip(rows.clone()) {
            for (column, values) in (0u16..).zip(columns) {
                write_cell(sheet, sheet_row, column, values, row, &mut counts)?;
            }
            counts.end_row();
        }
        self.counts = counts;
        if let Some(written) = self.sheet_row_counts.last_mut() {
            // At most ROWS_PER_CANCEL_CHECK rows, which fits.
            *written += rows.len() as u32;
        }
        Ok(())
    }

    /// Sets what is known only at the end: widths and the ranges of the filters.
    fn complete_sheets(&mut self) -> Result<(), SheetError> {
        // The number of columns was checked against a limit below u16::MAX.
        let last_column = (self.kinds.len() - 1) as u16;
        for (index, row_count) in self.sheet_row_counts.iter().enumerate() {
            let sheet = self.workbook.worksheet_from_index(index)?;
            sheet.autofilter(0, 0, *row_count, last_column)?;
            for (column, width) in (0u16..).zip(&self.widths) {
                sheet.set_column_width(column, *width as f64)?;
            }
        }
        Ok(())
    }

    /// Compresses everything into the sink.
    fn save(&mut self) -> Result<(), SheetError> {
        if self.counts.largest_sheet_bytes() >= ZIP64_SIZE_BYTES {
            self.workbook.use_zip_large_file(true);
        }
        let sink = std::mem::replace(&mut self.sink, Box::new(std::io::sink()));
        let mut watched = WatchedSink::new(sink, &self.spec.cancelled);
        let saved = {
            let mut buffered = BufWriter::with_capacity(CHUNK_SIZE_BYTES, &mut watched);
            let saved = catch_scratch_failure(|| Ok(self.workbook.save_to_writer(&mut buffered)?));
            saved.and_then(|()| buffered.flush().map_err(SheetError::Io))
        };
        // What stopped the sink is the cause of whatever the workbook said.
        watched.into_result()?;
        saved
    }
}

impl SheetWriter for XlsxWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        let columns = Values::of_batch(&self.kinds, batch);
        if self.counts.row_count() == 0 {
            widen(&mut self.widths, &columns);
        }
        catch_scratch_failure(|| self.write_rows(&columns, batch.num_rows()))
    }

    fn finish(mut self: Box<Self>) -> Result<Summary, SheetError> {
        self.complete_sheets()?;
        self.save()?;
        Ok(Summary {
            row_count: self.counts.row_count(),
            sheet_count: u32::try_from(self.sheet_row_counts.len()).unwrap_or(u32::MAX),
            shortened_cell_count: self.counts.shortened_cell_count(),
        })
    }
}
