//! The records of a text file, one after the other, with the numbers that a spreadsheet program would give their rows.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::TextForm;
use super::encoding::Decoder;
use crate::read::rows::too_big;
use crate::read::{Limit, ReadError, ReadLimits};

/// Bytes read and decoded at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// Room for a record at first.
const RECORD_BYTES: usize = 16 << 10;

/// Reads records by `csv-core`, whose buffers can be limited. It passes over blank lines in silence, hence they are taken off before
/// it sees them, and counted.
pub(super) struct Records<R> {
    file: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_range: (usize, usize),
    is_raw_ended: bool,
    read_count: u64,
    text: Vec<u8>,
    text_range: (usize, usize),
    /// Bytes that are no characters come after the text that is there.
    is_malformed: bool,
    reader: Reader,
    is_after_return: bool,
    is_in_record: bool,
    row: u32,
    output: Vec<u8>,
    ends: Vec<usize>,
    field_count: usize,
    cell_bytes: usize,
    row_bytes: usize,
    columns: usize,
}

impl<R: Read> Records<R> {
    pub(super) fn new(file: R, form: TextForm, limits: &ReadLimits) -> Records<R> {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(form.delimiter).quote(form.quote).quoting(form.quote != 0);
        let whole = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Records {
            file,
            decoder: Decoder::new(form.encoding),
            raw: vec![0; CHUNK_BYTES],
            raw_range: (0, 0),
            is_raw_ended: false,
            read_count: 0,
            text: vec![0; CHUNK_BYTES],
            text_range: (0, 0),
            is_malformed: false,
            reader: builder.build(),
            is_after_return: false,
            is_in_record: false,
            row: 0,
            output: vec![0; RECORD_BYTES],
            ends: vec![0; 64],
            field_count: 0,
            cell_bytes: whole(limits.cell_bytes),
            row_bytes: whole(limits.row_bytes),
            columns: whole(limits.columns),
        }
    }

    /// The number of the record that was read last, from 1: records and blank lines are counted, not line ends inside quotes.
    pub(super) fn row(&self) -> u32 {
        self.row
    }

    /// How many rows a file of `size` bytes has, if all are like those so far; `None` where that many bytes were not decoded.
    pub(super) fn row_count_hint(&self, size: u64) -> Option<u64> {
        let used = self.read_count.saturating_sub((self.raw_range.1 - self.raw_range.0) as u64);
        let waiting = (self.text_range.1 - self.text_range.0) as u64;
        let used = used.saturating_sub(waiting);
        (used > 0).then(|| (u128::from(size) * u128::from(self.row) / u128::from(used)) as u64)
    }

