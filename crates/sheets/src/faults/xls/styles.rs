//! How cells look: fonts, number formats, the styles made of these, and colours ([MS-XLS] 2.1.7.20.3, `FORMATTING`).

use super::kinds;
use super::record::{long, push, push_short_text, push_text, push_words, word};
use crate::faults::value::Shown;
use crate::faults::{BAD_FILL, BAD_TEXT, HEADER_FILL};

/// Styles of cells by their numbers, which are the places of their XF records. Before them stand 15 that belong to no cell
/// ([MS-XLS] 2.5.282).
pub(super) const DEFAULT: u16 = 15;
pub(super) const HEADER: u16 = 16;
pub(super) const BAD: u16 = 17;
const FIRST_MOMENT: u16 = 18;

/// The height of a row in the default font, in twentieths of a point.
pub(super) const ROW_HEIGHT: u16 = 300;

/// Fonts by their numbers ([MS-XLS] `FontIndex`): the first four are the default one, plain, bold, italic, and both; the number 4 is not used.
const PLAIN_FONT: u16 = 0;
const BOLD_FONT: u16 = 1;
const BAD_FONT: u16 = 5;

/// The first number of formats that are not built in.
const FIRST_FORMAT: u16 = 164;
/// Formats that are built in and stand in each workbook nevertheless, in the order in which Excel writes them: amounts of money.
const BUILT_IN_FORMATS: [(u16, &str); 8] = [
    (5, r##""$"#,##0_);\("$"#,##0\)"##),
    (6, r##""$"#,##0_);[Red]\("$"#,##0\)"##),
    (7, r##""$"#,##0.00_);\("$"#,##0.00\)"##),
    (8, r##""$"#,##0.00_);[Red]\("$"#,##0.00\)"##),
    (42, r##"_("$"* #,##0_);_("$"* \(#,##0\);_("$"* "-"_);_(@_)"##),
    (41, r##"_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)"##),
    (44, r##"_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)"##),
    (43, r##"_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)"##),
];

/// The number of the first colour that a workbook may choose.
const FIRST_COLOUR: u16 = 8;
/// The colours of Excel 97 as `RRGGBB`, but for those of cells that are wrong and of headers: these stand where a second one is the same as
/// another.
const COLOURS: [[u32; 8]; 7] = [
    [0x00_0000, 0xFF_FFFF, 0xFF_0000, 0x00_FF00, 0x00_00FF, 0xFF_FF00, 0xFF_00FF, 0x00_FFFF],
    [0x80_0000, 0x00_8000, 0x00_0080, 0x80_8000, 0x80_0080, 0x00_8080, 0xC0_C0C0, 0x80_8080],
    [0x99_99FF, 0x99_3366, 0xFF_FFCC, 0xCC_FFFF, 0x66_0066, 0xFF_8080, 0x00_66CC, 0xCC_CCFF],
    [BAD_FILL, BAD_TEXT, HEADER_FILL, 0x00_FFFF, 0x80_0080, 0x80_0000, 0x00_8080, 0x00_00FF],
    [0x00_CCFF, 0xCC_FFFF, 0xCC_FFCC, 0xFF_FF99, 0x99_CCFF, 0xFF_99CC, 0xCC_99FF, 0xFF_CC99],
    [0x33_66FF, 0x33_CCCC, 0x99_CC00, 0xFF_CC00, 0xFF_9900, 0xFF_6600, 0x66_6699, 0x96_9696],
    [0x00_3366, 0x33_9966, 0x00_3300, 0x33_3300, 0x99_3300, 0x99_3366, 0x33_3399, 0x33_3333],
];
const BAD_FILL_COLOUR: u16 = FIRST_COLOUR + 24;
const BAD_TEXT_COLOUR: u16 = FIRST_COLOUR + 25;
const HEADER_FILL_COLOUR: u16 = FIRST_COLOUR + 26;
/// What the person's own system shows: texts, and what is behind them.
const SYSTEM_FONT_COLOUR: u16 = 0x7FFF;
const SYSTEM_TEXT_COLOUR: u16 = 64;
const SYSTEM_GROUND_COLOUR: u16 = 65;

/// The style of a moment's cell.
pub(super) fn moment(shown: Shown, is_bad: bool) -> u16 {
    FIRST_MOMENT + 2 * shown as u16 + u16::from(is_bad)
}

/// Appends all styles.
pub(super) fn push_styles(out: &mut Vec<u8>) {
    push_fonts(out);
    push_formats(out);
    push_cell_styles(out);
    // The style "Normal" is built in, is that of the first XF record, and has no level.
    push_words(out, kinds::STYLE, &[0x8000, 0xFF00]);
    push(out, kinds::PALETTE, |out| {
        let colours = COLOURS.as_flattened();
        word(out, colours.len() as u16);
        for colour in colours {
            // Red comes first, and nothing last.
            let [_, red, green, blue] = colour.to_be_bytes();
            out.extend_from_slice(&[red, green, blue, 0]);
        }
    });
}

fn push_fonts(out: &mut Vec<u8>) {
    const BOLD: u16 = 700;
    const NORMAL: u16 = 400;
    const ITALIC: u16 = 2;
    for (weight, italic, colour) in [
        (NORMAL, 0, SYSTEM_FONT_COLOUR),
        (BOLD, 0, SYSTEM_FONT_COLOUR),
        (NORMAL, ITALIC, SYSTEM_FONT_COLOUR),
        (BOLD, ITALIC, SYSTEM_FONT_COLOUR),
        (NORMAL, 0, BAD_TEXT_COLOUR),
    ] {
        push(out, kinds::FONT, |out| {
            /// Twentieths of a point.
            const SIZE: u16 = 220;
            [SIZE, italic, colour, weight, 0].iter().for_each(|each| word(out, *each));
            // Not underlined; of the family without serifs; of no special set of characters.
            out.extend_from_slice(&[0, 2, 0, 0]);
            push_short_text(out, "Calibri");
        });
    }
}

fn push_formats(out: &mut Vec<u8>) {
    let own = Shown::ALL.map(|shown| (FIRST_FORMAT + shown as u16, shown.pattern()));
    for (number, pattern) in BUILT_IN_FORMATS.into_iter().chain(own) {
        push(out, kinds::FORMAT, |out| {
            word(out, number);
            word(out, pattern.len() as u16);
            push_text(out, pattern);
        });
    }
}

/// How a cell differs from the default.
#[derive(Clone, Copy, Default)]
struct Look {
    font: u16,
    format: u16,
    fill: Option<u16>,
}

fn push_cell_styles(out: &mut Vec<u8>) {
    /// The style on which those of cells build, and those of the 14 levels of outlines, which say nothing but what font they have.
    const SAID_BY_NORMAL: u8 = 0x00;
    const NOT_SAID_BY_LEVELS: u8 = 0xF4;
    let plain = Look::default();
    push_look(out, None, plain, SAID_BY_NORMAL);
    for _ in 1..DEFAULT {
        push_look(out, None, plain, NOT_SAID_BY_LEVELS);
    }
    let bad = Look { font: BAD_FONT, fill: Some(BAD_FILL_COLOUR), ..plain };
    let header = Look { font: BOLD_FONT, fill: Some(HEADER_FILL_COLOUR), ..plain };
    let moments = Shown::ALL.iter().flat_map(|shown| {
        let format = FIRST_FORMAT + *shown as u16;
        [Look { format, ..plain }, Look { format, ..bad }]
    });
    for look in [plain, header, bad].into_iter().chain(moments) {
        let own = [(look.format != 0, 0x04), (look.font != PLAIN_FONT, 0x08), (look.fill.is_some(), 0x40)];
        let own = own.iter().map(|(is_own, bit)| if *is_own { *bit } else { 0 }).sum();
        push_look(out, Some(0), look, own);
    }
}

/// Appends an XF record ([MS-XLS] 2.4.353): of a cell, which builds on the style with that number, or of such a style. `own` has a bit for
/// each of what the cell says itself, or of what the style does not say.
fn push_look(out: &mut Vec<u8>, parent: Option<u16>, look: Look, own: u8) {
    const LOCKED: u16 = 1;
    const IS_STYLE: u16 = 4;
    const AT_BOTTOM: u8 = 0x20;
    const SOLID: u32 = 1 << 26;
    let (parent, kind) = parent.map_or((0xFFF, IS_STYLE), |parent| (parent, 0));
    push(out, kinds::XF, |out| {
        [look.font, look.format, LOCKED | kind | parent << 4].iter().for_each(|each| word(out, *each));
        out.extend_from_slice(&[AT_BOTTOM, 0, 0, own]);
        // There are no borders.
        long(out, 0);
        long(out, if look.fill.is_some() { SOLID } else { 0 });
        word(out, look.fill.unwrap_or(SYSTEM_TEXT_COLOUR) | SYSTEM_GROUND_COLOUR << 7);
    });
}
