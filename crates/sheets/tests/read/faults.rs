//! The file of rows in error holds what the rows held, so that it can be mended and read again.

use longshore_sheets::faults::{FaultsError, FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellKind, Choice, Encoding, ReadLimits, TextForm, recognise};

use crate::support::{batches, lines};

const KINDS: [FaultsKind; 2] =
    [FaultsKind::Workbook, FaultsKind::Text(TextForm { delimiter: b';', ..TextForm::new(Encoding::Utf8) })];

/// The rows of a file of errors with those headers and columns, each with the number 7 and the reason "why".
fn written(
    kind: FaultsKind,
    headers: &[&str],
    column_count: usize,
    rows: &[&[Cell<'_>]],
) -> Result<Vec<String>, FaultsError> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults");
    let headers = headers.iter().chain(&["row", "problem"]).map(|&header| header.to_owned()).collect();
    let mut writer = FaultsWriter::create_wide(kind, &path, "A", headers, column_count)?;
    for cells in rows {
        writer.push(cells, &[0], 7, "why")?;
    }
    assert_eq!(writer.finish()?, rows.len() as u64);
    let batches = batches(&path, &Choice::default(), &ReadLimits::default()).expect("it is read");
    Ok(batches.iter().flat_map(lines).collect())
}

fn cell(kind: CellKind, text: &str) -> Cell<'_> {
    Cell { kind, text }
}

#[test]
fn cells_stay_what_they_were() {
    for (kind, text, want) in [
        (
            CellKind::Text,
            "=HYPERLINK(\"https://example.org\",\"x\")",
            "t:=HYPERLINK(\"https://example.org\",\"x\")",
        ),
        (CellKind::Text, "001", "t:001"),
        (CellKind::Number, "19.99", "n:19.99"),
        (CellKind::Number, "123456789012345678", "t:123456789012345678"),
        (CellKind::Boolean, "false", "b:false"),
        (CellKind::Error, "=A1+B1", "t:=A1+B1"),
        (CellKind::Date, "2026-08-01", "d:2026-08-01"),
        (CellKind::Date, "2026-08-01T10:30:00", "d:2026-08-01T10:30:00"),
        (CellKind::Date, "2026-08-01T00:00:00", "d:2026-08-01T00:00:00"),
        (CellKind::Date, "23:59:59.250", "d:23:59:59.250"),
        (CellKind::Date, "36:00:00", "d:36:00:00"),
        (CellKind::Date, "1000:00:01", "d:1000:00:01"),
        (CellKind::Date, "2026-08-01T10:30:00+08:00", "t:2026-08-01T10:30:00+08:00"),
        (CellKind::Date, "2026-08-01T10:30:00.000001", "t:2026-08-01T10:30:00.000001"),
        (CellKind::Date, "1900-01-01", "t:1900-01-01"),
    ] {
        for faults in KINDS {
            let found = written(faults, &["a"], 1, &[&[cell(kind, text)]]).expect("it is written");
            let (want, number) = match faults {
                FaultsKind::Workbook => (want.to_owned(), "n:7"),
                FaultsKind::Text(_) => (format!("t:{text}"), "t:7"),
            };
            assert_eq!(
                found,
                ["1 t:a | t:row | t:problem".to_owned(), format!("2 {want} | {number} | t:why")],
                "{text}"
            );
        }
    }
}

#[test]
fn rows_may_go_on_to_the_right_of_the_headers() {
    let cells = ["x", "y", "z"].map(|text| cell(CellKind::Text, text));
    for kind in KINDS {
        let number = if kind == FaultsKind::Workbook { "n:7" } else { "t:7" };
        let found = written(kind, &["a"], 3, &[&cells, &cells[..1]]).expect("it is written");
        let want = [
            "1 t:a | - | - | t:row | t:problem".to_owned(),
            format!("2 t:x | t:y | t:z | {number} | t:why"),
            format!("3 t:x | - | - | {number} | t:why"),
        ];
        assert_eq!(found, want);
        let result = written(kind, &["a"], 2, &[&cells]);
        assert!(matches!(result, Err(FaultsError::RowTooWide { number: 7, cell_count: 3, column_count: 2 })));
    }
}

/// A file in the encoding of a person's own program is one that this program opens; where that is not to be had, it is UTF-8.
#[test]
fn the_encoding_is_that_of_the_file_that_was_sent() {
    let chinese = ["王小明的订单已经发货", "收货地址在上海市浦东新区", "=公式"];
    let french = ["Ça va, élève ?", "naïveté", "=où"];
    for (encoding, cells, reason, want) in [
        (Encoding::Utf8, chinese, "金额：不是数字", Encoding::Utf8),
        (Encoding::Gb18030, chinese, "金额：不是数字", Encoding::Gb18030),
        (Encoding::Utf16Le, chinese, "金额：不是数字", Encoding::Utf16Le),
        (Encoding::Utf16Be, chinese, "Amount: not a number 🚢", Encoding::Utf16Be),
        (Encoding::Windows1252, french, "Amount: not a number", Encoding::Windows1252),
        (Encoding::Windows1252, french, "金额：不是数字", Encoding::Utf8),
        (Encoding::Gb18030, ["a", "b", "=c"], "not a number", Encoding::Utf8),
    ] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("faults.tsv");
        let form = TextForm { delimiter: b'\t', ..TextForm::new(encoding) };
        let headers = ["a", "b", "c", "row", "problem"].map(str::to_owned).to_vec();
        let mut writer = FaultsWriter::create(FaultsKind::Text(form), &path, "A", headers).expect("is made");
        // More than is turned at a time.
        for number in 1..=3000 {
            let row = cells.map(|text| cell(CellKind::Text, text));
            writer.push(&row, &[0], number, reason).expect("is written");
        }
        assert_eq!(writer.finish().expect("is completed"), 3000);
        let recognised = recognise(&path, &ReadLimits::default()).expect("is recognised");
        let found = recognised.text.expect("a text file");
        assert_eq!((found.encoding, found.delimiter), (want, b'\t'), "{encoding:?} {reason}");
        let batches = batches(&path, &Choice::default(), &ReadLimits::default()).expect("it is read");
        let rows: Vec<String> = batches.iter().flat_map(lines).collect();
        assert_eq!(rows.len(), 3001);
        for (row, number) in rows[1..].iter().zip(1..) {
            let [a, b, c] = cells;
            assert_eq!(*row, format!("{} t:{a} | t:{b} | t:{c} | t:{number} | t:{reason}", number + 1));
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 1, "nothing else is left");
    }
}
