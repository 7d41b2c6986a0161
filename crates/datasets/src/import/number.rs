//! Numbers as people and programs write them, exactly.

use super::cells::narrowed;

/// Digits that Excel keeps of a number
/// (<https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>). What a file says
/// beyond is the error of a binary number: 19.989999999999998 is shown as 19.99 and meant so.
pub(crate) const DIGITS_OF_EXCEL: u32 = 15;
/// Digits that fit 128 bits.
const DIGITS_MAX: u32 = 38;

/// A number: coefficient × 10^exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) is_negative: bool,
    /// Not divisible by 10, unless it is 0.
    pub(crate) coefficient: u128,
    pub(crate) exponent: i32,
}

/// Why a number is not one of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    TooLarge,
    TooManyDecimals,
}

impl Number {
    /// Reads `-1234.5`, `1,234.56`, `+7`, `(12)`, `1E-3`, and all that in full-width characters. `None` if it is no number, or has
    /// more than 38 digits.
    pub(crate) fn read(text: &str) -> Option<Number> {
        if text.is_ascii() { scan(text.as_bytes()) } else { scan(narrowed(text).trim().as_bytes()) }
    }

    /// How many digits it has without zeros at its ends.
    pub(crate) fn digit_count(self) -> u32 {
        self.coefficient.checked_ilog10().map_or(1, |log| log + 1)
    }

    /// As Excel shows it, where it has a fraction: with 15 digits. Whole numbers keep all of theirs.
    pub(crate) fn as_shown(self) -> Number {
        let digits = self.digit_count();
        if self.exponent >= 0 || digits <= DIGITS_OF_EXCEL {
            return self;
        }
        let surplus = digits - DIGITS_OF_EXCEL;
        let power = 10u128.pow(surplus);
        let rounded = (self.coefficient + power / 2) / power;
        Number { coefficient: rounded, exponent: self.exponent + surplus.cast_signed(), ..self }.normal()
    }

    /// Whether it is a whole number of more digits than Excel keeps, so that the last ones may be zeros for what they were.
    pub(crate) fn has_lost_digits(self) -> bool {
        self.exponent >= 0 && self.digit_count() + self.exponent.unsigned_abs() > DIGITS_OF_EXCEL
    }

    fn normal(mut self) -> Number {
        while self.coefficient != 0 && self.coefficient.is_multiple_of(10) {
            self.coefficient /= 10;
            self.exponent += 1;
        }
        if self.coefficient == 0 {
            self.exponent = 0;
        }
        self
    }

    /// In units of the `scale`th digit after the point, exactly.
    pub(crate) fn units(self, scale: u8) -> Result<i128, NumberFault> {
        if self.coefficient == 0 {
            return Ok(0);
        }
        let shift = self.exponent + i32::from(scale);
        // The coefficient is not divisible by 10, so that a shift to the right always loses something.
        let shift = u32::try_from(shift).map_err(|_| NumberFault::TooManyDecimals)?;
        let power = 10u128.checked_pow(shift);
        let units = power.and_then(|power| self.coefficient.checked_mul(power));
        let units = units.filter(|units| *units < 10u128.pow(DIGITS_MAX)).ok_or(NumberFault::TooLarge)?;
        let units = units.cast_signed();
        Ok(if self.is_negative { -units } else { units })
    }

    /// As a whole number.
    pub(crate) fn whole(self) -> Result<i64, NumberFault> {
        i64::try_from(self.units(0)?).map_err(|_| NumberFault::TooLarge)
    }

    /// As text without an exponent; `None` where that would have more than 38 digits.
    pub(crate) fn text(self) -> Option<String> {
        let sign = if self.is_negative && self.coefficient != 0 { "-" } else { "" };
        if self.exponent >= 0 {
            let zeros = usize::try_from(self.exponent).ok()?;
            let total = self.digit_count() as usize + zeros;
            return (total <= DIGITS_MAX as usize)
                .then(|| format!("{sign}{}{}", self.coefficient, "0".repeat(zeros)));
        }
        let scale = u8::try_from(-self.exponent).ok().filter(|scale| u32::from(*scale) <= DIGITS_MAX)?;
        Some(format!("{sign}{}", crate::text::decimal(self.coefficient.cast_signed(), scale)))
    }
}

