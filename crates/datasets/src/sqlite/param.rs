//! Values of parameters in the form in which the column holds its values, so that comparing needs no conversion and an index
//! can serve.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use rusqlite::types::Value as SqlValue;

use crate::config::StoredAs;
use crate::statement::Param;
use crate::text;
use crate::value::Value;

/// The value as SQLite holds it.
pub(super) fn stored(param: &Param) -> SqlValue {
    let stored_as = param.stored_as;
    match &param.value {
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Float(number) => SqlValue::Real(*number),
        Value::Boolean(truth) => SqlValue::Integer(i64::from(*truth)),
        Value::Decimal { unscaled, scale } => match (stored_as, i64::try_from(*unscaled)) {
            (StoredAs::ScaledInteger, Ok(units)) => SqlValue::Integer(units),
            // The nearest double, as SQLite itself makes of a decimal literal.
            _ => SqlValue::Real(text::decimal(*unscaled, *scale).parse().unwrap_or(f64::INFINITY)),
        },
        Value::Date(date) => match stored_as {
            StoredAs::UnixSeconds | StoredAs::UnixMillis => {
                stored_time(stored_as, date.to_datetime(Time::midnight()))
            }
            _ => SqlValue::Text(date.to_string()),
        },
        Value::Time(time) => SqlValue::Text(time.strftime("%T%.f").to_string()),
        Value::Timestamp(time) => stored_time(stored_as, *time),
        Value::TimestampTz(moment) => stored_time(stored_as, TimeZone::UTC.to_datetime(*moment)),
    }
}

fn stored_time(stored_as: StoredAs, time: DateTime) -> SqlValue {
    let millis = || TimeZone::UTC.to_timestamp(time).map_or(i64::MAX, |timestamp| timestamp.as_millisecond());
    match stored_as {
        StoredAs::UnixSeconds => SqlValue::Integer(millis().div_euclid(1000)),
        StoredAs::UnixMillis => SqlValue::Integer(millis()),
        StoredAs::IsoT => SqlValue::Text(time.strftime("%FT%T%.f").to_string()),
        _ => SqlValue::Text(time.strftime("%F %T%.f").to_string()),
    }
}
