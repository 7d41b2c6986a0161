//! An empty workbook for people to fill in: what an import takes, as a sheet.

use std::io::{Seek, Write};

use longshore_protocol::ColumnType;
use rust_xlsxwriter::{
    Color, DataValidation, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::title::sheet_name;

/// Rows below the header that carry drop-downs and formats of their columns.
const PREPARED_ROWS: u32 = 10_000;
/// Characters that a list inside a rule may have, separators included ("Data validation", Excel specifications); longer ones
/// stand on a sheet of their own.
const LIST_CHARS_MAX: usize = 255;
/// The sheet of such lists, and its name where the first sheet has that one.
const LISTS: &str = "Lists";
const OTHER_LISTS: &str = "Lists_2";
const REQUIRED_FILL: Color = Color::RGB(0xFDE9D9);
const HEADER_FILL: Color = Color::RGB(0xE8EEF4);

/// A column of a template.
#[derive(Clone, Debug)]
pub struct TemplateColumn {
    /// Header for people.
    pub header: String,
    /// Whether each new row needs a value; marked by colour and an asterisk.
    pub is_required: bool,
    /// What the values are.
    pub column_type: ColumnType,
    /// The only values it takes, as people read them; empty where any will do.
    pub allowed: Vec<String>,
    /// A realistic value, in the form in which a person types it.
    pub example: String,
}

/// Writes a workbook with a header, one realistic row, and below it drop-downs and formats. `title` becomes the sheet's name.
///
/// # Errors
/// [`XlsxError`] if the sink takes no bytes.
pub fn write_template<W: Write + Seek + Send>(
    title: &str,
    columns: &[TemplateColumn],
    sink: W,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let mut sheet = Worksheet::new();
    let title = sheet_name(title, 1);
    let lists_name = if title.eq_ignore_ascii_case(LISTS) { OTHER_LISTS } else { LISTS };
    sheet.set_name(title)?.set_freeze_panes(1, 0)?;
    let mut lists = Worksheet::new();
    lists.set_name(lists_name)?.set_hidden(true);
    let mut list_count = 0;
    for (column, number) in columns.iter().zip(0u16..) {
        write_header(&mut sheet, number, column)?;
        let format = format_of(column.column_type);
        sheet.set_column_format(number, &format)?;
        write_example(&mut sheet, number, column, &format)?;
        if !column.allowed.is_empty() {
            let joined = column.allowed.iter().map(|text| units_in_rule(text) + 1).sum::<usize>() - 1;
            let has_comma = column.allowed.iter().any(|text| text.contains(','));
            let rule = if joined <= LIST_CHARS_MAX && !has_comma {
                DataValidation::new().allow_list_strings(&column.allowed)?
            } else {
                for (text, row) in column.allowed.iter().zip(0u32..) {
                    lists.write_string(row, list_count, text)?;
                }
                let letter = rust_xlsxwriter::utility::column_number_to_name(list_count);
                let range = format!("={lists_name}!${letter}$1:${letter}${}", column.allowed.len());
                list_count += 1;
                DataValidation::new().allow_list_formula(range.as_str().into())
            };
            sheet.add_data_validation(1, number, PREPARED_ROWS, number, &rule)?;
        }
    }
    workbook.push_worksheet(sheet);
    if list_count > 0 {
        workbook.push_worksheet(lists);
    }
    workbook.save_to_writer(sink)
}

/// UTF-16 units that a text takes in a rule, where a quote is doubled.
fn units_in_rule(text: &str) -> usize {
    text.encode_utf16().count() + text.matches('"').count()
}

fn write_header(sheet: &mut Worksheet, number: u16, column: &TemplateColumn) -> Result<(), XlsxError> {
    let format = Format::new()
        .set_bold()
        .set_align(FormatAlign::VerticalCenter)
        .set_border_bottom(FormatBorder::Thin)
        .set_background_color(if column.is_required { REQUIRED_FILL } else { HEADER_FILL });
    let header = if column.is_required { format!("{} *", column.header) } else { column.header.clone() };
    // Chinese characters are about twice as wide as digits, by which widths are counted.
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
    let width = wide(&header).max(wide(&column.example)).clamp(8.0, 40.0) + 3.0;
    sheet.set_column_width(number, width)?.write_string_with_format(0, number, header, &format)?;
    Ok(())
}

/// Text stays text, so that an id keeps its zeros and all of its digits; dates are shown as they are to be written.
fn format_of(column_type: ColumnType) -> Format {
    match column_type {
        ColumnType::Text => Format::new().set_num_format("@"),
        ColumnType::Date => Format::new().set_num_format("yyyy-mm-dd"),
        ColumnType::Time => Format::new().set_num_format("hh:mm:ss"),
        ColumnType::Timestamp | ColumnType::TimestampTz => {
            Format::new().set_num_format("yyyy-mm-dd hh:mm:ss")
        }
        ColumnType::Integer => Format::new().set_num_format("0"),
        ColumnType::Decimal { scale: 0 } => Format::new().set_num_format("0"),
        ColumnType::Decimal { scale } => {
            Format::new().set_num_format(format!("0.{}", "0".repeat(usize::from(scale.min(30)))))
        }
        ColumnType::Float | ColumnType::Boolean => Format::new(),
    }
}

fn write_example(
    sheet: &mut Worksheet,
    number: u16,
    column: &TemplateColumn,
    format: &Format,
) -> Result<(), XlsxError> {
    let text = column.example.as_str();
    match column.column_type {
        ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => {
            if let Ok(value) = text.parse::<f64>() {
                sheet.write_number_with_format(1, number, value, format)?;
                return Ok(());
            }
        }
        ColumnType::Date | ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz => {
            if let Ok(value) = ExcelDateTime::parse_from_str(&text.replace(' ', "T")) {
                sheet.write_datetime_with_format(1, number, &value, format)?;
                return Ok(());
            }
        }
        ColumnType::Text | ColumnType::Boolean => {}
    }
    sheet.write_string_with_format(1, number, text, format)?;
    Ok(())
}
