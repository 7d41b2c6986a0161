//! The rows of one sheet.

use memchr::memchr;

use super::cell::{Inline, RawCell, Value, cell, number, position};
use super::formats::Formats;
use super::prologue::pass_prologue;
use super::strings::{SharedStrings, more};
use super::tags::{Tag, Trouble, attributes, tag};
use super::text::{push_rich, push_text};
use crate::read::feed::Feed;
use crate::read::package::Chunks;
use crate::read::rows::too_big;
use crate::read::serial::push_date;
use crate::read::{CellKind, Limit, ReadError, ReadLimits};

/// What cells need to be understood.
pub(super) struct Meaning<'a> {
    pub(super) strings: &'a SharedStrings,
    pub(super) formats: &'a Formats,
    pub(super) is_1904: bool,
}

/// What a step came to.
enum Step {
    /// So many bytes are used up.
    Used(usize),
    /// The rows are over.
    End,
}

enum Failure {
    Trouble(Trouble),
    Error(ReadError),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Trouble(trouble)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::Error(error)
    }
}

/// Where in the sheet reading is.
struct Place<'a> {
    meaning: &'a Meaning<'a>,
    rows_max: u64,
    columns_max: u64,
    /// The number of the row being read, 0 before the first.
    row: u32,
    /// Whether the row had no number of its own and no cell yet that tells it.
    is_row_unsure: bool,
    /// The column of the next cell that has no reference.
    column: usize,
    is_in_data: bool,
}

/// Feeds the rows of a sheet.
pub(super) fn read(
    mut chunks: Chunks,
    name: &str,
    meaning: &Meaning<'_>,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    if !pass_prologue(&mut chunks, name)? {
        return Err(ReadError::damaged(format!("{name} is empty")));
    }
    let mut place = Place {
        meaning,
        rows_max: limits.rows.min(u64::from(u32::MAX)),
        columns_max: limits.columns,
        row: 0,
        is_row_unsure: false,
        column: 0,
        is_in_data: false,
    };
    loop {
        // As long as there are bytes, without asking for more.
        let bytes = chunks.bytes();
        let mut used = 0;
        let result = loop {
            match place.step(&bytes[used..], feed) {
                Ok(Step::Used(size)) => used += size,
                other => break other,
            }
        };
        chunks.pass(used);
        match result {
            Ok(_) => break,
            Err(Failure::Trouble(Trouble::Short)) => more(&mut chunks, name)?,
            Err(Failure::Trouble(Trouble::Wrong(what))) => {
                return Err(ReadError::damaged(format!("{name}, row {}: {what}", place.row)));
            }
            Err(Failure::Error(error)) => return Err(error),
        }
    }
    chunks.finish()?;
    feed.finish()
}

