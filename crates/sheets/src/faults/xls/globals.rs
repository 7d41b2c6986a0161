//! What belongs to the whole workbook, in the order of [MS-XLS] 2.1.7.20.3, where a record that may be left out is left out.

use super::record::{Part, long, push, push_begin, push_end, push_short_text, push_text, push_words, word};
use super::styles::push_styles;
use super::texts::Table;
use crate::title::sheet_name;

/// Texts are UTF-16.
const UTF_16: u16 = 1200;

/// What stands before the table of texts, for sheets that begin at those places of the stream.
pub(super) fn globals_start(title: &str, starts: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let out = &mut out;
    push_begin(out, Part::Globals);
    push_words(out, 0x00E1, &[UTF_16]);
    push_words(out, 0x00C1, &[0]);
    push_words(out, 0x00E2, &[]);
    push_author(out);
    push_words(out, 0x0042, &[UTF_16]);
    push_words(out, 0x0161, &[0]);
    let numbers: Vec<u16> = (1..).take(starts.len()).collect();
    push_words(out, 0x013D, &numbers);
    push_settings(out);
    push_styles(out);
    push_words(out, 0x0160, &[0]);
    for (start, number) in starts.iter().zip(1..) {
        push(out, 0x0085, |out| {
            long(out, *start);
            // A sheet of cells, not hidden.
            word(out, 0);
            push_short_text(out, &sheet_name(title, number));
        });
    }
    // Both the program's and the system's: the United States.
    push_words(out, 0x008C, &[1, 1]);
    std::mem::take(out)
}

/// What stands behind the table, which begins at that place of the stream.
pub(super) fn globals_end(table: &Table, start: u32) -> Vec<u8> {
    let mut out = Vec::new();
    table.push_places(&mut out, start);
    push_end(&mut out);
    out
}

/// Who wrote it: a text that always takes as many bytes, filled up with spaces.
fn push_author(out: &mut Vec<u8>) {
    const BYTES: usize = 112;
    const NAME: &str = "Longshore";
    push(out, 0x005C, |out| {
        let end = out.len() + BYTES;
        word(out, NAME.len() as u16);
        push_text(out, NAME);
        out.resize(end, b' ');
    });
}

/// Nothing is protected, there is one window, and days count from 1900.
fn push_settings(out: &mut Vec<u8>) {
    for protection in [0x0019, 0x0012, 0x0013, 0x01AF, 0x01BC] {
        push_words(out, protection, &[0]);
    }
    /// Where it is and how large it is, in twentieths of a point.
    const WINDOW: [u16; 4] = [0, 0, 0x5DC0, 0x2EE0];
    /// That it has bars to scroll, and names of sheets.
    const BARS: u16 = 0x0038;
    let [left, top, width, height] = WINDOW;
    // The first sheet is shown and chosen, its name is the first; the names take 600 thousandths of the bar.
    push_words(out, 0x003D, &[left, top, width, height, BARS, 0, 0, 1, 600]);
    push_words(out, 0x0040, &[0]);
    push_words(out, 0x008D, &[0]);
    push_words(out, 0x0022, &[0]);
    // Numbers are computed with all of their digits.
    push_words(out, 0x000E, &[1]);
    push_words(out, 0x01B7, &[0]);
    push_words(out, 0x00DA, &[0]);
}
