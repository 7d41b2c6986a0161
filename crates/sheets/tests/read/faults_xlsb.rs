//! A file of errors in XLSB, as its readers see it and record by record.

use std::path::Path;

use calamine::{Data, Reader, Xlsb, open_workbook};
use longshore_sheets::faults::{FaultsError, FaultsKind, FaultsWriter};
use longshore_sheets::read::{CellKind, Choice, FileKind, ReadLimits, recognise};
use proptest::prelude::*;

use crate::faults::{cell, written};
use crate::support::{batches, lines};
use crate::taken_apart::{Record, collection, long, parts, records, text, word};

fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A workbook with every kind of cell, plain and wrong, and texts that could break it, by this reader and by plain calamine.
#[test]
fn an_xlsb_workbook_holds_all_that_was_there() {
    let (long, ships) = ("长".repeat(40_000), "🚢".repeat(20_000));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults");
    let title = "'Liste' [1]:*?/\\ & \"2\"";
    let names = ["a\0b", "", &long, "Row in file", "Reason"];
    let mut writer =
        FaultsWriter::create(FaultsKind::Xlsb, &path, title, headers(&names)).expect("it is made");
    let shortened = &long[..32_767 * 3];
    let mut want = vec![format!("1 t:a\u{FFFD}b | - | t:{shortened} | t:Row in file | t:Reason")];
    for ((kind, text, read), number) in [
        (CellKind::Empty, "", "-"),
        (CellKind::Number, "19.99", "n:19.99"),
        (CellKind::Number, "-1E-3", "n:-0.001"),
        (CellKind::Number, "-0", "n:0"),
        (CellKind::Number, "1.5e14", "n:150000000000000"),
        (CellKind::Number, "4.9e-324", "t:4.9e-324"),
        (CellKind::Number, "123456789012345678", "t:123456789012345678"),
        (CellKind::Number, "NaN", "t:NaN"),
        (CellKind::Number, "1e999", "t:1e999"),
        (CellKind::Boolean, "true", "b:true"),
        (CellKind::Boolean, "false", "b:false"),
        (CellKind::Date, "2026-08-01", "d:2026-08-01"),
        (CellKind::Date, "2026-08-01T23:59:59.500", "d:2026-08-01T23:59:59.500"),
        (CellKind::Date, "9999-12-31T00:00:00", "d:9999-12-31"),
        (CellKind::Date, "10:30:00", "d:10:30:00"),
        (CellKind::Date, "00:00:00", "d:00:00:00"),
        (CellKind::Date, "36:00:00", "d:36:00:00"),
        (CellKind::Date, "0001-01-01", "t:0001-01-01"),
        (CellKind::Date, "2026-08-01T10:30:00Z", "t:2026-08-01T10:30:00Z"),
        (CellKind::Error, "#DIV/0!", "t:#DIV/0!"),
        (CellKind::Text, "=1+1", "t:=1+1"),
        (CellKind::Text, "2026-08-01", "t:2026-08-01"),
        (CellKind::Text, "_x0041_ &amp; </t>", "t:_x0041_ &amp; </t>"),
        (CellKind::Text, "\0a\u{1}b\u{FFFE}c\u{1F}\u{FFFF}", "t:\u{FFFD}a\u{1}b\u{FFFD}c\u{1F}\u{FFFD}"),
        (CellKind::Text, "  a \t b\r\n\r c\n ", "t:  a \t b\r\n\r c\n "),
        (CellKind::Text, "王小明的订单 🚢👩‍👩‍👧", "t:王小明的订单 🚢👩‍👩‍👧"),
        (CellKind::Text, &long, &format!("t:{shortened}")),
        (CellKind::Text, &ships, &format!("t:{}", &ships[..16_383 * 4])),
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
    assert_eq!(writer.finish().expect("it is completed"), 28 * 3);
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 1, "nothing else is left");
    let recognised = recognise(&path, &ReadLimits::default()).expect("it is recognised");
    let sheets: Vec<_> =
        recognised.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.is_hidden)).collect();
    let name = "Liste' _1______ & \"2\"";
    assert_eq!((recognised.kind, sheets), (FileKind::Xlsb, vec![(name, false)]));
    let batches = batches(&path, &Choice::default(), &ReadLimits::default()).expect("it is read");
    let found: Vec<String> = batches.iter().flat_map(lines).collect();
    // What is long is not shown where something is wrong.
    let legible = |lines: Vec<String>| -> Vec<String> {
        let legible =
            |line: String| line.replace(shortened, "<long>").replace(&ships[..16_383 * 4], "<ships>");
        lines.into_iter().map(legible).collect()
    };
    assert_eq!(legible(found), legible(want.clone()));
    let want = want.iter().map(|line| in_short(line)).collect();
    assert_eq!(legible(with_calamine(&path, name)), legible(want));
}

