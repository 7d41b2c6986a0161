//! Values of filters, read as their column's type.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use longshore_protocol::{ColumnType, ProblemKind};

/// A value of a known type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `unscaled` × 10^-`scale`.
    Decimal {
        /// All digits.
        unscaled: i128,
        /// Digits after the point.
        scale: u8,
    },
    /// A binary floating point number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A calendar day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A day with a time.
    Timestamp(DateTime),
    /// A moment.
    TimestampTz(Timestamp),
}

/// Characters of a wrong value that are repeated in the answer.
const SHOWN_MAX: usize = 40;

/// A value as short as it can be shown in an answer.
pub(crate) fn shown(value: &serde_json::Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}

/// Reads a JSON value, or text as people type it, as a value of the type; moments without an offset are of `zone`.
///
/// # Errors
/// [`ProblemKind::WrongType`] if it is none.
pub fn read(
    value: &serde_json::Value,
    column_type: ColumnType,
    zone: &TimeZone,
) -> Result<Value, ProblemKind> {
    let wrong = || ProblemKind::WrongType { expected: column_type.name().to_owned(), given: shown(value) };
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::Bool(truth) => truth.to_string(),
        _ => return Err(wrong()),
    };
    // What SQL engines take for the end of a text can't be part of a value.
    if text.contains('\0') {
        return Err(wrong());
    }
    if column_type == ColumnType::Text {
        return Ok(Value::Text(text));
    }
    read_text(text.trim(), column_type, zone).ok_or_else(wrong)
}

fn read_text(text: &str, column_type: ColumnType, zone: &TimeZone) -> Option<Value> {
    match column_type {
        ColumnType::Text => Some(Value::Text(text.to_owned())),
        ColumnType::Integer => text.parse().ok().map(Value::Integer),
        ColumnType::Decimal { scale } => {
            parse_decimal(text, scale).map(|unscaled| Value::Decimal { unscaled, scale })
        }
        ColumnType::Float => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
        ColumnType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "是" => Some(Value::Boolean(true)),
            "false" | "0" | "no" | "否" => Some(Value::Boolean(false)),
            _ => None,
        },
        ColumnType::Date => parse_day(text).map(Value::Date),
        // What begins with a day would lose it.
        ColumnType::Time => text.parse().ok().filter(|_| !text.contains('-')).map(Value::Time),
        ColumnType::Timestamp => parse_timestamp(text).map(Value::Timestamp),
        ColumnType::TimestampTz => parse_moment(text, zone).map(Value::TimestampTz),
    }
}

/// Reads `-1234.5` exactly; `None` if it is no decimal number, has more digits after the point than
/// `scale`, or does not fit 38 digits.
pub fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() && fraction.is_empty() && !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if fraction.len() > usize::from(scale)
        || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let padding = usize::from(scale) - fraction.len();
    let all = format!("{whole}{fraction}{:0<padding$}", "");
    let unscaled: i128 = if all.is_empty() { 0 } else { all.parse().ok()? };
    (unscaled < 10i128.pow(38)).then_some(if negative { -unscaled } else { unscaled })
}

/// Reads `2026-08-01`, and nothing that has a time.
pub fn parse_day(text: &str) -> Option<Date> {
    let is_bare = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+'));
    text.parse().ok().filter(|_| is_bare)
}

/// Reads `2026-08-01 10:30:00`, with `T` for the space, with a fraction, with a trailing `Z`, or a day alone.
pub fn parse_timestamp(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    parse_day(text).map(|day| day.to_datetime(Time::midnight())).or_else(|| text.parse().ok())
}

