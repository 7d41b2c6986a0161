//! One process, measured from outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

use crate::contender::{Contender, Output};

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
pub(crate) fn run(contender: &Contender, folder: &Path) -> anyhow::Result<(Figures, PathBuf)> {
    let extension = if contender.output == Output::Csv { "csv" } else { "xlsx" };
    let file = folder.join(format!("{}.{extension}", contender.id));
    std::fs::remove_file(&file).ok();
    let mut command = Command::new(&contender.program);
    command.args(&contender.arguments).arg(contender.rows.to_string()).arg(&file).stdin(Stdio::null());
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

/// The median of each figure by itself; of memory the largest.
pub(crate) fn median(runs: &[Figures]) -> Figures {
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
