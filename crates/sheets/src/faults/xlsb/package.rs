//! The parts that say which others there are ([MS-XLSB] 2.1.7.61; ECMA-376 part 2, 9.3 and 10.1.2).

use std::fmt::Write as _;

use super::records::{Record, push_empty};
use crate::title::sheet_name;

/// What the parts are. Every one of records is a sheet where nothing else is said, so that this can come before the sheets are counted.
pub(super) const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="bin" ContentType="application/vnd.ms-excel.worksheet"/><Override PartName="/xl/workbook.bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/><Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/><Override PartName="/xl/sharedStrings.bin" ContentType="application/vnd.ms-excel.sharedStrings"/></Types>"#;

/// What the package is about.
pub(super) const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.bin"/></Relationships>"#;

const RELATIONS_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#;
const RELATION_TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Records by their numbers ([MS-XLSB] 2.3.2).
const VERSION: u16 = 128;
const BEGIN: u16 = 131;
const END: u16 = 132;
const BEGIN_VIEWS: u16 = 135;
const END_VIEWS: u16 = 136;
const BEGIN_SHEETS: u16 = 143;
const END_SHEETS: u16 = 144;
const PROPERTIES: u16 = 153;
const SHEET: u16 = 156;
const VIEW: u16 = 158;

/// The part of the sheet with that number, from 1, below the workbook's folder.
pub(super) fn sheet_part(number: u32) -> String {
    format!("worksheets/sheet{number}.bin")
}

/// The parts of the workbook: sheets by their numbers, then the others.
pub(super) fn workbook_relations(sheet_count: u32) -> String {
    let mut xml = RELATIONS_START.to_owned();
    let mut push = |number: u32, kind: &str, part: &str| {
        // Writing to a text cannot fail.
        _ = write!(
            xml,
            "<Relationship Id=\"rId{number}\" Type=\"{RELATION_TYPES}/{kind}\" Target=\"{part}\"/>"
        );
    };
    (1..=sheet_count).for_each(|number| push(number, "worksheet", &sheet_part(number)));
    push(sheet_count + 1, "styles", "styles.bin");
    push(sheet_count + 2, "sharedStrings", "sharedStrings.bin");
    xml.push_str("</Relationships>");
    xml
}

/// The workbook's records.
pub(super) fn workbook(title: &str, sheet_count: u32) -> Vec<u8> {
    let mut out = Vec::new();
    push_empty(&mut out, BEGIN);
    push_version(&mut out);
    // Days count from 1900; nothing else is said, nor of a theme or a name for programs ([MS-XLSB] BrtWbProp).
    Record::begin(&mut out, PROPERTIES).long(0).long(0).text("").end();
    push_empty(&mut out, BEGIN_VIEWS);
    push_view(&mut out);
    push_empty(&mut out, END_VIEWS);
    push_empty(&mut out, BEGIN_SHEETS);
    for number in 1..=sheet_count {
        // To be seen; its number; its relation and name ([MS-XLSB] BrtBundleSh).
        let record = Record::begin(&mut out, SHEET).long(0).long(number);
        record.text(&format!("rId{number}")).text(&sheet_name(title, number)).end();
    }
    push_empty(&mut out, END_SHEETS);
    push_empty(&mut out, END);
    out
}

/// Which program made the file, first and last, without a library of types ([MS-XLSB] BrtFileVersion).
fn push_version(out: &mut Vec<u8>) {
    let version = env!("CARGO_PKG_VERSION");
    let record = Record::begin(out, VERSION).bytes(&[0; 16]).text("Longshore");
    record.text(version).text(version).text("0").end();
}

/// A window, its size in twentieths of a point, its bars, and the first sheet in it ([MS-XLSB] BrtBookView).
fn push_view(out: &mut Vec<u8>) {
    /// Both bars and the tabs of the sheets are shown, and filters group dates.
    const FLAGS: u8 = 0x78;
    const TABS_RATIO: u32 = 600;
    let record = Record::begin(out, VIEW).long(0).long(0).long(23_760).long(14_640);
    record.long(TABS_RATIO).long(0).long(0).byte(FLAGS).end();
}
