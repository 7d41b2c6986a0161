//! Dates as spreadsheet programs keep them: days since a day of their own, as a number.

use crate::digits::push_shown;

use crate::iso::{IsoTime, MICROS_PER_DAY, push_timestamp};

/// Days from 1899-12-30 to 1970-01-01.
const DAYS_TO_1970: i64 = 25_569;
/// Days from 1899-12-30 to 1904-01-01, where the other system of dates begins.
const DAYS_TO_1904: i64 = 1_462;
/// 9999-12-31 as a serial number, the last day of Excel.
const LAST_DAY: i64 = 2_958_465;
/// Excel's 29 February 1900, a day that never was.
const NO_DAY: i64 = 60;
/// Significant digits of a number that is meant to the microsecond. Programs write 17 at most, and this crate more where it has
/// microseconds: see `xlsx/cells.rs`.
pub(crate) const DIGITS_OF_MICROS: usize = 18;
/// As far from a whole millisecond a number may be, in microseconds, if no more of its digits are written.
const DOUBT_BY_DIGITS_MAX: f64 = 10.0;
/// The numbers beside each other that computing with dates gives for the same moment.
const NUMBERS_BESIDE: f64 = 4.0;

/// What a number format shows of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateForm {
    /// Year, month or day.
    pub(crate) has_date: bool,
    /// Hours, minutes or seconds.
    pub(crate) has_time: bool,
    /// Hours, minutes or seconds that go on beyond a day: `[h]`.
    pub(crate) is_elapsed: bool,
}

/// How long something took.
pub(crate) const ELAPSED: DateForm = DateForm { has_date: false, has_time: true, is_elapsed: true };
/// A day.
pub(crate) const DATE: DateForm = DateForm { has_date: true, has_time: false, is_elapsed: false };
/// A time of day.
pub(crate) const TIME: DateForm = DateForm { has_date: false, has_time: true, is_elapsed: false };

/// Appends the date that a serial number is, as ISO 8601; `false`, and nothing, where it is none that there is. A number shows its time
/// if the format does or if it has one, and its date unless the format is for times only and it has none.
pub(crate) fn push_date(text: &[u8], form: DateForm, is_1904: bool, out: &mut Vec<u8>) -> bool {
    let serial = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    serial.is_some_and(|serial| push_serial(serial, doubt_of_text(text, serial), form, is_1904, out))
}

/// The same for a number, which may be so many microseconds from what was meant, see [`doubt`].
pub(crate) fn push_serial(serial: f64, doubt: f64, form: DateForm, is_1904: bool, out: &mut Vec<u8>) -> bool {
    if !(0.0..=(LAST_DAY + 1) as f64).contains(&serial) {
        return false;
    }
    let (mut day, mut of_day) = (serial as i64, micros_of_day(serial, doubt));
    if form.is_elapsed && !form.has_date {
        push_shown(out, IsoTime(day * MICROS_PER_DAY + of_day));
    } else if day == 0 && form.has_time && !(is_1904 && form.has_date) {
        // The last time of a day is not the next day.
        push_shown(out, IsoTime(of_day.min(MICROS_PER_DAY - 1)));
    } else {
        if of_day == MICROS_PER_DAY {
            (day, of_day) = (day + 1, 0);
        }
        if is_1904 {
            day += DAYS_TO_1904;
        } else {
            if day == 0 || day == NO_DAY {
                return false;
            }
            // The days before it count from one day later.
            day += i64::from(day < NO_DAY);
        }
        if day > LAST_DAY {
            return false;
        }
        let shows_time = form.has_time || of_day != 0;
        push_moment((day - DAYS_TO_1970) * MICROS_PER_DAY + of_day, shows_time, out);
    }
    true
}

/// The microseconds of a serial number's day, up to those of a whole day. Where a whole millisecond is within the doubt it is meant; a
/// millisecond is what programs show at most.
fn micros_of_day(serial: f64, doubt: f64) -> i64 {
    // The whole days are taken off first: with them there would be too many digits for a double.
    let exact = serial.fract() * MICROS_PER_DAY as f64;
    let whole = (exact / 1000.0).round() * 1000.0;
    (if (exact - whole).abs() <= doubt { whole } else { exact.round() }) as i64
}

/// How many microseconds a double of that size may be from the moment that is meant.
pub(crate) fn doubt(serial: f64) -> f64 {
    const LESS_THAN_HALF_A_MILLISECOND: f64 = 400.0;
    let step = (serial.next_up() - serial) * MICROS_PER_DAY as f64;
    (step * NUMBERS_BESIDE).min(LESS_THAN_HALF_A_MILLISECOND)
}

