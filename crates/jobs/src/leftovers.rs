//! What killed processes leave on the disk: unfinished files and scratch folders.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use longshore_files::FileStore;

/// The file in a scratch folder that its process holds locked.
const LOCK_FILE: &str = "lock";

/// A folder of this process for temporary files; it goes with the process, or with the next one that looks.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes one below `all`, and removes those of processes that are gone.
    ///
    /// # Errors
    /// What the system says.
    pub fn make(all: &Path) -> io::Result<Scratch> {
        std::fs::create_dir_all(all)?;
        remove_abandoned(all)?;
        let folder = tempfile::tempdir_in(all)?;
        let lock = File::create_new(folder.path().join(LOCK_FILE))?;
        lock.lock()?;
        Ok(Scratch { folder, _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders whose process is gone: nobody holds their lock. One that is being made has no lock file yet and stays.
fn remove_abandoned(all: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(all)? {
        let folder = entry?.path();
        let Ok(lock) = File::open(folder.join(LOCK_FILE)) else { continue };
        if lock.try_lock().is_ok()
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(error = %error, "a folder that a killed process left could not be removed");
        }
    }
    Ok(())
}

/// Removes, every `interval`, unfinished files that nobody has written to for so long that no run can be writing to them any
/// more. Ends when dropped.
pub async fn sweep(files: FileStore, untouched_for: Duration, interval: Duration) {
    loop {
        match files.remove_unfinished(untouched_for).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed unfinished files that killed processes left"),
            Err(error) => tracing::warn!(error = %error, "unfinished files could not be removed"),
        }
        tokio::time::sleep(interval).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_go_and_those_of_the_living_stay() {
        let all = tempfile::tempdir().expect("temporary folder");
        let living = Scratch::make(all.path()).expect("makes one");
        let dead = all.path().join("dead");
        std::fs::create_dir(&dead).expect("writable");
        std::fs::write(dead.join(LOCK_FILE), "").expect("writable");
        let next = Scratch::make(all.path()).expect("makes another");
        assert!(living.path().exists() && next.path().exists() && !dead.exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
