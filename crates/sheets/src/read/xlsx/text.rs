//! Texts as they stand in XML, and what they mean.

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::read::ReadError;

/// Appends what a text without tags means: entities, line ends, and characters that Excel writes as `_xHHHH_` (ECMA-376 part 1,
/// 22.9.2.19).
#[inline]
pub(super) fn push_text(raw: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
    if is_plain(raw) {
        out.extend_from_slice(raw);
        return Ok(());
    }
    let start = out.len();
    push_unescaped(raw, out)?;
    restore_characters(out, start);
    Ok(())
}

/// Whether a text means what it says. Most are short, for which setting up a search takes longer than looking at each byte.
#[inline]
fn is_plain(raw: &[u8]) -> bool {
    const FEW: usize = 16;
    if raw.len() > FEW {
        return memchr::memchr3(b'&', b'_', b'\r', raw).is_none();
    }
    !raw.iter().any(|byte| matches!(byte, b'&' | b'_' | b'\r'))
}

/// Appends a text with its entities and line ends resolved.
fn push_unescaped(raw: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
    let mut rest = raw;
    while let Some(place) = memchr::memchr2(b'&', b'\r', rest) {
        out.extend_from_slice(&rest[..place]);
        let from = &rest[place..];
        rest = match from {
            // By XML every line end is one line feed.
            [b'\r', b'\n', ..] => &from[1..],
            [b'\r', ..] => {
                out.push(b'\n');
                &from[1..]
            }
            _ => {
                let end = memchr::memchr(b';', &from[..from.len().min(12)]).ok_or_else(|| entity(from))?;
                let character = character(&from[1..end]).ok_or_else(|| entity(from))?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                &from[end + 1..]
            }
        };
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// The character of an entity: XML's five and numbers; others would need a document type definition.
fn character(name: &[u8]) -> Option<char> {
    let number = |digits: &[u8], radix| u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x', digits @ ..] => char::from_u32(number(digits, 16)?),
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?),
        _ => None,
    }
}

#[cold]
fn entity(from: &[u8]) -> ReadError {
    let shown = String::from_utf8_lossy(&from[..from.len().min(12)]).into_owned();
    ReadError::damaged(format!("\"{shown}\" is no character of XML"))
}

/// Puts characters in the place of `_xHHHH_`, in the text from `start` on. A NUL stays as it is written: no text has one.
fn restore_characters(out: &mut Vec<u8>, start: usize) {
    if memmem::find(&out[start..], b"_x").is_none() {
        return;
    }
    let text = out.split_off(start);
    let mut rest = &text[..];
    while let Some(place) = memmem::find(rest, b"_x") {
        out.extend_from_slice(&rest[..place]);
        rest = &rest[place..];
        match written_character(rest) {
            Some((character, size)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[size..];
            }
            None => {
                out.extend_from_slice(b"_x");
                rest = &rest[2..];
            }
        }
    }
    out.extend_from_slice(rest);
}

/// The character that `_xHHHH_` stands for, or two of them for one beyond the first 65,536, and how many bytes that is.
fn written_character(text: &[u8]) -> Option<(char, usize)> {
    let first = written_unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return (first != 0).then_some((character, 7));
    }
    let second = written_unit(&text[7..])?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 14))
}

