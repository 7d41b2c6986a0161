//! The table of shared strings: each text that is in it stands once in the file, and cells name it by its number. Apple Numbers
//! shows only such cells, and files get smaller where texts repeat.
//!
//! The table is bounded. Texts that come when it is full stand in their cells ("inline"), unless they are in it already. From when it
//! is half full, a column whose texts are mostly new to it is not looked up any more, so that room is left for those that repeat.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::ops::Range;

use super::text::{needs_preserve, push_escaped};
use crate::digits::push_shown;

/// Texts in the table at most: as many as an index of 2^17 places holds (hashbrown fills seven of eight).
const COUNT_MAX: usize = (1 << 17) / 8 * 7;
/// Texts from which on columns are judged.
const COUNT_JUDGED: usize = COUNT_MAX / 2;
/// Bytes of texts in the table at most, with those of [`LENGTH_BYTES`].
const BYTES_MAX: usize = 16 << 20;
/// Before each text stands its length.
const LENGTH_BYTES: usize = size_of::<u32>();
/// What stands around a text in the table.
const ITEM_BYTES: usize = 16;
/// Lookups of a column after which it is judged.
const JUDGED_AFTER: u32 = 4096;

/// The table. Its memory is reserved as a whole, so that it never moves; the system provides a page when the first text comes into it.
#[derive(Default)]
pub(super) struct SharedStrings {
    hasher: RandomState,
    entries: HashTable<Entry>,
    texts: Texts,
    use_count: u64,
}

/// Where a text stands, beside some of its hash: so that a lookup that finds it reads the entry and the text alone.
struct Entry {
    /// See [`kept`].
    hash: u32,
    /// See [`Texts`].
    start: u32,
    number: u32,
}

/// Texts one after the other, each after its length in bytes.
#[derive(Default)]
struct Texts(Vec<u8>);

