//! CSV and TSV.

use longshore_sheets::read::{
    Choice, Encoding, FileKind, Limit, ReadError, ReadLimits, TextForm, preview, recognise,
};

use crate::support::{file, rows, rows_with};

fn gb18030(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in text.chars() {
        match character {
            '\u{feff}' => bytes.extend_from_slice(b"\x84\x31\x95\x33"),
            '订' => bytes.extend_from_slice(b"\xB6\xA9"),
            '单' => bytes.extend_from_slice(b"\xB5\xA5"),
            '\u{1F600}' => bytes.extend_from_slice(b"\x94\x39\xFC\x36"),
            other => bytes.push(other as u8),
        }
    }
    bytes
}

#[test]
fn encodings_and_delimiters_are_found() {
    let text = "订单;a\n1;\"x\ny\"\n";
    let want = ["1 t:订单 | t:a", "2 t:1 | t:x\ny"];
    let utf16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (content, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
        (utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(&format!("\u{feff}{text}"), u16::to_be_bytes), Encoding::Utf16Be),
        (utf16(text, u16::to_le_bytes), Encoding::Utf16Le),
        (gb18030(text), Encoding::Gb18030),
        (gb18030(&format!("\u{feff}{text}")), Encoding::Gb18030),
    ] {
        let recognised = recognise(file(&content).path(), &ReadLimits::default()).expect("it is text");
        assert_eq!(recognised.kind, FileKind::Csv);
        let form = TextForm { delimiter: b';', ..TextForm::new(encoding) };
        assert_eq!(recognised.text, Some(form), "{content:?}");
        assert_eq!(rows(&content).expect("it is read"), want, "{encoding:?}");
    }
    let content = gb18030("a,订\u{1F600}\n");
    assert_eq!(rows(&content).expect("four bytes are a character"), ["1 t:a | t:订\u{1F600}"]);
}

#[test]
fn rows_may_be_ragged_blank_or_guarded() {
    let content = "a,b,c\r\n1\r\n\r\n,,\r\n1,2,3,4\r\n'=1+1,'x,''=1\r\n";
    let want = [
        "1 t:a | t:b | t:c | -",
        "2 t:1 | - | - | -",
        "5 t:1 | t:2 | t:3 | t:4",
        "6 t:=1+1 | t:'x | t:'=1 | -",
    ];
    assert_eq!(rows(content.as_bytes()).expect("it is read"), want);
}

#[test]
fn a_person_may_choose_another_form() {
    let form = TextForm { encoding: Encoding::Windows1252, delimiter: b'#', quote: b'\'' };
    let choice = Choice { text: Some(form), ..Choice::default() };
    let limits = ReadLimits::default();
    let found = rows_with(b"\xE9#'a#b'#\"c\n", &choice, &limits).expect("it is read");
    assert_eq!(found, ["1 t:é | t:a#b | t:\"c"]);
    let choice = Choice { text: Some(TextForm { quote: b'#', ..form }), ..choice };
    assert!(matches!(rows_with(b"a#b\n", &choice, &limits), Err(ReadError::Unsupported { .. })));
}

#[test]
fn previews_guess_header_and_size() {
    let limits = ReadLimits::default();
    let table: String = (0..100_000).map(|row| format!("{row:06},name {row:06}\n")).collect();
    for (content, header, hint) in [
        ("id,name\n1,x\n2,y\n".to_owned(), Some(1), 3..4),
        ("My orders\n\nid,name\n1,x\n2,y\n".to_owned(), Some(3), 4..5),
        ("1,x\n2,y\n".to_owned(), None, 2..3),
        ("id,name\n".to_owned(), Some(1), 1..2),
        ("id\n1\n2\n".to_owned(), Some(1), 3..4),
        ("\n\n".to_owned(), None, 0..1),
        (format!("id,name\n{table}"), Some(1), 80_000..130_000),
    ] {
        let file = file(content.as_bytes());
        let recognised = recognise(file.path(), &limits).expect("it is text");
        let preview = preview(file.path(), &recognised, &Choice::default(), 20, &limits).expect("it is read");
        assert_eq!(preview.header_row, header);
        assert!(
            preview.row_count_hint.is_some_and(|count| hint.contains(&count)),
            "{:?}",
            preview.row_count_hint
        );
        assert!(preview.batch.row_count() <= 20);
    }
}

