//! Columns as Arrow fields.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use longshore_protocol::ColumnType;

use crate::dataset::Column;

/// Digits in all that a decimal column carries: what fits 128 bits.
pub const DECIMAL_PRECISION: u8 = 38;

/// The Arrow type of a column type.
pub fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { scale } => DataType::Decimal128(DECIMAL_PRECISION, scale.cast_signed()),
        ColumnType::Float => DataType::Float64,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// The schema of batches with these columns; every field can be null and bears the column's name.
pub fn schema_of(columns: &[&Column]) -> SchemaRef {
    let field = |column: &&Column| Field::new(&column.name, data_type(column.column_type), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}
