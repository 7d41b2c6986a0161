//! Workbooks held to what the standards say, as far as a program can check it: the archive (APPNOTE.TXT, PKWARE), the package
//! (ECMA-376 part 2) and its parts (ECMA-376 part 1).
//!
//! `[Content_Types].xml` stands behind the sheets, because what it says of them is known only when they are written. Part 2 asks for no
//! order of the archive's items, and readers take them from the archive's directory; programs that guess a file's type
//! by its first item know `xl/` there.

#![allow(clippy::unwrap_used)]

mod archive;
#[path = "../../examples/nasty/fixture.rs"]
mod fixture;
mod package;
mod parts;
#[path = "../support/mod.rs"]
mod support;
mod with_calamine;

use longshore_protocol::ExportFormat;
use longshore_sheets::open;
use support::{batch, booleans, dates, integers, text, write};

/// Whatever holds for every workbook.
fn check(name: &str, bytes: &[u8]) {
    let items = archive::items(bytes);
    package::check(&items);
    parts::check(&items);
    assert!(items.iter().all(|item| item.bytes.len() < 1 << 30), "{name}");
}

#[test]
fn a_table_of_everything_that_goes_wrong() {
    let sink = support::SharedSink::default();
    let mut writer = open(ExportFormat::Xlsx, fixture::spec(), Box::new(sink.clone())).unwrap();
    for batch in fixture::batches() {
        writer.write_batch(&batch).unwrap();
    }
    writer.finish().unwrap();
    check("nasty", &sink.bytes());
    with_calamine::check(&sink.bytes(), &fixture::wanted());
}

#[test]
fn extremes_of_size() {
    let column = |rows: i64| batch(vec![("n", integers((0..rows).map(Some)))]);
    let wide = |columns: i64| batch((0..columns).map(|n| ("c", integers([Some(n), None]))).collect());
    for (name, rows, rows_per_sheet) in [
        ("no rows", column(0), 1),
        ("one row", column(1), 1),
        ("twelve sheets", column(12), 1),
        ("nothing but nulls", batch(vec![("a", text([None, None])), ("b", dates([None, None]))]), 9),
        ("500 columns", wide(500), 9),
        ("16,384 columns", wide(16_384), 9),
        ("one style", batch(vec![("b", booleans([Some(true)]))]), 9),
    ] {
        let (_, bytes) =
            write(ExportFormat::Xlsx, &rows, |spec| spec.rows_per_sheet = rows_per_sheet).unwrap();
        check(name, &bytes);
    }
}

#[test]
fn titles_and_headers_of_any_kind() {
    let rows =
        batch(vec![("a", integers([Some(1), Some(2), Some(3)])), ("b", text([None, Some("x"), None]))]);
    let long = "订单".repeat(150);
    let emoji = format!("{}😀😀", "x".repeat(26));
    for title in [
        "订单",
        "",
        " ",
        "History",
        "history",
        "'",
        "''quoted''",
        "[]:*?/\\",
        "a'",
        "\0\u{1}\u{FFFF}",
        "&<>\"'",
        "Sheet1",
        "A1",
        "_x0041_",
        &long[..90],
        &long,
        &emoji,
    ] {
        let (_, bytes) = write(ExportFormat::Xlsx, &rows, |spec| {
            spec.title = title.to_owned();
            spec.headers = vec!["same\0&<_x0041_".to_owned(); 2];
            spec.rows_per_sheet = 1;
        })
        .unwrap();
        check(title, &bytes);
    }
}
