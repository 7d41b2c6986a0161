//! What a cell of a workbook of errors holds: what it held, as far as every spreadsheet program keeps that; else its text.

use jiff::civil::Date;

use crate::iso::MICROS_PER_DAY;
use crate::read::{Cell, CellKind};
use crate::xlsx::{date_serial, shorten, timestamp_serial};

/// Digits of a number that a spreadsheet program keeps.
const DIGITS_KEPT: usize = 15;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Empty,
    /// A number, and how it was written.
    Number(f64, &'a str),
    /// A boolean.
    Boolean(bool),
    /// A day, a time, or both.
    Moment(Moment),
    /// Anything else, no longer than a cell may be.
    Text(&'a str),
}

impl<'a> Value<'a> {
    /// What that cell is to hold.
    pub(super) fn of(cell: Cell<'a>) -> Value<'a> {
        let value = match cell.kind {
            CellKind::Empty => Some(Value::Empty),
            CellKind::Number => kept_number(cell.text).map(|number| Value::Number(number, cell.text)),
            CellKind::Boolean => Some(Value::Boolean(cell.text == "true")),
            CellKind::Date => Moment::parse(cell.text).map(Value::Moment),
            CellKind::Text | CellKind::Error => None,
        };
        value.unwrap_or(if cell.text.is_empty() { Value::Empty } else { Value::Text(shorten(cell.text)) })
    }
}

/// How a moment is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Date,
    Time,
    /// Of a day or more.
    Elapsed,
    Moment,
}

impl Shown {
    /// All, each at the place of its number.
    pub(super) const ALL: [Shown; 4] = [Shown::Date, Shown::Time, Shown::Elapsed, Shown::Moment];

    /// The number format of Excel.
    pub(super) fn pattern(self) -> &'static str {
        match self {
            Shown::Date => "yyyy-mm-dd",
            Shown::Time => "hh:mm:ss",
            Shown::Elapsed => "[h]:mm:ss",
            Shown::Moment => "yyyy-mm-dd hh:mm:ss",
        }
    }
}

/// A day, a time, or both, for which Excel has a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) shown: Shown,
    /// Since 1970, or since midnight where there is no day.
    pub(super) micros: i64,
    /// Excel's number.
    pub(super) serial: f64,
}

impl Moment {
    /// `None` where Excel's number says less or something else: moments of a zone, microseconds, and days before those that mean the
    /// same everywhere.
    fn parse(text: &str) -> Option<Moment> {
        if let Some((day, time)) = text.split_once('T') {
            let of_day = micros(time).filter(|micros| *micros < MICROS_PER_DAY)?;
            let micros = days(day)? * MICROS_PER_DAY + of_day;
            return Some(Moment { shown: Shown::Moment, micros, serial: timestamp_serial(micros)? });
        }
        if !text.contains(':') {
            let days = days(text)?;
            let micros = days * MICROS_PER_DAY;
            return Some(Moment { shown: Shown::Date, micros, serial: date_serial(days)? });
        }
        let micros = micros(text)?;
        let shown = if micros < MICROS_PER_DAY { Shown::Time } else { Shown::Elapsed };
        Some(Moment { shown, micros, serial: micros as f64 / MICROS_PER_DAY as f64 })
    }
}

/// Days since 1970 of just `YYYY-MM-DD`.
fn days(text: &str) -> Option<i64> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text)?;
    Some(date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24)
}

/// Microseconds of `HH:MM:SS`, also of more than a day, with a fraction of milliseconds at most.
fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Option<Vec<u32>> = whole.split(':').map(digits).collect();
    let [hours, minutes, seconds]: [u32; 3] = parts?.try_into().ok()?;
    let millis = digits(fraction).filter(|_| fraction.len() <= 3)? * [100, 10, 1][fraction.len() - 1];
    let all = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    (minutes < 60 && seconds < 60).then_some(all * 1_000_000 + i64::from(millis) * 1000)
}

/// A few digits and nothing else.
fn digits(text: &str) -> Option<u32> {
    let is_good = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_good.then(|| text.parse().ok()).flatten()
}

/// The number, if it stays what it is when it is stored as a double and shown with 15 digits.
fn kept_number(text: &str) -> Option<f64> {
    let digits =
        text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(u8::is_ascii_digit).count();
    // A longer one that the file itself had as a number, such as 19.989999999999998, is one already; but not an id.
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    (digits <= DIGITS_KEPT || text.contains('.')).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Moment, Shown};

    #[test]
    fn moments_are_numbers_only_where_these_say_the_same() {
        for (text, want) in [
            ("2026-08-01", Some((46_235.0, Shown::Date))),
            ("10:30:00", Some((0.4375, Shown::Time))),
            ("00:00:00.5", Some((0.5 / 86_400.0, Shown::Time))),
            ("36:00:00", Some((1.5, Shown::Elapsed))),
            ("24:00:00", Some((1.0, Shown::Elapsed))),
            ("2026-08-01T10:30:00", Some((46_235.437_5, Shown::Moment))),
            ("2026-08-01T00:00:00", Some((46_235.0, Shown::Moment))),
            ("2026-08-01T10:30:00Z", None),
            ("2026-08-01T10:30:00+08:00", None),
            ("2026-08-01T10:30:00-08:00", None),
            ("2026-08-01T10:30:00.000001", None),
            ("2026-08-01T24:00:00", None),
            ("2026-08-01T10:30", None),
            ("2026-08-01T", None),
            ("2026-02-30", None),
            ("20260801", None),
            ("1900-02-28", None),
            ("10:60:00", None),
            ("10:30:60", None),
            ("-10:30:00", None),
            ("PT36H", None),
            ("", None),
        ] {
            assert_eq!(Moment::parse(text).map(|moment| (moment.serial, moment.shown)), want, "{text}");
        }
    }
}
