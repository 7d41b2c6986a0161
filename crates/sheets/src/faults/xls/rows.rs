//! Rows of cells, in blocks: the ROW records of up to 32 rows, then their cells, then where the cells of each row are ([MS-XLS] 2.1.7.20.6,
//! `CELLTABLE`).

use super::kinds;
use super::record::{HEAD_BYTES, double, long, push, push_words, word};
use super::styles::{DEFAULT, ROW_HEIGHT};

/// Rows of a block.
const ROWS_MAX: usize = 32;
/// Bytes of a ROW record.
const ROW_BYTES: usize = HEAD_BYTES + 16;

/// What a cell holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Blank,
    Number(f64),
    Boolean(bool),
    /// A text by its number in the table.
    Text(u32),
}

/// A block, as it grows.
#[derive(Default)]
pub(super) struct Block {
    rows: Vec<u8>,
    cells: Vec<u8>,
    /// Where the cells of each row begin.
    starts: Vec<usize>,
    /// The first column of the row that grows, and the column behind its last one.
    columns: Option<(u16, u16)>,
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.starts.len() >= ROWS_MAX
    }

    pub(super) fn begin_row(&mut self) {
        self.starts.push(self.cells.len());
        self.columns = None;
    }

    /// Appends a cell, which stands to the right of those before it in its row.
    pub(super) fn push(&mut self, (row, column): (u16, u16), style: u16, content: Content) {
        self.columns = Some((self.columns.map_or(column, |(first, _)| first), column + 1));
        let out = &mut self.cells;
        let place = |out: &mut Vec<u8>| [row, column, style].iter().for_each(|each| word(out, *each));
        match content {
            Content::Blank => push(out, kinds::BLANK, place),
            Content::Number(number) => match short_number(number) {
                Some(short) => push(out, kinds::RK, |out| {
                    place(out);
                    long(out, short);
                }),
                None => push(out, kinds::NUMBER, |out| {
                    place(out);
                    double(out, number);
                }),
            },
            // The last byte says that it is no error.
            Content::Boolean(boolean) => push(out, kinds::BOOL_ERR, |out| {
                place(out);
                out.extend_from_slice(&[u8::from(boolean), 0]);
            }),
            Content::Text(number) => push(out, kinds::LABEL_SST, |out| {
                place(out);
                long(out, number);
            }),
        }
    }

    pub(super) fn end_row(&mut self, row: u16) {
        /// Bits that a row always has ([MS-XLS] `Row`): one is reserved, the other fields say that nothing is special about it.
        const USUAL: u16 = 0x0100;
        let (first, behind) = self.columns.unwrap_or_default();
        push_words(&mut self.rows, kinds::ROW, &[row, first, behind, ROW_HEIGHT, 0, 0, USUAL, DEFAULT]);
    }

    /// Appends the block and begins a new one. Gives how many bytes stand before its last record, to which the index of the sheet points.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> usize {
        let (row_bytes, size) = (self.rows.len(), self.rows.len() + self.cells.len());
        out.append(&mut self.rows);
        out.append(&mut self.cells);
        push(out, kinds::DB_CELL, |out| {
            // Back to the first ROW record; then from the second one to the cells of the first row, and from these on to those of the next
            // ([MS-XLS] 2.4.78).
            long(out, size as u32);
            let mut before = ROW_BYTES;
            for start in self.starts.drain(..) {
                word(out, (row_bytes + start - before) as u16);
                before = row_bytes + start;
            }
        });
        size
    }
}

/// A whole number in four bytes, of which the lowest two bits say that it is one ([MS-XLS] `RkNumber`).
fn short_number(number: f64) -> Option<u32> {
    const IS_WHOLE: u32 = 2;
    const MAX: i32 = (1 << 29) - 1;
    let whole = number as i32;
    let is_whole = f64::from(whole) == number && (-MAX..=MAX).contains(&whole);
    is_whole.then_some((whole as u32) << 2 | IS_WHOLE)
}

#[cfg(test)]
mod tests {
    use super::short_number;

    #[test]
    fn whole_numbers_are_short() {
        for (number, want) in [
            (0.0, Some(0x0000_0002)),
            (-0.0, Some(0x0000_0002)),
            (1.0, Some(0x0000_0006)),
            (-1.0, Some(0xFFFF_FFFE)),
            (536_870_911.0, Some(0x7FFF_FFFE)),
            (536_870_912.0, None),
            (-536_870_911.0, Some(0x8000_0006)),
            (-536_870_913.0, None),
            (0.5, None),
            (1e300, None),
        ] {
            assert_eq!(short_number(number), want, "{number}");
        }
    }
}
