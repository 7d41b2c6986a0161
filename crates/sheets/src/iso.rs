//! Dates and timestamps as ISO 8601 text, for every value that Arrow can hold.

use std::fmt;

use crate::digits::{push_shown, put_two};

/// Microseconds in a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01, shown as `YYYY-MM-DD`; years outside 0000 to 9999 get a sign, as ISO 8601
/// asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsoDate(pub(crate) i64);

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(f, "{year:+05}-{month:02}-{day:02}")
        }
    }
}

/// Microseconds since midnight, shown as `HH:MM:SS`, with a fraction of three or six digits only where it is not zero. What is no
/// time of day is shown as it counts: `24:00:00`, `-01:30:00`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsoTime(pub(crate) i64);

impl fmt::Display for IsoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.unsigned_abs();
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{hour:02}:{minute:02}:{second:02}")?;
        match fraction {
            0 => Ok(()),
            _ if fraction % 1000 == 0 => write!(f, ".{:03}", fraction / 1000),
            _ => write!(f, ".{fraction:06}"),
        }
    }
}

/// Microseconds since 1970-01-01 00:00, shown as `YYYY-MM-DD HH:MM:SS`, with a fraction of three or
/// six digits only where it is not zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsoTimestamp(pub(crate) i64);

impl fmt::Display for IsoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.0.div_euclid(MICROS_PER_DAY);
        write!(f, "{} {}", IsoDate(day), IsoTime(self.0.rem_euclid(MICROS_PER_DAY)))
    }
}

/// Appends what [`IsoTimestamp`] shows, the usual moments in few steps.
pub(crate) fn push_timestamp(out: &mut Vec<u8>, micros: i64) {
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY).unsigned_abs();
    if !(0..=9999).contains(&year) || !of_day.is_multiple_of(1_000_000) {
        return push_shown(out, IsoTimestamp(micros));
    }
    let (year, second) = (year.unsigned_abs(), of_day / 1_000_000);
    let mut text = *b"0000-00-00 00:00:00";
    put_two(&mut text[..2], year / 100);
    put_two(&mut text[2..4], year);
    put_two(&mut text[5..7], month.unsigned_abs());
    put_two(&mut text[8..10], day.unsigned_abs());
    put_two(&mut text[11..13], second / 3600);
    put_two(&mut text[14..16], second / 60 % 60);
    put_two(&mut text[17..], second % 60);
    out.extend_from_slice(&text);
}

/// The proleptic Gregorian (year, month, day) of a day counted from 1970-01-01.
///
/// The algorithm is `civil_from_days` of Howard Hinnant's "chrono-Compatible Low-Level Date
/// Algorithms": it counts from 0000-03-01 in eras of 400 years, which have 146,097 days each.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{IsoDate, IsoTime, IsoTimestamp, MICROS_PER_DAY, push_timestamp};

    #[test]
    fn dates() {
        for (days, want) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_666, "2026-08-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (i64::from(i32::MAX), "+5881580-07-11"),
            (i64::from(i32::MIN), "-5877641-06-23"),
        ] {
            assert_eq!(IsoDate(days).to_string(), want);
        }
    }

    #[test]
    fn times() {
        for (micros, want) in [
            (0, "00:00:00"),
            (37_815_000_000, "10:30:15"),
            (37_815_120_000, "10:30:15.120"),
            (MICROS_PER_DAY - 1, "23:59:59.999999"),
            (MICROS_PER_DAY, "24:00:00"),
            (-5_400_000_000, "-01:30:00"),
            (i64::MIN, "-2562047788:00:54.775808"),
        ] {
            assert_eq!(IsoTime(micros).to_string(), want);
        }
    }

    #[test]
    fn timestamps() {
        for (micros, want) in [
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999"),
            (20_666 * MICROS_PER_DAY + 37_815_000_000, "2026-08-01 10:30:15"),
            (1_500_000, "1970-01-01 00:00:01.500"),
            (1_000_001, "1970-01-01 00:00:01.000001"),
            (i64::MIN, "-290308-12-21 19:59:05.224192"),
        ] {
            assert_eq!(IsoTimestamp(micros).to_string(), want);
            let mut pushed = Vec::new();
            push_timestamp(&mut pushed, micros);
            assert_eq!(String::from_utf8(pushed).expect("text"), want);
        }
    }
}
