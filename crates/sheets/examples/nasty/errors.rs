//! Files of errors of every kind of workbook, with cells of every kind.

use std::fs::File;
use std::path::Path;

use longshore_sheets::faults::{FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellKind};
use serde_json::{Value, json};

const TITLE: &str = "Orders 订单";
const HEADERS: [&str; 4] = ["Value", "Marked 值", "Row in file", "Reason"];
const NUMBER: u32 = 1_000_001;
const REASON: &str = "金额：不是数字 <&>";

/// Cells as they stood in the file, and what programs are to see of them.
fn cells() -> Vec<(CellKind, String, Value)> {
    let text = |text: &str| (CellKind::Text, text.to_owned(), json!({ "s": text }));
    let number = |text: &str, number: f64| (CellKind::Number, text.to_owned(), json!({ "n": number }));
    let date = |text: &str, day: &str| (CellKind::Date, text.to_owned(), json!({ "d": day }));
    let time = |text: &str| (CellKind::Date, text.to_owned(), json!({ "t": text }));
    vec![
        text("plain"),
        text("=HYPERLINK(\"https://example.org\",\"x\")"),
        text("+1 -1 @x"),
        text("'quoted"),
        text("001"),
        text("1.0"),
        text("TRUE"),
        text("2026-08-01"),
        text(" spaces  before and behind "),
        text("two\nlines"),
        text("<b>&amp;\"'</b> ]]>"),
        text("订单 🚢 é́ \u{202E}right to left"),
        text(&"长".repeat(32_767)),
        text(&"🚢".repeat(5_000)),
        number("0", 0.0),
        number("-17", -17.0),
        number("19.99", 19.99),
        number("1073741823", 1_073_741_823.0),
        number("-536870912", -536_870_912.0),
        number("536870912", 536_870_912.0),
        number("999999999999999", 999_999_999_999_999.0),
        number("1E+300", 1e300),
        number("1.5E-300", 1.5e-300),
        (CellKind::Number, "123456789012345678".to_owned(), json!({ "s": "123456789012345678" })),
        (CellKind::Boolean, "true".to_owned(), json!({ "b": true })),
        (CellKind::Boolean, "false".to_owned(), json!({ "b": false })),
        (CellKind::Error, "#N/A".to_owned(), json!({ "s": "#N/A" })),
        date("1970-01-01", "1970-01-01T00:00:00"),
        date("2026-08-01", "2026-08-01T00:00:00"),
        date("2026-08-01T10:30:15", "2026-08-01T10:30:15"),
        date("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
        time("00:00:01"),
        time("23:59:59"),
        time("36:00:00"),
        (CellKind::Empty, String::new(), Value::Null),
    ]
}

/// Writes a folder for each kind, with the file and what programs are to see of it.
pub(crate) fn write(folder: &Path) {
    for (kind, ending) in [
        (FaultsKind::Xlsx, "xlsx"),
        (FaultsKind::Xlsm, "xlsm"),
        (FaultsKind::Xlsb, "xlsb"),
        (FaultsKind::Xls, "xls"),
        (FaultsKind::Ods, "ods"),
    ] {
        let folder = folder.join(format!("errors-{ending}"));
        std::fs::create_dir_all(&folder).unwrap();
        let name = format!("errors.{ending}");
        let headers = HEADERS.map(str::to_owned).to_vec();
        let mut writer = FaultsWriter::create(kind, &folder.join(&name), TITLE, headers).unwrap();
        let mut rows = Vec::new();
        for (kind, text, want) in cells() {
            let cell = Cell { kind, text: &text };
            writer.push(&[cell, cell], &[1], NUMBER, REASON).unwrap();
            rows.push(
                [want.clone(), want, json!({ "n": NUMBER }), json!({ "s": REASON })].map(|want| [want]),
            );
        }
        writer.finish().unwrap();
        let wanted = json!({
            "file": name,
            "title": TITLE,
            "sheets": [{ "name": TITLE, "row_count": rows.len() }],
            "columns": HEADERS.map(|header| json!({ "name": header, "header": header, "type": "text" })),
            "rows": rows,
        });
        serde_json::to_writer(File::create(folder.join("wanted.json")).unwrap(), &wanted).unwrap();
    }
}
