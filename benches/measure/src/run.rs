//! One process, measured from outside.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

use crate::contender::{Contender, Output, Told};

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) wall: Duration,
    /// Of all threads, in the program and in the system for it.
    pub(crate) processor: Duration,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) file_bytes: u64,
}

/// Runs a contender; its file stays.
fn run(contender: &Contender, folder: &Path) -> anyhow::Result<(Figures, PathBuf)> {
    let extension = match contender.output {
        Output::Xlsx => "xlsx",
        Output::Csv | Output::Foreign => "csv",
        Output::Nothing => "none",
    };
    let file = folder.join(format!("{}.{extension}", contender.id));
    std::fs::remove_file(&file).ok();
    let mut command = Command::new(&contender.program);
    command.args(&contender.arguments).envs(contender.environment.iter().copied()).stdin(Stdio::null());
    match contender.told {
        Told::RowsAndFile => command.arg(contender.rows.to_string()).arg(&file),
        Told::File => command.arg(&file),
        Told::Nothing => &mut command,
    };
    command.stdout(match contender.output {
        Output::Foreign => Stdio::from(File::create(&file)?),
        Output::Xlsx | Output::Csv | Output::Nothing => Stdio::null(),
    });
    // What earlier runs have written is not to be written out during this one.
    Command::new("sync").status().context("sync")?;
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| contender.program.display().to_string())?;
    let used = child.wait4()?;
    let wall = started.elapsed();
    ensure!(used.status.success(), "{} failed", contender.name);
    let file_bytes = file.metadata().map_or(0, |found| found.len());
    let processor = used.rusage.utime + used.rusage.stime;
    Ok((Figures { wall, processor, peak_memory_bytes: used.rusage.maxrss, file_bytes }, file))
}

/// Runs all contenders in turns and gives the median of each.
pub(crate) fn run_all(
    all: Vec<Contender>,
    runs: u64,
    folder: &Path,
) -> anyhow::Result<Vec<(Contender, Figures)>> {
    let mut measured: Vec<Vec<Figures>> = all.iter().map(|_| Vec::new()).collect();
    for round in 0..runs {
        for (contender, figures) in all.iter().zip(&mut measured) {
            if round >= contender.runs_max {
                continue;
            }
            eprintln!("    round {} of {runs}: {}", round + 1, contender.name);
            let (figure, file) = run(contender, folder)?;
            figures.push(figure);
            if round == 0 {
                check_apart(contender, &file).with_context(|| format!("what {} wrote", contender.name))?;
            }
            std::fs::remove_file(&file).ok();
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
        Output::Foreign | Output::Nothing => return Ok(()),
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
