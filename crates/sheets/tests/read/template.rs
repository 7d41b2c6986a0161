//! Templates are workbooks that can be opened, whatever their columns allow.

use std::io::Cursor;

use longshore_protocol::ColumnType;
use longshore_sheets::read::{Choice, ReadLimits, recognise};
use longshore_sheets::template::{TemplateColumn, write_template};

use crate::support::{file, rows_with};

fn template(title: &str, allowed: Vec<String>) -> Vec<u8> {
    let column = TemplateColumn {
        header: "a".to_owned(),
        is_required: false,
        column_type: ColumnType::Text,
        allowed,
        example: "x".to_owned(),
    };
    let mut content = Cursor::new(Vec::new());
    write_template(title, &[column], &mut content).expect("it is written");
    content.into_inner()
}

#[test]
fn lists_that_are_too_long_for_a_rule_have_a_sheet() {
    for (title, allowed, sheets) in [
        ("A", vec!["x".repeat(254)], &["A"][..]),
        ("A", vec!["x".repeat(255)], &["A"]),
        ("A", vec!["x".repeat(256)], &["A", "Lists"]),
        // A quote is doubled in a rule, and these characters take two units each.
        ("A", vec!["\"".repeat(127)], &["A"]),
        ("A", vec!["\"".repeat(128)], &["A", "Lists"]),
        ("A", vec!["😀".repeat(127)], &["A"]),
        ("A", vec!["😀".repeat(64), "😀".repeat(64)], &["A", "Lists"]),
        ("Lists", vec!["x,y".to_owned()], &["Lists", "Lists_2"]),
        ("lists", vec!["x,y".to_owned()], &["lists", "Lists_2"]),
    ] {
        let content = template(title, allowed.clone());
        let limits = ReadLimits::default();
        let recognised = recognise(file(&content).path(), &limits).expect("it is a workbook");
        let found: Vec<&str> = recognised.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        assert_eq!(found, sheets);
        if sheets.len() > 1 {
            let listed = rows_with(&content, &Choice { sheet: 1, text: None }, &limits).expect("it is read");
            assert_eq!(listed.len(), allowed.len());
        }
    }
}
