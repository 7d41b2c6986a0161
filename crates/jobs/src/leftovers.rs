//! What killed processes and people who went away leave: unfinished files and drafts in the file store, files being read on this
//! machine.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use longshore_datasets::Catalog;
use longshore_files::FileStore;
use longshore_tasks::TaskStore;

use crate::import;

/// How long the folder of an import by the command line is kept: its files change, but not the folder, and it may take a day.
const FOLDERS_KEPT: Duration = Duration::from_secs(48 * 60 * 60);

/// Removes, every `interval`, drafts of imports that nobody has touched for `draft_kept`, unfinished files that nobody has written to
/// for so long that no run can be writing to them any more, and what the databases' ledgers say of imports that are gone. Ends when
/// dropped.
pub async fn sweep(
    files: FileStore,
    store: Arc<dyn TaskStore>,
    catalog: Arc<Catalog>,
    untouched_for: Duration,
    draft_kept: Duration,
    interval: Duration,
) {
    loop {
        match import::sweep::sweep(&files, &store, &catalog, draft_kept).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed drafts whose time has passed, and what imports left"),
            Err(error) => tracing::warn!(error = %error, "late drafts could not be removed"),
        }
        match files.remove_unfinished(untouched_for).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed unfinished files that killed processes left"),
            Err(error) => tracing::warn!(error = %error, "unfinished files could not be removed"),
        }
        tokio::time::sleep(interval).await;
    }
}

/// Removes, every `interval`, files of imports on this machine that nobody has written to for so long that nobody can be reading
/// them any more. Processes that only serve have such files too, of uploads. Ends when dropped.
pub async fn sweep_machine(scratch: PathBuf, untouched_for: Duration, interval: Duration) {
    loop {
        let scratch = scratch.clone();
        let swept = tokio::task::spawn_blocking(move || sweep_scratch(&scratch, untouched_for)).await;
        match swept.map_err(io::Error::other).and_then(|swept| swept) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed files of imports that killed processes left"),
            Err(error) => tracing::warn!(error = %error, "files of earlier imports could not be removed"),
        }
        tokio::time::sleep(interval).await;
    }
}

/// Removes what imports have left in the folder of files that are being read; other programs' files stay. Gives how many.
fn sweep_scratch(folder: &Path, untouched_for: Duration) -> io::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        // No file was read yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut count = 0;
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(import::SCRATCH_PREFIX) {
            continue;
        }
        // One that goes meanwhile was somebody's.
        let Ok(metadata) = entry.metadata() else { continue };
        let kept = if metadata.is_dir() { untouched_for.max(FOLDERS_KEPT) } else { untouched_for };
        let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
        if age < kept {
            continue;
        }
        let path = entry.path();
        let removed =
            if metadata.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        match removed {
            Ok(()) => count += 1,
            // Another process of this machine was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_killed_imports_go_when_nobody_can_be_reading_them() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let hour = Duration::from_secs(3600);
        let path = |name: &str| folder.path().join(name);
        for (name, age) in
            [("longshore-import-old", 3 * hour), ("longshore-import-new", hour), ("somebody-else", 99 * hour)]
        {
            let file = std::fs::File::create(path(name)).expect("is made");
            file.set_modified(SystemTime::now() - age).expect("is set");
        }
        std::fs::create_dir(path("longshore-import-folder")).expect("is made");
        assert_eq!(sweep_scratch(folder.path(), 2 * hour).expect("sweeps"), 1);
        let is_there = |name: &str| path(name).exists();
        assert!(!is_there("longshore-import-old"));
        assert!(is_there("longshore-import-new") && is_there("somebody-else"));
        assert!(is_there("longshore-import-folder"));
        assert_eq!(sweep_scratch(&path("nowhere"), hour).expect("is nothing"), 0);
    }
}
