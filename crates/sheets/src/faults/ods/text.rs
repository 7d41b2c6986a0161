//! Texts as paragraphs of OpenDocument.
//!
//! A cell has a paragraph for each line. Spaces that XML readers would take together are elements (OpenDocument 1.2 part 1, 6.1.2 and
//! 6.1.3). There is no way to write what XML cannot carry, so the replacement character stands for it.

use std::fmt::Write as _;

/// Appends a text's paragraphs.
pub(super) fn push_paragraphs(xml: &mut String, text: &str) {
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (line, after) = text.split_at(text.find(['\n', '\r']).unwrap_or(text.len()));
        xml.push_str("<text:p>");
        push_line(xml, line);
        xml.push_str("</text:p>");
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r']));
    }
}

/// Appends a text as part of an attribute's value, which has no line breaks.
pub(super) fn push_attribute(xml: &mut String, text: &str) {
    text.chars().for_each(|c| push_escaped(xml, c));
}

fn push_line(xml: &mut String, line: &str) {
    let mut chars = line.chars().peekable();
    // Whether what stands before is a character that is no space.
    let mut is_after_char = false;
    while let Some(c) = chars.next() {
        match c {
            ' ' => {
                let mut count = 1;
                while chars.next_if_eq(&' ').is_some() {
                    count += 1;
                }
                let is_before_char = chars.peek().is_some_and(|next| *next != '\t');
                match count {
                    1 if is_after_char && is_before_char => xml.push(' '),
                    1 => xml.push_str("<text:s/>"),
                    // Writing to a text cannot fail.
                    _ => _ = write!(xml, "<text:s text:c=\"{count}\"/>"),
                }
            }
            '\t' => xml.push_str("<text:tab/>"),
            _ => push_escaped(xml, c),
        }
        is_after_char = !matches!(c, ' ' | '\t');
    }
}

fn push_escaped(xml: &mut String, c: char) {
    match c {
        '&' => xml.push_str("&amp;"),
        '<' => xml.push_str("&lt;"),
        '>' => xml.push_str("&gt;"),
        '"' => xml.push_str("&quot;"),
        // Not in `Char` of XML 1.0 (2.2), or not where this is called.
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => xml.push(char::REPLACEMENT_CHARACTER),
        _ => xml.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::push_paragraphs;

    #[test]
    fn texts_keep_their_spaces_and_lines() {
        for (text, want) in [
            ("", "<text:p></text:p>"),
            ("a b", "<text:p>a b</text:p>"),
            (" a ", "<text:p><text:s/>a<text:s/></text:p>"),
            (" ", "<text:p><text:s/></text:p>"),
            ("a   b", "<text:p>a<text:s text:c=\"3\"/>b</text:p>"),
            ("a \tb\t c", "<text:p>a<text:s/><text:tab/>b<text:tab/><text:s/>c</text:p>"),
            (
                "a\nb\r\n\rc\n",
                "<text:p>a</text:p><text:p>b</text:p><text:p></text:p><text:p>c</text:p><text:p></text:p>",
            ),
            ("<&\"]]>'", "<text:p>&lt;&amp;&quot;]]&gt;'</text:p>"),
            ("=1+1", "<text:p>=1+1</text:p>"),
            (
                "\0\u{1}\u{B}\u{1F}\u{7F}\u{85}\u{FFFE}\u{FFFF}",
                "<text:p>\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{7F}\u{85}\u{FFFD}\u{FFFD}</text:p>",
            ),
            ("订单 🚢", "<text:p>订单 🚢</text:p>"),
        ] {
            let mut xml = String::new();
            push_paragraphs(&mut xml, text);
            assert_eq!(xml, want, "{text:?}");
        }
    }
}
