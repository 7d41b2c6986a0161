//! One process, measured from outside.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

use crate::contender::{Contender, Output, Step, Told};

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) wall: Duration,
    /// Of all threads, in the program and in the system for it.
    pub(crate) processor: Duration,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) file_bytes: u64,
}

/// What a run has left.
struct Left {
    figures: Figures,
    file: PathBuf,
    /// What it has printed, where that is asked for.
    printed: String,
}

/// Runs a contender; its file stays.
fn run(contender: &Contender, folder: &Path) -> anyhow::Result<Left> {
    let extension = match contender.output {
        Output::Xlsx => "xlsx",
        Output::Csv | Output::Foreign => "csv",
        Output::Cells | Output::Nothing => "none",
    };
    let file = folder.join(format!("{}.{extension}", contender.id));
    std::fs::remove_file(&file).ok();
    if let Some(step) = &contender.before {
        step.run()?;
    }
    let mut command = Command::new(&contender.program);
    command.args(&contender.arguments).envs(contender.environment.iter().copied());
    command.stdin(match &contender.input {
        Some(input) => File::open(input)?.into(),
        None => Stdio::null(),
    });
    match contender.told {
        Told::RowsAndFile => command.arg(contender.rows.to_string()).arg(&file),
        Told::File => command.arg(&file),
        Told::Nothing => &mut command,
    };
    command.stdout(match contender.output {
        Output::Foreign => Stdio::from(File::create(&file)?),
        Output::Cells => Stdio::piped(),
        Output::Xlsx | Output::Csv | Output::Nothing => Stdio::null(),
    });
    // What earlier runs have written is not to be written out during this one.
    Command::new("sync").status().context("sync")?;
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| contender.program.display().to_string())?;
    let mut printed = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut printed)?;
    }
    let used = child.wait4()?;
    let wall = started.elapsed();
    ensure!(used.status.success(), "{} failed", contender.name);
    let file_bytes = file.metadata().map_or(0, |found| found.len());
    let processor = used.rusage.utime + used.rusage.stime;
    if let Some((step, wanted)) = &contender.after {
        let found = step.run()?;
        ensure!(found == *wanted, "{} left {found} instead of {wanted}", contender.name);
    }
    let figures = Figures { wall, processor, peak_memory_bytes: used.rusage.maxrss, file_bytes };
    Ok(Left { figures, file, printed })
}

impl Step {
    /// Runs it; gives what it has printed.
    pub(crate) fn run(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.program).args(&self.arguments).stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} failed: {said}", self.program.display());
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

/// Runs all contenders in turns and gives the median of each.
pub(crate) fn run_all(
    all: Vec<Contender>,
    runs: u64,
    folder: &Path,
) -> anyhow::Result<Vec<(Contender, Figures)>> {
    let mut measured: Vec<Vec<Figures>> = all.iter().map(|_| Vec::new()).collect();
    let mut cells: Option<String> = None;
    for round in 0..runs {
        for (contender, figures) in all.iter().zip(&mut measured) {
            if round >= contender.runs_max {
                continue;
            }
            eprintln!("    round {} of {runs}: {}", round + 1, contender.name);
            let left = run(contender, folder)?;
            figures.push(left.figures);
            if contender.output == Output::Cells {
                let found = cells.get_or_insert_with(|| left.printed.clone());
                ensure!(
                    *found == left.printed,
                    "{} found {} cells, others {found}",
                    contender.name,
                    left.printed
                );
            }
            if round == 0 {
                check_apart(contender, &left.file)
                    .with_context(|| format!("what {} wrote", contender.name))?;
            }
            std::fs::remove_file(&left.file).ok();
        }
    }
    Ok(all.into_iter().zip(measured).map(|(contender, figures)| (contender, median(&figures))).collect())
}

/// Reads a file back in a process of its own: what Linux tells as the peak memory of a process begins with that of the process
/// that started it, so this one must stay small.
fn check_apart(contender: &Contender, file: &Path) -> anyhow::Result<()> {
    let format = match contender.output {
        Output::Xlsx => "xlsx",
        Output::Csv => "csv",
        Output::Foreign | Output::Cells | Output::Nothing => return Ok(()),
    };
    let rows = contender.rows.to_string();
    let status = Command::new(std::env::current_exe()?).args(["check", format, &rows]).arg(file).status()?;
    ensure!(status.success(), "is not what it was to write");
    Ok(())
}

/// The median of each figure by itself; of memory the largest.
fn median(runs: &[Figures]) -> Figures {
    let middle = |mut values: Vec<Duration>| {
        values.sort();
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Figures {
        wall: middle(runs.iter().map(|run| run.wall).collect()),
        processor: middle(runs.iter().map(|run| run.processor).collect()),
        peak_memory_bytes: runs.iter().map(|run| run.peak_memory_bytes).max().unwrap_or_default(),
        file_bytes: runs.first().map_or(0, |run| run.file_bytes),
    }
}
