//! An OpenDocument spreadsheet of errors: all sheets are one stream of XML, which is compressed into the file as rows come.

mod frame;
mod text;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use self::frame::{
    BAD_STYLE, BOOLEAN_STYLES, CONTENT_END, HEADER_STYLE, MANIFEST, MEDIA_TYPE, STYLES, content_start,
    moment_styles, push_sheet_start, settings,
};
use self::text::push_paragraphs;
use super::value::{Moment, Shown, Value};
use super::{Fault, FaultsError, FaultsFile};
use crate::MAX_DATA_ROWS_PER_SHEET;
use crate::iso::{IsoDate, IsoTime, MICROS_PER_DAY};
use crate::xlsx::shorten;

/// A document whose last sheet grows. Its XML stays below 4 GiB: beyond, the archive would need ZIP64, which not all programs read.
pub(super) struct OdsFile {
    archive: ZipWriter<BufWriter<File>>,
    title: String,
    headers: Vec<String>,
    /// XML that is not in the archive yet.
    xml: String,
    /// Data rows of the last sheet.
    row_count: u32,
    sheet_count: u32,
    rows_per_sheet: u32,
}

impl OdsFile {
    pub(super) fn create(path: &Path, title: &str, headers: Vec<String>) -> Result<OdsFile, FaultsError> {
        let mut archive = ZipWriter::new(BufWriter::new(File::create(path)?));
        // The first file stands there uncompressed, so that the kind shows in the first bytes (OpenDocument 1.2 part 3, 3.3).
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file("mimetype", stored)?;
        archive.write_all(MEDIA_TYPE.as_bytes())?;
        for (name, xml) in [("META-INF/manifest.xml", MANIFEST), ("styles.xml", STYLES)] {
            archive.start_file(name, deflated())?;
            archive.write_all(xml.as_bytes())?;
        }
        archive.start_file("content.xml", deflated())?;
        let mut file = OdsFile {
            archive,
            title: title.to_owned(),
            headers,
            xml: content_start(),
            row_count: 0,
            sheet_count: 0,
            rows_per_sheet: MAX_DATA_ROWS_PER_SHEET,
        };
        file.begin_sheet()?;
        Ok(file)
    }

    fn begin_sheet(&mut self) -> Result<(), FaultsError> {
        if self.sheet_count > 0 {
            self.xml.push_str("</table:table>");
        }
        self.sheet_count += 1;
        self.row_count = 0;
        push_sheet_start(&mut self.xml, &self.title, self.sheet_count, self.headers.len());
        self.xml.push_str("<table:table-row>");
        for header in &self.headers {
            push_text(&mut self.xml, Some(HEADER_STYLE), shorten(header));
        }
        self.end_row()
    }

    fn end_row(&mut self) -> Result<(), FaultsError> {
        self.xml.push_str("</table:table-row>");
        self.archive.write_all(self.xml.as_bytes())?;
        self.xml.clear();
        Ok(())
    }
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

impl FaultsFile for OdsFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        if self.row_count >= self.rows_per_sheet {
            self.begin_sheet()?;
        }
        self.row_count += 1;
        let xml = &mut self.xml;
        xml.push_str("<table:table-row>");
        // Cells without anything in them, which are written as one.
        let mut blank_count = 0;
        for (index, cell) in fault.cells.iter().enumerate() {
            let (value, is_bad) = (Value::of(*cell), fault.bad.contains(&index));
            if value == Value::Empty && !is_bad {
                blank_count += 1;
                continue;
            }
            push_blanks(xml, std::mem::take(&mut blank_count));
            push_value(xml, value, is_bad);
        }
        push_blanks(xml, blank_count + fault.column_count - fault.cells.len());
        let mut number = itoa::Buffer::new();
        let number = number.format(fault.number);
        push_typed(xml, None, ("float", "value", number), number);
        push_text(xml, None, shorten(fault.reason));
        self.end_row()
    }

    fn finish(mut self: Box<Self>) -> Result<(), FaultsError> {
        self.archive.write_all(b"</table:table>")?;
        self.archive.write_all(CONTENT_END.as_bytes())?;
        self.archive.start_file("settings.xml", deflated())?;
        self.archive.write_all(settings(&self.title, self.sheet_count).as_bytes())?;
        Ok(self.archive.finish()?.flush()?)
    }
}

fn push_blanks(xml: &mut String, count: usize) {
    match count {
        0 => {}
        1 => xml.push_str("<table:table-cell/>"),
        // Writing to a text cannot fail.
        _ => _ = write!(xml, "<table:table-cell table:number-columns-repeated=\"{count}\"/>"),
    }
}

