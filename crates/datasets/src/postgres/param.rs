//! Values of parameters: sent as text, whose type the server takes from what it is compared with, so that an index on the
//! column serves whatever its type is. Where a value is none of the column's type, the column is compared as text, or as a wider
//! number: an identifier that is none equals no row, which is no error.

use std::borrow::Cow;

use bytes::BytesMut;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::kind::Kind;
use crate::config::StoredAs;
use crate::statement::Param;
use crate::text;
use crate::value::Value;

/// The earliest day that PostgreSQL has is in 4714 BC, which is the year -4713
/// (<https://www.postgresql.org/docs/current/datatype-datetime.html>).
const YEAR_MIN: i16 = -4712;

/// A value as text, of whatever type the server takes it for.
#[derive(Debug)]
pub(super) struct TextParam(pub(super) String);

impl ToSql for TextParam {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

/// How a column is compared with values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compared {
    /// What follows the column's name.
    pub(super) column: Cow<'static, str>,
    /// What follows each parameter's mark.
    pub(super) mark: Cow<'static, str>,
    /// The values, in their order.
    pub(super) values: Vec<String>,
}

/// How a column of a kind is compared with the parameters.
pub(super) fn compared(kind: &Kind, params: &[&Param]) -> Compared {
    let values: Vec<String> = params.iter().map(|param| written(kind, param)).collect();
    let all = |test: fn(&Value) -> bool| params.iter().all(|param| test(&param.value));
    let every = |test: &dyn Fn(&str) -> bool| values.iter().all(|value| test(value));
    let is_text = all(|value| matches!(value, Value::Text(_)));
    const AS_TEXT: (&str, &str) = ("::text", "::text");
    let (column, mark) = match kind {
        // As 64 bits whatever the column's size is: a number that is too large for it equals none.
        Kind::Whole
            if every(&|value| value.parse::<i64>().is_ok_and(|number| number.to_string() == value)) =>
        {
            ("", "::int8")
        }
        Kind::Whole if all(|value| matches!(value, Value::Float(_))) => ("::float8", "::float8"),
        Kind::Whole if !is_text => ("::numeric", "::numeric"),
        Kind::Oid if !is_text => ("::int8", "::int8"),
        Kind::Numeric if !is_text => ("", "::numeric"),
        Kind::Money if !is_text => ("::numeric", "::numeric"),
        // A single's shortest text is what people see; a double that is no single equals none.
        Kind::Single if !is_text && every(&is_single) => ("", "::float4"),
        Kind::Single | Kind::Double if !is_text => ("::float8", "::float8"),
        Kind::Boolean if every(&|value| matches!(value, "true" | "false")) => ("", "::bool"),
        Kind::Uuid if every(&is_uuid) => ("", "::uuid"),
        Kind::Enum(cast, labels) if every(&|value| labels.iter().any(|label| label == value)) => {
            // The column may be of a domain, which has no operators of its own.
            return Compared { column: Cow::Owned(cast.clone()), mark: Cow::Owned(cast.clone()), values };
        }
        Kind::Bytes if every(&is_hex) => {
            let values = values.iter().map(|digits| format!("\\x{digits}")).collect();
            return Compared { column: "".into(), mark: "::bytea".into(), values };
        }
        Kind::Bytes => ("::text", "::text"),
        Kind::Text => ("", ""),
        Kind::Date | Kind::Time | Kind::Timestamp | Kind::TimestampTz if !is_text => ("", ""),
        _ => AS_TEXT,
    };
    Compared { column: column.into(), mark: mark.into(), values }
}

/// The value of a parameter that is compared with text.
pub(super) fn plain(param: &Param) -> String {
    written(&Kind::Text, param)
}

/// The value in the form in which a column of the kind holds it.
pub(super) fn written(kind: &Kind, param: &Param) -> String {
    match &param.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) if *kind == Kind::Whole && number.fract() == 0.0 => format!("{number:.0}"),
        Value::Float(number) => format!("{number:e}"),
        Value::Boolean(truth) if *kind == Kind::Whole => u8::from(*truth).to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Decimal { unscaled, .. } if param.stored_as == StoredAs::ScaledInteger => unscaled.to_string(),
        Value::Decimal { unscaled, scale } => {
            let power = 10i128.pow(u32::from(*scale));
            if unscaled % power == 0 {
                (unscaled / power).to_string()
            } else {
                text::decimal(*unscaled, *scale)
            }
        }
        Value::Date(date) => stored_time(param, date.to_datetime(Time::midnight()), |_| written_date(*date)),
        Value::Time(time) => time.strftime("%T%.f").to_string(),
        Value::Timestamp(time) => stored_time(param, *time, written_time),
        Value::TimestampTz(moment) => {
            let in_utc = |time| match written_time(time) {
                // PostgreSQL wants the era at the end.
                text if text.ends_with(" BC") => text.replace(" BC", "+00 BC"),
                text if text.ends_with("infinity") => text,
                text => format!("{text}+00"),
            };
            stored_time(param, TimeZone::UTC.to_datetime(*moment), in_utc)
        }
    }
}

