//! What stands around the rows of a sheet, in the order of [MS-XLS] 2.1.7.20.5, where a record that may be left out is left out.

use super::record::{HEAD_BYTES, Part, double, long, push, push_begin, push_end, push_words, word};
use super::styles::{DEFAULT, ROW_HEIGHT};
use crate::faults::{COLUMN_WIDTH, REASON_WIDTH};

/// A sheet whose rows are complete.
#[derive(Default)]
pub(super) struct Sheet {
    /// Its rows, the header among them.
    pub(super) row_count: u32,
    /// Bytes of their records.
    pub(super) size: u64,
    /// Where among these each block has its last record.
    pub(super) blocks: Vec<u32>,
}

/// What stands before the rows of a sheet that begins at that place of the stream.
pub(super) fn sheet_start(start: u32, sheet: &Sheet, column_count: u16) -> Vec<u8> {
    let mut out = Vec::new();
    push_begin(&mut out, Part::Sheet);
    let (settings, columns) = (settings(), columns(sheet, column_count));
    let index_bytes = HEAD_BYTES + 16 + 4 * sheet.blocks.len();
    let columns_at = start + (out.len() + index_bytes + settings.len()) as u32;
    push(&mut out, 0x020B, |out| {
        [0, 0, sheet.row_count, columns_at].iter().for_each(|each| long(out, *each));
        let rows_at = columns_at + columns.len() as u32;
        sheet.blocks.iter().for_each(|block| long(out, rows_at + block));
    });
    out.extend(settings);
    out.extend(columns);
    out
}

/// How the sheet is computed, printed and outlined: as in a new workbook of Excel.
fn settings() -> Vec<u8> {
    let mut out = Vec::new();
    let out = &mut out;
    // Formulas are computed at once, in at most 100 rounds if they refer to each other, which they may not, and refer to cells as `A1`.
    push_words(out, 0x000D, &[1]);
    push_words(out, 0x000C, &[100]);
    push_words(out, 0x000F, &[1]);
    push_words(out, 0x0011, &[0]);
    push(out, 0x0010, |out| double(out, 0.001));
    push_words(out, 0x005F, &[1]);
    // Neither letters and numbers of columns and rows nor the lines between cells are printed.
    push_words(out, 0x002A, &[0]);
    push_words(out, 0x002B, &[0]);
    push_words(out, 0x0082, &[1]);
    // No outline.
    push_words(out, 0x0080, &[0; 4]);
    push_words(out, 0x0225, &[0, ROW_HEIGHT]);
    // Where pages end is shown; sums of outlines are below and to the right.
    push_words(out, 0x0081, &[0x04C1]);
    // No header, no footer, not centred.
    push_words(out, 0x0014, &[]);
    push_words(out, 0x0015, &[]);
    push_words(out, 0x0083, &[0]);
    push_words(out, 0x0084, &[0]);
    push(out, 0x00A1, |out| {
        /// That there are no settings of a printer.
        const NO_PRINTER: u16 = 4;
        [0, 100, 1, 1, 1, NO_PRINTER, 600, 600].iter().for_each(|each| word(out, *each));
        double(out, 0.3);
        double(out, 0.3);
        word(out, 1);
    });
    std::mem::take(out)
}

/// The widths of columns, and the rectangle around all cells.
fn columns(sheet: &Sheet, column_count: u16) -> Vec<u8> {
    /// That a person chose the width.
    const CHOSEN: u16 = 2;
    let mut out = Vec::new();
    push_words(&mut out, 0x0055, &[8]);
    let last = column_count.saturating_sub(1);
    if last > 0 {
        push_words(&mut out, 0x007D, &[0, last - 1, width(COLUMN_WIDTH), DEFAULT, CHOSEN, 0]);
    }
    push_words(&mut out, 0x007D, &[last, last, width(REASON_WIDTH), DEFAULT, CHOSEN, 0]);
    push(&mut out, 0x0200, |out| {
        long(out, 0);
        long(out, sheet.row_count);
        [0, column_count, 0].iter().for_each(|each| word(out, *each));
    });
    out
}

/// A width in digits of the default font in 256ths of a digit, with what Excel has beside them: a digit has 7 pixels, and there are 5 more.
fn width(digits: f64) -> u16 {
    ((digits * 7.0 + 5.0) / 7.0 * 256.0) as u16
}

/// What stands behind the rows: how the sheet is shown, with its first row always in sight.
pub(super) fn sheet_end(is_first: bool) -> Vec<u8> {
    /// Lines, letters and numbers of columns and rows, zeros and outlines are shown; the first row is frozen, without a split before.
    const FROZEN: u16 = 0x01BE;
    /// The sheet is the one that is shown.
    const SHOWN: u16 = 0x0600;
    /// Parts of the window, above and below.
    const ABOVE: u16 = 3;
    const BELOW: u16 = 2;
    /// The colour of lines that Excel chooses.
    const LINES: u16 = 64;
    let mut out = Vec::new();
    let flags = FROZEN | if is_first { SHOWN } else { 0 };
    push_words(&mut out, 0x023E, &[flags, 0, 0, LINES, 0, 0, 0, 0, 0]);
    // One row is above, the second one is the first below.
    push_words(&mut out, 0x0041, &[0, 1, 1, 0, BELOW]);
    for (part, row) in [(ABOVE, 0), (BELOW, 1)] {
        push(&mut out, 0x001D, |out| {
            out.push(part as u8);
            // The cell, and the one range that is chosen, which is this cell.
            [row, 0, 0, 1, row, row, 0].iter().for_each(|each| word(out, *each));
        });
    }
    push_end(&mut out);
    out
}
