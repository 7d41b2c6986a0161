//! The file that a task has made.

use longshore_protocol::{Manifest, TaskId};
use longshore_tasks::Task;
use serde::{Deserialize, Serialize};

/// A finished file: the result in the entity of every task that makes one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedFile {
    /// Key in the file store.
    pub key: String,
    /// Name for the person's disk.
    pub name: String,
    /// Where it can be fetched, below the server's root.
    pub url: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Lines of data, headers not counted.
    pub row_count: u64,
    /// Sheets of the workbook.
    pub sheet_count: u32,
    /// Cells that were longer than the format can carry.
    pub shortened_cell_count: u64,
    /// The proof of what is in it; only exports have one.
    #[serde(default)]
    pub manifest: Option<Manifest>,
}

impl FinishedFile {
    /// The file of a task; `None` unless it has made one.
    pub fn of(task: &Task) -> Option<FinishedFile> {
        task.result.as_ref()?.read().ok()
    }
}

/// Where the file of a task can be fetched, below the server's root.
pub fn file_url(task: &TaskId) -> String {
    format!("/files/{task}")
}
