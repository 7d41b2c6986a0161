//! What cells of a workbook mean, in all the forms that programs write them in.

use longshore_sheets::read::{Choice, Limit, ReadError, ReadLimits, preview, recognise};

use crate::package::{Workbook, document};
use crate::support::{batches, file, rows, rows_with};

/// Formats by their place: General, a built-in date, a date and time, a time, text, `[h]:mm`.
const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd hh:mm\"/>\
    <numFmt numFmtId=\"165\" formatCode=\"[h]:mm\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"20\"/><xf numFmtId=\"49\"/>\
    <xf numFmtId=\"165\"/></cellXfs></styleSheet>";

#[test]
fn cells_mean() {
    for (cells, want) in [
        (
            "<c><v>31</v></c><c t=\"n\"><v>19.989999999999998</v></c><c><v>1E-3</v></c>",
            "n:31 | n:19.989999999999998 | n:1E-3",
        ),
        ("<c t=\"s\"><v>1</v></c><c t=\"s\"><v>0</v></c>", "t:東京 | t:a b"),
        ("<c t=\"inlineStr\"><is><r><t>a</t></r><r><t xml:space=\"preserve\"> b</t></r></is></c>", "t:a b"),
        ("<c t=\"inlineStr\"><is><t>1 &lt; 2_x000A_</t></is></c>", "t:1 < 2\n"),
        ("<c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c>", "b:true | b:false"),
        ("<c t=\"e\"><v>#N/A</v></c><c t=\"e\"><v>#DIV/0!</v></c>", "e:#N/A | e:#DIV/0!"),
        (
            "<c><f>1+1</f><v>2</v></c><c t=\"str\"><f>\"a\"</f><v>a</v></c><c t=\"str\"><f>x</f><v></v></c>",
            "n:2 | t:a",
        ),
        (
            "<c s=\"1\"><v>46235</v></c><c s=\"2\"><v>46235.4375</v></c><c s=\"3\"><v>0.4375</v></c>",
            "d:2026-08-01 | d:2026-08-01T10:30:00 | d:10:30:00",
        ),
        (
            "<c s=\"5\"><v>1.5</v></c><c s=\"4\"><v>46235</v></c><c s=\"1\"><v>-1</v></c>",
            "d:36:00:00 | n:46235 | n:-1",
        ),
        ("<c t=\"d\"><v>2026-08-01T10:30:00</v></c>", "d:2026-08-01T10:30:00"),
        ("<c s=\"1\" t=\"str\"><v>46235</v></c><c><v>no number</v></c>", "t:46235 | t:no number"),
        ("<c r=\"C1\"><v>1</v></c><c><v>2</v></c><c r=\"A1\"><v>3</v></c>", "n:3 | - | n:1 | n:2"),
        ("<c/><c s=\"1\"/><c><v>1</v></c><c/><c t=\"str\"><f>a</f></c>", "- | - | n:1"),
        // Formulas that were written without being computed are no empty cells.
        (
            "<c><f>A2&amp;\"x\"</f></c><c t=\"n\"><f>B2</f><v></v></c><c s=\"1\"><f>C2</f><v/></c>",
            "e:=A2&\"x\" | e:=B2 | e:=C2",
        ),
        (
            "<c><f t=\"shared\" si=\"0\"/></c><c><f/><v> </v></c><c t=\"b\"><f>A1</f></c>",
            "e:#VALUE! | e:#VALUE! | e:=A1",
        ),
        (
            "<c t=\"str\"><f>HYPERLINK(\"https://example.org\")</f><v>here</v></c><c t=\"inlineStr\"><is><t>=HYPERLINK(\"x\")</t></is></c>",
            "t:here | t:=HYPERLINK(\"x\")",
        ),
        (
            "<c t=\"b\"><v>FALSE</v></c><c t=\"b\"><v>True</v></c><c t=\"b\"><v>2</v></c><c t=\"b\"><v></v></c><c><v>1</v></c>",
            "b:false | b:true | t:2 | - | n:1",
        ),
    ] {
        let mut workbook = Workbook::with_rows(&format!("<row r=\"1\">{cells}</row>"));
        workbook.part("xl/styles.xml", STYLES);
        let strings = "<sst><si><t>a b</t></si><si><t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh></si></sst>";
        workbook.part("xl/sharedStrings.xml", strings);
        assert_eq!(rows(&workbook.bytes()).expect("it is read"), [format!("1 {want}")], "{cells}");
    }
}

