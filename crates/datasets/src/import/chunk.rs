//! A chunk of rows that was checked: the plan of these rows, and what taking them back needs.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt8Array, new_null_array};
use arrow_schema::{ArrowError, DataType, Schema};
use bytes::Bytes;
use longshore_protocol::import::{PlanCell, PlanCounts, PlanRow, PlanShow, RowAction, RowError};

use super::ipc;
use super::keys::{self, KeyDigest};
use crate::text;

/// Begins the bytes of a chunk; the last is the version of the form.
const MAGIC: &[u8; 8] = b"LSCHUNK\x01";
/// Bytes that say how long a part is; those of the rows are at a place that is a multiple of 8 so.
const LENGTH_BYTES: usize = 8;

/// A chunk of rows that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedChunk {
    /// `row` (UInt32, the number in the file), `action` (UInt8, a [`RowAction`]), and for each mapped column of the dataset, in the
    /// dataset's order, `n{name}`, the new value, and `o{name}`, the value in the database: null unless the row's key was found
    /// there. Types are those of [`crate::schema::data_type`].
    pub rows: RecordBatch,
    /// What is wrong, and warnings, in the order of the rows.
    pub errors: Vec<RowError>,
    /// What must be once in a file, of rows where it could be read.
    pub keys: Vec<KeyDigest>,
}

