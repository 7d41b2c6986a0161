//! From Arrow values to cells.

use std::borrow::Cow;

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use crate::column::{ColumnKind, Values};
use crate::iso::{IsoDate, IsoTimestamp, MICROS_PER_DAY};
use crate::number::{DecimalText, decimal_as_number, integer_as_number, non_finite_text};

use super::escape::escape_missed_forms;

/// The longest text of a cell in UTF-16 units ("Excel specifications and limits", Microsoft).
const MAX_CELL_UNITS: usize = 32_767;
/// Decimal places that a number format can show.
const MAX_FORMAT_PLACES: i8 = 30;
/// Excel's serial number of 1970-01-01.
const SERIAL_OF_UNIX_EPOCH: i64 = 25_569;
/// The serial number of 1900-03-01. Excel takes 1900 for a leap year, so from here on serial numbers
/// mean the same day everywhere, while before they do not (Microsoft, "Excel incorrectly assumes
/// that the year 1900 is a leap year").
const FIRST_SAFE_SERIAL: i64 = 61;
/// The serial number after 9999-12-31, the last day that Excel knows.
const SERIAL_AFTER_LAST: i64 = 2_958_466;
/// Bytes of XML that a cell takes at most, its text apart.
const CELL_MARKUP_BYTES: u64 = 96;
/// Bytes of XML that a row takes at most, its cells apart.
const ROW_MARKUP_BYTES: u64 = 64;

/// What has been written, counted as it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CellCounts {
    row_count: u64,
    shortened_cell_count: u64,
    sheet_bytes: u64,
    largest_sheet_bytes: u64,
}

impl CellCounts {
    pub(super) fn row_count(&self) -> u64 {
        self.row_count
    }

    pub(super) fn shortened_cell_count(&self) -> u64 {
        self.shortened_cell_count
    }

    /// An upper bound of the XML of any one sheet, which decides about ZIP64.
    pub(super) fn largest_sheet_bytes(&self) -> u64 {
        self.largest_sheet_bytes
    }

    pub(super) fn start_sheet(&mut self) {
        self.sheet_bytes = 1 << 20;
    }

    pub(super) fn end_row(&mut self) {
        self.row_count += 1;
        self.sheet_bytes += ROW_MARKUP_BYTES;
        self.largest_sheet_bytes = self.largest_sheet_bytes.max(self.sheet_bytes);
    }

    fn add_cell(&mut self, text: &str) {
        // `&` becomes `&amp;`, a control character `_xHHHH_`, and `_` may become `_x005F_`: six more each.
        let escaped = text.bytes().filter(|byte| matches!(byte, 0..=0x1F | b'&' | b'<' | b'>' | b'_'));
        self.sheet_bytes += CELL_MARKUP_BYTES + text.len() as u64 + 6 * escaped.count() as u64;
    }
}

/// How a column's cells look. Text columns have the format "@", so that an id stays text when
/// somebody edits its cell.
pub(super) fn column_format(kind: ColumnKind) -> Format {
    let code = match kind {
        ColumnKind::Text => Cow::Borrowed("@"),
        // "General" shows numbers of 12 digits and more in scientific notation.
        ColumnKind::Integer => Cow::Borrowed("0"),
        ColumnKind::Decimal { scale } if scale > 0 => {
            let places = usize::from(scale.min(MAX_FORMAT_PLACES).unsigned_abs());
            Cow::Owned(format!("0.{}", "0".repeat(places)))
        }
        ColumnKind::Decimal { .. } => Cow::Borrowed("0"),
        ColumnKind::Float | ColumnKind::Boolean => Cow::Borrowed("General"),
        ColumnKind::Date => Cow::Borrowed("yyyy-mm-dd"),
        ColumnKind::Timestamp => Cow::Borrowed("yyyy-mm-dd hh:mm:ss"),
    };
    Format::new().set_num_format(code.into_owned())
}

/// Writes one value of a batch; a null leaves the cell blank.
pub(super) fn write_cell(
    sheet: &mut Worksheet,
    sheet_row: u32,
    column: u16,
    values: &Values<'_>,
    row: usize,
    counts: &mut CellCounts,
) -> Result<(), XlsxError> {
    if values.is_null(row) {
        return Ok(());
    }
    let number = match values {
        Values::Text(array) => {
            return write_text(sheet, sheet_row, column, array.value(row), None, counts);
        }
        Values::Boolean(array) => {
            counts.add_cell("");
            sheet.write_boolean(sheet_row, column, array.value(row))?;
            return Ok(());
        }
        Values::Integer(array) => integer_as_number(array.value(row)),
        Values::Decimal(array, scale) => decimal_as_number(array.value(row), *scale),
        Values::Float(array) => Some(array.value(row)).filter(|number| number.is_finite()),
        Values::Date(array) => date_serial(i64::from(array.value(row))),
        Values::Timestamp(array) => timestamp_serial(array.value(row)),
    };
    match number {
        Some(number) => {
            counts.add_cell("");
            sheet.write_number(sheet_row, column, number)?;
            Ok(())
        }
        None => write_text(sheet, sheet_row, column, &exact_text(values, row), None, counts),
    }
}

