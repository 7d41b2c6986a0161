//! PostgreSQL's binary values as Arrow columns: for each column one function, picked once.
//!
//! The forms are those of the `…send` functions of the server: numbers with the highest byte first, days since
//! 2000-01-01, microseconds since midnight or 2000-01-01 00:00:00.

use super::numeric;
use crate::columns::ColumnBuilder;

/// Appends a value, or tells what was found instead; never the value itself.
pub(super) type Append = fn(&mut ColumnBuilder, &[u8]) -> Result<(), &'static str>;

/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;
/// Days since 1970-01-01 of -9999-01-01 and 9999-12-31, beyond which days can neither be shown nor written.
const DAY_MIN: i32 = -4_371_587;
const DAY_MAX: i32 = 2_932_896;

const MISFIT: &str = "a value of another size";

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], &'static str> {
    bytes.try_into().map_err(|_| MISFIT)
}

fn utf8(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")
}

/// A whole number of 2, 4 or 8 bytes.
fn whole(bytes: &[u8]) -> Result<i64, &'static str> {
    match bytes.len() {
        2 => fixed(bytes).map(i16::from_be_bytes).map(i64::from),
        4 => fixed(bytes).map(i32::from_be_bytes).map(i64::from),
        _ => fixed(bytes).map(i64::from_be_bytes),
    }
}

fn oid(bytes: &[u8]) -> Result<i64, &'static str> {
    fixed(bytes).map(u32::from_be_bytes).map(i64::from)
}

/// Functions that read bytes and append what they read to the builder of one type.
macro_rules! appends {
    ($($(#[$doc:meta])* $name:ident: $builder:ident = $read:expr;)*) => {
        $($(#[$doc])* pub(super) fn $name(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
            let ColumnBuilder::$builder(builder) = builder else { return Err("a value for another builder") };
            let read: fn(&[u8]) -> Result<_, &'static str> = $read;
            builder.append_value(read(bytes)?);
            Ok(())
        })*
    };
}

appends! {
    text_of_whole: Text = |bytes| whole(bytes).map(|number| number.to_string());
    text_of_oid: Text = |bytes| oid(bytes).map(|number| number.to_string());
    text_of_boolean: Text = |bytes| truth(bytes).map(|truth| if truth { "true" } else { "false" });
    text_of_uuid: Text = |bytes| fixed(bytes).map(hyphenated);
    text_of_bytes: Text = |bytes| Ok(crate::text::hex(bytes));
    integer: Integer = whole;
    integer_of_oid: Integer = oid;
    integer_of_numeric: Integer = |bytes| {
        i64::try_from(numeric::units(bytes, 0)?).map_err(|_| "a number with too many digits")
    };
    float: Float = |bytes| fixed(bytes).map(f64::from_be_bytes);
    float_of_single: Float = |bytes| fixed(bytes).map(f32::from_be_bytes).map(shortest);
    float_of_whole: Float = |bytes| whole(bytes).map(|number| number as f64);
    boolean: Boolean = truth;
    boolean_of_whole: Boolean = |bytes| match whole(bytes)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err("a number other than 0 and 1"),
    };
    date: Date = |bytes| fixed(bytes).map(i32::from_be_bytes).and_then(|days| match days {
        i32::MIN | i32::MAX => Err("an infinite date"),
        days => within_years(days.checked_add(EPOCH_DAYS)),
    });
    date_of_seconds: Date = |bytes| days_of_millis(whole(bytes)?.checked_mul(1000));
    date_of_millis: Date = |bytes| days_of_millis(Some(whole(bytes)?));
    time: Time = |bytes| match whole(bytes)? {
        micros @ 0..MICROS_PER_DAY => Ok(micros),
        _ => Err("the time 24:00"),
    };
    timestamp: Timestamp = micros;
    timestamp_of_seconds: Timestamp = |bytes| of_day(whole(bytes)?.checked_mul(1_000_000));
    timestamp_of_millis: Timestamp = |bytes| of_day(whole(bytes)?.checked_mul(1000));
    moment: TimestampTz = micros;
    moment_of_seconds: TimestampTz = |bytes| of_day(whole(bytes)?.checked_mul(1_000_000));
    moment_of_millis: TimestampTz = |bytes| of_day(whole(bytes)?.checked_mul(1000));
}

/// Text, whose bytes are copied but once.
pub(super) fn text(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    let ColumnBuilder::Text(builder) = builder else { return Err("a value for another builder") };
    builder.append_value(utf8(bytes)?);
    Ok(())
}

/// jsonb: text after the version of its form.
pub(super) fn json_of_jsonb(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    match bytes.split_first() {
        Some((1, json)) => text(builder, json),
        _ => Err("jsonb of an unknown form"),
    }
}

/// An exact number.
pub(super) fn decimal(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    let ColumnBuilder::Decimal(builder, scale) = builder else { return Err("a value for another builder") };
    builder.append_value(numeric::units(bytes, *scale)?);
    Ok(())
}

/// An exact number that is held in its smallest unit.
pub(super) fn decimal_of_units(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    let ColumnBuilder::Decimal(builder, _) = builder else { return Err("a value for another builder") };
    builder.append_value(numeric::units(bytes, 0)?);
    Ok(())
}

/// A whole number as an exact one.
pub(super) fn decimal_of_whole(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    let ColumnBuilder::Decimal(builder, scale) = builder else { return Err("a value for another builder") };
    builder.append_value(i128::from(whole(bytes)?) * 10i128.pow(u32::from(*scale)));
    Ok(())
}

/// A whole number of smallest units.
pub(super) fn decimal_of_whole_units(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), &'static str> {
    let ColumnBuilder::Decimal(builder, _) = builder else { return Err("a value for another builder") };
    builder.append_value(i128::from(whole(bytes)?));
    Ok(())
}

