//! Writes a table of everything that spreadsheets get wrong in every format, and beside the files what other programs must read
//! from them: `cargo run --release -p longshore-sheets --example nasty -- FOLDER`; and files of errors of all workbooks, each in a folder
//! of its own. `end2end/readback` holds those programs to it.
//!
//! `wanted.json`: `{"file", "title", "sheets": [{"name", "row_count"}], "columns": [{"name", "header", "type"}], "rows": [[cell]]}`, where a cell
//! is `[xlsx, csv, exact]`, or `[xlsx]` of files of errors, and where all three are that text; `file` is the workbook:
//!
//! | part | meaning |
//! |---|---|
//! | `xlsx` | `null` for a blank cell, `{"s": text}`, `{"n": number}`, `{"b": boolean}`, `{"d": date and time}` or `{"t": time}` |
//! | `csv` | the field, without the apostrophe that guards it |
//! | `exact` | `null`, or the value as text: of dates, times and moments the number that Arrow has |

#![allow(clippy::unwrap_used)]

mod errors;
mod fixture;

use std::fs::File;
use std::path::PathBuf;

use longshore_protocol::ExportFormat;
use longshore_sheets::open;

fn main() {
    let folder =
        PathBuf::from(std::env::args().nth(1).expect("the folder for the files is the one argument"));
    std::fs::create_dir_all(&folder).unwrap();
    for format in ExportFormat::ALL {
        let file = File::create(folder.join(format!("nasty.{}", format.name()))).unwrap();
        let mut writer = open(format, fixture::spec(), Box::new(file)).unwrap();
        for batch in fixture::batches() {
            writer.write_batch(&batch).unwrap();
        }
        writer.finish().unwrap();
    }
    serde_json::to_writer(File::create(folder.join("wanted.json")).unwrap(), &fixture::wanted()).unwrap();
    errors::write(&folder);
}
