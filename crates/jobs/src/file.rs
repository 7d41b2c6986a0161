//! The file that a task has made.

use longshore_protocol::{Manifest, TaskId, TaskKind};
use longshore_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::import::{CheckOutput, ImportOutput};

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
    /// The file of a task; `None` unless it has made one. That of an import, or of its check, has the rows in error.
    pub fn of(task: &Task) -> Option<FinishedFile> {
        match TaskKind::from_name(&task.slot.kind)? {
            TaskKind::Export | TaskKind::DailyStatistics => task.result.as_ref()?.read().ok(),
            TaskKind::ImportCheck => CheckOutput::of(task)?.file,
            TaskKind::Import => ImportOutput::of(task)?.file,
            TaskKind::ImportUndo => None,
        }
    }

    /// Whether a task of this kind makes a file whenever it succeeds; one that has made none is broken then.
    pub(crate) fn is_always_made(task: &Task) -> bool {
        let kind = TaskKind::from_name(&task.slot.kind);
        matches!(kind, Some(TaskKind::Export | TaskKind::DailyStatistics))
    }
}

/// Where the file of a task can be fetched, below the server's root.
pub fn file_url(task: &TaskId) -> String {
    format!("/files/{task}")
}
