//! Numbers, sizes and times as people read them. Both languages group digits in the same way.

/// A whole number with its digits in groups: `12,400`.
pub fn grouped(number: u64) -> String {
    group_digits(&number.to_string())
}

/// A number in text form with the digits before the point in groups: `-1234567.50` becomes
/// `-1,234,567.50`. Anything that is not a plain number comes back unchanged.
pub fn grouped_text(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = match digits.find('.') {
        Some(point) => digits.split_at(point),
        None => (digits, ""),
    };
    let plain = !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
        && fraction.bytes().skip(1).all(|b| b.is_ascii_digit());
    if plain { format!("{sign}{}{fraction}", group_digits(whole)) } else { number.to_owned() }
}

fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size with decimal units, as file managers show it: `8.2 MB`, `340 kB`, `12 B`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would be shown as 1000, which belongs to the next unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A calendar day with the time of day, in some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// Year of the common era.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
}

impl CivilTime {
    /// The moment in UTC, by Howard Hinnant's `civil_from_days`
    /// (<https://howardhinnant.github.io/date_algorithms.html>).
    pub fn utc(epoch_ms: u64) -> CivilTime {
        let minutes = i64::try_from(epoch_ms / 60_000).unwrap_or(i64::MAX);
        let second = (epoch_ms / 1000 % 60) as u32;
        let (days, minute_of_day) = (minutes / 1440, minutes % 1440);
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        CivilTime {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u32,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32,
            hour: (minute_of_day / 60) as u32,
            minute: (minute_of_day % 60) as u32,
            second,
        }
    }

    /// For `<time datetime>` of a moment in UTC: `2026-08-01T10:30Z`.
    pub fn machine(self) -> String {
        let CivilTime { year, month, day, hour, minute, .. } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, want) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (12_400, "12,400"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), want);
        }
        for (text, want) in [
            ("1234.50", "1,234.50"),
            ("-1234567", "-1,234,567"),
            ("12", "12"),
            ("", ""),
            ("-", "-"),
            ("1e9", "1e9"),
            ("NaN", "NaN"),
            ("1234.5.6", "1234.5.6"),
        ] {
            assert_eq!(grouped_text(text), want, "{text}");
        }
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        for (bytes, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (8_200_000, "8.2 MB"),
            (9_960, "10 kB"),
            (340_000, "340 kB"),
            (999_700, "1.0 MB"),
            (5_000_000_000_000_000, "5000 TB"),
        ] {
            assert_eq!(size(bytes), want);
        }
    }

    #[test]
    fn utc_follows_the_calendar() {
        for (ms, want) in [
            (0, "1970-01-01T00:00Z"),
            (951_782_399_999, "2000-02-28T23:59Z"),
            (951_782_400_000, "2000-02-29T00:00Z"),
            (1_709_251_200_000, "2024-03-01T00:00Z"),
            (1_785_580_200_000, "2026-08-01T10:30Z"),
            (4_102_444_740_000, "2099-12-31T23:59Z"),
        ] {
            assert_eq!(CivilTime::utc(ms).machine(), want);
        }
    }
}
