//! Every file of a folder of real and of broken files gives a preview or a named error: no panic, soon, and in little memory.
//!
//! The folder is named by `LONGSHORE_CORPUS`; without it the test says that it does nothing. A process of its own, so that its memory
//! can be measured.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_sheets::read::{Choice, ReadError, ReadLimits, preview, read, recognise};

/// The longest that one file may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// The most memory that the process may ever have, in KiB.
const MEMORY_MAX_KIB: u64 = 512 << 10;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Recognises, previews and reads every sheet.
fn read_all(path: &Path) -> Result<u64, ReadError> {
    let limits = ReadLimits { time: Some(TIME_MAX), ..ReadLimits::default() };
    let recognised = recognise(path, &limits)?;
    let mut row_count = 0;
    for sheet in 0..recognised.sheets.len() {
        let choice = Choice { sheet, ..Choice::default() };
        preview(path, &recognised, &choice, 50, &limits)?;
        let mut next = |_| ControlFlow::Continue(());
        row_count += read(path, &recognised, &choice, &limits, &Arc::default(), &mut next)?.row_count;
    }
    Ok(row_count)
}

/// The most memory that this process had so far; `None` where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[test]
fn every_file_is_read_or_refused_by_name() {
    let Some(folder) = std::env::var_os("LONGSHORE_CORPUS") else {
        println!("skipped: LONGSHORE_CORPUS names no folder");
        return;
    };
    let mut outcomes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in files(Path::new(&folder)) {
        let started = Instant::now();
        let result = read_all(&path);
        assert!(started.elapsed() < TIME_MAX, "{} took {:?}", path.display(), started.elapsed());
        if let Some(peak) = peak_kib() {
            assert!(peak <= MEMORY_MAX_KIB, "{} took {peak} KiB", path.display());
        }
        let outcome = match &result {
            Ok(_) => "read",
            Err(ReadError::NotASpreadsheet { .. }) => "no spreadsheet",
            Err(ReadError::Empty) => "empty",
            Err(ReadError::PasswordProtected) => "password",
            Err(ReadError::Damaged { .. }) => "damaged",
            Err(ReadError::Unsupported { .. }) => "unsupported",
            Err(ReadError::TooBig { .. }) => "too big",
            Err(ReadError::BadEncoding { .. }) => "encoding",
            Err(ReadError::UnclosedQuote { .. }) => "quote",
            Err(error @ (ReadError::NoSuchSheet { .. } | ReadError::Stopped | ReadError::Io(_))) => {
                panic!("{}: {error}", path.display())
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let told =
            result.map_or_else(|error| format!("{name}: {error}"), |rows| format!("{name}: {rows} rows"));
        outcomes.entry(outcome).or_default().push(told);
    }
    for (outcome, files) in &outcomes {
        println!("{outcome}: {} files", files.len());
        files.iter().filter(|_| *outcome != "read").for_each(|file| println!("  {file}"));
    }
    println!("peak memory: {:?} KiB", peak_kib());
    assert!(outcomes.contains_key("read"), "no file was read");
}
