//! Texts as XML.
//!
//! In a workbook `_xHHHH_` stands for the character of that code (ECMA-376 part 1, 22.9.2.19 ST_Xstring). So characters that XML
//! cannot carry are written like that, and a text that has this form itself gets its first underscore written as `_x005F_`. A
//! carriage return is written so too, since XML readers make line feeds of them.

/// The longest text of a cell in UTF-16 units ("Excel specifications and limits", Microsoft).
pub(super) const MAX_CELL_UNITS: usize = 32_767;
/// The length of `_xHHHH_`.
const FORM_BYTES: usize = 7;

/// Bytes at which copying stops to look.
const IS_SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = byte != b'\t' as usize && byte != b'\n' as usize;
        byte += 1;
    }
    special[b'&' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[b'_' as usize] = true;
    // The first byte of U+FFFE and U+FFFF, which XML cannot carry.
    special[0xEF] = true;
    special
};

/// The longest start of a text that a cell holds, cut between characters.
pub(crate) fn shorten(text: &str) -> &str {
    // A character takes at least as many bytes in UTF-8 as units in UTF-16.
    if text.len() <= MAX_CELL_UNITS {
        return text;
    }
    let mut units = 0;
    for (index, c) in text.char_indices() {
        units += c.len_utf16();
        if units > MAX_CELL_UNITS {
            return &text[..index];
        }
    }
    text
}

/// Whether spaces at an end would be lost without `xml:space="preserve"`.
pub(super) fn needs_preserve(text: &str) -> bool {
    let is_space = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
    is_space(text.as_bytes().first()) || is_space(text.as_bytes().last())
}

/// Appends a text's XML.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut index = 0;
    while let Some(found) = bytes[index..].iter().position(|byte| IS_SPECIAL[usize::from(*byte)]) {
        index += found;
        let (code, length): (&[u8], usize) = match bytes[index] {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'_' if is_form(&bytes[index..]) => (b"_x005F_", 1),
            0xEF if bytes[index..].starts_with("\u{FFFE}".as_bytes()) => (b"_xFFFE_", 3),
            0xEF if bytes[index..].starts_with("\u{FFFF}".as_bytes()) => (b"_xFFFF_", 3),
            b'_' | 0xEF => {
                index += 1;
                continue;
            }
            control => {
                out.extend_from_slice(&bytes[copied..index]);
                let digit = |value: u8| char::from_digit(u32::from(value), 16).map_or(b'0', |c| c as u8);
                let (high, low) = (digit(control >> 4), digit(control & 15).to_ascii_uppercase());
                out.extend_from_slice(&[b'_', b'x', b'0', b'0', high, low, b'_']);
                index += 1;
                copied = index;
                continue;
            }
        };
        out.extend_from_slice(&bytes[copied..index]);
        out.extend_from_slice(code);
        index += length;
        copied = index;
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Whether a text begins with `_xHHHH_`, also where its last underscore is that of an escaped character.
fn is_form(bytes: &[u8]) -> bool {
    bytes.len() >= FORM_BYTES
        && bytes[1] == b'x'
        && bytes[2..FORM_BYTES - 1].iter().all(u8::is_ascii_hexdigit)
        && is_underscore_when_written(&bytes[FORM_BYTES - 1..])
}

fn is_underscore_when_written(bytes: &[u8]) -> bool {
    match bytes[0] {
        b'_' => true,
        0xEF => bytes.starts_with("\u{FFFE}".as_bytes()) || bytes.starts_with("\u{FFFF}".as_bytes()),
        byte => byte < 0x20 && IS_SPECIAL[usize::from(byte)],
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CELL_UNITS, needs_preserve, push_escaped, shorten};

    #[test]
    fn what_xml_cannot_carry_is_escaped() {
        for (text, want) in [
            ("plain 订单", "plain 订单"),
            ("a<b>&\"c'", "a&lt;b&gt;&amp;\"c'"),
            ("\t\n\r\u{1}\u{1F}", "\t\n_x000D__x0001__x001F_"),
            ("\0", "_x0000_"),
            ("\u{FFFE}\u{FFFF}\u{FFFD}", "_xFFFE__xFFFF_\u{FFFD}"),
            ("_x0041_", "_x005F_x0041_"),
            ("_x0041\t", "_x0041\t"),
            ("_x00", "_x00"),
            ("_x004订\u{1}", "_x004订_x0001_"),
            ("_x0041\u{1}", "_x005F_x0041_x0001_"),
            ("_x0041\r\n_x0042_", "_x005F_x0041_x000D_\n_x005F_x0042_"),
            ("_x0041_x0042\u{1}", "_x005F_x0041_x005F_x0042_x0001_"),
            ("_x00zz_ __", "_x00zz_ __"),
        ] {
            let mut out = Vec::new();
            push_escaped(&mut out, text);
            assert_eq!(String::from_utf8(out).expect("text"), want, "{text:?}");
        }
    }

    #[test]
    fn spaces_at_the_ends_are_kept() {
        for (text, want) in [("", false), ("a b", false), (" a", true), ("a\n", true), ("\t", true)] {
            assert_eq!(needs_preserve(text), want, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for (text, want) in [
            ("x".repeat(MAX_CELL_UNITS), MAX_CELL_UNITS),
            ("x".repeat(MAX_CELL_UNITS + 1), MAX_CELL_UNITS),
            ("订".repeat(MAX_CELL_UNITS), MAX_CELL_UNITS),
            ("😀".repeat(16_384), 32_766),
        ] {
            assert_eq!(shorten(&text).encode_utf16().count(), want);
        }
    }
}
