//! The records of an XLS workbook, looked at before they are loaded: calamine takes memory for the rectangle around a sheet's cells,
//! which two cells far from each other make huge.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

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
pub(super) fn check(path: &Path, limits: &ReadLimits) -> Result<(), ReadError> {
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
        let cell_count = cell_count(BufReader::new(stream)).map_err(damaged)?;
        let (found, allowed) = (cell_count.saturating_mul(CELL_BYTES), limits.whole_uncompressed_bytes);
        if found > allowed {
            return Err(too_big(Limit::UncompressedBytes, allowed, found));
        }
        return Ok(());
    }
    Err(ReadError::NotASpreadsheet { found: "a file of another program in a container of Office".to_owned() })
}

/// Cells in the rectangles of all sheets together.
fn cell_count(mut stream: impl Read) -> std::io::Result<u64> {
    let (mut area, mut sum) = (Area::default(), 0_u64);
    let (mut head, mut body) = ([0; 4], Vec::new());
    loop {
        match stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(sum.saturating_add(area.cell_count()));
            }
            Err(error) => return Err(error),
        }
        let (record, size) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        body.clear();
        stream.by_ref().take(u64::from(size)).read_to_end(&mut body)?;
        let word =
            |place: usize| body.get(place..place + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        if BOF.contains(&record) {
            sum = sum.saturating_add(std::mem::take(&mut area).cell_count());
        } else if let (Some(row), Some(column)) = (word(0), word(2)) {
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

#[cfg(test)]
mod tests {
    use super::cell_count;

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
            assert_eq!(cell_count(&records.concat()[..]).expect("it is in memory"), want);
        }
    }
}
