//! PostgreSQL's `numeric` as it is sent: <https://www.postgresql.org/docs/current/datatype-numeric.html>, in groups of four
//! digits after a head of four 16-bit numbers (`numeric_send` in PostgreSQL's `numeric.c`).

use crate::schema::DECIMAL_PRECISION;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const POSITIVE_INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;
/// The first whole number that has too many digits.
const LIMIT: i128 = 10i128.pow(DECIMAL_PRECISION as u32);

/// The number in units of its `scale`th digit after the point, or what it is instead.
pub(super) fn units(bytes: &[u8], scale: u8) -> Result<i128, &'static str> {
    const CUT: &str = "a number that is cut off";
    let (head, digits) = bytes.split_at_checked(8).ok_or(CUT)?;
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (group_count, weight, sign) = (word(0), word(2).cast_signed(), word(4));
    match sign {
        NAN => return Err("NaN"),
        POSITIVE_INFINITY | NEGATIVE_INFINITY => return Err("an infinite number"),
        _ => {}
    }
    if digits.len() != usize::from(group_count) * 2 {
        return Err(CUT);
    }
    const TOO_LONG: &str = "a number with too many digits";
    let mut number: i128 = 0;
    for group in digits.chunks_exact(2) {
        let group = i128::from(u16::from_be_bytes([group[0], group[1]]));
        number = number.checked_mul(10_000).and_then(|number| number.checked_add(group)).ok_or(TOO_LONG)?;
    }
    // The last group's last digit stands for this power of ten.
    let exponent = 4 * (i32::from(weight) - i32::from(group_count) + 1);
    let shift = exponent + i32::from(scale);
    let number = match power_of_ten(shift.unsigned_abs()) {
        _ if number == 0 => 0,
        Some(power) if shift >= 0 => number.checked_mul(power).ok_or(TOO_LONG)?,
        Some(power) if number % power == 0 => number / power,
        None if shift >= 0 => return Err(TOO_LONG),
        _ => return Err("a number with more digits after the point"),
    };
    if number >= LIMIT {
        return Err(TOO_LONG);
    }
    Ok(if sign == NEGATIVE { -number } else { number })
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(weight: i16, sign: u16, groups: &[u16]) -> Vec<u8> {
        let head = [u16::try_from(groups.len()).expect("few"), weight.cast_unsigned(), sign, 0];
        head.iter().chain(groups).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn numbers_are_exact_or_refused() {
        for (weight, sign, groups, scale, want) in [
            (0, 0, &[12, 5000][..], 2, Ok(1250)),
            (0, NEGATIVE, &[12, 5000], 2, Ok(-1250)),
            (0, 0, &[], 2, Ok(0)),
            (-1, 0, &[100], 2, Ok(1)),
            (-1, 0, &[1], 2, Err("a number with more digits after the point")),
            (-30, 0, &[1], 2, Err("a number with more digits after the point")),
            (1, 0, &[1], 0, Ok(10_000)),
            (2, 0, &[1, 2345, 6789], 4, Ok(1_2345_6789_0000)),
            (
                8,
                0,
                &[99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999],
                4,
                Ok(99_9999_9999_9999_9999_9999_9999_9999_9999_0000),
            ),
            (9, 0, &[100], 0, Err("a number with too many digits")),
            (500, 0, &[1], 0, Err("a number with too many digits")),
            (20, 0, &[9999; 20], 0, Err("a number with too many digits")),
            (0, NAN, &[], 2, Err("NaN")),
            (0, NEGATIVE_INFINITY, &[], 2, Err("an infinite number")),
        ] {
            assert_eq!(units(&sent(weight, sign, groups), scale), want, "{weight} {groups:?} at {scale}");
        }
        assert!(units(&[0; 7], 0).is_err() && units(&[0, 1, 0, 0, 0, 0, 0, 0], 0).is_err());
    }
}
