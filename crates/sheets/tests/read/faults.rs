//! The file of rows in error holds what the rows held, so that it can be mended and read again.

use std::fs::File;
use std::io::Read;

use longshore_sheets::faults::{FaultsError, FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellKind, Choice, Encoding, FileKind, ReadLimits, TextForm, recognise};
use proptest::prelude::*;
use roxmltree::{Document, Node};
use zip::{CompressionMethod, ZipArchive};

use crate::support::{batches, lines};

const KINDS: [FaultsKind; 6] = [
    FaultsKind::Xlsx,
    FaultsKind::Xlsm,
    FaultsKind::Xlsb,
    FaultsKind::Ods,
    FaultsKind::Xls,
    FaultsKind::Text(TextForm { delimiter: b';', ..TextForm::new(Encoding::Utf8) }),
];

/// The rows of a file of errors with those headers and columns, each with the number 7 and the reason "why".
pub fn written(
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

/// A cell.
pub fn cell(kind: CellKind, text: &str) -> Cell<'_> {
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
        (CellKind::Date, "23:59:59.125", "d:23:59:59.125"),
        (CellKind::Date, "36:00:00", "d:36:00:00"),
        (CellKind::Date, "1000:00:01", "d:1000:00:01"),
        (CellKind::Date, "2026-08-01T10:30:00+08:00", "t:2026-08-01T10:30:00+08:00"),
        (CellKind::Date, "2026-08-01T10:30:00.000001", "t:2026-08-01T10:30:00.000001"),
        (CellKind::Date, "1900-01-01", "t:1900-01-01"),
    ] {
        for faults in KINDS {
            let found = written(faults, &["a"], 1, &[&[cell(kind, text)]]).expect("it is written");
            let (want, number) = match faults {
                FaultsKind::Text(_) => (format!("t:{text}"), "t:7"),
                // Their reader has the number of a moment without its format, so that midnight is the day.
                FaultsKind::Xlsb | FaultsKind::Xls => (want.trim_end_matches("T00:00:00").to_owned(), "n:7"),
                _ => (want.to_owned(), "n:7"),
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
        let number = if matches!(kind, FaultsKind::Text(_)) { "t:7" } else { "n:7" };
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

/// A spreadsheet with every kind of cell, plain and wrong, and texts that could break it.
#[test]
fn an_open_document_holds_all_that_was_there() {
    let long = "长".repeat(40_000);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.ods");
    let headers = ["<a> & \"b\"", "", " c", "Row in file", "Reason"].map(str::to_owned).to_vec();
    let title = "Liste <1> & \"2\"";
    let mut writer = FaultsWriter::create(FaultsKind::Ods, &path, title, headers).expect("it is made");
    let mut want = vec!["1 t:<a> & \"b\" | - | t: c | t:Row in file | t:Reason".to_owned()];
    for ((kind, text, read), number) in [
        (CellKind::Empty, "", "-"),
        (CellKind::Number, "19.989999999999998", "n:19.989999999999998"),
        (CellKind::Number, "-1E-3", "n:-1E-3"),
        (CellKind::Number, "123456789012345678", "t:123456789012345678"),
        (CellKind::Number, "NaN", "t:NaN"),
        (CellKind::Number, "1e999", "t:1e999"),
        (CellKind::Boolean, "true", "b:true"),
        (CellKind::Boolean, "false", "b:false"),
        (CellKind::Date, "2026-08-01", "d:2026-08-01"),
        (CellKind::Date, "1969-12-31T23:59:59.500", "d:1969-12-31T23:59:59.500"),
        (CellKind::Date, "9999-12-31T00:00:00", "d:9999-12-31T00:00:00"),
        (CellKind::Date, "10:30:00", "d:10:30:00"),
        (CellKind::Date, "123456:00:00.001", "d:123456:00:00.001"),
        (CellKind::Date, "0001-01-01", "t:0001-01-01"),
        (CellKind::Date, "2026-08-01T10:30:00Z", "t:2026-08-01T10:30:00Z"),
        (CellKind::Error, "#DIV/0!", "t:#DIV/0!"),
        (CellKind::Error, "of:=[.A1]+1", "t:of:=[.A1]+1"),
        (CellKind::Text, "=1+1", "t:=1+1"),
        (CellKind::Text, "2026-08-01", "t:2026-08-01"),
        (CellKind::Text, "<&\"]]>'&amp;", "t:<&\"]]>'&amp;"),
        (CellKind::Text, "</text:p></table:table>", "t:</text:p></table:table>"),
        (CellKind::Text, "\0a\u{1}b\u{FFFE}c\u{1F}", "t:\u{FFFD}a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        (CellKind::Text, "  a   b c  ", "t:  a   b c  "),
        (CellKind::Text, " ", "t: "),
        (CellKind::Text, "\ta \t b\t", "t:\ta \t b\t"),
        (CellKind::Text, "a\n\n b \r\nc\n", "t:a\n\n b \nc\n"),
        (CellKind::Text, "\n", "t:\n"),
        (CellKind::Text, "王小明的订单 🚢👩‍👩‍👧", "t:王小明的订单 🚢👩‍👩‍👧"),
        (CellKind::Text, &long, &format!("t:{}", &long[..32_767 * 3])),
    ]
    .into_iter()
    .zip((5..).step_by(1000))
    {
        // Each plain, wrong, and beside the other.
        let each = cell(kind, text);
        for (cells, bad, shown) in [
            (&[each][..], &[][..], format!("{read} | - | -")),
            (&[each, each, each], &[0, 2], format!("{read} | {read} | {read}")),
            (&[cell(CellKind::Empty, ""), each], &[0], format!("- | {read} | -")),
        ] {
            writer.push(cells, bad, number, "a < b\nc").expect("it is written");
            want.push(format!("{} {shown} | n:{number} | t:a < b\nc", want.len() + 1));
        }
    }
    assert_eq!(writer.finish().expect("it is completed"), 29 * 3);
    let recognised = recognise(&path, &ReadLimits::default()).expect("it is recognised");
    let sheets: Vec<_> =
        recognised.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.is_hidden)).collect();
    assert_eq!((recognised.kind, sheets), (FileKind::Ods, vec![(title, false)]));
    let batches = batches(&path, &Choice::default(), &ReadLimits::default()).expect("it is read");
    let found: Vec<String> = batches.iter().flat_map(lines).collect();
    assert_eq!(found, want);
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 1, "nothing else is left");
}

/// As programs for people see it: its files, what is marked, and that nothing is computed.
#[test]
fn an_open_document_marks_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults.ods");
    let headers = ["a", "b", "row", "problem"].map(str::to_owned).to_vec();
    let mut writer = FaultsWriter::create(FaultsKind::Ods, &path, "A", headers).expect("it is made");
    for text in ["=1+1", "2026-08-01"] {
        let kind = if text.starts_with('=') { CellKind::Text } else { CellKind::Date };
        writer.push(&[cell(kind, text); 2], &[1], 7, "why").expect("it is written");
    }
    writer.push(&[], &[], 8, "empty").expect("it is written");
    writer.finish().expect("it is completed");

    let mut archive = ZipArchive::new(File::open(&path).expect("opens")).expect("an archive");
    let mut texts = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("is there");
        let (name, method) = (file.name().expect("a name").into_owned(), file.compression());
        let mut text = String::new();
        file.read_to_string(&mut text).expect("UTF-8");
        texts.push((name, method == CompressionMethod::Stored, text));
    }
    let names: Vec<_> = texts.iter().map(|(name, is_stored, _)| (name.as_str(), *is_stored)).collect();
    let want = [
        ("mimetype", true),
        ("META-INF/manifest.xml", false),
        ("styles.xml", false),
        ("content.xml", false),
        ("settings.xml", false),
    ];
    assert_eq!(names, want);
    assert_eq!(texts[0].2, "application/vnd.oasis.opendocument.spreadsheet");
    let start = std::fs::read(&path).expect("reads");
    assert!(start[30..].starts_with(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK"));

    let parsed: Vec<Document<'_>> =
        texts[1..].iter().map(|(name, _, text)| Document::parse(text).expect(name)).collect();
    let content = &parsed[2];
    let attribute = |node: Node<'_, '_>, name: &str| {
        let found = node.attributes().find(|attribute| attribute.name() == name);
        found.map_or(String::new(), |attribute| attribute.value().to_owned())
    };
    assert!(content.descendants().all(|node| attribute(node, "formula").is_empty()));
    let colours = |style: &str| {
        let named = |node: &Node<'_, '_>| node.has_tag_name("style") && attribute(*node, "name") == style;
        let style = content.descendants().find(named).expect("a style");
        let of = |name| style.children().map(|node| attribute(node, name)).collect::<String>();
        (of("background-color"), of("color"), of("font-weight"))
    };
    let found: Vec<Vec<_>> = content
        .descendants()
        .filter(|node| node.has_tag_name("table-row"))
        .map(|row| {
            row.children()
                .map(|cell| match attribute(cell, "style-name") {
                    style if style.is_empty() => attribute(cell, "number-columns-repeated"),
                    style => format!("{:?}", colours(&style)),
                })
                .collect()
        })
        .collect();
    let header = r##"("#e8eef4", "", "bold")"##;
    let (plain, bad) = (r#"("", "", "")"#, r##"("#ffc7ce", "#9c0006", "")"##);
    let want = [vec![header; 4], vec!["", bad, "", ""], vec![plain, bad, "", ""], vec!["2", "", ""]];
    assert_eq!(found, want);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// But for what XML cannot carry, and for the kind of line breaks, a text in ODS is that text.
    #[test]
    fn any_text_comes_back_from_an_open_document(
        text in prop_oneof![any::<String>(), "[ \t\r\n<>&\"'ab\u{0}-\u{1F}]{0,30}"]
    ) {
        let found = written(FaultsKind::Ods, &["a"], 1, &[&[cell(CellKind::Text, &text)]]);
        let want: String = text
            .replace("\r\n", "\n")
            .chars()
            .map(|c| match c {
                '\r' => '\n',
                '\t' | '\n' => c,
                '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
                _ => c,
            })
            .collect();
        let want = if want.is_empty() { "-".to_owned() } else { format!("t:{want}") };
        prop_assert_eq!(&found.expect("it is written")[1], &format!("2 {want} | n:7 | t:why"));
    }
}
