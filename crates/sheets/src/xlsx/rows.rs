//! Rows before and after they go to the thread that writes them: what only one may do, which is to look texts up in the table of
//! shared strings, and what each does by itself.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};

use super::cells::{ColumnCells, exact_text, is_number};
use super::row::RowXml;
use super::strings::{SharedStrings, Sharing};
use super::text::{MAX_CELL_UNITS, shorten};
use crate::blocks::Block;
use crate::chunks::Chunk;
use crate::column::{ColumnKind, Values};

/// The number of a text that stands in its cell.
pub(super) const INLINE: u32 = u32::MAX;
/// About what a row takes without its cells.
const ROW_BYTES: u32 = 24;
/// About what a cell takes.
const CELL_BYTES: u32 = 46;
/// About what a text that stands in its cell takes beside its own bytes, more than a cell of another kind.
const INLINE_BYTES: u32 = 26;

/// Rows whose texts have been looked up.
pub(super) struct Rows {
    batch: RecordBatch,
    /// By column, where it has cells that are texts: by row, the number among the shared strings, or [`INLINE`]. Rows without a
    /// text have any.
    numbers: Vec<Option<Vec<u32>>>,
}

/// The columns of a sheet.
pub(super) struct Layout {
    pub(super) kinds: Arc<[ColumnKind]>,
    pub(super) cells: Vec<ColumnCells>,
}

/// Looks the texts of rows up, and gives about what each row will take. `sharings` is by column.
pub(super) fn look_up(
    columns: &[Values<'_>],
    batch: &RecordBatch,
    strings: &mut SharedStrings,
    sharings: &mut [Sharing],
) -> (Rows, Vec<u32>) {
    let row_count = batch.num_rows();
    let mut row_bytes = vec![ROW_BYTES + CELL_BYTES * columns.len() as u32; row_count];
    let of_column = |(values, sharing): (&Values<'_>, &mut Sharing)| match values {
        Values::Text(texts) => Some(
            row_bytes
                .iter_mut()
                .enumerate()
                .map(|(row, bytes)| {
                    if texts.value_length(row) == 0 || texts.is_null(row) {
                        *bytes -= CELL_BYTES;
                        return INLINE;
                    }
                    let text = shorten(texts.value(row));
                    strings.number(text, sharing).unwrap_or_else(|| {
                        *bytes = bytes.saturating_add(INLINE_BYTES + text.len() as u32);
                        INLINE
                    })
                })
                .collect(),
        ),
        _ => {
            let is_text = |row: &usize| !values.is_null(*row) && !is_number(values, *row);
            let first = (0..row_count).find(is_text)?;
            let mut numbers = vec![INLINE; row_count];
            for row in (first..row_count).filter(is_text) {
                numbers[row] = strings.number(&exact_text(values, row), sharing).unwrap_or(INLINE);
            }
            Some(numbers)
        }
    };
    let numbers = columns.iter().zip(sharings).map(of_column).collect();
    (Rows { batch: batch.clone(), numbers }, row_bytes)
}

/// The rows of a column, by their place, whose text is cut.
pub(super) fn cut_rows<'a>(values: &Values<'a>) -> impl Iterator<Item = usize> + 'a {
    let texts = match values {
        // Shorter than this together, so none is longer.
        Values::Text(texts) if is_long(texts.value_offsets()) => Some(*texts),
        _ => None,
    };
    texts.into_iter().flat_map(|texts| {
        let is_cut = |text: &str| shorten(text).len() < text.len();
        (0..texts.len()).filter(move |row| texts.is_valid(*row) && is_cut(texts.value(*row)))
    })
}

fn is_long(offsets: &[i32]) -> bool {
    let ends = offsets.first().zip(offsets.last());
    ends.is_some_and(|(start, end)| end.abs_diff(*start) as usize > MAX_CELL_UNITS)
}

/// Appends the XML of a block whose first row has that number in the sheet.
pub(super) fn write_block(block: &Block<Rows>, layout: &Layout, first: u32, chunk: &mut Chunk) {
    let mut number = first;
    let mut value_end = chunk.bytes.len();
    for span in block.spans() {
        let Rows { batch, numbers } = &*span.piece;
        let columns = Values::of_batch(&layout.kinds, batch);
        for row in span.rows.clone() {
            let mut out = RowXml::begin_row(chunk, &mut value_end, number);
            for ((cells, values), numbers) in layout.cells.iter().zip(&columns).zip(numbers) {
                cells.push(&mut out, values, row, numbers.as_deref());
            }
            out.end_row();
            number += 1;
        }
    }
}
