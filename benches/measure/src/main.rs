//! Runs every contender as a process of its own, in turns, reads what each wrote, and prints tables of medians: `measure FOLDER`.
//!
//! `BENCH_ROWS` and `BENCH_RUNS` change how much is done, `BENCH_PYTHON` names a Python that has XlsxWriter.

mod aims;
mod contender;
mod run;
mod table;
mod verify;

use std::path::PathBuf;

use anyhow::Context;

use self::contender::{Contender, contenders};
use self::run::{Figures, median};

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: measure FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let rows = number("BENCH_ROWS", 1_000_000)?;
    let runs = number("BENCH_RUNS", 5)?;
    let all = contenders(rows)?;
    let mut measured: Vec<Vec<Figures>> = all.iter().map(|_| Vec::new()).collect();
    for round in 0..runs {
        for (contender, figures) in all.iter().zip(&mut measured) {
            if round >= contender.runs_max {
                continue;
            }
            eprintln!("    round {} of {runs}: {}", round + 1, contender.name);
            let (figure, file) = run::run(contender, &folder)?;
            figures.push(figure);
            if round == 0 {
                verify::check(contender, &file).with_context(|| format!("what {} wrote", contender.name))?;
            }
            std::fs::remove_file(&file).ok();
        }
    }
    let results: Vec<(Contender, Figures)> =
        all.into_iter().zip(measured).map(|(contender, figures)| (contender, median(&figures))).collect();
    table::print(&results, rows);
    aims::print(&results, rows);
    Ok(())
}

/// A number from the environment.
fn number(name: &str, or: u64) -> anyhow::Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} must be a number")),
        Err(_) => Ok(or),
    }
}
