//! XLSX files, read back with calamine.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Cursor;

use arrow_array::RecordBatch;
use calamine::{Data, Range, Reader, Xlsx};
use longshore_protocol::ExportFormat;
use longshore_sheets::{SheetSpec, ShortenedColumn, Summary, open};
use support::{DAY, batch, booleans, dates, decimals, floats, integers, moments, text, times, timestamps};

/// Writes a batch and reads its sheets back.
fn round_trip(
    batch: &RecordBatch,
    adjust: impl FnOnce(&mut SheetSpec),
) -> (Summary, Vec<(String, Range<Data>)>) {
    let (summary, bytes) = support::write(ExportFormat::Xlsx, batch, adjust).unwrap();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    (summary, workbook.worksheets())
}

/// Writes one column and gives its cells below the header, blank ones as `Empty`.
fn column(array: arrow_array::ArrayRef) -> Vec<Data> {
    let row_count = array.len();
    let (_, sheets) = round_trip(&batch(vec![("c", array)]), |_| {});
    let range = &sheets[0].1;
    (1..=row_count as u32).map(|row| range.get_value((row, 0)).cloned().unwrap_or_default()).collect()
}

fn string(text: &str) -> Data {
    Data::String(text.to_owned())
}

#[test]
fn numbers_are_numbers_as_far_as_that_is_exact() {
    assert_eq!(
        column(integers([Some(0), Some(-7), Some(999_999_999_999_999), Some(1_000_000_000_000_000), None])),
        [
            Data::Float(0.0),
            Data::Float(-7.0),
            Data::Float(999_999_999_999_999.0),
            string("1000000000000000"),
            Data::Empty
        ]
    );
    assert_eq!(
        column(decimals(2, [Some(1), Some(-12_345), None, Some(1_234_567_890_123_456)])),
        [Data::Float(0.01), Data::Float(-123.45), Data::Empty, string("12345678901234.56")]
    );
    assert_eq!(
        column(floats([
            Some(0.1),
            Some(f64::MAX),
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY)
        ])),
        [Data::Float(0.1), Data::Float(f64::MAX), string("NaN"), string("Infinity"), string("-Infinity")]
    );
    assert_eq!(
        column(booleans([Some(true), None, Some(false)])),
        [Data::Bool(true), Data::Empty, Data::Bool(false)]
    );
}

#[test]
fn dates_are_dates_within_excels_calendar() {
    let as_text = |cell: &Data| match cell {
        Data::DateTime(moment) => format!("serial {}", moment.as_f64()),
        other => other.to_string(),
    };
    let days = column(dates([Some(0), Some(20_666), Some(-25_508), Some(-25_509), Some(2_932_897), None]));
    assert_eq!(
        days.iter().map(as_text).collect::<Vec<_>>(),
        ["serial 25569", "serial 46235", "serial 61", "1900-02-28", "+10000-01-01", ""]
    );
    let unzoned = column(timestamps([
        Some(20_666 * DAY + DAY / 4),
        Some(-25_509 * DAY),
        Some(2_932_897 * DAY - 1),
        None,
    ]));
    assert_eq!(
        unzoned.iter().map(as_text).collect::<Vec<_>>(),
        ["serial 46235.25", "1900-02-28 00:00:00", "9999-12-31 23:59:59.999999", ""]
    );
    let in_a_zone = column(moments(
        "America/New_York",
        // On 2026-11-01 clocks went from 2 to 1 in the night, at 6:00 UTC.
        [Some(20_758 * DAY + 5 * DAY / 24), Some(20_758 * DAY + DAY / 4), Some(-25_508 * DAY), None],
    ));
    assert_eq!(
        in_a_zone.iter().map(as_text).collect::<Vec<_>>(),
        ["serial 46327.041666666664", "serial 46327.041666666664", "1900-02-28 19:00:00", ""]
    );
    let hours = column(times([Some(0), Some(DAY / 4), Some(DAY / 8 * 7), Some(DAY), Some(-1), None]));
    assert_eq!(
        hours.iter().map(as_text).collect::<Vec<_>>(),
        ["serial 0", "serial 0.25", "serial 0.875", "24:00:00", "-00:00:00.000001", ""]
    );
}

#[test]
fn texts_come_back_as_they_were() {
    let texts = [
        "001234567890123456",
        "中文，𠮷䶮",
        "emoji 👩‍👩‍👧 é",
        "=SUM(A1:A2)",
        "+1",
        "-5 off",
        "@home",
        "'quoted",
        "https://example.org/?a=1&b=<2>",
        "say \"hi\" & <b>",
        "two\nlines",
        "tab\there",
        " leading and trailing ",
        "\nnewline first",
        "TRUE",
        "_",
        "_x",
        "x_x0041",
    ];
    assert_eq!(column(text(texts.map(Some))), texts.map(string));
    assert_eq!(column(text([None, Some(""), Some("x")])), [Data::Empty, Data::Empty, string("x")]);
}

