//! Days and times as people and programs write them.

use jiff::civil::Date;

use super::cells::narrowed;
use super::number::Number;

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;
const EPOCH: Date = Date::constant(1970, 1, 1);
/// The day before the first of Excel's days, but for its day 60, 1900-02-29, which never was
/// (<https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year>).
const EXCEL_EPOCH_DAYS: i32 = -25_569;
/// The serial number of 9999-12-31, Excel's last day.
const SERIAL_MAX: f64 = 2_958_465.0;
/// Microseconds by which a serial number of 15 digits may be beside the time that was meant.
const SNAP: i64 = 10;

/// What a cell says of a day and a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Days since 1970-01-01; `None` for a time alone.
    pub(crate) days: Option<i32>,
    /// Microseconds since midnight; `None` for a day alone.
    pub(crate) micros: Option<i64>,
    /// Seconds that the time is ahead of UTC, where that is said.
    pub(crate) offset: Option<i32>,
}

/// Reads `2026-08-01`, `2026/8/1`, `2026.8.1`, `2026年8月1日`, `20260801`, each with or without a time: `10:30`, `10:30:00.5`,
/// `下午3点05分`, `3:05 PM`; times alone; and after a time `Z` or `+08:00`. Years have four digits, and the order is always year,
/// month, day: any other can't be told apart.
pub(crate) fn read(text: &str) -> Option<Moment> {
    // What programs write.
    if let Some(days) = iso_date(text.as_bytes()) {
        return Some(Moment { days: Some(days), micros: None, offset: None });
    }
    let narrow = narrowed(text);
    let mut rest = Rest(narrow.trim());
    let days = rest.date();
    if rest.0.is_empty() {
        return days.map(|days| Moment { days: Some(days), micros: None, offset: None });
    }
    if days.is_some() {
        let before = rest.0.len();
        rest.0 = rest.0.strip_prefix('T').unwrap_or(rest.0).trim_start();
        // After a character such as 日 nothing needs to stand between.
        if rest.0.len() == before && !narrow.contains(['日', '号']) {
            return None;
        }
    }
    let micros = rest.time()?;
    let offset = rest.offset()?;
    rest.0.is_empty().then_some(Moment { days, micros: Some(micros), offset })
}

/// Reads a number as Excel's serial number of a day, with its time, or as `20260801`.
pub(crate) fn of_number(text: &str) -> Option<Moment> {
    if text.len() == 8
        && let Some(days) = compact_date(text)
    {
        return Some(Moment { days: Some(days), micros: None, offset: None });
    }
    Number::read(text)?;
    let serial: f64 = text.parse().ok()?;
    if !(0.0..SERIAL_MAX + 1.0).contains(&serial) {
        return None;
    }
    // To the microsecond, or to a millisecond that is as near as Excel's 15 digits tell, but never into another day.
    let exact = (serial.fract() * DAY as f64).round() as i64;
    let near = (exact + 500) / 1000 * 1000;
    let micros = if (near - exact).abs() <= SNAP && near < DAY { near } else { exact.min(DAY - 1) };
    let whole = serial.trunc() as i32;
    let days = match whole {
        0 => None,
        // 1900-01-01 is 1, and days from 1900-03-01 on count one that never was.
        1..=59 => Some(EXCEL_EPOCH_DAYS + whole + 1),
        60 => return None,
        _ => Some(EXCEL_EPOCH_DAYS + whole),
    };
    Some(Moment { days, micros: Some(micros).filter(|micros| *micros != 0 || days.is_none()), offset: None })
}

fn days_of(year: i16, month: i8, day: i8) -> Option<i32> {
    if year < 1 {
        return None;
    }
    let date = Date::new(year, month, day).ok()?;
    i32::try_from(date.duration_since(EPOCH).as_secs() / 86_400).ok()
}

fn two_digits(bytes: &[u8]) -> Option<i8> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(((a - b'0') * 10 + (b - b'0')).cast_signed()),
        _ => None,
    }
}

fn four_digits(bytes: &[u8]) -> Option<i16> {
    let (century, year) = bytes.split_at_checked(2)?;
    Some(i16::from(two_digits(century)?) * 100 + i16::from(two_digits(year)?))
}

/// Exactly `2026-08-01`.
fn iso_date(bytes: &[u8]) -> Option<i32> {
    match bytes {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
            days_of(four_digits(year)?, two_digits(&[*m1, *m2])?, two_digits(&[*d1, *d2])?)
        }
        _ => None,
    }
}

fn compact_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    days_of(four_digits(bytes.get(..4)?)?, two_digits(bytes.get(4..6)?)?, two_digits(bytes.get(6..8)?)?)
}

/// A part of the day that stands with a time.
#[derive(Clone, Copy)]
enum Half {
    Morning,
    Noon,
    Afternoon,
    Evening,
}

