//! Numbers as digits, in few steps: this is what most of a file is made of.

use std::fmt;
use std::io::Write;

/// Decimal places that [`push_fraction`] can write.
pub(crate) const PLACES_MAX: i8 = 6;
/// By decimal places.
pub(crate) const POWERS_OF_TEN: [u64; PLACES_MAX as usize + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// A few bytes that are copied in one go, which is quicker than copying just as many as there are.
#[derive(Clone, Copy)]
pub(crate) struct Piece<const CAPACITY: usize> {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl<const CAPACITY: usize> Piece<CAPACITY> {
    /// Of a text that fits.
    pub(crate) fn of(text: &str) -> Piece<CAPACITY> {
        let mut bytes = [0; CAPACITY];
        let length = text.len().min(CAPACITY);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        Piece { bytes, length }
    }

    #[inline(always)]
    pub(crate) fn push_to(&self, out: &mut Vec<u8>) {
        let length = out.len() + self.length;
        out.extend_from_slice(&self.bytes);
        out.truncate(length);
    }
}

/// The digits of a number.
#[inline(always)]
pub(crate) fn digits(mut value: u64) -> Piece<20> {
    let length = value.checked_ilog10().map_or(1, |power| power as usize + 1);
    let mut bytes = [b'0'; 20];
    let mut at = length;
    while at >= 2 {
        let pair = 2 * (value % 100) as usize;
        value /= 100;
        at -= 2;
        bytes[at] = PAIRS[pair];
        bytes[at + 1] = PAIRS[pair + 1];
    }
    if at == 1 {
        bytes[0] = b'0' + (value % 10) as u8;
    }
    Piece { bytes, length }
}

/// 00, 01 and so on to 99.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// Appends a whole number.
#[inline]
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    digits(value.unsigned_abs()).push_to(out);
}

/// Appends what a value is shown as.
pub(crate) fn push_shown(out: &mut Vec<u8>, value: impl fmt::Display) {
    write!(out, "{value}").expect("memory takes everything");
}

/// Appends a point and `places` digits, [`PLACES_MAX`] at most.
#[inline]
pub(crate) fn push_fraction(out: &mut Vec<u8>, mut fraction: u64, places: usize) {
    let mut bytes = [b'.'; 8];
    for digit in bytes[1..=places].iter_mut().rev() {
        *digit = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    Piece { bytes, length: places + 1 }.push_to(out);
}

/// Puts the last two digits of a number into the place for two.
#[inline(always)]
pub(crate) fn put_two(place: &mut [u8], value: u64) {
    let pair = 2 * (value % 100) as usize;
    place.copy_from_slice(&PAIRS[pair..pair + 2]);
}

#[cfg(test)]
mod tests {
    use super::{push_fraction, push_integer};

    #[test]
    fn numbers_are_as_the_standard_library_writes_them() {
        let powers =
            (0..19).map(|power| 10i64.pow(power)).flat_map(|power| [power - 1, power, -power, 1 - power]);
        for value in powers.chain([12_345_678_901, i64::MAX, i64::MIN]) {
            let mut out = Vec::new();
            push_integer(&mut out, value);
            assert_eq!(String::from_utf8(out).expect("digits"), value.to_string());
        }
    }

    #[test]
    fn fractions_keep_their_zeros() {
        for (fraction, places, want) in
            [(0, 2, ".00"), (5, 2, ".05"), (50, 2, ".50"), (123_456, 6, ".123456")]
        {
            let mut out = Vec::new();
            push_fraction(&mut out, fraction, places);
            assert_eq!(String::from_utf8(out).expect("digits"), want);
        }
    }
}
