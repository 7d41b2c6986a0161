//! The rows of a file that could not be imported, as a file of the same kind, for people to mend and send again.
//!
//! Columns stand as they stood in the file; behind them come the number of the row there and what is wrong. Memory stays the same
//! however many rows there are: a workbook is written row by row, by way of temporary files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::civil::Date;
use rust_xlsxwriter::{Color, Format, Workbook, XlsxError};

use crate::MAX_DATA_ROWS_PER_SHEET;
use crate::guard;
use crate::iso::MICROS_PER_DAY;
use crate::read::{Cell, CellKind, Encoding, TextForm};
use crate::recode::recode;
use crate::title::sheet_name;
use crate::xlsx::{date_serial, timestamp_serial};

/// Characters that a cell can have ("Excel specifications and limits", Microsoft).
const CELL_CHARS_MAX: usize = 32_767;
/// Digits of a number that a spreadsheet program keeps.
const DIGITS_KEPT: usize = 15;
const BAD_FILL: Color = Color::RGB(0xFFC7CE);
const BAD_TEXT: Color = Color::RGB(0x9C0006);
const HEADER_FILL: Color = Color::RGB(0xE8EEF4);

/// Why the rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The workbook could not be written.
    #[error("the workbook of errors can't be written: {0}")]
    Workbook(#[from] XlsxError),
    /// The text file could not be written.
    #[error("the file of errors can't be written: {0}")]
    Text(#[from] csv::Error),
    /// The file could not be made or completed.
    #[error("the file of errors can't be written: {0}")]
    Io(#[from] std::io::Error),
    /// A row has more cells than there are columns for, which would push what is added out of its place.
    #[error(
        "row {number} has {cell_count} cells, more than the {column_count} columns of the file of errors"
    )]
    RowTooWide {
        /// The row's number in the file.
        number: u32,
        /// Its cells.
        cell_count: usize,
        /// The columns before those that are added.
        column_count: usize,
    },
}

/// Columns that are added behind those of the file: the row's number and what is wrong.
const ADDED_COUNT: usize = 2;

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultsKind {
    /// An XLSX workbook.
    Workbook,
    /// Text of that form; in UTF-8 where not all that is wrong can be said in its encoding, or the file would be taken for another.
    Text(TextForm),
}

/// Writes rows with what is wrong in them.
pub struct FaultsWriter {
    inner: Inner,
    /// Those of the columns with what is added.
    headers: Vec<String>,
    path: std::path::PathBuf,
    row_count: u64,
}

enum Inner {
    Workbook { workbook: Box<Workbook>, title: String, formats: Box<Formats>, row: u32, sheet: u32 },
    Text(Box<csv::Writer<BufWriter<File>>>, Encoding),
}

struct Formats {
    header: Format,
    date: [Format; 2],
    time: [Format; 2],
    elapsed: [Format; 2],
    moment: [Format; 2],
    bad: Format,
}

impl Formats {
    fn new() -> Formats {
        let shown = |pattern: &str| {
            let plain = Format::new().set_num_format(pattern);
            [plain.clone(), marked(plain)]
        };
        Formats {
            header: Format::new().set_bold().set_background_color(HEADER_FILL),
            date: shown("yyyy-mm-dd"),
            time: shown("hh:mm:ss"),
            elapsed: shown("[h]:mm:ss"),
            moment: shown("yyyy-mm-dd hh:mm:ss"),
            bad: marked(Format::new()),
        }
    }
}

fn marked(format: Format) -> Format {
    format.set_background_color(BAD_FILL).set_font_color(BAD_TEXT)
}

impl FaultsWriter {
    /// Begins a file at `path`. `headers` are those of the file with the two columns that are added.
    ///
    /// # Errors
    /// [`FaultsError`] if the file can't be made.
    pub fn create(
        kind: FaultsKind,
        path: &Path,
        title: &str,
        headers: Vec<String>,
    ) -> Result<FaultsWriter, FaultsError> {
        let column_count = headers.len().saturating_sub(ADDED_COUNT);
        FaultsWriter::create_wide(kind, path, title, headers, column_count)
    }