#[test]
fn rows_keep_their_numbers() {
    for (data, want) in [
        ("<row><c><v>1</v></c></row><row/><row><c><v>3</v></c></row>", &["1 n:1", "3 n:3"][..]),
        ("<row r=\"7\"><c r=\"A7\"><v>1</v></c></row><row><c><v>2</v></c></row>", &["7 n:1", "8 n:2"]),
        ("<row><c r=\"A5\"><v>1</v></c></row>", &["5 n:1"]),
        ("<!-- c --><row r='2' spans='1:1'\n ><c r='A2'><v>1</v></c>\n</row >", &["2 n:1"]),
        ("", &[]),
    ] {
        assert_eq!(rows(&Workbook::with_rows(data).bytes()).expect("it is read"), want, "{data}");
    }
    let prefixed = "<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"a\"><x:dimension ref=\"A1\"/><x:sheetData><x:row r=\"1\">\
        <x:c r=\"A1\" t=\"inlineStr\"><x:is><x:t>a</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>";
    assert_eq!(rows(&Workbook::with_sheet(prefixed).bytes()).expect("it is read"), ["1 t:a"]);
    assert!(
        rows(&Workbook::with_sheet("<worksheet><sheetData/></worksheet>").bytes())
            .expect("it is read")
            .is_empty()
    );
}

#[test]
fn workbooks_tell_of_their_sheets_and_dates() {
    let mut workbook = Workbook::with_rows("<row><c s=\"1\"><v>44773</v></c></row>");
    workbook.part("xl/styles.xml", STYLES).part(
        "xl/workbook.xml",
        "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"A &amp; B\" r:id=\"rId1\"/>\
         <sheet name=\"chart\" r:id=\"rId9\"/><sheet name=\"C\" state=\"veryHidden\" r:id=\"rId1\"/></sheets></workbook>",
    );
    let bytes = workbook.bytes();
    let recognised = recognise(file(&bytes).path(), &ReadLimits::default()).expect("it is a workbook");
    let sheets: Vec<_> =
        recognised.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.is_hidden)).collect();
    assert_eq!(sheets, [("A & B", false), ("C", true)]);
    let choice = Choice { sheet: 1, text: None };
    assert_eq!(rows_with(&bytes, &choice, &ReadLimits::default()).expect("it is read"), ["1 d:2026-08-01"]);
}

#[test]
fn formats_of_conditions_are_not_those_of_cells() {
    let mut workbook =
        Workbook::with_rows("<row><c s=\"1\"><v>46235</v></c><c s=\"2\"><v>46235</v></c></row>");
    workbook.part(
        "xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"0.00\"/></numFmts><fonts/><cellXfs><xf numFmtId=\"0\"/>\
         <xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs><dxfs><dxf><numFmt numFmtId=\"14\" formatCode=\"0.00%\"/></dxf>\
         <dxf><numFmt numFmtId=\"164\" formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>",
    );
    assert_eq!(rows(&workbook.bytes()).expect("it is read"), ["1 d:2026-08-01 | n:46235"]);
}

#[test]
fn rows_and_columns_that_are_hidden_are_read() {
    let sheet = "<worksheet><cols><col min=\"2\" max=\"2\" hidden=\"1\"/></cols><sheetData><row r=\"1\" hidden=\"1\"><c><v>1</v></c>\
        <c><v>2</v></c></row><row r=\"2\"><c><v>3</v></c><c><v>4</v></c></row></sheetData></worksheet>";
    assert_eq!(
        rows(&Workbook::with_sheet(sheet).bytes()).expect("it is read"),
        ["1 n:1 | n:2", "2 n:3 | n:4"]
    );
}

