//! Values of parameters in the form in which the column holds its values, so that comparing needs no conversion and an index
//! can serve.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use rusqlite::types::Value as SqlValue;

use super::decode::ordered;
use crate::config::StoredAs;
use crate::double;
use crate::statement::{Bound, Declared, Param};
use crate::text;
use crate::value::Value;

/// Decimals from here on have more digits than a double tells apart with some noise.
const DOUBLES_TO: u128 = 10u128.pow(14);

/// The value as SQLite holds it.
pub(super) fn stored(param: &Param) -> SqlValue {
    let stored_as = param.stored_as;
    match &param.value {
        Value::Text(text) => match bytes_of_hex(text) {
            Some(bytes) if stored_as == StoredAs::Bytes => SqlValue::Blob(bytes),
            _ => SqlValue::Text(text.clone()),
        },
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Float(number) => SqlValue::Real(*number),
        Value::Boolean(truth) => SqlValue::Integer(i64::from(*truth)),
        Value::Decimal { unscaled, .. } if stored_as == StoredAs::ScaledInteger => {
            // What is over 64 bits is compared as a double, which is over them as well.
            i64::try_from(*unscaled).map_or(SqlValue::Real(*unscaled as f64), SqlValue::Integer)
        }
        // The nearest double, as SQLite itself makes of a decimal literal.
        Value::Decimal { unscaled, scale } => {
            SqlValue::Real(text::decimal(*unscaled, *scale).parse().unwrap_or(f64::INFINITY))
        }
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

/// The value as SQLite holds it, at one end of what stands for it.
pub(super) fn bounded(param: &Param, bound: Bound) -> SqlValue {
    match (&param.value, param.stored_as, bound) {
        (_, StoredAs::ScaledInteger, _) | (_, _, Bound::Nearest) => stored(param),
        (Value::Decimal { unscaled, scale }, _, Bound::Lowest) => {
            SqlValue::Real(double::span(*unscaled, *scale).0)
        }
        (Value::Decimal { unscaled, scale }, _, Bound::Highest) => {
            SqlValue::Real(double::span(*unscaled, *scale).1)
        }
        _ => stored(param),
    }
}

/// The value as [`super::decode::comparable`] makes it of a column's values.
pub(super) fn comparable(param: &Param, declared: &Declared) -> SqlValue {
    let micros = |time: DateTime| {
        let moment = TimeZone::UTC.to_timestamp(time);
        SqlValue::Integer(moment.map_or(i64::MAX, |moment| moment.as_microsecond()))
    };
    match &param.value {
        Value::Decimal { unscaled, .. } => ordered(*unscaled),
        Value::Date(date) if declared.column_type == ColumnType::Date => {
            let since = date.duration_since(Date::constant(1970, 1, 1));
            SqlValue::Integer(since.as_secs().div_euclid(86_400))
        }
        Value::Date(date) => micros(date.to_datetime(Time::midnight())),
        Value::Time(time) => {
            let since = time.duration_since(Time::midnight()).as_micros();
            SqlValue::Integer(i64::try_from(since).unwrap_or(i64::MAX))
        }
        Value::Timestamp(time) => micros(*time),
        Value::TimestampTz(moment) => SqlValue::Integer(moment.as_microsecond()),
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => stored(param),
    }
}

/// Whether SQLite tells the value from its neighbours in a column of numbers.
pub(super) fn is_told_apart(value: &Value) -> bool {
    match value {
        Value::Decimal { unscaled, .. } => unscaled.unsigned_abs() < DOUBLES_TO,
        // A text that is a number is compared as one: then 007 would be 7.
        Value::Text(text) => text.trim().parse::<f64>().is_err() || is_canonical(text),
        _ => true,
    }
}

/// Whether a text is a whole number just as it is shown.
pub(super) fn is_canonical(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
