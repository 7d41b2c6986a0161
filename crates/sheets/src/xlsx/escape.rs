//! The one text that `rust_xlsxwriter` does not escape rightly.
//!
//! In a workbook `_xHHHH_` stands for the character of that code (ECMA-376 part 1, 22.9.2.19
//! ST_Xstring), so characters that XML cannot carry are written like that, and a text that has this
//! form itself gets its first underscore written as `_x005F_`. `rust_xlsxwriter` 0.102 looks for
//! such texts before it escapes characters. It therefore misses a `_xHHHH` whose last underscore is
//! the first one of an escaped character: `_x0041` and U+0001 become `_x0041_x0001_`, which reads as
//! `Ax0001_`.

/// The length of `_xHHHH`, the form without its last underscore.
const OPEN_FORM_BYTES: usize = 6;

/// The text with its underscores escaped, where the workbook would not escape it rightly; else
/// `None`. The characters that XML cannot carry are left as they are.
pub(super) fn escape_missed_forms(text: &str) -> Option<String> {
    let missed = text.match_indices("_x").any(|(index, _)| {
        is_open_form(&text[index..]) && next_char(text, index).is_some_and(is_written_escaped)
    });
    missed.then(|| {
        let mut escaped = String::with_capacity(text.len() + OPEN_FORM_BYTES);
        let mut copied = 0;
        for (index, _) in text.match_indices("_x") {
            let ends = |c| c == '_' || is_written_escaped(c);
            if is_open_form(&text[index..]) && next_char(text, index).is_some_and(ends) {
                escaped.push_str(&text[copied..index]);
                escaped.push_str("_x005F");
                copied = index;
            }
        }
        escaped + &text[copied..]
    })
}

fn is_open_form(text: &str) -> bool {
    text.as_bytes().get(2..OPEN_FORM_BYTES).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// The character after the open form at `index`.
fn next_char(text: &str, index: usize) -> Option<char> {
    text[index + OPEN_FORM_BYTES..].chars().next()
}

/// Whether the workbook writes a character as `_xHHHH_`.
fn is_written_escaped(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0B'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::escape_missed_forms;

    #[test]
    fn only_missed_forms_are_escaped() {
        for (text, want) in [
            ("plain", None),
            ("_x0041_", None),
            ("_x0041\t", None),
            ("_x00", None),
            ("_x004订\u{1}", None),
            ("_x0041\u{1}", Some("_x005F_x0041\u{1}")),
            ("_x0041\r\n_x0042_", Some("_x005F_x0041\r\n_x005F_x0042_")),
            ("_x0041_x0042\u{1}", Some("_x005F_x0041_x005F_x0042\u{1}")),
        ] {
            assert_eq!(escape_missed_forms(text).as_deref(), want, "{text:?}");
        }
    }
}
