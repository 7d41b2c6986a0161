//! Gathers cells, row by row, into batches of columns, and counts them against the limits.

use arrow_array::{StringArray, UInt8Array, UInt32Array};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::{CellBatch, CellKind, Limit, ReadError, ReadLimits};

/// Rows of a batch, where they are not too wide or too long.
pub(crate) const ROWS_PER_BATCH: usize = 4096;
/// Cells of a batch, empty ones among them, unless one row alone has more.
const CELLS_PER_BATCH: usize = 1 << 20;
/// Bytes of text of a batch before it is closed.
pub(super) const BYTES_PER_BATCH: usize = 8 << 20;

/// One column on its way: texts behind one another.
#[derive(Default)]
struct Column {
    kinds: Vec<u8>,
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

/// The rows of one batch after the other.
pub(crate) struct Rows {
    limits: ReadLimits,
    columns: Vec<Column>,
    row_numbers: Vec<u32>,
    /// The number of the row that is being filled; it joins the others once it holds something.
    current: u32,
    /// Whether the row being filled is among the row numbers.
    is_started: bool,
    byte_count: usize,
    /// Of the batches that were taken.
    row_count: u64,
    cell_count: u64,
    column_count: usize,
    /// Rows of the batch taken last, and bytes of each of its columns: the next will be alike.
    last_row_count: usize,
    last_sizes: Vec<usize>,
    /// Rows that were parted from one that is much wider, to be handed on before it.
    parted: Option<CellBatch>,
    /// Bytes of the texts of the batches that were taken.
    text_bytes: u64,
    /// Named where bytes of a cell are no characters.
    pub(super) encoding: &'static str,
}

impl Rows {
    pub(crate) fn new(limits: &ReadLimits) -> Rows {
        Rows {
            limits: limits.clone(),
            columns: Vec::new(),
            row_numbers: Vec::with_capacity(ROWS_PER_BATCH),
            current: 0,
            is_started: false,
            byte_count: 0,
            row_count: 0,
            cell_count: 0,
            column_count: 0,
            last_row_count: 0,
            last_sizes: Vec::new(),
            parted: None,
            text_bytes: 0,
            encoding: "utf-8",
        }
    }

    /// Rows that held something so far.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count + self.row_numbers.len() as u64
    }

    /// Rows that were parted from the others because a wider one came, and that are to be handed on first.
    #[inline]
    pub(crate) fn parted(&mut self) -> Option<CellBatch> {
        self.parted.take()
    }

    /// The widest row so far.
    pub(crate) fn column_count(&self) -> usize {
        self.column_count.max(self.columns.len())
    }

    /// Begins the row with that number in the file, from 1. Whether the batch is full is to be asked before.
    pub(crate) fn begin_row(&mut self, number: u32) {
        self.current = number;
        self.is_started = false;
    }

    /// Whether the rows so far are enough for a batch.
    #[inline]
    pub(crate) fn is_full(&self, rows_per_batch: usize) -> bool {
        let row_count = self.row_numbers.len();
        row_count >= rows_per_batch
            || self.byte_count >= BYTES_PER_BATCH
            || (row_count + 1) * self.columns.len() > CELLS_PER_BATCH
    }

    /// Adds a cell to the row; `column` counts from 0.
    #[inline]
    pub(crate) fn push(&mut self, column: usize, kind: CellKind, text: &[u8]) -> Result<(), ReadError> {
        self.push_with(column, |bytes| {
            bytes.extend_from_slice(text);
            Ok(kind)
        })
    }

    /// Adds a cell to the row, whose text `fill` appends; if it appends nothing, the cell is empty.
    #[inline]
    pub(crate) fn push_with(
        &mut self,
        column: usize,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<CellKind, ReadError>,
    ) -> Result<(), ReadError> {
        let row = if self.is_started { self.row_numbers.len() - 1 } else { self.row_numbers.len() };
        if column >= self.columns.len() {
            self.widen(column, row, fill)
        } else {
            self.append(column, row, fill)
        }
    }

    #[inline]
    fn append(
        &mut self,
        column: usize,
        row: usize,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<CellKind, ReadError>,
    ) -> Result<(), ReadError> {
        let place = &mut self.columns[column];
        if place.kinds.len() != row {
            place.fill_up(row, column, self.current)?;
        }
        let start = place.bytes.len();
        let kind = fill(&mut place.bytes)?;
        let size = place.bytes.len() - start;
        if size == 0 {
            return Ok(());
        }
        if size as u64 > self.limits.cell_bytes {
            return Err(too_big(Limit::CellBytes, self.limits.cell_bytes, size as u64));
        }
        let end = i32::try_from(place.bytes.len())
            .map_err(|_| too_big(Limit::CellBytes, self.limits.cell_bytes, size as u64))?;
        place.kinds.push(kind.to_u8());
        place.ends.push(end);
        self.byte_count += size;
        // A batch is handed on between rows only.
        let row_byte_count = self.byte_count.saturating_sub(BYTES_PER_BATCH) as u64;
        if row_byte_count > self.limits.row_bytes {
            return Err(too_big(Limit::RowBytes, self.limits.row_bytes, row_byte_count));
        }
        if !self.is_started {
            self.start_row()?;
        }
        Ok(())
    }