    /// The fields of the record that was read last.
    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..self.field_count]
            .iter()
            .map(move |&end| &self.output[std::mem::replace(&mut start, end)..end])
    }

    /// Reads the next record; `false` where there is none.
    pub(super) fn advance(&mut self) -> Result<bool, ReadError> {
        self.is_in_record = false;
        if !self.pass_blank_lines()? {
            return Ok(false);
        }
        self.count_row()?;
        self.is_in_record = true;
        let (mut written, mut field_count) = (0, 0);
        loop {
            if self.is_text_used_up() {
                self.fill()?;
            }
            let is_over = self.is_text_used_up();
            let text = &self.text[self.text_range.0..self.text_range.1];
            // One more line end at the end of the file ends the record, but not if a quote is open.
            let input = if is_over { b"\n" } else { text };
            let (result, read, size, ended) =
                self.reader.read_record(input, &mut self.output[written..], &mut self.ends[field_count..]);
            if is_over {
                match result {
                    ReadRecordResult::Record => {
                        field_count += ended;
                        break;
                    }
                    ReadRecordResult::InputEmpty => return Err(ReadError::UnclosedQuote { row: self.row }),
                    _ => {}
                }
            }
            if let Some(&last) = input[..read].last() {
                self.is_after_return = last == b'\r';
            }
            self.text_range.0 += if is_over { 0 } else { read };
            written += size;
            field_count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow_output(written, field_count)?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::Record => break,
                // An ended input with nothing in the record: not after a byte that is no line end.
                ReadRecordResult::End => return Ok(false),
            }
        }
        if memchr::memchr(0, &self.output[..written]).is_some() {
            return Err(self.bad_encoding());
        }
        self.field_count = field_count;
        Ok(true)
    }

    /// Comes to the first byte of a record, counting the blank lines before it; `false` at the end of the file.
    fn pass_blank_lines(&mut self) -> Result<bool, ReadError> {
        loop {
            if self.is_text_used_up() {
                self.fill()?;
                if self.is_text_used_up() {
                    return Ok(false);
                }
            }
            match self.text[self.text_range.0] {
                b'\n' if self.is_after_return => self.is_after_return = false,
                byte @ (b'\n' | b'\r') => {
                    self.count_row()?;
                    self.is_after_return = byte == b'\r';
                }
                _ => {
                    self.is_after_return = false;
                    return Ok(true);
                }
            }
            self.text_range.0 += 1;
        }
    }

    fn count_row(&mut self) -> Result<(), ReadError> {
        let most = u64::from(u32::MAX);
        self.row = self.row.checked_add(1).ok_or_else(|| too_big(Limit::Rows, most, most + 1))?;
        Ok(())
    }

    fn is_text_used_up(&self) -> bool {
        self.text_range.0 == self.text_range.1
    }

    /// Decodes more of the file, nothing only at its end.
    fn fill(&mut self) -> Result<(), ReadError> {
        self.text_range = (0, 0);
        while self.is_text_used_up() && !self.decoder.is_finished() {
            if self.is_malformed {
                return Err(self.bad_encoding());
            }
            if self.raw_range.0 == self.raw_range.1 && !self.is_raw_ended {
                let size = read_some(&mut self.file, &mut self.raw)?;
                self.raw_range = (0, size);
                self.read_count += size as u64;
                self.is_raw_ended = size == 0;
            }
            let input = &self.raw[self.raw_range.0..self.raw_range.1];
            let decoded = self.decoder.decode(input, &mut self.text, self.is_raw_ended);
            self.raw_range.0 += decoded.read;
            self.text_range = (0, decoded.written);
            self.is_malformed = decoded.is_malformed;
        }
        Ok(())
    }

    fn grow_output(&mut self, written: usize, field_count: usize) -> Result<(), ReadError> {
        let field_start = field_count.checked_sub(1).map_or(0, |last| self.ends[last]);
        if written - field_start > self.cell_bytes {
            self.pass_field()?;
            return Err(too_big(Limit::CellBytes, self.cell_bytes as u64, (written - field_start) as u64));
        }
        if written > self.row_bytes {
            return Err(too_big(Limit::RowBytes, self.row_bytes as u64, written as u64));
        }
        self.output.resize(self.output.len() * 2, 0);
        Ok(())
    }

    /// Passes the rest of a field, and fails where the file ends before the quote that it begins with is closed: of a field that is too
    /// long, that is what is to be told.
    fn pass_field(&mut self) -> Result<(), ReadError> {
        let (mut output, mut ends) = (vec![0; RECORD_BYTES], vec![0; 64]);
        loop {
            if self.is_text_used_up() {
                self.fill()?;
            }
            let is_over = self.is_text_used_up();
            let text = &self.text[self.text_range.0..self.text_range.1];
            let input = if is_over { b"\n" } else { text };
            let (_, read, _, ended) = self.reader.read_record(input, &mut output, &mut ends);
            match (ended > 0, is_over) {
                (true, _) => return Ok(()),
                (false, true) => return Err(ReadError::UnclosedQuote { row: self.row }),
                (false, false) => self.text_range.0 += read,
            }
        }
    }

    fn grow_ends(&mut self) -> Result<(), ReadError> {
        if self.ends.len() > self.columns {
            return Err(too_big(Limit::Columns, self.columns as u64, self.ends.len() as u64));
        }
        self.ends.resize(self.ends.len() * 2, 0);
        Ok(())
    }

    fn bad_encoding(&self) -> ReadError {
        let row = if self.is_in_record { self.row } else { self.row.saturating_add(1) };
        ReadError::BadEncoding { row, encoding: self.decoder.encoding().name() }
    }
}

