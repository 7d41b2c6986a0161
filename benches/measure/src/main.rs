//! Runs every contender as a process of its own, in turns, reads what each wrote, and prints tables of medians: `measure FOLDER`.
//!
//! `BENCH_ROWS` and `BENCH_RUNS` change how much is done, `QUICK` leaves out ten million rows of a database, `BENCH_PARTS` names the
//! tables that are wanted, as `writing`, `end-to-end`, `reading` and `importing`. `BENCH_PYTHON` names a Python that has what
//! `tools/bench_requirements.txt` lists, for the scripts `BENCH_XLSXWRITER` and `BENCH_READERS`; `LONGSHORE_BIN` the product,
//! `BENCH_POSTGRES_URL` and `BENCH_PSQL` a PostgreSQL that may be filled. `measure check xlsx|csv ROWS FILE` only reads one file.

mod aims;
mod contender;
mod end_to_end;
mod importing;
mod reading;
mod run;
mod table;
mod tables;
mod verify;
mod writing;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["check", format, rows, file] => verify::check(format, rows.parse()?, Path::new(file)),
        [folder] => measure(&PathBuf::from(folder)),
        _ => bail!("usage: measure FOLDER, or measure check xlsx|csv ROWS FILE"),
    }
}

fn measure(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let rows = number("BENCH_ROWS", 1_000_000)?;
    let runs = number("BENCH_RUNS", 5)?;
    let parts = std::env::var("BENCH_PARTS").unwrap_or_default();
    let has = |part: &str| parts.is_empty() || parts.split(',').any(|named| named == part);
    if has("writing") {
        writing::measure(rows, runs, folder)?;
    }
    if has("end-to-end") {
        end_to_end::measure(rows, runs, folder)?;
    }
    if has("reading") {
        reading::measure(rows, runs, folder)?;
    }
    if has("importing") {
        importing::measure(rows, runs, folder)?;
    }
    Ok(())
}

/// A number from the environment.
fn number(name: &str, or: u64) -> anyhow::Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} must be a number")),
        Err(_) => Ok(or),
    }
}
