//! From Arrow values to the XML of cells.

use std::borrow::Cow;

use rust_xlsxwriter::Format;

use super::row::RowXml;
use super::rows::INLINE;
use super::text::{needs_preserve, push_escaped, shorten};
use crate::column::{ColumnKind, Values};
use crate::digits::{PLACES_MAX, POWERS_OF_TEN, Piece, digits, push_fraction, push_integer};
use crate::iso::{IsoDate, IsoTime, IsoTimestamp, MICROS_PER_DAY};
use crate::letters::column_letters;
use crate::number::{DecimalText, decimal_is_number, integer_as_number, non_finite_text};
use crate::read::DIGITS_OF_MICROS;

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
        ColumnKind::Time => Cow::Borrowed("hh:mm:ss"),
        ColumnKind::Timestamp => Cow::Borrowed("yyyy-mm-dd hh:mm:ss"),
    };
    Format::new().set_num_format(code.into_owned())
}

/// What is the same in every cell of a column.
pub(super) struct ColumnCells {
    /// Counted from 1.
    pub(super) column: u32,
    /// `<c r="` and the column's letters.
    pub(super) start: Piece<16>,
    /// After the row's number: the style, and the end of the tag and the start of the value by type.
    number: Piece<32>,
    boolean: Piece<32>,
    shared: Piece<32>,
    inline: Vec<u8>,
    inline_preserved: Vec<u8>,
}

impl ColumnCells {
    pub(super) fn new(index: usize, style: u32) -> ColumnCells {
        let styled = match style {
            0 => "\"".to_owned(),
            style => format!("\" s=\"{style}\""),
        };
        ColumnCells {
            column: index as u32 + 1,
            start: Piece::of(&format!("<c r=\"{}", column_letters(index))),
            number: Piece::of(&format!("{styled}><v>")),
            boolean: Piece::of(&format!("{styled} t=\"b\"><v>")),
            shared: Piece::of(&format!("{styled} t=\"s\"><v>")),
            inline: format!("{styled} t=\"inlineStr\"><is><t>").into_bytes(),
            inline_preserved: format!("{styled} t=\"inlineStr\"><is><t xml:space=\"preserve\">").into_bytes(),
        }
    }

    /// Appends the cell of one value; a null or an empty text leaves none. `numbers` are by row; see [`super::rows::Rows`].
    #[inline]
    pub(super) fn push(
        &self,
        out: &mut RowXml<'_>,
        values: &Values<'_>,
        row: usize,
        numbers: Option<&[u32]>,
    ) {
        if values.is_null(row) {
            return;
        }
        match values {
            Values::Text(array) => match shared_number(numbers, row) {
                Some(number) => self.push_shared(out, number),
                None => self.push_inline(out, array.value(row)),
            },
            Values::Boolean(array) => {
                out.begin(self, &self.boolean);
                out.xml().push(b'0' + u8::from(array.value(row)));
                out.end_value();
            }
            Values::Integer(array) if integer_as_number(array.value(row)).is_some() => {
                out.begin(self, &self.number);
                push_integer(out.xml(), array.value(row));
                out.end_value();
            }
            Values::Decimal(array, scale) if decimal_is_number(array.value(row), *scale) => {
                out.begin(self, &self.number);
                push_decimal(out.xml(), array.value(row), *scale);
                out.end_value();
            }
            _ => self.push_other(out, values, row, numbers),
        }
    }

    /// A value that is a float in Excel's eyes, or none that Excel has.
    fn push_other(&self, out: &mut RowXml<'_>, values: &Values<'_>, row: usize, numbers: Option<&[u32]>) {
        if let Some(number) = as_float(values, row) {
            out.begin(self, &self.number);
            match values {
                Values::Timestamp(array) if array.value(row) % 1000 != 0 => push_micros(out.xml(), number),
                Values::Time(array) if array.value(row) % 1000 != 0 => push_micros(out.xml(), number),
                _ => push_float(out.xml(), number),
            }
            out.end_value();
            return;
        }
        match shared_number(numbers, row) {
            Some(number) => self.push_shared(out, number),
            None => self.push_inline(out, &exact_text(values, row)),
        }
    }

    #[inline(always)]
    fn push_shared(&self, out: &mut RowXml<'_>, number: u32) {
        out.begin(self, &self.shared);
        digits(u64::from(number)).push_to(out.xml());
        out.end_value();
    }

