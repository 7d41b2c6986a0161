//! Columns as Arrow fields.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;

use crate::dataset::Column;

/// Digits in all that a decimal column carries: what fits 128 bits.
pub const DECIMAL_PRECISION: u8 = 38;

/// The name of a zone in Arrow types.
pub fn zone_name(zone: &TimeZone) -> Arc<str> {
    Arc::from(zone.iana_name().unwrap_or("UTC"))
}

/// The Arrow type of a column type; `zone` is where moments are shown.
pub fn data_type(column_type: ColumnType, zone: &TimeZone) -> DataType {
    match column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { scale } => DataType::Decimal128(DECIMAL_PRECISION, scale.cast_signed()),
        ColumnType::Float => DataType::Float64,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Time => DataType::Time64(TimeUnit::Microsecond),
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        ColumnType::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(zone_name(zone))),
    }
}

/// The schema of batches with these columns; every field can be null and bears the column's name.
pub fn schema_of(columns: &[&Column], zone: &TimeZone) -> SchemaRef {
    let field = |column: &&Column| Field::new(&column.name, data_type(column.column_type, zone), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}
