//! Which delimiter and which quote a text file has.

use csv_core::{ReadRecordResult, ReaderBuilder};
use serde::{Deserialize, Serialize};

use super::Encoding;

/// Delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 100;
/// The least score where all rows are alike.
const ALL_ALIKE: usize = 1_000_000;

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

/// Delimiter and quote of a text by its beginning; `is_whole` tells that the text does not go on, else its last row is left out.
///
/// The quote is `"`, unless the text clearly has another: `'` where fields stand between such and none between `"`, and none where what
/// begins with a `"` goes on behind the next one, time and again, and every row has the same number of fields without.
pub(super) fn marks(text: &[u8], is_whole: bool) -> (u8, u8) {
    let (usual_score, usual) = delimiter(text, b'"', is_whole);
    let double = quoted(text, usual, b'"');
    if double.good == 0 && memchr::memchr(b'\'', text).is_some() {
        let (score, delimiter) = delimiter(text, b'\'', is_whole);
        let single = quoted(text, delimiter, b'\'');
        let has_many = single.good >= 2 && single.good * 2 >= single.rows;
        let is_better = single.good > 0 && score > usual_score;
        if single.bad == 0 && (has_many || is_better) && score >= usual_score {
            return (delimiter, b'\'');
        }
    }
    if double.good == 0 && double.bad >= 2 {
        let (score, delimiter) = delimiter(text, 0, is_whole);
        if score >= usual_score.max(ALL_ALIKE) {
            return (delimiter, 0);
        }
    }
    (usual, b'"')
}

/// The delimiter by which most rows have the same number of fields, and more than one; else a comma. With its score.
fn delimiter(text: &[u8], quote: u8, is_whole: bool) -> (usize, u8) {
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let score = score(&field_counts(text, delimiter, quote, is_whole));
        // The first of equals stays.
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best
}

/// How a quote is used.
#[derive(Debug, Default, PartialEq, Eq)]
struct Quoted {
    /// Fields that begin and end with it.
    good: usize,
    /// Fields that begin with it and do not end behind the next one.
    bad: usize,
    /// Line ends that are not between quotes.
    rows: usize,
}

/// Looks at every place where a quote may be opened.
fn quoted(text: &[u8], delimiter: u8, quote: u8) -> Quoted {
    let is_end =
        |byte: Option<&u8>| byte.is_none_or(|&byte| byte == delimiter || matches!(byte, b'\n' | b'\r'));
    let (mut found, mut place, mut is_begin) = (Quoted::default(), 0, true);
    while let Some(&byte) = text.get(place) {
        place += 1;
        if byte == b'\n' {
            found.rows += 1;
        }
        if !std::mem::replace(&mut is_begin, is_end(Some(&byte))) || byte != quote {
            continue;
        }
        // To the quote that is not doubled.
        let closed = loop {
            match memchr::memchr(quote, &text[place..]) {
                Some(size) if text.get(place + size + 1) == Some(&quote) => place += size + 2,
                Some(size) => break Some(place + size + 1),
                None => break None,
            }
        };
        match closed {
            Some(behind) if is_end(text.get(behind)) => {
                found.good += 1;
                place = behind;
            }
            Some(behind) => {
                found.bad += 1;
                place = behind;
            }
            None => {
                found.bad += 1;
                break;
            }
        }
    }
    found
}

/// How alike rows are, 0 where they have one field; a thousand is all, and more fields decide among equals.
fn score(counts: &[usize]) -> usize {
    let most_common = |count: &&usize| counts.iter().filter(|other| other == count).count();
    let Some(&usual) = counts.iter().filter(|&&count| count > 1).max_by_key(most_common) else { return 0 };
    let alike = counts.iter().filter(|&&count| count == usual).count();
    alike * 1000 / counts.len() * 1000 + usual.min(999)
}

/// Fields of the rows at the beginning.
fn field_counts(text: &[u8], delimiter: u8, quote: u8, is_whole: bool) -> Vec<usize> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).quote(quote).quoting(quote != 0).build();
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
    use super::{TextForm, marks};
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
            let (delimiter, quote) = marks(text.as_bytes(), true);
            assert_eq!((delimiter as char, quote), (want as char, b'"'), "{text:?}");
        }
        // The row that is cut off does not count.
        assert_eq!(marks(b"a;b\n1;2\n3,4,", false), (b';', b'"'));
    }

    #[test]
    fn quotes_are_told_by_content() {
        for (text, delimiter, quote) in [
            ("'a','b'\n'c','d'\n", ',', '\''),
            ("id,name\n1,'Smith, John'\n2,'O''Neill, Tip'\n", ',', '\''),
            ("id;name\n1;'a\nb'\n2;'c'\n", ';', '\''),
            // Apostrophes that quote nothing: the guard of formulas, an omission, a word in one of many rows.
            ("a,b\n'=1+1,'=2\n'-1,'@x\n", ',', '"'),
            ("a,b\n'tis,1\n'twas,2\n", ',', '"'),
            ("a,b\nit's,1\n'so',2\n3,4\n5,6\n", ',', '"'),
            ("a,b\n\"x,'y'\",'z'\n\"v,'w'\",'u'\n", ',', '"'),
            // Inches are no quotes, but one that is never closed is a mistake.
            ("size,count\n\"5 inch,1\n\"6 inch,2\n\"7 inch,3\n\"8 inch,4\n", ',', '\0'),
            ("name,count\n\"Best\" shop,1\n\"Good\" shop,2\n", ',', '\0'),
            ("size,count\n5\" pipe,1\n6\" pipe,2\n", ',', '"'),
            ("a,b\n1,\"x\n2,y\n", ',', '"'),
        ] {
            let found = marks(text.as_bytes(), true);
            assert_eq!((found.0 as char, found.1 as char), (delimiter, quote), "{text:?}");
        }
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
