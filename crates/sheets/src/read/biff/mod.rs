//! The records of an XLS workbook, looked at before they are loaded: calamine takes memory for the rectangle around a sheet's cells,
//! which two cells far from each other make huge.
//!
//! The records are looked at in just the order in which calamine reads them, and what it gets is a container of nothing but the stream
//! that was looked at: two readers of containers need not agree on which stream of several the workbook is.

use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use super::feed::Watch;
use super::rows::too_big;
use super::{Limit, ReadError, ReadLimits};

mod strings;

/// Bytes that a cell takes in calamine's rectangle.
const CELL_BYTES: u64 = 32;
/// Sheets that a workbook may have: calamine loads all of them, whichever is read.
const SHEETS_MAX: usize = 10_000;
/// How many times all sheets together may have the stream's bytes. Those of an honest file share none, but some programs forget to end a sheet,
/// and then each goes on to the end.
const PASSES_MAX: u64 = 16;

/// The record that begins the workbook, a sheet, or a chart inside of it ([MS-XLS] 2.4.21).
const BOF: u16 = 0x0809;
/// The record that ends what the last BOF began.
const EOF: u16 = 0x000A;
/// The record before everything that is encrypted ([MS-XLS] 2.4.117).
const FILE_PASS: u16 = 0x002F;
/// Records that hold one value in a cell, whose row and column come first: FORMULA, NUMBER, LABEL, BOOLERR, RK, RSTRING, LABELSST, and
/// their forms of earlier versions ([MS-XLS] 2.3).
const CELLS: [u16; 12] =
    [FORMULA, 0x0206, 0x0406, 0x0203, 0x0003, 0x0204, 0x0004, 0x0205, 0x0005, 0x027E, 0x00D6, CELL_WITH_TEXT];
/// A formula and its value, for which there are two rectangles.
const FORMULA: u16 = 0x0006;
/// The text that the formula before it comes to ([MS-XLS] 2.4.268); where there is none before it, calamine takes it for that of the first cell.
const STRING: u16 = 0x0207;
/// The texts of all sheets, and a cell that refers to one by its number ([MS-XLS] 2.4.265, 2.4.149).
const TEXTS: u16 = 0x00FC;
const CELL_WITH_TEXT: u16 = 0x00FD;
/// Values of several cells of a row; the last column comes last (MULRK).
const CELLS_OF_ROW: u16 = 0x00BD;

/// Where a sheet's records begin, and its name ([MS-XLS] 2.4.28).
const BOUND_SHEET: u16 = 0x0085;
/// The rectangle that a sheet says to have ([MS-XLS] 2.4.90), for which calamine takes memory.
const DIMENSIONS: u16 = 0x0200;
/// Cells that a sheet can have: 65,536 rows of 256.
const SHEET_CELLS_MAX: u64 = 65_536 * 256;

/// The rectangle around the cells of a sheet.
#[derive(Clone, Copy, Default)]
struct Area {
    rows: Option<(u16, u16)>,
    columns: (u16, u16),
}

impl Area {
    fn add(&mut self, row: u16, column: u16) {
        let (first, last) = self.rows.unwrap_or((row, row));
        let (left, right) = if self.rows.is_some() { self.columns } else { (column, column) };
        self.rows = Some((first.min(row), last.max(row)));
        self.columns = (left.min(column), right.max(column));
    }

    fn cell_count(self) -> u64 {
        let size = |(first, last): (u16, u16)| u64::from(last - first) + 1;
        self.rows.map_or(0, |rows| size(rows) * size(self.columns))
    }
}

/// Reads the records of a workbook, and gives them in a container of their own.
///
/// # Errors
/// Refuses what is protected by a password, and a workbook whose sheets would take more than `whole_uncompressed_bytes`.
pub(super) fn load(path: &Path, limits: &ReadLimits, watch: &Watch) -> Result<Vec<u8>, ReadError> {
    let damaged = |error: std::io::Error| match error.raw_os_error() {
        Some(_) => ReadError::Io(error),
        None => ReadError::damaged(error.to_string()),
    };
    let container = Cursor::new(container(path, limits)?);
    let mut file = cfb::CompoundFile::open(container).map_err(damaged)?;
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name));
    let name = name.ok_or_else(|| ReadError::NotASpreadsheet {
        found: "a file of another program in a container of Office".to_owned(),
    })?;
    let stream = file.open_stream(name).map_err(damaged)?;
    let mut records = Vec::new();
    stream.take(limits.whole_file_bytes).read_to_end(&mut records).map_err(damaged)?;
    drop(file);
    let (found, allowed) = (loaded_bytes(&records, watch)?, limits.whole_uncompressed_bytes);
    if found > allowed {
        return Err(too_big(Limit::UncompressedBytes, allowed, found));
    }
    let mut alone = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))?;
    alone.create_stream(name)?.write_all(&records)?;
    alone.flush()?;
    Ok(alone.into_inner().into_inner())
}

