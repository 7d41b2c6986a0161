//! The text of cells before it is read as anything.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::dataset::Column;
use crate::value::{self, Value};

/// Characters of a cell that are repeated where it is wrong.
const GIVEN_MAX: usize = 100;

/// A text of the configuration as a value of the column.
pub(crate) fn typed(text: &str, column: &Column) -> Option<Value> {
    value::read(&serde_json::Value::String(text.to_owned()), column.column_type, &TimeZone::UTC).ok()
}

/// Whether a value is less than another of the same type.
pub(crate) fn is_less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a < b,
        (Value::Decimal { unscaled: a, .. }, Value::Decimal { unscaled: b, .. }) => a < b,
        (Value::Float(a), Value::Float(b)) => a < b,
        (Value::Date(a), Value::Date(b)) => a < b,
        (Value::Time(a), Value::Time(b)) => a < b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a < b,
        (Value::TimestampTz(a), Value::TimestampTz(b)) => a < b,
        _ => false,
    }
}

/// A text without the white space around it, of which there is more than ASCII has: U+00A0 and U+3000 are white space, and a byte
/// order mark and U+200B, which are none, come from copying.
pub(crate) fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    if let ([first, ..], [.., last]) = (bytes, bytes)
        && (0x21..0x7F).contains(first)
        && (0x21..0x7F).contains(last)
    {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'))
}

/// A text with full-width letters, digits and signs as their ASCII counterparts.
pub(crate) fn narrowed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{00A0}' | '\u{2009}' | '\u{202F}' => ' ',
        '\u{2212}' => '-',
        '。' => '.',
        c => c,
    };
    Cow::Owned(text.chars().map(narrow).collect())
}

/// A text as allowed values are compared: without regard to width and case.
pub(crate) fn folded(text: &str) -> String {
    narrowed(trimmed(text)).to_lowercase()
}

/// A cell's text as it is repeated where it is wrong.
pub(crate) fn given(text: &str) -> String {
    text.chars().take(GIVEN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_from_the_ends_alone() {
        for (text, want) in [
            ("plain", "plain"),
            ("  a b\t\r\n", "a b"),
            ("\u{FEFF}\u{3000}订单\u{A0}1\u{200B}", "订单\u{A0}1"),
            ("\u{3000}", ""),
            ("", ""),
        ] {
            assert_eq!(trimmed(text), want, "{text:?}");
        }
        assert_eq!(folded(" ＰＡＩＤ　"), "paid");
        assert_eq!(given(&"字".repeat(101)).chars().count(), 100);
    }
}
