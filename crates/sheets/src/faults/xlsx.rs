//! An XLSX workbook of errors, by way of a temporary file for each sheet.

use std::io::Write;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};

use super::value::{Shown, Value};
use super::{BAD_FILL, BAD_TEXT, COLUMN_WIDTH, Fault, FaultsError, FaultsFile, HEADER_FILL, REASON_WIDTH};
use crate::MAX_DATA_ROWS_PER_SHEET;
use crate::title::sheet_name;
use crate::xlsx::shorten;

/// A workbook whose last sheet grows.
pub(super) struct XlsxFile {
    workbook: Workbook,
    path: PathBuf,
    title: String,
    headers: Vec<String>,
    formats: Formats,
    /// The next row of the sheet, from 0.
    row: u32,
    sheet_count: u32,
}

struct Formats {
    header: Format,
    /// By how a moment is shown, plain and marked.
    moments: [[Format; 2]; Shown::ALL.len()],
    /// Other cells, likewise.
    others: [Format; 2],
}

impl Formats {
    fn new() -> Formats {
        let shown = |shown: Shown| Format::new().set_num_format(shown.pattern());
        Formats {
            header: Format::new().set_bold().set_background_color(Color::RGB(HEADER_FILL)),
            moments: Shown::ALL.map(|each| [shown(each), marked(shown(each))]),
            others: [Format::new(), marked(Format::new())],
        }
    }
}

fn marked(format: Format) -> Format {
    format.set_background_color(Color::RGB(BAD_FILL)).set_font_color(Color::RGB(BAD_TEXT))
}

impl XlsxFile {
    pub(super) fn create(path: &Path, title: &str, headers: Vec<String>) -> Result<XlsxFile, FaultsError> {
        let mut workbook = Workbook::new();
        if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
            workbook.set_tempdir(folder)?;
        }
        let mut file = XlsxFile {
            workbook,
            path: path.to_path_buf(),
            title: title.to_owned(),
            headers,
            formats: Formats::new(),
            row: 0,
            sheet_count: 0,
        };
        file.begin_sheet()?;
        Ok(file)
    }

    fn begin_sheet(&mut self) -> Result<(), FaultsError> {
        self.sheet_count += 1;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(&self.title, self.sheet_count))?.set_freeze_panes(1, 0)?;
        for (header, column) in self.headers.iter().zip(0u16..) {
            let is_last = usize::from(column) + 1 == self.headers.len();
            sheet.set_column_width(column, if is_last { REASON_WIDTH } else { COLUMN_WIDTH })?;
            sheet.write_string_with_format(0, column, shorten(header), &self.formats.header)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Completes the workbook, and writes it there instead of at its own path.
    pub(super) fn save(mut self, sink: impl Write + Send) -> Result<(), FaultsError> {
        Ok(self.workbook.save_to_writer(sink)?)
    }
}

impl FaultsFile for XlsxFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        if self.row > MAX_DATA_ROWS_PER_SHEET {
            self.begin_sheet()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet_count as usize - 1)?;
        for ((index, cell), column) in fault.cells.iter().enumerate().zip(0u16..) {
            let is_bad = fault.bad.contains(&index);
            write_cell(sheet, (self.row, column), Value::of(*cell), is_bad, &self.formats)?;
        }
        let after = u16::try_from(fault.column_count).unwrap_or(u16::MAX - 1);
        sheet.write_number(self.row, after, fault.number)?;
        sheet.write_string(self.row, after + 1, shorten(fault.reason))?;
        self.row += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), FaultsError> {
        Ok(self.workbook.save(&self.path)?)
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: Value<'_>,
    is_bad: bool,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let mark = usize::from(is_bad);
    let format = &formats.others[mark];
    match value {
        Value::Empty if is_bad => sheet.write_blank(row, column, format)?,
        Value::Empty => sheet,
        Value::Number(number, _) => sheet.write_number_with_format(row, column, number, format)?,
        Value::Boolean(boolean) => sheet.write_boolean_with_format(row, column, boolean, format)?,
        Value::Moment(moment) => {
            let format = &formats.moments[moment.shown as usize][mark];
            sheet.write_number_with_format(row, column, moment.serial, format)?
        }
        Value::Text(text) => sheet.write_string_with_format(row, column, text, format)?,
    };
    Ok(())
}