/// The text of a value that Excel has no number for.
fn exact_text(values: &Values<'_>, row: usize) -> String {
    match values {
        Values::Text(array) => array.value(row).to_owned(),
        Values::Boolean(array) => array.value(row).to_string(),
        Values::Integer(array) => array.value(row).to_string(),
        Values::Decimal(array, scale) => {
            DecimalText { unscaled: array.value(row), scale: *scale }.to_string()
        }
        Values::Float(array) => non_finite_text(array.value(row)).unwrap_or_default().to_owned(),
        Values::Date(array) => IsoDate(i64::from(array.value(row))).to_string(),
        Values::Timestamp(array) => IsoTimestamp(array.value(row)).to_string(),
    }
}

/// Writes a typed string, shortened to what a cell holds.
pub(super) fn write_text(
    sheet: &mut Worksheet,
    sheet_row: u32,
    column: u16,
    text: &str,
    format: Option<&Format>,
    counts: &mut CellCounts,
) -> Result<(), XlsxError> {
    let kept = shorten(text);
    counts.shortened_cell_count += u64::from(kept.len() < text.len());
    counts.add_cell(kept);
    if let Some(escaped) = escape_missed_forms(kept) {
        // A rich string of one plain run is the one way past the library's own escaping.
        match sheet.write_rich_string(sheet_row, column, &[(&Format::default(), &escaped)]) {
            // It counts the markup too; so near the limit the library's form has to do.
            Err(XlsxError::MaxStringLengthExceeded) => {}
            written => return written.map(|_| ()),
        }
    }
    match format {
        Some(format) => sheet.write_string_with_format(sheet_row, column, kept, format)?,
        None => sheet.write_string(sheet_row, column, kept)?,
    };
    Ok(())
}

/// The longest start of a text that a cell holds, cut between characters.
fn shorten(text: &str) -> &str {
    // A character takes at least as many bytes in UTF-8 as units in UTF-16.
    if text.len() <= MAX_CELL_UNITS {
        return text;
    }
    let mut units = 0;
    for (index, c) in text.char_indices() {
        units += c.len_utf16();
        if units > MAX_CELL_UNITS {
            return &text[..index];
        }
    }
    text
}

/// Excel's number for a day, or `None` for a day that it cannot hold.
fn date_serial(days: i64) -> Option<f64> {
    let serial = days + SERIAL_OF_UNIX_EPOCH;
    (FIRST_SAFE_SERIAL..SERIAL_AFTER_LAST).contains(&serial).then_some(serial as f64)
}

/// Excel's number for a moment, or `None` for one that it cannot hold.
fn timestamp_serial(micros: i64) -> Option<f64> {
    let serial = date_serial(micros.div_euclid(MICROS_PER_DAY))?
        + micros.rem_euclid(MICROS_PER_DAY) as f64 / MICROS_PER_DAY as f64;
    // The last microseconds of 9999 round up to the day that does not exist.
    (serial < SERIAL_AFTER_LAST as f64).then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::{CellCounts, MAX_CELL_UNITS, MICROS_PER_DAY, date_serial, shorten, timestamp_serial};

    #[test]
    fn serials_within_excels_calendar() {
        for (days, want) in [
            (-25_509, None),       // 1900-02-28
            (-25_508, Some(61.0)), // 1900-03-01
            (0, Some(25_569.0)),
            (2_932_896, Some(2_958_465.0)), // 9999-12-31
            (2_932_897, None),
        ] {
            assert_eq!(date_serial(days), want);
        }
        assert_eq!(timestamp_serial(MICROS_PER_DAY / 2), Some(25_569.5));
        assert_eq!(timestamp_serial(2_932_897 * MICROS_PER_DAY - 1), None);
        assert!(timestamp_serial(2_932_897 * MICROS_PER_DAY - 1_000_000).is_some());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for (text, want) in [
            ("x".repeat(MAX_CELL_UNITS), MAX_CELL_UNITS),
            ("x".repeat(MAX_CELL_UNITS + 1), MAX_CELL_UNITS),
            ("订".repeat(MAX_CELL_UNITS), MAX_CELL_UNITS),
            ("😀".repeat(16_384), 32_766),
        ] {
            assert_eq!(shorten(&text).encode_utf16().count(), want);
        }
    }

    #[test]
    fn the_largest_sheet_is_remembered() {
        let mut counts = CellCounts::default();
        counts.start_sheet();
        counts.add_cell("a&b");
        counts.end_row();
        let first = counts.largest_sheet_bytes();
        counts.start_sheet();
        counts.end_row();
        assert_eq!((counts.largest_sheet_bytes(), counts.row_count()), (first, 2));
    }
}