/// A batch is as wide as its widest row: rows before a wide one are handed on without it.
#[test]
fn one_wide_row_makes_no_huge_batch() {
    let narrow = "<row><c><v>1</v></c><c><v>2</v></c></row>".repeat(3000);
    let wide = "<row><c><v>3</v></c><c t=\"str\"><v>four</v></c><c r=\"XFD3001\"><v>5</v></c></row>";
    let bytes = Workbook::with_rows(&format!("{narrow}{wide}{narrow}")).bytes();
    let file = file(&bytes);
    let batches = batches(file.path(), &Choice::default(), &ReadLimits::default()).expect("it is read");
    assert!(batches.iter().all(|batch| batch.row_count() * batch.column_count() <= 1 << 20));
    let numbers: Vec<u32> = batches.iter().flat_map(|batch| batch.row_numbers().to_vec()).collect();
    assert_eq!(numbers, (1..=6001).collect::<Vec<u32>>());
    for batch in &batches {
        for row in 0..batch.row_count() {
            let texts = [0, 1, 16_383].map(|column| batch.cell(row, column).text);
            let want = if batch.row_number(row) == 3001 { ["3", "four", "5"] } else { ["1", "2", ""] };
            assert_eq!(texts, want, "row {}", batch.row_number(row));
        }
    }
    let recognised = recognise(file.path(), &ReadLimits::default()).expect("it is a workbook");
    let shown = preview(file.path(), &recognised, &Choice::default(), 3001, &ReadLimits::default());
    assert_eq!(shown.expect("it is read").batch.row_count(), 3000);
}

#[test]
fn texts_that_stand_in_many_cells_are_counted_in_each() {
    let mut workbook = Workbook::with_rows(&"<row><c t=\"s\"><v>0</v></c></row>".repeat(100_000));
    workbook.part("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", "x".repeat(10_000)));
    let bytes = workbook.bytes();
    let limits = ReadLimits { text_bytes: 100 << 20, ..ReadLimits::default() };
    let result = rows_with(&bytes, &Choice::default(), &limits);
    assert!(matches!(result, Err(ReadError::TooBig { limit: Limit::TextBytes, .. })), "{result:?}");
}

/// Covered cells are told by ODS where they stand, but by XLSX only behind the rows: see the reader's documentation.
#[test]
fn merged_cells_have_their_value_at_the_top_left() {
    let merged = |covered: &str| {
        Workbook::with_sheet(&format!(
            "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>top</v></c>{covered}<c r=\"C1\"><v>3</v></c></row>\
             </sheetData><mergeCells count=\"1\"><mergeCell ref=\"A1:B1\"/></mergeCells></worksheet>"
        ))
    };
    for (covered, want) in [
        ("", "1 t:top | - | n:3"),
        ("<c r=\"B1\" s=\"0\"/>", "1 t:top | - | n:3"),
        ("<c r=\"B1\"><v>2</v></c>", "1 t:top | n:2 | n:3"),
    ] {
        assert_eq!(rows(&merged(covered).bytes()).expect("it is read"), [want], "{covered}");
    }
    let tables = "<table:table table:name=\"A\"><table:table-row>\
        <table:table-cell office:value-type=\"string\" table:number-columns-spanned=\"2\"><text:p>top</text:p></table:table-cell>\
        <table:covered-table-cell office:value-type=\"float\" office:value=\"2\"/>\
        <table:table-cell office:value-type=\"float\" office:value=\"3\"/>\
        </table:table-row></table:table>";
    assert_eq!(rows(&document(tables)).expect("it is read"), ["1 t:top | - | n:3"]);
}
