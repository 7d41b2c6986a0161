//! CSV and TSV: text files of any usual encoding and delimiter, as a stream.

mod encoding;
mod form;
mod records;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::feed::Feed;
use super::{CellKind, FileKind, ReadError, ReadLimits};
use crate::unguard;

pub use encoding::Encoding;
pub(crate) use encoding::detect as encoding_of;
pub use form::TextForm;

use encoding::Decoder;
use records::Records;

/// Bytes of the beginning by which delimiter and quote are told.
const SAMPLE_BYTES: usize = 256 << 10;

/// Tells the form of a file that is no workbook, if it is text; else `None`.
pub(super) fn recognise(file: &mut File) -> Result<Option<(FileKind, TextForm)>, ReadError> {
    let encoding = encoding::detect(file)?;
    let mut raw = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::take(&mut *file, SAMPLE_BYTES as u64).read_to_end(&mut raw)?;
    let mut text = vec![0; raw.len() * 3 + 16];
    let decoded = Decoder::new(encoding).decode(&raw, &mut text, false);
    text.truncate(decoded.written);
    if !is_text(&text) {
        return Ok(None);
    }
    let (delimiter, quote) = form::marks(&text, raw.len() < SAMPLE_BYTES);
    let kind = if delimiter == b'\t' { FileKind::Tsv } else { FileKind::Csv };
    Ok(Some((kind, TextForm { encoding, delimiter, quote })))
}

/// Whether there are no control characters that texts do not have.
fn is_text(text: &[u8]) -> bool {
    // Besides line ends and tabs: form feed, vertical tab, escape, and the end-of-file mark of DOS are met in texts.
    let is_strange =
        |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1B | 0x1A);
    !text.iter().any(is_strange)
}

/// Feeds the rows of a text file. Every cell is text; the formula guard of CSV exports is taken off.
pub(super) fn read(
    file: File,
    form: TextForm,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    if !form.is_usable() {
        return Err(ReadError::Unsupported {
            what: "the same character as delimiter and quote, or one beyond ASCII".to_owned(),
        });
    }
    let size = file.metadata()?.len();
    feed.rows.encoding = form.encoding.name();
    let mut records = Records::new(file, form, limits);
    while records.advance()? {
        feed.row_count_hint = records.row_count_hint(size);
        feed.begin_row(records.row())?;
        for (column, field) in records.fields().enumerate() {
            if !field.is_empty() {
                feed.rows.push(column, CellKind::Text, unguarded(field))?;
            }
        }
    }
    feed.finish()
}

/// The field without the guard; only fields that begin with an apostrophe are looked at.
fn unguarded(field: &[u8]) -> &[u8] {
    match field {
        [b'\'', ..] => std::str::from_utf8(field).map_or(field, |text| unguard(text).as_bytes()),
        _ => field,
    }
}