#[test]
fn what_is_too_big_is_told() {
    let limits = ReadLimits {
        rows: 3,
        columns: 4,
        cells: 9,
        cell_bytes: 100,
        row_bytes: 1 << 20,
        ..ReadLimits::default()
    };
    for (content, limit) in [
        ("1\n2\n3\n4\n".to_owned(), Limit::Rows),
        ("1,2,3,4,5".to_owned(), Limit::Columns),
        (",".repeat(100_000), Limit::Columns),
        ("1,2,3,4\n1,2,3,4\n1,2,3,4\n".to_owned(), Limit::Cells),
        ("x".repeat(101), Limit::CellBytes),
        (format!("a,b\n\"{}\"", "x\n".repeat(1_000_000)), Limit::CellBytes),
    ] {
        let result = rows_with(content.as_bytes(), &Choice::default(), &limits);
        assert!(
            matches!(&result, Err(ReadError::TooBig { limit: found, .. }) if *found == limit),
            "{result:?}"
        );
    }
}

#[test]
fn quotes_are_found_or_missed() {
    for (content, want) in [
        (
            "id,name\n1,'Smith, John'\n2,'O''Neill'\n",
            &["1 t:id | t:name", "2 t:1 | t:Smith, John", "3 t:2 | t:O'Neill"][..],
        ),
        (
            "a,b\n\"5 inch,1\n\"6 inch,2\n\"7 inch,3\n",
            &["1 t:a | t:b", "2 t:\"5 inch | t:1", "3 t:\"6 inch | t:2", "4 t:\"7 inch | t:3"],
        ),
        (
            "a,b\n\"=HYPERLINK(\"\"x\"\")\",\"'=HYPERLINK(1)\"\n",
            &["1 t:a | t:b", "2 t:=HYPERLINK(\"x\") | t:=HYPERLINK(1)"],
        ),
    ] {
        assert_eq!(rows(content.as_bytes()).expect("it is read"), want, "{content}");
    }
    let recognised =
        recognise(file(b"'a';'b'\n'c';'d'\n").path(), &ReadLimits::default()).expect("it is text");
    let form = TextForm { delimiter: b';', quote: b'\'', ..TextForm::new(Encoding::Utf8) };
    assert_eq!(recognised.text, Some(form));
    for (content, row) in [("a,b\n1,\"x\n2,y\n", 2), ("a,b\n\"1\n\",2\n3,\"", 3)] {
        let result = rows(content.as_bytes());
        assert!(matches!(result, Err(ReadError::UnclosedQuote { row: found }) if found == row), "{result:?}");
    }
}

#[test]
fn one_byte_that_is_damaged_does_not_change_the_encoding() {
    let content = ["Name\nMüller\nKöhler\nGräf\n".as_bytes(), b"Fr\xFChauf\n"].concat();
    let result = rows(&content);
    assert!(matches!(result, Err(ReadError::BadEncoding { row: 5, .. })), "{result:?}");
}

#[test]
fn what_is_no_text_is_told() {
    assert_eq!(rows(b"PAR1,b\n1,2\n").expect("it is text"), ["1 t:PAR1 | t:b", "2 t:1 | t:2"]);
    assert!(
        matches!(rows(b"PAR1\x00\x01\x02PAR1"), Err(ReadError::NotASpreadsheet { found }) if found.contains("Parquet"))
    );

    assert!(matches!(rows(b""), Err(ReadError::Empty)));
    for content in [&b"\x7FELF\x02\x01\x01\x00\x00"[..], b"\x01\x02\x03\x04", b"a,b\n\x00,1\n"] {
        assert!(matches!(rows(content), Err(ReadError::NotASpreadsheet { .. })), "{content:?}");
    }
}
