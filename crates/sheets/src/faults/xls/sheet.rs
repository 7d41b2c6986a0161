//! What stands around the rows of a sheet, in the order of [MS-XLS] 2.1.7.20.5, where a record that may be left out is left out.

use super::kinds;
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
    let (mut settings, mut columns) = (Vec::new(), Vec::new());
    push_settings(&mut settings);
    push_columns(&mut columns, sheet, column_count);
    let index_bytes = HEAD_BYTES + 16 + 4 * sheet.blocks.len();
    let columns_at = start + (out.len() + index_bytes + settings.len()) as u32;
    push(&mut out, kinds::INDEX, |out| {
        [0, 0, sheet.row_count, columns_at].iter().for_each(|each| long(out, *each));
        let rows_at = columns_at + columns.len() as u32;
        sheet.blocks.iter().for_each(|block| long(out, rows_at + block));
    });
    out.extend(settings);
    out.extend(columns);
    out
}

/// How the sheet is computed, printed and outlined: as in a new workbook of Excel.
fn push_settings(out: &mut Vec<u8>) {
    // Formulas are computed at once, in at most 100 rounds if they refer to each other, which they may not, and refer to cells as `A1`.
    push_words(out, kinds::CALC_MODE, &[1]);
    push_words(out, kinds::CALC_COUNT, &[100]);
    push_words(out, kinds::CALC_REF_MODE, &[1]);
    push_words(out, kinds::CALC_ITER, &[0]);
    push(out, kinds::CALC_DELTA, |out| double(out, 0.001));
    push_words(out, kinds::CALC_SAVE_RECALC, &[1]);
    // Neither letters and numbers of columns and rows nor the lines between cells are printed.
    push_words(out, kinds::PRINT_ROW_COL, &[0]);
    push_words(out, kinds::PRINT_GRID, &[0]);
    push_words(out, kinds::GRID_SET, &[1]);
    // No outline.
    push_words(out, kinds::GUTS, &[0; 4]);
    push_words(out, kinds::DEFAULT_ROW_HEIGHT, &[0, ROW_HEIGHT]);
    // Where pages end is shown; sums of outlines are below and to the right.
    push_words(out, kinds::WS_BOOL, &[0x04C1]);
    // No header, no footer, not centred.
    push_words(out, kinds::HEADER, &[]);
    push_words(out, kinds::FOOTER, &[]);
    push_words(out, kinds::H_CENTER, &[0]);
    push_words(out, kinds::V_CENTER, &[0]);
    push(out, kinds::SETUP, |out| {
        /// That nothing is said of paper, scale, resolution and copies.
        const NO_PRINTER: u16 = 4;
        [0, 100, 1, 1, 1, NO_PRINTER, 600, 600].iter().for_each(|each| word(out, *each));
        // Inches above the header and below the footer.
        double(out, 0.3);
        double(out, 0.3);
        word(out, 1);
    });
}

/// The widths of columns, of which there are two at least, and the rectangle around all cells.
fn push_columns(out: &mut Vec<u8>, sheet: &Sheet, column_count: u16) {
    /// That a person chose the width.
    const CHOSEN: u16 = 2;
    push_words(out, kinds::DEF_COL_WIDTH, &[8]);
    let last = column_count - 1;
    push_words(out, kinds::COL_INFO, &[0, last - 1, width(COLUMN_WIDTH), DEFAULT, CHOSEN, 0]);
    push_words(out, kinds::COL_INFO, &[last, last, width(REASON_WIDTH), DEFAULT, CHOSEN, 0]);
    push(out, kinds::DIMENSIONS, |out| {
        long(out, 0);
        long(out, sheet.row_count);
        [0, column_count, 0].iter().for_each(|each| word(out, *each));
    });
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
    push_words(&mut out, kinds::WINDOW_2, &[flags, 0, 0, LINES, 0, 0, 0, 0, 0]);
    // One row is above, the second one is the first below.
    push_words(&mut out, kinds::PANE, &[0, 1, 1, 0, BELOW]);
    for (part, row) in [(ABOVE, 0), (BELOW, 1)] {
        push(&mut out, kinds::SELECTION, |out| {
            out.push(part as u8);
            // The cell, and the one range that is chosen, which is this cell.
            [row, 0, 0, 1, row, row, 0].iter().for_each(|each| word(out, *each));
        });
    }
    push_end(&mut out);
    out
}