/// Characters that XML cannot carry are written as `_xHHHH_` and literal texts of that form with an
/// escaped underscore (ECMA-376 part 1, 22.9.2.19 ST_Xstring).
#[test]
fn characters_that_xml_cannot_carry_are_escaped() {
    for (value, want) in [
        ("a\u{1}b", "a_x0001_b"),
        ("cr\r\nlf", "cr_x000D_\nlf"),
        ("\u{0}", "_x0000_"),
        ("\u{FFFF}", "_xFFFF_"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("_x0041\u{1}", "_x005F_x0041_x0001_"),
        ("_xZZZZ_", "_xZZZZ_"),
    ] {
        let (_, bytes) =
            support::write(ExportFormat::Xlsx, &batch(vec![("c", text([Some(value)]))]), |_| {}).unwrap();
        assert_eq!(raw_text(&bytes), want, "{value:?} in the file");
        assert_eq!(column(text([Some(value)])), [string(value)], "{value:?} read back");
    }
}

#[test]
fn every_character_comes_back() {
    let planes = (0..=0xFFFF_u32).chain([0x1F600, 0x20BB7, 0xE0001, 0x10FFFF]);
    let characters: Vec<String> = planes.filter_map(char::from_u32).map(|c| format!("<{c}>")).collect();
    let cells = column(text(characters.iter().map(|text| Some(text.as_str()))));
    for (cell, want) in cells.iter().zip(&characters) {
        assert_eq!(*cell, string(want));
    }
    // All that XML cannot carry at once, in a text of its own.
    let all: String = (0..0x20_u8).chain(0x7f..0xa0).map(char::from).collect();
    assert_eq!(column(text([Some(all.as_str())])), [string(&all)]);
}

/// A part of the workbook as XML.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    std::io::read_to_string(archive.by_name(name).unwrap()).unwrap()
}

/// The XML text of the one text below the header, in the table of shared strings.
fn raw_text(bytes: &[u8]) -> String {
    let xml = part(bytes, "xl/sharedStrings.xml");
    let text = xml.split("<si><t").nth(2).unwrap();
    text[text.find('>').unwrap() + 1..text.find("</t>").unwrap()].to_owned()
}

#[test]
fn rows_continue_on_further_sheets() {
    for (row_count, rows_per_sheet, want) in [
        (0, 3, vec![0]),
        (3, 3, vec![3]),
        (4, 3, vec![3, 1]),
        (600, 257, vec![257, 257, 86]),
        (2, 0, vec![1, 1]),
    ] {
        let rows =
            batch(vec![("n", integers((0..row_count).map(Some))), ("t", text((0..row_count).map(|_| None)))]);
        let (summary, sheets) = round_trip(&rows, |spec| spec.rows_per_sheet = rows_per_sheet);
        assert_eq!(
            summary,
            Summary { row_count: row_count as u64, sheet_count: want.len() as u32, ..Summary::default() }
        );
        let mut next = 0.0;
        for (index, (name, range)) in sheets.iter().enumerate() {
            let expected_name =
                if index == 0 { "Orders".to_owned() } else { format!("Orders ({})", index + 1) };
            assert_eq!(*name, expected_name);
            assert_eq!(range.get_value((0, 0)), Some(&string("n")), "header of {name}");
            assert_eq!(range.height(), want[index] + 1, "rows of {name}");
            for row in 1..=want[index] as u32 {
                assert_eq!(range.get_value((row, 0)), Some(&Data::Float(next)));
                next += 1.0;
            }
        }
        assert_eq!(sheets.len(), want.len());
    }
}

/// Excel's own limit, 1,048,576 rows with the header.
#[test]
fn a_full_sheet_is_followed_by_another() {
    let rows = batch(vec![("n", integers((0..2 * 65_536).map(Some)))]);
    let sink = support::SharedSink::default();
    let mut writer = open(ExportFormat::Xlsx, support::spec_for(&rows), Box::new(sink.clone())).unwrap();
    for _ in 0..8 {
        writer.write_batch(&rows).unwrap();
    }
    assert_eq!(
        writer.finish().unwrap(),
        Summary { row_count: 1 << 20, sheet_count: 2, ..Summary::default() }
    );
    for (number, row_count, last) in [(1, 1_048_575, 131_070), (2, 1, 131_071)] {
        let sheet = part(&sink.bytes(), &format!("xl/worksheets/sheet{number}.xml"));
        assert_eq!(sheet.matches("<row ").count(), row_count + 1);
        assert!(
            sheet.contains(&format!(
                "<c r=\"A{}\" s=\"1\"><v>{last}</v></c></row></sheetData>",
                row_count + 1
            ))
        );
        assert!(sheet.contains(&format!("<autoFilter ref=\"A1:A{}\"/>", row_count + 1)));
    }
}

