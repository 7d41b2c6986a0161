//! The table of texts that cells refer to by number: one buffer, and where each ends.

use std::thread::Scope;

use memchr::memchr;

use super::cell::tag_in;
use super::prologue::pass_prologue;
use super::tags::{Tag, Trouble, after_element, attributes, tag};
use super::text::{push_rich, push_text};
use crate::read::feed::Watch;
use crate::read::package::{Chunks, Package, chunks};
use crate::read::rows::too_big;
use crate::read::{Limit, ReadError, ReadLimits};

/// Bytes that the place of one text takes.
const PLACE_BYTES: u64 = 4;

/// All texts.
#[derive(Default)]
pub(super) struct SharedStrings {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl SharedStrings {
    /// The text with that number.
    #[inline]
    pub(super) fn get(&self, index: u64) -> Option<&[u8]> {
        let index = usize::try_from(index).ok()?;
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        Some(&self.bytes[start..end])
    }

    /// Reads the table from a member; nothing where there is none of that name.
    pub(super) fn read<'scope>(
        scope: &'scope Scope<'scope, '_>,
        package: &Package,
        name: &str,
        limits: &ReadLimits,
        watch: &Watch,
    ) -> Result<SharedStrings, ReadError> {
        let mut strings = SharedStrings::default();
        let Some(mut chunks) = chunks(scope, package, name, watch, limits.cell_bytes)? else {
            return Ok(strings);
        };
        if !pass_prologue(&mut chunks, name)? {
            return Err(ReadError::damaged(format!("{name} is empty")));
        }
        // Places are 32 bits wide.
        let most = limits.shared_string_bytes.min(u64::from(u32::MAX) / 2);
        loop {
            match strings.step(chunks.bytes()) {
                Ok(Some(size)) => chunks.pass(size),
                Ok(None) => return chunks.finish().map(|()| strings),
                Err(Failure::Trouble(Trouble::Short)) => more(&mut chunks, name)?,
                Err(Failure::Trouble(Trouble::Wrong(what))) => {
                    return Err(ReadError::damaged(format!("{name}: {what}")));
                }
                Err(Failure::Error(error)) => return Err(error),
            }
            let size = strings.bytes.len() as u64 + PLACE_BYTES * strings.ends.len() as u64;
            if size > most {
                return Err(too_big(Limit::SharedStringBytes, most, size));
            }
        }
    }

    /// Takes the next text from the bytes, and gives how many were used; `None` at the table's end.
    #[inline]
    fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let Some(place) = memchr(b'<', bytes) else {
            // What stands between tags is passed, not kept until the next tag.
            return if bytes.is_empty() { Err(Trouble::Short.into()) } else { Ok(Some(bytes.len())) };
        };
        let rest = &bytes[place..];
        // What most texts are, before everything else that may be.
        if let Some(text) = rest.strip_prefix(b"<si><t>") {
            let size = tag_in(text).ok_or(Trouble::Short)?;
            if text[size..].starts_with(b"</t></si>") {
                push_text(text[..size].trim_ascii(), &mut self.bytes).map_err(Failure::Error)?;
                self.ends.push(self.bytes.len() as u32);
                return Ok(Some(place + 7 + size + 9));
            }
        }
        match tag(rest)? {
            Tag::Start(b"si", at) => {
                let (content, is_closed) = attributes(rest, at, |_, _| {})?;
                let size = if is_closed { content } else { after_element(rest, content, b"si")? };
                push_rich(&rest[..size], &mut self.bytes).map_err(Failure::Error)?;
                self.ends.push(self.bytes.len() as u32);
                Ok(Some(place + size))
            }
            Tag::Start(b"sst", at) => {
                let (content, is_closed) = attributes(rest, at, |_, _| {})?;
                Ok((!is_closed).then_some(place + content))
            }
            Tag::Start(_, at) => Ok(Some(place + attributes(rest, at, |_, _| {})?.0)),
            Tag::End(b"sst", _) => Ok(None),
            Tag::End(_, behind) | Tag::Other(behind) => Ok(Some(place + behind)),
        }
    }
}

enum Failure {
    Trouble(Trouble),
    Error(ReadError),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Trouble(trouble)
    }
}

/// Asks for more bytes where there must be some.
pub(super) fn more(chunks: &mut Chunks, name: &str) -> Result<(), ReadError> {
    if chunks.more()? { Ok(()) } else { Err(ReadError::damaged(format!("{name} ends in the middle"))) }
}
