//! Decimals that are held as binary floating point numbers: which double stands for which decimal.
//!
//! Reading and filtering ask the same functions, so that a filter finds what is shown.

use crate::text;
use crate::value::parse_decimal;

/// How many doubles away from the nearest one a number may be and still stand for the decimal, as 0.30000000000000004 does for 0.3.
/// Decimals of 15 digits, which a double keeps, are further apart than that: none of their digits is ever rounded away.
const NOISE: usize = 4;

/// The decimal with `scale` digits after the point that a double stands for, without the point; `None` if it has more digits than
/// that, too many in all, or is no number.
pub(crate) fn decimal_of(number: f64, scale: u8) -> Option<i128> {
    let rounded = rounded(number, scale)?;
    let (lowest, highest) = span(rounded, scale);
    (lowest <= number && number <= highest).then_some(rounded)
}

/// The same of a single.
pub(crate) fn decimal_of_single(number: f32, scale: u8) -> Option<i128> {
    let rounded = rounded(f64::from(number), scale)?;
    let (lowest, highest) = single_span(rounded, scale);
    (lowest <= number && number <= highest).then_some(rounded)
}

/// The smallest and the largest double that stand for a decimal.
pub(crate) fn span(unscaled: i128, scale: u8) -> (f64, f64) {
    let nearest: f64 = text::decimal(unscaled, scale).parse().unwrap_or(f64::INFINITY);
    let further = |step: fn(f64) -> f64| (0..NOISE).fold(nearest, |number, _| step(number));
    (further(f64::next_down), further(f64::next_up))
}

/// The smallest and the largest single that stand for a decimal.
pub(crate) fn single_span(unscaled: i128, scale: u8) -> (f32, f32) {
    let nearest: f32 = text::decimal(unscaled, scale).parse().unwrap_or(f32::INFINITY);
    let further = |step: fn(f32) -> f32| (0..NOISE).fold(nearest, |number, _| step(number));
    (further(f32::next_down), further(f32::next_up))
}

/// What a single is for people: the number of its shortest text, which is 0.1 and not 0.10000000149011612.
pub(crate) fn shown_single(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// The smallest single that is shown as at least `number`, and the largest that is shown as at most that; the first is larger
/// than the second where none is shown as just that.
pub(crate) fn singles_around(number: f64) -> (f32, f32) {
    let (mut lowest, mut highest) = (number as f32, number as f32);
    if shown_single(lowest) < number {
        lowest = lowest.next_up();
    }
    if shown_single(highest) > number {
        highest = highest.next_down();
    }
    (lowest, highest)
}

fn rounded(number: f64, scale: u8) -> Option<i128> {
    number
        .is_finite()
        .then(|| format!("{number:.digits$}", digits = usize::from(scale)))
        .and_then(|text| parse_decimal(&text, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_noise_is_rounded_away() {
        for (number, scale, want) in [
            (12.5, 2, Some(1250)),
            (0.1 + 0.2, 2, Some(30)),
            (1.1 * 3.0, 2, Some(330)),
            (-(0.1 + 0.2), 1, Some(-3)),
            (0.0, 2, Some(0)),
            (-0.0, 2, Some(0)),
            (12.345, 2, None),
            (12.345, 3, Some(12_345)),
            (12.34000000001, 2, None),
            (0.001, 2, None),
            (1.00000000000001, 2, None),
            (9_999_999_999_999.99, 2, Some(999_999_999_999_999)),
            (1e300, 2, None),
            (f64::NAN, 2, None),
            (f64::INFINITY, 2, None),
        ] {
            assert_eq!(decimal_of(number, scale), want, "{number} at {scale}");
        }
        for (number, scale, want) in [
            (12.34f32, 2, Some(1234)),
            (12.345, 2, None),
            (0.1, 2, Some(10)),
            (16_777_216.0, 0, Some(16_777_216)),
        ] {
            assert_eq!(decimal_of_single(number, scale), want, "{number} at {scale}");
        }
    }

    #[test]
    fn what_is_shown_is_in_its_span() {
        for unscaled in [0, 1, -1, 30, 1250, 99_999_999_999_999, -123_456_789] {
            let (lowest, highest) = span(unscaled, 2);
            for number in [lowest, highest] {
                assert_eq!(decimal_of(number, 2), Some(unscaled), "{number}");
            }
            assert_ne!(decimal_of(lowest.next_down(), 2), Some(unscaled));
            assert_ne!(decimal_of(highest.next_up(), 2), Some(unscaled));
        }
    }

    #[test]
    fn singles_are_found_by_what_they_are_shown_as() {
        assert_eq!(singles_around(0.1), (0.1, 0.1));
        assert_eq!(singles_around(1.5), (1.5, 1.5));
        let (lowest, highest) = singles_around(0.100_000_001);
        assert!(highest < lowest && highest == 0.1f32, "{lowest} {highest}");
        assert_eq!(singles_around(1e300), (f32::INFINITY, f32::MAX));
        assert_eq!(shown_single(0.1), 0.1);
    }
}