/// The same for a number that is written: programs that write fewer digits than a double has leave more doubt, and one that writes more has
/// none.
fn doubt_of_text(text: &[u8], serial: f64) -> f64 {
    let (number, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(place) => (&text[..place], std::str::from_utf8(&text[place + 1..]).unwrap_or_default()),
        None => (text, "0"),
    };
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).skip_while(|&&byte| byte == b'0').count();
    if digits >= DIGITS_OF_MICROS {
        return 0.0;
    }
    let places = number.iter().rev().position(|&byte| byte == b'.').unwrap_or_default() as i32;
    let places = places.saturating_sub(exponent.parse().unwrap_or_default()).clamp(0, 300);
    let last_digit = 10_f64.powi(-places) * MICROS_PER_DAY as f64;
    doubt(serial).max((2.0 * last_digit).min(DOUBT_BY_DIGITS_MAX))
}

/// Appends a moment from 1900 to 9999 by its microseconds since 1970.
fn push_moment(micros: i64, shows_time: bool, out: &mut Vec<u8>) {
    const DATE_BYTES: usize = 10;
    let start = out.len();
    push_timestamp(out, micros);
    if shows_time {
        out[start + DATE_BYTES] = b'T';
    } else {
        out.truncate(start + DATE_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::{DATE, DateForm, ELAPSED, TIME, push_date};

    const BOTH: DateForm = DateForm { has_date: true, has_time: true, is_elapsed: false };

    #[test]
    fn serials_are_dates() {
        for (text, form, is_1904, want) in [
            ("46235", DATE, false, "2026-08-01"),
            ("46235", BOTH, false, "2026-08-01T00:00:00"),
            ("46235.4375", BOTH, false, "2026-08-01T10:30:00"),
            ("46235.4375", DATE, false, "2026-08-01T10:30:00"),
            ("46235.4375", TIME, false, "2026-08-01T10:30:00"),
            ("0.4375", TIME, false, "10:30:00"),
            ("0", TIME, false, "00:00:00"),
            ("0.437500011574074", TIME, false, "10:30:00.001"),
            ("0.99999999999", TIME, false, "23:59:59.999999"),
            ("0.9999999999999999", TIME, false, "23:59:59.999999"),
            ("0.9999999999999999", ELAPSED, false, "24:00:00"),
            ("1.1574074074074074E-11", TIME, false, "00:00:00.000001"),
            // As programs write 10:30:00.001 with 15 and with 17 digits, and what computing makes of 10:30.
            ("46235.4375000116", BOTH, false, "2026-08-01T10:30:00.001"),
            ("46235.437500011577", BOTH, false, "2026-08-01T10:30:00.001"),
            ("46235.437500000015", BOTH, false, "2026-08-01T10:30:00"),
            ("46235.9999999999", DATE, false, "2026-08-02"),
            ("46235.999999999985", BOTH, false, "2026-08-02T00:00:00"),
            // Microseconds, and the same with the digits that say that they are meant.
            ("46235.52083475694", BOTH, false, "2026-08-01T12:30:00.123"),
            ("46235.520834762225", BOTH, false, "2026-08-01T12:30:00.123456"),
            ("46235.5208333333400", BOTH, false, "2026-08-01T12:30:00.000001"),
            ("46235.9999999999850", BOTH, false, "2026-08-01T23:59:59.999999"),
            ("46235.9999999999850", DATE, false, "2026-08-01T23:59:59.999999"),
            ("46235.99999999999", BOTH, false, "2026-08-02T00:00:00"),
            ("1.5", ELAPSED, false, "36:00:00"),
            ("1", DATE, false, "1900-01-01"),
            ("59", DATE, false, "1900-02-28"),
            ("61", DATE, false, "1900-03-01"),
            ("2958465", DATE, false, "9999-12-31"),
            ("0", DATE, true, "1904-01-01"),
            ("44773", DATE, true, "2026-08-01"),
            ("4.6235E4", DATE, false, "2026-08-01"),
        ] {
            let mut out = Vec::new();
            assert!(push_date(text.as_bytes(), form, is_1904, &mut out), "{text}");
            assert_eq!(String::from_utf8_lossy(&out), want, "{text} {form:?}");
        }
        for text in ["-1", "2958466", "1e300", "NaN", "inf", "x", "", "0", "60"] {
            let mut out = Vec::new();
            assert!(!push_date(text.as_bytes(), DATE, false, &mut out), "{text}");
            assert!(out.is_empty());
        }
    }
}
