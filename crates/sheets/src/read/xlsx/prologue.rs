//! What stands before the first element of a part: here documents that do harm are refused.

use memchr::memmem;

use super::strings::more;
use super::tags::{Tag, Trouble, after_space, tag};
use crate::read::ReadError;
use crate::read::package::Chunks;

/// Passes everything before the first element; `false` where the part has no bytes.
///
/// # Errors
/// Refuses document type definitions, which can make endless text of little or name files outside, and other encodings than UTF-8.
pub(super) fn pass_prologue(chunks: &mut Chunks, name: &str) -> Result<bool, ReadError> {
    if !chunks.more()? {
        return Ok(false);
    }
    loop {
        match prologue(chunks.bytes()) {
            Ok(size) => {
                chunks.pass(size);
                return Ok(true);
            }
            Err(Stop::Short) => more(chunks, name)?,
            Err(Stop::Error(error)) => return Err(error),
        }
    }
}

/// The same for a part that is in memory.
pub(in crate::read) fn check_prologue(bytes: &[u8], name: &str) -> Result<(), ReadError> {
    match prologue(bytes) {
        Ok(_) => Ok(()),
        Err(Stop::Short) => Err(ReadError::damaged(format!("{name} ends before its first element"))),
        Err(Stop::Error(error)) => Err(error),
    }
}

enum Stop {
    Short,
    Error(ReadError),
}

/// How many bytes are before the first element.
fn prologue(bytes: &[u8]) -> Result<usize, Stop> {
    let unsupported = |what: &str| Stop::Error(ReadError::Unsupported { what: what.to_owned() });
    if bytes.len() < 4 {
        return Err(Stop::Short);
    }
    if bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\xFF\xFE") || bytes[..4].contains(&0) {
        return Err(unsupported("XML in another encoding than UTF-8"));
    }
    let mut place = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    loop {
        place = after_space(bytes, place);
        let rest = &bytes[place..];
        match rest {
            [] | [b'<'] => return Err(Stop::Short),
            [b'<', b'!', next, ..] if *next != b'-' => return Err(unsupported("a document type definition")),
            [b'<', ..] => {}
            _ => return Err(Stop::Error(ReadError::damaged("a part of the workbook is no XML"))),
        }
        match tag(rest) {
            Ok(Tag::Other(behind)) => {
                if rest.starts_with(b"<?xml ") && !is_utf8(&rest[..behind]) {
                    return Err(unsupported("XML in another encoding than UTF-8"));
                }
                place += behind;
            }
            Ok(_) => return Ok(place),
            Err(Trouble::Short) => return Err(Stop::Short),
            Err(Trouble::Wrong(what)) => return Err(Stop::Error(ReadError::damaged(what))),
        }
    }
}

/// Whether an XML declaration names UTF-8, ASCII or nothing.
fn is_utf8(declaration: &[u8]) -> bool {
    let declaration = declaration.to_ascii_lowercase();
    let Some(place) = memmem::find(&declaration, b"encoding") else { return true };
    let value = &declaration[place..];
    [&b"utf-8"[..], b"utf8", b"ascii"].iter().any(|name| memmem::find(value, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::check_prologue;
    use crate::read::ReadError;

    #[test]
    fn prologues_are_checked() {
        for (xml, is_good) in [
            ("<worksheet/>", true),
            ("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a --><?b?> <worksheet/>", true),
            ("<?xml version='1.0' encoding='us-ascii'?><a/>", true),
            ("<?xml version='1.0'?><a/>", true),
            ("<?xml version=\"1.0\" encoding=\"GBK\"?><a/>", false),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", false),
            ("<!-- x --><!doctype html><a/>", false),
        ] {
            let result = check_prologue(xml.as_bytes(), "part");
            assert_eq!(!matches!(result, Err(ReadError::Unsupported { .. })), is_good, "{xml}: {result:?}");
        }
        for xml in ["", "<!--", "<?xml", "text", "    "] {
            assert!(
                matches!(check_prologue(xml.as_bytes(), "part"), Err(ReadError::Damaged { .. })),
                "{xml}"
            );
        }
        assert!(check_prologue(b"\xFF\xFE<\x00a\x00", "part").is_err());
    }
}
