//! The workbook's parts (ECMA-376 part 1, 18: SpreadsheetML).

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};

use crate::archive::Item;
use crate::package::{find, relationships, xml};

/// The elements of CT_Worksheet in their sequence (18.3.1.99), up to those that we could write.
const WORKSHEET: [&str; 24] = [
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
];
const MAX_ROW: u32 = 1_048_576;
const MAX_COLUMN: u32 = 16_384;
const MAX_UNITS: usize = 32_767;
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// What cells refer to, and what they used of it.
struct References {
    style_count: u32,
    string_count: u32,
    string_uses: u64,
    strings_used: BTreeSet<u32>,
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    node.children().find(|child| child.has_tag_name((node.tag_name().namespace().unwrap(), name)))
}

fn elements<'a, 'b>(node: Node<'a, 'b>) -> impl Iterator<Item = Node<'a, 'b>> {
    node.children().filter(Node::is_element)
}

fn count(node: Node<'_, '_>, attribute: &str) -> u64 {
    node.attribute(attribute).unwrap().parse().unwrap()
}

/// Checks workbook, styles, strings and sheets.
pub fn check(items: &[Item]) {
    let styles = xml(find(items, "xl/styles.xml"));
    let style_count = check_styles(&styles);
    let strings = xml(find(items, "xl/sharedStrings.xml"));
    let string_count = check_strings(&strings);
    let mut references =
        References { style_count, string_count, string_uses: 0, strings_used: BTreeSet::new() };

    let workbook = xml(find(items, "xl/workbook.xml"));
    let filters = filters(&workbook);
    let targets = relationships(find(items, "xl/_rels/workbook.xml.rels"));
    let sheets = child(workbook.root_element(), "sheets").unwrap();
    let mut names = BTreeSet::new();
    for (index, sheet) in elements(sheets).enumerate() {
        let name = sheet.attribute("name").unwrap();
        check_sheet_name(name);
        assert!(names.insert(name.to_lowercase()), "two sheets are called {name}");
        assert_eq!(count(sheet, "sheetId"), index as u64 + 1);
        let id = sheet.attribute((RELATIONSHIPS, "id")).unwrap();
        let range = check_sheet(&xml(find(items, &format!("xl/{}", targets[id]))), &mut references);
        let (filtered, absolute) = &filters[&index];
        // In a formula the name stands in apostrophes, and its own ones are doubled.
        let quoted = format!("'{}'", name.replace('\'', "''"));
        assert!(filtered == &quoted || filtered == name, "{filtered} instead of {quoted}");
        // All columns may be left out: A1:XFD3 is 1:3.
        let whole_rows = range.contains(":XFD").then(|| range.replace(":XFD", ":").replace('A', ""));
        let absolute = absolute.replace('$', "");
        assert!(absolute == range || Some(&absolute) == whole_rows.as_ref(), "{absolute} instead of {range}");
    }
    assert_eq!(filters.len(), names.len());
    let table = strings.root_element();
    assert_eq!(count(table, "count"), references.string_uses);
    assert_eq!(references.strings_used.len(), string_count as usize, "no string for nothing");
}

/// Sheets and ranges of the hidden names that Excel gives to filters, by the sheet's index.
fn filters(workbook: &Document<'_>) -> BTreeMap<usize, (String, String)> {
    let names = child(workbook.root_element(), "definedNames").unwrap();
    let filter = |name: Node<'_, '_>| {
        assert_eq!(
            (name.attribute("name"), name.attribute("hidden")),
            (Some("_xlnm._FilterDatabase"), Some("1"))
        );
        let (sheet, range) = name.text().unwrap().rsplit_once('!').unwrap();
        (count(name, "localSheetId") as usize, (sheet.to_owned(), range.to_owned()))
    };
    elements(names).map(filter).collect()
}

/// "Rename a worksheet", Microsoft.
fn check_sheet_name(name: &str) {
    let units = name.encode_utf16().count();
    assert!((1..=31).contains(&units), "{name} has {units}");
    assert!(!name.contains(['[', ']', ':', '*', '?', '/', '\\']), "{name}");
    assert!(!name.starts_with('\'') && !name.ends_with('\''), "{name}");
    assert!(!name.trim().is_empty() && !name.eq_ignore_ascii_case("history"), "{name}");
}

/// Gives how many styles cells can have.
fn check_styles(styles: &Document<'_>) -> u32 {
    let root = styles.root_element();
    let mut counts = BTreeMap::new();
    for list in elements(root).filter(|list| list.attribute("count").is_some()) {
        assert_eq!(count(list, "count"), elements(list).count() as u64, "{list:?}");
        counts.insert(list.tag_name().name(), count(list, "count"));
    }
    let own_formats: BTreeSet<u64> = child(root, "numFmts")
        .into_iter()
        .flat_map(elements)
        .map(|format| count(format, "numFmtId"))
        .collect();
    for style in elements(child(root, "cellXfs").unwrap()) {
        // Those below 164 are built in (18.8.30).
        let format = count(style, "numFmtId");
        assert!(format < 164 || own_formats.contains(&format));
        for (attribute, list) in
            [("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"), ("xfId", "cellStyleXfs")]
        {
            assert!(count(style, attribute) < counts[list], "{attribute}");
        }
    }
    counts["cellXfs"] as u32
}