fn written_unit(text: &[u8]) -> Option<u32> {
    match text.get(..7)? {
        [b'_', b'x', digits @ .., b'_'] if digits.iter().all(u8::is_ascii_hexdigit) => {
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    }
}

/// Appends the text of an element `si`, `is` or `v` with everything that may be in it: runs of rich text are joined, phonetic runs are
/// left out.
pub(super) fn push_rich(xml: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
    let xml = std::str::from_utf8(xml).map_err(|_| ReadError::damaged("a text is not in UTF-8"))?;
    let mut reader = Reader::from_str(xml);
    let (mut phonetic, mut text_depth) = (0_u32, 0_u32);
    let (mut raw, start) = (Vec::new(), out.len());
    // Of the text that is being read: white space around it counts only where it is asked for.
    let (mut text_start, mut is_kept) = (start, true);
    loop {
        let event =
            reader.read_event().map_err(|error| ReadError::damaged(format!("a text is no XML ({error})")))?;
        let is_seen = text_depth > 0 && phonetic == 0;
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "rPh" => phonetic += 1,
                "t" | "v" => {
                    text_depth += 1;
                    text_start = out.len();
                    is_kept = tag.local_name().as_ref() == "v" || keeps_space(&tag);
                }
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "rPh" => phonetic = phonetic.saturating_sub(1),
                "t" | "v" => {
                    text_depth = text_depth.saturating_sub(1);
                    if !is_kept {
                        trim(out, text_start);
                    }
                }
                _ => {}
            },
            Event::Text(text) if is_seen => push_unescaped(text.as_bytes(), out)?,
            Event::GeneralRef(name) if is_seen => {
                raw.clear();
                raw.push(b'&');
                raw.extend_from_slice(name.as_bytes());
                raw.push(b';');
                push_unescaped(&raw, out)?;
            }
            Event::CData(text) if is_seen => out.extend_from_slice(text.as_bytes()),
            Event::DocType(_) => return Err(ReadError::damaged("a document type is inside of a text")),
            Event::Eof => break,
            _ => {}
        }
    }
    restore_characters(out, start);
    Ok(())
}

/// Whether a text says that white space around it belongs to it.
fn keeps_space(tag: &BytesStart<'_>) -> bool {
    tag.attributes()
        .with_checks(false)
        .flatten()
        .any(|found| found.key.as_ref() == "xml:space" && found.value == "preserve")
}

/// Takes off the white space around a text that begins at `start`.
fn trim(out: &mut Vec<u8>, start: usize) {
    let text = out[start..].trim_ascii();
    if text.len() < out.len() - start {
        let text = text.to_vec();
        out.truncate(start);
        out.extend_from_slice(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::{push_rich, push_text};

    #[test]
    fn texts_mean() {
        for (raw, want) in [
            ("", Some("")),
            ("plain 订单", Some("plain 订单")),
            ("a &amp; b &lt;&gt;&quot;&apos;", Some("a & b <>\"'")),
            ("&#65;&#x4E2D;&#x1F600;", Some("A中\u{1F600}")),
            ("a\r\nb\rc\n", Some("a\nb\nc\n")),
            ("a_x000D_b_x005F_x000D_", Some("a\rb_x000D_")),
            ("_x4e2D__xD83D__xDE00_", Some("中\u{1F600}")),
            ("_xD83D_ _x0000_ _x12_ _xZZZZ_ _x", Some("_xD83D_ _x0000_ _x12_ _xZZZZ_ _x")),
            ("snake_case_x", Some("snake_case_x")),
            ("&nbsp;", None),
            ("&", None),
            ("&#xD800;", None),
            ("&#99999999;", None),
            ("a & b", None),
        ] {
            let mut out = b"before".to_vec();
            let result = push_text(raw.as_bytes(), &mut out);
            match want {
                Some(want) => assert_eq!(String::from_utf8_lossy(&out), format!("before{want}"), "{raw}"),
                None => assert!(result.is_err(), "{raw}"),
            }
        }
    }

    #[test]
    fn rich_texts_are_joined() {
        for (xml, want) in [
            ("<is><t>a</t></is>", Some("a")),
            ("<si><r><rPr><b/></rPr><t>a </t></r><r><t xml:space=\"preserve\"> b</t></r></si>", Some("a b")),
            (
                "<si><t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh><phoneticPr fontId=\"1\"/></si>",
                Some("東京"),
            ),
            ("<x:si><x:r><x:t>a</x:t></x:r><x:t>b</x:t></x:si>", Some("ab")),
            ("<v><![CDATA[<b>&amp;]]>&lt;<!-- c -->_x0041_</v>", Some("<b>&amp;<A")),
            ("<si/>", Some("")),
            ("<is><t>&evil;</t></is>", None),
            ("<is><t>a</x></is>", None),
        ] {
            let mut out = Vec::new();
            let result = push_rich(xml.as_bytes(), &mut out);
            match want {
                Some(want) => assert_eq!(String::from_utf8_lossy(&out), want, "{xml}"),
                None => assert!(result.is_err(), "{xml}"),
            }
        }
    }
}
