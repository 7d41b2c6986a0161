//! The records that the parts of an XLSB file are made of ([MS-XLSB] 2.1.4): a number, the size of what follows, and that.

/// Bytes that are kept free for a size; most sizes need fewer.
const SIZE_BYTES: usize = 4;

/// A record whose fields are put one behind the other, the least significant byte first.
#[must_use = "a record has its size only once it is ended"]
pub(super) struct Record<'a> {
    out: &'a mut Vec<u8>,
    /// Where its fields begin.
    body: usize,
}

impl<'a> Record<'a> {
    /// Begins a record behind what is there.
    pub(super) fn begin(out: &'a mut Vec<u8>, kind: u16) -> Record<'a> {
        // Numbers from 128 on are two bytes of seven bits each ([MS-XLSB] 2.1.4.1).
        if kind < 0x80 {
            out.push(kind as u8);
        } else {
            out.extend_from_slice(&[kind as u8 | 0x80, (kind >> 7) as u8]);
        }
        let body = out.len() + SIZE_BYTES;
        out.resize(body, 0);
        Record { out, body }
    }

    pub(super) fn byte(self, value: u8) -> Record<'a> {
        self.bytes(&[value])
    }

    pub(super) fn word(self, value: u16) -> Record<'a> {
        self.bytes(&value.to_le_bytes())
    }

    pub(super) fn long(self, value: u32) -> Record<'a> {
        self.bytes(&value.to_le_bytes())
    }

    /// An `Xnum`, which may not be a NaN, infinite, denormalised or a negative zero ([MS-XLSB] Xnum).
    pub(super) fn number(self, value: f64) -> Record<'a> {
        self.bytes(&value.to_le_bytes())
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Record<'a> {
        self.out.extend_from_slice(bytes);
        self
    }

    /// An `XLWideString`: how many units of UTF-16, and these ([MS-XLSB] XLWideString). The replacement character stands for what ends a
    /// text in some programs, and for what is no character.
    pub(super) fn text(self, text: &str) -> Record<'a> {
        let place = self.out.len();
        let record = self.long(0);
        for c in text.chars() {
            let is_unfit = matches!(c, '\0' | '\u{FFFE}' | '\u{FFFF}');
            let c = if is_unfit { char::REPLACEMENT_CHARACTER } else { c };
            record.out.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_le_bytes()));
        }
        let units = (record.out.len() - place - 4) / 2;
        record.out[place..place + 4].copy_from_slice(&(units as u32).to_le_bytes());
        record
    }

    /// Ends the record: its size has one to four bytes of seven bits each ([MS-XLSB] 2.1.4.2).
    pub(super) fn end(self) {
        let start = self.body - SIZE_BYTES;
        let mut size = self.out.len() - self.body;
        let mut place = start;
        while size >= 0x80 {
            self.out[place] = (size & 0x7F) as u8 | 0x80;
            size >>= 7;
            place += 1;
        }
        self.out[place] = size as u8;
        self.out.drain(place + 1..self.body);
    }
}

/// A record without fields.
pub(super) fn push_empty(out: &mut Vec<u8>, kind: u16) {
    Record::begin(out, kind).end();
}

#[cfg(test)]
mod tests {
    use super::{Record, push_empty};

    #[test]
    fn numbers_and_sizes_take_as_many_bytes_as_they_need() {
        for (kind, size, want) in [
            (0x00, 0, vec![0x00, 0x00]),
            (0x7F, 0x7F, vec![0x7F, 0x7F]),
            (0x80, 0x80, vec![0x80, 0x01, 0x80, 0x01]),
            (0x267, 0x3FFF, vec![0xE7, 0x04, 0xFF, 0x7F]),
            (0x07, 65_546, vec![0x07, 0x8A, 0x80, 0x04]),
        ] {
            let mut out = vec![1, 2];
            Record::begin(&mut out, kind).bytes(&vec![9; size]).end();
            push_empty(&mut out, 0x82);
            let all = [&[1, 2], want.as_slice(), &vec![9; size], &[0x82, 0x01, 0x00]].concat();
            assert_eq!(out, all, "{kind:x} {size}");
        }
    }

    #[test]
    fn texts_are_counted_in_units() {
        let mut out = Vec::new();
        Record::begin(&mut out, 6).text("a\0🚢\u{FFFF}").end();
        let units = [0x61, 0xFFFD, 0xD83D, 0xDEA2, 0xFFFD_u16].map(u16::to_le_bytes);
        assert_eq!(out, [&[6, 14, 5, 0, 0, 0], units.as_flattened()].concat());
    }
}