/// Seconds or milliseconds where the column holds these, else as `write` does.
fn stored_time(param: &Param, time: DateTime, write: impl FnOnce(DateTime) -> String) -> String {
    let millis = || TimeZone::UTC.to_timestamp(time).map_or(i64::MAX, |moment| moment.as_millisecond());
    match param.stored_as {
        StoredAs::UnixSeconds => millis().div_euclid(1000).to_string(),
        StoredAs::UnixMillis => millis().to_string(),
        _ => write(time),
    }
}

fn written_date(date: Date) -> String {
    match date.year() {
        year if year < YEAR_MIN => "-infinity".to_owned(),
        // The year before 1 is 1 BC.
        year if year <= 0 => format!("{:04}-{:02}-{:02} BC", 1 - year, date.month(), date.day()),
        _ => date.to_string(),
    }
}

fn written_time(time: DateTime) -> String {
    let clock = time.time().strftime("%T%.f");
    match written_date(time.date()) {
        day if day == "-infinity" => day,
        day => match day.strip_suffix(" BC") {
            Some(day) => format!("{day} {clock} BC"),
            None => format!("{day} {clock}"),
        },
    }
}

fn is_single(text: &str) -> bool {
    text.parse::<f32>().is_ok_and(f32::is_finite)
        && text
            .parse::<f64>()
            .is_ok_and(|number| number == 0.0 || number.abs() >= f64::from(f32::MIN_POSITIVE))
}

/// Whether it is a uuid as it is shown: another form of the same would be equal to it.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(value: Value) -> Param {
        Param { value, stored_as: StoredAs::Plain }
    }

    #[test]
    fn a_value_that_is_none_of_the_columns_type_is_compared_otherwise() {
        let text = |text: &str| Value::Text(text.to_owned());
        let decimal = |unscaled, scale| Value::Decimal { unscaled, scale };
        let labels = || Kind::Enum("::state".to_owned(), vec!["paid".to_owned()]);
        let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        for (kind, value, column, mark, written) in [
            (Kind::Uuid, text(uuid), "", "::uuid", uuid),
            (Kind::Uuid, text("x"), "::text", "::text", "x"),
            (labels(), text("paid"), "::state", "::state", "paid"),
            (labels(), text("lost"), "::text", "::text", "lost"),
            (Kind::Whole, text("7"), "", "::int8", "7"),
            (Kind::Whole, text("007"), "::text", "::text", "007"),
            (Kind::Whole, Value::Integer(i64::MAX), "", "::int8", "9223372036854775807"),
            (Kind::Whole, decimal(1200, 2), "", "::int8", "12"),
            (Kind::Whole, decimal(1250, 2), "::numeric", "::numeric", "12.50"),
            (Kind::Whole, Value::Float(1.5), "::float8", "::float8", "1.5e0"),
            (Kind::Whole, Value::Boolean(true), "", "::int8", "1"),
            (Kind::Numeric, decimal(1250, 2), "", "::numeric", "12.50"),
            (Kind::Single, Value::Float(0.1), "", "::float4", "1e-1"),
            (Kind::Single, Value::Float(1e300), "::float8", "::float8", "1e300"),
            (Kind::Bytes, text("00ff"), "", "::bytea", "\\x00ff"),
            (Kind::Bytes, text("0"), "::text", "::text", "0"),
            (Kind::Text, text("x'"), "", "", "x'"),
            (Kind::Other { has_order: true }, text("{1,2}"), "::text", "::text", "{1,2}"),
        ] {
            let want =
                Compared { column: column.into(), mark: mark.into(), values: vec![written.to_owned()] };
            assert_eq!(compared(&kind, &[&param(value)]), want, "{kind:?} {written}");
        }
    }

    #[test]
    fn early_days_are_written_as_the_server_reads_them() {
        let date = |year| jiff::civil::date(year, 3, 4);
        assert_eq!(written_date(date(2026)), "2026-03-04");
        assert_eq!(written_date(date(0)), "0001-03-04 BC");
        assert_eq!(written_date(date(-9000)), "-infinity");
        assert_eq!(written_time(date(-1).at(5, 6, 7, 0)), "0002-03-04 05:06:07 BC");
        let moment =
            Value::TimestampTz(TimeZone::UTC.to_timestamp(date(0).at(5, 6, 7, 500_000_000)).expect("near"));
        assert_eq!(written(&Kind::TimestampTz, &param(moment)), "0001-03-04 05:06:07.5+00 BC");
    }
}