/// Reads a moment: with an offset (`2026-08-01T10:30:00+08:00`, `…Z`), or else as the time in `zone`.
pub fn parse_moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    zone.to_timestamp(parse_timestamp(text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decimals_are_exact_or_refused() {
        for (text, scale, want) in [
            ("12.5", 2, Some(1250)),
            ("-0.01", 2, Some(-1)),
            ("+7", 0, Some(7)),
            ("1.50000", 2, Some(150)),
            (".5", 2, Some(50)),
            ("5.", 2, Some(500)),
            ("0.00", 2, Some(0)),
            ("12.345", 2, None),
            ("", 2, None),
            (".", 2, None),
            ("-", 2, None),
            ("1e3", 2, None),
            ("1,000", 2, None),
            ("1.2.3", 2, None),
            (&"9".repeat(39), 0, None),
        ] {
            assert_eq!(parse_decimal(text, scale), want, "{text}");
        }
    }

    #[test]
    fn values_are_read_as_their_columns_type() {
        let date = |text: &str| Value::Date(text.parse().expect("date"));
        let time = |text: &str| Value::Timestamp(text.parse().expect("timestamp"));
        let moment = |text: &str| Value::TimestampTz(text.parse().expect("moment"));
        let zone = TimeZone::get("Asia/Shanghai").expect("known");
        for (value, column_type, want) in [
            (json!("x'); DROP TABLE"), ColumnType::Text, Some(Value::Text("x'); DROP TABLE".into()))),
            (json!(42), ColumnType::Text, Some(Value::Text("42".into()))),
            (json!("a\0b"), ColumnType::Text, None),
            (json!(" 7 "), ColumnType::Integer, Some(Value::Integer(7))),
            (json!(7.5), ColumnType::Integer, None),
            (json!("99999999999999999999"), ColumnType::Integer, None),
            (
                json!(12.5),
                ColumnType::Decimal { scale: 2 },
                Some(Value::Decimal { unscaled: 1250, scale: 2 }),
            ),
            (json!("nan"), ColumnType::Float, None),
            (json!(true), ColumnType::Boolean, Some(Value::Boolean(true))),
            (json!("是"), ColumnType::Boolean, Some(Value::Boolean(true))),
            (json!("maybe"), ColumnType::Boolean, None),
            (json!("2026-08-01"), ColumnType::Date, Some(date("2026-08-01"))),
            (json!("2026-02-30"), ColumnType::Date, None),
            (json!("2026-08-01 10:30"), ColumnType::Date, None),
            (json!("2026-08-01T10"), ColumnType::Date, None),
            (json!("2026-08-01T10"), ColumnType::Timestamp, Some(time("2026-08-01 10:00:00"))),
            (json!("2026-08-01T10"), ColumnType::TimestampTz, Some(moment("2026-08-01T02:00:00Z"))),
            (json!("2026-08-01 10:30"), ColumnType::Time, None),
            (json!("2026-08-01"), ColumnType::Timestamp, Some(time("2026-08-01 00:00:00"))),
            (json!("2026-08-01T10:30:00Z"), ColumnType::Timestamp, Some(time("2026-08-01 10:30:00"))),
            (json!("2026-08-01 10:30"), ColumnType::Timestamp, Some(time("2026-08-01 10:30:00"))),
            (json!("soon"), ColumnType::Timestamp, None),
            (json!("10:30"), ColumnType::Time, Some(Value::Time("10:30:00".parse().expect("time")))),
            (json!("24:30"), ColumnType::Time, None),
            (
                json!("2026-08-01T10:30:00+02:00"),
                ColumnType::TimestampTz,
                Some(moment("2026-08-01T08:30:00Z")),
            ),
            (json!("2026-08-01 10:30"), ColumnType::TimestampTz, Some(moment("2026-08-01T02:30:00Z"))),
            (json!("soon"), ColumnType::TimestampTz, None),
            (json!(["a"]), ColumnType::Text, None),
            (json!({"a": 1}), ColumnType::Integer, None),
            (json!(null), ColumnType::Text, None),
        ] {
            assert_eq!(read(&value, column_type, &zone).ok(), want, "{value} as {column_type:?}");
        }
    }
}
