//! OpenDocument spreadsheets: what cells mean, and what is refused.

use longshore_sheets::read::{Choice, Limit, ReadError, ReadLimits, recognise};

use crate::package::{document, document_with, zip};
use crate::support::{file, rows, rows_with};

fn table(rows: &str) -> String {
    format!("<table:table table:name=\"A\">{rows}</table:table>")
}

fn row(cells: &str) -> Vec<u8> {
    document(&table(&format!("<table:table-row>{cells}</table:table-row>")))
}

/// A cell with a text.
fn text(content: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\">{content}</table:table-cell>")
}

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
fn cells_mean() {
    let typed = |kind: &str, name: &str, value: &str| {
        format!(
            "<table:table-cell office:value-type=\"{kind}\" office:{name}=\"{value}\"><text:p>shown</text:p></table:table-cell>"
        )
    };
    for (cells, want) in [
        (typed("float", "value", "19.99") + &typed("percentage", "value", "0.5"), "n:19.99 | n:0.5"),
        (typed("currency", "value", "31") + &typed("boolean", "boolean-value", "true"), "n:31 | b:true"),
        (
            typed("date", "date-value", "2026-08-01") + &typed("date", "date-value", "2026-08-01T10:30:00.000001"),
            "d:2026-08-01 | d:2026-08-01T10:30:00.000001",
        ),
        (typed("time", "time-value", "PT10H30M00S") + &typed("time", "time-value", "PT36H00M00S"), "d:10:30:00 | d:36:00:00"),
        (typed("string", "string-value", "kept"), "t:kept"),
        (
            text("<text:p>a<text:s/>b<text:s text:c=\"2\"/>c<text:tab/>d<text:line-break/>e</text:p><text:p>f</text:p>"),
            "t:a b  c\td\ne\nf",
        ),
        (text("<text:p>1 &lt; <text:span>2</text:span><text:a xlink:href=\"x\">3</text:a></text:p>"), "t:1 < 23"),
        ("<table:table-cell table:number-columns-repeated=\"2\"/>".to_owned() + &text("<text:p>x</text:p>"), "- | - | t:x"),
        (
            "<table:table-cell office:value-type=\"float\" office:value=\"7\" table:number-columns-repeated=\"3\"/>".to_owned(),
            "n:7 | n:7 | n:7",
        ),
    ] {
        assert_eq!(rows(&row(&cells)).expect("it is read"), [format!("1 {want}")], "{cells}");
    }
}

/// A formula that was never computed, or that has failed, is not an empty cell, which would delete a value.
#[test]
fn formulas_without_a_value_are_errors() {
    for (cells, want) in [
        ("<table:table-cell table:formula=\"of:=[.A1]+1\"/>", "e:of:=[.A1]+1"),
        ("<table:table-cell table:formula=\"\"/>", "e:#VALUE!"),
        (
            "<table:table-cell table:formula=\"of:=1/0\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\">\
             <text:p>#DIV/0!</text:p></table:table-cell>",
            "e:#DIV/0!",
        ),
        (
            "<table:table-cell table:formula=\"of:=x\" office:value-type=\"string\" calcext:value-type=\"error\"/>",
            "e:#VALUE!",
        ),
        (
            "<table:table-cell table:formula=\"of:=1+1\" office:value-type=\"float\" office:value=\"2\"/>",
            "n:2",
        ),
        (
            "<table:table-cell table:formula=\"of:=&quot;&quot;\" office:value-type=\"string\" office:string-value=\"\"/>\
             <table:table-cell office:value-type=\"float\" office:value=\"1\"/>",
            "- | n:1",
        ),
    ] {
        assert_eq!(rows(&row(cells)).expect("it is read"), [format!("1 {want}")], "{cells}");
    }
}

#[test]
fn what_stands_on_shapes_is_no_text_of_a_cell() {
    for shape in [
        "<draw:custom-shape><text:p>x</text:p></draw:custom-shape>",
        "<draw:rect/><draw:g><draw:line><text:p>x</text:p></draw:line></draw:g>",
        "<draw:frame><draw:text-box><text:p>x</text:p></draw:text-box></draw:frame>",
        "<draw:frame><draw:object><table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>\
         </table:table-row></table:table></draw:object></draw:frame>",
        "<dr3d:scene><text:p>x</text:p></dr3d:scene>",
        "<office:annotation><text:p>x</text:p></office:annotation>",
    ] {
        let after = text("<text:p>b</text:p>");
        let cells = format!("{}{after}", text(&format!("{shape}<text:p>a</text:p>{shape}")));
        assert_eq!(rows(&row(&cells)).expect("it is read"), ["1 t:a | t:b"], "{shape}");
    }
}

