//! SQLite's values as Arrow columns: one builder a column, picked once from its type.

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::civil::{Date, DateTime};
use longshore_protocol::ColumnType;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::sync::Arc;

use crate::config::StoredAs;
use crate::dataset::{Column, Dataset};
use crate::query::Query;
use crate::schema::{DECIMAL_PRECISION, schema_of};
use crate::value::{parse_decimal, parse_timestamp, type_name};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Why a row could not be taken.
pub(super) enum RowError {
    Sql(rusqlite::Error),
    BadValue { column: String, found: String, declared: &'static str },
}

/// Gathers rows into a batch.
pub(super) struct BatchBuilder {
    schema: SchemaRef,
    columns: Vec<(Column, Builder)>,
    row_count: usize,
}

impl BatchBuilder {
    pub(super) fn new(dataset: &Dataset, query: &Query, capacity: usize) -> BatchBuilder {
        let columns = query.columns_of(dataset);
        BatchBuilder {
            schema: schema_of(&columns),
            columns: columns
                .into_iter()
                .map(|column| (column.clone(), Builder::new(column, capacity)))
                .collect(),
            row_count: 0,
        }
    }

    pub(super) fn row_count(&self) -> usize {
        self.row_count
    }

    pub(super) fn append(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        for (index, (column, builder)) in self.columns.iter_mut().enumerate() {
            let value = row.get_ref(index).map_err(RowError::Sql)?;
            if !builder.append(value, column.stored_as) {
                return Err(RowError::BadValue {
                    column: column.name.clone(),
                    found: format!("{} value", value.data_type().to_string().to_lowercase()),
                    declared: type_name(column.column_type),
                });
            }
        }
        self.row_count += 1;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays =
            self.columns.iter_mut().map(|(_, builder)| builder.finish()).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.row_count));
        self.row_count = 0;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
    }
}

enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder, u8),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl Builder {
    fn new(column: &Column, capacity: usize) -> Builder {
        match column.column_type {
            ColumnType::Text => Builder::Text(StringBuilder::with_capacity(capacity, capacity * 16)),
            ColumnType::Integer => Builder::Integer(Int64Builder::with_capacity(capacity)),
            ColumnType::Decimal { scale } => {
                Builder::Decimal(Decimal128Builder::with_capacity(capacity), scale)
            }
            ColumnType::Float => Builder::Float(Float64Builder::with_capacity(capacity)),
            ColumnType::Boolean => Builder::Boolean(BooleanBuilder::with_capacity(capacity)),
            ColumnType::Date => Builder::Date(Date32Builder::with_capacity(capacity)),
            ColumnType::Timestamp => Builder::Timestamp(TimestampMicrosecondBuilder::with_capacity(capacity)),
        }
    }

    /// Whether the value is of the column's type, or null.
    fn append(&mut self, value: ValueRef<'_>, stored_as: StoredAs) -> bool {
        macro_rules! put {
            ($builder:expr, $read:expr) => {
                match value {
                    ValueRef::Null => {
                        $builder.append_null();
                        true
                    }
                    _ => match $read {
                        Some(read) => {
                            $builder.append_value(read);
                            true
                        }
                        None => false,
                    },
                }
            };
        }
        match self {
            Builder::Text(builder) => match value {
                ValueRef::Text(bytes) => {
                    let text = std::str::from_utf8(bytes);
                    text.map(|text| builder.append_value(text)).is_ok()
                }
                ValueRef::Integer(number) => {
                    builder.append_value(number.to_string());
                    true
                }
                ValueRef::Real(number) => {
                    builder.append_value(number.to_string());
                    true
                }
                ValueRef::Null => {
                    builder.append_null();
                    true
                }
                ValueRef::Blob(_) => false,
            },
            Builder::Integer(builder) => put!(builder, integer(value)),
            Builder::Decimal(builder, scale) => put!(builder, decimal(value, *scale, stored_as)),
            Builder::Float(builder) => put!(builder, float(value)),
            Builder::Boolean(builder) => put!(builder, boolean(value)),
            Builder::Date(builder) => put!(builder, days(value, stored_as)),
            Builder::Timestamp(builder) => put!(builder, micros(value, stored_as)),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Builder::Text(builder) => Arc::new(builder.finish()),
            Builder::Integer(builder) => Arc::new(builder.finish()),
            Builder::Decimal(builder, scale) => {
                Arc::new(builder.finish().with_precision_and_scale(DECIMAL_PRECISION, scale.cast_signed())?)
            }
            Builder::Float(builder) => Arc::new(builder.finish()),
            Builder::Boolean(builder) => Arc::new(builder.finish()),
            Builder::Date(builder) => Arc::new(builder.finish()),
            Builder::Timestamp(builder) => Arc::new(builder.finish()),
        })
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

pub(super) fn integer(value: ValueRef<'_>) -> Option<i64> {
    /// Doubles are exact whole numbers up to here.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) if number.fract() == 0.0 && number.abs() <= EXACT_MAX => Some(number as i64),
        _ => text(value)?.trim().parse().ok(),
    }
}

pub(super) fn decimal(value: ValueRef<'_>, scale: u8, stored_as: StoredAs) -> Option<i128> {
    match value {
        ValueRef::Integer(units) if stored_as == StoredAs::ScaledInteger => Some(i128::from(units)),
        ValueRef::Integer(number) => Some(i128::from(number) * 10i128.pow(u32::from(scale))),
        // Rounded to the scale, as the shortest text of a double that once was a decimal would be.
        ValueRef::Real(number) if number.is_finite() => {
            parse_decimal(&format!("{number:.precision$}", precision = usize::from(scale)), scale)
        }
        _ => parse_decimal(text(value)?.trim(), scale),
    }
}

pub(super) fn float(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(number) => Some(number),
        ValueRef::Integer(number) => Some(number as f64),
        _ => text(value)?.trim().parse().ok(),
    }
}

fn boolean(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Integer(0) => Some(false),
        ValueRef::Integer(1) => Some(true),
        ValueRef::Real(number) if number == 0.0 || number == 1.0 => Some(number == 1.0),
        _ => match text(value)? {
            "true" | "TRUE" | "True" | "t" | "1" => Some(true),
            "false" | "FALSE" | "False" | "f" | "0" => Some(false),
            _ => None,
        },
    }
}

fn unix_millis(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i64> {
    match stored_as {
        StoredAs::UnixSeconds => integer(value)?.checked_mul(1000),
        StoredAs::UnixMillis => integer(value),
        _ => None,
    }
}

/// Days since 1970-01-01.
pub(super) fn days(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i32> {
    if let Some(millis) = unix_millis(value, stored_as) {
        return i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).ok();
    }
    // A midnight after the day is what some drivers write for a date.
    let day = text(value)?.trim();
    let day = day.strip_suffix("00:00:00").map_or(day, |day| day.trim_end_matches([' ', 'T']));
    let date: Date = day.parse().ok()?;
    let since = date.since(Date::constant(1970, 1, 1)).ok()?;
    Some(since.get_days())
}

/// Microseconds since 1970-01-01 00:00:00.
pub(super) fn micros(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i64> {
    if let Some(millis) = unix_millis(value, stored_as) {
        return millis.checked_mul(1000);
    }
    let time: DateTime = parse_timestamp(text(value)?.trim())?;
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}
