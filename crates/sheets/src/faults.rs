//! The rows of a file that could not be imported, as a file of the same kind, for people to mend and send again.
//!
//! Columns stand as they stood in the file; behind them come the number of the row there and what is wrong. Memory stays the same
//! however many rows there are: a workbook is written row by row, by way of temporary files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rust_xlsxwriter::{Color, ExcelDateTime, Format, Workbook, XlsxError};

use crate::MAX_DATA_ROWS_PER_SHEET;
use crate::guard;
use crate::read::{Cell, CellKind};
use crate::title::sheet_name;

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
}

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultsKind {
    /// An XLSX workbook.
    Workbook,
    /// Text in UTF-8 with that delimiter.
    Text {
        /// An ASCII character.
        delimiter: u8,
    },
}

/// Writes rows with what is wrong in them.
pub struct FaultsWriter {
    inner: Inner,
    headers: Vec<String>,
    path: std::path::PathBuf,
    row_count: u64,
}

enum Inner {
    Workbook { workbook: Box<Workbook>, title: String, formats: Box<Formats>, row: u32, sheet: u32 },
    Text(Box<csv::Writer<BufWriter<File>>>),
}

struct Formats {
    header: Format,
    date: [Format; 2],
    time: [Format; 2],
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
            FaultsKind::Text { delimiter } => {
                let mut file = BufWriter::new(File::create(path)?);
                // Without the mark Excel takes UTF-8 for the system's own encoding.
                file.write_all(b"\xEF\xBB\xBF")?;
                let mut builder = csv::WriterBuilder::new();
                builder.delimiter(delimiter).terminator(csv::Terminator::CRLF).flexible(true);
                let mut writer = Box::new(builder.from_writer(file));
                writer.write_record(headers.iter().map(|header| guard(header).into_owned()))?;
                Inner::Text(writer)
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

    /// Appends a row: its cells, one for each header of the file; which of them are wrong; its number in the file; and why.
    ///
    /// # Errors
    /// [`FaultsError`]; the file is of no use then.
    pub fn push(
        &mut self,
        cells: &[Cell<'_>],
        bad: &[usize],
        number: u32,
        reason: &str,
    ) -> Result<(), FaultsError> {
        self.row_count += 1;
        if matches!(self.inner, Inner::Workbook { row, .. } if row > MAX_DATA_ROWS_PER_SHEET) {
            self.begin_sheet()?;
        }
        match &mut self.inner {
            Inner::Text(writer) => {
                for cell in cells {
                    writer.write_field(&*guarded(cell.text))?;
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
                let after = u16::try_from(cells.len()).unwrap_or(u16::MAX - 1);
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
            Inner::Text(writer) => {
                writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?.flush()?;
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
        CellKind::Date => match ExcelDateTime::parse_from_str(cell.text) {
            Ok(date) => {
                let shown = match (cell.text.contains('-'), cell.text.contains(':')) {
                    (true, false) => &formats.date,
                    (false, _) => &formats.time,
                    (true, true) => &formats.moment,
                };
                sheet.write_datetime_with_format(row, column, &date, &shown[mark])?
            }
            Err(_) => sheet.write_string_with_format(row, column, shortened(cell.text), format)?,
        },
        _ => sheet.write_string_with_format(row, column, shortened(cell.text), format)?,
    };
    Ok(())
}

/// Whether a number stays what it is when it is stored as a double and shown with 15 digits.
fn is_kept(text: &str) -> bool {
    let digits =
        text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(u8::is_ascii_digit).count();
    // A longer one that the file itself had as a number, such as 19.989999999999998, is one already; but not an id.
    text.parse::<f64>().is_ok_and(f64::is_finite) && (digits <= DIGITS_KEPT || text.contains('.'))
}
