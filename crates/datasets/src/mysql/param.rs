//! Parameters: how they and their columns stand in SQL, and what is sent. Each has the type of what it is compared with, because
//! the server compares a number with a text as floating point, and a time with a text sometimes as text.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use mysql_async::Value as SqlValue;

use super::held::Held;
use crate::config::StoredAs;
use crate::double;
use crate::statement::{Bound, Declared, Param};
use crate::text;
use crate::value::Value;

/// What stands before and after something in SQL.
pub(super) type Around = (&'static str, String);

const AS_IT_IS: (&str, &str) = ("", "");
const AS_TEXT: (&str, &str) = ("CAST(", " AS CHAR)");

/// How a column is compared with values.
pub(super) struct Compared {
    /// Around the column.
    pub(super) column: (&'static str, &'static str),
    /// Around each parameter's mark, and what is sent for it, in their order.
    pub(super) marks: Vec<(Around, SqlValue)>,
}

/// How a column that holds what `held` says is compared with parameters.
pub(super) fn compared(held: Held, declared: &Declared, params: &[(&Param, Bound)]) -> Compared {
    let texts: Option<Vec<&str>> = params
        .iter()
        .map(|(param, _)| if let Value::Text(text) = &param.value { Some(text.as_str()) } else { None })
        .collect();
    if let Some(texts) = texts {
        return compared_with_texts(held, declared.stored_as, &texts);
    }
    let marks = params.iter().map(|(param, bound)| (around(param, held), bounded(param, *bound, held)));
    Compared { column: AS_IT_IS, marks: marks.collect() }
}

/// A text is compared with what is shown of the column. As it stands the server would take a text that is no number for 0.
fn compared_with_texts(held: Held, stored_as: StoredAs, texts: &[&str]) -> Compared {
    let every = |test: fn(&str) -> bool| texts.iter().all(|text| test(text));
    let as_they_are = || texts.iter().map(|text| (plain(), SqlValue::from(*text))).collect();
    let (column, marks) = match held {
        _ if stored_as == StoredAs::Bytes && every(is_hex) => {
            let mark = |text: &&str| (("UNHEX(", ")".to_owned()), SqlValue::from(*text));
            (AS_IT_IS, texts.iter().map(mark).collect())
        }
        // No digits of any bytes, but there may be other texts in the list.
        _ if stored_as == StoredAs::Bytes => (("HEX(", ")"), as_they_are()),
        Held::Text | Held::Bytes | Held::Nothing | Held::Shape | Held::Unknown => (AS_IT_IS, as_they_are()),
        Held::Whole | Held::Bits(_) if every(is_whole) => {
            let number = |text: &str| match text.parse::<i64>() {
                Ok(number) => SqlValue::Int(number),
                Err(_) => text.parse().map_or(SqlValue::NULL, SqlValue::UInt),
            };
            (AS_IT_IS, texts.iter().map(|text| (plain(), number(text))).collect())
        }
        Held::Bits(_) => (("CAST(0 + ", " AS CHAR)"), as_they_are()),
        Held::Whole
        | Held::Exact(_)
        | Held::Single
        | Held::Double
        | Held::Date
        | Held::DateTime(_)
        | Held::Moment(_)
        | Held::Time(_) => (AS_TEXT, as_they_are()),
    };
    Compared { column, marks }
}

fn plain() -> Around {
    ("", String::new())
}

fn around(param: &Param, held: Held) -> Around {
    match (&param.value, param.stored_as) {
        (Value::Decimal { .. }, _) if matches!(held, Held::Single | Held::Double) => plain(),
        (Value::Decimal { .. }, StoredAs::ScaledInteger) => ("CAST(", " AS DECIMAL(38, 0))".to_owned()),
        (Value::Decimal { scale, .. }, _) => ("CAST(", format!(" AS DECIMAL(38, {scale}))")),
        (
            Value::Date(_) | Value::Timestamp(_) | Value::TimestampTz(_),
            StoredAs::UnixSeconds | StoredAs::UnixMillis | StoredAs::IsoT,
        ) => plain(),
        (Value::Date(_), _) => ("CAST(", " AS DATE)".to_owned()),
        (Value::Time(_), _) => ("CAST(", " AS TIME(6))".to_owned()),
        (Value::Timestamp(_) | Value::TimestampTz(_), _) => ("CAST(", " AS DATETIME(6))".to_owned()),
        (Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_), _) => plain(),
    }
}

/// The value at one end of what stands for it.
fn bounded(param: &Param, bound: Bound, held: Held) -> SqlValue {
    let end = |(lowest, highest): (f64, f64)| {
        SqlValue::Double(if bound == Bound::Highest { highest } else { lowest })
    };
    let singles = |(lowest, highest): (f32, f32)| end((f64::from(lowest), f64::from(highest)));
    match (&param.value, held) {
        (Value::Float(number), Held::Single) => singles(double::singles_around(*number)),
        (Value::Decimal { unscaled, scale }, Held::Single) => singles(double::single_span(*unscaled, *scale)),
        (Value::Decimal { unscaled, scale }, Held::Double) => end(double::span(*unscaled, *scale)),
        _ => stored(param),
    }
}

/// The value of a parameter in the form in which its column holds it.
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

fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a whole number of up to 64 bits as the server writes it.
fn is_whole(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
        || text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}
