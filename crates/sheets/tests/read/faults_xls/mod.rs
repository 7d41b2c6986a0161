//! An XLS file of errors holds what the rows held, looks as it should, and is put together as [MS-XLS] says.

mod walk;

use std::path::Path;

use calamine::{Data, Reader, Xls, open_workbook};
use longshore_sheets::faults::{FaultsError, FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellKind, Choice, FileKind, ReadLimits, recognise};
use proptest::prelude::*;

use self::walk::{BOF, CELL, EOF, Walked};
use crate::support::{batches, lines};

fn cell(kind: CellKind, text: &str) -> Cell<'_> {
    Cell { kind, text }
}

fn writer(path: &Path, title: &str, headers: &[&str]) -> FaultsWriter {
    let headers = headers.iter().map(|&header| header.to_owned()).collect();
    FaultsWriter::create(FaultsKind::Xls, path, title, headers).expect("it is made")
}

/// The first sheet, as this reader reads it.
fn found(path: &Path) -> Vec<String> {
    let batches = batches(path, &Choice::default(), &ReadLimits::default()).expect("it is read");
    batches.iter().flat_map(lines).collect()
}

/// The first sheet, as calamine reads it by itself.
fn found_by_calamine(path: &Path) -> Vec<String> {
    let mut workbook: Xls<_> = open_workbook(path).expect("it is read");
    let range = workbook.worksheet_range_at(0).expect("a sheet").expect("it is read");
    assert_eq!(range.start(), Some((0, 0)));
    let cell = |value: &Data| match value {
        Data::Empty => "-".to_owned(),
        Data::String(text) => format!("t:{text}"),
        Data::Int(number) => format!("n:{number}"),
        Data::Float(number) => format!("n:{number}"),
        Data::Bool(boolean) => format!("b:{boolean}"),
        Data::DateTime(moment) => format!("d:{}", moment.as_f64()),
        other => format!("{other:?}"),
    };
    let rows = range.rows().zip(1..);
    rows.map(|(row, number)| format!("{number} {}", row.iter().map(cell).collect::<Vec<_>>().join(" | ")))
        .collect()
}

#[test]
fn all_that_was_there_is_there() {
    let long = "长🚢é".repeat(10_000);
    let long_number = format!("5.{}e-324", "0".repeat(70_000));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    let title = "['Liste': 1/2*?\\]";
    let long_header = "订".repeat(40_000);
    let mut writer = writer(&path, title, &["<a> & \"b\"", "", &long_header, "Row in file", "Reason"]);
    let headers =
        format!("1 t:<a> & \"b\" | - | t:{} | t:Row in file | t:Reason", &long_header[..32_767 * 3]);
    let (mut want, mut want_by_calamine) = (vec![headers.clone()], vec![headers]);
    let mut kept = Vec::new();
    for (kind, text, read, read_by_calamine) in [
        (CellKind::Empty, "", "-", ""),
        (CellKind::Number, "42", "n:42", ""),
        (CellKind::Number, "-536870911", "n:-536870911", ""),
        (CellKind::Number, "536870912", "n:536870912", ""),
        (CellKind::Number, "-1E-3", "n:-0.001", ""),
        (CellKind::Number, "0.30000000000000004", "n:0.30000000000000004", ""),
        (CellKind::Number, "-0", "n:0", ""),
        (CellKind::Number, "5e-324", "t:5e-324", ""),
        (CellKind::Number, &long_number, &format!("t:{}", &long_number[..32_767]), ""),
        (CellKind::Number, "123456789012345678", "t:123456789012345678", ""),
        (CellKind::Number, "NaN", "t:NaN", ""),
        (CellKind::Boolean, "true", "b:true", ""),
        (CellKind::Boolean, "false", "b:false", ""),
        (CellKind::Date, "2026-08-01", "d:2026-08-01", "d:46235"),
        (CellKind::Date, "2026-08-01T10:30:00", "d:2026-08-01T10:30:00", "d:46235.4375"),
        (CellKind::Date, "1969-12-31T12:00:00", "d:1969-12-31T12:00:00", "d:25568.5"),
        (CellKind::Date, "10:30:00", "d:10:30:00", "d:0.4375"),
        (CellKind::Date, "00:00:00", "d:00:00:00", "d:0"),
        (CellKind::Date, "36:00:00", "d:36:00:00", "d:1.5"),
        (CellKind::Date, "0001-01-01", "t:0001-01-01", ""),
        (CellKind::Date, "2026-08-01T10:30:00Z", "t:2026-08-01T10:30:00Z", ""),
        (CellKind::Error, "#DIV/0!", "t:#DIV/0!", ""),
        (CellKind::Text, "=1+1", "t:=1+1", ""),
        (CellKind::Text, "'=1+1", "t:'=1+1", ""),
        (CellKind::Text, "2026-08-01", "t:2026-08-01", ""),
        (CellKind::Text, "\0a\u{1}b\u{FFFE}c\u{1F}\0", "t:\0a\u{1}b\u{FFFE}c\u{1F}\0", ""),
        (CellKind::Text, " a\r\n\tb\n", "t: a\r\n\tb\n", ""),
        (CellKind::Text, "caf\u{E9} \u{80}\u{9F}\u{FF}", "t:caf\u{E9} \u{80}\u{9F}\u{FF}", ""),
        (CellKind::Text, "王小明的订单 🚢👩‍👩‍👧", "t:王小明的订单 🚢👩‍👩‍👧", ""),
        (CellKind::Text, "_x0041_", "t:_x0041_", ""),
        (CellKind::Text, &long, &format!("t:{}", &long[..8191 * 9 + 7]), ""),
    ] {
        // Each plain, wrong, and beside the other.
        let each = cell(kind, text);
        let number = u32::MAX - want.len() as u32;
        let mut push = |cells: &[Cell<'_>], bad: &[usize], show: &dyn Fn(&str) -> String| {
            writer.push(cells, bad, number, "a < b\nc").expect("it is written");
            let line = |read| format!("{} {} | n:{number} | t:a < b\nc", want.len() + 1, show(read));
            let lines = (line(read), line(if read_by_calamine.is_empty() { read } else { read_by_calamine }));
            want.push(lines.0);
            want_by_calamine.push(lines.1);
        };
        push(&[each], &[], &|read| format!("{read} | - | -"));
        push(&[each, each, each], &[0, 2], &|read| format!("{read} | {read} | {read}"));
        push(&[cell(CellKind::Empty, ""), each], &[0], &|read| format!("- | {read} | -"));
        kept.push(read.to_owned());
    }
    assert_eq!(writer.finish().expect("it is completed"), kept.len() as u64 * 3);
    let recognised = recognise(&path, &ReadLimits::default()).expect("it is recognised");
    let sheets: Vec<_> =
        recognised.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.is_hidden)).collect();
    assert_eq!((recognised.kind, sheets), (FileKind::Xls, vec![("_'Liste'_ 1_2____", false)]));
    assert_eq!(found(&path), want);
    assert_eq!(found_by_calamine(&path), want_by_calamine);
    // Each text is in the table, and once.
    let mut texts = Walked::open(&path).texts();
    for read in kept.iter().filter_map(|read| read.strip_prefix("t:")) {
        assert!(texts.iter().any(|text| text == read), "{read:?}");
    }
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count);
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 1, "nothing else is left");
}

