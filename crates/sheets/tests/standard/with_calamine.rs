//! The table of everything that goes wrong, read back with calamine; `end2end/readback` does the same with other programs.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

/// Compares every cell with what the fixture wants.
pub fn check(bytes: &[u8], wanted: &Value) {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let (columns, mut rows) = (list(&wanted["columns"]), list(&wanted["rows"]).into_iter());
    let names: Vec<String> =
        list(&wanted["sheets"]).iter().map(|sheet| sheet["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(workbook.sheet_names(), names);
    for (sheet, (name, range)) in list(&wanted["sheets"]).iter().zip(workbook.worksheets()) {
        let row_count = sheet["row_count"].as_u64().unwrap() as u32;
        assert_eq!(range.end(), Some((row_count, columns.len() as u32 - 1)), "{name}");
        let cell = |row, column: usize| range.get_value((row, column as u32)).cloned().unwrap_or_default();
        for (index, column) in columns.iter().enumerate() {
            assert_eq!(cell(0, index), Data::String(column["header"].as_str().unwrap().to_owned()));
        }
        for row in 1..=row_count {
            for (index, want) in rows.next().unwrap().as_array().unwrap().iter().enumerate() {
                let found = cell(row, index);
                assert!(
                    is_right(&found, &want[0]),
                    "{name}, row {row}, column {index}: {found:?} instead of {want}"
                );
            }
        }
    }
    assert_eq!(rows.next(), None);
}

fn is_right(found: &Data, want: &Value) -> bool {
    let Some((kind, want)) = want.as_object().and_then(|object| object.iter().next()) else {
        return *found == Data::Empty;
    };
    let text = || want.as_str().unwrap();
    match (kind.as_str(), found) {
        ("s", Data::String(found)) => found == text(),
        ("n", Data::Float(found)) => Some(*found) == want.as_f64(),
        ("b", Data::Bool(found)) => Some(*found) == want.as_bool(),
        ("d", Data::DateTime(found)) => {
            let moment: DateTime = text().parse().unwrap();
            let start = Date::constant(1899, 12, 30).to_datetime(Time::midnight());
            is_close(found.as_f64(), moment.duration_since(start).as_secs_f64())
        }
        ("t", Data::DateTime(found)) => {
            let time: Time = text().parse().unwrap();
            is_close(found.as_f64(), time.duration_since(Time::midnight()).as_secs_f64())
        }
        _ => false,
    }
}

/// A serial number of the year 9999 has microseconds.
fn is_close(serial: f64, seconds: f64) -> bool {
    (serial * 86_400.0 - seconds).abs() < 1e-4
}