#[test]
fn batches_follow_each_other_across_sheets() {
    let sink = support::SharedSink::default();
    let rows = batch(vec![("n", integers((0..7).map(Some)))]);
    let mut spec = support::spec_for(&rows);
    spec.rows_per_sheet = 10;
    let mut writer = open(ExportFormat::Xlsx, spec, Box::new(sink.clone())).unwrap();
    for _ in 0..3 {
        writer.write_batch(&rows).unwrap();
    }
    writer.write_batch(&rows.slice(0, 0)).unwrap();
    assert_eq!(writer.finish().unwrap().row_count, 21);
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(sink.bytes())).unwrap();
    let heights: Vec<usize> = workbook.worksheets().iter().map(|(_, range)| range.height()).collect();
    assert_eq!(heights, [11, 11, 2]);
}

#[test]
fn the_sheet_is_dressed() {
    let rows = batch(vec![
        ("id", text([Some("1"), Some("a longer text")])),
        ("金额", decimals(2, [Some(1), None])),
        ("day", dates([Some(0), None])),
        ("at", timestamps([Some(0), None])),
    ]);
    let (_, bytes) = support::write(ExportFormat::Xlsx, &rows, |_| {}).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    let styles = part(&bytes, "xl/styles.xml");
    for wanted in ["<autoFilter ref=\"A1:D3\"/>", "state=\"frozen\""] {
        assert!(sheet.contains(wanted), "{wanted} in {sheet}");
    }
    for wanted in ["\"yyyy-mm-dd\"", "\"yyyy-mm-dd hh:mm:ss\"", "<b/>"] {
        assert!(styles.contains(wanted), "{wanted} in {styles}");
    }
    let widths: Vec<f64> = sheet
        .split("width=\"")
        .skip(1)
        .map(|rest| rest[..rest.find('"').unwrap()].parse::<f64>().unwrap().floor())
        .collect();
    assert_eq!(widths, [15.0, 14.0, 12.0, 20.0]);
}

#[test]
fn five_hundred_columns_with_the_same_header() {
    let columns = (0..500).map(|n| ("c", integers([Some(n), None]))).collect();
    let (_, sheets) = round_trip(&batch(columns), |_| {});
    let range = &sheets[0].1;
    assert_eq!(range.width(), 500);
    for n in 0..500 {
        assert_eq!(range.get_value((0, n)), Some(&string("c")));
        assert_eq!(range.get_value((1, n)), Some(&Data::Float(f64::from(n))));
    }
}

#[test]
fn odd_titles_make_readable_workbooks() {
    let rows = batch(vec![("c", text([Some("x")]))]);
    for (title, want) in [
        ("订单 & <\"客户\">", "订单 & <\"客户\">"),
        ("", "Sheet1"),
        ("history", "history_"),
        ("'a/b'", "a_b"),
        ("\u{1}\n", "__"),
        ("😀", "😀"),
    ] {
        let (_, sheets) = round_trip(&rows, |spec| spec.title = title.to_owned());
        assert_eq!(sheets[0].0, want);
    }
}

#[test]
fn long_texts_are_shortened_and_counted() {
    let long = "订".repeat(32_768);
    let (long, fits) = (Some(long.as_str()), Some(&long[3..]));
    let rows = batch(vec![
        ("none", text([fits, None, Some("x"), None])),
        ("late", text([None, None, long, fits])),
        ("n", integers([Some(1), None, None, None])),
        ("often", text([fits, long, long, long])),
    ]);
    // Rows count over the whole file, whatever their sheet.
    let (summary, sheets) = round_trip(&rows, |spec| spec.rows_per_sheet = 2);
    assert_eq!(summary.shortened_cell_count, 4);
    assert_eq!(
        summary.shortened,
        [
            ShortenedColumn { column: 1, cell_count: 1, first_row: 3 },
            ShortenedColumn { column: 3, cell_count: 3, first_row: 2 }
        ]
    );
    for (sheet, row, column) in [(0, 1, 0), (0, 1, 3), (0, 2, 3), (1, 1, 1), (1, 2, 1), (1, 1, 3), (1, 2, 3)]
    {
        assert_eq!(sheets[sheet].1.get_value((row, column)), fits.map(string).as_ref());
    }
    for format in [ExportFormat::Csv, ExportFormat::CsvGz, ExportFormat::Parquet] {
        let (summary, _) = support::write(format, &rows, |_| {}).unwrap();
        assert_eq!(summary, Summary { row_count: 4, sheet_count: 1, ..Summary::default() });
    }
}
