//! Parameters: how they stand in SQL, and what is sent. Each has the type of what it is compared with, because the server compares
//! a number with a text as floating point, and a time with a text sometimes as text.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use mysql_async::{Params, Value as SqlValue};

use crate::config::StoredAs;
use crate::statement::Param;
use crate::text;
use crate::value::Value;

/// The mark of a parameter.
pub(crate) fn mark(param: &Param) -> String {
    match (&param.value, param.stored_as) {
        (Value::Text(_), StoredAs::Bytes) => "UNHEX(?)".to_owned(),
        (Value::Decimal { .. }, StoredAs::ScaledInteger) => "CAST(? AS DECIMAL(38, 0))".to_owned(),
        (Value::Decimal { scale, .. }, _) => format!("CAST(? AS DECIMAL(38, {scale}))"),
        (
            Value::Date(_) | Value::Timestamp(_) | Value::TimestampTz(_),
            StoredAs::UnixSeconds | StoredAs::UnixMillis | StoredAs::IsoT,
        ) => "?".to_owned(),
        (Value::Date(_), _) => "CAST(? AS DATE)".to_owned(),
        (Value::Time(_), _) => "CAST(? AS TIME(6))".to_owned(),
        (Value::Timestamp(_) | Value::TimestampTz(_), _) => "CAST(? AS DATETIME(6))".to_owned(),
        (Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_), _) => "?".to_owned(),
    }
}

/// The values of parameters in the form in which their columns hold them.
pub(super) fn all(params: &[Param]) -> Params {
    if params.is_empty() { Params::Empty } else { Params::Positional(params.iter().map(stored).collect()) }
}

pub(super) fn stored(param: &Param) -> SqlValue {
    let stored_as = param.stored_as;
    match &param.value {
        Value::Text(text) => SqlValue::from(text),
        Value::Integer(number) => SqlValue::Int(*number),
        Value::Float(number) => SqlValue::Double(*number),
        Value::Boolean(truth) => SqlValue::Int(i64::from(*truth)),
        Value::Decimal { unscaled, .. } if stored_as == StoredAs::ScaledInteger => {
            SqlValue::from(unscaled.to_string())
        }
        Value::Decimal { unscaled, scale } => SqlValue::from(text::decimal(*unscaled, *scale)),
        Value::Date(date) => match stored_as {
            StoredAs::UnixSeconds | StoredAs::UnixMillis => {
                stored_time(stored_as, date.to_datetime(Time::midnight()))
            }
            _ => SqlValue::from(date.to_string()),
        },
        Value::Time(time) => SqlValue::from(time.strftime("%T%.f").to_string()),
        Value::Timestamp(time) => stored_time(stored_as, *time),
        Value::TimestampTz(moment) => stored_time(stored_as, TimeZone::UTC.to_datetime(*moment)),
    }
}

fn stored_time(stored_as: StoredAs, time: DateTime) -> SqlValue {
    let millis = || TimeZone::UTC.to_timestamp(time).map_or(i64::MAX, |timestamp| timestamp.as_millisecond());
    match stored_as {
        StoredAs::UnixSeconds => SqlValue::Int(millis().div_euclid(1000)),
        StoredAs::UnixMillis => SqlValue::Int(millis()),
        StoredAs::IsoT => SqlValue::from(time.strftime("%FT%T%.f").to_string()),
        _ => SqlValue::from(time.strftime("%F %T%.f").to_string()),
    }
}
