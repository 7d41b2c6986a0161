//! Zips that lie, and workbooks of other kinds put together record by record.

use longshore_sheets::read::{Choice, Limit, ReadError, ReadLimits};

use crate::package::{Workbook, zip};
use crate::support::{rows, rows_with};

/// Where the entry of a member begins in the zip's directory ([APPNOTE] 4.3.12).
fn entry(bytes: &[u8], name: &str) -> usize {
    let is_it = |&place: &usize| {
        bytes[place..].starts_with(b"PK\x01\x02") && bytes[place + 46..].starts_with(name.as_bytes())
    };
    (0..bytes.len()).find(is_it).expect("the member is listed")
}

fn word(bytes: &[u8], place: usize) -> u32 {
    u32::from_le_bytes(bytes[place..place + 4].try_into().expect("it has four bytes"))
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

#[test]
fn sizes_in_the_directory_are_only_compared() {
    let good = Workbook::with_rows(&"<row><c><v>1</v></c></row>".repeat(1000)).bytes();
    let entry = entry(&good, SHEET);
    // Of the entry: the compressed size stands at 20, the size at 24.
    for (field, size) in [
        (24, 1),
        (24, 10),
        (24, u32::MAX - 1),
        (24, word(&good, entry + 24) + 1),
        (20, 1),
        (20, word(&good, entry + 20) - 1),
        (20, u32::MAX - 1),
    ] {
        let mut bytes = good.clone();
        bytes[entry + field..entry + field + 4].copy_from_slice(&size.to_le_bytes());
        let result = rows(&bytes);
        assert!(matches!(result, Err(ReadError::Damaged { .. })), "{field} {size}");
    }
    assert_eq!(rows(&good).expect("it is read").len(), 1000);
}

#[test]
fn members_that_share_bytes_are_refused() {
    let mut workbook = Workbook::with_rows("<row><c><v>1</v></c></row>");
    workbook.part("xl/worksheets/sheet2.xml", "<worksheet><sheetData/></worksheet>");
    let mut bytes = workbook.bytes();
    let (one, other) = (entry(&bytes, SHEET), entry(&bytes, "xl/worksheets/sheet2.xml"));
    // The second member becomes the first one again: sizes, checksum and the place of its header.
    for range in [16..28, 42..46] {
        bytes.copy_within(one + range.start..one + range.end, other + range.start);
    }
    let result = rows(&bytes);
    assert!(matches!(&result, Err(ReadError::Damaged { what }) if what.contains("overlap")), "{result:?}");
}

#[test]
fn names_that_differ_in_case_alone_do_no_harm() {
    let content_types = b"<Types/>".as_slice();
    let twice = zip(&[
        ("a.txt", b"a"),
        ("A.TXT", b"b"),
        ("\"quoted\".xml", b"c"),
        ("[Content_Types].xml", content_types),
    ]);
    assert!(matches!(rows(&twice), Err(ReadError::NotASpreadsheet { .. })));
    let mut workbook = Workbook::with_rows("<row><c><v>1</v></c></row>");
    workbook.part("XL/Worksheets/Sheet1.xml", "<worksheet><sheetData/></worksheet>").part("\"", "x");
    assert_eq!(rows(&workbook.bytes()).expect("the first one is read"), ["1 n:1"]);
}

#[test]
fn a_cell_without_end_is_refused_before_it_fills_the_memory() {
    // 200 MiB of one text, packed to less than a MiB, in each way of writing it; the ratio is allowed so that the cell's limit is met.
    let limits = ReadLimits { compression_ratio: 2000, ..ReadLimits::default() };
    let text = "x".repeat(200 << 20);
    for row in [
        format!("<row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>"),
        format!("<row><c t=\"str\"><v>{text}</v></c></row>"),
    ] {
        let result = rows_with(&Workbook::with_rows(&row).bytes(), &Choice::default(), &limits);
        assert!(matches!(result, Err(ReadError::TooBig { limit: Limit::CellBytes, .. })), "{result:?}");
    }
    let mut shared = Workbook::with_rows("<row><c t=\"s\"><v>0</v></c></row>");
    shared.part("xl/sharedStrings.xml", &format!("<sst><si><t>{text}</t></si></sst>"));
    let result = rows_with(&shared.bytes(), &Choice::default(), &limits);
    assert!(matches!(result, Err(ReadError::TooBig { limit: Limit::CellBytes, .. })), "{result:?}");
}

#[test]
fn texts_that_are_no_utf8_are_refused() {
    let good = String::from_utf8(
        b"<worksheet><sheetData><row><c t=\"str\"><v>~</v></c></row></sheetData></worksheet>".to_vec(),
    );
    let sheet: Vec<u8> =
        good.expect("it is ASCII").bytes().map(|byte| if byte == b'~' { 0xFF } else { byte }).collect();
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"rId1\" Type=\"x/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let workbook = zip(&[
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"A\" r:id=\"rId1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml").as_bytes()),
        (SHEET, &sheet),
    ]);
    let result = rows(&workbook);
    assert!(matches!(result, Err(ReadError::BadEncoding { row: 1, .. })), "{result:?}");
}

/// Found by `make fuzz`: calamine panics for a sheet whose relation is not there, on its own thread.
#[test]
fn a_binary_workbook_that_calamine_cannot_stand_is_damaged() {
    let wide = |text: &str| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&(text.len() as u32).to_le_bytes(), units.as_slice()].concat()
    };
    // BrtBundleSh ([MS-XLSB] 2.4.311): state, number, relation, name.
    let sheet = [vec![0; 4], vec![1, 0, 0, 0], wide("rId9"), wide("A")].concat();
    let record = [&[0x9C, 0x01, sheet.len() as u8], sheet.as_slice(), &[0x90, 0x01, 0]].concat();
    let book = zip(&[
        ("_rels/.rels", b"<Relationships><Relationship Type=\"x/officeDocument\" Target=\"xl/workbook.bin\"/></Relationships>"),
        ("xl/_rels/workbook.bin.rels", b"<Relationships/>"),
        ("xl/workbook.bin", &record),
    ]);
    let result = rows(&book);
    assert!(matches!(&result, Err(ReadError::Damaged { what }) if what.contains("do not fit")), "{result:?}");
}