/// The file's bytes, with zeros for sectors behind its end that its table of sectors speaks of as if they were there: SheetJS ends the table so,
/// and `cfb` refuses it then. One more sector of the table than there needs to be, and no more, is taken for such.
fn container(path: &Path, limits: &ReadLimits) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limits.whole_file_bytes).read_to_end(&mut bytes)?;
    // The size of a sector as a power of two, and how many of them the table takes ([MS-CFB] 2.2).
    let (Some(power), Some(count)) = (bytes.get(0x1E), bytes.get(0x2C..).and_then(|rest| rest.first_chunk()))
    else {
        return Ok(bytes);
    };
    let (sector, count) = (1_usize << (*power).min(12), u32::from_le_bytes(*count) as usize);
    // The header takes a sector too, and a sector's place in the table has four bytes.
    let in_table = sector / 4 * sector;
    let spoken_of = in_table.saturating_mul(count).saturating_add(sector);
    bytes.resize(bytes.len().max(spoken_of.min(bytes.len().saturating_add(in_table))), 0);
    Ok(bytes)
}

/// Bytes for which memory is taken for all sheets together: the rectangles of their cells and of their formulas, and the texts that cells refer
/// to.
///
/// calamine begins a sheet where the list of sheets says, which may be in the middle of what is one record from the beginning, and twice at
/// the same place.
fn loaded_bytes(stream: &[u8], watch: &Watch) -> Result<u64, ReadError> {
    let (starts, texts) = globals(stream, watch)?;
    let (mut sum, mut passed) = (0_u64, 0_u64);
    for start in starts {
        let records = stream.get(start as usize..).unwrap_or_default();
        let (bytes, size) = sheet_bytes(records, &texts, watch)?;
        sum = sum.saturating_add(bytes);
        passed += size as u64;
        if passed > PASSES_MAX * stream.len() as u64 {
            return Err(ReadError::damaged("its sheets overlap"));
        }
    }
    Ok(sum)
}

/// The places where the list of sheets says that they begin, and how long the texts are.
fn globals(stream: &[u8], watch: &Watch) -> Result<(Vec<u32>, Vec<u32>), ReadError> {
    let (mut starts, mut texts, mut number) = (Vec::new(), Vec::new(), 0_u64);
    let mut records = Records { rest: stream };
    while let Some(record) = records.next() {
        number += 1;
        if number % 4096 == 1 {
            watch.check()?;
        }
        match record.kind {
            FILE_PASS => return Err(ReadError::PasswordProtected),
            EOF => break,
            BOUND_SHEET => starts.extend(record.long(0)),
            TEXTS => texts = strings::sizes(record.body, records.rest),
            _ => {}
        }
        if starts.len() > SHEETS_MAX {
            return Err(ReadError::damaged(format!("it has more than {SHEETS_MAX} sheets")));
        }
    }
    Ok((starts, texts))
}

/// Bytes for which memory is taken for the sheet at the beginning of the stream, and how many it has there.
fn sheet_bytes(stream: &[u8], texts: &[u32], watch: &Watch) -> Result<(u64, usize), ReadError> {
    let (mut area, mut formulas, mut formula) = (Area::default(), Area::default(), (0, 0));
    // Charts inside of the sheet are passed.
    let (mut is_begun, mut depth) = (false, 0_u32);
    let (mut value_count, mut text_bytes, mut number) = (0_u64, 0_u64, 0_u64);
    let mut records = Records { rest: stream };
    for record in records.by_ref() {
        number += 1;
        if number % 4096 == 1 {
            watch.check()?;
        }
        match record.kind {
            BOF if is_begun || depth > 0 => depth += 1,
            EOF if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            BOF => is_begun = true,
            EOF => break,
            DIMENSIONS if declared_cells(&record) > SHEET_CELLS_MAX => {
                return Err(ReadError::damaged("a sheet says that it is larger than sheets can be"));
            }
            STRING => {
                area.add(formula.0, formula.1);
                value_count += 1;
            }
            kind if kind == CELLS_OF_ROW || CELLS.contains(&kind) => {
                let (Some(row), Some(column)) = (record.word(0), record.word(2)) else { continue };
                area.add(row, column);
                value_count += 1;
                if kind == FORMULA {
                    formula = (row, column);
                    formulas.add(row, column);
                }
                if kind == CELL_WITH_TEXT {
                    let text = record.long(6).and_then(|index| texts.get(index as usize));
                    text_bytes += text.map_or(0, |size| u64::from(*size));
                }
                if kind == CELLS_OF_ROW
                    && let Some(last) = record.body.len().checked_sub(2).and_then(|place| record.word(place))
                {
                    area.add(row, last);
                    value_count += record.body.len() as u64 / 6;
                }
            }
            _ => {}
        }
    }
    // Until the sheet is over its values stand in a list, which may have the same cell many times.
    let cell_count = area.cell_count().max(value_count) + formulas.cell_count();
    Ok((cell_count * CELL_BYTES + text_bytes, stream.len() - records.rest.len()))
}

