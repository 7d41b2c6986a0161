//! SQLite's values as Arrow columns.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use rusqlite::Row;
use rusqlite::types::{Value as SqlValue, ValueRef};

use crate::columns::{ColumnBuilder, Columns};
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::double;
use crate::source::Yield;
use crate::text::hex;
use crate::value::{parse_decimal, parse_moment, parse_timestamp};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Why a row could not be taken.
pub(super) enum RowError {
    Sql(rusqlite::Error),
    BadValue { column: String, found: String, declared: &'static str },
}

/// Gathers rows into a batch.
pub(super) struct BatchBuilder<'a> {
    columns: &'a [&'a Column],
    batch: Columns,
}

impl<'a> BatchBuilder<'a> {
    pub(super) fn new(yields: &Yield<'a>) -> BatchBuilder<'a> {
        BatchBuilder { columns: yields.columns, batch: Columns::new(yields) }
    }

    pub(super) fn row_count(&self) -> usize {
        self.batch.row_count
    }

    /// See [`Columns::is_full`].
    pub(super) fn is_full(&self, row_count: usize) -> bool {
        self.batch.is_full(row_count)
    }

    pub(super) fn append(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        for (index, (column, builder)) in self.columns.iter().zip(&mut self.batch.builders).enumerate() {
            let value = row.get_ref(index).map_err(RowError::Sql)?;
            if !append(builder, value, column.stored_as) {
                return Err(RowError::BadValue {
                    column: column.name.clone(),
                    found: kind(value),
                    declared: column.column_type.name(),
                });
            }
        }
        self.batch.row_count += 1;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.batch.finish()
    }
}

/// What kind of value it is, for people.
pub(super) fn kind(value: ValueRef<'_>) -> String {
    format!("{} value", value.data_type().to_string().to_lowercase())
}

/// Whether a value can be read so; null can be read as anything.
pub(crate) fn fits(value: ValueRef<'_>, column_type: ColumnType, stored_as: StoredAs) -> bool {
    append(&mut ColumnBuilder::new(column_type, &TimeZone::UTC, 1, 0), value, stored_as)
}

/// What is compared and sorted by in the place of a value that is held otherwise than SQLite compares and sorts: equal, smaller and
/// larger where what is shown is. `None` if the value is not of the type.
pub(super) fn comparable(
    value: ValueRef<'_>,
    column_type: ColumnType,
    stored_as: StoredAs,
) -> Option<SqlValue> {
    Some(match column_type {
        _ if matches!(value, ValueRef::Null) => SqlValue::Null,
        ColumnType::Text => match value {
            ValueRef::Text(bytes) => SqlValue::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
            ValueRef::Integer(number) => SqlValue::Text(number.to_string()),
            ValueRef::Real(number) => SqlValue::Text(number.to_string()),
            ValueRef::Blob(bytes) if stored_as == StoredAs::Bytes => SqlValue::Text(hex(bytes)),
            ValueRef::Blob(_) | ValueRef::Null => return None,
        },
        ColumnType::Integer => SqlValue::Integer(integer(value)?),
        ColumnType::Decimal { scale } => ordered(decimal(value, scale, stored_as)?),
        ColumnType::Float => SqlValue::Real(float(value)?),
        ColumnType::Boolean => SqlValue::Integer(i64::from(boolean(value)?)),
        ColumnType::Date => SqlValue::Integer(i64::from(days(value, stored_as)?)),
        ColumnType::Time => SqlValue::Integer(micros_of_day(value)?),
        ColumnType::Timestamp => SqlValue::Integer(micros(value, stored_as)?),
        ColumnType::TimestampTz => SqlValue::Integer(moment(value, stored_as)?),
    })
}

/// A number of 128 bits as bytes that sort as it does.
pub(super) fn ordered(number: i128) -> SqlValue {
    SqlValue::Blob((number.cast_unsigned() ^ (1 << 127)).to_be_bytes().to_vec())
}

/// Whether the value is of the column's type, or null.
fn append(builder: &mut ColumnBuilder, value: ValueRef<'_>, stored_as: StoredAs) -> bool {
    macro_rules! put {
        ($builder:expr, $read:expr) => {
            match $read {
                Some(read) => {
                    $builder.append_value(read);
                    true
                }
                None => false,
            }
        };
    }
    if matches!(value, ValueRef::Null) {
        builder.append_null();
        return true;
    }
    match builder {
        ColumnBuilder::Text(builder) => match value {
            ValueRef::Text(bytes) => put!(builder, std::str::from_utf8(bytes).ok()),
            ValueRef::Integer(number) => put!(builder, Some(number.to_string())),
            ValueRef::Real(number) => put!(builder, Some(number.to_string())),
            ValueRef::Blob(bytes) if stored_as == StoredAs::Bytes => put!(builder, Some(hex(bytes))),
            ValueRef::Blob(_) | ValueRef::Null => false,
        },
        ColumnBuilder::Integer(builder) => put!(builder, integer(value)),
        ColumnBuilder::Decimal(builder, scale) => put!(builder, decimal(value, *scale, stored_as)),
        ColumnBuilder::Float(builder) => put!(builder, float(value)),
        ColumnBuilder::Boolean(builder) => put!(builder, boolean(value)),
        ColumnBuilder::Date(builder) => put!(builder, days(value, stored_as)),
        ColumnBuilder::Time(builder) => put!(builder, micros_of_day(value)),
        ColumnBuilder::Timestamp(builder) => put!(builder, micros(value, stored_as)),
        ColumnBuilder::TimestampTz(builder) => put!(builder, moment(value, stored_as)),
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    /// Doubles are exact whole numbers up to here.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) if number.fract() == 0.0 && number.abs() <= EXACT_MAX => Some(number as i64),
        _ => text(value)?.trim().parse().ok(),
    }
}

fn decimal(value: ValueRef<'_>, scale: u8, stored_as: StoredAs) -> Option<i128> {
    match value {
        // A column of the type REAL makes doubles of all numbers.
        _ if stored_as == StoredAs::ScaledInteger => integer(value).map(i128::from),
        ValueRef::Integer(number) => Some(i128::from(number) * 10i128.pow(u32::from(scale))),
        ValueRef::Real(number) => double::decimal_of(number, scale),
        _ => parse_decimal(text(value)?.trim(), scale),
    }
}

fn float(value: ValueRef<'_>) -> Option<f64> {
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
fn days(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i32> {
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
fn micros(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i64> {
    if let Some(millis) = unix_millis(value, stored_as) {
        return millis.checked_mul(1000);
    }
    let time: DateTime = parse_timestamp(text(value)?.trim())?;
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}

/// Microseconds since midnight.
fn micros_of_day(value: ValueRef<'_>) -> Option<i64> {
    let time: Time = text(value)?.trim().parse().ok()?;
    i64::try_from(time.duration_since(Time::midnight()).as_micros()).ok()
}

/// Microseconds since 1970-01-01 00:00:00 UTC; a text without an offset is in UTC.
fn moment(value: ValueRef<'_>, stored_as: StoredAs) -> Option<i64> {
    if let Some(millis) = unix_millis(value, stored_as) {
        return millis.checked_mul(1000);
    }
    parse_moment(text(value)?.trim(), &TimeZone::UTC).map(Timestamp::as_microsecond)
}
