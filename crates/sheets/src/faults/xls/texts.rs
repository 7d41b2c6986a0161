//! The table of texts, to which cells refer by number ([MS-XLS] 2.4.265): SST and CONTINUE records, and the places of some of the texts.
//!
//! The records go into a temporary file as texts come. In memory are the last ones that are short, so that a text that repeats is
//! mostly written once.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::record::{BODY_MAX, HEAD_BYTES, is_wide, long, push, push_char, word};
use super::spool::Spool;
use super::too_large;

/// The record that begins the table, and the one in which it goes on.
const TABLE: u16 = 0x00FC;
const CONTINUE: u16 = 0x003C;
/// Where some of the texts are.
const PLACES: u16 = 0x00FF;

/// Memory for the texts that are known, about what one takes beside its own bytes, and the longest that is worth it.
const KNOWN_BYTES_MAX: usize = 4 << 20;
const KNOWN_BYTES_EACH: usize = 64;
const KNOWN_TEXT_BYTES: usize = 256;

/// The fewest texts of which one place is told, and how many places there are to be at most ([MS-XLS] 2.4.107).
const TEXTS_PER_PLACE: u32 = 8;
const PLACES_MAX: usize = 128;
/// Texts of which the places can be told: beyond, how many texts there are between two places would be more than its field holds.
const COUNT_MAX: u32 = TEXTS_PER_PLACE << 12 << 7;

/// The table, as it grows.
pub(super) struct Texts {
    spool: Spool,
    /// What the last record holds.
    body: Vec<u8>,
    known: HashMap<Box<str>, u32>,
    known_bytes: usize,
    /// Texts in the table, and cells that refer to them.
    count: u32,
    cell_count: u32,
    places: Places,
}

/// The table, complete.
pub(super) struct Table {
    pub(super) spool: Spool,
    places: Places,
}

impl Texts {
    pub(super) fn beside(path: &Path) -> io::Result<Texts> {
        Ok(Texts {
            spool: Spool::beside(path)?,
            // Both counts, which are not known yet.
            body: vec![0; 8],
            known: HashMap::new(),
            known_bytes: 0,
            count: 0,
            cell_count: 0,
            places: Places { texts_per_place: TEXTS_PER_PLACE, list: Vec::new() },
        })
    }

    /// About how many bytes the table has.
    pub(super) fn size(&self) -> u64 {
        self.spool.size()
    }

    /// The number of a text, from 0, for one more cell. The text has no more units than a cell may have.
    pub(super) fn number(&mut self, text: &str) -> io::Result<u32> {
        self.cell_count += 1;
        if let Some(number) = self.known.get(text) {
            return Ok(*number);
        }
        let number = self.count;
        if number >= COUNT_MAX {
            return Err(too_large());
        }
        self.write(text)?;
        self.count += 1;
        if text.len() <= KNOWN_TEXT_BYTES {
            self.remember(text, number);
        }
        Ok(number)
    }

    fn remember(&mut self, text: &str, number: u32) {
        self.known_bytes += text.len() + KNOWN_BYTES_EACH;
        if self.known_bytes > KNOWN_BYTES_MAX {
            self.known.clear();
            self.known_bytes = text.len() + KNOWN_BYTES_EACH;
        }
        self.known.insert(text.into(), number);
    }

    /// Writes a text. What stands before its characters is in one record with the first of these ([MS-XLS] 2.5.293), and a character that
    /// has two units is in one record too.
    fn write(&mut self, text: &str) -> io::Result<()> {
        let is_wide = is_wide(text);
        let bytes = |c: char| if is_wide { c.len_utf16() * 2 } else { 1 };
        if self.room() < 3 + text.chars().next().map_or(0, bytes) {
            self.end_record()?;
        }
        self.places.add(self.count, self.spool.size(), self.body.len());
        word(&mut self.body, text.encode_utf16().count() as u16);
        self.body.push(u8::from(is_wide));
        for c in text.chars() {
            if self.room() < bytes(c) {
                self.end_record()?;
                self.body.push(u8::from(is_wide));
            }
            push_char(&mut self.body, c, is_wide);
        }
        Ok(())
    }

    fn room(&self) -> usize {
        BODY_MAX - self.body.len()
    }

    fn end_record(&mut self) -> io::Result<()> {
        let kind = if self.spool.size() == 0 { TABLE } else { CONTINUE };
        let mut record = Vec::with_capacity(HEAD_BYTES + self.body.len());
        push(&mut record, kind, |out| out.append(&mut self.body));
        self.spool.write(&record)
    }

    pub(super) fn finish(mut self) -> io::Result<Table> {
        self.end_record()?;
        let mut counts = Vec::new();
        long(&mut counts, self.cell_count);
        long(&mut counts, self.count);
        self.spool.mend(HEAD_BYTES as u64, &counts)?;
        Ok(Table { spool: self.spool, places: self.places })
    }
}

impl Table {
    /// Appends the record of places, for a table that begins at that place of the stream.
    pub(super) fn push_places(&self, out: &mut Vec<u8>, start: u32) {
        push(out, PLACES, |out| {
            word(out, self.places.texts_per_place as u16);
            for (record, in_record) in &self.places.list {
                long(out, start + record + u32::from(*in_record));
                word(out, *in_record);
                word(out, 0);
            }
        });
    }
}

/// Where every so manieth text is, so that each is found in a few steps ([MS-XLS] 2.4.107).
struct Places {
    texts_per_place: u32,
    /// Where the text's record is in the table, and where the text is in this record, both counted from the first byte of its kind.
    list: Vec<(u32, u16)>,
}

impl Places {
    /// Notes the place of the text with that number, if it is one of those whose places are told; half as many are once the list is full.
    fn add(&mut self, number: u32, record: u64, in_body: usize) {
        if !number.is_multiple_of(self.texts_per_place) {
            return;
        }
        if self.list.len() >= PLACES_MAX {
            let mut is_kept = false;
            self.list.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.texts_per_place *= 2;
        }
        // Of 128 places of which every second is left, the next one is told as well.
        self.list.push((record as u32, (HEAD_BYTES + in_body) as u16));
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNT_MAX, Places, TEXTS_PER_PLACE};

    #[test]
    fn so_many_places_are_told_as_there_may_be() {
        for (count, step, place_count) in [
            (0, 8, 0),
            (1, 8, 1),
            (8, 8, 1),
            (9, 8, 2),
            (1024, 8, 128),
            (1025, 16, 65),
            (COUNT_MAX, 32_768, 128),
        ] {
            let mut places = Places { texts_per_place: TEXTS_PER_PLACE, list: Vec::new() };
            (0..count).for_each(|number| places.add(number, u64::from(number) / 8, 0));
            assert_eq!((places.texts_per_place, places.list.len()), (step, place_count), "{count}");
            let want: Vec<u32> = (0..count).step_by(step as usize).map(|number| number / 8).collect();
            assert_eq!(places.list.iter().map(|(record, _)| *record).collect::<Vec<_>>(), want);
        }
    }
}
