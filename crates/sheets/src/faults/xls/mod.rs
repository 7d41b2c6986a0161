//! An XLS workbook of errors: records of BIFF8 ([MS-XLS]) as the one stream of a compound file.
//!
//! What belongs to the whole workbook comes first there, and tells where each sheet begins. So rows and texts go into a temporary file each
//! as they come, whose places in the stream need not be known, and come behind it when the workbook is completed. Nothing of them stays in
//! memory but the last texts, and four bytes for every 32 rows.

mod globals;
mod kinds;
mod known;
mod places;
mod record;
mod rows;
mod sheet;
mod styles;
mod texts;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use cfb::{CompoundFile, Version};

use self::globals::globals_start;
use self::record::push_end;
use self::rows::{Block, Content};
use self::sheet::{Sheet, sheet_end, sheet_start};
use self::styles::{BAD, DEFAULT, HEADER, moment};
use self::texts::{Table, Texts};
use super::spool::Spool;
use super::value::Value;
use super::{Fault, FaultsError, FaultsFile};
use crate::xlsx::shorten;

/// Rows that a sheet has ("Excel specifications and limits" of Excel 2003, Microsoft).
const ROWS_MAX: u32 = 65_536;
/// Bytes that a stream of such a compound file has ([MS-CFB] 2.6.1, for files of version 3).
const STREAM_BYTES_MAX: u64 = 1 << 31;
/// Bytes that go into the compound file at a time: with each time it goes through the list of the blocks that there are.
const COPIED_BYTES: usize = 1 << 20;

/// A workbook whose last sheet grows.
pub(super) struct XlsFile {
    path: PathBuf,
    title: String,
    headers: Vec<String>,
    /// Columns with those that are added.
    column_count: u16,
    texts: Texts,
    /// Rows of all sheets, but for those of the block that grows.
    rows: Spool,
    block: Block,
    /// Records that are not in the file of rows yet.
    records: Vec<u8>,
    sheets: Vec<Sheet>,
    /// The sheet that grows.
    sheet: Sheet,
    rows_per_sheet: u32,
}

impl XlsFile {
    pub(super) fn create(path: &Path, title: &str, headers: Vec<String>) -> Result<XlsFile, FaultsError> {
        let mut file = XlsFile {
            path: path.to_path_buf(),
            title: title.to_owned(),
            column_count: headers.len().max(super::ADDED_COUNT) as u16,
            headers,
            texts: Texts::beside(path)?,
            rows: Spool::beside(path)?,
            block: Block::default(),
            records: Vec::new(),
            sheets: Vec::new(),
            sheet: Sheet::default(),
            rows_per_sheet: ROWS_MAX,
        };
        file.push_header()?;
        Ok(file)
    }

    fn push_header(&mut self) -> io::Result<()> {
        self.block.begin_row();
        for (header, column) in self.headers.iter().zip(0..) {
            let content = match shorten(header) {
                "" => Content::Blank,
                text => Content::Text(self.texts.number(text)?),
            };
            self.block.push((0, column), HEADER, content);
        }
        self.end_row()
    }

