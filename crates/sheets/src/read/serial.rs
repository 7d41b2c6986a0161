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
const MILLIS_PER_DAY: i64 = MICROS_PER_DAY / 1000;

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

/// Appends the date that a serial number is, as ISO 8601; `false`, and nothing, where it is none that there is. A number shows its time
/// if the format does or if it has one, and its date unless the format is for times only and it has none.
pub(crate) fn push_date(text: &[u8], form: DateForm, is_1904: bool, out: &mut Vec<u8>) -> bool {
    let serial = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    serial.is_some_and(|serial| push_serial(serial, form, is_1904, out))
}

/// The same for a number.
pub(crate) fn push_serial(serial: f64, form: DateForm, is_1904: bool, out: &mut Vec<u8>) -> bool {
    if !(0.0..=(LAST_DAY + 1) as f64).contains(&serial) {
        return false;
    }
    // A millisecond is what Excel shows at most; the number has a little more.
    let millis = (serial * MILLIS_PER_DAY as f64).round() as i64;
    let (mut day, of_day) = (millis / MILLIS_PER_DAY, millis % MILLIS_PER_DAY);
    let time = IsoTime(of_day * 1000);
    if form.is_elapsed && !form.has_date {
        push_shown(out, IsoTime(millis * 1000));
    } else if day == 0 && form.has_time && !(is_1904 && form.has_date) {
        push_shown(out, time);
    } else {
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
        push_moment((day - DAYS_TO_1970) * MICROS_PER_DAY + of_day * 1000, shows_time, out);
    }
    true
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
    use super::{DateForm, ELAPSED, push_date};

    const DATE: DateForm = DateForm { has_date: true, has_time: false, is_elapsed: false };
    const TIME: DateForm = DateForm { has_date: false, has_time: true, is_elapsed: false };
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
            ("0.99999999999", TIME, false, "1900-01-01T00:00:00"),
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