impl CheckedChunk {
    /// Rows by what would happen to them.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for action in self.actions() {
            match RowAction::from_u8(*action) {
                RowAction::Create => counts.create += 1,
                RowAction::Update => counts.update += 1,
                RowAction::Unchanged => counts.unchanged += 1,
                RowAction::Error => counts.error += 1,
            }
        }
        counts
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.rows.num_rows()
    }

    /// The number in the file of the row at a place.
    pub fn row_number(&self, index: usize) -> u32 {
        self.rows.column(0).as_primitive::<UInt32Type>().value(index)
    }

    /// What would happen to the rows, as numbers.
    pub(crate) fn actions(&self) -> &[u8] {
        self.rows.column(1).as_primitive::<UInt8Type>().values()
    }

    /// What would happen to the row at a place.
    pub fn action(&self, index: usize) -> RowAction {
        RowAction::from_u8(self.actions()[index])
    }

    /// The place of a row by its number in the file; rows stand in its order.
    pub fn index_of(&self, row: u32) -> Option<usize> {
        self.rows.column(0).as_primitive::<UInt32Type>().values().binary_search(&row).ok()
    }

    /// Puts rows in error that the chunk alone could not find wrong, such as duplicates across chunks; rows of other chunks are
    /// passed over.
    ///
    /// # Errors
    /// [`ArrowError`] if the chunk is not of the form that is promised.
    pub fn fail_rows(&mut self, errors: Vec<RowError>) -> Result<(), ArrowError> {
        let mut actions: Vec<u8> = self.actions().to_vec();
        for error in errors {
            let Some(index) = self.index_of(error.row) else { continue };
            if !error.problem.is_warning() {
                actions[index] = RowAction::Error as u8;
            }
            self.errors.push(error);
        }
        // Those of a row keep their order, which puts what was found later last.
        self.errors.sort_by_key(|error| error.row);
        let mut columns: Vec<ArrayRef> = self.rows.columns().to_vec();
        columns[1] = Arc::new(UInt8Array::from(actions));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.num_rows()));
        self.rows = RecordBatch::try_new_with_options(self.rows.schema(), columns, &options)?;
        Ok(())
    }

    /// How many rows a page of that sort has to choose from.
    pub fn shown_count(&self, show: PlanShow) -> usize {
        (0..self.row_count()).filter(|index| self.is_shown(show, *index)).count()
    }

    fn is_shown(&self, show: PlanShow, index: usize) -> bool {
        let action = self.action(index);
        match show {
            PlanShow::Errors => action == RowAction::Error,
            PlanShow::Updates => action == RowAction::Update,
            PlanShow::Creates => action == RowAction::Create,
            PlanShow::Warnings => self.errors_of(index).any(|error| error.problem.is_warning()),
            PlanShow::All => true,
        }
    }

    /// What is wrong with the row at a place, and its warnings.
    fn errors_of(&self, index: usize) -> impl Iterator<Item = &RowError> {
        let row = self.row_number(index);
        let first = self.errors.partition_point(|error| error.row < row);
        self.errors[first..].iter().take_while(move |error| error.row == row)
    }

    /// The names of the dataset's columns that the rows have, in the dataset's order.
    pub fn column_names(&self) -> Vec<String> {
        let schema = self.rows.schema();
        let names = schema.fields().iter().skip(2).filter_map(|field| field.name().strip_prefix('n'));
        names.map(str::to_owned).collect()
    }

    /// Rows of that sort for the screen, `limit` of them after the first `offset`.
    pub fn plan_rows(&self, show: PlanShow, offset: usize, limit: usize) -> Vec<PlanRow> {
        let shown = (0..self.row_count()).filter(|index| self.is_shown(show, *index));
        let indexes: Vec<usize> = shown.skip(offset).take(limit).collect();
        let names = self.column_names();
        indexes.into_iter().map(|index| self.plan_row(index, &names)).collect()
    }

    fn plan_row(&self, index: usize, names: &[String]) -> PlanRow {
        let (row, action) = (self.row_number(index), self.action(index));
        let errors: Vec<&RowError> = self.errors_of(index).collect();
        let texts = text::rows(&self.rows.slice(index, 1)).pop().unwrap_or_default();
        let cells = names.iter().enumerate().map(|(place, name)| {
            let of_cell: Vec<&&RowError> =
                errors.iter().filter(|error| error.column.as_deref() == Some(name)).collect();
            let [new, old] = [2 + 2 * place, 3 + 2 * place].map(|at| texts.get(at).cloned().flatten());
            let given = of_cell.iter().find(|error| !error.problem.is_warning());
            let changes = action == RowAction::Update && new != old;
            PlanCell {
                new: given.map_or(new, |error| Some(error.given.clone()).filter(|given| !given.is_empty())),
                old: changes.then_some(old),
                problems: of_cell.iter().map(|error| error.problem.clone()).collect(),
            }
        });
        let is_of_row =
            |error: &&&RowError| error.column.as_ref().is_none_or(|column| !names.contains(column));
        PlanRow {
            row,
            action,
            cells: cells.collect(),
            problems: errors.iter().filter(is_of_row).map(|error| error.problem.clone()).collect(),
        }
    }

    /// The chunk as bytes, one piece behind the other; equal chunks have equal bytes.
    ///
    /// # Errors
    /// [`ArrowError`] if it can't be written so.
    pub fn to_pieces(&self) -> Result<Vec<Bytes>, ArrowError> {
        let errors =
            serde_json::to_vec(&self.errors).map_err(|error| ArrowError::JsonError(error.to_string()))?;
        let rows = ipc::pieces(&without_nulls(&self.rows)?)?;
        let mut pieces = vec![Bytes::from_static(MAGIC), length_of(&rows)];
        pieces.extend(rows);
        let errors = Bytes::from(errors);
        pieces.push(length_of(std::slice::from_ref(&errors)));
        pieces.extend([errors, Bytes::from(keys::to_bytes(&self.keys))]);
        Ok(pieces)
    }

    /// Reads what [`CheckedChunk::to_pieces`] wrote.
    ///
    /// # Errors
    /// [`ArrowError`] if the bytes are no chunk, or not all of one.
    pub fn from_bytes(bytes: Bytes) -> Result<CheckedChunk, ArrowError> {
        let broken = || ArrowError::ParseError("the bytes are no checked chunk".to_owned());
        if !bytes.starts_with(MAGIC) {
            return Err(broken());
        }
        let mut rest = bytes.slice(MAGIC.len()..);
        let mut part = || {
            let length = rest.first_chunk().ok_or_else(broken)?;
            let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| broken())?;
            let mut part = rest.split_off(LENGTH_BYTES);
            if part.len() < length {
                return Err(broken());
            }
            rest = part.split_off(length);
            Ok::<_, ArrowError>(part)
        };
        let (rows, errors) = (part()?, part()?);
        let rows = with_nulls(&ipc::batch(rows)?)?;
        let has_form =
            has_form(&rows.schema()) && rows.column(0).null_count() + rows.column(1).null_count() == 0;
        if !has_form {
            return Err(broken());
        }
        let keys = keys::of_bytes(&rest)?.collect();
        let errors =
            serde_json::from_slice(&errors).map_err(|error| ArrowError::JsonError(error.to_string()))?;
        Ok(CheckedChunk { rows, errors, keys })
    }
}