fn truth(bytes: &[u8]) -> Result<bool, &'static str> {
    fixed(bytes).map(|[byte]| byte != 0)
}

/// The double that people would write as they write the single: 0.1 rather than 0.10000000149011612.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

fn hyphenated(uuid: [u8; 16]) -> String {
    let digits = crate::text::hex(&uuid);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn within_years(days: Option<i32>) -> Result<i32, &'static str> {
    days.filter(|days| (DAY_MIN..=DAY_MAX).contains(days)).ok_or("a day outside of the years -9999 to 9999")
}

fn days_of_millis(millis: Option<i64>) -> Result<i32, &'static str> {
    within_years(millis.and_then(|millis| i32::try_from(millis.div_euclid(86_400_000)).ok()))
}

/// Microseconds since 1970, of a day that can be shown.
fn of_day(micros: Option<i64>) -> Result<i64, &'static str> {
    let days = micros.and_then(|micros| i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok());
    within_years(days)?;
    micros.ok_or(MISFIT)
}

fn micros(bytes: &[u8]) -> Result<i64, &'static str> {
    match fixed(bytes).map(i64::from_be_bytes)? {
        i64::MIN | i64::MAX => Err("an infinite time"),
        micros => of_day(micros.checked_add(EPOCH_MICROS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_taken_as_far_as_they_can_be_shown() {
        let day = |year, month, day| {
            let since = jiff::civil::date(year, month, day).since(jiff::civil::date(1970, 1, 1));
            since.expect("close enough").get_days()
        };
        assert_eq!((DAY_MIN, DAY_MAX), (day(-9999, 1, 1), day(9999, 12, 31)));
        assert_eq!(EPOCH_DAYS, day(2000, 1, 1));
        assert_eq!(micros(&0i64.to_be_bytes()), Ok(EPOCH_MICROS));
        // 4714-11-24 BC and 294276-12-31, the first and the last of PostgreSQL.
        assert!(micros(&(-211_813_488_000_000_000i64).to_be_bytes()).is_ok());
        assert!(micros(&9_223_371_331_199_999_999i64.to_be_bytes()).is_err());
        assert!(micros(&i64::MAX.to_be_bytes()).is_err() && micros(&i64::MIN.to_be_bytes()).is_err());
        assert!(micros(&[0; 4]).is_err());
        assert_eq!(within_years(i32::MAX.checked_add(EPOCH_DAYS)), within_years(None));
    }

    #[test]
    fn singles_are_as_people_write_them() {
        for (single, want) in [(0.1f32, 0.1f64), (1e30, 1e30), (-2.5, -2.5), (f32::INFINITY, f64::INFINITY)] {
            assert_eq!(shortest(single), want);
        }
        assert!(shortest(f32::NAN).is_nan());
        let uuid = hyphenated([
            0xA0, 0xEE, 0xBC, 0x99, 0x9C, 0x0B, 0x4E, 0xF8, 0xBB, 0x6D, 0x6B, 0xB9, 0xBD, 0x38, 0x0A, 0x11,
        ]);
        assert_eq!(uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    }
}
