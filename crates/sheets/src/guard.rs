//! The formula guard of CSV files.
//!
//! A spreadsheet program reads a CSV field that begins with certain characters as a formula, even
//! where it is quoted. The list of characters and the cure, a leading apostrophe, are those of the
//! OWASP community page "CSV Injection".

use std::borrow::Cow;

/// Whether a character at the start of a field makes a spreadsheet program see a formula: `=`, `+`,
/// `-`, `@`, tab, carriage return, line feed (OWASP, "CSV Injection").
fn starts_formula(byte: u8) -> bool {
    matches!(byte, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n')
}

/// Whether a text is zero or more apostrophes and then a character that starts a formula.
fn looks_guarded(text: &str) -> bool {
    text.bytes().find(|&byte| byte != b'\'').is_some_and(starts_formula)
}

/// Puts an apostrophe before a text that a spreadsheet program would take for a formula.
///
/// A text that already has apostrophes before such a character gets one more, so that
/// [`unguard`] gives back every text exactly.
pub fn guard(text: &str) -> Cow<'_, str> {
    if looks_guarded(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Takes off the apostrophe that [`guard`] put on; other texts, among them those that merely begin
/// with an apostrophe, are returned as they are.
pub fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if looks_guarded(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{guard, unguard};

    #[test]
    fn guards_what_owasp_lists() {
        for (text, want) in [
            ("", ""),
            ("abc", "abc"),
            ("=1+1", "'=1+1"),
            ("+86 138", "'+86 138"),
            ("-5 off", "'-5 off"),
            ("@home", "'@home"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("\nx", "'\nx"),
            ("a=b", "a=b"),
            ("'", "'"),
            ("'quoted'", "'quoted'"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
        ] {
            assert_eq!(guard(text), want);
            assert_eq!(unguard(want), text);
        }
    }

    proptest! {
        #[test]
        fn unguard_undoes_guard(text in prop_oneof![any::<String>(), "['=+@\t\r\n-]{0,4}.{0,3}"]) {
            let guarded = guard(&text);
            prop_assert_eq!(unguard(&guarded), text.as_str());
        }

        #[test]
        fn nothing_guarded_starts_a_formula(text in "['=+@\t\r\n-]{0,4}.{0,3}") {
            let guarded = guard(&text);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        }
    }
}