/// How many bytes some pieces are, as they stand before them.
fn length_of(pieces: &[Bytes]) -> Bytes {
    let length: usize = pieces.iter().map(Bytes::len).sum();
    Bytes::copy_from_slice(&(length as u64).to_le_bytes())
}

/// The rows with columns of no type in place of those old values that are nothing but nulls, as they are where all rows are new:
/// such columns take no bytes.
fn without_nulls(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    retyped(rows, |index, column, _| {
        let is_empty = is_old(index) && column.null_count() == column.len();
        is_empty.then_some(DataType::Null)
    })
}

/// What [`without_nulls`] was made of: an old value has the type of the new one.
fn with_nulls(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    retyped(rows, |index, column, columns| {
        let is_stored_so = is_old(index) && *column.data_type() == DataType::Null;
        is_stored_so.then(|| columns[index - 1].data_type().clone())
    })
}

/// Whether a column of the rows holds old values: from the third on, each new value is followed by its old one.
fn is_old(index: usize) -> bool {
    index > 2 && index % 2 == 1
}

/// The rows with nulls of another type in place of the columns for which `wanted` gives one.
fn retyped(
    rows: &RecordBatch,
    wanted: impl Fn(usize, &ArrayRef, &[ArrayRef]) -> Option<DataType>,
) -> Result<RecordBatch, ArrowError> {
    let (schema, mut columns, row_count) = rows.clone().into_parts();
    let mut fields = schema.fields().to_vec();
    for index in 0..columns.len() {
        if let Some(data_type) = wanted(index, &columns[index], &columns) {
            columns[index] = new_null_array(&data_type, row_count);
            fields[index] = Arc::new(fields[index].as_ref().clone().with_data_type(data_type));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(row_count));
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)
}

/// Whether a schema is of the form that is promised.
fn has_form(schema: &Schema) -> bool {
    let fields = schema.fields();
    fields.len() >= 2
        && fields.len().is_multiple_of(2)
        && *fields[0].data_type() == DataType::UInt32
        && *fields[1].data_type() == DataType::UInt8
        && fields[2..].chunks(2).all(|pair| {
            let names = (pair[0].name().strip_prefix('n'), pair[1].name().strip_prefix('o'));
            matches!(names, (Some(new), Some(old)) if new == old)
                && pair[0].data_type() == pair[1].data_type()
        })
}

#[cfg(test)]
mod tests {
    use arrow_array::{Decimal128Array, UInt32Array};

    use super::*;

    /// A chunk of a column of money.
    fn chunk(old: Vec<Option<i128>>) -> CheckedChunk {
        let count = old.len();
        let rows = UInt32Array::from_iter_values(1..=count as u32);
        let actions = UInt8Array::from_value(RowAction::Create as u8, count);
        let new = Decimal128Array::from_iter_values(0..count as i128);
        let columns: [(&str, ArrayRef, bool); 4] = [
            ("row", Arc::new(rows), false),
            ("action", Arc::new(actions), false),
            ("nprice", Arc::new(new), true),
            ("oprice", Arc::new(Decimal128Array::from(old)), true),
        ];
        let rows = RecordBatch::try_from_iter_with_nullable(columns).expect("fits");
        CheckedChunk { rows, errors: Vec::new(), keys: Vec::new() }
    }

    #[test]
    fn old_values_that_are_not_there_take_no_bytes_and_keep_their_type() {
        for (old, bytes_max) in [(vec![None; 1000], 22_000), (vec![Some(5); 1000], 38_000)] {
            let chunk = chunk(old);
            let bytes = chunk.to_pieces().expect("is written").concat();
            assert!((bytes_max - 1000..bytes_max).contains(&bytes.len()), "{}", bytes.len());
            assert_eq!(CheckedChunk::from_bytes(bytes.into()).expect("is read"), chunk);
        }
    }
}
