//! Single cells as values of their column's type.

use jiff::tz::TimeZone;

use crate::dataset::Column;
use crate::value::{self, Value};

/// A text of the configuration as a value of the column.
pub(crate) fn typed(text: &str, column: &Column) -> Option<Value> {
    value::read(&serde_json::Value::String(text.to_owned()), column.column_type, &TimeZone::UTC).ok()
}

/// Whether a value is less than another of the same type.
pub(crate) fn is_less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a < b,
        (Value::Decimal { unscaled: a, .. }, Value::Decimal { unscaled: b, .. }) => a < b,
        (Value::Float(a), Value::Float(b)) => a < b,
        (Value::Date(a), Value::Date(b)) => a < b,
        (Value::Time(a), Value::Time(b)) => a < b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a < b,
        (Value::TimestampTz(a), Value::TimestampTz(b)) => a < b,
        _ => false,
    }
}
