//! XLS and XLSB, put together record by record.

use std::io::{Cursor, Write};

use longshore_sheets::read::{Choice, FileKind, Limit, ReadError, ReadLimits, recognise};

use crate::package::zip;
use crate::support::{file, rows, rows_with};

/// A container with streams.
fn container(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("it can be made");
    for (name, content) in streams {
        if let Some((folder, _)) = name.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            file.create_storage(folder).expect("it can be made");
        }
        file.create_stream(name).expect("it can be made").write_all(content).expect("it can be written");
    }
    file.flush().expect("it can be written");
    file.into_inner().into_inner()
}

/// A record of XLS.
fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(body.len() as u16).to_le_bytes(), body].concat()
}

fn begin() -> Vec<u8> {
    record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn number(row: u16, column: u16, value: f64) -> Vec<u8> {
    let place: Vec<u8> = [row, column, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    record(0x0203, &[&place[..], &value.to_le_bytes()].concat())
}

/// The records of a workbook with one sheet, which the list names so often.
fn workbook(sheet: &[u8], times: usize) -> Vec<u8> {
    let end = record(0x000A, &[]);
    let entry_bytes = 4 + 9;
    let start = begin().len() + times * entry_bytes + end.len();
    let entries = (0..times).map(|index| {
        let name = b'A' + (index % 26) as u8;
        record(0x0085, &[&(start as u32).to_le_bytes()[..], &[0, 0, 1, 0, name]].concat())
    });
    [begin(), entries.collect::<Vec<_>>().concat(), end.clone(), begin(), sheet.to_vec(), end].concat()
}

#[test]
fn values_of_xls_are_read() {
    let text = [&[2, 0, 0, 0, 0, 0, 3, 0, 0][..], b"abc"].concat();
    let truth = [3, 0, 0, 0, 0, 0, 1, 0];
    let error = [3, 0, 1, 0, 0, 0, 0x2A, 1];
    let formula_error = [&[4, 0, 0, 0, 0, 0, 2, 0, 7, 0, 0, 0, 0xFF, 0xFF][..], &[0; 8]].concat();
    let sheet = [
        number(0, 0, 31.0),
        number(0, 2, 19.99),
        record(0x0204, &text),
        record(0x0205, &truth),
        record(0x0205, &error),
        record(0x0006, &formula_error),
    ];
    let want = ["1 n:31 | - | n:19.99", "3 t:abc | - | -", "4 b:true | e:#N/A | -", "5 e:#DIV/0! | - | -"];
    let records = workbook(&sheet.concat(), 1);
    for name in ["/Workbook", "/WORKBOOK", "/Book"] {
        assert_eq!(rows(&container(&[(name, &records)])).expect("it is read"), want, "{name}");
    }
    // A workbook inside of the workbook is not it.
    let other = workbook(&number(0, 0, 7.0), 1);
    let inside = container(&[("/MBD1/Workbook", &other), ("/Workbook", &records)]);
    assert_eq!(rows(&inside).expect("it is read"), want);
}

/// SheetJS ends its table of sectors so.
#[test]
fn xls_may_speak_of_sectors_behind_its_end() {
    let mut bytes = container(&[("Workbook", &workbook(&number(0, 0, 31.0), 1))]);
    let word = |place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().expect("four bytes"));
    let (sector, place) = (1 << bytes[0x1E], word(0x4C) as usize);
    let table = (place + 1) * sector..(place + 2) * sector;
    let mut changed = 0;
    for entry in bytes[table].chunks_mut(4).filter(|entry| **entry == [0xFF; 4]) {
        entry[0] = 0xFE;
        changed += 1;
    }
    assert!(changed > 0);
    assert_eq!(rows(&bytes).expect("it is read"), ["1 n:31"]);
    bytes.truncate(bytes.len() / 2);
    assert!(matches!(rows(&bytes), Err(ReadError::Damaged { .. })));
}

#[test]
fn sheets_of_xls_that_swell_are_refused() {
    let usual = ReadLimits::default();
    let far = [number(0, 0, 1.0), number(30_000, 200, 1.0)].concat();
    let end = record(0x000A, &[]);
    let behind_a_chart = [begin(), end, far.clone()].concat();
    let string = record(0x0207, &[1, 0, 0, b'x']);
    let text_of_nothing = [number(65_000, 250, 1.0), string].concat();
    for (sheet, times) in [(&far, 20), (&behind_a_chart, 20), (&text_of_nothing, 1)] {
        let bytes = container(&[("/Workbook", &workbook(sheet, times))]);
        let result = rows_with(&bytes, &Choice::default(), &usual);
        assert!(
            matches!(result, Err(ReadError::TooBig { limit: Limit::UncompressedBytes, .. })),
            "{times}: {result:?}"
        );
    }
    let bytes = container(&[("/Workbook", &workbook(&number(0, 0, 1.0), 20_000))]);
    assert!(matches!(rows(&bytes), Err(ReadError::Damaged { .. })));
}

#[test]
fn encrypted_xls_asks_for_its_password() {
    let noise: Vec<u8> = (0..4000_u32).map(|byte| (byte.wrapping_mul(0x9E37_79B1) >> 24) as u8).collect();
    for method in [0_u16, 1] {
        let protected = [&method.to_le_bytes()[..], &[1, 0, 1, 0], &[0x5A; 48]].concat();
        let records =
            [begin(), record(0x002F, &protected), record(0x0085, &noise), record(0x0200, &noise[..14])];
        let result = rows(&container(&[("/Workbook", &records.concat())]));
        assert!(matches!(result, Err(ReadError::PasswordProtected)), "{method}: {result:?}");
    }
}

/// A record of XLSB.
fn binary(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = match kind {
        0..0x80 => vec![kind as u8],
        _ => vec![(kind & 0x7F) as u8 | 0x80, (kind >> 7) as u8],
    };
    let mut size = body.len();
    loop {
        let more = if size >= 0x80 { 0x80 } else { 0 };
        bytes.push((size & 0x7F) as u8 | more);
        size >>= 7;
        if size == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let bytes = units.iter().flat_map(|unit| unit.to_le_bytes());
    (units.len() as u32).to_le_bytes().into_iter().chain(bytes).collect()
}

/// An XLSB workbook with one sheet that has those records between its cells' begin and end.
fn binary_workbook(cells: &[Vec<u8>], strings: &[&str]) -> Vec<u8> {
    let sheet = [vec![0; 4], vec![1, 0, 0, 0], wide("rId1"), wide("A")].concat();
    let book = [binary(0x9C, &sheet), binary(0x90, &[]), binary(0x84, &[])].concat();
    let part =
        [binary(0x81, &[]), binary(0x94, &[0; 16]), binary(0x91, &[]), cells.concat(), binary(0x92, &[])]
            .concat();
    let count = (strings.len() as u32).to_le_bytes();
    let mut table = binary(0x9F, &[count, count].concat());
    strings.iter().for_each(|text| table.extend(binary(0x13, &[vec![0], wide(text)].concat())));
    let relation = |kind: &str, id: &str, target: &str| {
        let kind = format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}");
        format!(
            "<Relationships><Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    zip(&[
        ("_rels/.rels", relation("officeDocument", "rId1", "xl/workbook.bin").as_bytes()),
        ("xl/_rels/workbook.bin.rels", relation("worksheet", "rId1", "worksheets/sheet1.bin").as_bytes()),
        ("xl/workbook.bin", &book),
        ("xl/worksheets/sheet1.bin", &part),
        ("xl/sharedStrings.bin", &table),
    ])
}

fn row(number: u32) -> Vec<u8> {
    binary(0x00, &[&number.to_le_bytes()[..], &[0; 21]].concat())
}

fn cell(kind: u16, column: u32, value: &[u8]) -> Vec<u8> {
    binary(kind, &[&column.to_le_bytes()[..], &[0; 4], value].concat())
}

#[test]
fn values_of_xlsb_are_read_with_the_errors_of_formulas() {
    // Behind its value a formula has flags and its own bytes.
    let formula = |value: &[u8]| [value, &[0; 10]].concat();
    let cells = [
        row(0),
        cell(0x05, 0, &31.5_f64.to_le_bytes()),
        cell(0x0B, 1, &formula(&[0x2A])),
        cell(0x07, 2, &0_u32.to_le_bytes()),
        row(1),
        cell(0x0B, 0, &formula(&[0x07])),
        row(3),
        cell(0x04, 0, &[1]),
        cell(0x03, 1, &[0x17]),
        cell(0x09, 2, &formula(&2_f64.to_le_bytes())),
        row(5),
        cell(0x0B, 4, &formula(&[0x1D])),
    ];
    let bytes = binary_workbook(&cells, &["text"]);
    assert_eq!(
        recognise(file(&bytes).path(), &ReadLimits::default()).expect("it is a workbook").kind,
        FileKind::Xlsb
    );
    let want = [
        "1 n:31.5 | e:#N/A | t:text | - | -",
        "2 e:#DIV/0! | - | - | - | -",
        "4 b:true | e:#REF! | n:2 | - | -",
        "6 - | - | - | - | e:#NAME?",
    ];
    assert_eq!(rows(&bytes).expect("it is read"), want);
}

/// As SheetJS writes them. Passed over, they would be missing without a word.
#[test]
fn xlsb_with_cells_that_do_not_say_their_column_is_refused() {
    let cells = [row(0), cell(0x07, 0, &0_u32.to_le_bytes()), binary(0x0D, &[0; 8])];
    let found = rows(&binary_workbook(&cells, &["text"]));
    assert!(matches!(found, Err(ReadError::Damaged { .. })), "{found:?}");
}

#[test]
fn xlsb_that_swells_is_refused() {
    let limits = ReadLimits { compression_ratio: 2000, ..ReadLimits::default() };
    let limit = |bytes: &[u8], limits: &ReadLimits| match rows_with(bytes, &Choice::default(), limits) {
        Err(ReadError::TooBig { limit, .. }) => Some(limit),
        _ => None,
    };
    let referring: Vec<Vec<u8>> =
        (0..20_000).flat_map(|number| [row(number), cell(0x07, 0, &0_u32.to_le_bytes())]).collect();
    let bytes = binary_workbook(&referring, &[&"x".repeat(4 << 20)]);
    assert_eq!(limit(&bytes, &limits), Some(Limit::CellBytes));
    let bytes = binary_workbook(&referring, &[&"x".repeat(500_000)]);
    let few = ReadLimits { text_bytes: 100 << 20, ..limits.clone() };
    assert_eq!(limit(&bytes, &few), Some(Limit::TextBytes));
    let zeros = binary_workbook(&[binary(0x01, &vec![0; 200 << 20])], &[]);
    assert_eq!(limit(&zeros, &ReadLimits::default()), Some(Limit::CompressionRatio));
    let few = ReadLimits { whole_uncompressed_bytes: 100 << 20, ..limits };
    assert_eq!(limit(&zeros, &few), Some(Limit::UncompressedBytes));
}
