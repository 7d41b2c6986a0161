//! Columns: what can be written, decided once from the schema, and the typed values of one batch.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Schema, TimeUnit};

use crate::SheetError;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Integer,
    Decimal {
        scale: i8,
    },
    Float,
    Boolean,
    Date,
    Time,
    /// A day with a time of day; of a moment, those of its zone.
    Timestamp,
}

impl ColumnKind {
    /// The kind of an Arrow type; `None` where it has no encoder.
    fn of(data_type: &DataType) -> Option<ColumnKind> {
        match data_type {
            DataType::Utf8 => Some(ColumnKind::Text),
            DataType::Int64 => Some(ColumnKind::Integer),
            DataType::Decimal128(_, scale) => Some(ColumnKind::Decimal { scale: *scale }),
            DataType::Float64 => Some(ColumnKind::Float),
            DataType::Boolean => Some(ColumnKind::Boolean),
            DataType::Date32 => Some(ColumnKind::Date),
            DataType::Time64(TimeUnit::Microsecond) => Some(ColumnKind::Time),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Some(ColumnKind::Timestamp),
            _ => None,
        }
    }
}

/// The kinds of a schema's columns, or the first column that cannot be written.
pub(crate) fn kinds_of(schema: &Schema) -> Result<Vec<ColumnKind>, SheetError> {
    let kind_of = |field: &arrow_schema::FieldRef| {
        ColumnKind::of(field.data_type()).ok_or_else(|| SheetError::UnsupportedType {
            column: field.name().clone(),
            data_type: field.data_type().clone(),
        })
    };
    schema.fields().iter().map(kind_of).collect()
}

/// Checks that a batch has the types the writer was opened with; names and nullability may differ.
pub(crate) fn check_schema(expected: &Schema, found: &Schema) -> Result<(), SheetError> {
    let (want, have) = (expected.fields(), found.fields());
    if want.len() != have.len() {
        let detail = format!("{} columns instead of {}", have.len(), want.len());
        return Err(SheetError::SchemaMismatch { detail });
    }
    match want.iter().zip(have).find(|(want, have)| want.data_type() != have.data_type()) {
        None => Ok(()),
        Some((want, have)) => {
            let (name, have, want) = (want.name(), have.data_type(), want.data_type());
            Err(SheetError::SchemaMismatch { detail: format!("\"{name}\" is {have} instead of {want}") })
        }
    }
}

/// The values of one column in one batch, with their type known.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    Text(&'a StringArray),
    Integer(&'a Int64Array),
    Decimal(&'a Decimal128Array, i8),
    Float(&'a Float64Array),
    Boolean(&'a BooleanArray),
    Date(&'a Date32Array),
    Time(&'a Time64MicrosecondArray),
    Timestamp(&'a TimestampMicrosecondArray),
}

impl<'a> Values<'a> {
    /// The columns of a batch that [`check_schema`] has accepted.
    pub(crate) fn of_batch(kinds: &[ColumnKind], batch: &'a RecordBatch) -> Vec<Values<'a>> {
        let typed = |(kind, array): (&ColumnKind, &'a arrow_array::ArrayRef)| match *kind {
            ColumnKind::Text => Values::Text(array.as_string::<i32>()),
            ColumnKind::Integer => Values::Integer(array.as_primitive::<Int64Type>()),
            ColumnKind::Decimal { scale } => Values::Decimal(array.as_primitive::<Decimal128Type>(), scale),
            ColumnKind::Float => Values::Float(array.as_primitive::<Float64Type>()),
            ColumnKind::Boolean => Values::Boolean(array.as_boolean()),
            ColumnKind::Date => Values::Date(array.as_primitive::<Date32Type>()),
            ColumnKind::Time => Values::Time(array.as_primitive::<Time64MicrosecondType>()),
            ColumnKind::Timestamp => Values::Timestamp(array.as_primitive::<TimestampMicrosecondType>()),
        };
        kinds.iter().zip(batch.columns()).map(typed).collect()
    }

    /// Whether the value of a row is missing.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Values::Text(array) => array.is_null(row),
            Values::Integer(array) => array.is_null(row),
            Values::Decimal(array, _) => array.is_null(row),
            Values::Float(array) => array.is_null(row),
            Values::Boolean(array) => array.is_null(row),
            Values::Date(array) => array.is_null(row),
            Values::Time(array) => array.is_null(row),
            Values::Timestamp(array) => array.is_null(row),
        }
    }
}
