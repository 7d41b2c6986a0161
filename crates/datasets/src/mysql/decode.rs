//! The server's values as Arrow columns.

use std::fmt::Write;

use arrow_array::RecordBatch;
use arrow_array::builder::StringBuilder;
use arrow_schema::ArrowError;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use mysql_async::{Row, Value};

use super::chars;
use super::fault::Fault;
use super::held::{self, Held};
use crate::columns::{ColumnBuilder, Columns};
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::double;
use crate::source::Yield;
use crate::text::hex;
use crate::value::{parse_moment, parse_timestamp};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MILLIS_PER_DAY: i64 = 86_400_000;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// What a value is that its column can't have; shown to people, so never the value itself.
type Found = &'static str;

/// Gathers rows into a batch.
pub(super) struct BatchBuilder<'a> {
    columns: &'a [&'a Column],
    held: Vec<Held>,
    batch: Columns,
    /// Rows in all.
    row_number: u64,
}

impl<'a> BatchBuilder<'a> {
    /// For a result with that description.
    pub(super) fn new(
        yields: &Yield<'a>,
        described: &[mysql_async::Column],
    ) -> Result<BatchBuilder<'a>, Fault> {
        let held = held::kinds(yields.columns, described)?;
        Ok(BatchBuilder { columns: yields.columns, held, batch: Columns::new(yields), row_number: 0 })
    }

    /// Rows since the last batch.
    pub(super) fn row_count(&self) -> usize {
        self.batch.row_count
    }

    /// See [`Columns::is_full`].
    pub(super) fn is_full(&self, row_count: usize) -> bool {
        self.batch.is_full(row_count)
    }

    pub(super) fn append(&mut self, row: Row) -> Result<(), Fault> {
        self.row_number += 1;
        let targets = self.batch.builders.iter_mut().zip(self.columns).zip(&self.held);
        for (value, ((builder, column), held)) in row.unwrap().iter().zip(targets) {
            append(builder, value, *held, column.stored_as).map_err(|found| Fault::BadValue {
                column: column.name.clone(),
                row: self.row_number,
                found,
                declared: column.column_type.name(),
            })?;
        }
        self.batch.row_count += 1;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.batch.finish()
    }
}

fn append(builder: &mut ColumnBuilder, value: &Value, held: Held, stored_as: StoredAs) -> Result<(), Found> {
    if matches!(value, Value::NULL) {
        builder.append_null();
        return Ok(());
    }
    match builder {
        ColumnBuilder::Text(builder) => append_text(builder, value, held)?,
        ColumnBuilder::Integer(builder) => builder.append_value(integer(value, held)?),
        ColumnBuilder::Decimal(builder, scale) => {
            builder.append_value(decimal(value, *scale, stored_as == StoredAs::ScaledInteger)?);
        }
        ColumnBuilder::Float(builder) => builder.append_value(float(value)?),
        ColumnBuilder::Boolean(builder) => builder.append_value(match integer(value, held)? {
            0 => false,
            1 => true,
            _ => return Err("a number other than 0 and 1"),
        }),
        ColumnBuilder::Date(builder) => builder.append_value(match unix_millis(value, stored_as)? {
            Some(millis) => i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).map_err(|_| TOO_FAR)?,
            None => days(value)?,
        }),
        ColumnBuilder::Time(builder) => builder.append_value(micros_of_day(value)?),
        ColumnBuilder::Timestamp(builder) => builder.append_value(match unix_millis(value, stored_as)? {
            Some(millis) => millis.checked_mul(1000).ok_or(TOO_FAR)?,
            None => micros(value)?,
        }),
        ColumnBuilder::TimestampTz(builder) => builder.append_value(match unix_millis(value, stored_as)? {
            Some(millis) => millis.checked_mul(1000).ok_or(TOO_FAR)?,
            None => moment(value)?,
        }),
    }
    Ok(())
}

const TOO_FAR: Found = "a time too far away";
const TOO_LARGE: Found = "a number over 9,223,372,036,854,775,807";
const UNEXPECTED: Found = "a value of another type than the server announced";
/// `0000-00-00` fails rather than becoming nothing: filters and sums in the server don't take it for NULL, and neither should a
/// file. Declared as text it is shown as it stands.
const NO_DAY: Found = "a date that does not exist, such as 0000-00-00,";

fn append_text(builder: &mut StringBuilder, value: &Value, held: Held) -> Result<(), Found> {
    // Writing into a builder can't fail.
    let _ = match value {
        Value::Bytes(bytes) => {
            match held {
                Held::Bytes => builder.append_value(hex(bytes)),
                Held::Bits(_) => builder.append_value(chars::bits(bytes).ok_or(UNEXPECTED)?.to_string()),
                _ => builder.append_value(chars::text(bytes)),
            }
            return Ok(());
        }
        Value::Int(number) => write!(builder, "{number}"),
        Value::UInt(number) => write!(builder, "{number}"),
        Value::Float(number) => write!(builder, "{number}"),
        Value::Double(number) => write!(builder, "{number}"),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let _ = write!(builder, "{year:04}-{month:02}-{day:02}");
            match held {
                Held::DateTime(digits) | Held::Moment(digits) => {
                    let _ = write!(builder, " {hour:02}:{minute:02}:{second:02}");
                    write_fraction(builder, *micros, digits)
                }
                _ => Ok(()),
            }
        }
        Value::Time(is_negative, days, hours, minutes, seconds, micros) => {
            let (sign, hours) = (if *is_negative { "-" } else { "" }, days * 24 + u32::from(*hours));
            let _ = write!(builder, "{sign}{hours:02}:{minutes:02}:{seconds:02}");
            write_fraction(builder, *micros, if let Held::Time(digits) = held { digits } else { 0 })
        }
        Value::NULL => Ok(()),
    };
    builder.append_value("");
    Ok(())
}