impl Place<'_> {
    /// Takes the next tag, or a whole cell.
    #[inline]
    fn step(&mut self, bytes: &[u8], feed: &mut Feed<'_>) -> Result<Step, Failure> {
        let skipped = match bytes.first() {
            Some(b'<') => 0,
            None => return Err(Trouble::Short.into()),
            // What stands between tags is passed, not kept until the next tag.
            Some(_) => match memchr(b'<', bytes) {
                Some(place) => place,
                None => return Ok(Step::Used(bytes.len())),
            },
        };
        let rest = &bytes[skipped..];
        if let [b'<', b'c', b' ', ..] = rest {
            return self.cell(rest, 2, feed).map(|size| Step::Used(skipped + size));
        }
        if rest.starts_with(b"</row>") {
            return Ok(Step::Used(skipped + 6));
        }
        let size = match tag(rest)? {
            Tag::Start(b"c", at) => self.cell(rest, at, feed)?,
            Tag::Start(b"row", at) => self.row(rest, at, feed)?,
            Tag::Start(b"sheetData", at) => {
                let (size, is_closed) = attributes(rest, at, |_, _| {})?;
                if is_closed {
                    return Ok(Step::End);
                }
                self.is_in_data = true;
                size
            }
            Tag::Start(b"dimension", at) => dimension(rest, at, feed)?,
            Tag::Start(_, at) => attributes(rest, at, |_, _| {})?.0,
            Tag::End(b"sheetData" | b"worksheet", _) => return Ok(Step::End),
            Tag::End(_, behind) | Tag::Other(behind) => behind,
        };
        Ok(Step::Used(skipped + size))
    }

    fn row(&mut self, bytes: &[u8], at: usize, feed: &mut Feed<'_>) -> Result<usize, Failure> {
        let mut own_number = None;
        let (size, _) = attributes(bytes, at, |name, value| {
            if name == b"r" {
                own_number = Some(value);
            }
        })?;
        self.is_row_unsure = own_number.is_none();
        self.column = 0;
        let next = u64::from(self.row) + 1;
        let found = match own_number {
            Some(text) => number(text).ok_or(Trouble::Wrong("a row has no number"))?,
            None => next,
        };
        self.begin_row(found, next, feed)?;
        Ok(size)
    }

    fn begin_row(&mut self, found: u64, least: u64, feed: &mut Feed<'_>) -> Result<(), Failure> {
        if found < least {
            return Err(Trouble::Wrong("the next row has a smaller number").into());
        }
        if found > self.rows_max {
            return Err(too_big(Limit::Rows, self.rows_max, found).into());
        }
        // It fits: the limit does.
        self.row = found as u32;
        Ok(feed.begin_row(self.row)?)
    }

    #[inline]
    fn cell(&mut self, bytes: &[u8], at: usize, feed: &mut Feed<'_>) -> Result<usize, Failure> {
        let raw = cell(bytes, at)?;
        if self.row == 0 || !self.is_in_data {
            return Err(Trouble::Wrong("a cell is outside of a row").into());
        }
        let column = if raw.reference.is_empty() {
            self.column
        } else {
            let (column, row) = position(raw.reference).ok_or(Trouble::Wrong("a cell has no position"))?;
            if row != u64::from(self.row) {
                self.adopt_row(row, feed)?;
            }
            column
        };
        self.is_row_unsure = false;
        self.column = column.saturating_add(1);
        if raw.value == Value::Missing && raw.inline == Inline::Missing && raw.formula.is_none() {
            return Ok(raw.size);
        }
        if column as u64 >= self.columns_max {
            return Err(too_big(Limit::Columns, self.columns_max, column as u64 + 1).into());
        }
        let meaning = self.meaning;
        feed.rows.push_with(column, |out| meaning.push(&raw, out))?;
        Ok(raw.size)
    }

    /// A row without a number gets that of its first cell.
    #[cold]
    fn adopt_row(&mut self, row: u64, feed: &mut Feed<'_>) -> Result<(), Failure> {
        if !self.is_row_unsure {
            return Err(Trouble::Wrong("a cell says that it is in another row").into());
        }
        self.begin_row(row, u64::from(self.row), feed)
    }
}

/// Takes the hint of how many rows there are.
fn dimension(bytes: &[u8], at: usize, feed: &mut Feed<'_>) -> Result<usize, Failure> {
    let mut range = None;
    let (size, _) = attributes(bytes, at, |name, value| {
        if name == b"ref" {
            range = Some(value);
        }
    })?;
    let last = range.and_then(|range| range.rsplit(|&byte| byte == b':').next());
    feed.row_count_hint = last.and_then(position).map(|(_, row)| row);
    Ok(size)
}