/// A record's kind and what it holds.
struct Record<'a> {
    kind: u16,
    body: &'a [u8],
}

impl Record<'_> {
    fn word(&self, place: usize) -> Option<u16> {
        self.body.get(place..place + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
    }

    fn long(&self, place: usize) -> Option<u32> {
        Some(u32::from(self.word(place)?) | u32::from(self.word(place + 2)?) << 16)
    }
}

/// Records one after the other, up to one that is cut off.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (&[a, b, c, d], rest) = self.rest.split_first_chunk::<4>()?;
        let size = usize::from(u16::from_le_bytes([c, d]));
        let (body, behind) = rest.split_at(size.min(rest.len()));
        self.rest = behind;
        Some(Record { kind: u16::from_le_bytes([a, b]), body })
    }
}

/// Cells for which calamine takes memory at once: those between the first and the last row and column, each of which is told as the one
/// behind it, even if the last comes before the first. What calamine mends of columns is mended here too.
fn declared_cells(record: &Record<'_>) -> u64 {
    let wide = |place| record.word(place).map(u32::from);
    let found = match record.body.len() {
        10 => (wide(0), wide(2), wide(4), wide(6)),
        _ => (record.long(0), record.long(4), wide(8), wide(10)),
    };
    let (Some(first), Some(last), Some(left), Some(right)) = found else { return 0 };
    if last == 0 || right == 0 {
        return 1;
    }
    let left = if left > 0xFF || right < left { 0 } else { left };
    let count = |first: u32, behind: u32| u64::from(behind.wrapping_sub(first));
    count(first, last).saturating_mul(count(left, right))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        BOF, BOUND_SHEET, CELL_BYTES, CELL_WITH_TEXT, EOF, FORMULA, STRING, TEXTS, Watch, loaded_bytes,
    };
    use crate::read::{ReadError, ReadLimits};

    fn count(records: &[u8]) -> Result<u64, ReadError> {
        Ok(bytes(records)? / CELL_BYTES)
    }

    fn bytes(records: &[u8]) -> Result<u64, ReadError> {
        loaded_bytes(records, &Watch::new(&Arc::default(), &ReadLimits::default()))
    }

    fn record(kind: u16, words: &[u16]) -> Vec<u8> {
        let head = [kind, words.len() as u16 * 2];
        head.iter().chain(words).flat_map(|word| word.to_le_bytes()).collect()
    }

    fn begin() -> Vec<u8> {
        record(BOF, &[0; 8])
    }

    fn number(row: u16, column: u16) -> Vec<u8> {
        record(0x0203, &[row, column, 0, 0, 0, 0, 0])
    }

    /// A workbook whose list names sheets by the places of their records among all of them.
    fn workbook(places: &[usize], sheets: &[Vec<u8>]) -> Vec<u8> {
        let list_bytes = begin().len() + places.len() * 12 + 4;
        let list = places.iter().map(|place| list_bytes + place);
        let list = list.map(|at| record(BOUND_SHEET, &[at as u16, (at >> 16) as u16, 0, 0]));
        [vec![begin()], list.collect(), vec![record(EOF, &[])], sheets.to_vec()].concat().concat()
    }

    #[test]
    fn rectangles_are_counted() {
        let several = record(0x00BD, &[2, 1, 0, 0, 0, 0, 0, 0, 4]);
        let formula = |row, column| record(FORMULA, &[row, column, 0, 0, 0, 0, 0, 0, 0, 0]);
        let (end, text) = (record(EOF, &[]), record(STRING, &[0, 0]));
        for (records, want) in [
            (vec![], 0),
            (vec![begin()], 0),
            (vec![begin(), number(5, 5)], 1),
            (vec![begin(), number(0, 0), number(65_535, 255)], 65_536 * 256),
            (vec![begin(), number(0, 0), end.clone(), number(9, 9)], 1),
            // One cell many times stands in a list before it stands in the rectangle.
            (vec![begin(), number(5, 5), number(5, 5), number(5, 5)], 3),
            // What is inside of a chart is passed, but what comes after it belongs to the sheet.
            (vec![begin(), number(0, 0), begin(), number(99, 99), end.clone(), number(1, 9)], 20),
            (vec![begin(), begin(), begin(), end.clone(), number(99, 99), end.clone(), number(1, 9)], 1),
            // Formulas have a rectangle of their own, and a text belongs to the formula before it.
            (vec![begin(), formula(0, 0), formula(9, 9)], 200),
            (vec![begin(), number(9, 9), text.clone()], 100),
            (vec![begin(), formula(4, 4), number(9, 9), text], 37),
            (vec![begin(), several.clone()], 4),
            // A record that is cut off holds nothing.
            (vec![begin(), several[..6].to_vec()], 0),
        ] {
            let records = workbook(&[0], &records);
            assert_eq!(count(&records).expect("it is allowed"), want);
        }
    }

    /// calamine loads a sheet each time that the list names it.
    #[test]
    fn sheets_that_are_named_twice_count_twice() {
        let sheet = [begin(), number(0, 0), number(9, 9), record(EOF, &[])].concat();
        for (places, want) in [(vec![0], 100), (vec![0, 0], 200), (vec![0, sheet.len()], 200)] {
            let records = workbook(&places, &[sheet.clone(), sheet.clone()]);
            assert_eq!(count(&records).expect("it is allowed"), want, "{places:?}");
        }
        for places in [vec![0; 1000], vec![0; 11_000]] {
            let records = workbook(&places, &[sheet.repeat(200), [0x20, 0, 0, 0x10].repeat(10_000)]);
            let without_end = workbook(&places, &[begin(), number(1, 1).repeat(5000)]);
            assert_eq!(count(&records).is_ok(), places.len() == 1000);
            assert!(matches!(count(&without_end), Err(ReadError::Damaged { .. })));
        }
    }

    #[test]
    fn texts_count_in_each_cell_that_refers_to_them() {
        let texts = record(TEXTS, &[0, 0, 0, 0, 4, 0x6100, 0x6161, 0x0161, 0x0000, 0x0061]);
        let cell = |row, text| record(CELL_WITH_TEXT, &[row, 0, 0, text, 0]);
        let sheet = [begin(), cell(0, 0), cell(1, 0), cell(2, 1), cell(3, 9)].concat();
        let start = (begin().len() + texts.len() + 12 + 4) as u16;
        let list = [record(BOUND_SHEET, &[start, 0, 0, 0]), record(EOF, &[])].concat();
        let workbook = [begin(), texts, list, sheet].concat();
        assert_eq!(bytes(&workbook).expect("it is allowed"), 4 * CELL_BYTES + 4 + 4 + 1);
    }

    #[test]
    fn encrypted_workbooks_are_told_before_anything_is_counted() {
        let far = [number(0, 0), number(65_535, 255)].concat();
        for words in [&[0][..], &[1, 1, 1]] {
            let records = [begin(), record(0x002F, words), record(BOUND_SHEET, &[0, 0, 0, 0]), far.clone()];
            assert!(matches!(count(&records.concat()), Err(ReadError::PasswordProtected)), "{words:?}");
        }
    }

    /// Found by `make fuzz`: calamine reserved memory for what a sheet declared, and the process was aborted.
    #[test]
    fn declared_rectangles_are_limited() {
        let dimensions = |words: &[u16]| record(0x0200, words);
        for (words, is_good) in [
            (&[0, 0, 0, 1, 0, 256, 0][..], true),
            (&[0, 0, 0, 0, 0, 0, 0], true),
            (&[0, 0, 0, 1, 0, 257, 0], false),
            (&[0, 0, 0xFFFF, 0xFFFF, 0, 1, 0], false),
            (&[9, 0, 1, 0, 0, 1, 0], false),
            (&[0, 0, 1, 0, 256, 1, 0], true),
            (&[0, 65_535, 0, 256, 0], true),
            (&[9, 1, 0, 1, 0], false),
            (&[0, 1, 9, 5, 0], true),
        ] {
            let records = dimensions(words);
            let plain = workbook(&[0], &[begin(), records.clone()]);
            assert_eq!(count(&plain).is_ok(), is_good, "{words:?}");
            // Hidden in the middle of another record, to which the list of sheets points.
            let hidden = workbook(&[4], &[[0xEB, 0, records.len() as u8, 0].to_vec(), records]);
            assert_eq!(count(&hidden).is_ok(), is_good, "{words:?}, hidden");
        }
    }
}