    /// The same for a file in which rows go on to the right of its last header: there are `column_count` columns before the two that are
    /// added, and those without a header get an empty one. Where there are fewer than headers, those decide.
    ///
    /// # Errors
    /// [`FaultsError`] if the file can't be made.
    pub fn create_wide(
        kind: FaultsKind,
        path: &Path,
        title: &str,
        mut headers: Vec<String>,
        column_count: usize,
    ) -> Result<FaultsWriter, FaultsError> {
        let added = headers.split_off(headers.len().saturating_sub(ADDED_COUNT));
        headers.resize(column_count.max(headers.len()), String::new());
        headers.extend(added);
        let inner = match kind {
            FaultsKind::Workbook => {
                let mut workbook = Box::new(Workbook::new());
                if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
                    workbook.set_tempdir(folder)?;
                }
                Inner::Workbook {
                    workbook,
                    title: title.to_owned(),
                    formats: Box::new(Formats::new()),
                    row: 0,
                    sheet: 0,
                }
            }
            FaultsKind::Text(form) => {
                let mut file = BufWriter::new(File::create(path)?);
                // Without the mark Excel takes UTF-8 for the system's own encoding.
                file.write_all(b"\xEF\xBB\xBF")?;
                let mut builder = csv::WriterBuilder::new();
                builder.delimiter(form.delimiter).terminator(csv::Terminator::CRLF).flexible(true);
                if form.quote != 0 {
                    builder.quote(form.quote);
                }
                let mut writer = Box::new(builder.from_writer(file));
                writer.write_record(headers.iter().map(|header| guard(header).into_owned()))?;
                Inner::Text(writer, form.encoding)
            }
        };
        let mut writer = FaultsWriter { inner, headers, path: path.to_path_buf(), row_count: 0 };
        writer.begin_sheet()?;
        Ok(writer)
    }

    fn begin_sheet(&mut self) -> Result<(), FaultsError> {
        let Inner::Workbook { workbook, title, formats, row, sheet } = &mut self.inner else { return Ok(()) };
        *sheet += 1;
        let worksheet = workbook.add_worksheet_with_constant_memory()?;
        worksheet.set_name(sheet_name(title, *sheet))?.set_freeze_panes(1, 0)?;
        for (header, column) in self.headers.iter().zip(0u16..) {
            let width = if usize::from(column) + 1 == self.headers.len() { 60.0 } else { 16.0 };
            worksheet.set_column_width(column, width)?;
            worksheet.write_string_with_format(0, column, shortened(header), &formats.header)?;
        }
        *row = 1;
        Ok(())
    }

    /// Appends a row: its cells, one for each column or fewer; which of them are wrong; its number in the file; and why.
    ///
    /// # Errors
    /// [`FaultsError`], also where there are more cells than columns; the file is of no use then.
    pub fn push(
        &mut self,
        cells: &[Cell<'_>],
        bad: &[usize],
        number: u32,
        reason: &str,
    ) -> Result<(), FaultsError> {
        self.row_count += 1;
        let column_count = self.headers.len().saturating_sub(ADDED_COUNT);
        if cells.len() > column_count {
            return Err(FaultsError::RowTooWide { number, cell_count: cells.len(), column_count });
        }
        if matches!(self.inner, Inner::Workbook { row, .. } if row > MAX_DATA_ROWS_PER_SHEET) {
            self.begin_sheet()?;
        }
        match &mut self.inner {
            Inner::Text(writer, _) => {
                for cell in cells {
                    writer.write_field(&*guarded(cell.text))?;
                }
                for _ in cells.len()..column_count {
                    writer.write_field("")?;
                }
                writer.write_field(number.to_string())?;
                writer.write_field(&*guard(reason))?;
                writer.write_record(None::<&[u8]>)?;
            }
            Inner::Workbook { workbook, formats, row, sheet, .. } => {
                let worksheet = workbook.worksheet_from_index(*sheet as usize - 1)?;
                for ((index, cell), column) in cells.iter().enumerate().zip(0u16..) {
                    write_cell(worksheet, (*row, column), *cell, bad.contains(&index), formats)?;
                }
                let after = u16::try_from(column_count).unwrap_or(u16::MAX - 1);
                worksheet.write_number(*row, after, number)?;
                worksheet.write_string(*row, after + 1, shortened(reason))?;
                *row += 1;
            }
        }
        Ok(())
    }

    /// Completes the file; gives how many rows it has.
    ///
    /// # Errors
    /// [`FaultsError`]; the file is of no use then.
    pub fn finish(self) -> Result<u64, FaultsError> {
        match self.inner {
            Inner::Text(writer, encoding) => {
                writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?.flush()?;
                recode(&self.path, encoding)?;
            }
            Inner::Workbook { mut workbook, .. } => workbook.save(&self.path)?,
        }
        Ok(self.row_count)
    }
}

/// A number needs no guard: what makes a formula of it is not in it.
fn guarded(text: &str) -> std::borrow::Cow<'_, str> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.parse::<f64>().is_ok();
    if is_number { text.into() } else { guard(text) }
}

fn shortened(text: &str) -> String {
    // Excel counts UTF-16 units.
    let mut units = 0;
    text.chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= CELL_CHARS_MAX
        })
        .collect()
}