fn push_value(xml: &mut String, value: Value<'_>, is_bad: bool) {
    let style = is_bad.then_some(BAD_STYLE);
    let mark = usize::from(is_bad);
    match value {
        Value::Empty => {
            push_start(xml, style);
            xml.push_str("/>");
        }
        // What is a number in Rust is one in XML Schema too, and has nothing to escape.
        Value::Number(_, text) => push_typed(xml, style, ("float", "value", text), text),
        Value::Boolean(boolean) => {
            let (value, shown) = if boolean { ("true", "TRUE") } else { ("false", "FALSE") };
            push_typed(xml, Some(BOOLEAN_STYLES[mark]), ("boolean", "boolean-value", value), shown);
        }
        Value::Moment(moment) => {
            let (kind, name, value, shown) = moment_parts(moment);
            push_typed(xml, Some(moment_styles(moment.shown)[mark]), (kind, name, &value), &shown);
        }
        Value::Text(text) => push_text(xml, style, text),
    }
}

/// A moment's type, the attribute that has its value, this value, and what is shown of it.
fn moment_parts(moment: Moment) -> (&'static str, &'static str, String, String) {
    let day = IsoDate(moment.micros.div_euclid(MICROS_PER_DAY));
    match moment.shown {
        Shown::Date => ("date", "date-value", day.to_string(), day.to_string()),
        Shown::Moment => {
            let time = IsoTime(moment.micros.rem_euclid(MICROS_PER_DAY));
            ("date", "date-value", format!("{day}T{time}"), format!("{day} {time}"))
        }
        Shown::Time | Shown::Elapsed => {
            let time = IsoTime(moment.micros).to_string();
            ("time", "time-value", duration(&time), time)
        }
    }
}

/// `PT10H30M00S` of `10:30:00` (XML Schema part 2, 3.2.6).
fn duration(time: &str) -> String {
    format!("PT{}S", time.replacen(':', "H", 1).replacen(':', "M", 1))
}

/// Begins a cell's tag.
fn push_start(xml: &mut String, style: Option<&str>) {
    xml.push_str("<table:table-cell");
    if let Some(style) = style {
        push_all(xml, [" table:style-name=\"", style, "\""]);
    }
}

/// A cell whose value stands in an attribute. None of the texts has anything to escape.
fn push_typed(xml: &mut String, style: Option<&str>, (kind, name, value): (&str, &str, &str), shown: &str) {
    push_start(xml, style);
    push_all(xml, [" office:value-type=\"", kind, "\" office:", name, "=\"", value, "\"><text:p>", shown]);
    xml.push_str("</text:p></table:table-cell>");
}

fn push_text(xml: &mut String, style: Option<&str>, text: &str) {
    push_start(xml, style);
    xml.push_str(" office:value-type=\"string\">");
    push_paragraphs(xml, text);
    xml.push_str("</table:table-cell>");
}

fn push_all<const N: usize>(xml: &mut String, parts: [&str; N]) {
    parts.into_iter().for_each(|part| xml.push_str(part));
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use super::*;
    use crate::read::{Cell, CellKind, Choice, ReadLimits, read, recognise};

    #[test]
    fn rows_go_on_with_a_further_sheet() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("faults.ods");
        let headers = ["a", "row", "problem"].map(str::to_owned).to_vec();
        let mut file = OdsFile::create(&path, "Liste", headers).expect("it is made");
        file.rows_per_sheet = 3;
        for number in 1..=7 {
            let cells = [Cell { kind: CellKind::Text, text: "x" }];
            let fault = Fault { cells: &cells, bad: &[0], number, reason: "why", column_count: 1 };
            file.push(&fault).expect("it is written");
        }
        Box::new(file).finish().expect("it is completed");
        let limits = ReadLimits::default();
        let recognised = recognise(&path, &limits).expect("it is recognised");
        let names: Vec<&str> = recognised.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        assert_eq!(names, ["Liste", "Liste (2)", "Liste (3)"]);
        for (sheet, want) in [["1", "2", "3"].as_slice(), &["4", "5", "6"], &["7"]].into_iter().enumerate() {
            let mut found = Vec::new();
            let mut keep = |batch: crate::read::CellBatch| {
                found.extend((0..batch.row_count()).map(|row| batch.cell(row, 1).text.to_owned()));
                ControlFlow::Continue(())
            };
            let choice = Choice { sheet, text: None };
            read(&path, &recognised, &choice, &limits, &Arc::default(), &mut keep).expect("it is read");
            assert_eq!(found[0], "row");
            assert_eq!(found[1..], *want);
        }
    }
}
