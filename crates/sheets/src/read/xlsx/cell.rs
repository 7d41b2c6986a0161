//! One cell's XML, taken apart without copying.

use memchr::memchr;

use super::tags::{Tag, Trouble, after_element, after_space, attributes, tag};

/// A cell as it stands in the XML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RawCell<'a> {
    /// `r`: `B7`; nothing where it is left out.
    pub(super) reference: &'a [u8],
    /// `s`: the place in the list of formats.
    pub(super) style: &'a [u8],
    /// `t`: what the value is.
    pub(super) kind: &'a [u8],
    /// The value.
    pub(super) value: Value<'a>,
    /// The text that stands in the cell itself: the element `is`.
    pub(super) inline: Inline<'a>,
    /// The formula with its entities, the value of which is kept beside it; of a shared one only the first cell has the text.
    pub(super) formula: Option<&'a [u8]>,
    /// Bytes from the beginning of the tag to behind the cell.
    pub(super) size: usize,
}

/// A text that stands in its cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Inline<'a> {
    /// There is none.
    #[default]
    Missing,
    /// The text alone, with entities as they are; white space around it does not count.
    Plain(&'a [u8]),
    /// The whole element `is`, which has more in it than one text.
    Odd(&'a [u8]),
}

/// A cell's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// There is none.
    #[default]
    Missing,
    /// Text without tags, with entities as they are.
    Plain(&'a [u8]),
    /// The whole element `v`, which has more in it than text.
    Odd(&'a [u8]),
}

/// Takes apart the cell at the beginning of `bytes`, whose attributes begin at `place`.
#[inline]
pub(super) fn cell(bytes: &[u8], place: usize) -> Result<RawCell<'_>, Trouble> {
    let mut cell = RawCell::default();
    let (mut place, is_closed) = attributes(bytes, place, |name, value| match name {
        b"r" => cell.reference = value,
        b"s" => cell.style = value,
        b"t" => cell.kind = value,
        _ => {}
    })?;
    if is_closed {
        cell.size = place;
        return Ok(cell);
    }
    loop {
        place = after_space(bytes, place);
        let rest = bytes.get(place..).ok_or(Trouble::Short)?;
        match rest.first().ok_or(Trouble::Short)? {
            b'<' => {}
            _ => return Err(Trouble::Wrong("a cell has text outside of its value")),
        }
        // What nearly every cell is, before everything else that may be.
        if let Some(text) = rest.strip_prefix(b"<v>") {
            let size = tag_in(text).ok_or(Trouble::Short)?;
            let behind = &text[size..];
            if behind.starts_with(b"</v>") {
                cell.value = Value::Plain(&text[..size]);
                if behind[4..].starts_with(b"</c>") {
                    cell.size = place + 3 + size + 8;
                    return Ok(cell);
                }
                place += 3 + size + 4;
                continue;
            }
        }
        if let Some(text) = rest.strip_prefix(b"<is><t>") {
            let size = tag_in(text).ok_or(Trouble::Short)?;
            if text[size..].starts_with(b"</t></is></c>") {
                cell.inline = Inline::Plain(&text[..size]);
                cell.size = place + 7 + size + 13;
                return Ok(cell);
            }
        }
        match tag(rest)? {
            Tag::End(b"c", behind) => {
                cell.size = place + behind;
                return Ok(cell);
            }
            Tag::End(..) => return Err(Trouble::Wrong("a cell does not end")),
            Tag::Other(behind) => place += behind,
            Tag::Start(name, at) => place += child(rest, name, at, &mut cell)?,
        }
    }
}

/// The place of the next `<`. Most texts are short, for which setting up a search takes longer than looking at each byte.
#[inline]
pub(super) fn tag_in(text: &[u8]) -> Option<usize> {
    const FEW: usize = 16;
    let (few, rest) = text.split_at(text.len().min(FEW));
    few.iter().position(|&byte| byte == b'<').or_else(|| Some(few.len() + memchr(b'<', rest)?))
}

/// Takes an element inside of a cell, and gives its size.
fn child<'a>(bytes: &'a [u8], name: &'a [u8], at: usize, cell: &mut RawCell<'a>) -> Result<usize, Trouble> {
    let (content, is_closed) = attributes(bytes, at, |_, _| {})?;
    let size = if is_closed { content } else { after_child(bytes, content, name)? };
    match name {
        b"v" if !is_closed => {
            let text = &bytes[content..size];
            let end = memchr(b'<', text).unwrap_or(text.len());
            let is_plain = text[end..].starts_with(b"</");
            cell.value = if is_plain { Value::Plain(&text[..end]) } else { Value::Odd(&bytes[..size]) };
        }
        b"is" => cell.inline = Inline::Odd(&bytes[..size]),
        b"f" => {
            let text = if is_closed { &[][..] } else { &bytes[content..size] };
            cell.formula = Some(&text[..memchr(b'<', text).unwrap_or(text.len())]);
        }
        _ => {}
    }
    Ok(size)
}

