//! Which delimiter a text file has.

use csv_core::{ReadRecordResult, ReaderBuilder};
use serde::{Deserialize, Serialize};

use super::Encoding;

/// Delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 100;

/// How the fields of a text file are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TextForm {
    /// Which characters the bytes are.
    pub encoding: Encoding,
    /// The ASCII character between fields.
    pub delimiter: u8,
    /// The ASCII character around fields that hold delimiters or line ends, doubled inside; 0 where none has a meaning.
    pub quote: u8,
}

impl TextForm {
    /// The form with the usual delimiter and quote.
    pub const fn new(encoding: Encoding) -> TextForm {
        TextForm { encoding, delimiter: b',', quote: b'"' }
    }

    /// Whether delimiter and quote are ASCII characters that can be told from each other and from line ends.
    pub fn is_usable(self) -> bool {
        let is_mark = |byte: u8| byte.is_ascii() && !matches!(byte, b'\n' | b'\r');
        is_mark(self.delimiter) && self.delimiter != 0 && is_mark(self.quote) && self.delimiter != self.quote
    }
}

/// The delimiter by which most rows of the text's beginning have the same number of fields, and more than one; else a comma.
/// `is_whole` tells that the text does not go on, else its last row is left out.
pub(super) fn delimiter(text: &[u8], is_whole: bool) -> u8 {
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let score = score(&field_counts(text, delimiter, is_whole));
        // The first of equals stays.
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// How alike rows are, 0 where they have one field; a thousand is all, and more fields decide among equals.
fn score(counts: &[usize]) -> usize {
    let most_common = |count: &&usize| counts.iter().filter(|other| other == count).count();
    let Some(&usual) = counts.iter().filter(|&&count| count > 1).max_by_key(most_common) else { return 0 };
    let alike = counts.iter().filter(|&&count| count == usual).count();
    alike * 1000 / counts.len() * 1000 + usual.min(999)
}

/// Fields of the rows at the beginning.
fn field_counts(text: &[u8], delimiter: u8, is_whole: bool) -> Vec<usize> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; text.len()], vec![0; 1024]);
    let (mut counts, mut rest, mut fields) = (Vec::new(), text, 0);
    loop {
        let (result, read, _, ended) = reader.read_record(rest, &mut output, &mut ends);
        fields += ended;
        rest = &rest[read..];
        match result {
            ReadRecordResult::Record => counts.push(std::mem::take(&mut fields)),
            ReadRecordResult::InputEmpty if !is_whole => break,
            // Nothing more to come is told by an empty input.
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputEndsFull => {}
            ReadRecordResult::OutputFull | ReadRecordResult::End => break,
        }
        if counts.len() == ROWS_LOOKED_AT {
            break;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{TextForm, delimiter};
    use crate::read::Encoding;

    #[test]
    fn delimiters_are_told_by_content() {
        for (text, want) in [
            ("", b','),
            ("a\nb\n", b','),
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2,5\n2,5;3\n", b';'),
            ("a\tb\nx, y\tz\n", b'\t'),
            ("a|b\n1|2", b'|'),
            ("\"a;b\",c\n\"d;e;f\",g\n", b','),
            ("title\n\na;b;c\n1;2;3\n", b';'),
            ("name,text\nx,\"a\nb;c;d\"\n", b','),
        ] {
            assert_eq!(delimiter(text.as_bytes(), true) as char, want as char, "{text:?}");
        }
        // The row that is cut off does not count.
        assert_eq!(delimiter(b"a;b\n1;2\n3,4,", false), b';');
    }

    #[test]
    fn marks_must_differ() {
        let form = TextForm::new(Encoding::Utf8);
        for (form, want) in [
            (form, true),
            (TextForm { quote: 0, ..form }, true),
            (TextForm { delimiter: b'"', ..form }, false),
            (TextForm { delimiter: b'\n', ..form }, false),
            (TextForm { delimiter: 0xE9, ..form }, false),
            (TextForm { delimiter: 0, ..form }, false),
        ] {
            assert_eq!(form.is_usable(), want, "{form:?}");
        }
    }
}
