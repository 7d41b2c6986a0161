//! The table of texts, to which cells refer by number ([MS-XLS] 2.4.265): SST and CONTINUE records, and the places of some of the texts.
//!
//! The records go into a temporary file as texts come, and where each begins into another. A text stands there once, however many cells
//! have it; the last ones that are short are in memory, the others are found by way of a file.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::kinds;
use super::known::Known;
use super::places::Places;
use super::record::{BODY_MAX, HEAD_BYTES, is_wide, long, push, push_char, word};
use super::too_large;
use crate::faults::spool::Spool;

/// Memory for the last texts, about what one takes beside its own bytes, and the longest that is worth it.
const RECENT_BYTES_MAX: usize = 1 << 20;
const RECENT_BYTES_EACH: usize = 64;
const RECENT_TEXT_BYTES: usize = 256;

/// The table, as it grows.
pub(super) struct Texts {
    spool: Spool,
    /// What the last record holds.
    body: Vec<u8>,
    known: Known,
    recent: HashMap<Box<str>, u32>,
    recent_bytes: usize,
    /// Cells that refer to texts.
    cell_count: u32,
    places: Places,
}

/// The table, complete.
pub(super) struct Table {
    /// Its records.
    pub(super) spool: Spool,
    pub(super) places: Places,
}

impl Texts {
    pub(super) fn beside(path: &Path) -> io::Result<Texts> {
        Ok(Texts {
            spool: Spool::beside(path)?,
            // Both counts, which are not known yet.
            body: vec![0; 8],
            known: Known::beside(path)?,
            recent: HashMap::new(),
            recent_bytes: 0,
            cell_count: 0,
            places: Places::beside(path)?,
        })
    }

    /// About how many bytes the table has.
    pub(super) fn size(&self) -> u64 {
        self.spool.size()
    }

    /// The number of a text, from 0, for one more cell. The text has no more units than a cell may have.
    pub(super) fn number(&mut self, text: &str) -> io::Result<u32> {
        self.cell_count += 1;
        if let Some(number) = self.recent.get(text) {
            return Ok(*number);
        }
        let next = self.places.count();
        let number = match self.known.find_or_add(text, next)? {
            Some(number) => number,
            None if next == Places::COUNT_MAX => return Err(too_large()),
            None => {
                self.write(text)?;
                next
            }
        };
        if text.len() <= RECENT_TEXT_BYTES {
            self.remember(text, number);
        }
        Ok(number)
    }

    fn remember(&mut self, text: &str, number: u32) {
        self.recent_bytes += text.len() + RECENT_BYTES_EACH;
        if self.recent_bytes > RECENT_BYTES_MAX {
            self.recent.clear();
            self.recent_bytes = text.len() + RECENT_BYTES_EACH;
        }
        self.recent.insert(text.into(), number);
    }

    /// Writes a text. What stands before its characters is in one record with the first of these ([MS-XLS] 2.5.293), and a character that
    /// has two units is in one record too.
    fn write(&mut self, text: &str) -> io::Result<()> {
        let is_wide = is_wide(text);
        let bytes = |c: char| if is_wide { c.len_utf16() * 2 } else { 1 };
        if self.room() < 3 + text.chars().next().map_or(0, bytes) {
            self.end_record()?;
        }
        self.places.push(self.spool.size() as u32, (HEAD_BYTES + self.body.len()) as u16)?;
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
        let kind = if self.spool.size() == 0 { kinds::SST } else { kinds::CONTINUE };
        let mut record = Vec::with_capacity(HEAD_BYTES + self.body.len());
        push(&mut record, kind, |out| out.append(&mut self.body));
        self.spool.write(&record)
    }

    pub(super) fn finish(mut self) -> io::Result<Table> {
        self.end_record()?;
        let mut counts = Vec::new();
        long(&mut counts, self.cell_count);
        long(&mut counts, self.places.count());
        self.spool.mend(HEAD_BYTES as u64, &counts)?;
        Ok(Table { spool: self.spool, places: self.places })
    }
}
