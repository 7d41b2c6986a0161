//! XLSX files that others made are read as calamine reads them, cell by cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, SheetType, Xlsx, open_workbook};
use longshore_sheets::read::{CellKind, Choice, ReadLimits, recognise};

use crate::support::batches;

/// Files in which this reader and calamine differ on purpose, and why.
const DIFFERENT: [(&str, &str); 1] =
    [("encoded_entities.xlsx", "white space that is written as an entity belongs to the text")];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "xlsx" || ending == "xlsm"));
    files
}

/// A value of calamine in this reader's form.
fn form(value: &Data) -> Option<(CellKind, String)> {
    Some(match value {
        Data::Empty => return None,
        Data::String(text) | Data::DurationIso(text) if text.is_empty() => return None,
        Data::String(text) | Data::DurationIso(text) => (CellKind::Text, text.clone()),
        Data::Int(number) => (CellKind::Number, number.to_string()),
        Data::Float(number) => (CellKind::Number, number.to_string()),
        Data::Bool(value) => (CellKind::Boolean, value.to_string()),
        Data::Error(error) => (CellKind::Error, error.to_string()),
        Data::DateTimeIso(text) => (CellKind::Date, text.clone()),
        Data::DateTime(moment) if moment.is_duration() => {
            (CellKind::Date, format!("{}", moment.as_f64() * 24.0))
        }
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            (CellKind::Date, format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
        }
    })
}

/// Whether a cell of this reader is calamine's value.
fn is_same(kind: CellKind, text: &str, want: &(CellKind, String)) -> bool {
    match kind {
        _ if kind != want.0 => false,
        CellKind::Number => text.parse::<f64>().ok() == want.1.parse().ok(),
        CellKind::Date => match text.split_once(':') {
            _ if text == want.1 => true,
            None => want.1 == format!("{text}T00:00:00"),
            Some((hours, _)) if hours.len() <= 4 => {
                want.1.contains(text)
                    || hours.trim_start_matches('0') == want.1.split('.').next().unwrap_or_default()
            }
            Some(_) => want.1 == text.split('.').next().unwrap_or_default(),
        },
        _ => text == want.1,
    }
}

#[test]
fn cells_are_those_of_calamine() {
    let Some(folder) = std::env::var_os("LONGSHORE_CORPUS") else {
        println!("skipped: LONGSHORE_CORPUS names no folder");
        return;
    };
    let limits = ReadLimits::default();
    let (mut cell_count, mut differences) = (0, Vec::new());
    for path in files(Path::new(&folder)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (Ok(mut workbook), Ok(recognised)) =
            (open_workbook::<Xlsx<_>, _>(&path), recognise(&path, &limits))
        else {
            continue;
        };
        let sheets: Vec<String> = workbook
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| sheet.name.clone())
            .collect();
        let ours: Vec<&String> = recognised.sheets.iter().map(|sheet| &sheet.name).collect();
        assert_eq!(ours, sheets.iter().collect::<Vec<_>>(), "{name}");
        for (sheet, sheet_name) in sheets.iter().enumerate() {
            let choice = Choice { sheet, ..Choice::default() };
            let (Ok(range), Ok(batches)) =
                (workbook.worksheet_range(sheet_name), batches(&path, &choice, &limits))
            else {
                continue;
            };
            let (first_row, first_column) = range.start().unwrap_or_default();
            let mut want: BTreeMap<(u32, usize), (CellKind, String)> = range
                .used_cells()
                .filter_map(|(row, column, value)| {
                    Some(((first_row + row as u32 + 1, first_column as usize + column), form(value)?))
                })
                .collect();
            for batch in &batches {
                for row in 0..batch.row_count() {
                    for column in 0..batch.column_count() {
                        let cell = batch.cell(row, column);
                        let place = (batch.row_number(row), column);
                        match want.remove(&place) {
                            None if cell.kind == CellKind::Empty => {}
                            Some(value) if is_same(cell.kind, cell.text, &value) => cell_count += 1,
                            value => differences
                                .push(format!("{name} {sheet_name} {place:?}: {cell:?}, calamine {value:?}")),
                        }
                    }
                }
            }
            differences.extend(
                want.iter().map(|(place, value)| {
                    format!("{name} {sheet_name} {place:?}: nothing, calamine {value:?}")
                }),
            );
        }
    }
    differences.retain(|difference| !DIFFERENT.iter().any(|(name, _)| difference.starts_with(name)));
    println!("{cell_count} cells are the same");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(cell_count > 0, "no cell was compared");
}
