//! Values of Arrow batches as text for the screen.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Every cell of a batch, row by row; `None` where there is no value.
pub fn rows(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let columns: Vec<_> = batch.columns().iter().map(|column| column_texts(column)).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn column_texts(array: &dyn Array) -> Vec<Option<String>> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect(),
        DataType::Int64 => {
            array.as_primitive::<Int64Type>().iter().map(|number| number.map(|n| n.to_string())).collect()
        }
        DataType::Decimal128(_, scale) => {
            let numbers = array.as_primitive::<Decimal128Type>();
            numbers.iter().map(|number| number.map(|n| decimal(n, scale.unsigned_abs()))).collect()
        }
        DataType::Float64 => {
            array.as_primitive::<Float64Type>().iter().map(|number| number.map(|n| n.to_string())).collect()
        }
        DataType::Boolean => array.as_boolean().iter().map(|truth| truth.map(|t| t.to_string())).collect(),
        DataType::Date32 => array.as_primitive::<Date32Type>().iter().map(|days| days.map(date)).collect(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            times.iter().map(|micros| micros.map(timestamp)).collect()
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let moments = array.as_primitive::<TimestampMicrosecondType>();
            moments.iter().map(|micros| micros.map(|micros| moment(micros, &zone))).collect()
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            times.iter().map(|micros| micros.map(time)).collect()
        }
        // `schema::data_type` makes no others.
        _ => vec![None; array.len()],
    }
}

/// `unscaled` × 10^-`scale` with all its digits after the point.
pub fn decimal(unscaled: i128, scale: u8) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let sign = if unscaled < 0 { "-" } else { "" };
    let divisor = 10u128.pow(u32::from(scale));
    let (whole, fraction) = (unscaled.unsigned_abs() / divisor, unscaled.unsigned_abs() % divisor);
    format!("{sign}{whole}.{fraction:0width$}", width = usize::from(scale))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn date(days: i32) -> String {
    Date::constant(1970, 1, 1)
        .checked_add(i64::from(days).days())
        .map_or_else(|_| format!("day {days}"), |date| date.to_string())
}

fn timestamp(micros: i64) -> String {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(SignedDuration::from_micros(micros))
        .map_or_else(|_| format!("microsecond {micros}"), |time| time.strftime("%F %T%.f").to_string())
}

fn time(micros: i64) -> String {
    Time::midnight()
        .checked_add(SignedDuration::from_micros(micros))
        .map_or_else(|_| format!("microsecond {micros}"), |time| time.strftime("%T%.f").to_string())
}

fn moment(micros: i64, zone: &TimeZone) -> String {
    Timestamp::from_microsecond(micros).map_or_else(
        |_| format!("microsecond {micros}"),
        |moment| zone.to_datetime(moment).strftime("%F %T%.f").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_as_people_write_them() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(123_456, 2), "1234.56");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(hex(&[0, 0xAB, 0xFF]), "00abff");
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(timestamp(1_500_000), "1970-01-01 00:00:01.5");
        assert_eq!(timestamp(60_000_000), "1970-01-01 00:01:00");
        assert_eq!(time(0), "00:00:00");
        assert_eq!(time(86_399_500_000), "23:59:59.5");
        let zone = TimeZone::get("Asia/Shanghai").expect("known");
        assert_eq!(moment(0, &zone), "1970-01-01 08:00:00");
        assert_eq!(timestamp(i64::MAX), format!("microsecond {}", i64::MAX));
    }
}