/// The rows of a sheet as calamine has them, moments by their numbers' kind.
fn with_calamine(path: &Path, sheet: &str) -> Vec<String> {
    let mut workbook: Xlsb<_> = open_workbook(path).expect("it is opened");
    let range = workbook.worksheet_range(sheet).expect("it is read");
    let form = |value: &Data| match value {
        Data::Empty => "-".to_owned(),
        Data::String(text) => format!("t:{text}"),
        Data::Float(number) => format!("n:{number}"),
        Data::Bool(value) => format!("b:{value}"),
        Data::DateTime(moment) => format!("d:{}", moment.is_duration()),
        other => panic!("{other:?}"),
    };
    let row = |(cells, number): (&[Data], usize)| {
        format!("{number} {}", cells.iter().map(form).collect::<Vec<_>>().join(" | "))
    };
    range.rows().zip(1..).map(row).collect()
}

/// A line of this reader with as much of moments.
fn in_short(line: &str) -> String {
    let cell = |cell: &str| match cell.split_once("d:") {
        Some((before, moment)) if before.is_empty() || before.ends_with(' ') => {
            format!("{before}d:{}", moment == "36:00:00")
        }
        _ => cell.to_owned(),
    };
    line.split(" | ").map(cell).collect::<Vec<_>>().join(" | ")
}

