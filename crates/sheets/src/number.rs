//! Numbers: exact text, and whether a spreadsheet can hold them as numbers without loss.

use std::fmt;

/// The largest whole number with 15 digits. Excel keeps 15 significant digits of a number
/// ("Excel specifications and limits", Microsoft) and computes in 64-bit floating point, whose
/// exact whole numbers reach 2^53, a little further; the smaller limit is the one that counts.
const LARGEST_WITH_15_DIGITS: u128 = 999_999_999_999_999;

/// An exact decimal number, `unscaled` × 10^-`scale`, shown with all its digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecimalText {
    pub(crate) unscaled: i128,
    pub(crate) scale: i8,
}

impl fmt::Display for DecimalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale.unsigned_abs());
        if self.scale <= 0 {
            let zeros = if self.unscaled == 0 { 0 } else { scale };
            return write!(f, "{}{:0<zeros$}", self.unscaled, "");
        }
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// Whether a decimal number has 15 significant digits at most; else it must stay text.
#[inline]
pub(crate) fn decimal_is_number(unscaled: i128, scale: i8) -> bool {
    unscaled.unsigned_abs() <= LARGEST_WITH_15_DIGITS || is_short_without_zeros(unscaled, scale)
}

/// The same for a number that has more digits, of which those at the end may be zeros.
fn is_short_without_zeros(unscaled: i128, scale: i8) -> bool {
    let (mut digits, mut places) = (unscaled.unsigned_abs(), i32::from(scale));
    while digits.is_multiple_of(10) && (places > 0 || digits > LARGEST_WITH_15_DIGITS) {
        digits /= 10;
        places -= 1;
    }
    digits <= LARGEST_WITH_15_DIGITS
}

/// The float equal to a whole number, or `None` where it has more than 15 digits.
pub(crate) fn integer_as_number(value: i64) -> Option<f64> {
    (u128::from(value.unsigned_abs()) <= LARGEST_WITH_15_DIGITS).then_some(value as f64)
}

/// A float that no spreadsheet number can hold, as text: `NaN`, `Infinity`, `-Infinity`.
pub(crate) fn non_finite_text(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// A float as the shortest text that reads back as the same float; exponents only where the plain
/// form would be long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloatText(pub(crate) f64);

impl fmt::Display for FloatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if let Some(text) = non_finite_text(value) {
            return f.write_str(text);
        }
        if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
            write!(f, "{value}")
        } else {
            write!(f, "{value:e}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DecimalText, FloatText, decimal_is_number, integer_as_number};

    #[test]
    fn decimals_as_text_and_number() {
        for (unscaled, scale, text, is_number) in [
            (0, 2, "0.00", true),
            (5, 2, "0.05", true),
            (-5, 2, "-0.05", true),
            (123_456, 2, "1234.56", true),
            (7, 0, "7", true),
            (7, -3, "7000", true),
            (0, -3, "0", true),
            (999_999_999_999_999, 2, "9999999999999.99", true),
            (1_000_000_000_000_001, 2, "10000000000000.01", false),
            // Trailing zeros are no significant digits.
            (99_999_999_999_999_900, 2, "999999999999999.00", true),
            (10_000_000_000_000_000, 0, "10000000000000000", true),
            (12, 30, "0.000000000000000000000000000012", true),
        ] {
            assert_eq!(DecimalText { unscaled, scale }.to_string(), text);
            assert_eq!(decimal_is_number(unscaled, scale), is_number, "{text}");
        }
        assert_eq!(
            DecimalText { unscaled: i128::MIN, scale: 38 }.to_string(),
            "-1.70141183460469231731687303715884105728"
        );
        assert!(!decimal_is_number(i128::MIN, 0));
    }

    #[test]
    fn integers_stay_numbers_up_to_15_digits() {
        assert_eq!(integer_as_number(-999_999_999_999_999), Some(-999_999_999_999_999.0));
        assert_eq!(integer_as_number(1_000_000_000_000_000), None);
        assert_eq!(integer_as_number(i64::MIN), None);
    }

    #[test]
    fn floats_as_text() {
        for (value, want) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e300, "1e300"),
            (1e-7, "1e-7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(FloatText(value).to_string(), want);
        }
    }
}