fn scan(bytes: &[u8]) -> Option<Number> {
    let (bytes, is_bracketed) = match bytes {
        [b'(', inside @ .., b')'] => (inside, true),
        bytes => (bytes, false),
    };
    let (rest, is_minus) = match bytes {
        [b'-', rest @ ..] => (rest, true),
        [b'+', rest @ ..] => (rest, false),
        rest => (rest, false),
    };
    if is_bracketed && rest.len() != bytes.len() {
        return None;
    }
    let mut number = Number { is_negative: is_minus || is_bracketed, coefficient: 0, exponent: 0 };
    let (mut digit_count, mut zeros) = (0u32, 0u32);
    let (mut has_digits, mut has_point) = (false, false);
    // Digits since the last comma, once there was one; before it, digits at all.
    let (mut group, mut has_comma) = (0u32, false);
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'0'..=b'9' => {
                has_digits = true;
                group += 1;
                // Zeros count only once something follows them.
                if *byte == b'0' {
                    zeros += u32::from(number.coefficient != 0);
                } else {
                    digit_count += zeros + 1;
                    if digit_count > DIGITS_MAX {
                        return None;
                    }
                    number.coefficient =
                        number.coefficient * 10u128.pow(zeros + 1) + u128::from(*byte - b'0');
                    zeros = 0;
                }
                number.exponent -= i32::from(has_point);
            }
            b',' if !has_point && has_digits => {
                // No number begins with a group of zeros: `0,500` is the half of one for some, and a slip for others.
                if if has_comma { group != 3 } else { group > 3 || rest[at - group as usize] == b'0' } {
                    return None;
                }
                (group, has_comma) = (0, true);
            }
            b'.' if !has_point => {
                if has_comma && group != 3 {
                    return None;
                }
                (has_point, has_comma) = (true, false);
            }
            b'e' | b'E' if has_digits => break,
            _ => return None,
        }
        at += 1;
    }
    if !has_digits || (has_comma && group != 3) {
        return None;
    }
    if at < rest.len() {
        let exponent = std::str::from_utf8(&rest[at + 1..]).ok()?;
        let is_plain = exponent.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit());
        let exponent: i32 =
            exponent.parse().ok().filter(|exponent: &i32| is_plain && exponent.abs() < 1000)?;
        number.exponent += exponent;
    }
    if number.coefficient == 0 {
        return Some(Number { is_negative: false, coefficient: 0, exponent: 0 });
    }
    number.exponent += i32::try_from(zeros).ok()?;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let largest = "9".repeat(38);
        for (text, scale, want) in [
            ("31", 2, Ok(3100)),
            ("1,234.56", 2, Ok(123_456)),
            ("12,345,678", 0, Ok(12_345_678)),
            ("１，２３４．５６", 2, Ok(123_456)),
            ("－５", 0, Ok(-5)),
            ("\u{2212}5", 0, Ok(-5)),
            ("(1,234.50)", 2, Ok(-123_450)),
            ("+7", 0, Ok(7)),
            ("-0.05", 2, Ok(-5)),
            (".5", 2, Ok(50)),
            ("5.", 2, Ok(500)),
            ("007", 0, Ok(7)),
            ("1.500000", 2, Ok(150)),
            ("-0", 0, Ok(0)),
            ("0.000", 2, Ok(0)),
            ("1E3", 0, Ok(1000)),
            ("1.5e-1", 2, Ok(15)),
            ("1E-3", 2, Err("too many decimals")),
            ("100", 0, Ok(100)),
            ("1000000", 2, Ok(100_000_000)),
            ("10.01", 2, Ok(1001)),
            ("12.345", 2, Err("too many decimals")),
            (&largest, 0, Ok(10i128.pow(38) - 1)),
            (&largest, 1, Err("too large")),
            ("1E300", 0, Err("too large")),
            ("", 2, Err("no number")),
            (".", 2, Err("no number")),
            ("-", 2, Err("no number")),
            ("(-5)", 2, Err("no number")),
            ("()", 2, Err("no number")),
            ("12%", 2, Err("no number")),
            ("1.2.3", 2, Err("no number")),
            ("1,23", 2, Err("no number")),
            ("0,500", 3, Err("no number")),
            ("-0,500", 3, Err("no number")),
            ("012,500", 3, Err("no number")),
            ("100,500", 0, Ok(100_500)),
            ("1234,567", 2, Err("no number")),
            ("1,234,5", 2, Err("no number")),
            (",123", 2, Err("no number")),
            ("1,,234", 2, Err("no number")),
            ("1.234,56", 2, Err("no number")),
            ("1.2,345", 2, Err("no number")),
            ("12e", 2, Err("no number")),
            ("1e+-3", 2, Err("no number")),
            ("1e99999999999", 2, Err("no number")),
            ("0x10", 2, Err("no number")),
            ("NaN", 2, Err("no number")),
            ("¥5", 2, Err("no number")),
            ("1 234", 2, Err("no number")),
            (&format!("{largest}9"), 0, Err("no number")),
        ] {
            let read = Number::read(text).ok_or("no number");
            let read = read.and_then(|number| {
                number.units(scale).map_err(|fault| match fault {
                    NumberFault::TooLarge => "too large",
                    NumberFault::TooManyDecimals => "too many decimals",
                })
            });
            assert_eq!(read, want, "{text} at {scale}");
        }
    }

    #[test]
    fn fractions_are_as_excel_shows_them() {
        for (text, want) in [
            ("19.989999999999998", "19.99"),
            ("0.30000000000000004", "0.3"),
            ("0.1", "0.1"),
            ("1234567890.12345678", "1234567890.12346"),
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678", "123456789012345678"),
            ("1.23456789012346E+17", "123456789012346000"),
            ("31.0", "31"),
            ("-2.50", "-2.5"),
            ("999999999999999.96", "1000000000000000"),
            ("-0.0", "0"),
        ] {
            let shown = Number::read(text).and_then(|number| number.as_shown().text());
            assert_eq!(shown.as_deref(), Some(want), "{text}");
        }
    }
}
