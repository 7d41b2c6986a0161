//! The records of an XLS workbook, looked at before they are loaded: calamine takes memory for the rectangle around a sheet's cells,
//! which two cells far from each other make huge.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::feed::Watch;
use super::rows::too_big;
use super::{Limit, ReadError, ReadLimits};

/// Bytes that a cell takes in calamine's rectangle.
const CELL_BYTES: u64 = 32;
/// The record that begins a sheet or another part ([MS-XLS] 2.4.21).
const BOF: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];
/// Records that hold one value in a cell, whose row and column come first: FORMULA, NUMBER, LABEL, BOOLERR, RK, RSTRING, LABELSST, and
/// their forms of earlier versions ([MS-XLS] 2.3).
const CELLS: [u16; 12] =
    [0x0006, 0x0206, 0x0406, 0x0203, 0x0003, 0x0204, 0x0004, 0x0205, 0x0005, 0x027E, 0x00D6, 0x00FD];
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

/// Refuses a workbook whose sheets would take more than `whole_uncompressed_bytes`.
pub(super) fn check(path: &Path, limits: &ReadLimits, watch: &Watch) -> Result<(), ReadError> {
    let damaged = |error: std::io::Error| match error.raw_os_error() {
        Some(_) => ReadError::Io(error),
        None => ReadError::damaged(error.to_string()),
    };
    let mut file = cfb::CompoundFile::open(File::open(path)?).map_err(damaged)?;
    for name in ["/Workbook", "/Book"] {
        if !file.is_stream(name) {
            continue;
        }
        let stream = file.open_stream(name).map_err(damaged)?;
        let mut records = Vec::new();
        stream.take(limits.whole_file_bytes).read_to_end(&mut records).map_err(damaged)?;
        let cell_count = cell_count(&records, watch)?;
        let (found, allowed) = (cell_count.saturating_mul(CELL_BYTES), limits.whole_uncompressed_bytes);
        if found > allowed {
            return Err(too_big(Limit::UncompressedBytes, allowed, found));
        }
        return Ok(());
    }
    Err(ReadError::NotASpreadsheet { found: "a file of another program in a container of Office".to_owned() })
}

/// Cells in the rectangles of all sheets together, and of the largest one that a sheet declares.
///
/// calamine begins a sheet where the list of sheets says, which may be in the middle of what is one record from the beginning: so
/// records are looked at from there as well.
fn cell_count(stream: &[u8], watch: &Watch) -> Result<u64, ReadError> {
    let mut starts = Vec::new();
    let mut most = count_from(stream, &mut starts, watch)?;
    starts.sort_unstable();
    starts.dedup();
    for start in starts {
        let records = stream.get(start as usize..).unwrap_or_default();
        most = most.max(count_from(records, &mut Vec::new(), watch)?);
    }
    Ok(most)
}

/// The same for records in a row; where sheets begin is added to `starts`.
fn count_from(mut stream: &[u8], starts: &mut Vec<u32>, watch: &Watch) -> Result<u64, ReadError> {
    let (mut area, mut sum, mut declared) = (Area::default(), 0_u64, 0);
    let mut number = 0_u64;
    while let Some((&[a, b, c, d], rest)) = stream.split_first_chunk::<4>() {
        number += 1;
        if number % 4096 == 1 {
            watch.check()?;
        }
        let (record, size) = (u16::from_le_bytes([a, b]), usize::from(u16::from_le_bytes([c, d])));
        let (body, behind) = rest.split_at(size.min(rest.len()));
        stream = behind;
        let word =
            |place: usize| body.get(place..place + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let long = |place: usize| Some(u32::from(word(place)?) | u32::from(word(place + 2)?) << 16);
        match record {
            BOUND_SHEET => starts.extend(long(0)),
            DIMENSIONS => declared = declared.max(declared_cells(body.len(), word, long)),
            _ if BOF.contains(&record) => {
                sum = sum.saturating_add(std::mem::take(&mut area).cell_count());
            }
            _ => {
                let (Some(row), Some(column)) = (word(0), word(2)) else { continue };
                if CELLS.contains(&record) || record == CELLS_OF_ROW {
                    area.add(row, column);
                }
                if record == CELLS_OF_ROW
                    && let Some(last) = body.len().checked_sub(2).and_then(word)
                {
                    area.add(row, last);
                }
            }
        }
    }
    if declared > SHEET_CELLS_MAX {
        return Err(ReadError::damaged("a sheet says that it is larger than sheets can be"));
    }
    Ok(sum.saturating_add(area.cell_count()))
}

/// Cells for which calamine takes memory at once: those between the first and the last row and column, each of which is told as the one
/// behind it, even if the last comes before the first. What calamine mends of columns is mended here too.
fn declared_cells(
    size: usize,
    word: impl Fn(usize) -> Option<u16>,
    long: impl Fn(usize) -> Option<u32>,
) -> u64 {
    let wide = |place| word(place).map(u32::from);
    let found = match size {
        10 => (wide(0), wide(2), wide(4), wide(6)),
        _ => (long(0), long(4), wide(8), wide(10)),
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

    use super::{Watch, cell_count};
    use crate::read::{ReadError, ReadLimits};

    fn count(records: &[u8]) -> Result<u64, ReadError> {
        cell_count(records, &Watch::new(&Arc::default(), &ReadLimits::default()))
    }

    fn record(kind: u16, words: &[u16]) -> Vec<u8> {
        let head = [kind, words.len() as u16 * 2];
        head.iter().chain(words).flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn rectangles_are_counted() {
        let bof = record(0x0809, &[0; 8]);
        let number = |row, column| record(0x0203, &[row, column, 0, 0, 0, 0, 0]);
        let several = record(0x00BD, &[2, 1, 0, 0, 0, 0, 0, 0, 4]);
        for (records, want) in [
            (vec![], 0),
            (vec![bof.clone()], 0),
            (vec![bof.clone(), number(5, 5)], 1),
            (vec![bof.clone(), number(0, 0), number(65_535, 255)], 65_536 * 256),
            (vec![bof.clone(), number(0, 0), bof.clone(), number(9, 9)], 2),
            (vec![bof.clone(), several.clone()], 4),
            // A record that is cut off holds nothing.
            (vec![bof, several[..6].to_vec()], 0),
        ] {
            assert_eq!(count(&records.concat()).expect("it is allowed"), want);
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
            assert_eq!(count(&records).is_ok(), is_good, "{words:?}");
            // Hidden in the middle of another record, to which the list of sheets points: behind that list's 8 bytes and a head.
            let hidden =
                [record(0x0085, &[12, 0]), [0xEB, 0, records.len() as u8, 0].to_vec(), records].concat();
            assert_eq!(count(&hidden).is_ok(), is_good, "{words:?}, hidden");
        }
    }
}