/// As many digits of a second's fraction as the column has.
fn write_fraction(builder: &mut StringBuilder, micros: u32, digits: u8) -> std::fmt::Result {
    let digits = usize::from(digits.min(6));
    if digits == 0 {
        return Ok(());
    }
    let all = format!("{micros:06}");
    write!(builder, ".{}", all.get(..digits).unwrap_or(&all))
}

fn integer(value: &Value, held: Held) -> Result<i64, Found> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::UInt(number) => i64::try_from(*number).map_err(|_| TOO_LARGE),
        Value::Bytes(bytes) if matches!(held, Held::Bits(_)) => {
            chars::bits(bytes).and_then(|bits| i64::try_from(bits).ok()).ok_or(TOO_LARGE)
        }
        Value::Bytes(digits) => {
            chars::decimal(digits, 0).and_then(|number| i64::try_from(number).ok()).ok_or(TOO_LARGE)
        }
        _ => Err(UNEXPECTED),
    }
}

fn decimal(value: &Value, scale: u8, is_scaled: bool) -> Result<i128, Found> {
    const TOO_MANY: Found = "a number with more digits than 38, or more after the point than declared,";
    let scaled = |number: i128| {
        if is_scaled { Ok(number) } else { Ok(number * 10i128.pow(u32::from(scale))) }
    };
    match value {
        Value::Int(number) => scaled(i128::from(*number)),
        Value::UInt(number) => scaled(i128::from(*number)),
        Value::Bytes(digits) => chars::decimal(digits, if is_scaled { 0 } else { scale }).ok_or(TOO_MANY),
        Value::Float(number) => double::decimal_of_single(*number, scale).ok_or(TOO_MANY),
        Value::Double(number) => double::decimal_of(*number, scale).ok_or(TOO_MANY),
        _ => Err(UNEXPECTED),
    }
}

fn float(value: &Value) -> Result<f64, Found> {
    match value {
        Value::Double(number) => Ok(*number),
        Value::Float(number) => Ok(double::shown_single(*number)),
        Value::Int(number) => Ok(*number as f64),
        Value::UInt(number) => Ok(*number as f64),
        Value::Bytes(digits) => {
            std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).ok_or(UNEXPECTED)
        }
        _ => Err(UNEXPECTED),
    }
}

fn unix_millis(value: &Value, stored_as: StoredAs) -> Result<Option<i64>, Found> {
    match stored_as {
        StoredAs::UnixSeconds => integer(value, Held::Whole)?.checked_mul(1000).ok_or(TOO_FAR).map(Some),
        StoredAs::UnixMillis => integer(value, Held::Whole).map(Some),
        _ => Ok(None),
    }
}

/// Days since 1970-01-01.
fn days(value: &Value) -> Result<i32, Found> {
    let Value::Date(year, month, day, ..) = value else { return Err(UNEXPECTED) };
    let date = date(*year, *month, *day)?;
    // A day has 86,400 seconds in a civil calendar, and 9,999 years of days fit.
    i32::try_from(date.duration_since(EPOCH).as_secs() / 86_400).map_err(|_| TOO_FAR)
}

fn date(year: u16, month: u8, day: u8) -> Result<Date, Found> {
    let year = i16::try_from(year).map_err(|_| NO_DAY)?;
    Date::new(year, month.cast_signed(), day.cast_signed()).map_err(|_| NO_DAY)
}

/// Microseconds since 1970-01-01 00:00:00.
fn micros(value: &Value) -> Result<i64, Found> {
    match value {
        Value::Date(_, _, _, hour, minute, second, micros) => {
            let seconds = i64::from(days(value)?) * 86_400
                + i64::from(*hour) * 3600
                + i64::from(*minute) * 60
                + i64::from(*second);
            Ok(seconds * MICROS_PER_SECOND + i64::from(*micros))
        }
        Value::Bytes(bytes) => {
            let time: DateTime =
                parse_timestamp(chars::text(bytes).trim()).ok_or("a text that is no time")?;
            let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
            i64::try_from(since.as_micros()).map_err(|_| TOO_FAR)
        }
        _ => Err(UNEXPECTED),
    }
}

/// Microseconds since midnight.
fn micros_of_day(value: &Value) -> Result<i64, Found> {
    match value {
        Value::Time(false, 0, hour, minute, second, micros) => {
            let seconds = i64::from(*hour) * 3600 + i64::from(*minute) * 60 + i64::from(*second);
            Ok(seconds * MICROS_PER_SECOND + i64::from(*micros))
        }
        Value::Time(..) => Err("a span of time that is negative or a day and longer"),
        _ => Err(UNEXPECTED),
    }
}

/// Microseconds since 1970-01-01 00:00:00 UTC; the session is in UTC, and what names no offset is taken for it.
fn moment(value: &Value) -> Result<i64, Found> {
    match value {
        Value::Bytes(bytes) => parse_moment(chars::text(bytes).trim(), &TimeZone::UTC)
            .map(Timestamp::as_microsecond)
            .ok_or("a text that is no time"),
        _ => micros(value),
    }
}
