//! Carrying a plan out, and taking it back.

use serde::{Deserialize, Serialize};

use super::{ImportMode, PlanCounts};
use crate::Lang;
use crate::dataset::Cell;
use crate::ids::TaskId;

/// Asks for the caller's draft to be checked, as a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// Which dataset.
    pub dataset: String,
    /// The draft that the page shows; if it is another one by now, nothing is registered.
    pub draft: String,
    /// The draft's revision that the page shows; if it is another one by now, nothing is registered. Absent: whichever it is.
    #[serde(default)]
    pub revision: Option<String>,
    /// Language of the reasons in the workbook of errors; that of the session where absent.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// IANA name of the person's time zone, of moments without an offset; UTC where empty.
    #[serde(default)]
    pub time_zone: String,
}

/// How a plan is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportWay {
    /// Rows without error, in transactions of some thousands each.
    #[default]
    ValidRows,
    /// All rows in one transaction, and only if none is in error.
    AllOrNothing,
}

/// Asks for the plan of the caller's draft to be carried out, as a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRequest {
    /// Which dataset.
    pub dataset: String,
    /// The draft that the page shows.
    pub draft: String,
    /// The task of kind `import_check` whose plan the page shows; if the draft has another one by now, nothing is registered.
    pub plan: String,
    /// How.
    #[serde(default)]
    pub way: ImportWay,
}

/// Asks for an import to be taken back, as a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRequest {
    /// The task of kind `import`.
    pub task: String,
}

/// What an import has done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The name of the file that was imported.
    pub file_name: String,
    /// What was done with rows that were, or were not, there.
    pub mode: ImportMode,
    /// How it was carried out.
    pub way: ImportWay,
    /// What the plan said.
    pub planned: PlanCounts,
    /// What is in the database now. `error` are rows that were not imported.
    pub done: PlanCounts,
    /// Why it ended before all was done; what is in `done` stays.
    pub stopped: Option<Stopped>,
    /// How long it took, from registration to the end.
    pub duration_ms: u64,
    /// The task that takes it back, or has.
    pub undo: Option<TaskId>,
    /// Whether it can still be taken back.
    pub can_be_undone: bool,
}

/// Why an import ended before all was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub reason: StopReason,
    /// Rows of the file that are in the database, as ranges of their numbers, first and last included.
    pub committed: Vec<(u32, u32)>,
    /// The first rows, at most 20, that were no longer as the plan has them.
    pub drifted: Vec<u32>,
    /// What the database did not take, at most 20 of them.
    #[serde(default)]
    pub refused: Vec<RefusedRows>,
}

/// Rows that the database did not take for a rule of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRows {
    /// Rows of the file among which the refused one is: their first and last numbers.
    pub rows: Option<(u32, u32)>,
    /// What the database says, in its own words, without values of cells.
    pub message: String,
    /// The rule, or the column, as the database names it, where it tells.
    pub rule: Option<String>,
}

/// Why an import ended before all was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Somebody has changed rows since the plan was made.
    Drifted,
    /// The person has cancelled it.
    Cancelled,
    /// The database did not take some rows.
    Database,
    /// Its time was over.
    Expired,
    /// The database or the file store did not answer for long, or workers were lost again and again.
    Failed,
}

/// What taking an import back has done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoReport {
    /// The import that was taken back.
    pub import: TaskId,
    /// Rows that it had created and that were removed.
    pub removed_row_count: u64,
    /// Rows that it had changed and that are again as they were.
    pub restored_row_count: u64,
    /// Rows that were left, because somebody has changed them since.
    pub kept_row_count: u64,
    /// The first of these, at most 100.
    pub kept: Vec<KeptRow>,
    /// Rows that could not be taken back so far: the database refuses it, or the undo ended before it came to them.
    #[serde(default)]
    pub left_row_count: u64,
    /// Where the database refuses it, at most 20 of them.
    #[serde(default)]
    pub refused: Vec<RefusedRows>,
}

/// A row that taking an import back has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRow {
    /// Its number in the file.
    pub row: u32,
    /// Its key.
    pub key: Vec<Cell>,
}
