//! An XLSB workbook of errors: rows wait in a temporary file until their sheet is full, since their count stands before them, and are
//! then compressed into the file. The texts of all sheets wait in another one.

mod package;
mod records;
mod rows;
mod sheet;
mod strings;
mod styles;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use self::package::{RELATIONS, TYPES, sheet_part, workbook, workbook_relations};
use self::rows::Row;
use self::strings::Strings;
use super::spool::Spool;
use super::value::Value;
use super::{Fault, FaultsError, FaultsFile};
use crate::MAX_DATA_ROWS_PER_SHEET;
use crate::xlsx::shorten;

/// Bytes of a part, beyond which nothing is begun in it: from 4 GiB on it would need ZIP64, which not all programs read, and a row in
/// which every cell holds the longest text has 1 GiB.
const PART_BYTES: u64 = 3_000_000_000;

/// A workbook whose last sheet grows.
pub(super) struct XlsbFile {
    archive: ZipWriter<BufWriter<File>>,
    title: String,
    headers: Vec<String>,
    /// A row on its way.
    row: Row,
    /// Rows of the last sheet.
    rows: Spool,
    strings: Strings,
    /// How many rows that sheet has, its header among them.
    row_count: u32,
    sheet_count: u32,
    data_rows_per_sheet: u32,
    part_bytes: u64,
}

impl XlsbFile {
    pub(super) fn create(path: &Path, title: &str, headers: Vec<String>) -> Result<XlsbFile, FaultsError> {
        let rows = Spool::beside(path)?;
        let strings = Strings::new(Spool::beside(path)?, PART_BYTES);
        let mut archive = ZipWriter::new(BufWriter::new(File::create(path)?));
        for (name, xml) in [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS)] {
            archive.start_file(name, deflated())?;
            archive.write_all(xml.as_bytes())?;
        }
        let mut file = XlsbFile {
            archive,
            title: title.to_owned(),
            headers,
            row: Row::default(),
            rows,
            strings,
            row_count: 0,
            sheet_count: 0,
            data_rows_per_sheet: MAX_DATA_ROWS_PER_SHEET,
            part_bytes: PART_BYTES,
        };
        file.begin_sheet()?;
        Ok(file)
    }

    fn begin_sheet(&mut self) -> Result<(), FaultsError> {
        self.sheet_count += 1;
        self.row_count = 0;
        for (column, header) in self.headers.iter().enumerate() {
            self.row.push_text(column as u32, styles::HEADER, shorten(header), &mut self.strings)?;
        }
        self.end_row()
    }

    fn end_row(&mut self) -> Result<(), FaultsError> {
        self.row.pass_on(self.row_count, &mut self.rows)?;
        self.row_count += 1;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), FaultsError> {
        self.archive.start_file(format!("xl/{}", sheet_part(self.sheet_count)), deflated())?;
        let column_count = self.headers.len() as u32;
        self.archive.write_all(&sheet::start(self.row_count, column_count, self.sheet_count == 1))?;
        self.rows.pass_on(&mut self.archive)?;
        Ok(self.archive.write_all(&sheet::end())?)
    }
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