    /// The next row's number, from 0.
    fn row(&self) -> u16 {
        self.sheet.row_count as u16
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.block.end_row(self.row());
        self.sheet.row_count += 1;
        if self.block.is_full() { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let last_record = self.block.finish(&mut self.records);
        self.sheet.blocks.push(self.sheet.size as u32 + last_record as u32);
        self.sheet.size += self.records.len() as u64;
        self.rows.write(&self.records)?;
        self.records.clear();
        check_size(self.rows.size() + self.texts.size())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        self.end_block()?;
        self.sheets.push(std::mem::take(&mut self.sheet));
        Ok(())
    }

    fn push_cell(&mut self, column: u16, value: Value<'_>, is_bad: bool) -> io::Result<()> {
        let style = if is_bad { BAD } else { DEFAULT };
        let (style, content) = match value {
            Value::Empty if is_bad => (style, Content::Blank),
            Value::Empty => return Ok(()),
            // Numbers so small have no place in the format ([MS-XLS] `Xnum`).
            Value::Number(number, text) if number.is_subnormal() => (style, self.text(shorten(text))?),
            Value::Number(number, _) => (style, Content::Number(number)),
            Value::Boolean(boolean) => (style, Content::Boolean(boolean)),
            Value::Moment(found) => (moment(found.shown, is_bad), Content::Number(found.serial)),
            Value::Text(text) => (style, self.text(text)?),
        };
        self.block.push((self.row(), column), style, content);
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<Content> {
        self.texts.number(text).map(Content::Text)
    }
}

impl FaultsFile for XlsFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        if self.sheet.row_count >= self.rows_per_sheet {
            self.end_sheet()?;
            self.push_header()?;
        }
        self.block.begin_row();
        for ((index, cell), column) in fault.cells.iter().enumerate().zip(0..) {
            self.push_cell(column, Value::of(*cell), fault.bad.contains(&index))?;
        }
        let after = self.column_count - super::ADDED_COUNT as u16;
        self.push_cell(after, Value::Number(fault.number.into(), ""), false)?;
        if !fault.reason.is_empty() {
            self.push_cell(after + 1, Value::Text(shorten(fault.reason)), false)?;
        }
        Ok(self.end_row()?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), FaultsError> {
        self.end_sheet()?;
        let XlsFile { path, title, column_count, texts, rows, sheets, .. } = *self;
        let stream = Stream { title, column_count, texts: texts.finish()?, rows, sheets };
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let mut file = CompoundFile::create_with_version(Version::V3, file)?;
        let mut out = BufWriter::with_capacity(COPIED_BYTES, file.create_stream("/Workbook")?);
        stream.write(&mut out)?;
        out.flush()?;
        drop(out);
        Ok(file.flush()?)
    }
}

/// All that goes into the stream.
struct Stream {
    title: String,
    column_count: u16,
    texts: Table,
    rows: Spool,
    sheets: Vec<Sheet>,
}

impl Stream {
    fn write(self, out: &mut impl Write) -> io::Result<()> {
        let Stream { title, column_count, texts, rows, sheets } = self;
        // How long it is does not depend on where the sheets begin.
        let table = globals_start(&title, &vec![0; sheets.len()]).len() as u64;
        let mut globals_end = texts.places.record(table as u32)?;
        push_end(&mut globals_end);
        let starts = starts(table + texts.spool.size() + globals_end.len() as u64, &sheets, column_count)?;
        out.write_all(&globals_start(&title, &starts))?;
        io::copy(&mut texts.spool.into_file()?, out)?;
        out.write_all(&globals_end)?;
        let rows = rows.into_file()?;
        for (index, (sheet, start)) in sheets.iter().zip(starts).enumerate() {
            out.write_all(&sheet_start(start, sheet, column_count))?;
            io::copy(&mut (&rows).take(sheet.size), out)?;
            out.write_all(&sheet_end(index == 0))?;
        }
        Ok(())
    }
}

/// Where sheets begin, the first one at that place.
fn starts(first: u64, sheets: &[Sheet], column_count: u16) -> io::Result<Vec<u32>> {
    let mut end = first;
    let mut starts = Vec::new();
    for sheet in sheets {
        starts.push(end as u32);
        let around = sheet_start(0, sheet, column_count).len() + sheet_end(false).len();
        end += sheet.size + around as u64;
        check_size(end)?;
    }
    Ok(starts)
}

fn check_size(bytes: u64) -> io::Result<()> {
    if bytes > STREAM_BYTES_MAX { Err(too_large()) } else { Ok(()) }
}

/// The workbook has more than an XLS file can hold.
fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "an XLS file can't be so large")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use super::{Fault, FaultsFile, XlsFile, too_large};
    use crate::faults::FaultsError;
    use crate::read::{Cell, CellKind, Choice, ReadLimits, read, recognise};

    #[test]
    fn rows_go_on_with_a_further_sheet() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("faults.xls");
        let headers = ["a", "row", "problem"].map(str::to_owned).to_vec();
        let mut file = XlsFile::create(&path, "Liste", headers).expect("it is made");
        // The header and three rows.
        file.rows_per_sheet = 4;
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

    #[test]
    fn what_an_xls_file_cannot_hold_is_said() {
        assert!(super::check_size(super::STREAM_BYTES_MAX).is_ok());
        let error =
            FaultsError::from(super::check_size(super::STREAM_BYTES_MAX + 1).expect_err("it is too large"));
        assert_eq!(error.to_string(), FaultsError::from(too_large()).to_string());
        assert_eq!(error.to_string(), "the file of errors can't be written: an XLS file can't be so large");
    }
}