#[test]
fn what_is_wrong_is_marked() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    let mut writer = writer(&path, "A", &["a", "", "row", "problem"]);
    for (kind, text) in [
        (CellKind::Empty, ""),
        (CellKind::Text, "=1+1"),
        (CellKind::Number, "1"),
        (CellKind::Number, "1.5"),
        (CellKind::Boolean, "true"),
        (CellKind::Date, "2026-08-01"),
        (CellKind::Date, "10:30:00"),
        (CellKind::Date, "36:00:00"),
        (CellKind::Date, "2026-08-01T10:30:00"),
    ] {
        writer.push(&[cell(kind, text); 2], &[1], 7, "why").expect("it is written");
    }
    writer.push(&[], &[], 8, "").expect("it is written");
    writer.finish().expect("it is completed");
    let moment = |pattern| format!("0[{pattern}] 1/9c0006#ffc7ce[{pattern}] 2 3");
    let plain = "0 1/9c0006#ffc7ce 2 3".to_owned();
    let want = [
        "0b#e8eef4 1b#e8eef4 2b#e8eef4 3b#e8eef4".to_owned(),
        "1/9c0006#ffc7ce 2 3".to_owned(),
        plain.clone(),
        plain.clone(),
        plain.clone(),
        plain,
        moment("yyyy-mm-dd"),
        moment("hh:mm:ss"),
        moment("[h]:mm:ss"),
        moment("yyyy-mm-dd hh:mm:ss"),
        "2".to_owned(),
    ];
    let walked = Walked::open(&path);
    assert_eq!(walked.looks(), want);
    let bodies = |kind: u16| -> Vec<&[u8]> {
        walked
            .records
            .iter()
            .filter(|record| record.kind == kind)
            .map(|record| record.body.as_slice())
            .collect()
    };
    // The first row is frozen, and the lower part of the window is the one that is used.
    assert_eq!(bodies(0x0041), [[0, 0, 1, 0, 1, 0, 0, 0, 2, 0]]);
    assert_eq!(bodies(0x023E)[0][..2], [0xBE, 0x07]);
    // 16 digits and 60 of 7 pixels each, with 5 beside them, in 256ths of a digit.
    assert_eq!(
        bodies(0x007D),
        [[0, 0, 2, 0, 0xB6, 0x10, 15, 0, 2, 0, 0, 0], [3, 0, 3, 0, 0xB6, 0x3C, 15, 0, 2, 0, 0, 0]]
    );
    // 11 rows of 4 columns.
    assert_eq!(bodies(0x0200), [[0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 4, 0, 0, 0]]);
}

