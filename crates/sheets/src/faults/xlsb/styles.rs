//! How cells look ([MS-XLSB] 2.1.7.50).

use super::records::{Record, push_empty};
use crate::faults::value::Shown;

use crate::faults::{BAD_FILL, BAD_TEXT, HEADER_FILL};

/// The style of headers.
pub(super) const HEADER: u32 = 1;
/// Styles of moments begin here, after those of other cells, plain (0) and marked.
const FIRST_MOMENT: u32 = 3;

/// The style of a cell that is no moment.
pub(super) fn other(is_bad: bool) -> u32 {
    if is_bad { 2 } else { 0 }
}

/// The style of a moment's cell.
pub(super) fn moment(shown: Shown, is_bad: bool) -> u32 {
    FIRST_MOMENT + 2 * shown as u32 + u32::from(is_bad)
}

/// Records by their numbers ([MS-XLSB] 2.3.2).
const FONT: u16 = 43;
const FORMAT: u16 = 44;
const FILL: u16 = 45;
const BORDER: u16 = 46;
const CELL: u16 = 47;
const STYLE: u16 = 48;
const BEGIN: u16 = 278;
const END: u16 = 279;
const BEGIN_TABLE_STYLES: u16 = 508;
const END_TABLE_STYLES: u16 = 509;
/// Begin and end of collections whose count is all that the beginning says.
const CHANGES: (u16, u16) = (505, 506);
const FILLS: (u16, u16) = (603, 604);
const FONTS: (u16, u16) = (611, 612);
const BORDERS: (u16, u16) = (613, 614);
const FORMATS: (u16, u16) = (615, 616);
const CELLS: (u16, u16) = (617, 618);
const STYLES: (u16, u16) = (619, 620);
const CELL_STYLES: (u16, u16) = (626, 627);

/// The first number that a format of a file's own may have ([MS-XLSB] Ifmt).
const FIRST_FORMAT: u16 = 164;
/// Fonts by their places.
const BOLD: u16 = 1;
const RED: u16 = 2;
/// Fills by their places; the first two are what Excel takes them for whatever they say.
const SHADED: u16 = 2;
const MARKED: u16 = 3;
/// Patterns of fills ([MS-XLSB] BrtFill).
const NO_FILL: u32 = 0;
const SOLID: u32 = 1;
const DOTTED: u32 = 17;

/// Colours ([MS-XLSB] BrtColor): what the program takes for text, and for cells.
const AUTOMATIC: [u8; 8] = [0; 8];
const FOREGROUND: [u8; 8] = [0x03, 0x40, 0, 0, 0, 0, 0, 0xFF];
const BACKGROUND: [u8; 8] = [0x03, 0x41, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];

/// The part's records.
pub(super) fn part() -> Vec<u8> {
    let mut out = Vec::new();
    push_empty(&mut out, BEGIN);
    let formats = Shown::ALL.map(|shown| (FIRST_FORMAT + shown as u16, shown.pattern()));
    push_all(&mut out, FORMATS, &formats, |out, (number, pattern)| {
        Record::begin(out, FORMAT).word(number).text(pattern).end();
    });
    let fonts = [(400, AUTOMATIC), (700, AUTOMATIC), (400, rgb(BAD_TEXT))];
    push_all(&mut out, FONTS, &fonts, |out, (weight, colour)| push_font(out, weight, colour));
    let fills =
        [(NO_FILL, FOREGROUND), (DOTTED, FOREGROUND), (SOLID, rgb(HEADER_FILL)), (SOLID, rgb(BAD_FILL))];
    push_all(&mut out, FILLS, &fills, |out, (pattern, colour)| push_fill(out, pattern, colour));
    // Flags, and five lines that are not there ([MS-XLSB] BrtBorder).
    push_all(&mut out, BORDERS, &[[0; 51]], |out, border| Record::begin(out, BORDER).bytes(&border).end());
    push_all(&mut out, CELL_STYLES, &[(0, 0, 0)], |out, cell| push_cell(out, 0xFFFF, cell));
    push_all(&mut out, CELLS, &cells(), |out, cell| push_cell(out, 0, cell));
    // The built-in style 0 ([MS-XLSB] BrtStyle).
    push_all(&mut out, STYLES, &["Normal"], |out, name| {
        Record::begin(out, STYLE).long(0).word(1).byte(0).byte(0).text(name).end();
    });
    push_all(&mut out, CHANGES, &[], |_, (): ()| {});
    Record::begin(&mut out, BEGIN_TABLE_STYLES)
        .long(0)
        .text("TableStyleMedium2")
        .text("PivotStyleLight16")
        .end();
    push_empty(&mut out, END_TABLE_STYLES);
    push_empty(&mut out, END);
    out
}

/// Format, font and fill of cells, in the order of their styles.
fn cells() -> Vec<(u16, u16, u16)> {
    let mut cells = vec![(0, 0, 0), (0, BOLD, SHADED), (0, RED, MARKED)];
    for shown in Shown::ALL {
        let format = FIRST_FORMAT + shown as u16;
        cells.extend([(format, 0, 0), (format, RED, MARKED)]);
    }
    cells
}

/// A collection: its count, what is in it, and its end.
fn push_all<T: Copy>(
    out: &mut Vec<u8>,
    (begin, end): (u16, u16),
    items: &[T],
    push: impl Fn(&mut Vec<u8>, T),
) {
    Record::begin(out, begin).long(items.len() as u32).end();
    items.iter().for_each(|item| push(out, *item));
    push_empty(out, end);
}

/// A font of 11 points ([MS-XLSB] BrtFont), of no theme.
fn push_font(out: &mut Vec<u8>, weight: u16, colour: [u8; 8]) {
    /// Without serifs.
    const SWISS: u8 = 2;
    let record = Record::begin(out, FONT).word(220).word(0).word(weight).word(0);
    record.bytes(&[0, SWISS, 0, 0]).bytes(&colour).byte(0).text("Calibri").end();
}

/// A fill ([MS-XLSB] BrtFill), with nothing where gradients have what they need.
fn push_fill(out: &mut Vec<u8>, pattern: u32, colour: [u8; 8]) {
    Record::begin(out, FILL).long(pattern).bytes(&colour).bytes(&BACKGROUND).bytes(&[0; 48]).end();
}

/// What a cell looks like ([MS-XLSB] BrtXF): a cell style, which has the parent 0xFFFF, or a cell of the first style.
fn push_cell(out: &mut Vec<u8>, parent: u16, (format, font, fill): (u16, u16, u16)) {
    /// At the bottom of the cell, and locked where the sheet is.
    const USUAL: u16 = 0x1010;
    // Which of these differ from the parent's.
    let differing = u16::from(format != 0) | u16::from(font != 0) << 1 | u16::from(fill != 0) << 4;
    let record = Record::begin(out, CELL).word(parent).word(format).word(font).word(fill).word(0);
    record.bytes(&[0, 0]).word(USUAL).word(differing).end();
}

/// A colour that is neither of a palette nor of a theme.
fn rgb(colour: u32) -> [u8; 8] {
    let [_, red, green, blue] = colour.to_be_bytes();
    [0x05, 0xFF, 0, 0, red, green, blue, 0xFF]
}