/// The place behind an element: those with nothing but text are found at once.
fn after_child(bytes: &[u8], content: usize, name: &[u8]) -> Result<usize, Trouble> {
    let size = memchr(b'<', &bytes[content..]).ok_or(Trouble::Short)?;
    match tag(&bytes[content + size..]) {
        Ok(Tag::End(found, behind)) if found == name => Ok(content + size + behind),
        _ => after_element(bytes, content, name),
    }
}

/// The column, from 0, and the row of a reference such as `B7`; `None` where it is none. Columns beyond all programs' give the
/// largest number.
#[inline]
pub(super) fn position(reference: &[u8]) -> Option<(usize, u64)> {
    let (mut column, mut place) = (0_usize, 0);
    while let Some(letter) = reference.get(place).map(|byte| byte & !0x20).filter(u8::is_ascii_uppercase) {
        column = column.saturating_mul(26).saturating_add(usize::from(letter - b'A') + 1);
        place += 1;
    }
    let row = number(reference.get(place..)?)?;
    (place > 0 && row > 0).then(|| (column - 1, row))
}

/// A whole number without a sign.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut number = 0;
    for &digit in text {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::{Inline, RawCell, Value, cell, number, position};
    use crate::read::xlsx::tags::Trouble;

    #[test]
    fn cells_are_taken_apart() {
        let plain = |text: &'static str| Value::Plain(text.as_bytes());
        for (xml, reference, style, kind, value, inline) in [
            ("<c/>", "", "", "", Value::Missing, Inline::Missing),
            ("<c r=\"A1\"/>", "A1", "", "", Value::Missing, Inline::Missing),
            ("<c r=\"A1\" s=\"3\"></c>", "A1", "3", "", Value::Missing, Inline::Missing),
            ("<c r=\"A1\"><v>31</v></c>", "A1", "", "", plain("31"), Inline::Missing),
            ("<c t='s' r='B2' s='1'><v>0</v></c>", "B2", "1", "s", plain("0"), Inline::Missing),
            ("<c\n r = \"A1\"\tt=\"n\" ><v>1</v>\n</c >", "A1", "", "n", plain("1"), Inline::Missing),
            ("<c><f>A1&amp;\"&lt;\"</f><v>x</v></c>", "", "", "", plain("x"), Inline::Missing),
            ("<c><f/><v/></c>", "", "", "", Value::Missing, Inline::Missing),
            (
                "<c><f t=\"shared\" ref=\"A1:B2>\" si=\"0\">1</f><v>2</v></c>",
                "",
                "",
                "",
                plain("2"),
                Inline::Missing,
            ),
            ("<c><v xml:space=\"preserve\"> a </v></c>", "", "", "", plain(" a "), Inline::Missing),
            ("<c><v></v></c>", "", "", "", plain(""), Inline::Missing),
            ("<c><!-- <v>1</v> --><v>2</v></c>", "", "", "", plain("2"), Inline::Missing),
            ("<c><v>1<!-- x -->2</v></c>", "", "", "", Value::Odd(b"<v>1<!-- x -->2</v>"), Inline::Missing),
            (
                "<c><v><![CDATA[</v>]]></v></c>",
                "",
                "",
                "",
                Value::Odd(b"<v><![CDATA[</v>]]></v>"),
                Inline::Missing,
            ),
            (
                "<c t=\"inlineStr\"><is><t>a</t></is></c>",
                "",
                "",
                "inlineStr",
                Value::Missing,
                Inline::Plain(b"a"),
            ),
            ("<c><is/><v>1</v></c>", "", "", "", plain("1"), Inline::Odd(b"<is/>")),
            ("<c><v>1</v><extLst><ext><c/></ext></extLst></c>", "", "", "", plain("1"), Inline::Missing),
            ("<x:c r=\"A1\"><x:f>1</x:f><x:v>2</x:v></x:c>", "A1", "", "", plain("2"), Inline::Missing),
        ] {
            let bytes = xml.as_bytes();
            let start =
                bytes.iter().position(|byte| matches!(byte, b' ' | b'/' | b'>' | b'\n')).unwrap_or_default();
            let want = RawCell {
                reference: reference.as_bytes(),
                style: style.as_bytes(),
                kind: kind.as_bytes(),
                value,
                inline,
                formula: None,
                size: bytes.len(),
            };
            let found = cell(bytes, start).map(|cell| RawCell { formula: None, ..cell });
            assert_eq!(found, Ok(want), "{xml}");
            for size in start..bytes.len() {
                assert_eq!(cell(&bytes[..size], start), Err(Trouble::Short), "{}", &xml[..size]);
            }
        }
    }

    #[test]
    fn formulas_are_kept_as_they_stand() {
        for (xml, want) in [
            ("<c><v>1</v></c>", None),
            ("<c><f>A1&amp;\"&lt;\"</f></c>", Some("A1&amp;\"&lt;\"")),
            ("<c><f/><v/></c>", Some("")),
            ("<c><f t=\"shared\" si=\"0\"></f><v>1</v></c>", Some("")),
            ("<x:c><x:f>B2</x:f><x:v>2</x:v></x:c>", Some("B2")),
        ] {
            let start = if xml.starts_with("<x") { 4 } else { 2 };
            let found = cell(xml.as_bytes(), start).expect("it is a cell").formula;
            assert_eq!(found, want.map(str::as_bytes), "{xml}");
        }
    }

    #[test]
    fn what_is_no_cell_is_refused() {
        for xml in [
            "<c r=A1/>",
            "<c r/>",
            "<c \"A1\"/>",
            "<c / r=\"A1\">",
            "<c>1</c>",
            "<c></row>",
            "<c><v>1</w></c>",
            "<c><!DOCTYPE a></c>",
            "<c><is><t></is></t></c>",
            "<c <c/>",
        ] {
            assert!(
                matches!(cell(xml.as_bytes(), 2), Err(Trouble::Wrong(_))),
                "{xml}: {:?}",
                cell(xml.as_bytes(), 2)
            );
        }
    }

    #[test]
    fn references_are_positions() {
        for (reference, want) in [
            ("A1", Some((0, 1))),
            ("z10", Some((25, 10))),
            ("AA2", Some((26, 2))),
            ("XFD1048576", Some((16_383, 1_048_576))),
            ("A0", None),
            ("A", None),
            ("1", None),
            ("", None),
            ("A1B", None),
            ("$A$1", None),
        ] {
            assert_eq!(position(reference.as_bytes()), want, "{reference}");
        }
        let far = format!("{}1", "Z".repeat(100));
        assert_eq!(position(far.as_bytes()).map(|(column, _)| column), Some(usize::MAX - 1));
        assert_eq!(number(b"9999999999999999999"), None);
    }
}
