//! Sheet names that Excel accepts.
//!
//! The rules are Microsoft's ("Rename a worksheet"): at most 31 characters, which Excel counts in
//! UTF-16 units; none of `/ \ ? * : [ ]`; no apostrophe first or last; not blank; not "History".

/// The longest sheet name in UTF-16 units.
const MAX_UNITS: usize = 31;
/// The name where nothing usable is left of a title.
const FALLBACK: &str = "Sheet1";

/// The name of the sheet with that number, from 1: the title made acceptable, and from the second
/// sheet on the number behind it, as in `Orders (2)`.
pub(crate) fn sheet_name(title: &str, number: u32) -> String {
    let first = clean(title, MAX_UNITS);
    if number <= 1 {
        return if first.eq_ignore_ascii_case("history") { format!("{first}_") } else { first };
    }
    let suffix = format!(" ({number})");
    // A long title that itself ends in " (2)" would give its second sheet the same name as its first, if it were not cut further.
    let mut names = (0..=MAX_UNITS - suffix.len()).rev().map(|room| clean(title, room) + &suffix);
    names.find(|name| *name != first).unwrap_or(suffix)
}

/// A title without what Excel forbids, of at most `max_units` UTF-16 units.
fn clean(title: &str, max_units: usize) -> String {
    let mut name = String::new();
    let mut units = 0;
    for c in title.trim_start_matches(is_unfit_edge).chars() {
        let c = if is_forbidden(c) { '_' } else { c };
        units += c.len_utf16();
        if units > max_units {
            break;
        }
        name.push(c);
    }
    name.truncate(name.trim_end_matches(is_unfit_edge).len());
    if name.is_empty() { FALLBACK.to_owned() } else { name }
}

/// Forbidden by Excel, or by XML, where a sheet's name is an attribute.
fn is_forbidden(c: char) -> bool {
    matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\u{FFFE}' | '\u{FFFF}') || c.is_control()
}

fn is_unfit_edge(c: char) -> bool {
    c == '\'' || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::sheet_name;

    #[test]
    fn sheets_of_one_workbook_have_different_names() {
        let numbered = |number: u32| format!("{} ({number})", "a".repeat(26));
        for title in
            ["", "订单", "History", "a (2)", &numbered(2), &numbered(9), &numbered(10), &"😀".repeat(40)]
        {
            let names: BTreeSet<String> =
                (1..=1200).map(|number| sheet_name(title, number).to_lowercase()).collect();
            assert_eq!(names.len(), 1200, "{title}");
        }
    }

    #[test]
    fn titles_become_sheet_names() {
        let long = "订".repeat(40);
        let emoji = "😀".repeat(20);
        let numbered = format!("{} (2)", "A".repeat(27));
        for (title, number, want) in [
            ("Orders", 1, "Orders".to_owned()),
            ("Orders", 2, "Orders (2)".to_owned()),
            ("2026/08: [all]*?\\", 1, "2026_08_ _all____".to_owned()),
            ("'quoted'", 1, "quoted".to_owned()),
            ("it's", 1, "it's".to_owned()),
            ("", 1, "Sheet1".to_owned()),
            (" ' ", 3, "Sheet1 (3)".to_owned()),
            ("History", 1, "History_".to_owned()),
            ("hISTORY", 2, "hISTORY (2)".to_owned()),
            ("a\u{1}b\nc", 1, "a_b_c".to_owned()),
            (&long, 1, "订".repeat(31)),
            (&long, 12, format!("{} (12)", "订".repeat(26))),
            (&emoji, 1, "😀".repeat(15)),
            // A character that takes two units is not cut in its middle.
            (&emoji, 2, format!("{} (2)", "😀".repeat(13))),
            (&"订单".repeat(150), 1, "订单".repeat(15) + "订"),
            ("订单", 2, "订单 (2)".to_owned()),
            ("[]:*?/\\", 1, "_______".to_owned()),
            ("''a''", 1, "a".to_owned()),
            (&format!("{}'b", "a".repeat(30)), 1, "a".repeat(30)),
            (&numbered, 1, numbered.clone()),
            (&numbered, 2, format!("{} (2)", "A".repeat(26))),
        ] {
            let name = sheet_name(title, number);
            assert_eq!(name, want, "{title:?}");
            assert!(name.encode_utf16().count() <= 31);
        }
    }
}
