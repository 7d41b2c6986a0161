//! The texts that cells of an XLS workbook refer to by number: how long they are. calamine makes a copy of them for each cell.

use super::Records;

/// What goes on with the record before it ([MS-XLS] 2.4.58).
const CONTINUE: u16 = 0x003C;
/// Bits of a text's flags: two bytes a character, something for other programs behind it, runs of fonts behind it ([MS-XLS] 2.5.293).
const IS_WIDE: u8 = 0x01;
const HAS_MORE: u8 = 0x04;
const HAS_RUNS: u8 = 0x08;
/// Bytes before the first text: how many there are.
const HEAD_BYTES: usize = 8;

/// The bytes of each text as it stands in the file. `first` is what the record with the texts holds, and `behind` are the records behind it.
/// What is cut off or wrong ends the list; calamine refuses it.
pub(super) fn sizes(first: &[u8], behind: &[u8]) -> Vec<u32> {
    let mut sizes = Vec::new();
    let mut texts =
        Texts { bytes: first.get(HEAD_BYTES..).unwrap_or_default(), records: Records { rest: behind } };
    while !texts.bytes.is_empty() || texts.go_on() {
        match texts.size() {
            Some(size) => sizes.push(size),
            None => break,
        }
    }
    sizes
}

/// Where reading is: in the rest of a record, behind which others may go on.
struct Texts<'a> {
    bytes: &'a [u8],
    records: Records<'a>,
}

impl Texts<'_> {
    /// Goes on with the next record; `false` where none goes on.
    fn go_on(&mut self) -> bool {
        match self.records.next().filter(|record| record.kind == CONTINUE) {
            Some(record) => {
                self.bytes = record.body;
                true
            }
            None => false,
        }
    }

    fn take<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let (taken, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn pass(&mut self, mut size: usize) -> Option<()> {
        while size > 0 {
            if self.bytes.is_empty() && !self.go_on() {
                return None;
            }
            let passed = size.min(self.bytes.len());
            self.bytes = &self.bytes[passed..];
            size -= passed;
        }
        Some(())
    }

    /// Passes a text, and gives the bytes of its characters. Where they go on in the next record they may have another width there.
    fn size(&mut self) -> Option<u32> {
        if self.bytes.is_empty() {
            return Some(0);
        }
        let mut left = usize::from(u16::from_le_bytes(self.take()?));
        let [flags] = self.take()?;
        let runs = if flags & HAS_RUNS == 0 { 0 } else { u16::from_le_bytes(self.take()?) };
        let more = if flags & HAS_MORE == 0 { 0 } else { u32::from_le_bytes(self.take()?) };
        let (mut is_wide, mut size) = (flags & IS_WIDE != 0, 0);
        while left > 0 {
            let width = if is_wide { 2 } else { 1 };
            let count = left.min(self.bytes.len() / width);
            self.bytes = &self.bytes[count * width..];
            size += count * width;
            left -= count;
            if left > 0 {
                if !self.go_on() {
                    return None;
                }
                let [flags] = self.take()?;
                is_wide = flags & IS_WIDE != 0;
            }
        }
        self.pass(usize::from(runs) * 4)?;
        self.pass(more as usize)?;
        Some(size as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::sizes;

    #[test]
    fn texts_are_measured() {
        let text = |count: u16, flags: u8, rest: &[u8]| [&count.to_le_bytes()[..], &[flags], rest].concat();
        let go_on = |body: &[u8]| [&[0x3C, 0, body.len() as u8, 0][..], body].concat();
        for (first, behind, want) in [
            (vec![], vec![], &[][..]),
            ([text(3, 0, b"abc"), text(2, 1, b"a\0b\0"), text(0, 0, b"")].concat(), vec![], &[3, 4, 0]),
            // Runs and more behind the characters, which may be in the next record.
            (text(1, 8, b"\x01\0a1234"), go_on(&text(1, 4, b"\x02\0\0\0b12")), &[1, 1]),
            (text(1, 8, b"\x01\0a12"), [go_on(b"34"), go_on(&text(1, 0, b"c"))].concat(), &[1, 1]),
            // Characters that go on with another width.
            (text(5, 0, b"abc"), go_on(b"\x01d\0e\0"), &[7]),
            // What is cut off.
            (text(5, 0, b"abc"), vec![], &[]),
            (text(5, 0, b"abc"), vec![0x85, 0, 3, 0, 0, b'd', b'e'], &[]),
            ([text(1, 0, b"a"), vec![1, 0]].concat(), vec![], &[1]),
        ] {
            let first = [vec![0; 8], first].concat();
            assert_eq!(sizes(&first, &behind), want, "{first:?} {behind:?}");
        }
    }
}
