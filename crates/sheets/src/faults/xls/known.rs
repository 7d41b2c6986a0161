//! Which texts are in the table, by hash: a file, for in memory it would grow with the table.
//!
//! It has pages, and a text is in the one that its hash says. Where a page is full, there are twice as many from then on, and each goes into
//! two. Hashes have 128 bits and keys that nobody knows, so that no two texts have the same one.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::faults::spool::temporary;

/// Small, for all entries of a page are looked at.
const PAGE_BYTES: usize = 512;
/// Bytes of a page that say how many entries it has.
const COUNT_BYTES: usize = 2;
/// Bytes of an entry: a hash, and the number of the text behind it.
const HASH_BYTES: usize = 16;
const ENTRY_BYTES: usize = HASH_BYTES + 4;

/// The texts of a table and their numbers.
pub(super) struct Known {
    file: File,
    /// A power of two.
    page_count: u64,
    keys: [RandomState; 2],
}

impl Known {
    pub(super) fn beside(path: &Path) -> io::Result<Known> {
        let mut known =
            Known { file: temporary(path)?, page_count: 1, keys: [RandomState::new(), RandomState::new()] };
        known.write(0, &Page::default())?;
        Ok(known)
    }

    /// The number of a text; `None` for a new one, which has that number from now on.
    pub(super) fn find_or_add(&mut self, text: &str, number: u32) -> io::Result<Option<u32>> {
        let hash = self.hash(text);
        loop {
            let index = low_bits(&hash) % self.page_count;
            let mut page = self.read(index)?;
            if let Some(found) = page.find(&hash) {
                return Ok(Some(found));
            }
            if page.push(&hash, number) {
                self.write(index, &page)?;
                return Ok(None);
            }
            self.double()?;
        }
    }

    fn hash(&self, text: &str) -> [u8; HASH_BYTES] {
        let [low, high] = self.keys.each_ref().map(|key| u128::from(key.hash_one(text)));
        (low | high << 64).to_le_bytes()
    }

    /// Makes twice as many pages: what is in one stays there, or goes to the one as far behind it as there were pages.
    fn double(&mut self) -> io::Result<()> {
        for index in 0..self.page_count {
            let (mut staying, mut going) = (Page::default(), Page::default());
            for (hash, number) in self.read(index)?.entries() {
                let is_going = low_bits(hash) & self.page_count != 0;
                // There is room, for all of them had room in one.
                if is_going {
                    going.push(hash, number)
                } else {
                    staying.push(hash, number)
                };
            }
            self.write(index, &staying)?;
            self.write(index + self.page_count, &going)?;
        }
        self.page_count *= 2;
        Ok(())
    }

    fn read(&mut self, index: u64) -> io::Result<Page> {
        let mut page = Page::default();
        self.file.seek(SeekFrom::Start(index * PAGE_BYTES as u64))?;
        self.file.read_exact(&mut page.bytes)?;
        Ok(page)
    }

    fn write(&mut self, index: u64, page: &Page) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(index * PAGE_BYTES as u64))?;
        self.file.write_all(&page.bytes)
    }
}

fn low_bits(hash: &[u8; HASH_BYTES]) -> u64 {
    u128::from_le_bytes(*hash) as u64
}

struct Page {
    bytes: [u8; PAGE_BYTES],
}

impl Default for Page {
    fn default() -> Page {
        Page { bytes: [0; PAGE_BYTES] }
    }
}

impl Page {
    fn count(&self) -> usize {
        usize::from(u16::from_le_bytes([self.bytes[0], self.bytes[1]]))
    }

    fn entries(&self) -> impl Iterator<Item = (&[u8; HASH_BYTES], u32)> {
        let (entries, _) = self.bytes[COUNT_BYTES..].as_chunks::<ENTRY_BYTES>();
        entries[..self.count()].iter().filter_map(|entry| {
            let (hash, number) = entry.split_first_chunk::<HASH_BYTES>()?;
            Some((hash, u32::from_le_bytes(*number.first_chunk()?)))
        })
    }

    fn find(&self, hash: &[u8; HASH_BYTES]) -> Option<u32> {
        self.entries().find(|(found, _)| *found == hash).map(|(_, number)| number)
    }

    /// Adds an entry if there is room for it.
    fn push(&mut self, hash: &[u8; HASH_BYTES], number: u32) -> bool {
        let count = self.count();
        let place = COUNT_BYTES + count * ENTRY_BYTES;
        let Some(entry) = self.bytes.get_mut(place..place + ENTRY_BYTES) else { return false };
        entry[..HASH_BYTES].copy_from_slice(hash);
        entry[HASH_BYTES..].copy_from_slice(&number.to_le_bytes());
        self.bytes[..COUNT_BYTES].copy_from_slice(&(count as u16 + 1).to_le_bytes());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    #[test]
    fn texts_keep_their_numbers_however_many_there_are() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut known = Known::beside(&folder.path().join("faults.xls")).expect("it is made");
        for number in 0..5000 {
            let text = number.to_string();
            assert_eq!(known.find_or_add(&text, number).expect("it is written"), None);
            assert_eq!(known.find_or_add(&text, u32::MAX).expect("it is read"), Some(number));
        }
        assert!(known.page_count > 128);
        for number in 0..5000 {
            assert_eq!(known.find_or_add(&number.to_string(), u32::MAX).expect("it is read"), Some(number));
        }
        assert_eq!(known.find_or_add("", 5000).expect("it is written"), None);
        assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 0);
    }
}