/// Reads once; 0 bytes only at the end.
fn read_some(file: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ReadError> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return Ok(result?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Records;
    use crate::read::{Encoding, Limit, ReadError, ReadLimits, TextForm};

    fn records(content: &[u8], form: TextForm) -> Result<Vec<(u32, Vec<String>)>, ReadError> {
        let mut records = Records::new(content, form, &ReadLimits::default());
        let mut all = Vec::new();
        while records.advance()? {
            let fields = records.fields().map(|field| String::from_utf8_lossy(field).into_owned());
            all.push((records.row(), fields.collect()));
        }
        Ok(all)
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_program_does() {
        for (content, want) in [
            ("", &[][..]),
            ("\n\r\n\r", &[]),
            ("a", &[(1, "a")]),
            ("a,b\r\n1,2\r\n", &[(1, "a|b"), (2, "1|2")]),
            ("a,b\r1,2\r", &[(1, "a|b"), (2, "1|2")]),
            ("\na\n\n\nb\n", &[(2, "a"), (5, "b")]),
            ("\r\na\r\n\r\n\r\nb\r\n", &[(2, "a"), (5, "b")]),
            ("\"a\nb\r\nc\"\nd\n", &[(1, "a\nb\r\nc"), (2, "d")]),
            ("a\r\r\nb", &[(1, "a"), (3, "b")]),
            ("\"\"\n,\nx", &[(1, ""), (2, "|"), (3, "x")]),
            ("\"a\"\"b\",\"c,d\"\n", &[(1, "a\"b|c,d")]),
            ("a\"b,c\n\"d\"e,f", &[(1, "a\"b|c"), (2, "de|f")]),
            ("a\n\"b\"", &[(1, "a"), (2, "b")]),
        ] {
            let found = records(content.as_bytes(), TextForm::new(Encoding::Utf8));
            let found: Vec<_> =
                found.into_iter().flatten().map(|(row, fields)| (row, fields.join("|"))).collect();
            let want: Vec<_> = want.iter().map(|&(row, text)| (row, text.to_owned())).collect();
            assert_eq!(found, want, "{content:?}");
        }
    }

    #[test]
    fn quotes_that_are_never_closed_are_told_with_their_row() {
        let form = TextForm::new(Encoding::Utf8);
        let long = format!("a\n\"b\n{}", "x\n".repeat(2 << 20));
        for (content, form, row) in [
            ("\"never closed\nx\n", form, 1),
            ("a,b\n1,\"x\n2,y\n", form, 2),
            ("a,b\n\"1\n2\",3\n4,\"", form, 3),
            ("a\n\"x\"\"", form, 2),
            ("a\n'x\n", TextForm { quote: b'\'', ..form }, 2),
            // Whatever follows, the end is looked for.
            (&long, form, 2),
        ] {
            let result = records(content.as_bytes(), form);
            assert!(
                matches!(&result, Err(ReadError::UnclosedQuote { row: found }) if *found == row),
                "{row}: {result:?}"
            );
        }
        let closed = format!("a\n\"b\n{}\"\n", "x\n".repeat(2 << 20));
        assert!(matches!(
            records(closed.as_bytes(), form),
            Err(ReadError::TooBig { limit: Limit::CellBytes, .. })
        ));
        let none = records(b"a\n\"x\n", TextForm { quote: 0, ..form });
        assert_eq!(none.expect("a quote is a character").len(), 2);
    }

    #[test]
    fn bytes_that_are_no_characters_are_told_with_their_row() {
        for (content, encoding, row) in [
            (&b"a\nb\xFF\nc"[..], Encoding::Utf8, 2),
            (b"a\nb\n\xFF", Encoding::Utf8, 3),
            (b"a\nb\nc\xE8\xAE", Encoding::Utf8, 3),
            (b"a\x00b", Encoding::Utf8, 1),
            (b"a\n\x81\xFF", Encoding::Gb18030, 2),
            (b"a\x00\n\x00\x00\xD8b\x00", Encoding::Utf16Le, 2),
        ] {
            let result = records(content, TextForm::new(encoding));
            assert!(
                matches!(&result, Err(ReadError::BadEncoding { row: found, .. }) if *found == row),
                "{result:?}"
            );
        }
    }
}