    /// The same for a column that no row of the batch has reached yet.
    #[cold]
    fn widen(
        &mut self,
        column: usize,
        row: usize,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<CellKind, ReadError>,
    ) -> Result<(), ReadError> {
        let mut text = Vec::new();
        let kind = fill(&mut text)?;
        if text.is_empty() {
            return Ok(());
        }
        if column as u64 >= self.limits.columns {
            return Err(too_big(Limit::Columns, self.limits.columns, column as u64 + 1));
        }
        let row = if row > 0 && (row + 1) * (column + 1) > CELLS_PER_BATCH {
            // Else every row of the batch would become as wide as this one.
            self.part(row)?;
            0
        } else {
            row
        };
        for index in self.columns.len()..=column {
            let size = self.last_sizes.get(index).copied().unwrap_or_default();
            self.columns.push(Column::with_room(if size > 0 { self.last_row_count } else { 0 }, size));
        }
        self.append(column, row, |bytes| {
            bytes.extend_from_slice(&text);
            Ok(kind)
        })
    }

    /// Makes a batch of the rows before `row`, the one that is being filled, with which the next batch begins.
    fn part(&mut self, row: usize) -> Result<(), ReadError> {
        let mut begun = Vec::with_capacity(self.columns.len());
        let mut byte_count = 0;
        for column in &mut self.columns {
            let cell = column.part(row);
            byte_count += cell.bytes.len();
            begun.push(cell);
        }
        let number = self.row_numbers.split_off(row);
        self.byte_count -= byte_count;
        let is_started = self.is_started;
        self.parted = self.take()?;
        (self.columns, self.row_numbers) = (begun, number);
        (self.byte_count, self.is_started) = (byte_count, is_started);
        Ok(())
    }

    fn start_row(&mut self) -> Result<(), ReadError> {
        self.is_started = true;
        self.row_numbers.push(self.current);
        if self.row_count() > self.limits.rows {
            return Err(too_big(Limit::Rows, self.limits.rows, self.row_count()));
        }
        Ok(())
    }

    /// The batch of the rows so far, after which an empty one begins; `None` where no row holds anything.
    pub(crate) fn take(&mut self) -> Result<Option<CellBatch>, ReadError> {
        let row_numbers = std::mem::replace(&mut self.row_numbers, Vec::with_capacity(ROWS_PER_BATCH));
        let row_count = row_numbers.len();
        if row_count == 0 {
            return Ok(None);
        }
        self.column_count = self.column_count();
        self.row_count += row_count as u64;
        self.cell_count += row_count as u64 * self.columns.len() as u64;
        if self.cell_count > self.limits.cells {
            return Err(too_big(Limit::Cells, self.limits.cells, self.cell_count));
        }
        self.text_bytes += self.byte_count as u64;
        if self.text_bytes > self.limits.text_bytes {
            return Err(too_big(Limit::TextBytes, self.limits.text_bytes, self.text_bytes));
        }
        self.byte_count = 0;
        self.is_started = false;
        let mut columns = Vec::with_capacity(self.columns.len());
        self.last_row_count = row_count;
        self.last_sizes.clear();
        for column in &mut self.columns {
            let column = std::mem::take(column);
            self.last_sizes.push(column.bytes.len());
            columns.push(column.finish(&row_numbers, self.encoding)?);
        }
        self.columns.clear();
        let batch = CellBatch::new(UInt32Array::from(row_numbers), columns);
        Ok(Some(batch.expect("every column was filled up to the number of rows, by kinds and texts")))
    }
}

impl Column {
    fn with_room(row_count: usize, size: usize) -> Column {
        Column {
            kinds: Vec::with_capacity(row_count),
            ends: Vec::with_capacity(row_count),
            bytes: Vec::with_capacity(size + size / 8),
        }
    }

    /// Takes the cell of the row out, the last of the column, if it has one, as the first cell of another column.
    fn part(&mut self, row: usize) -> Column {
        if self.kinds.len() <= row {
            return Column::default();
        }
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.ends.truncate(row);
        let bytes = self.bytes.split_off(start);
        Column { kinds: self.kinds.split_off(row), ends: vec![bytes.len() as i32], bytes }
    }

    /// Adds empty cells until `row`, the place of the next one. A cell that is already there is there twice.
    fn fill_up(&mut self, row: usize, column: usize, number: u32) -> Result<(), ReadError> {
        if self.kinds.len() > row {
            return Err(ReadError::damaged(format!("row {number} has column {} twice", column + 1)));
        }
        self.kinds.resize(row, CellKind::Empty.to_u8());
        self.ends.resize(row, self.bytes.len() as i32);
        Ok(())
    }

    fn finish(
        mut self,
        row_numbers: &[u32],
        encoding: &'static str,
    ) -> Result<(UInt8Array, StringArray), ReadError> {
        let row_count = row_numbers.len();
        self.kinds.resize(row_count, CellKind::Empty.to_u8());
        self.ends.resize(row_count, self.bytes.len() as i32);
        let mut offsets = Vec::with_capacity(row_count + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let bytes = Buffer::from_vec(self.bytes);
        match StringArray::try_new(offsets, bytes.clone(), None) {
            Ok(texts) => Ok((UInt8Array::from(self.kinds), texts)),
            Err(_) => {
                Err(ReadError::BadEncoding { row: first_bad_row(&bytes, &self.ends, row_numbers), encoding })
            }
        }
    }
}

/// The number of the first row whose text is no UTF-8.
fn first_bad_row(bytes: &[u8], ends: &[i32], row_numbers: &[u32]) -> u32 {
    let mut start = 0;
    for (&number, &end) in row_numbers.iter().zip(ends) {
        let end = end as usize;
        if std::str::from_utf8(&bytes[start..end]).is_err() {
            return number;
        }
        start = end;
    }
    row_numbers.last().copied().unwrap_or(1)
}

/// The error for what goes beyond a limit.
pub(crate) fn too_big(limit: Limit, allowed: u64, found: u64) -> ReadError {
    ReadError::TooBig { limit, allowed, found }
}