/// Gives how many strings there are.
fn check_strings(strings: &Document<'_>) -> u32 {
    let table = strings.root_element();
    let mut texts = BTreeSet::new();
    for item in elements(table) {
        assert_eq!(item.tag_name().name(), "si");
        let text = check_text(child(item, "t").unwrap());
        assert!(texts.insert(text.clone()), "{text} twice");
    }
    assert_eq!(count(table, "uniqueCount"), texts.len() as u64);
    texts.len() as u32
}

/// Checks an ST_Xstring (22.9.2.19) and gives what it stands for.
fn check_text(t: Node<'_, '_>) -> String {
    let raw = t.text().unwrap_or_default();
    let preserved = t.attribute(("http://www.w3.org/XML/1998/namespace", "space")) == Some("preserve");
    let has_space_at_an_end = raw.starts_with([' ', '\t', '\n']) || raw.ends_with([' ', '\t', '\n']);
    assert_eq!(preserved, has_space_at_an_end, "{raw:?}");
    let mut units: Vec<u16> = Vec::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let form = rest.get(..7).filter(|form| form.starts_with("_x") && form.ends_with('_'));
        match form.and_then(|form| u16::from_str_radix(&form[2..6], 16).ok()) {
            Some(unit) => {
                let needs_it = unit == u16::from(b'_') || !(0x20..0xFFFE).contains(&unit);
                assert!(needs_it, "{unit:#x} is escaped for nothing in {raw:?}");
                units.push(unit);
                rest = &rest[7..];
            }
            None => {
                units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    assert!(units.len() <= MAX_UNITS);
    String::from_utf16(&units).unwrap()
}

/// Row and column of a reference such as B7, both from 1.
fn position(reference: &str) -> (u32, u32) {
    let digits = reference.find(|c: char| c.is_ascii_digit()).unwrap();
    let column = reference[..digits].bytes().fold(0, |column, letter| {
        assert!(letter.is_ascii_uppercase());
        column * 26 + u32::from(letter - b'A') + 1
    });
    (reference[digits..].parse().unwrap(), column)
}

/// Gives the range of the sheet's filter.
fn check_sheet(sheet: &Document<'_>, references: &mut References) -> String {
    let root = sheet.root_element();
    let order: Vec<usize> = elements(root)
        .map(|element| WORKSHEET.iter().position(|name| *name == element.tag_name().name()).unwrap())
        .collect();
    assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");

    let mut covered = 0;
    for columns in elements(child(root, "cols").unwrap()) {
        let (min, max) = (count(columns, "min") as u32, count(columns, "max") as u32);
        assert!(min == covered + 1 && min <= max && max <= MAX_COLUMN);
        assert!(
            columns
                .attribute("style")
                .is_none_or(|style| style.parse::<u32>().unwrap() < references.style_count)
        );
        covered = max;
    }
    let mut last_row = 0;
    for row in elements(child(root, "sheetData").unwrap()) {
        let number = count(row, "r") as u32;
        assert!(number == last_row + 1 && number <= MAX_ROW, "row {number} after {last_row}");
        last_row = number;
        let mut last_column = 0;
        for cell in elements(row) {
            let (own_row, column) = position(cell.attribute("r").unwrap());
            assert!(own_row == number && column > last_column && column <= covered, "{cell:?}");
            last_column = column;
            check_cell(cell, references);
        }
    }
    let filter = child(root, "autoFilter").unwrap().attribute("ref").unwrap();
    let (first, last) = filter.split_once(':').unwrap_or((filter, filter));
    assert_eq!((position(first), position(last)), ((1, 1), (last_row, covered)));
    filter.to_owned()
}

fn check_cell(cell: Node<'_, '_>, references: &mut References) {
    let style = cell.attribute("s").map_or(0, |style| style.parse::<u32>().unwrap());
    assert!(style < references.style_count);
    let value = child(cell, "v").map(|v| v.text().unwrap());
    assert_eq!(elements(cell).count(), 1, "a value and nothing else");
    match (cell.attribute("t"), value) {
        (None | Some("n"), Some(value)) => assert!(value.parse::<f64>().unwrap().is_finite(), "{value}"),
        (Some("b"), Some("0" | "1")) => {}
        (Some("s"), Some(value)) => {
            let number = value.parse().unwrap();
            assert!(number < references.string_count);
            references.string_uses += 1;
            references.strings_used.insert(number);
        }
        (Some("inlineStr"), None) => {
            let is = child(cell, "is").unwrap();
            assert!(!check_text(child(is, "t").unwrap()).is_empty());
        }
        other => panic!("{other:?}"),
    }
}
