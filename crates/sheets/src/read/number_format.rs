//! Whether a number format shows a date (ECMA-376 part 1, 18.8.30 and 18.8.31).

use super::serial::DateForm;

/// The form of a format that every program knows by its number; `None` where it shows no date. The numbers 27 to 36 and 50 to 58 are
/// dates in Chinese, Japanese and Korean, and mean nothing elsewhere.
pub(crate) fn built_in(number: u32) -> Option<DateForm> {
    let form = |has_date, has_time| Some(DateForm { has_date, has_time, is_elapsed: false });
    match number {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => form(true, false),
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => form(false, true),
        22 => form(true, true),
        46 => Some(DateForm { has_date: false, has_time: true, is_elapsed: true }),
        _ => None,
    }
}

/// The form of a format that is written out, by its first section; `None` where it shows no date.
pub(crate) fn custom(code: &str) -> Option<DateForm> {
    let (mut has_day, mut has_month_or_minute, mut has_hour, mut is_elapsed) = (false, false, false, false);
    let (mut has_era, mut has_digit) = (false, false);
    let mut rest = code.chars();
    while let Some(character) = rest.next() {
        match character.to_ascii_lowercase() {
            ';' => break,
            '"' => {
                rest.find(|&other| other == '"');
            }
            // The next character is shown, left free by its width, or repeated.
            '\\' | '_' | '*' | '!' => {
                rest.next();
            }
            '[' => {
                let inside: String = rest.by_ref().take_while(|&other| other != ']').collect();
                let inside = inside.to_ascii_lowercase();
                is_elapsed |= matches!(inside.as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss");
            }
            'g' if rest.as_str().get(..6).is_some_and(|rest| rest.eq_ignore_ascii_case("eneral")) => {
                return None;
            }
            'y' | 'd' | 'b' => has_day = true,
            'm' => has_month_or_minute = true,
            'h' | 's' => has_hour = true,
            // The year of an emperor, but an exponent in `0.00E+00`.
            'e' if !rest.as_str().starts_with(['+', '-']) => has_era = true,
            '0' | '#' | '?' => has_digit = true,
            _ => {}
        }
    }
    let has_time = has_hour || is_elapsed;
    let has_date = has_day || (has_month_or_minute && !has_time) || (has_era && !has_digit);
    (has_date || has_time).then_some(DateForm { has_date, has_time, is_elapsed })
}

#[cfg(test)]
mod tests {
    use super::{built_in, custom};

    #[test]
    fn formats_show_dates_or_not() {
        for (code, want) in [
            ("General", ""),
            ("0.00", ""),
            ("#,##0.00_);[Red](#,##0.00)", ""),
            ("0.00E+00", ""),
            ("@", ""),
            ("\"day\" 0", ""),
            ("0\\d", ""),
            ("[$€-407] #,##0", ""),
            ("[Red]0;[Blue]yyyy", ""),
            ("", ""),
            ("yyyy-mm-dd", "d"),
            ("[$-409]d\\-mmm\\-yy;@", "d"),
            ("yyyy\"年\"m\"月\"d\"日\"", "d"),
            ("mmm", "d"),
            ("e\"年\"", "d"),
            ("yyyy/m/d h:mm", "dt"),
            ("[$-F800]dddd, mmmm dd, yyyy", "d"),
            ("hh:mm:ss.000", "t"),
            ("h:mm AM/PM", "t"),
            ("mm:ss", "t"),
            ("上午/下午h\"时\"mm\"分\"", "t"),
            ("[h]:mm:ss", "te"),
            ("[mm]:ss", "te"),
            ("\"never closed", ""),
            ("[never closed", ""),
            ("\\", ""),
        ] {
            let found = custom(code).map_or(String::new(), |form| {
                let letters = [(form.has_date, 'd'), (form.has_time, 't'), (form.is_elapsed, 'e')];
                letters.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| letter).collect()
            });
            assert_eq!(found, want, "{code}");
        }
    }

    #[test]
    fn numbers_of_formats_are_known() {
        for (number, is_date) in
            [(0, false), (1, false), (9, false), (13, false), (14, true), (22, true), (23, false)]
        {
            assert_eq!(built_in(number).is_some(), is_date, "{number}");
        }
        assert!(built_in(46).is_some_and(|form| form.is_elapsed));
        assert!([45, 47, 57].into_iter().all(|number| built_in(number).is_some()));
        assert_eq!(built_in(49), None);
        assert_eq!(built_in(u32::MAX), None);
    }
}
