//! Rows on their way out of a file.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt8Array, UInt32Array};
use arrow_schema::{DataType, Field, Schema};

use super::{CellKind, ReadError};

/// The Arrow column with the numbers of the rows.
const ROW_COLUMN: &str = "row";

/// Some rows of a sheet, in columns. Rows that hold nothing are left out, hence the row numbers.
///
/// A batch has as many columns as its widest row; the next one may have more or fewer, and cells to the right of a batch are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct CellBatch {
    row_numbers: UInt32Array,
    columns: Vec<CellColumn>,
}

/// The cells of one column: what each is, and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct CellColumn {
    kinds: UInt8Array,
    texts: StringArray,
}

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What it holds.
    pub kind: CellKind,
    /// Its text, of the form that [`CellKind`] tells; empty for [`CellKind::Empty`] only.
    pub text: &'a str,
}

impl CellColumn {
    /// The cell of a row of the batch, from 0.
    ///
    /// # Panics
    /// Where the batch has fewer rows.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        // What is no kind is refused when a column is made.
        Cell {
            kind: CellKind::from_u8(self.kinds.value(row)).unwrap_or_default(),
            text: self.texts.value(row),
        }
    }

    /// The cells' kinds by their numbers, see [`CellKind::from_u8`].
    pub fn kinds(&self) -> &[u8] {
        self.kinds.values()
    }

    /// The cells' texts; none is null.
    pub fn texts(&self) -> &StringArray {
        &self.texts
    }
}

impl CellBatch {
    /// Puts a batch together; `None` where lengths differ, a number is no kind, or something is null.
    pub(crate) fn new(
        row_numbers: UInt32Array,
        columns: Vec<(UInt8Array, StringArray)>,
    ) -> Option<CellBatch> {
        let is_whole = |array: &dyn Array| array.len() == row_numbers.len() && array.null_count() == 0;
        let is_good = is_whole(&row_numbers)
            && columns.iter().all(|(kinds, texts)| {
                is_whole(kinds)
                    && is_whole(texts)
                    && kinds.values().iter().all(|&kind| CellKind::from_u8(kind).is_some())
            });
        let columns = columns.into_iter().map(|(kinds, texts)| CellColumn { kinds, texts }).collect();
        is_good.then_some(CellBatch { row_numbers, columns })
    }

    /// A batch without rows.
    pub(crate) fn empty() -> CellBatch {
        CellBatch { row_numbers: UInt32Array::from(Vec::<u32>::new()), columns: Vec::new() }
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.row_numbers.len()
    }

    /// How many columns the widest row has.
    pub fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// The number in the file, from 1, of a row of the batch, from 0.
    ///
    /// # Panics
    /// Where the batch has fewer rows.
    pub fn row_number(&self, row: usize) -> u32 {
        self.row_numbers.value(row)
    }

    /// The numbers in the file of all rows.
    pub fn row_numbers(&self) -> &[u32] {
        self.row_numbers.values()
    }

    /// The columns.
    pub fn columns(&self) -> &[CellColumn] {
        &self.columns
    }

    /// A cell by row and column of the batch, from 0; empty where the batch has fewer columns.
    ///
    /// # Panics
    /// Where the batch has fewer rows.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.columns.get(column).map(|column| column.cell(row)).unwrap_or_default()
    }

    /// Some of the rows, without copying them.
    ///
    /// # Panics
    /// Where the batch has fewer than `offset + row_count`.
    pub fn slice(&self, offset: usize, row_count: usize) -> CellBatch {
        let columns = self.columns.iter().map(|column| CellColumn {
            kinds: column.kinds.slice(offset, row_count),
            texts: column.texts.slice(offset, row_count),
        });
        CellBatch { row_numbers: self.row_numbers.slice(offset, row_count), columns: columns.collect() }
    }

    /// The same as an Arrow batch, without copying: `row` (`UInt32`), then for each column its texts `c0`, `c1`, … (`Utf8`),
    /// each followed by its kinds `k0`, `k1`, … (`UInt8`). Nothing is null.
    pub fn to_arrow(&self) -> RecordBatch {
        let mut fields = vec![Field::new(ROW_COLUMN, DataType::UInt32, false)];
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.row_numbers.clone())];
        for (index, column) in self.columns.iter().enumerate() {
            fields.push(Field::new(format!("c{index}"), DataType::Utf8, false));
            arrays.push(Arc::new(column.texts.clone()));
            fields.push(Field::new(format!("k{index}"), DataType::UInt8, false));
            arrays.push(Arc::new(column.kinds.clone()));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .expect("the fields are made from the arrays, which have the same length")
    }

    /// What [`CellBatch::to_arrow`] gave.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where the batch has other columns than those.
    pub fn from_arrow(batch: &RecordBatch) -> Result<CellBatch, ReadError> {
        let other = || ReadError::damaged("a batch does not have the columns that rows of cells have");
        let (row_numbers, cells) = batch.columns().split_first().ok_or_else(other)?;
        let (pairs, []) = cells.as_chunks::<2>() else { return Err(other()) };
        let columns = pairs.iter().map(|[texts, kinds]| {
            let kinds = kinds.as_any().downcast_ref::<UInt8Array>()?;
            let texts = texts.as_any().downcast_ref::<StringArray>()?;
            Some((kinds.clone(), texts.clone()))
        });
        let columns = columns.collect::<Option<Vec<_>>>().ok_or_else(other)?;
        let row_numbers = row_numbers.as_any().downcast_ref::<UInt32Array>().ok_or_else(other)?;
        CellBatch::new(row_numbers.clone(), columns).ok_or_else(other)
    }
}
