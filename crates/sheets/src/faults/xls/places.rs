//! Where every nth text of the table is, so that each is found in a few steps ([MS-XLS] 2.4.107).

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::kinds;
use super::record::{long, push, word};
use crate::faults::spool::Spool;

/// Texts between two places at least, and how many places there are at most.
const TEXTS_MIN: u32 = 8;
const PLACES_MAX: u32 = 128;
/// Bytes of a place: where the text's record is in the table, and where the text is in this record.
const PLACE_BYTES: u64 = 6;

/// The places of all texts, in a file.
pub(super) struct Places {
    spool: Spool,
}

impl Places {
    /// Texts of which the places can be told: beyond, how many there are between two places would be more than its field holds.
    pub(super) const COUNT_MAX: u32 = PLACES_MAX * u16::MAX as u32 - 1;

    pub(super) fn beside(path: &Path) -> io::Result<Places> {
        Ok(Places { spool: Spool::beside(path)? })
    }

    pub(super) fn count(&self) -> u32 {
        (self.spool.size() / PLACE_BYTES) as u32
    }

    /// Notes where the next text is, both counted from the first byte of the record's, and of the table's, kind.
    pub(super) fn push(&mut self, record: u32, in_record: u16) -> io::Result<()> {
        self.spool.write(&record.to_le_bytes())?;
        self.spool.write(&in_record.to_le_bytes())
    }

    /// The record of places, for a table that begins at that place of the stream.
    pub(super) fn record(self, table: u32) -> io::Result<Vec<u8>> {
        let count = self.count();
        let step = texts_per_place(count);
        let mut file = self.spool.into_file()?;
        let mut places = Vec::new();
        for number in (0..count).step_by(step as usize) {
            file.seek(SeekFrom::Start(u64::from(number) * PLACE_BYTES))?;
            let (mut record, mut in_record) = ([0; 4], [0; 2]);
            file.read_exact(&mut record)?;
            file.read_exact(&mut in_record)?;
            places.push((table + u32::from_le_bytes(record), u16::from_le_bytes(in_record)));
        }
        let mut out = Vec::new();
        push(&mut out, kinds::EXT_SST, |out| {
            word(out, step as u16);
            for (record, in_record) in places {
                long(out, record + u32::from(in_record));
                word(out, in_record);
                word(out, 0);
            }
        });
        Ok(out)
    }
}

fn texts_per_place(count: u32) -> u32 {
    (count / PLACES_MAX + 1).max(TEXTS_MIN)
}

#[cfg(test)]
mod tests {
    use super::{Places, texts_per_place};

    #[test]
    fn there_are_as_many_texts_between_two_places_as_there_must_be() {
        for (count, want) in
            [(0, 8), (1023, 8), (1024, 9), (1151, 9), (1152, 10), (Places::COUNT_MAX, u16::MAX.into())]
        {
            assert_eq!(texts_per_place(count), want, "{count}");
        }
    }
}