#[test]
fn sheets_rows_and_columns_may_be_hidden_or_empty() {
    let styles = "<office:automatic-styles><style:style style:name=\"ta1\"><style:table-properties table:display=\"true\"/></style:style>\
        <style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>";
    let rows_of_c = "<table:table-column table:visibility=\"collapse\"/><table:table-row table:visibility=\"collapse\">\
        <table:table-cell office:value-type=\"float\" office:value=\"1\"/></table:table-row>\
        <table:table-row table:visibility=\"filter\" table:number-rows-repeated=\"2\">\
        <table:table-cell office:value-type=\"float\" office:value=\"2\"/></table:table-row>";
    let bytes = document_with(
        styles,
        &format!(
            "<table:table table:name=\"A\" table:style-name=\"ta2\"/><table:table table:name=\"B\" table:style-name=\"ta1\">\
             <table:table/></table:table><table:table table:name=\"C\">{rows_of_c}</table:table>"
        ),
    );
    let limits = ReadLimits::default();
    let recognised = recognise(file(&bytes).path(), &limits).expect("it is a document");
    let sheets: Vec<_> =
        recognised.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.is_hidden)).collect();
    assert_eq!(sheets, [("A", true), ("B", false), ("C", false)]);
    for (sheet, want) in [(0, &[][..]), (1, &[]), (2, &["1 n:1", "2 n:2", "3 n:2"])] {
        let found = rows_with(&bytes, &Choice { sheet, text: None }, &limits);
        assert_eq!(found.expect("it is read"), want, "{sheet}");
    }
}

/// Little in the file may stand for much: nothing of it is made before it is known to be within the limits.
#[test]
fn what_is_too_big_is_told_before_it_fills_the_memory() {
    let limits = ReadLimits { compression_ratio: 2000, ..ReadLimits::default() };
    let spaces = "<text:s text:c=\"65535\"/>".repeat(600_000);
    let number = "<table:table-cell office:value-type=\"float\" office:value=\"1\"/>";
    let long = text(&format!("<text:p>{}</text:p>", "<text:s text:c=\"60000\"/>".repeat(16)));
    for (content, want) in [
        (row(&text(&format!("<text:p>{spaces}</text:p>"))), Limit::CellBytes),
        (row(&text(&"<text:p/>".repeat(3_000_000))), Limit::CellBytes),
        (
            row(&text(&format!("<text:p>{}</text:p>", "<text:span>abcdefgh</text:span>".repeat(200_000)))),
            Limit::CellBytes,
        ),
        (row(&number.repeat(1_000_000)), Limit::Columns),
        (row(&long.repeat(2000)), Limit::RowBytes),
    ] {
        assert_eq!(limit(&content, &limits), Some(want));
    }
    let repeated = format!(
        "<table:table-row table:number-rows-repeated=\"1000000\">{}</table:table-row>",
        text(&format!("<text:p>{}</text:p>", "x".repeat(1000)))
    );
    let few = ReadLimits { text_bytes: 100 << 20, ..limits.clone() };
    assert_eq!(limit(&document(&table(&repeated)), &few), Some(Limit::TextBytes));
    let deep = document(&table(&"<text:p>".repeat(2_000_000)));
    assert!(matches!(rows_with(&deep, &Choice::default(), &limits), Err(ReadError::Damaged { .. })));
    let named = document(&format!("<table:table table:name=\"{}\"/>", "x".repeat(100_000)));
    assert!(matches!(rows_with(&named, &Choice::default(), &limits), Err(ReadError::Damaged { .. })));
}

#[test]
fn document_types_are_refused() {
    let content = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]><office:document-content>&c;</office:document-content>";
    let mimetype = b"application/vnd.oasis.opendocument.spreadsheet".as_slice();
    let bytes = zip(&[("mimetype", mimetype), ("content.xml", content.as_bytes())]);
    assert!(matches!(rows(&bytes), Err(ReadError::Unsupported { .. })));
    let entity = row(&text("<text:p>&c;</text:p>"));
    assert!(matches!(rows(&entity), Err(ReadError::Damaged { .. })));
}