impl Half {
    /// The hour of the day; `None` where the two don't go together, or may be of another day. 下午15:30 says twice what once would do.
    fn hour(self, hour: i64) -> Option<i64> {
        match (self, hour) {
            (Half::Morning, 12) => Some(0),
            (Half::Morning, 0..=11)
            | (Half::Noon, 11..=14)
            | (Half::Afternoon, 12..=23)
            | (Half::Evening, 17..=23) => Some(hour),
            (Half::Noon, 1..=2) | (Half::Afternoon, 1..=11) | (Half::Evening, 5..=11) => Some(hour + 12),
            _ => None,
        }
    }
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// One to `most` digits as a number.
    fn digits(&mut self, most: usize) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 || length > most {
            return None;
        }
        let (digits, after) = self.0.split_at(length);
        self.0 = after;
        digits.parse().ok()
    }

    fn takes(&mut self, one_of: &[&str]) -> bool {
        let found = one_of.iter().find_map(|text| self.0.strip_prefix(text));
        self.0 = found.unwrap_or(self.0);
        found.is_some()
    }

    /// A day, or nothing is taken.
    fn date(&mut self) -> Option<i32> {
        let before = self.0;
        let found = self.parted_date().or_else(|| {
            self.0 = before;
            let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let days = compact_date(self.0).filter(|_| length == 8)?;
            self.0 = &self.0[8..];
            Some(days)
        });
        if found.is_none() {
            self.0 = before;
        }
        found
    }

    fn parted_date(&mut self) -> Option<i32> {
        if self.0.bytes().take_while(u8::is_ascii_digit).count() != 4 {
            return None;
        }
        let year = i16::try_from(self.digits(4)?).ok()?;
        self.0 = self.0.trim_start();
        let separator = ["-", "/", ".", "年"].into_iter().find(|separator| self.takes(&[separator]))?;
        self.0 = self.0.trim_start();
        let month = i8::try_from(self.digits(2)?).ok()?;
        self.0 = self.0.trim_start();
        if !self.takes(&[if separator == "年" { "月" } else { separator }]) {
            return None;
        }
        self.0 = self.0.trim_start();
        let day = i8::try_from(self.digits(2)?).ok()?;
        if separator == "年" {
            self.0 = self.0.trim_start();
            if !self.takes(&["日", "号"]) {
                return None;
            }
        }
        days_of(year, month, day)
    }

    /// A time of day, in microseconds.
    fn time(&mut self) -> Option<i64> {
        let said_before = self.half();
        self.0 = self.0.trim_start();
        let mut hour = self.digits(2)?;
        let (mut minute, mut second, mut micros) = (0, 0, 0);
        if self.takes(&["时", "時", "点", "點"]) {
            if self.takes(&["半"]) {
                minute = 30;
            } else if self.0.starts_with(|c: char| c.is_ascii_digit()) {
                minute = self.digits(2)?;
                if !self.takes(&["分"]) {
                    return None;
                }
                if self.0.starts_with(|c: char| c.is_ascii_digit()) {
                    second = self.digits(2)?;
                    if !self.takes(&["秒"]) {
                        return None;
                    }
                }
            }
        } else if self.takes(&[":"]) {
            minute = self.two()?;
            if self.takes(&[":"]) {
                second = self.two()?;
                if self.takes(&[".", ","]) {
                    micros = self.fraction()?;
                }
            }
        } else {
            return None;
        }
        let half = match said_before {
            Some(half) => Some(half),
            None => {
                let before = self.0;
                self.0 = self.0.trim_start();
                let half = self.half();
                if half.is_none() {
                    self.0 = before;
                }
                half
            }
        };
        if let Some(half) = half {
            hour = half.hour(hour)?;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
    }

    fn two(&mut self) -> Option<i64> {
        let digits = two_digits(self.0.as_bytes().get(..2)?)?;
        self.0 = &self.0[2..];
        (!self.0.starts_with(|c: char| c.is_ascii_digit())).then_some(i64::from(digits))
    }

    /// A second's fraction, cut at the microsecond.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 || length > 12 {
            return None;
        }
        let (digits, after) = self.0.split_at(length);
        self.0 = after;
        format!("{digits:0<6}").get(..6)?.parse().ok()
    }

    /// The part of the day, where it is said.
    fn half(&mut self) -> Option<Half> {
        for (words, half) in [
            (&["上午", "凌晨", "早上"][..], Half::Morning),
            (&["中午"], Half::Noon),
            (&["下午"], Half::Afternoon),
            (&["晚上"], Half::Evening),
        ] {
            if self.takes(words) {
                return Some(half);
            }
        }
        let (word, after) = self.0.split_at_checked(2)?;
        let half = match word.to_ascii_lowercase().as_str() {
            "am" => Half::Morning,
            "pm" => Half::Afternoon,
            _ => return None,
        };
        self.0 = after;
        Some(half)
    }

    /// What follows a time: nothing, `Z`, or an offset. `None` for anything else.
    fn offset(&mut self) -> Option<Option<i32>> {
        let rest = self.0.trim_start();
        if rest.is_empty() {
            self.0 = rest;
            return Some(None);
        }
        self.0 = rest;
        if self.takes(&["Z", "z", "UTC"]) {
            return Some(Some(0));
        }
        let sign = if self.takes(&["+"]) {
            1
        } else if self.takes(&["-"]) {
            -1
        } else {
            return None;
        };
        let hour = two_digits(self.0.as_bytes().get(..2)?)?;
        self.0 = &self.0[2..];
        self.takes(&[":"]);
        let minute = if self.0.is_empty() { 0 } else { self.two().and_then(|two| i8::try_from(two).ok())? };
        (hour <= 18 && minute <= 59).then_some(Some(sign * (i32::from(hour) * 3600 + i32::from(minute) * 60)))
    }
}

#[cfg(test)]
mod tests;
