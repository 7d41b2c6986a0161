//! CSV by RFC 4180: UTF-8 with a byte order mark, CRLF, quotes only where needed.
//!
//! The `csv` crate cannot quote one field and leave another bare by the writer's choice, which the
//! difference between null and an empty text needs; so the few rules are written out here, and the
//! crate reads the result back in the tests.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::RecordBatch;

use crate::blocks::{Block, pieces};
use crate::column::{ColumnKind, Values};
use crate::digits::{PLACES_MAX, POWERS_OF_TEN, digits, push_fraction, push_integer, push_shown};
use crate::iso::{IsoDate, IsoTime, push_timestamp};
use crate::number::{DecimalText, FloatText};
use crate::outlet::Outlet;
use crate::{SheetError, SheetSpec, SheetWriter, Summary, check_cancelled, guard};

/// Without it Excel takes the file for the machine's legacy encoding.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// A guess at the bytes of a value that is no text.
const VALUE_BYTES: u32 = 16;

/// Writes CSV; threads make the lines.
pub(crate) struct CsvWriter {
    outlet: Outlet,
    kinds: Arc<[ColumnKind]>,
    /// Whether texts are guarded against being read as formulas.
    is_guarded: bool,
    cancelled: Arc<AtomicBool>,
    /// What stands before the rows, until they come.
    header: Vec<u8>,
    block: Block<RecordBatch>,
    row_count: u64,
}

impl CsvWriter {
    /// Starts a file with its header line; the sink sees nothing before the first rows do.
    pub(crate) fn open(spec: SheetSpec, kinds: Vec<ColumnKind>, outlet: Outlet) -> CsvWriter {
        let mut line = BYTE_ORDER_MARK.to_vec();
        for (index, header) in spec.headers.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            push_text(&mut line, header, spec.csv_guard);
        }
        line.extend_from_slice(b"\r\n");
        let (kinds, is_guarded, cancelled) = (kinds.into(), spec.csv_guard, spec.cancelled);
        CsvWriter { outlet, kinds, is_guarded, cancelled, header: line, block: Block::new(), row_count: 0 }
    }

    /// What makes the lines that have come since the last time.
    fn lines(&mut self) -> impl FnOnce(&mut Vec<u8>) + Send + 'static {
        let header = std::mem::take(&mut self.header);
        let block = std::mem::replace(&mut self.block, Block::new());
        let (kinds, is_guarded) = (Arc::clone(&self.kinds), self.is_guarded);
        move |out| {
            out.extend_from_slice(&header);
            for span in block.spans() {
                let columns = Values::of_batch(&kinds, &span.piece);
                span.rows.clone().for_each(|row| push_line(out, &columns, row, is_guarded));
            }
        }
    }

    fn write_piece(&mut self, piece: RecordBatch) -> Result<(), SheetError> {
        let columns = Values::of_batch(&self.kinds, &piece);
        let row_bytes = row_bytes(&columns, piece.num_rows());
        let (piece, row_count, chunk_bytes) = (Arc::new(piece), row_bytes.len(), self.outlet.chunk_bytes());
        let mut next = 0;
        while next < row_count {
            next = self.block.take(&piece, next..row_count, &row_bytes, chunk_bytes);
            if self.block.estimate() >= chunk_bytes {
                check_cancelled(&self.cancelled)?;
                let lines = self.lines();
                self.outlet.write(lines).map_err(SheetError::Io)?;
            }
        }
        self.row_count += row_count as u64;
        Ok(())
    }
}

impl SheetWriter for CsvWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        pieces(batch).try_for_each(|piece| self.write_piece(piece))
    }

    fn finish(mut self: Box<Self>) -> Result<Summary, SheetError> {
        check_cancelled(&self.cancelled)?;
        let lines = self.lines();
        self.outlet.finish(lines).map_err(SheetError::Io)?;
        Ok(Summary { row_count: self.row_count, sheet_count: 1, ..Summary::default() })
    }

    fn bytes_written(&self) -> u64 {
        self.outlet.bytes_written()
    }
}

/// About what each row takes.
fn row_bytes(columns: &[Values<'_>], row_count: usize) -> Vec<u32> {
    let is_text = |values: &&Values<'_>| matches!(values, Values::Text(_));
    let texts = columns.iter().filter(is_text).count();
    let constant = columns.len() + 1 + (columns.len() - texts) * VALUE_BYTES as usize;
    let mut row_bytes = vec![constant as u32; row_count];
    for values in columns {
        let Values::Text(texts) = values else { continue };
        for (bytes, ends) in row_bytes.iter_mut().zip(texts.value_offsets().windows(2)) {
            *bytes = bytes.saturating_add(ends[1].abs_diff(ends[0]));
        }
    }
    row_bytes
}

fn push_line(out: &mut Vec<u8>, columns: &[Values<'_>], row: usize, is_guarded: bool) {
    let start = out.len();
    for (index, values) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_cell(out, values, row, is_guarded);
    }
    if out.len() == start {
        // The null of a one-column file would make an empty line, which readers skip.
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends one value; a null appends nothing.
fn push_cell(out: &mut Vec<u8>, values: &Values<'_>, row: usize, is_guarded: bool) {
    if values.is_null(row) {
        return;
    }
    match values {
        Values::Text(array) => push_text(out, array.value(row), is_guarded),
        Values::Integer(array) => push_integer(out, array.value(row)),
        Values::Decimal(array, scale) => push_decimal(out, array.value(row), *scale),
        Values::Float(array) => push_shown(out, FloatText(array.value(row))),
        Values::Boolean(array) => out.extend_from_slice(if array.value(row) { b"TRUE" } else { b"FALSE" }),
        Values::Date(array) => push_shown(out, IsoDate(i64::from(array.value(row)))),
        Values::Time(array) => push_shown(out, IsoTime(array.value(row))),
        Values::Timestamp(array) => push_timestamp(out, array.value(row)),
    }
}

/// Appends a decimal with all its digits.
fn push_decimal(buffer: &mut Vec<u8>, unscaled: i128, scale: i8) {
    match u64::try_from(unscaled.unsigned_abs()) {
        // The usual: money.
        Ok(units) if (1..=PLACES_MAX).contains(&scale) => {
            let power = POWERS_OF_TEN[usize::from(scale.unsigned_abs())];
            if unscaled < 0 {
                buffer.push(b'-');
            }
            digits(units / power).push_to(buffer);
            push_fraction(buffer, units % power, usize::from(scale.unsigned_abs()));
        }
        _ => push_shown(buffer, DecimalText { unscaled, scale }),
    }
}

/// Appends a text, guarded against being read as a formula if that is wanted, and quoted where RFC 4180 asks for it
/// or where it is empty, which sets it apart from a null.
fn push_text(buffer: &mut Vec<u8>, text: &str, is_guarded: bool) {
    let text = if is_guarded { guard(text) } else { Cow::Borrowed(text) };
    let bytes = text.as_bytes();
    // Without a way out in the middle, so that the compiler looks at many bytes at once.
    let is_special = |found: bool, byte: &u8| found | matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !bytes.is_empty() && !bytes.iter().fold(false, is_special) {
        buffer.extend_from_slice(bytes);
        return;
    }
    buffer.push(b'"');
    for (index, part) in bytes.split(|&byte| byte == b'"').enumerate() {
        if index > 0 {
            buffer.extend_from_slice(b"\"\"");
        }
        buffer.extend_from_slice(part);
    }
    buffer.push(b'"');
}
