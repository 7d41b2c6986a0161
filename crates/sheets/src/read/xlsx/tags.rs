//! The tags of a sheet's XML, without a tree: what can be told from bytes that may be cut off anywhere.

use memchr::{memchr, memmem};

/// Why something cannot be taken from bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// They end before it does.
    Short,
    /// It is no XML, or none of a workbook.
    Wrong(&'static str),
}

/// What begins with `<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// A start tag by its local name; its attributes begin at the place given.
    Start(&'a [u8], usize),
    /// An end tag by its local name; the place is behind it.
    End(&'a [u8], usize),
    /// A comment or an instruction; the place is behind it.
    Other(usize),
}

/// Reads the tag at the beginning of `bytes`, which is a `<`. A prefix of its name is left out.
pub(super) fn tag(bytes: &[u8]) -> Result<Tag<'_>, Trouble> {
    match bytes.get(1).ok_or(Trouble::Short)? {
        b'/' => {
            let end = memchr(b'>', bytes).ok_or(Trouble::Short)?;
            Ok(Tag::End(local(bytes[2..end].trim_ascii_end()), end + 1))
        }
        b'!' => comment(bytes),
        b'?' => Ok(Tag::Other(memmem::find(bytes, b"?>").ok_or(Trouble::Short)? + 2)),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b' ' | b'>' | b'/' | b'\n' | b'\r' | b'\t');
            let end = bytes.iter().position(is_end).ok_or(Trouble::Short)?;
            Ok(Tag::Start(local(&bytes[1..end]), end))
        }
    }
}

#[cold]
fn comment(bytes: &[u8]) -> Result<Tag<'_>, Trouble> {
    if bytes.len() < 4 {
        return Err(Trouble::Short);
    }
    if !bytes.starts_with(b"<!--") {
        return Err(Trouble::Wrong("a declaration is where cells should be"));
    }
    Ok(Tag::Other(memmem::find(&bytes[4..], b"-->").ok_or(Trouble::Short)? + 7))
}

/// A name without its prefix.
#[inline]
pub(super) fn local(name: &[u8]) -> &[u8] {
    match name {
        // The names that matter most are short.
        [_] | [_, _] | [_, _, _] if !name.contains(&b':') => name,
        _ => memchr(b':', name).map_or(name, |colon| &name[colon + 1..]),
    }
}

/// The attributes from a place inside of a start tag on: `each` gets name and value as they are. Gives the place behind the tag, and
/// whether it is an element without content.
#[inline]
pub(super) fn attributes<'a>(
    bytes: &'a [u8],
    mut place: usize,
    mut each: impl FnMut(&'a [u8], &'a [u8]),
) -> Result<(usize, bool), Trouble> {
    loop {
        place = after_space(bytes, place);
        match bytes.get(place).ok_or(Trouble::Short)? {
            b'>' => return Ok((place + 1, false)),
            b'/' => match bytes.get(place + 1).ok_or(Trouble::Short)? {
                b'>' => return Ok((place + 2, true)),
                _ => return Err(Trouble::Wrong("a tag has a slash inside")),
            },
            b'<' | b'=' | b'"' | b'\'' => {
                return Err(Trouble::Wrong("a tag has an attribute without a name"));
            }
            _ => {}
        }
        let start = place;
        while !matches!(
            bytes.get(place).ok_or(Trouble::Short)?,
            b'=' | b' ' | b'\n' | b'\r' | b'\t' | b'>' | b'<'
        ) {
            place += 1;
        }
        let name = &bytes[start..place];
        place = after_space(bytes, place);
        if *bytes.get(place).ok_or(Trouble::Short)? != b'=' {
            return Err(Trouble::Wrong("an attribute has no value"));
        }
        place = after_space(bytes, place + 1);
        let quote = *bytes.get(place).ok_or(Trouble::Short)?;
        if quote != b'"' && quote != b'\'' {
            return Err(Trouble::Wrong("an attribute's value has no quotes"));
        }
        let start = place + 1;
        // Values are short: this is faster than a search that has to be set up.
        let size = bytes[start..].iter().position(|&byte| byte == quote).ok_or(Trouble::Short)?;
        each(name, &bytes[start..start + size]);
        place = start + size + 1;
    }
}

/// The place of the first byte from `place` on that is no white space.
#[inline]
pub(super) fn after_space(bytes: &[u8], mut place: usize) -> usize {
    while matches!(bytes.get(place), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        place += 1;
    }
    place
}

/// The place behind the element whose content begins at `place`, whatever is in it; `name` is its local name.
#[cold]
pub(super) fn after_element(bytes: &[u8], mut place: usize, name: &[u8]) -> Result<usize, Trouble> {
    let mut depth = 1;
    while depth > 0 {
        place += memchr(b'<', bytes.get(place..).ok_or(Trouble::Short)?).ok_or(Trouble::Short)?;
        let rest = &bytes[place..];
        if rest.len() < 9 && b"<![CDATA[".starts_with(rest) {
            return Err(Trouble::Short);
        }
        if rest.starts_with(b"<![CDATA[") {
            place += memmem::find(rest, b"]]>").ok_or(Trouble::Short)? + 3;
            continue;
        }
        match tag(rest)? {
            Tag::Start(_, at) => {
                let (behind, is_closed) = attributes(rest, at, |_, _| {})?;
                depth += u32::from(!is_closed);
                place += behind;
            }
            Tag::End(found, behind) => {
                depth -= 1;
                if depth == 0 && found != name {
                    return Err(Trouble::Wrong("an element ends by another name than it begins"));
                }
                place += behind;
            }
            Tag::Other(behind) => place += behind,
        }
    }
    Ok(place)
}
