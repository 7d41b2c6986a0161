//! What stands around the rows of an OpenDocument spreadsheet (OpenDocument 1.2: part 1 for documents, part 3 for the package).

use std::fmt::Write as _;

use super::text::push_attribute;
use crate::faults::value::Shown;
use crate::faults::{BAD_FILL, BAD_TEXT, COLUMN_WIDTH, HEADER_FILL, REASON_WIDTH};
use crate::title::sheet_name;

/// The media type of the document, which is the whole content of the package's first file.
pub(super) const MEDIA_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// The files of the package.
pub(super) const MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="settings.xml" manifest:media-type="text/xml"/></manifest:manifest>"#;

/// The style on which those of the cells build.
pub(super) const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:version="1.2"><office:styles><style:style style:name="Default" style:family="table-cell"/></office:styles></office:document-styles>"#;

const CONTENT_START: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">"#;
/// What ends the sheets.
pub(super) const CONTENT_END: &str = "</office:spreadsheet></office:body></office:document-content>";

const SETTINGS_START: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-settings xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" xmlns:ooo="http://openoffice.org/2004/office" office:version="1.2"><office:settings><config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views"><config:config-item-map-entry><config:config-item config:name="ViewId" config:type="string">view1</config:config-item><config:config-item-map-named config:name="Tables">"#;
/// A split that stays where it is (2), below the first row.
const FROZEN_HEADER: &str = r#"<config:config-item config:name="VerticalSplitMode" config:type="short">2</config:config-item><config:config-item config:name="VerticalSplitPosition" config:type="int">1</config:config-item><config:config-item config:name="ActiveSplitRange" config:type="short">2</config:config-item><config:config-item config:name="PositionBottom" config:type="int">1</config:config-item>"#;
const SETTINGS_END: &str = "</config:config-item-map-named></config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set></office:settings></office:document-settings>";

/// The style of headers.
pub(super) const HEADER_STYLE: &str = "header";
/// Styles of booleans, plain and marked.
pub(super) const BOOLEAN_STYLES: [&str; 2] = ["boolean", "boolean-bad"];
/// The style of other cells that are wrong; those that are not have none.
pub(super) const BAD_STYLE: &str = "bad";

/// Styles of a moment's cell, plain and marked.
pub(super) fn moment_styles(shown: Shown) -> [&'static str; 2] {
    match shown {
        Shown::Date => ["date", "date-bad"],
        Shown::Time => ["time", "time-bad"],
        Shown::Elapsed => ["elapsed", "elapsed-bad"],
        Shown::Moment => ["moment", "moment-bad"],
    }
}

/// The content up to the first sheet: styles of columns, values and cells.
pub(super) fn content_start() -> String {
    let mut xml = format!("{CONTENT_START}<office:automatic-styles>");
    for (name, width) in [("column", COLUMN_WIDTH), ("reason", REASON_WIDTH)] {
        let points = points(width);
        push(
            &mut xml,
            format_args!(
                "<style:style style:name=\"{name}\" style:family=\"table-column\">\
                 <style:table-column-properties style:column-width=\"{points}pt\"/></style:style>"
            ),
        );
    }
    let header = format!(
        "<style:table-cell-properties fo:background-color=\"#{HEADER_FILL:06x}\"/>\
         <style:text-properties fo:font-weight=\"bold\"/>"
    );
    push_cell_style(&mut xml, HEADER_STYLE, None, &header);
    let bad = format!(
        "<style:table-cell-properties fo:background-color=\"#{BAD_FILL:06x}\"/>\
         <style:text-properties fo:color=\"#{BAD_TEXT:06x}\"/>"
    );
    push_cell_style(&mut xml, BAD_STYLE, None, &bad);
    let mut push_both = |[plain, marked]: [&str; 2], value_style: &str| {
        xml.push_str(value_style);
        push_cell_style(&mut xml, plain, Some(plain), "");
        push_cell_style(&mut xml, marked, Some(plain), &bad);
    };
    push_both(
        BOOLEAN_STYLES,
        "<number:boolean-style style:name=\"as-boolean\"><number:boolean/></number:boolean-style>",
    );
    for shown in Shown::ALL {
        push_both(moment_styles(shown), &value_style(shown));
    }
    xml.push_str("</office:automatic-styles><office:body><office:spreadsheet>");
    xml
}

/// A style of cells whose values are shown as the value style of `shown_as` says.
fn push_cell_style(xml: &mut String, name: &str, shown_as: Option<&str>, properties: &str) {
    let value_style =
        shown_as.map(|name| format!(" style:data-style-name=\"as-{name}\"")).unwrap_or_default();
    push(
        xml,
        format_args!(
            "<style:style style:name=\"{name}\" style:family=\"table-cell\" style:parent-style-name=\"Default\"{value_style}>\
             {properties}</style:style>"
        ),
    );
}

/// How moments are shown; as in a workbook.
fn value_style(shown: Shown) -> String {
    const DATE: &str = "<number:year number:style=\"long\"/><number:text>-</number:text>\
        <number:month number:style=\"long\"/><number:text>-</number:text><number:day number:style=\"long\"/>";
    const AFTER_HOURS: &str = "<number:text>:</number:text><number:minutes number:style=\"long\"/>\
        <number:text>:</number:text><number:seconds number:style=\"long\"/>";
    const HOURS: &str = "<number:hours number:style=\"long\"/>";
    let [name, _] = moment_styles(shown);
    let named = format!("style:name=\"as-{name}\"");
    match shown {
        Shown::Date => format!("<number:date-style {named}>{DATE}</number:date-style>"),
        Shown::Time => format!("<number:time-style {named}>{HOURS}{AFTER_HOURS}</number:time-style>"),
        Shown::Elapsed => format!(
            "<number:time-style {named} number:truncate-on-overflow=\"false\"><number:hours/>{AFTER_HOURS}</number:time-style>"
        ),
        Shown::Moment => format!(
            "<number:date-style {named}>{DATE}<number:text> </number:text>{HOURS}{AFTER_HOURS}</number:date-style>"
        ),
    }
}

/// Begins a sheet, up to its rows.
pub(super) fn push_sheet_start(xml: &mut String, title: &str, number: u32, column_count: usize) {
    xml.push_str("<table:table table:name=\"");
    push_attribute(xml, &sheet_name(title, number));
    xml.push_str("\">");
    if column_count > 1 {
        let before = column_count - 1;
        push(
            xml,
            format_args!(
                "<table:table-column table:style-name=\"column\" table:number-columns-repeated=\"{before}\"/>"
            ),
        );
    }
    xml.push_str("<table:table-column table:style-name=\"reason\"/>");
}

/// What a program is to show first: on every sheet the header stays in sight.
pub(super) fn settings(title: &str, sheet_count: u32) -> String {
    let mut xml = SETTINGS_START.to_owned();
    for number in 1..=sheet_count {
        xml.push_str("<config:config-item-map-entry config:name=\"");
        push_attribute(&mut xml, &sheet_name(title, number));
        xml.push_str("\">");
        xml.push_str(FROZEN_HEADER);
        xml.push_str("</config:config-item-map-entry>");
    }
    xml.push_str(SETTINGS_END);
    xml
}

/// A width in digits of the default font as points: Excel shows a digit with 7 pixels of 3/4 of a point, and 5 beside them.
fn points(digits: f64) -> f64 {
    (digits * 7.0 + 5.0) * 0.75
}

/// Writing to a text cannot fail.
fn push(xml: &mut String, written: std::fmt::Arguments<'_>) {
    _ = xml.write_fmt(written);
}