fn write_cell(
    sheet: &mut rust_xlsxwriter::Worksheet,
    (row, column): (u32, u16),
    cell: Cell<'_>,
    is_bad: bool,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let mark = usize::from(is_bad);
    let plain = Format::new();
    let format = if is_bad { &formats.bad } else { &plain };
    match cell.kind {
        CellKind::Empty if is_bad => sheet.write_blank(row, column, format)?,
        CellKind::Empty => sheet,
        CellKind::Number if is_kept(cell.text) => {
            let number: f64 = cell.text.parse().unwrap_or_default();
            sheet.write_number_with_format(row, column, number, format)?
        }
        CellKind::Boolean => sheet.write_boolean_with_format(row, column, cell.text == "true", format)?,
        CellKind::Date => match moment(cell.text) {
            Some((serial, shown)) => {
                let shown = match shown {
                    Shown::Date => &formats.date,
                    Shown::Time => &formats.time,
                    Shown::Elapsed => &formats.elapsed,
                    Shown::Moment => &formats.moment,
                };
                sheet.write_number_with_format(row, column, serial, &shown[mark])?
            }
            None => sheet.write_string_with_format(row, column, shortened(cell.text), format)?,
        },
        _ => sheet.write_string_with_format(row, column, shortened(cell.text), format)?,
    };
    Ok(())
}

/// How a moment is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Date,
    Time,
    /// Of a day or more.
    Elapsed,
    Moment,
}

/// Excel's number for a day, a time, or both; `None` where that says less or something else: moments of a zone, microseconds, and days before
/// those that mean the same everywhere.
fn moment(text: &str) -> Option<(f64, Shown)> {
    if let Some((day, time)) = text.split_once('T') {
        let micros = micros(time).filter(|micros| *micros < MICROS_PER_DAY)?;
        return Some((timestamp_serial(days(day)? * MICROS_PER_DAY + micros)?, Shown::Moment));
    }
    if !text.contains(':') {
        return Some((date_serial(days(text)?)?, Shown::Date));
    }
    let micros = micros(text)?;
    let shown = if micros < MICROS_PER_DAY { Shown::Time } else { Shown::Elapsed };
    Some((micros as f64 / MICROS_PER_DAY as f64, shown))
}

/// Days since 1970 of just `YYYY-MM-DD`.
fn days(text: &str) -> Option<i64> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text)?;
    Some(date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24)
}

/// Microseconds of `HH:MM:SS`, also of more than a day, with a fraction of milliseconds at most.
fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Option<Vec<u32>> = whole.split(':').map(digits).collect();
    let [hours, minutes, seconds]: [u32; 3] = parts?.try_into().ok()?;
    let millis = digits(fraction).filter(|_| fraction.len() <= 3)? * [100, 10, 1][fraction.len() - 1];
    let all = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    (minutes < 60 && seconds < 60).then_some(all * 1_000_000 + i64::from(millis) * 1000)
}

/// A few digits and nothing else.
fn digits(text: &str) -> Option<u32> {
    let is_good = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_good.then(|| text.parse().ok()).flatten()
}

/// Whether a number stays what it is when it is stored as a double and shown with 15 digits.
fn is_kept(text: &str) -> bool {
    let digits =
        text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(u8::is_ascii_digit).count();
    // A longer one that the file itself had as a number, such as 19.989999999999998, is one already; but not an id.
    text.parse::<f64>().is_ok_and(f64::is_finite) && (digits <= DIGITS_KEPT || text.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::{Shown, moment};

    #[test]
    fn moments_are_numbers_only_where_these_say_the_same() {
        for (text, want) in [
            ("2026-08-01", Some((46_235.0, Shown::Date))),
            ("10:30:00", Some((0.4375, Shown::Time))),
            ("00:00:00.5", Some((0.5 / 86_400.0, Shown::Time))),
            ("36:00:00", Some((1.5, Shown::Elapsed))),
            ("24:00:00", Some((1.0, Shown::Elapsed))),
            ("2026-08-01T10:30:00", Some((46_235.437_5, Shown::Moment))),
            ("2026-08-01T00:00:00", Some((46_235.0, Shown::Moment))),
            ("2026-08-01T10:30:00Z", None),
            ("2026-08-01T10:30:00+08:00", None),
            ("2026-08-01T10:30:00-08:00", None),
            ("2026-08-01T10:30:00.000001", None),
            ("2026-08-01T24:00:00", None),
            ("2026-08-01T10:30", None),
            ("2026-08-01T", None),
            ("2026-02-30", None),
            ("20260801", None),
            ("1900-02-28", None),
            ("10:60:00", None),
            ("10:30:60", None),
            ("-10:30:00", None),
            ("PT36H", None),
            ("", None),
        ] {
            assert_eq!(moment(text), want, "{text}");
        }
    }
}
