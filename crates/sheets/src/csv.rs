//! CSV by RFC 4180: UTF-8 with a byte order mark, CRLF, quotes only where needed.
//!
//! The `csv` crate cannot quote one field and leave another bare by the writer's choice, which the
//! difference between null and an empty text needs; so the few rules are written out here, and the
//! crate reads the result back in the tests.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::RecordBatch;

use crate::column::{ColumnKind, Values};
use crate::digits::{PLACES_MAX, POWERS_OF_TEN, digits, push_fraction, push_integer};
use crate::iso::{IsoDate, IsoTime, push_timestamp};
use crate::number::{DecimalText, FloatText};
use crate::outlet::Outlet;
use crate::{SheetError, SheetSpec, SheetWriter, Summary, check_cancelled, guard};

/// Without it Excel takes the file for the machine's legacy encoding.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Bytes gathered before they go to the sink.
const CHUNK_SIZE_BYTES: usize = 256 * 1024;

/// Writes CSV through one reused buffer.
pub(crate) struct CsvWriter {
    outlet: Outlet,
    kinds: Vec<ColumnKind>,
    cancelled: Arc<AtomicBool>,
    buffer: Vec<u8>,
    row_count: u64,
}

impl CsvWriter {
    /// Starts a file with its header line; the sink sees nothing before the first rows do.
    pub(crate) fn open(spec: SheetSpec, kinds: Vec<ColumnKind>, outlet: Outlet) -> CsvWriter {
        let mut buffer = Vec::with_capacity(CHUNK_SIZE_BYTES + CHUNK_SIZE_BYTES / 4);
        buffer.extend_from_slice(BYTE_ORDER_MARK);
        for (index, header) in spec.headers.iter().enumerate() {
            if index > 0 {
                buffer.push(b',');
            }
            push_text(&mut buffer, header);
        }
        buffer.extend_from_slice(b"\r\n");
        CsvWriter { outlet, kinds, cancelled: spec.cancelled, buffer, row_count: 0 }
    }

    fn push_row(&mut self, columns: &[Values<'_>], row: usize) -> Result<(), SheetError> {
        let line_start = self.buffer.len();
        for (index, values) in columns.iter().enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            push_cell(&mut self.buffer, values, row).map_err(SheetError::Io)?;
        }
        if self.buffer.len() == line_start {
            // The null of a one-column file would make an empty line, which readers skip.
            self.buffer.extend_from_slice(b"\"\"");
        }
        self.buffer.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn drain(&mut self) -> Result<(), SheetError> {
        check_cancelled(&self.cancelled)?;
        self.outlet.write(&self.buffer).map_err(SheetError::Io)?;
        self.buffer.clear();
        Ok(())
    }
}

impl SheetWriter for CsvWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        let columns = Values::of_batch(&self.kinds, batch);
        for row in 0..batch.num_rows() {
            self.push_row(&columns, row)?;
            if self.buffer.len() >= CHUNK_SIZE_BYTES {
                self.drain()?;
            }
        }
        self.row_count += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary, SheetError> {
        self.drain()?;
        self.outlet.finish().map_err(SheetError::Io)?;
        Ok(Summary { row_count: self.row_count, sheet_count: 1, ..Summary::default() })
    }

    fn bytes_written(&self) -> u64 {
        self.outlet.bytes_written()
    }
}

/// Appends one value; a null appends nothing.
fn push_cell(buffer: &mut Vec<u8>, values: &Values<'_>, row: usize) -> std::io::Result<()> {
    if values.is_null(row) {
        return Ok(());
    }
    match values {
        Values::Text(array) => {
            push_text(buffer, array.value(row));
            Ok(())
        }
        Values::Integer(array) => {
            push_integer(buffer, array.value(row));
            Ok(())
        }
        Values::Decimal(array, scale) => push_decimal(buffer, array.value(row), *scale),
        Values::Float(array) => write!(buffer, "{}", FloatText(array.value(row))),
        Values::Boolean(array) => buffer.write_all(if array.value(row) { b"TRUE" } else { b"FALSE" }),
        Values::Date(array) => write!(buffer, "{}", IsoDate(i64::from(array.value(row)))),
        Values::Time(array) => write!(buffer, "{}", IsoTime(array.value(row))),
        Values::Timestamp(array) => push_timestamp(buffer, array.value(row)),
    }
}

/// Appends a decimal with all its digits.
fn push_decimal(buffer: &mut Vec<u8>, unscaled: i128, scale: i8) -> std::io::Result<()> {
    match u64::try_from(unscaled.unsigned_abs()) {
        // The usual: money.
        Ok(units) if (1..=PLACES_MAX).contains(&scale) => {
            let power = POWERS_OF_TEN[usize::from(scale.unsigned_abs())];
            if unscaled < 0 {
                buffer.push(b'-');
            }
            digits(units / power).push_to(buffer);
            push_fraction(buffer, units % power, usize::from(scale.unsigned_abs()));
            Ok(())
        }
        _ => write!(buffer, "{}", DecimalText { unscaled, scale }),
    }
}

/// Appends a text, guarded against being read as a formula, and quoted where RFC 4180 asks for it
/// or where it is empty, which sets it apart from a null.
fn push_text(buffer: &mut Vec<u8>, text: &str) {
    let guarded = guard(text);
    let bytes = guarded.as_bytes();
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
