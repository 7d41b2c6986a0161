//! Values of Arrow columns one by one, for databases that take them so.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_schema::DataType;
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::value::Value;

/// A time that is in no calendar of ours.
#[derive(Debug, thiserror::Error)]
#[error("a time is outside of the years -9999 to 9999")]
pub(crate) struct OutOfCalendar;

/// The value at a place; `None` for null.
///
/// # Errors
/// [`OutOfCalendar`] for a time that can't be said. The check lets none through.
pub(crate) fn value_at(array: &dyn Array, index: usize) -> Result<Option<Value>, OutOfCalendar> {
    if array.is_null(index) {
        return Ok(None);
    }
    Ok(Some(match array.data_type() {
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(index).to_owned()),
        DataType::Int64 => Value::Integer(array.as_primitive::<Int64Type>().value(index)),
        DataType::Decimal128(_, scale) => Value::Decimal {
            unscaled: array.as_primitive::<Decimal128Type>().value(index),
            scale: scale.unsigned_abs(),
        },
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(index)),
        DataType::Boolean => Value::Boolean(array.as_boolean().value(index)),
        DataType::Date32 => {
            let days = i64::from(array.as_primitive::<Date32Type>().value(index));
            Value::Date(Date::constant(1970, 1, 1).checked_add(days.days()).map_err(|_| OutOfCalendar)?)
        }
        DataType::Time64(_) => {
            let micros = array.as_primitive::<Time64MicrosecondType>().value(index);
            Value::Time(
                Time::midnight()
                    .checked_add(SignedDuration::from_micros(micros))
                    .map_err(|_| OutOfCalendar)?,
            )
        }
        DataType::Timestamp(_, None) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(index);
            let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            Value::Timestamp(
                epoch.checked_add(SignedDuration::from_micros(micros)).map_err(|_| OutOfCalendar)?,
            )
        }
        _ => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(index);
            Value::TimestampTz(Timestamp::from_microsecond(micros).map_err(|_| OutOfCalendar)?)
        }
    }))
}

/// Microseconds since 1970-01-01 00:00:00 as `2026-08-01 10:30:00.5`, with `between` day and time; `None` outside of the years 1
/// to 9999.
pub(crate) fn push_timestamp(out: &mut Vec<u8>, micros: i64, between: u8) -> Option<()> {
    let days = i32::try_from(micros.div_euclid(super::date::DAY)).ok()?;
    push_date(out, days)?;
    out.push(between);
    push_time(out, micros.rem_euclid(super::date::DAY));
    Some(())
}

/// Microseconds since midnight as `10:30:00.5`.
pub(crate) fn push_time(out: &mut Vec<u8>, micros: i64) {
    let seconds = micros / 1_000_000;
    push_two(out, seconds / 3600);
    out.push(b':');
    push_two(out, seconds / 60 % 60);
    out.push(b':');
    push_two(out, seconds % 60);
    let fraction = micros % 1_000_000;
    if fraction != 0 {
        let digits = format!(".{fraction:06}");
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
}

/// Days since 1970-01-01 as `2026-08-01`; `None` outside of the years 1 to 9999. The calendar is counted from the first of March of
/// the year 0, so that a leap day ends its year, in cycles of 400 years of 146,097 days.
pub(crate) fn push_date(out: &mut Vec<u8>, days: i32) -> Option<()> {
    // Days from 0000-03-01 to 1970-01-01.
    let from_march = i64::from(days) + 719_468;
    let (cycle, day) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = cycle * 400 + year + next;
    if !(1..=9999).contains(&year) {
        return None;
    }
    push_two(out, year / 100);
    push_two(out, year % 100);
    out.push(b'-');
    push_two(out, month);
    out.push(b'-');
    push_two(out, day_of_month);
    Some(())
}

fn push_two(out: &mut Vec<u8>, number: i64) {
    // Callers pass 0 to 99.
    let number = (number % 100).unsigned_abs() as u8;
    out.extend_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_the_calendar_has_them() {
        let epoch = Date::constant(1970, 1, 1);
        let first = Date::constant(1, 1, 1).duration_since(epoch).as_hours() / 24;
        let last = Date::constant(9999, 12, 31).duration_since(epoch).as_hours() / 24;
        // Every day of 400 years, and then some of all.
        let days = (-10_000..=140_000).chain((first..=last).step_by(997)).chain([first, last]);
        for days in days {
            let mut out = Vec::new();
            push_date(&mut out, i32::try_from(days).expect("near")).expect("within the years");
            let want = epoch.checked_add(days.days()).expect("within the years").to_string();
            assert_eq!(String::from_utf8(out).expect("ASCII"), want);
        }
        for days in [first - 1, last + 1] {
            assert_eq!(push_date(&mut Vec::new(), i32::try_from(days).expect("near")), None);
        }
    }

    #[test]
    fn times_are_written_without_needless_zeros() {
        for (micros, want) in [
            (0, "1970-01-01 00:00:00"),
            (1_500_000, "1970-01-01 00:00:01.5"),
            (-1, "1969-12-31 23:59:59.999999"),
            (1_785_580_200_000_000, "2026-08-01 10:30:00"),
        ] {
            let mut out = Vec::new();
            push_timestamp(&mut out, micros, b' ').expect("within the years");
            assert_eq!(String::from_utf8(out).expect("ASCII"), want);
        }
    }
}