/// All records that must be there are there, in their order, and what is said of places in the file is so.
#[test]
fn a_workbook_of_several_sheets_is_whole() {
    const GLOBALS: [u16; 32] = [
        BOF, 0x00E1, 0x00C1, 0x00E2, 0x005C, 0x0042, 0x0161, 0x013D, 0x0019, 0x0012, 0x0013, 0x01AF, 0x01BC,
        0x003D, 0x0040, 0x008D, 0x0022, 0x000E, 0x01B7, 0x00DA, 0x0031, 0x041E, 0x00E0, 0x0293, 0x0092,
        0x0160, 0x0085, 0x008C, 0x00FC, 0x003C, 0x00FF, EOF,
    ];
    const SHEET_START: [u16; 22] = [
        BOF, 0x020B, 0x000D, 0x000C, 0x000F, 0x0011, 0x0010, 0x005F, 0x002A, 0x002B, 0x0082, 0x0080, 0x0225,
        0x0081, 0x0014, 0x0015, 0x0083, 0x0084, 0x00A1, 0x0055, 0x007D, 0x0200,
    ];
    const BLOCK: [u16; 3] = [0x0208, CELL, 0x00D7];
    const SHEET_END: [u16; 4] = [0x023E, 0x0041, 0x001D, EOF];
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    let mut writer = writer(&path, "订单", &["a", "row", "problem"]);
    for number in 1..=65_537 {
        writer
            .push(&[cell(CellKind::Text, &format!("客户 {number}"))], &[], number, "why")
            .expect("it is written");
    }
    writer.finish().expect("it is completed");
    let walked = Walked::open(&path);
    let parts = walked.parts();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0], GLOBALS);
    for (part, block_count) in parts[1..].iter().zip([2048, 1]) {
        assert_eq!(*part, [&SHEET_START[..], &BLOCK.repeat(block_count), &SHEET_END].concat());
    }
    assert_eq!(walked.sheets(), [("订单".to_owned(), 65_536), ("订单 (2)".to_owned(), 3)]);
    assert_eq!(walked.texts().len(), 65_537 + 4);
    let mut workbook: Xls<_> = open_workbook(&path).expect("it is read");
    assert_eq!(workbook.sheet_names(), ["订单", "订单 (2)"]);
    let range = workbook.worksheet_range("订单 (2)").expect("it is read");
    assert_eq!(range.get((2, 0)), Some(&Data::String("客户 65537".to_owned())));
}

#[test]
fn a_sheet_has_256_columns() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    let mut headers = vec!["x"; 254];
    headers.extend(["row", "problem"]);
    let mut writer = writer(&path, "A", &headers);
    writer.push(&vec![cell(CellKind::Boolean, "true"); 254], &[253], 2, "why").expect("it is written");
    writer.finish().expect("it is completed");
    assert_eq!(found(&path)[1], format!("2 {} | n:2 | t:why", vec!["b:true"; 254].join(" | ")));
    Walked::open(&path).sheets();
    let headers = vec![String::new(); 257];
    let result = FaultsWriter::create(FaultsKind::Xls, &path, "A", headers).map(|_| ());
    assert!(matches!(result, Err(FaultsError::TooManyColumns { column_count: 257, allowed: 256 })));
}

/// Nor is there anything while it is written.
#[test]
fn nothing_is_left_of_a_workbook_that_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    let mut writer = writer(&path, "A", &["a", "row", "problem"]);
    for number in 1..1000 {
        writer.push(&[cell(CellKind::Text, &number.to_string())], &[], number, "why").expect("it is written");
    }
    let count = || std::fs::read_dir(folder.path()).expect("is listed").count();
    assert_eq!(count(), 0);
    drop(writer);
    assert_eq!(count(), 0);
}

#[test]
fn a_workbook_without_rows_has_its_header() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.xls");
    writer(&path, "", &["", ""]).finish().expect("it is completed");
    let walked = Walked::open(&path);
    assert_eq!(walked.sheets(), [("Sheet1".to_owned(), 1)]);
    assert!(walked.texts().is_empty());
    writer(&path, "", &["row", "problem"]).finish().expect("it is completed");
    assert_eq!(found(&path), ["1 t:row | t:problem"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Texts come back whole wherever one record ends and the next begins.
    #[test]
    fn any_texts_come_back(
        texts in prop::collection::vec(
            prop_oneof![any::<String>(), "[a\u{E9}]{0,9000}", "[\u{8BA2}\u{1F6A2}]{0,5000}", "[ax\0\u{8BA2}\u{1F6A2}]{1,60}"],
            1..12,
        )
    ) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("faults.xls");
        let mut writer = writer(&path, "A", &["a", "row", "problem"]);
        for text in &texts {
            writer.push(&[cell(CellKind::Text, text)], &[0], 7, "why").expect("it is written");
        }
        writer.finish().expect("it is completed");
        Walked::open(&path).texts();
        let show = |text: &String| if text.is_empty() { "-".to_owned() } else { format!("t:{text}") };
        let want: Vec<String> = texts.iter().map(show).collect();
        let found = found(&path);
        for ((found, want), number) in found[1..].iter().zip(&want).zip(2..) {
            prop_assert_eq!(found, &format!("{number} {want} | n:7 | t:why"));
        }
        prop_assert_eq!(found.len(), texts.len() + 1);
    }
}