impl Texts {
    /// The text at a start, and the start of the one after it; none at the end.
    fn at(&self, start: usize) -> Option<(&[u8], usize)> {
        let (length, rest) = self.0.get(start..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let text = rest.get(..u32::from_ne_bytes(*length) as usize)?;
        Some((text, start + LENGTH_BYTES + text.len()))
    }

    /// Where a text has been put that there is room for.
    fn push(&mut self, text: &[u8]) -> Option<u32> {
        if self.0.len() + LENGTH_BYTES + text.len() > BYTES_MAX {
            return None;
        }
        let start = self.0.len() as u32;
        self.0.extend_from_slice(&(text.len() as u32).to_ne_bytes());
        self.0.extend_from_slice(text);
        Some(start)
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
    pub(super) fn new() -> SharedStrings {
        SharedStrings {
            entries: HashTable::with_capacity(COUNT_MAX),
            texts: Texts(Vec::with_capacity(BYTES_MAX)),
            ..SharedStrings::default()
        }
    }

    /// The number of a text, if it is in the table or there is room for it.
    pub(super) fn number(&mut self, text: &str, sharing: &mut Sharing) -> Option<u32> {
        if sharing.is_inline {
            return None;
        }
        let hash = self.hasher.hash_one(text.as_bytes());
        // The text is read only where the hash is the same.
        let is_text = |(found, _): (&[u8], usize)| is_same(found, text.as_bytes());
        let is_it = |entry: &Entry| {
            entry.hash == kept(hash) && self.texts.at(entry.start as usize).is_some_and(is_text)
        };
        if let Some(entry) = self.entries.find(hash, is_it) {
            self.use_count += 1;
            sharing.lookups += 1;
            return Some(entry.number);
        }
        sharing.lookups += 1;
        sharing.misses += 1;
        if sharing.lookups >= JUDGED_AFTER {
            let is_inline = self.entries.len() >= COUNT_JUDGED && sharing.misses > sharing.lookups / 2;
            *sharing = Sharing { is_inline, ..Sharing::default() };
        }
        let number = self.insert(text, hash)?;
        self.use_count += 1;
        Some(number)
    }

    /// The number of a text that was not in the table, if there is room for it.
    fn insert(&mut self, text: &str, hash: u64) -> Option<u32> {
        let number = self.entries.len();
        if number == COUNT_MAX {
            return None;
        }
        let start = self.texts.push(text.as_bytes())?;
        let entry = Entry { hash: kept(hash), start, number: number as u32 };
        let texts = &self.texts;
        // Never needed, since the index has its room and does not grow.
        let hash_of = |entry: &Entry| {
            let text = texts.at(entry.start as usize).map_or(b"".as_slice(), |(text, _)| text);
            self.hasher.hash_one(text)
        };
        self.entries.insert_unique(hash, entry, hash_of);
        Some(number as u32)
    }

    /// The table in pieces of about that many bytes of XML: which bytes of the texts are in each. There is one at least.
    pub(super) fn pieces(&self, piece_bytes: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut piece = 0..0;
        let mut bytes = 0;
        while let Some((text, next)) = self.texts.at(piece.end) {
            bytes += text.len() + ITEM_BYTES;
            piece.end = next;
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
            let (uses, count) = (self.use_count, self.entries.len());
            push_shown(
                xml,
                format_args!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"{uses}\" uniqueCount=\"{count}\">"
                ),
            );
        }
        let mut start = piece.start;
        while start < piece.end
            && let Some((text, next)) = self.texts.at(start)
        {
            // It came in as text.
            let text = std::str::from_utf8(text).unwrap_or_default();
            xml.extend_from_slice(if needs_preserve(text) {
                b"<si><t xml:space=\"preserve\">".as_slice()
            } else {
                b"<si><t>"
            });
            push_escaped(xml, text);
            xml.extend_from_slice(b"</t></si>");
            start = next;
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

    fn numbers(strings: &mut SharedStrings, sharing: &mut Sharing, texts: Range<usize>) -> Vec<Option<u32>> {
        texts.map(|text| strings.number(&text.to_string(), sharing)).collect()
    }

    #[test]
    fn texts_are_shared_until_the_table_is_full() {
        let mut strings = SharedStrings::new();
        // Columns that are not judged, since each has one text only.
        let all =
            (0..COUNT_MAX).map(|text| numbers(&mut strings, &mut Sharing::default(), text..text + 1)[0]);
        assert!(all.eq((0..COUNT_MAX as u32).map(Some)));
        assert_eq!(strings.number("new", &mut Sharing::default()), None);
        assert_eq!(strings.number("7", &mut Sharing::default()), Some(7));
        let mut xml = Vec::new();
        let pieces = strings.pieces(1 << 16);
        assert!(pieces.len() > 10);
        for (index, piece) in pieces.iter().enumerate() {
            strings.write(piece.clone(), index == pieces.len() - 1, &mut xml);
        }
        let xml = String::from_utf8(xml).expect("texts");
        let uses = COUNT_MAX + 1;
        assert!(xml.contains(&format!(
            "count=\"{uses}\" uniqueCount=\"{COUNT_MAX}\"><si><t>0</t></si><si><t>1</t></si>"
        )));
        assert!(xml.ends_with(&format!("<si><t>{}</t></si></sst>", COUNT_MAX - 1)));
        assert_eq!(xml.matches("<si>").count(), COUNT_MAX);
    }

    #[test]
    fn a_column_of_ever_new_texts_leaves_room_for_others() {
        let mut strings = SharedStrings::new();
        let (mut ever_new, mut repeating) = (Sharing::default(), Sharing::default());
        let mut given = 0;
        for row in 0..10 * COUNT_MAX {
            given += usize::from(strings.number(&row.to_string(), &mut ever_new).is_some());
            assert!(strings.number(&format!("one of many {}", row % 20_000), &mut repeating).is_some());
        }
        assert!(ever_new.is_inline && !repeating.is_inline);
        assert_eq!(strings.number("7", &mut ever_new), None);
        assert_eq!(strings.number("7", &mut repeating), Some(14));
        // Judged when the table is half full, or less than a window of lookups later.
        let half = COUNT_JUDGED - 20_000;
        assert!((half..half + JUDGED_AFTER as usize).contains(&given), "{given}");
    }

    #[test]
    fn texts_end_where_their_room_does() {
        let (mut strings, mut sharing) = (SharedStrings::new(), Sharing::default());
        let long = "x".repeat(BYTES_MAX - 2 * LENGTH_BYTES - 1);
        assert_eq!(strings.number(&long, &mut sharing), Some(0));
        assert_eq!(strings.number("ab", &mut sharing), None);
        assert_eq!(strings.number("a", &mut sharing), Some(1));
        assert_eq!(strings.number("", &mut sharing), None);
        assert_eq!(strings.number(&long, &mut sharing), Some(0));
        assert_eq!(strings.texts.0.capacity(), BYTES_MAX);
    }
}