/// Number format, weight and colour of the font, and colour of the fill of each style.
fn looks(styles: &[Record<'_>]) -> Vec<String> {
    let formats = collection(styles, 615);
    let (fonts, fills) = (collection(styles, 611), collection(styles, 603));
    let rgb = |colour: &[u8]| match colour[0] {
        5 => format!("{:02x}{:02x}{:02x}", colour[4], colour[5], colour[6]),
        _ => "-".to_owned(),
    };
    assert_eq!(long(fills[1], 0), 17, "the second fill is Excel's");
    collection(styles, 617)
        .iter()
        .map(|cell| {
            assert_eq!((word(cell, 0), word(cell, 8)), (0, 0), "parent and border");
            let format = formats.iter().find(|format| word(format, 0) == word(cell, 2));
            let format = format.map_or(String::new(), |format| text(format, 2));
            let (font, fill) = (fonts[usize::from(word(cell, 4))], fills[usize::from(word(cell, 6))]);
            let fill = if long(fill, 0) == 1 { rgb(&fill[4..]) } else { "-".to_owned() };
            // All that differs is said to do so.
            let differing = [!format.is_empty(), word(cell, 4) > 0, false, false, fill != "-"];
            let differing: u16 = differing.iter().zip(0..).map(|(is, bit)| u16::from(*is) << bit).sum();
            assert_eq!(word(cell, 14), differing);
            format!("{format} {} {} {fill}", word(font, 4), rgb(&font[12..]))
        })
        .collect()
}

#[test]
fn an_xlsb_workbook_marks_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults");
    let names = ["a", "", "row", "problem"];
    let mut writer = FaultsWriter::create(FaultsKind::Xlsb, &path, "A", headers(&names)).expect("it is made");
    let kinds = [
        (CellKind::Text, "=1+1"),
        (CellKind::Number, "0.30000000000000004"),
        (CellKind::Boolean, "true"),
        (CellKind::Date, "2026-08-01"),
        (CellKind::Date, "10:30:00"),
        (CellKind::Date, "36:00:00"),
        (CellKind::Date, "2026-08-01T10:30:00"),
        (CellKind::Empty, ""),
    ];
    for (kind, text) in kinds {
        writer.push(&[cell(kind, text); 2], &[1], 7, "why").expect("it is written");
    }
    writer.push(&[], &[], 8, "").expect("it is written");
    writer.finish().expect("it is completed");

    let parts = parts(&path);
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let want = [
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/worksheets/sheet1.bin",
        "xl/sharedStrings.bin",
        "xl/styles.bin",
        "xl/workbook.bin",
        "xl/_rels/workbook.bin.rels",
    ];
    assert_eq!(names, want);
    let [sheet, strings, styles, workbook] = [2, 3, 4, 5].map(|part| records(&parts[part].1));
    let kinds = |records: &[Record<'_>]| records.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
    assert_eq!(kinds(&workbook), [131, 128, 153, 135, 158, 136, 143, 156, 144, 132]);
    let start = [129, 147, 148, 133, 137, 151, 152, 152, 138, 134, 485, 390, 60, 60, 391, 145];
    assert_eq!(kinds(&sheet[..16]), start);
    assert_eq!(kinds(&sheet[sheet.len() - 2..]), [146, 130]);
    let sizes = sheet[..16].iter().map(|(_, body)| body.len()).collect::<Vec<_>>();
    assert_eq!(sizes, [0, 23, 16, 0, 30, 29, 36, 36, 0, 0, 12, 0, 18, 18, 0, 0]);
    let used: Vec<u32> = (0..4).map(|field| long(sheet[2].1, 4 * field)).collect();
    assert_eq!(used, [0, 9, 0, 3], "rows and columns that are used");
    // No column but one row stays; the cursor is below it.
    assert_eq!(sheet[5].1[..16], [[0.0_f64.to_le_bytes()], [1.0_f64.to_le_bytes()]].concat().concat());
    assert_eq!((long(sheet[5].1, 16), long(sheet[5].1, 24), sheet[5].1[28]), (1, 2, 3));
    let widths = [12, 13].map(|record| [0, 4, 8].map(|place| long(sheet[record].1, place)));
    assert_eq!(widths, [[0, 2, 4278], [3, 3, 15_542]]);

    let texts: Vec<String> = strings[1..strings.len() - 1].iter().map(|(_, body)| text(body, 1)).collect();
    assert_eq!(texts, ["a", "row", "problem", "=1+1", "why"], "each once");
    assert_eq!((long(strings[0].1, 0), long(strings[0].1, 4)), (3 + 2 + 8, 5));
    let looks = looks(&styles);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (kind, body) in &sheet[16..sheet.len() - 2] {
        if *kind == 0 {
            assert_eq!(long(body, 0) as usize, rows.len(), "the row's number");
            rows.push(Vec::new());
            continue;
        }
        let value = match kind {
            1 => "blank".to_owned(),
            4 => format!("boolean {}", body[8]),
            5 => f64::from_le_bytes(body[8..].try_into().expect("eight bytes")).to_string(),
            7 => format!("text {}", texts[long(body, 8) as usize]),
            kind => panic!("a record {kind}"),
        };
        let look = &looks[long(body, 4) as usize];
        rows.last_mut().expect("a row").push(format!("{} {value}: {look}", long(body, 0)));
    }
    let (header, plain, bad) = (" 700 - e8eef4", " 400 - -", " 400 9c0006 ffc7ce");
    let mut want = vec![
        ["0 text a", "1 blank", "2 text row", "3 text problem"]
            .map(|cell| format!("{cell}: {header}"))
            .to_vec(),
    ];
    let added = |number: u32| [format!("2 {number}: {plain}"), format!("3 text why: {plain}")];
    for (value, format) in [
        ("text =1+1", ""),
        ("0.30000000000000004", ""),
        ("boolean 1", ""),
        ("46235", "yyyy-mm-dd"),
        ("0.4375", "hh:mm:ss"),
        ("1.5", "[h]:mm:ss"),
        ("46235.4375", "yyyy-mm-dd hh:mm:ss"),
    ] {
        let cells = [format!("0 {value}: {format}{plain}"), format!("1 {value}: {format}{bad}")];
        want.push([cells, added(7)].concat());
    }
    want.push([vec![format!("1 blank: {bad}")], added(7).to_vec()].concat());
    want.push(added(8)[..1].to_vec());
    assert_eq!(rows, want);
}

/// Each row says where it has cells, separately for each 1,024 columns.
#[test]
fn an_xlsb_workbook_has_as_many_columns_as_excel() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults");
    let names = vec![String::new(); 16_384];
    let mut writer = FaultsWriter::create(FaultsKind::Xlsb, &path, "A", names).expect("it is made");
    let mut cells = vec![cell(CellKind::Empty, ""); 16_382];
    for column in [3, 1023, 1024, 5000] {
        cells[column] = cell(CellKind::Text, "x");
    }
    writer.push(&cells, &[], 7, "why").expect("it is written");
    writer.finish().expect("it is completed");
    let parts = parts(&path);
    let sheet = records(&parts[2].1);
    let rows: Vec<&[u8]> = sheet.iter().filter(|(kind, _)| *kind == 0).map(|(_, body)| *body).collect();
    let spans = |row: &[u8]| {
        assert_eq!(row.len(), 17 + 8 * long(row, 13) as usize);
        (0..long(row, 13) as usize).map(|span| [0, 4].map(|end| long(row, 17 + 8 * span + end))).collect()
    };
    let [header, row]: [Vec<[u32; 2]>; 2] = [spans(rows[0]), spans(rows[1])];
    assert_eq!(header, (0..16).map(|span| [span * 1024, span * 1024 + 1023]).collect::<Vec<_>>());
    assert_eq!(row, [[3, 1023], [1024, 1024], [5000, 5000], [16_382, 16_383]]);
    let batches = batches(&path, &Choice::default(), &ReadLimits::default()).expect("it is read");
    assert_eq!(batches[0].column_count(), 16_384);

    let other = folder.path().join("other");
    let result = FaultsWriter::create(FaultsKind::Xlsb, &other, "A", vec![String::new(); 16_385]);
    let error = result.err().expect("it is refused");
    assert!(
        matches!(error, FaultsError::TooManyColumns { column_count: 16_385, allowed: 16_384 }),
        "{error}"
    );
    assert!(!other.exists());
}

