//! Rows and their cells ([MS-XLSB] 2.1.7.62).

use std::io;

use super::records::Record;
use super::sheet::ROW_HEIGHT;
use super::strings::Strings;
use super::styles;
use crate::faults::spool::Spool;
use crate::faults::value::Value;

/// Records by their numbers ([MS-XLSB] 2.3.2).
const ROW: u16 = 0;
const BLANK: u16 = 1;
const BOOLEAN: u16 = 4;
const REAL: u16 = 5;
const TEXT: u16 = 6;
const SHARED: u16 = 7;

/// Bits of the number of a column within those that have a span together.
const SPAN_BITS: u32 = 10;

/// A row that grows to the right.
#[derive(Default)]
pub(super) struct Row {
    cells: Vec<u8>,
    /// The first and the last cell among each 1,024 columns.
    spans: Vec<(u32, u32)>,
    /// The record before the cells.
    header: Vec<u8>,
}

impl Row {
    /// A cell that holds a value.
    pub(super) fn push_value(
        &mut self,
        column: u32,
        value: Value<'_>,
        is_bad: bool,
        strings: &mut Strings,
    ) -> io::Result<()> {
        let style = styles::other(is_bad);
        match value {
            Value::Empty if is_bad => self.push(column, style, BLANK).end(),
            Value::Empty => {}
            Value::Number(number, text) if number.is_subnormal() => {
                return self.push_text(column, style, text, strings);
            }
            // There is no negative zero.
            Value::Number(number, _) => self.push(column, style, REAL).number(number + 0.0).end(),
            Value::Boolean(boolean) => self.push(column, style, BOOLEAN).byte(u8::from(boolean)).end(),
            Value::Moment(moment) => {
                let style = styles::moment(moment.shown, is_bad);
                self.push(column, style, REAL).number(moment.serial).end();
            }
            Value::Text(text) => return self.push_text(column, style, text, strings),
        }
        Ok(())
    }

    /// A cell that holds a number.
    pub(super) fn push_number(&mut self, column: u32, number: u32) {
        self.push(column, styles::other(false), REAL).number(f64::from(number)).end();
    }

    /// A cell that holds a text, which is no longer than a cell may be.
    pub(super) fn push_text(
        &mut self,
        column: u32,
        style: u32,
        text: &str,
        strings: &mut Strings,
    ) -> io::Result<()> {
        if text.is_empty() {
            // Only what it looks like is left.
            if style != styles::other(false) {
                self.push(column, style, BLANK).end();
            }
            return Ok(());
        }
        match strings.number_of(text)? {
            Some(number) => self.push(column, style, SHARED).long(number).end(),
            None => self.push(column, style, TEXT).text(text).end(),
        }
        Ok(())
    }

    /// Begins a cell: its column, and its style in 24 bits, behind which are flags ([MS-XLSB] Cell).
    fn push(&mut self, column: u32, style: u32, kind: u16) -> Record<'_> {
        match self.spans.last_mut() {
            Some((first, last)) if *first >> SPAN_BITS == column >> SPAN_BITS => *last = column,
            _ => self.spans.push((column, column)),
        }
        Record::begin(&mut self.cells, kind).long(column).long(style)
    }

    /// Passes the row on, after which it is empty again; its number is from 0.
    pub(super) fn pass_on(&mut self, number: u32, rows: &mut Spool) -> io::Result<()> {
        // Number, style, height, flags, and where there are cells ([MS-XLSB] BrtRowHdr).
        let record = Record::begin(&mut self.header, ROW).long(number).long(0).word(ROW_HEIGHT);
        let mut record = record.bytes(&[0; 3]).long(self.spans.len() as u32);
        for (first, last) in self.spans.drain(..) {
            record = record.long(first).long(last);
        }
        record.end();
        for bytes in [&mut self.header, &mut self.cells] {
            rows.write(bytes)?;
            bytes.clear();
        }
        Ok(())
    }
}
