//! Values of Arrow columns as the text that PostgreSQL reads, in the forms of COPY and of arrays
//! (<https://www.postgresql.org/docs/current/sql-copy.html>, <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>).

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use longshore_protocol::ColumnType;

use super::kind::Kind;
use super::param::written;
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::import::values::{push_date, push_time, push_timestamp, value_at};
use crate::statement::Param;

/// A column with the kind of its SQL type.
pub(super) struct Written<'a> {
    pub(super) column: &'a Column,
    pub(super) kind: Kind,
    pub(super) array: &'a ArrayRef,
}

/// What is escaped, and how.
#[derive(Clone, Copy)]
enum Escapes {
    Copy,
    Array,
}

impl Written<'_> {
    /// The values as a line of COPY's text form each, from `first` on, until `out` has `enough` bytes; says where it stopped.
    pub(super) fn push_lines(
        columns: &[Written<'_>],
        first: usize,
        row_count: usize,
        enough: usize,
        out: &mut Vec<u8>,
    ) -> usize {
        let mut row = first;
        while row < row_count && out.len() < enough {
            for (position, written) in columns.iter().enumerate() {
                if position > 0 {
                    out.push(b'\t');
                }
                if written.array.is_null(row) {
                    out.extend_from_slice(b"\\N");
                } else {
                    written.push(row, Escapes::Copy, out);
                }
            }
            out.push(b'\n');
            row += 1;
        }
        row
    }

    /// All values as the text of an array.
    pub(super) fn array_text(&self) -> String {
        let mut out = Vec::with_capacity(self.array.len() * 16 + 2);
        out.push(b'{');
        for row in 0..self.array.len() {
            if row > 0 {
                out.push(b',');
            }
            if self.array.is_null(row) {
                out.extend_from_slice(b"NULL");
            } else {
                self.push(row, Escapes::Array, &mut out);
            }
        }
        out.push(b'}');
        // All that was pushed is ASCII or came from text.
        String::from_utf8(out).unwrap_or_default()
    }

    fn push(&self, row: usize, escapes: Escapes, out: &mut Vec<u8>) {
        let before = out.len();
        let is_plain = self.column.stored_as == StoredAs::Plain;
        let is_written = match self.column.column_type {
            ColumnType::Text if is_plain => {
                push_text(self.array.as_string::<i32>().value(row), escapes, out);
                Some(())
            }
            ColumnType::Text => {
                push_text(&format!("\\x{}", self.array.as_string::<i32>().value(row)), escapes, out);
                Some(())
            }
            // Writing into memory can't fail.
            ColumnType::Integer => write!(out, "{}", self.array.as_primitive::<Int64Type>().value(row)).ok(),
            ColumnType::Decimal { scale } if is_plain && self.kind == Kind::Numeric => {
                push_decimal(self.array.as_primitive::<Decimal128Type>().value(row), scale, out)
            }
            ColumnType::Date if is_plain => {
                push_date(out, self.array.as_primitive::<Date32Type>().value(row))
            }
            ColumnType::Time => {
                push_time(out, self.array.as_primitive::<Time64MicrosecondType>().value(row));
                Some(())
            }
            ColumnType::Timestamp if is_plain => {
                push_timestamp(out, self.array.as_primitive::<TimestampMicrosecondType>().value(row), b' ')
            }
            ColumnType::TimestampTz if is_plain => {
                let micros = self.array.as_primitive::<TimestampMicrosecondType>().value(row);
                push_timestamp(out, micros, b' ').map(|()| out.extend_from_slice(b"+00"))
            }
            _ => None,
        };
        if is_written.is_none() {
            out.truncate(before);
            // What has no text, which the check lets through nowhere, is sent as an empty one, which the server refuses.
            let value = value_at(self.array, row).unwrap_or_default();
            let param = value.map(|value| Param { value, stored_as: self.column.stored_as });
            push_text(&param.map(|param| written(&self.kind, &param)).unwrap_or_default(), escapes, out);
        }
    }
}

fn push_decimal(unscaled: i128, scale: u8, out: &mut Vec<u8>) -> Option<()> {
    let power = 10u64.checked_pow(u32::from(scale))?;
    // Of 64 bits, as almost all are: dividing 128 of them takes many times as long.
    let units = u64::try_from(unscaled.unsigned_abs()).ok()?;
    if unscaled < 0 {
        out.push(b'-');
    }
    match scale {
        0 => write!(out, "{units}"),
        scale => write!(out, "{}.{:0width$}", units / power, units % power, width = usize::from(scale)),
    }
    .ok()
}

fn push_text(text: &str, escapes: Escapes, out: &mut Vec<u8>) {
    match escapes {
        Escapes::Copy => {
            let mut rest = text.as_bytes();
            while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
                out.extend_from_slice(&rest[..at]);
                out.push(b'\\');
                out.push(match rest[at] {
                    b'\t' => b't',
                    b'\n' => b'n',
                    b'\r' => b'r',
                    byte => byte,
                });
                rest = &rest[at + 1..];
            }
            out.extend_from_slice(rest);
        }
        Escapes::Array => {
            out.push(b'"');
            for byte in text.bytes() {
                if matches!(byte, b'"' | b'\\') {
                    out.push(b'\\');
                }
                out.push(byte);
            }
            out.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Decimal128Array, StringArray};

    use super::*;

    #[test]
    fn values_keep_what_the_forms_would_take_for_signs() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a\tb\\N\r\n"),
            None,
            Some("\\."),
            Some("NULL"),
            Some("{\"x\"}"),
            Some(""),
        ]));
        let amounts = Decimal128Array::from(vec![Some(-5), None, Some(0), Some(123_456), Some(100), Some(7)]);
        let amounts = amounts.with_precision_and_scale(38, 2).expect("fits");
        let amounts: ArrayRef = Arc::new(amounts);
        let text = Column::plain("a", ColumnType::Text);
        let decimal = Column::plain("b", ColumnType::Decimal { scale: 2 });
        let columns = [
            Written { column: &text, kind: Kind::Text, array: &texts },
            Written { column: &decimal, kind: Kind::Numeric, array: &amounts },
        ];
        let mut lines = Vec::new();
        assert_eq!(Written::push_lines(&columns, 0, 6, usize::MAX, &mut lines), 6);
        assert_eq!(
            String::from_utf8(lines).expect("text"),
            "a\\tb\\\\N\\r\\n\t-0.05\n\\N\t\\N\n\\\\.\t0.00\nNULL\t1234.56\n{\"x\"}\t1.00\n\t0.07\n"
        );
        assert_eq!(
            columns[0].array_text(),
            "{\"a\tb\\\\N\r\n\",NULL,\"\\\\.\",\"NULL\",\"{\\\"x\\\"}\",\"\"}"
        );
        assert_eq!(columns[1].array_text(), "{-0.05,NULL,0.00,1234.56,1.00,0.07}");
    }
}
