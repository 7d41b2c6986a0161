//! Answers about tasks: the contract's [`TaskResultOut`] and what Longshore adds to it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::FieldProblem;
use crate::ids::{DatasetId, TaskId};
use crate::import::{PlanCounts, StopReason};

/// The contract's status number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// 0: there is no task.
    #[default]
    None,
    /// 1: in progress.
    InProgress,
    /// 2: finished; `state` says whether it succeeded.
    Finished,
}

impl Serialize for TaskStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            TaskStatus::None => 0,
            TaskStatus::InProgress => 1,
            TaskStatus::Finished => 2,
        })
    }
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(TaskStatus::None),
            1 => Ok(TaskStatus::InProgress),
            2 => Ok(TaskStatus::Finished),
            other => Err(serde::de::Error::custom(format_args!("status {other} is not 0, 1 or 2"))),
        }
    }
}

/// What kind of work a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Rows of a dataset into a file.
    #[default]
    Export,
    /// A count and sums for each day of a dataset into a file.
    DailyStatistics,
    /// The rows of a file against a dataset: the plan of an import.
    ImportCheck,
    /// The rows of a plan into a dataset.
    Import,
    /// The rows of an import out of a dataset again.
    ImportUndo,
}

impl TaskKind {
    /// All kinds.
    pub const ALL: [TaskKind; 5] = [
        TaskKind::Export,
        TaskKind::DailyStatistics,
        TaskKind::ImportCheck,
        TaskKind::Import,
        TaskKind::ImportUndo,
    ];

    /// The name in JSON and in keys.
    pub const fn name(self) -> &'static str {
        match self {
            TaskKind::Export => "export",
            TaskKind::DailyStatistics => "daily_statistics",
            TaskKind::ImportCheck => "import_check",
            TaskKind::Import => "import",
            TaskKind::ImportUndo => "import_undo",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<TaskKind> {
        TaskKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Names the task that is asked about: by `task`, or else the caller's current one for `dataset`
/// and `kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskQuery {
    /// The task's id; wins over `dataset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The dataset whose current task of the caller is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// What kind of task is meant.
    #[serde(default)]
    pub kind: TaskKind,
}

/// The contract's answer to `getTaskStatus`; `task` and `poll_after_ms` are additions of ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskResultOut {
    /// 0 none, 1 in progress, 2 finished.
    pub status: TaskStatus,
    /// A sentence for a person, in the language of the request.
    pub message: Option<String>,
    /// Where the finished file can be fetched, relative to the server's root.
    pub url: Option<String>,
    /// Whether the finished task succeeded; false until then.
    #[serde(default)]
    pub state: bool,
    /// The task in detail; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskView>,
    /// How long the client should wait before it asks again; a hint that wins over the client's own
    /// schedule. Absent where the server has no wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_after_ms: Option<u64>,
}

/// Where a task stands, in more detail than the contract's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waiting for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// A worker has it and was told to stop.
    Cancelling,
    /// Finished, the file is there.
    Succeeded,
    /// Finished without a result; see [`TaskView::failure`].
    Failed,
    /// Stopped because a person asked for it; nothing was kept.
    Cancelled,
    /// Stopped at its deadline; nothing was kept.
    Abandoned,
    /// Succeeded, but its file's retention has passed.
    FileExpired,
}

impl Phase {
    /// Whether the task will change no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Phase::Queued | Phase::Running | Phase::Cancelling)
    }
}

/// What [`Progress`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Rows of a dataset.
    #[default]
    Rows,
    /// Bytes on their way to the file store, after the last row.
    Bytes,
    /// Days of a dataset.
    Days,
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// What is counted.
    pub unit: Unit,
}

/// A task as its owner sees it. Times are milliseconds since the Unix epoch by the store's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    /// The task's id.
    pub id: TaskId,
    /// Kind of work.
    pub kind: TaskKind,
    /// The dataset it works on.
    pub dataset: DatasetId,
    /// Where it stands.
    pub phase: Phase,
    /// Tasks that will start before it, while it is queued.
    pub ahead: Option<u64>,
    /// How far it has come.
    pub progress: Progress,
    /// When it was registered.
    pub registered_at: u64,
    /// When a worker first started it.
    pub started_at: Option<u64>,
    /// When it reached its final state.
    pub finished_at: Option<u64>,
    /// When the entity expires, whether the task has ended or not.
    pub expires_at: u64,
    /// The store's time of this answer, so that a client's wrong clock does not matter.
    pub server_now: u64,
    /// The finished file.
    pub file: Option<FileView>,
    /// Why it failed; of a queued task, why its last attempt did, which is followed by another.
    pub failure: Option<FailureView>,
    /// Of a finished check, rows by what would happen to them; of a finished import, by what has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<PlanCounts>,
    /// Of a finished import, why it ended before all was done; what `counts` has as created, updated or unchanged is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StopReason>,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// Name it is downloaded as.
    pub name: String,
    /// Where it can be fetched, relative to the server's root.
    pub url: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Lines of data, headers not counted.
    pub row_count: u64,
    /// Sheets of the workbook; 1 for formats that have none.
    #[serde(default = "one")]
    pub sheet_count: u32,
    /// Files in it: more than 1 where it is a ZIP archive of parts.
    #[serde(default = "one")]
    pub part_count: u32,
    /// Cells that were longer than the format can carry and were shortened.
    pub shortened_cell_count: u64,
    /// Until when it is kept.
    pub kept_until: u64,
}

fn one() -> u32 {
    1
}

/// Why a task failed, as something a program can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The database did not answer or refused the query.
    Database,
    /// The database took longer than it is given.
    DatabaseTimeout,
    /// A value in the database is not of its column's declared type.
    BadValue,
    /// The file store could not take the file, for instance because it is full.
    FileStore,
    /// The task's definition no longer fits the configuration.
    Definition,
    /// The uploaded file can't be read any more, or only in part.
    Upload,
    /// The worker died again and again.
    Crashed,
    /// A fault of Longshore itself.
    Internal,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureView {
    /// What went wrong.
    pub code: FailureCode,
    /// What in particular, where it helps the person: for instance the column of a bad value.
    pub detail: Option<String>,
    /// Finds the cause in the server's log.
    pub reference: String,
}

/// The contract's answer to `registerExportTask`: was the task registered; plus the task, or the
/// running one that stands in its way, or the reasons why not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterOut {
    /// Whether this request registered a task.
    pub registered: bool,
    /// The new task, or the one already running.
    pub task: Option<TaskResultOut>,
    /// What is wrong with the request; then no task came to exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
}

/// The contract's answer to `clearTaskInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearOut {
    /// Whether a finished task was there and is cleared now.
    pub cleared: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_travels_as_the_contracts_number() {
        let none = serde_json::to_value(TaskResultOut::default()).expect("plain data");
        assert_eq!(none, serde_json::json!({"status": 0, "message": null, "url": null, "state": false}));
        let back: TaskResultOut =
            serde_json::from_str(r#"{"status":2,"message":null,"url":"/x"}"#).expect("readable");
        assert_eq!((back.status, back.state), (TaskStatus::Finished, false));
        assert!(serde_json::from_str::<TaskStatus>("3").is_err());
    }
}