    /// A text that stands in its cell; an empty one leaves none.
    fn push_inline(&self, out: &mut RowXml<'_>, text: &str) {
        let kept = shorten(text);
        if kept.is_empty() {
            return;
        }
        out.begin_with(self, if needs_preserve(kept) { &self.inline_preserved } else { &self.inline });
        push_escaped(out.xml(), kept);
        out.end_text();
    }
}

#[inline(always)]
fn shared_number(numbers: Option<&[u32]>, row: usize) -> Option<u32> {
    numbers.and_then(|numbers| numbers.get(row)).copied().filter(|number| *number != INLINE)
}

/// Whether a value is a number or a boolean in Excel's eyes; else it is a text.
pub(super) fn is_number(values: &Values<'_>, row: usize) -> bool {
    match values {
        Values::Text(_) => false,
        Values::Boolean(_) => true,
        Values::Integer(array) => integer_as_number(array.value(row)).is_some(),
        Values::Decimal(array, scale) => decimal_is_number(array.value(row), *scale),
        _ => as_float(values, row).is_some(),
    }
}

/// The float that a value is in Excel's eyes, where it is neither a whole number nor a decimal.
fn as_float(values: &Values<'_>, row: usize) -> Option<f64> {
    match values {
        Values::Float(array) => Some(array.value(row)).filter(|number| number.is_finite()),
        Values::Date(array) => date_serial(i64::from(array.value(row))),
        Values::Time(array) => time_serial(array.value(row)),
        Values::Timestamp(array) => timestamp_serial(array.value(row)),
        _ => None,
    }
}

/// A decimal with no zeros at its end, which has 15 significant digits at most.
#[inline]
fn push_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    match u64::try_from(unscaled.unsigned_abs()) {
        // The usual: money.
        Ok(units) if (0..=PLACES_MAX).contains(&scale) && units < 1_000_000_000_000_000 => {
            if unscaled < 0 {
                out.push(b'-');
            }
            push_short_decimal(out, units, scale.unsigned_abs());
        }
        _ => push_any_decimal(out, unscaled, scale),
    }
}

/// With [`PLACES_MAX`] places at most.
#[inline]
fn push_short_decimal(out: &mut Vec<u8>, units: u64, scale: u8) {
    let power = POWERS_OF_TEN[usize::from(scale)];
    digits(units / power).push_to(out);
    let mut fraction = units % power;
    if fraction == 0 {
        return;
    }
    let mut places = usize::from(scale);
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    push_fraction(out, fraction, places);
}

fn push_any_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    let (mut digits, mut places) = (unscaled.unsigned_abs(), i32::from(scale));
    while places > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        places -= 1;
    }
    if unscaled < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(digits);
    match usize::try_from(places) {
        Ok(0) => out.extend_from_slice(digits.as_bytes()),
        Ok(places) => {
            let whole = digits.len().saturating_sub(places);
            out.extend_from_slice(if whole == 0 { b"0" } else { &digits.as_bytes()[..whole] });
            out.push(b'.');
            out.extend(std::iter::repeat_n(b'0', places.saturating_sub(digits.len())));
            out.extend_from_slice(&digits.as_bytes()[whole..]);
        }
        Err(_) => {
            out.extend_from_slice(digits.as_bytes());
            if digits != "0" {
                out.extend(std::iter::repeat_n(b'0', places.unsigned_abs() as usize));
            }
        }
    }
}

/// A float as the shortest text that reads back as the same float.
fn push_float(out: &mut Vec<u8>, value: f64) {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        push_integer(out, value as i64);
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

/// A moment or a time with microseconds. Zeros behind its digits say that they are meant: a number that programs have computed, or written with
/// fewer digits, is often that far from a whole second, so that reading takes it for one.
fn push_micros(out: &mut Vec<u8>, serial: f64) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(serial);
    let (number, exponent) = text.split_at(text.find('e').unwrap_or(text.len()));
    let significant = number.bytes().filter(u8::is_ascii_digit).skip_while(|&digit| digit == b'0').count();
    out.extend_from_slice(number.as_bytes());
    if !number.contains('.') {
        out.push(b'.');
    }
    out.extend(std::iter::repeat_n(b'0', DIGITS_OF_MICROS.saturating_sub(significant)));
    out.extend_from_slice(exponent.as_bytes());
}