impl Meaning<'_> {
    /// Appends the text of a cell, and tells its kind.
    #[inline]
    fn push(&self, raw: &RawCell<'_>, out: &mut Vec<u8>) -> Result<CellKind, ReadError> {
        if raw.formula.is_some() && has_no_value(raw) {
            return push_formula(raw, out);
        }
        let value = match (raw.kind, raw.inline, raw.value) {
            (b"inlineStr", Inline::Plain(text), _) | (_, Inline::Plain(text), Value::Missing) => {
                return push_text(text.trim_ascii(), out).map(|()| CellKind::Text);
            }
            (b"inlineStr", Inline::Odd(element), _) | (_, Inline::Odd(element), Value::Missing) => {
                return push_rich(element, out).map(|()| CellKind::Text);
            }
            (_, _, Value::Plain(value)) => value,
            (_, _, Value::Odd(element)) => return self.push_odd(raw, element, out),
            (_, Inline::Missing, Value::Missing) => return Ok(CellKind::Empty),
        };
        match raw.kind {
            b"s" => {
                let value = value.trim_ascii();
                if !value.is_empty() {
                    let text = number(value).and_then(|index| self.strings.get(index));
                    out.extend_from_slice(text.ok_or_else(|| missing_string(raw))?);
                }
                Ok(CellKind::Text)
            }
            b"" | b"n" => self.push_number(raw, value, out),
            b"b" => {
                let value = value.trim_ascii();
                let is_either = |digit: &[u8], word| value == digit || value.eq_ignore_ascii_case(word);
                match value {
                    b"" => return Ok(CellKind::Boolean),
                    _ if is_either(b"0", b"false") => out.extend_from_slice(b"false"),
                    _ if is_either(b"1", b"true") => out.extend_from_slice(b"true"),
                    _ => return push_text(value, out).map(|()| CellKind::Text),
                }
                Ok(CellKind::Boolean)
            }
            b"e" => push_text(value, out).map(|()| CellKind::Error),
            b"d" => {
                out.extend_from_slice(value.trim_ascii());
                Ok(CellKind::Date)
            }
            _ => push_text(value, out).map(|()| CellKind::Text),
        }
    }

    /// A number, or a date by its format. What is no number is text.
    #[inline]
    fn push_number(&self, raw: &RawCell<'_>, value: &[u8], out: &mut Vec<u8>) -> Result<CellKind, ReadError> {
        let value = value.trim_ascii();
        if let Some(form) = self.formats.date_form(raw.style)
            && push_date(value, form, self.is_1904, out)
        {
            return Ok(CellKind::Date);
        }
        if !is_decimal(value) {
            return push_text(value, out).map(|()| CellKind::Text);
        }
        out.extend_from_slice(value);
        Ok(CellKind::Number)
    }

    /// A value with more in it than text, taken as the text that it comes to.
    #[cold]
    fn push_odd(&self, raw: &RawCell<'_>, element: &[u8], out: &mut Vec<u8>) -> Result<CellKind, ReadError> {
        let mut text = Vec::new();
        push_rich(element, &mut text)?;
        let plain = RawCell { value: Value::Plain(&text), ..*raw };
        match raw.kind {
            b"" | b"n" | b"s" | b"b" | b"d" => self.push(&plain, out),
            kind => {
                out.extend_from_slice(&text);
                Ok(if kind == b"e" { CellKind::Error } else { CellKind::Text })
            }
        }
    }
}

/// Whether a formula's value is missing: programs that write formulas without computing them leave it out. A formula that comes to a text
/// without characters has one.
fn has_no_value(raw: &RawCell<'_>) -> bool {
    let is_missing = match raw.value {
        Value::Missing => true,
        Value::Plain(value) => value.trim_ascii().is_empty(),
        Value::Odd(_) => false,
    };
    is_missing && raw.inline == Inline::Missing && raw.kind != b"str"
}

/// Appends what a person sees of a formula without a value: the formula. It is no empty cell, which would delete what is in its place.
#[cold]
fn push_formula(raw: &RawCell<'_>, out: &mut Vec<u8>) -> Result<CellKind, ReadError> {
    match raw.formula {
        Some(formula) if !formula.trim_ascii().is_empty() => {
            out.push(b'=');
            push_text(formula.trim_ascii(), out)?;
        }
        _ => out.extend_from_slice(b"#VALUE!"),
    }
    Ok(CellKind::Error)
}

/// Whether a text is a decimal number: digits, a point, an exponent.
#[inline]
fn is_decimal(text: &[u8]) -> bool {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    text.iter().all(is_part) && text.iter().any(u8::is_ascii_digit)
}

#[cold]
fn missing_string(raw: &RawCell<'_>) -> ReadError {
    ReadError::damaged(format!(
        "cell {} refers to a text that is not there",
        String::from_utf8_lossy(raw.reference)
    ))
}
