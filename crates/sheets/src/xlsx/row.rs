//! The XML of a row as it grows, with a mark for the compressor at each cell.

use super::cells::ColumnCells;
use crate::chunks::Chunk;
use crate::deflate::Mark;
use crate::digits::{Piece, digits};

/// One row.
pub(super) struct RowXml<'a> {
    chunk: &'a mut Chunk,
    /// Where the value ended that was written last.
    value_end: &'a mut usize,
    number: Piece<20>,
}

impl<'a> RowXml<'a> {
    /// Begins the row of that number in the sheet.
    pub(super) fn begin_row(chunk: &'a mut Chunk, value_end: &'a mut usize, number: u32) -> RowXml<'a> {
        let number = digits(u64::from(number));
        chunk.bytes.extend_from_slice(b"<row r=\"");
        number.push_to(&mut chunk.bytes);
        chunk.marks.push(Mark { column: 0, gap: *value_end as u32, tag: chunk.bytes.len() as u32 });
        chunk.bytes.extend_from_slice(b"\">");
        RowXml { chunk, value_end, number }
    }

    /// Ends the row.
    pub(super) fn end_row(self) {
        self.chunk.bytes.extend_from_slice(b"</row>");
    }

    /// Where a value is written.
    #[inline(always)]
    pub(super) fn xml(&mut self) -> &mut Vec<u8> {
        &mut self.chunk.bytes
    }

    /// Appends what stands before a value.
    #[inline(always)]
    pub(super) fn begin(&mut self, cells: &ColumnCells, tag: &Piece<32>) {
        self.begin_cell(cells);
        tag.push_to(&mut self.chunk.bytes);
    }

    /// The same for a tag that may be long.
    pub(super) fn begin_with(&mut self, cells: &ColumnCells, tag: &[u8]) {
        self.begin_cell(cells);
        self.chunk.bytes.extend_from_slice(tag);
    }

    #[inline(always)]
    fn begin_cell(&mut self, cells: &ColumnCells) {
        let bytes = &mut self.chunk.bytes;
        cells.start.push_to(bytes);
        self.number.push_to(bytes);
        let mark = Mark { column: cells.column, gap: *self.value_end as u32, tag: bytes.len() as u32 };
        self.chunk.marks.push(mark);
    }

    /// Ends a value and its cell.
    #[inline(always)]
    pub(super) fn end_value(&mut self) {
        *self.value_end = self.chunk.bytes.len();
        self.chunk.bytes.extend_from_slice(b"</v></c>");
    }

    /// Ends a text that stands in its cell.
    pub(super) fn end_text(&mut self) {
        *self.value_end = self.chunk.bytes.len();
        self.chunk.bytes.extend_from_slice(b"</t></is></c>");
    }
}
