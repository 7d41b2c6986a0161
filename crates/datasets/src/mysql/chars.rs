//! Values that come as characters.

use std::borrow::Cow;

/// Text as the server sends it, with U+FFFD for what is none. A column in `ucs2` can hold half of a surrogate pair, which the
/// server passes on as the three bytes that UTF-8 would have for it if it had one.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Err(error) = std::str::from_utf8(rest) else {
            // Nothing is lost here: it was just found to be valid.
            text.push_str(&String::from_utf8_lossy(rest));
            break;
        };
        let (valid, wrong) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(valid));
        text.push(char::REPLACEMENT_CHARACTER);
        let is_half_pair = matches!(wrong, [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..]);
        let wrong_len = if is_half_pair { 3 } else { error.error_len().unwrap_or(wrong.len()) };
        rest = &wrong[wrong_len..];
    }
    Cow::Owned(text)
}

/// Reads `-1234.5` as the number of its digits with `scale` of them after the point, exactly; `None` if it is no decimal number,
/// has other digits than zeros beyond the scale, or does not fit 38 digits.
pub(super) fn decimal(bytes: &[u8], scale: u8) -> Option<i128> {
    let (is_negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let mut unscaled: i128 = 0;
    let mut digit_count = 0u32;
    let mut missing = None;
    for byte in digits {
        match (byte, &mut missing) {
            (b'0'..=b'9', Some(0)) if *byte == b'0' => continue,
            (b'0'..=b'9', Some(0)) => return None,
            (b'0'..=b'9', after_point) => {
                // Zeros before the number don't count.
                digit_count += u32::from(unscaled != 0 || *byte != b'0');
                if digit_count > 38 {
                    return None;
                }
                unscaled = unscaled * 10 + i128::from(byte - b'0');
                if let Some(missing) = after_point {
                    *missing -= 1;
                }
            }
            (b'.', None) => missing = Some(scale),
            _ => return None,
        }
    }
    if digits.iter().all(|byte| *byte == b'.') {
        return None;
    }
    let missing = u32::from(missing.unwrap_or(scale));
    let unscaled = unscaled.checked_mul(10i128.checked_pow(missing)?)?;
    (unscaled < 10i128.pow(38)).then_some(if is_negative { -unscaled } else { unscaled })
}

/// Bits as the number they make; `None` for more than 64.
pub(super) fn bits(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_replaced() {
        for (bytes, want) in [
            (&b"plain"[..], "plain"),
            ("订单 😀\0".as_bytes(), "订单 😀\0"),
            (b"A\xED\xA0\x80B", "A\u{FFFD}B"),
            (b"\xED\xA0\xBD\xED\xB8\x80", "\u{FFFD}\u{FFFD}"),
            (b"\xED\xA0", "\u{FFFD}\u{FFFD}"),
            (b"a\xFFb", "a\u{FFFD}b"),
            (b"a\xE8\xAE", "a\u{FFFD}"),
            (b"", ""),
        ] {
            assert_eq!(text(bytes), want, "{bytes:x?}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let largest = "9".repeat(38);
        for (text, scale, want) in [
            ("0", 2, Some(0)),
            ("0.00", 2, Some(0)),
            ("-0.05", 2, Some(-5)),
            ("12.5", 2, Some(1250)),
            ("12.500", 2, Some(1250)),
            ("12.505", 2, None),
            ("7", 0, Some(7)),
            ("00000000000000000000000000000000000000000000001", 0, Some(1)),
            (&largest, 0, Some(10i128.pow(38) - 1)),
            (&largest, 1, None),
            (&format!("{largest}9"), 0, None),
            (&format!("-{}.{}", "9".repeat(20), "9".repeat(18)), 18, Some(1 - 10i128.pow(38))),
            ("", 2, None),
            (".", 2, None),
            ("-", 2, None),
            ("1.2.3", 2, None),
            ("1e3", 2, None),
        ] {
            assert_eq!(decimal(text.as_bytes(), scale), want, "{text} at {scale}");
        }
    }

    #[test]
    fn bits_make_a_number() {
        assert_eq!(bits(&[1]), Some(1));
        assert_eq!(bits(&[1, 0]), Some(256));
        assert_eq!(bits(&[255; 8]), Some(u64::MAX));
        assert_eq!(bits(&[0; 9]), None);
    }
}
