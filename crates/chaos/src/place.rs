//! The folder of a run: what all processes share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use longshore_files::FileStore;

use crate::timing::wall_ms;

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// The run in `root`.
    pub fn at(root: &Path) -> Place {
        Place { root: root.to_path_buf() }
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates what is in it.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn create(&self) -> anyhow::Result<()> {
        for folder in [self.journals(), self.logs(), self.redis()] {
            std::fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
        }
        Ok(())
    }

    /// The ledger's database.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.db")
    }

    /// The embedded task store.
    pub fn tasks(&self) -> PathBuf {
        self.root.join("tasks.redb")
    }

    /// The files that tasks make.
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// What nodes write down, a file a node.
    pub fn journals(&self) -> PathBuf {
        self.root.join("journals")
    }

    /// What nodes log, a file a node.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The folder of the Redis server.
    pub fn redis(&self) -> PathBuf {
        self.root.join("redis")
    }

    /// A file store that fails at every write, with an error of the operating system: where its folder was, a file is. Each
    /// node has one of its own.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn broken_files(&self, node: &str) -> anyhow::Result<FileStore> {
        let folder = self.root.join(format!("broken-{node}"));
        let store = FileStore::in_folder(&folder)?;
        std::fs::remove_dir_all(&folder)?;
        std::fs::write(&folder, "in the way")?;
        Ok(store)
    }

    /// Whether the file store is to fail at present.
    pub fn files_fail(&self) -> bool {
        self.failing_files().exists()
    }

    /// Makes the file store fail, or work again.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn set_files_fail(&self, fail: bool) -> std::io::Result<()> {
        if fail {
            return std::fs::write(self.failing_files(), "");
        }
        match std::fs::remove_file(self.failing_files()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn failing_files(&self) -> PathBuf {
        self.root.join("files-fail")
    }

    fn clock(&self) -> PathBuf {
        self.root.join("clock-ahead-ms")
    }

    /// Sets the clock of the embedded store ahead of the machine's, or behind it.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn set_clock_ahead(&self, millis: i64) -> std::io::Result<()> {
        // By renaming, so that nobody reads half a number.
        let fresh = self.root.join("clock-ahead-ms.new");
        std::fs::write(&fresh, millis.to_string())?;
        std::fs::rename(fresh, self.clock())
    }

    /// The clock of the embedded store, in milliseconds since the Unix epoch.
    pub fn clock_ms(&self) -> u64 {
        let ahead = std::fs::read_to_string(self.clock()).ok().and_then(|text| text.parse::<i64>().ok());
        wall_ms().saturating_add_signed(ahead.unwrap_or_default())
    }
}
