//! Everything of a workbook but its rows, made by `rust_xlsxwriter`: styles, sheets, filters, relations.
//!
//! A workbook with the same sheets and headers and no rows is made in memory and taken apart: the XML before the first row, the
//! XML after the last, the styles' numbers, and all other parts, which go into the file as they are.

use std::io::{Cursor, Read};

use rust_xlsxwriter::{Format, Workbook};
use zip::ZipArchive;

use super::cells::column_format;
use super::text::shorten;
use crate::SheetError;
use crate::column::ColumnKind;
use crate::title::sheet_name;

/// The part that holds the shared strings.
pub(super) const STRINGS_PART: &str = "xl/sharedStrings.xml";

/// The part that tells who made the workbook, and when.
const PROPERTIES_PART: &str = "docProps/core.xml";

/// What dresses every sheet.
pub(super) struct Dress<'a> {
    pub(super) title: &'a str,
    pub(super) headers: &'a [String],
    pub(super) kinds: &'a [ColumnKind],
    pub(super) widths: &'a [usize],
}

/// The workbook around the rows.
pub(super) struct Scaffold {
    /// The XML of each sheet.
    pub(super) sheets: Vec<SheetFrame>,
    /// The number of each column's style.
    pub(super) styles: Vec<u32>,
    /// Every other part: its name and bytes. The shared strings are not among them.
    pub(super) parts: Vec<(String, Vec<u8>)>,
}

/// A sheet around its rows.
pub(super) struct SheetFrame {
    /// Up to and with `<sheetData>` and the header's row.
    pub(super) before: Vec<u8>,
    /// From `</sheetData>` on.
    pub(super) after: Vec<u8>,
}

/// The name of a sheet's part; numbers from 1.
pub(super) fn sheet_part(number: usize) -> String {
    format!("xl/worksheets/sheet{number}.xml")
}

/// The workbook with a sheet for each of `row_counts`, headers not counted.
pub(super) fn build(dress: &Dress<'_>, row_counts: &[u32]) -> Result<Scaffold, SheetError> {
    let mut workbook = Workbook::new();
    let bold = Format::new().set_bold();
    // The number of columns was checked against a limit below u16::MAX.
    let last_column = (dress.kinds.len() - 1) as u16;
    for (number, row_count) in (1u32..).zip(row_counts) {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(dress.title, number))?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, ((header, kind), width)) in
            (0u16..).zip(dress.headers.iter().zip(dress.kinds).zip(dress.widths))
        {
            sheet.set_column_format(column, &column_format(*kind))?;
            sheet.set_column_width(column, *width as f64)?;
            // As a shared string: its number is that of its first occurrence, as in our own table.
            sheet.write_string_with_format(0, column, shorten(header), &bold)?;
        }
        sheet.autofilter(0, 0, *row_count, last_column)?;
    }
    take_apart(&workbook.save_to_buffer()?, dress, row_counts.len())
}

fn take_apart(bytes: &[u8], dress: &Dress<'_>, sheet_count: usize) -> Result<Scaffold, SheetError> {
    let broken = |what: &str| SheetError::Scaffold { what: what.to_owned() };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error.to_string()))?;
    let mut sheets: Vec<Option<SheetFrame>> = (0..sheet_count).map(|_| None).collect();
    let (mut parts, mut styles) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| broken(&error.to_string()))?;
        let name = part.name().map_err(|error| broken(&error.to_string()))?.into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).map_err(SheetError::Io)?;
        let sheet = (1..=sheet_count).find(|number| sheet_part(*number) == name);
        match sheet {
            Some(number) => {
                let xml = String::from_utf8(content).map_err(|_| broken("a sheet"))?;
                if number == 1 {
                    styles = column_styles(&xml, dress.kinds.len()).ok_or_else(|| broken("styles"))?;
                }
                sheets[number - 1] = Some(frame(&xml).ok_or_else(|| broken("a sheet"))?);
            }
            None if name == STRINGS_PART => {}
            None if name == PROPERTIES_PART => {
                let xml = String::from_utf8(content).map_err(|_| broken("the properties"))?;
                parts.push((name, without_times(xml).into_bytes()));
            }
            None => parts.push((name, content)),
        }
    }
    let sheets: Option<Vec<SheetFrame>> = sheets.into_iter().collect();
    Ok(Scaffold { sheets: sheets.ok_or_else(|| broken("a sheet is missing"))?, styles, parts })
}

/// Takes the times of making and changing out, so that the same rows make the same bytes; both may be missing (ECMA-376 part 2, core
/// properties).
fn without_times(xml: String) -> String {
    ["dcterms:created", "dcterms:modified"].iter().fold(xml, |xml, element| {
        let (start, end) = (format!("<{element}"), format!("</{element}>"));
        match (xml.split_once(&start), xml.split_once(&end)) {
            (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
            _ => xml,
        }
    })
}

/// Splits a sheet's XML around its rows.
fn frame(xml: &str) -> Option<SheetFrame> {
    let (before, after) = xml.split_once("</sheetData>")?;
    // It would say that the sheet has one row, which some readers believe.
    let (start, rest) = before.split_once("<dimension")?;
    let (_, end) = rest.split_once("/>")?;
    Some(SheetFrame {
        before: format!("{start}{end}").into_bytes(),
        after: format!("</sheetData>{after}").into_bytes(),
    })
}

/// The styles of the columns, from `<col min="1" max="3" … style="2" …/>`; columns of the default style have none.
fn column_styles(xml: &str, count: usize) -> Option<Vec<u32>> {
    let mut styles = vec![0; count];
    let (_, columns) = xml.split_once("<cols>")?;
    let (columns, _) = columns.split_once("</cols>")?;
    for column in columns.split("<col ").skip(1) {
        let attribute = |name: &str| {
            let (_, rest) = column.split_once(&format!("{name}=\""))?;
            rest.split_once('"')?.0.parse::<usize>().ok()
        };
        let (first, last) = (attribute("min")?, attribute("max")?);
        let style = u32::try_from(attribute("style").unwrap_or_default()).ok()?;
        styles.get_mut(first.checked_sub(1)?..last)?.fill(style);
    }
    Some(styles)
}
