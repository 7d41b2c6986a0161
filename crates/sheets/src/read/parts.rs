//! The small parts of a package: XML that is read at once, element by element.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ReadError;
use super::package::Package;
use super::xlsx::check_prologue;

/// Bytes that such a part may have: a workbook with its sheets' names, styles, and the like.
const PART_BYTES_MAX: u64 = 32 << 20;

/// Reads a part, if it is there, and shows every start tag with its local name to `each`.
pub(super) fn for_each_tag(
    package: &Package,
    name: &str,
    mut each: impl FnMut(&str, &BytesStart<'_>),
) -> Result<bool, ReadError> {
    let Some(bytes) = package.bytes(name, PART_BYTES_MAX)? else { return Ok(false) };
    check_prologue(&bytes, name)?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| ReadError::damaged(format!("{name} is not in UTF-8")))?;
    let mut reader = Reader::from_str(text);
    loop {
        let event = reader.read_event();
        match event.map_err(|error| ReadError::damaged(format!("{name} is no XML ({error})")))? {
            Event::Start(tag) | Event::Empty(tag) => each(tag.local_name().as_ref(), &tag),
            Event::DocType(_) => {
                return Err(ReadError::Unsupported { what: "a document type definition".to_owned() });
            }
            Event::Eof => return Ok(true),
            _ => {}
        }
    }
}

/// An attribute by its local name, with its entities resolved; `None` where it is missing or malformed.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|found| found.key.local_name().as_ref() == name)?;
    Some(quick_xml::escape::unescape(&attribute.value).ok()?.into_owned())
}
