//! What belongs to the whole workbook, in the order of [MS-XLS] 2.1.7.20.3, where a record that may be left out is left out.

use super::kinds;
use super::record::{Part, long, push, push_begin, push_short_text, push_text, push_words, word};
use super::styles::push_styles;
use crate::title::sheet_name;

/// Texts are UTF-16.
const UTF_16: u16 = 1200;

/// What stands before the table of texts, for sheets that begin at those places of the stream.
pub(super) fn globals_start(title: &str, starts: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    push_begin(&mut out, Part::Globals);
    push_words(&mut out, kinds::INTERFACE_HDR, &[UTF_16]);
    push_words(&mut out, kinds::MMS, &[0]);
    push_words(&mut out, kinds::INTERFACE_END, &[]);
    push_author(&mut out);
    push_words(&mut out, kinds::CODE_PAGE, &[UTF_16]);
    push_words(&mut out, kinds::DSF, &[0]);
    let numbers: Vec<u16> = (1..).take(starts.len()).collect();
    push_words(&mut out, kinds::RR_TAB_ID, &numbers);
    push_settings(&mut out);
    push_styles(&mut out);
    push_words(&mut out, kinds::USES_ELFS, &[0]);
    for (start, number) in starts.iter().zip(1..) {
        push(&mut out, kinds::BOUND_SHEET_8, |out| {
            long(out, *start);
            // A sheet of cells, not hidden.
            word(out, 0);
            push_short_text(out, &sheet_name(title, number));
        });
    }
    // Both the program's and the system's: the United States.
    push_words(&mut out, kinds::COUNTRY, &[1, 1]);
    out
}

/// Who wrote it: a text that always takes as many bytes, filled up with spaces.
fn push_author(out: &mut Vec<u8>) {
    const BYTES: usize = 112;
    const NAME: &str = "Longshore";
    push(out, kinds::WRITE_ACCESS, |out| {
        let end = out.len() + BYTES;
        word(out, NAME.len() as u16);
        push_text(out, NAME);
        out.resize(end, b' ');
    });
}

/// Nothing is protected, there is one window, and days count from 1900.
fn push_settings(out: &mut Vec<u8>) {
    for protection in
        [kinds::WIN_PROTECT, kinds::PROTECT, kinds::PASSWORD, kinds::PROT_4_REV, kinds::PROT_4_REV_PASS]
    {
        push_words(out, protection, &[0]);
    }
    /// Where it is and how large it is, in twentieths of a point.
    const WINDOW: [u16; 4] = [0, 0, 0x5DC0, 0x2EE0];
    /// That it has bars to scroll, and names of sheets.
    const BARS: u16 = 0x0038;
    let [left, top, width, height] = WINDOW;
    // The first sheet is shown and chosen, its name is the first; the names take 600 thousandths of the bar.
    push_words(out, kinds::WINDOW_1, &[left, top, width, height, BARS, 0, 0, 1, 600]);
    push_words(out, kinds::BACKUP, &[0]);
    push_words(out, kinds::HIDE_OBJ, &[0]);
    push_words(out, kinds::DATE_1904, &[0]);
    // Numbers are computed with all of their digits.
    push_words(out, kinds::CALC_PRECISION, &[1]);
    push_words(out, kinds::REFRESH_ALL, &[0]);
    push_words(out, kinds::BOOK_BOOL, &[0]);
}
