//! Files that are made to do harm, or that lost a part.

use longshore_sheets::read::{CellBatch, Choice, Limit, ReadError, ReadLimits};

use crate::package::{Workbook, zip};
use crate::support::{rows, rows_with};

/// The limit that reading went beyond.
fn limit(content: &[u8], limits: &ReadLimits) -> Option<Limit> {
    match rows_with(content, &Choice::default(), limits) {
        Err(ReadError::TooBig { limit, .. }) => Some(limit),
        other => {
            println!("{other:?}");
            None
        }
    }
}

#[test]
fn what_is_too_big_is_told() {
    let usual = ReadLimits::default();
    let row = |cells: &str| Workbook::with_rows(&format!("<row>{cells}</row>"));
    let far = "<row r=\"1000000000\"><c><v>1</v></c></row>";
    let wide = "<c><v>1</v></c>".repeat(100_000);
    let long = format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(2 << 20));
    let longer = format!("<c t=\"str\"><f>{}</f><v>1</v></c>", "x".repeat(20 << 20));
    let name = format!("<c {}=\"1\"/>", "x".repeat(20 << 20));
    for (workbook, want) in [
        (Workbook::with_rows(far), Limit::Rows),
        (row(&wide), Limit::Columns),
        (row("<c r=\"ZZZZZZZ1\"><v>1</v></c>"), Limit::Columns),
        (row(&long), Limit::CellBytes),
        (row(&longer), Limit::CellBytes),
        (row(&name), Limit::CellBytes),
    ] {
        assert_eq!(limit(&workbook.bytes(), &usual), Some(want));
    }
    let bomb = Workbook::with_rows(&" ".repeat(70 << 20)).bytes();
    assert!(bomb.len() < 100_000);
    assert_eq!(limit(&bomb, &usual), Some(Limit::CompressionRatio));
    let few = ReadLimits { uncompressed_bytes: 1 << 20, ..usual.clone() };
    assert_eq!(limit(&bomb, &few), Some(Limit::UncompressedBytes));
    let mut strings = row("<c t=\"s\"><v>0</v></c>");
    strings
        .part("xl/sharedStrings.xml", &format!("<sst>{}</sst>", "<si><t>abcdefgh</t></si>".repeat(10_000)));
    let few = ReadLimits { shared_string_bytes: 50_000, ..usual };
    assert_eq!(limit(&strings.bytes(), &few), Some(Limit::SharedStringBytes));
}

#[test]
fn declared_sizes_are_not_believed() {
    let sheet = "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>";
    assert_eq!(rows(&Workbook::with_sheet(sheet).bytes()).expect("it is read"), ["1 n:1"]);
    let mut workbook = Workbook::with_rows("<row><c t=\"s\"><v>0</v></c></row>");
    workbook.part(
        "xl/sharedStrings.xml",
        "<sst count=\"4294967295\" uniqueCount=\"4294967295\"><si><t>a</t></si></sst>",
    );
    assert_eq!(rows(&workbook.bytes()).expect("it is read"), ["1 t:a"]);
}

#[test]
fn document_types_are_refused_in_every_part() {
    let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    let outside = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>";
    for prologue in [laughs, outside] {
        for part in [
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
            "xl/worksheets/sheet1.xml",
            "xl/sharedStrings.xml",
            "xl/styles.xml",
            "_rels/.rels",
            "[Content_Types].xml",
        ] {
            let mut workbook = Workbook::with_rows("<row><c><v>1</v></c></row>");
            workbook.part(part, &format!("<?xml version=\"1.0\"?>{prologue}<a>&c;</a>"));
            let result = rows(&workbook.bytes());
            assert!(matches!(result, Err(ReadError::Unsupported { .. })), "{part}: {result:?}");
        }
    }
    let workbook = Workbook::with_rows("<row><c t=\"str\"><v>&c;</v></c></row>");
    assert!(matches!(rows(&workbook.bytes()), Err(ReadError::Damaged { .. })));
}

#[test]
fn xml_that_does_not_fit_is_refused() {
    for data in [
        "<row r=\"2\"/><row r=\"1\"><c><v>1</v></c></row>",
        "<row r=\"x\"/>",
        "<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row>",
        "<row r=\"1\"><c r=\"1A\"><v>1</v></c></row>",
        "<row><c t=\"s\"><v>5</v></c></row>",
        "<row><c t=\"s\"><v>x</v></c></row>",
        "<row><c><v>1</row>",
        "<c><v>1</v></c>",
        "<row><c>",
        "<![CDATA[<row>]]>",
    ] {
        let result = rows(&Workbook::with_rows(data).bytes());
        assert!(matches!(result, Err(ReadError::Damaged { .. })), "{data}: {result:?}");
    }
}

#[test]
fn names_in_a_zip_reach_nothing_outside() {
    let mut workbook = Workbook::with_rows("<row><c><v>1</v></c></row>");
    workbook.part("../../outside.xml", "x").part("/etc/absolute", "x").part("a/../../b", "x");
    assert_eq!(rows(&workbook.bytes()).expect("it is read"), ["1 n:1"]);
    let relation = "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"../../../../etc/passwd\"/></Relationships>";
    workbook.part("xl/_rels/workbook.xml.rels", relation);
    assert!(matches!(rows(&workbook.bytes()), Err(ReadError::Damaged { .. })));
}

#[test]
fn other_files_are_named() {
    let word = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<a/>")]);
    for (content, want) in [
        (word, "Word"),
        (zip(&[("a.txt", b"a")]), "zip"),
        (b"%PDF-1.7 ...".to_vec(), "PDF"),
        (b"<!DOCTYPE html><html><table>".to_vec(), "web page"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "picture"),
    ] {
        match rows(&content) {
            Err(ReadError::NotASpreadsheet { found }) => assert!(found.contains(want), "{found}"),
            other => panic!("{want}: {other:?}"),
        }
    }
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut encrypted = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    encrypted.resize(1024, 0);
    encrypted.extend_from_slice(&name);
    encrypted.resize(2048, 0);
    assert!(matches!(rows(&encrypted), Err(ReadError::PasswordProtected)));
}

#[test]
fn workbooks_that_are_cut_off_or_bent_are_refused_or_read() {
    let bytes = Workbook::with_rows(
        &"<row><c><v>1</v></c><c t=\"inlineStr\"><is><t>abc</t></is></c></row>".repeat(50),
    )
    .bytes();
    for size in 3..bytes.len() {
        assert!(rows(&bytes[..size]).is_err(), "{size} of {}", bytes.len());
    }
    for place in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[place] ^= 0x55;
        // What it comes to is open; that it comes back is not.
        if let Ok(rows) = rows(&bent) {
            assert!(rows.len() <= 50);
        }
    }
}

#[test]
fn batches_that_are_none_are_refused() {
    let rows = rows(b"a,b\n1,2\n").expect("it is read");
    assert_eq!(rows.len(), 2);
    let limits = ReadLimits::default();
    let batches =
        crate::support::batches(crate::support::file(b"a,b\n1,\n").path(), &Choice::default(), &limits);
    let batch = batches.expect("it is read").remove(0);
    assert_eq!(CellBatch::from_arrow(&batch.to_arrow()).expect("it is the same"), batch);
    let other = batch.to_arrow().project(&[0, 1]).expect("it has those columns");
    assert!(matches!(CellBatch::from_arrow(&other), Err(ReadError::Damaged { .. })));
    let other = batch.to_arrow().project(&[0, 2, 1]).expect("it has those columns");
    assert!(matches!(CellBatch::from_arrow(&other), Err(ReadError::Damaged { .. })));
}
