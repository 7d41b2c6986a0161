//! Records, of which everything in an XLS workbook is made: a kind, how many bytes follow, and these ([MS-XLS] 2.1.4).

use super::kinds;

/// The most bytes that a record holds; what is longer goes on in CONTINUE records ([MS-XLS] 2.1.4).
pub(super) const BODY_MAX: usize = 8224;
/// Bytes before those that a record holds.
pub(super) const HEAD_BYTES: usize = 4;

/// What BOF says to begin ([MS-XLS] 2.4.21).
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// What belongs to the whole workbook.
    Globals = 0x0005,
    /// A sheet of cells.
    Sheet = 0x0010,
}

/// Appends a record whose body the function appends.
pub(super) fn push(out: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    word(out, kind);
    word(out, 0);
    let start = out.len();
    body(out);
    let size = (out.len() - start) as u16;
    out[start - 2..start].copy_from_slice(&size.to_le_bytes());
}

/// Appends a record of numbers of two bytes each.
pub(super) fn push_words(out: &mut Vec<u8>, kind: u16, words: &[u16]) {
    push(out, kind, |out| words.iter().for_each(|each| word(out, *each)));
}

/// Begins a part.
pub(super) fn push_begin(out: &mut Vec<u8>, part: Part) {
    /// The version of the format, which is the lowest too that can be read.
    const VERSION: u16 = 0x0600;
    /// The program that wrote it last, as Excel 97 says it of itself, and that all of them ran on Windows (`fWin`, `fWinAny`).
    const PROGRAM: [u16; 4] = [0x0DBB, 0x07CC, 0x0009, 0x0000];
    let [build, year, history, version] = PROGRAM;
    let lowest = VERSION >> 8;
    push_words(out, kinds::BOF, &[VERSION, part as u16, build, year, history, version, lowest, 0]);
}

/// Ends a part.
pub(super) fn push_end(out: &mut Vec<u8>) {
    push_words(out, kinds::EOF, &[]);
}

pub(super) fn word(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn long(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn double(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Whether a text needs two bytes for each of its units: a byte is enough where all the others are zero ([MS-XLS] 2.5.293, `fHighByte`).
pub(super) fn is_wide(text: &str) -> bool {
    text.chars().any(|c| c > '\u{FF}')
}

/// Appends a character in the one form or the other.
pub(super) fn push_char(out: &mut Vec<u8>, c: char, is_wide: bool) {
    if is_wide {
        c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| word(out, *unit));
    } else {
        out.push(c as u8);
    }
}

/// Appends a text without its length: which form it has, and its units ([MS-XLS] 2.5.296).
pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    let is_wide = is_wide(text);
    out.push(u8::from(is_wide));
    text.chars().for_each(|c| push_char(out, c, is_wide));
}

/// Appends a text of less than 256 units, its length in one byte ([MS-XLS] 2.5.240).
pub(super) fn push_short_text(out: &mut Vec<u8>, text: &str) {
    out.push(text.encode_utf16().count() as u8);
    push_text(out, text);
}