/// The text of a value that Excel has no number for.
pub(super) fn exact_text(values: &Values<'_>, row: usize) -> String {
    match values {
        Values::Text(array) => array.value(row).to_owned(),
        Values::Boolean(array) => array.value(row).to_string(),
        Values::Integer(array) => array.value(row).to_string(),
        Values::Decimal(array, scale) => {
            DecimalText { unscaled: array.value(row), scale: *scale }.to_string()
        }
        Values::Float(array) => non_finite_text(array.value(row)).unwrap_or_default().to_owned(),
        Values::Date(array) => IsoDate(i64::from(array.value(row))).to_string(),
        Values::Time(array) => IsoTime(array.value(row)).to_string(),
        Values::Timestamp(array) => IsoTimestamp(array.value(row)).to_string(),
    }
}

/// Excel's number for a day, or `None` for a day that it cannot hold.
pub(crate) fn date_serial(days: i64) -> Option<f64> {
    let serial = days + SERIAL_OF_UNIX_EPOCH;
    (FIRST_SAFE_SERIAL..SERIAL_AFTER_LAST).contains(&serial).then_some(serial as f64)
}

/// Excel's number for a time of day, a fraction of one day; `None` for what is none.
fn time_serial(micros: i64) -> Option<f64> {
    (0..MICROS_PER_DAY).contains(&micros).then(|| micros as f64 / MICROS_PER_DAY as f64)
}

/// Excel's number for a moment, or `None` for one that it cannot hold: from 2079 on not all microseconds have a number of their own.
pub(crate) fn timestamp_serial(micros: i64) -> Option<f64> {
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let serial = date_serial(micros.div_euclid(MICROS_PER_DAY))? + of_day as f64 / MICROS_PER_DAY as f64;
    let is_kept = || (serial.fract() * MICROS_PER_DAY as f64).round() as i64 == of_day;
    (of_day % 1000 == 0 || is_kept()).then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (micros, want) in
            [(0, Some(0.0)), (MICROS_PER_DAY / 4, Some(0.25)), (MICROS_PER_DAY, None), (-1, None)]
        {
            assert_eq!(time_serial(micros), want);
        }
        assert_eq!(timestamp_serial(MICROS_PER_DAY / 2), Some(25_569.5));
        assert_eq!(timestamp_serial(2_932_897 * MICROS_PER_DAY - 1), None);
        assert!(timestamp_serial(2_932_897 * MICROS_PER_DAY - 1_000_000).is_some());
        // In 2026 every microsecond has a number, in 2100 hardly half of them have.
        let held = |day: i64| {
            (0..1000).filter(|micros| timestamp_serial(day * MICROS_PER_DAY - micros).is_some()).count()
        };
        assert_eq!(held(20_667), 1000);
        assert!((1..1000).contains(&held(48_000)));
    }

    #[test]
    fn numbers_as_text() {
        let decimal = |unscaled, scale| {
            let mut out = Vec::new();
            push_decimal(&mut out, unscaled, scale);
            String::from_utf8(out).expect("text")
        };
        for (unscaled, scale, want) in [
            (0, 2, "0"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (50, 2, "0.5"),
            (3_100, 2, "31"),
            (123_456, 2, "1234.56"),
            (7, -3, "7000"),
            (0, -3, "0"),
            (99_999_999_999_999_900, 2, "999999999999999"),
            (12, 6, "0.000012"),
        ] {
            assert_eq!(decimal(unscaled, scale), want);
        }
        for (value, want) in [
            (46_235.999_999_999_985, "46235.9999999999850"),
            (0.482_092_905, "0.482092905000000000"),
            (5e-9, "5.00000000000000000e-9"),
            (1.25e-10, "1.25000000000000000e-10"),
        ] {
            let mut out = Vec::new();
            push_micros(&mut out, value);
            let text = String::from_utf8(out).expect("text");
            assert_eq!((text.as_str(), text.parse()), (want, Ok(value)));
        }
        for value in [0.0, 1.5, -2.0, 0.1 + 0.2, 1e300, 1e-7, 45_000.520_833_333_336, 1e15, -1e18] {
            let mut out = Vec::new();
            push_float(&mut out, value);
            let text = String::from_utf8(out).expect("text");
            assert_eq!(text.parse::<f64>().expect("a number"), value, "{text}");
        }
    }
}
