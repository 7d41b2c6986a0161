//! What an import's columns are, for checking, writing and taking back alike.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type};
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::take::take;
use longshore_protocol::import::RowAction;

use super::target::{self, Place};
use super::{CheckSpec, CheckedChunk, Importing};
use crate::dataset::{Column, Dataset};
use crate::schema::data_type;

/// The columns of an import.
pub(crate) struct Plan<'a> {
    pub(crate) importing: &'a Importing,
    pub(crate) place: Place<'a>,
    /// Positions of the mapped columns in the dataset, in its order.
    pub(crate) positions: Vec<usize>,
    /// The mapped columns.
    pub(crate) columns: Vec<&'a Column>,
    /// Places of the key among the mapped columns.
    pub(crate) key: Vec<usize>,
    /// Places of the others.
    pub(crate) others: Vec<usize>,
    /// The dataset's other columns.
    pub(crate) unmapped: Vec<&'a Column>,
    pub(crate) schema: SchemaRef,
}

impl<'a> Plan<'a> {
    /// Why it can't be is told in words.
    pub(crate) fn of(dataset: &'a Dataset, spec: &CheckSpec) -> Result<Plan<'a>, String> {
        let importing = dataset.importing.as_ref().ok_or("the dataset can't be imported")?;
        let place = target::place(dataset).ok_or("only a table can be imported into")?;
        let positions = spec.positions();
        if let Some(position) =
            positions.iter().find(|position| importing.columns.get(**position).is_none_or(Option::is_none))
        {
            let name = dataset.columns.get(*position).map_or("of no such position", |column| &column.name);
            return Err(format!("column {name} takes no part in imports"));
        }
        if positions.len() != spec.mapping.len() {
            return Err("two columns of the file go to the same column".to_owned());
        }
        if !importing.modes.contains(&spec.mode) {
            return Err(format!("the mode {} is not allowed", spec.mode.name()));
        }
        let columns: Vec<&Column> = positions.iter().map(|position| &dataset.columns[*position]).collect();
        let mut key = Vec::with_capacity(importing.key.len());
        for position in &importing.key {
            let place = positions.iter().position(|mapped| mapped == position);
            let missing =
                || format!("column {} names rows, and is not mapped", dataset.columns[*position].name);
            key.push(place.ok_or_else(missing)?);
        }
        let others = (0..columns.len()).filter(|place| !key.contains(place)).collect();
        let unmapped = dataset.columns.iter().enumerate();
        let unmapped = unmapped.filter(|(position, _)| !positions.contains(position));
        let mut fields =
            vec![Field::new("row", DataType::UInt32, false), Field::new("action", DataType::UInt8, false)];
        for column in &columns {
            let data_type = data_type(column.column_type, &spec.zone);
            fields.push(Field::new(format!("n{}", column.name), data_type.clone(), true));
            fields.push(Field::new(format!("o{}", column.name), data_type, true));
        }
        Ok(Plan {
            importing,
            place,
            unmapped: unmapped.map(|(_, column)| column).collect(),
            positions,
            columns,
            key,
            others,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    pub(crate) fn key_columns(&self) -> Vec<&'a Column> {
        self.key.iter().map(|place| self.columns[*place]).collect()
    }

    /// The new values of mapped columns in a chunk's rows.
    pub(crate) fn new_of(&self, rows: &RecordBatch, places: &[usize]) -> Vec<ArrayRef> {
        places.iter().map(|place| Arc::clone(rows.column(2 + 2 * place))).collect()
    }

    /// The old values of mapped columns in a chunk's rows.
    pub(crate) fn old_of(&self, rows: &RecordBatch, places: &[usize]) -> Vec<ArrayRef> {
        places.iter().map(|place| Arc::clone(rows.column(3 + 2 * place))).collect()
    }
}

/// The rows of a chunk that have one of the actions.
pub(crate) fn rows_of(chunk: &CheckedChunk, actions: &[RowAction]) -> Result<RecordBatch, ArrowError> {
    let wanted =
        (0u32..).zip(chunk.actions()).filter(|(_, action)| actions.contains(&RowAction::from_u8(**action)));
    let indexes: Vec<u32> = wanted.map(|(index, _)| index).collect();
    if indexes.len() == chunk.row_count() {
        return Ok(chunk.rows.clone());
    }
    taken(&chunk.rows, &indexes)
}

/// What happens to a row of a batch of a chunk's rows.
pub(crate) fn action_at(rows: &RecordBatch, index: usize) -> RowAction {
    RowAction::from_u8(rows.column(1).as_primitive::<UInt8Type>().value(index))
}

/// The number in the file of a row of a batch of a chunk's rows.
pub(crate) fn number_at(rows: &RecordBatch, index: usize) -> u32 {
    rows.column(0).as_primitive::<UInt32Type>().value(index)
}

/// Some rows of a batch.
pub(crate) fn taken(rows: &RecordBatch, indexes: &[u32]) -> Result<RecordBatch, ArrowError> {
    arrow_select::take::take_record_batch(rows, &UInt32Array::from(indexes.to_vec()))
}

/// Some values of columns.
pub(crate) fn taken_of(columns: &[ArrayRef], indexes: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
    let indexes = UInt32Array::from(indexes.to_vec());
    columns.iter().map(|column| take(column, &indexes, None)).collect()
}