#[test]
fn an_xlsb_workbook_may_have_no_rows_and_be_given_up() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("faults");
    let names = headers(&["", "", ""]);
    let writer = FaultsWriter::create(FaultsKind::Xlsb, &path, "", names.clone()).expect("it is made");
    assert_eq!(writer.finish().expect("it is completed"), 0);
    let recognised = recognise(&path, &ReadLimits::default()).expect("it is recognised");
    assert_eq!((recognised.kind, recognised.sheets[0].name.as_str()), (FileKind::Xlsb, "Sheet1"));
    let strings = parts(&path).swap_remove(3).1;
    assert_eq!(records(&strings), [(159, &[0; 8][..]), (160, &[])]);

    let mut writer = FaultsWriter::create(FaultsKind::Xlsb, &path, "", names).expect("it is made");
    writer.push(&[cell(CellKind::Text, "x")], &[], 7, "why").expect("it is written");
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 1, "nothing beside it is left");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// But for three characters, a text in XLSB is that text; what calamine takes for a mark of another encoding is left out.
    #[test]
    fn any_text_comes_back_from_an_xlsb_workbook(
        text in prop_oneof![any::<String>(), "[ \t\r\n<>&\"'ab\u{0}-\u{1F}\u{FFFE}-\u{10010}]{0,30}"]
    ) {
        prop_assume!(!text.starts_with(['\u{FEFF}', '\u{BBEF}']));
        let found = written(FaultsKind::Xlsb, &["a"], 1, &[&[cell(CellKind::Text, &text)]]);
        let want = text.replace(['\0', '\u{FFFE}', '\u{FFFF}'], "\u{FFFD}");
        let want = if want.is_empty() { "-".to_owned() } else { format!("t:{want}") };
        prop_assert_eq!(&found.expect("it is written")[1], &format!("2 {want} | n:7 | t:why"));
    }
}
