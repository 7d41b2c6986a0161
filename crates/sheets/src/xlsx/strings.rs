//! The table of shared strings: each text that is in it stands once in the file, and cells name it by its number. Apple Numbers
//! shows only such cells, and files get smaller where texts repeat.
//!
//! The table is bounded. Texts that come when it is full stand in their cells ("inline"), unless they are in it already; a column
//! whose texts are hardly ever in it is not looked up any more.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::ops::Range;

use super::text::{needs_preserve, push_escaped};
use crate::digits::push_shown;

/// Texts in the table at most: as many as its index of 2^18 places holds before it would double (hashbrown fills seven of eight).
const COUNT_MAX: usize = (1 << 18) / 8 * 7;
/// Bytes of texts in the table at most.
const BYTES_MAX: usize = 16 << 20;
/// What stands around a text in the table.
const ITEM_BYTES: usize = 16;
/// Lookups of a column after which it is judged, once the table is full.
const JUDGED_AFTER: u32 = 4096;

/// The table.
#[derive(Default)]
pub(super) struct SharedStrings {
    hasher: RandomState,
    entries: HashTable<Entry>,
    texts: Vec<u8>,
    ends: Vec<u32>,
    use_count: u64,
}

/// Where a text stands, beside some of its hash: so that a lookup that finds it reads the entry and the text alone.
struct Entry {
    /// See [`kept`].
    hash: u32,
    start: u32,
    length: u32,
    number: u32,
}

impl Entry {
    fn text<'a>(&self, texts: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        &texts[start..start + self.length as usize]
    }
}

/// The bits of a hash that an entry keeps: neither the lowest, by which the index finds its place, nor the highest, which it keeps itself.
fn kept(hash: u64) -> u32 {
    (hash >> 20) as u32
}

/// How well a column does with the table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sharing {
    lookups: u32,
    misses: u32,
    is_inline: bool,
}

impl SharedStrings {
    /// The number of a text, if it is in the table or there is room for it.
    pub(super) fn number(&mut self, text: &str, sharing: &mut Sharing) -> Option<u32> {
        if sharing.is_inline {
            return None;
        }
        let hash = self.hasher.hash_one(text.as_bytes());
        let is_it =
            |entry: &Entry| entry.hash == kept(hash) && is_same(entry.text(&self.texts), text.as_bytes());
        if let Some(entry) = self.entries.find(hash, is_it) {
            self.use_count += 1;
            sharing.lookups += 1;
            return Some(entry.number);
        }
        if self.ends.len() == COUNT_MAX || self.texts.len() + text.len() > BYTES_MAX {
            sharing.lookups += 1;
            sharing.misses += 1;
            if sharing.lookups >= JUDGED_AFTER {
                *sharing = Sharing { is_inline: sharing.misses > sharing.lookups / 2, ..Sharing::default() };
            }
            return None;
        }
        let number = u32::try_from(self.ends.len()).ok()?;
        let (start, length) = (self.texts.len() as u32, text.len() as u32);
        self.texts.extend_from_slice(text.as_bytes());
        self.ends.push(self.texts.len() as u32);
        let entry = Entry { hash: kept(hash), start, length, number };
        // Needed again only when the index grows.
        let hash_of = |entry: &Entry| self.hasher.hash_one(entry.text(&self.texts));
        self.entries.insert_unique(hash, entry, hash_of);
        self.use_count += 1;
        Some(number)
    }

    fn text(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start as usize..self.ends[number] as usize]
    }

    /// The table in pieces of about that many bytes of XML, by number; there is one at least.
    pub(super) fn pieces(&self, piece_bytes: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut piece = 0..0;
        let mut bytes = 0;
        for number in 0..self.ends.len() {
            bytes += self.text(number as u32).len() + ITEM_BYTES;
            piece.end = number + 1;
            if bytes >= piece_bytes {
                pieces.push(piece.clone());
                piece.start = piece.end;
                bytes = 0;
            }
        }
        pieces.push(piece);
        pieces
    }

    /// Appends a piece of the part of the workbook that holds the table: the first with what stands before it, the last with what
    /// follows.
    pub(super) fn write(&self, piece: Range<usize>, is_last: bool, xml: &mut Vec<u8>) {
        if piece.start == 0 {
            let (uses, count) = (self.use_count, self.ends.len());
            push_shown(
                xml,
                format_args!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"{uses}\" uniqueCount=\"{count}\">"
                ),
            );
        }
        for number in piece {
            // Cut at the ends of texts that came in as text.
            let text = std::str::from_utf8(self.text(number as u32)).unwrap_or_default();
            xml.extend_from_slice(if needs_preserve(text) {
                b"<si><t xml:space=\"preserve\">".as_slice()
            } else {
                b"<si><t>"
            });
            push_escaped(xml, text);
            xml.extend_from_slice(b"</t></si>");
        }
        if is_last {
            xml.extend_from_slice(b"</sst>");
        }
    }
}

/// Whether texts are the same; quicker for short ones than asking the C library.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (eights, others) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    eights.0 == others.0 && eights.1.iter().zip(others.1).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shared_until_the_table_is_full() {
        let (mut strings, mut sharing) = (SharedStrings::default(), Sharing::default());
        assert_eq!(strings.number("a", &mut sharing), Some(0));
        assert_eq!(strings.number("", &mut sharing), Some(1));
        assert_eq!(strings.number("a", &mut sharing), Some(0));
        for number in 2..COUNT_MAX {
            assert_eq!(strings.number(&number.to_string(), &mut sharing), Some(number as u32));
        }
        // Full: what is in it is found, what is not stands in its cell, and a column of such texts gives up.
        assert_eq!(strings.number("new", &mut sharing), None);
        assert_eq!(strings.number("a", &mut sharing), Some(0));
        for number in 0..2 * JUDGED_AFTER {
            assert_eq!(strings.number(&format!("new {number}"), &mut sharing), None);
        }
        assert!(sharing.is_inline);
        assert_eq!(strings.number("a", &mut Sharing::default()), Some(0));
    }
}
