//! Numbers: exact text, and whether a spreadsheet can hold them as numbers without loss.

use std::fmt;

/// The largest whole number with 15 digits. Excel keeps 15 significant digits of a number
/// ("Excel specifications and limits", Microsoft) and computes in 64-bit floating point, whose
/// exact whole numbers reach 2^53, a little further; the smaller limit is the one that counts.
const LARGEST_WITH_15_DIGITS: u128 = 999_999_999_999_999;

/// The powers of ten that a 64-bit float holds exactly.
const EXACT_POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

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

/// The nearest float of a decimal number, or `None` where it has more than 15 significant digits
/// and must stay text.
pub(crate) fn decimal_as_number(unscaled: i128, scale: i8) -> Option<f64> {
    let (mut digits, mut places) = (unscaled, i32::from(scale));
    while digits != 0 && digits % 10 == 0 && (places > 0 || digits.unsigned_abs() > LARGEST_WITH_15_DIGITS) {
        digits /= 10;
        places -= 1;
    }
    if digits.unsigned_abs() > LARGEST_WITH_15_DIGITS {
        return None;
    }
    // Both operands are exact, so the one rounding of the division or product is the right one.
    let power = EXACT_POWERS_OF_TEN.get(usize::try_from(places.unsigned_abs()).ok()?);
    let exact = digits as f64;
    match power {
        Some(power) if places >= 0 => Some(exact / power),
        Some(power) => Some(exact * power),
        None => DecimalText { unscaled, scale }.to_string().parse().ok(),
    }
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
    use super::{DecimalText, FloatText, decimal_as_number, integer_as_number};

    #[test]
    fn decimals_as_text_and_number() {
        for (unscaled, scale, text, number) in [
            (0, 2, "0.00", Some(0.0)),
            (5, 2, "0.05", Some(0.05)),
            (-5, 2, "-0.05", Some(-0.05)),
            (123_456, 2, "1234.56", Some(1234.56)),
            (7, 0, "7", Some(7.0)),
            (7, -3, "7000", Some(7000.0)),
            (0, -3, "0", Some(0.0)),
            (999_999_999_999_999, 2, "9999999999999.99", Some(9_999_999_999_999.99)),
            (1_000_000_000_000_001, 2, "10000000000000.01", None),
            // Trailing zeros are no significant digits.
            (99_999_999_999_999_900, 2, "999999999999999.00", Some(999_999_999_999_999.0)),
            (10_000_000_000_000_000, 0, "10000000000000000", Some(1e16)),
            (12, 30, "0.000000000000000000000000000012", Some(1.2e-29)),
        ] {
            assert_eq!(DecimalText { unscaled, scale }.to_string(), text);
            assert_eq!(decimal_as_number(unscaled, scale), number, "{text}");
        }
        assert_eq!(
            DecimalText { unscaled: i128::MIN, scale: 38 }.to_string(),
            "-1.70141183460469231731687303715884105728"
        );
        assert_eq!(decimal_as_number(i128::MIN, 0), None);
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
