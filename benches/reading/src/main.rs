//! Runs every reader as a process of its own, in turns, on the same two workbooks, and prints a table of medians: `reading FOLDER`.
//!
//! The workbooks have the orders, one with shared strings (ours), one with inline strings (rust_xlsxwriter). `BENCH_ROWS` and `BENCH_RUNS`
//! change how much is done. `BENCH_PYTHON` names a Python that has openpyxl and fastexcel, `BENCH_READ_PY` the script that uses them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

const MEBIBYTE: f64 = 1_048_576.0;
/// The one that the others are compared with.
const RIVAL: &str = "calamine, cell reader";

/// A program that reads a workbook and prints how many cells it has.
struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    /// Whether it counts cells.
    has_cells: bool,
    runs_max: usize,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Figures {
    wall: Duration,
    processor: Duration,
    peak_memory_bytes: u64,
}

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: reading FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let rows = std::env::var("BENCH_ROWS").unwrap_or_else(|_| "1000000".to_owned());
    let runs: usize = std::env::var("BENCH_RUNS").map_or(Ok(5), |runs| runs.parse())?;
    let here = std::env::current_exe()?.parent().context("the program is in a folder")?.to_owned();
    println!("| reading {rows} rows | strings | wall s | processor s | peak MiB | {RIVAL} ÷ this, wall |");
    println!("|---|---|--:|--:|--:|--:|");
    for (strings, writer, what) in [("shared", "ours", "xlsx-balanced"), ("inline", "rivals", "rust_xlsxwriter")] {
        let file = folder.join(format!("{strings}.xlsx"));
        let status = Command::new(here.join(writer)).args([what, &rows]).arg(&file).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{writer} failed");
        measure(&contenders(&here), &file, strings, runs)?;
        std::fs::remove_file(&file)?;
    }
    Ok(())
}

fn contenders(here: &Path) -> Vec<Contender> {
    let own = |name, program: &str, arguments: &[&str], has_cells| Contender {
        name,
        program: here.join(program),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        has_cells,
        runs_max: usize::MAX,
    };
    let mut all = vec![
        own("*limit*: inflating alone", "readers", &["inflate"], false),
        own("**ours**", "ours-read", &[], true),
        own(RIVAL, "readers", &["calamine"], true),
    ];
    if let (Ok(python), Ok(script)) = (std::env::var("BENCH_PYTHON"), std::env::var("BENCH_READ_PY")) {
        for (name, what, runs_max) in [("fastexcel (Python)", "fastexcel", 3), ("openpyxl (Python), read-only", "openpyxl", 1)] {
            let arguments = vec![script.clone(), what.to_owned()];
            all.push(Contender { name, program: PathBuf::from(&python), arguments, has_cells: true, runs_max });
        }
    }
    all
}

/// Runs all in turns on a file and prints a line for each.
fn measure(all: &[Contender], file: &Path, strings: &str, runs: usize) -> anyhow::Result<()> {
    let mut measured: Vec<Vec<Figures>> = all.iter().map(|_| Vec::new()).collect();
    let mut cells = None;
    for round in 0..runs {
        for (contender, figures) in all.iter().zip(&mut measured) {
            if round >= contender.runs_max {
                continue;
            }
            eprintln!("    {strings}, round {} of {runs}: {}", round + 1, contender.name);
            let (figure, count) = run(contender, file)?;
            figures.push(figure);
            if contender.has_cells {
                ensure!(*cells.get_or_insert(count) == count, "{} found {count} cells, others {cells:?}", contender.name);
            }
        }
    }
    let rival = all.iter().zip(&measured).find(|(contender, _)| contender.name == RIVAL).map(|(_, runs)| wall(runs));
    for (contender, figures) in all.iter().zip(&measured) {
        let mut processor: Vec<Duration> = figures.iter().map(|run| run.processor).collect();
        processor.sort();
        let peak = figures.iter().map(|run| run.peak_memory_bytes).max().unwrap_or_default();
        println!(
            "| {} | {strings} | {:.2} | {:.2} | {:.0} | {:.1} |",
            contender.name,
            wall(figures),
            processor[processor.len() / 2].as_secs_f64(),
            peak as f64 / MEBIBYTE,
            rival.unwrap_or_default() / wall(figures),
        );
    }
    Ok(())
}

/// The median of the wall times in seconds.
fn wall(runs: &[Figures]) -> f64 {
    let mut walls: Vec<Duration> = runs.iter().map(|run| run.wall).collect();
    walls.sort();
    walls[walls.len() / 2].as_secs_f64()
}

fn run(contender: &Contender, file: &Path) -> anyhow::Result<(Figures, u64)> {
    let started = Instant::now();
    let mut child = Command::new(&contender.program)
        .args(&contender.arguments)
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| contender.program.display().to_string())?;
    let mut told = String::new();
    child.stdout.take().context("its output")?.read_to_string(&mut told)?;
    let used = child.wait4()?;
    let wall = started.elapsed();
    ensure!(used.status.success(), "{} failed", contender.name);
    let processor = used.rusage.utime + used.rusage.stime;
    let count = told.trim().parse().with_context(|| format!("{} told \"{told}\"", contender.name))?;
    Ok((Figures { wall, processor, peak_memory_bytes: used.rusage.maxrss }, count))
}
