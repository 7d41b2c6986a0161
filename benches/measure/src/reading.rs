//! Reading workbooks: the same orders, once with shared strings, as `sheets` writes them, once with inline strings, as rust_xlsxwriter
//! writes them in constant memory.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::ensure;

use crate::aims::{head, line, memory};
use crate::contender::{Contender, Output, Told, folder_of_programs, python};
use crate::run::{Figures, run_all};
use crate::table;

/// How many times faster than calamine's cell reader ours is to be.
const SPEED_MIN: f64 = 4.0;

pub(crate) fn measure(rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for (strings, writer, what) in
        [("shared", "ours", "xlsx-balanced"), ("inline", "rivals", "rust_xlsxwriter")]
    {
        let file = folder.join(format!("{strings}.xlsx"));
        make(writer, what, rows, &file)?;
        let results = run_all(contenders(rows, &file)?, runs, folder)?;
        table::print(&format!("reading, {strings} strings"), &results, rows, &["calamine"]);
        all.push((strings, results));
        std::fs::remove_file(&file)?;
    }
    head(rows);
    for (strings, results) in &all {
        aims(results, strings);
    }
    Ok(())
}

/// Has a workbook of the orders written.
pub(crate) fn make(writer: &str, what: &str, rows: u64, file: &Path) -> anyhow::Result<()> {
    eprintln!("    making {}", file.display());
    let mut command = Command::new(folder_of_programs()?.join(writer));
    let status = command.args([what, &rows.to_string()]).arg(file).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{writer} failed");
    Ok(())
}

fn contenders(rows: u64, file: &Path) -> anyhow::Result<Vec<Contender>> {
    let here = folder_of_programs()?;
    let file = file.to_string_lossy();
    let with = |id, name: &str, program: &str, arguments: &[&str], output| Contender {
        told: Told::Nothing,
        output,
        ..Contender::new(id, name, here.join(program), &[arguments, &[&file]].concat(), rows)
    };
    let mut all = vec![
        with("inflate", "*limit*: inflating alone", "readers", &["inflate"], Output::Nothing),
        with("ours", "**ours**", "ours-read", &[], Output::Cells),
        with("calamine", "calamine, cell reader", "readers", &["calamine"], Output::Cells),
    ];
    if let Some((python, script)) = python("BENCH_READERS") {
        let with = |id, name: &str, what: &str, runs_max| Contender {
            program: python.clone(),
            runs_max,
            ..with(id, name, "", &[&script, what], Output::Cells)
        };
        all.push(with("fastexcel", "fastexcel (Python)", "fastexcel", 3));
        all.push(with("openpyxl", "openpyxl (Python), read-only", "openpyxl", 1));
    }
    Ok(all)
}

fn aims(results: &[(Contender, Figures)], strings: &str) {
    let of = |id: &str| results.iter().find(|(contender, _)| contender.id == id).map(|(_, figures)| *figures);
    let (Some(ours), Some(calamine)) = (of("ours"), of("calamine")) else { return };
    let found = calamine.wall.as_secs_f64() / ours.wall.as_secs_f64();
    line(
        &format!("{strings} strings, against calamine's cell reader, speed"),
        &format!("≥ {SPEED_MIN} ×"),
        &format!("{found:.2} ×"),
        found >= SPEED_MIN,
    );
    memory(&format!("{strings} strings"), ours);
}
