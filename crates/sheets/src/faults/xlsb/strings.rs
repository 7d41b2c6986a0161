//! The texts of all cells ([MS-XLSB] 2.1.7.45). Cells could hold their texts themselves, but not every program that reads XLSB looks
//! for them there.
//!
//! Texts go into a temporary file, since their count stands before them. A text that is not too long and was among the first is there
//! once; to find all others again would take memory for all of them.

use std::io::{self, Write};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::records::{Record, push_empty};
use crate::faults::spool::Spool;

/// Records by their numbers ([MS-XLSB] 2.3.2).
const BEGIN: u16 = 159;
const ITEM: u16 = 19;
const END: u16 = 160;

/// Texts that are found again, and their longest, in bytes.
const FOUND_COUNT: usize = 16_384;
const FOUND_BYTES: usize = 256;

/// The texts that there are so far.
pub(super) struct Strings {
    items: Spool,
    item_count: u32,
    /// Cells that have one of them.
    cell_count: u64,
    found: HashMap<Box<str>, u32, RandomState>,
    /// A record on its way.
    record: Vec<u8>,
    /// Where the table is full.
    bytes_max: u64,
}

impl Strings {
    /// None yet; they wait in `items` until they have `bytes_max` bytes.
    pub(super) fn new(items: Spool, bytes_max: u64) -> Strings {
        Strings {
            items,
            item_count: 0,
            cell_count: 0,
            found: HashMap::default(),
            record: Vec::new(),
            bytes_max,
        }
    }

    /// The number of a cell's text; `None` if the cell has to hold it itself, since the table is full.
    pub(super) fn number_of(&mut self, text: &str) -> io::Result<Option<u32>> {
        let number = match self.found.get(text) {
            Some(number) => *number,
            None if self.items.size() >= self.bytes_max => return Ok(None),
            None => self.append(text)?,
        };
        self.cell_count += 1;
        Ok(Some(number))
    }

    fn append(&mut self, text: &str) -> io::Result<u32> {
        let number = self.item_count;
        self.record.clear();
        // A text without formats ([MS-XLSB] RichStr).
        Record::begin(&mut self.record, ITEM).byte(0).text(text).end();
        self.items.write(&self.record)?;
        self.item_count += 1;
        if text.len() <= FOUND_BYTES && self.found.len() < FOUND_COUNT {
            self.found.insert(text.into(), number);
        }
        Ok(number)
    }

    /// Writes the part.
    pub(super) fn write(mut self, sink: &mut impl Write) -> io::Result<()> {
        let mut out = Vec::new();
        let cell_count = u32::try_from(self.cell_count).unwrap_or(u32::MAX);
        Record::begin(&mut out, BEGIN).long(cell_count).long(self.item_count).end();
        sink.write_all(&out)?;
        self.items.pass_on(sink)?;
        out.clear();
        push_empty(&mut out, END);
        sink.write_all(&out)
    }
}
