//! What stands around the rows of a sheet ([MS-XLSB] 2.1.7.62).

use super::records::{Record, push_empty};
use crate::faults::{COLUMN_WIDTH, REASON_WIDTH};

/// Records by their numbers ([MS-XLSB] 2.3.2).
const COLUMN: u16 = 60;
const BEGIN: u16 = 129;
const END: u16 = 130;
const BEGIN_VIEWS: u16 = 133;
const END_VIEWS: u16 = 134;
const BEGIN_VIEW: u16 = 137;
const END_VIEW: u16 = 138;
const BEGIN_ROWS: u16 = 145;
const END_ROWS: u16 = 146;
const PROPERTIES: u16 = 147;
const USED: u16 = 148;
const PANE: u16 = 151;
const SELECTION: u16 = 152;
const BEGIN_COLUMNS: u16 = 390;
const END_COLUMNS: u16 = 391;
const FORMAT: u16 = 485;

/// Panes ([MS-XLSB] Pnn).
const BOTTOM_LEFT: u32 = 2;
const TOP_LEFT: u32 = 3;
/// The colour 64, which is no colour of a tab, and the usual one of lines between cells.
const USUAL_COLOUR: u8 = 0x40;
/// The usual height of a row, in twentieths of a point.
pub(super) const ROW_HEIGHT: u16 = 300;
/// What is not there.
const NONE: u32 = u32::MAX;

/// What stands before the rows.
pub(super) fn start(row_count: u32, column_count: u32, is_first: bool) -> Vec<u8> {
    let mut out = Vec::new();
    push_empty(&mut out, BEGIN);
    push_properties(&mut out);
    // All cells that there are, which some programs take for all that they have to look at ([MS-XLSB] BrtWsDim).
    let (last_row, last_column) = (row_count.saturating_sub(1), column_count.saturating_sub(1));
    Record::begin(&mut out, USED).long(0).long(last_row).long(0).long(last_column).end();
    push_views(&mut out, is_first);
    // No own width of columns but 8 digits, the usual height of rows, no outline ([MS-XLSB] BrtWsFmtInfo).
    Record::begin(&mut out, FORMAT).long(NONE).word(8).word(ROW_HEIGHT).long(0).end();
    push_columns(&mut out, last_column);
    push_empty(&mut out, BEGIN_ROWS);
    out
}

/// What stands behind the rows.
pub(super) fn end() -> Vec<u8> {
    let mut out = Vec::new();
    push_empty(&mut out, END_ROWS);
    push_empty(&mut out, END);
    out
}

/// Properties as those of a new sheet: flags, an automatic colour of the tab, nothing to scroll to, and no name for programs
/// ([MS-XLSB] BrtWsProp).
fn push_properties(out: &mut Vec<u8>) {
    /// Page breaks are shown; published; sums stand below and to the right; outlines are shown; conditional formats are computed.
    const FLAGS: [u8; 3] = [0xC9, 0x04, 0x02];
    let colour = [0, USUAL_COLOUR, 0, 0, 0, 0, 0, 0];
    Record::begin(out, PROPERTIES).bytes(&FLAGS).bytes(&colour).long(NONE).long(NONE).text("").end();
}

/// A view in which the first row stays in sight ([MS-XLSB] BrtBeginWsView, BrtPane and BrtSel).
fn push_views(out: &mut Vec<u8>, is_selected: bool) {
    /// Lines, headings and zeros are shown, rulers and outlines too; usual colour of the lines.
    const FLAGS: u16 = 0x039C;
    const SELECTED: u16 = 0x0040;
    /// Columns and rows that stay come in that order, and Excel sets both flags, of which the specification allows one.
    const FROZEN: u8 = 0x03;
    push_empty(out, BEGIN_VIEWS);
    let flags = FLAGS | if is_selected { SELECTED } else { 0 };
    let record = Record::begin(out, BEGIN_VIEW).word(flags).long(0).long(0).long(0);
    // 100 %, and the usual sizes of other views.
    record.bytes(&[USUAL_COLOUR, 0, 0, 0]).word(100).word(0).word(0).word(0).long(0).end();
    Record::begin(out, PANE).number(0.0).number(1.0).long(1).long(0).long(BOTTOM_LEFT).byte(FROZEN).end();
    for pane in [TOP_LEFT, BOTTOM_LEFT] {
        // The first cell, in the only range of those that are selected.
        let record = Record::begin(out, SELECTION).long(pane).long(0).long(0).long(0);
        record.long(1).bytes(&[0; 16]).end();
    }
    push_empty(out, END_VIEW);
    push_empty(out, END_VIEWS);
}

fn push_columns(out: &mut Vec<u8>, last: u32) {
    push_empty(out, BEGIN_COLUMNS);
    if last > 0 {
        push_column(out, 0, last - 1, COLUMN_WIDTH);
    }
    push_column(out, last, last, REASON_WIDTH);
    push_empty(out, END_COLUMNS);
}

/// The width of columns, which somebody has set ([MS-XLSB] BrtColInfo): in 256ths of a digit, which takes 7 pixels, with the 5 beside the
/// digits.
fn push_column(out: &mut Vec<u8>, first: u32, last: u32, digits: f64) {
    const SET: u16 = 2;
    let width = ((digits * 7.0 + 5.0) / 7.0 * 256.0) as u32;
    Record::begin(out, COLUMN).long(first).long(last).long(width).long(0).word(SET).end();
}