impl FaultsFile for XlsbFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        if self.row_count > self.data_rows_per_sheet || self.rows.size() >= self.part_bytes {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        for (index, cell) in fault.cells.iter().enumerate() {
            let (value, is_bad) = (Value::of(*cell), fault.bad.contains(&index));
            self.row.push_value(index as u32, value, is_bad, &mut self.strings)?;
        }
        let after = fault.column_count as u32;
        self.row.push_number(after, fault.number);
        self.row.push_text(after + 1, styles::other(false), shorten(fault.reason), &mut self.strings)?;
        self.end_row()
    }

    fn finish(mut self: Box<Self>) -> Result<(), FaultsError> {
        self.end_sheet()?;
        let mut archive = self.archive;
        archive.start_file("xl/sharedStrings.bin", deflated())?;
        self.strings.write(&mut archive)?;
        let workbook = workbook(&self.title, self.sheet_count);
        let relations = workbook_relations(self.sheet_count);
        for (name, content) in [
            ("xl/styles.bin", styles::part().as_slice()),
            ("xl/workbook.bin", &workbook),
            ("xl/_rels/workbook.bin.rels", relations.as_bytes()),
        ] {
            archive.start_file(name, deflated())?;
            archive.write_all(content)?;
        }
        Ok(archive.finish()?.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use super::*;
    use crate::read::{Cell, CellKind, Choice, FileKind, ReadLimits, read, recognise};

    /// The number and the reason in each row of each sheet, where seven rows are written.
    fn written(change: impl Fn(&mut XlsbFile)) -> Vec<(String, Vec<String>)> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("faults.xlsb");
        let headers = ["a", "row", "problem"].map(str::to_owned).to_vec();
        let mut file = XlsbFile::create(&path, "Liste", headers).expect("it is made");
        change(&mut file);
        for number in 1..=7 {
            let (cells, reason) = ([Cell { kind: CellKind::Text, text: "x" }], format!("why {number}"));
            let fault = Fault { cells: &cells, bad: &[0], number, reason: &reason, column_count: 1 };
            file.push(&fault).expect("it is written");
        }
        Box::new(file).finish().expect("it is completed");
        let limits = ReadLimits::default();
        let recognised = recognise(&path, &limits).expect("it is recognised");
        assert_eq!(recognised.kind, FileKind::Xlsb);
        let sheet = |(sheet, info): (usize, &crate::read::SheetInfo)| {
            let mut rows = Vec::new();
            let mut keep = |batch: crate::read::CellBatch| {
                rows.extend(
                    (0..batch.row_count())
                        .map(|row| [0, 1, 2].map(|column| batch.cell(row, column).text.to_owned()).join(" ")),
                );
                ControlFlow::Continue(())
            };
            let choice = Choice { sheet, text: None };
            read(&path, &recognised, &choice, &limits, &Arc::default(), &mut keep).expect("it is read");
            assert_eq!(rows.remove(0), "a row problem");
            (info.name.clone(), rows)
        };
        recognised.sheets.iter().enumerate().map(sheet).collect()
    }

    /// What is to be there, with so many rows in each sheet.
    fn wanted(row_counts: &[u32]) -> Vec<(String, Vec<String>)> {
        let mut numbers = 1..=7_u32;
        let sheet = |(row_count, sheet): (&u32, usize)| {
            let rows = numbers.by_ref().take(*row_count as usize);
            let name = if sheet == 1 { "Liste".to_owned() } else { format!("Liste ({sheet})") };
            (name, rows.map(|number| format!("x {number} why {number}")).collect())
        };
        row_counts.iter().zip(1..).map(sheet).collect()
    }

    #[test]
    fn rows_go_on_with_a_further_sheet() {
        assert_eq!(written(|_| {}), wanted(&[7]));
        assert_eq!(written(|file| file.data_rows_per_sheet = 3), wanted(&[3, 3, 1]));
        assert_eq!(written(|file| file.data_rows_per_sheet = 7), wanted(&[7]));
        // The header has 69 bytes of records, and a row 73.
        assert_eq!(written(|file| file.part_bytes = 69 + 73 * 2), wanted(&[2, 2, 2, 1]));
    }

    #[test]
    fn cells_hold_their_texts_where_the_table_is_full() {
        let full = |file: &mut XlsbFile| {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let beside = folder.path().join("x");
            file.strings = Strings::new(Spool::beside(&beside).expect("it is made"), 40);
            file.row_count = 0;
            file.rows = Spool::beside(&beside).expect("it is made");
            file.sheet_count = 0;
            file.begin_sheet().expect("it begins");
        };
        assert_eq!(written(full), wanted(&[7]));
    }
}
