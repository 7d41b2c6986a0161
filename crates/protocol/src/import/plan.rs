//! The plan of an import: what would happen to each row.

use serde::{Deserialize, Deserializer, Serialize};

use super::{CellProblem, ImportMode};
use crate::dataset::Cell;
use crate::ids::TaskId;

/// What would happen to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RowAction {
    /// It is added.
    Create = 0,
    /// It changes a row that is there.
    Update = 1,
    /// The row that is there is like that already.
    Unchanged = 2,
    /// It can't be imported.
    Error = 3,
}

impl RowAction {
    /// The action of that number; an error for a number of none.
    pub const fn from_u8(number: u8) -> RowAction {
        match number {
            0 => RowAction::Create,
            1 => RowAction::Update,
            2 => RowAction::Unchanged,
            _ => RowAction::Error,
        }
    }
}

/// Rows by what would happen to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCounts {
    /// Rows to be added.
    pub create: u64,
    /// Rows that change one that is there.
    pub update: u64,
    /// Rows that are there already as they are.
    pub unchanged: u64,
    /// Rows that can't be imported.
    pub error: u64,
}

impl PlanCounts {
    /// All rows.
    pub fn total(self) -> u64 {
        self.create + self.update + self.unchanged + self.error
    }

    /// Rows that would be written.
    pub fn writes(self) -> u64 {
        self.create + self.update
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: PlanCounts) -> PlanCounts {
        PlanCounts {
            create: self.create + other.create,
            update: self.update + other.update,
            unchanged: self.unchanged + other.unchanged,
            error: self.error + other.error,
        }
    }
}

/// What a check has found. Committing runs this plan, and stops where the database is no longer as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// The task that made it.
    pub task: TaskId,
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// Rows by what would happen to them.
    pub counts: PlanCounts,
    /// Cells with a warning, which are imported all the same.
    pub warning_count: u64,
    /// The kinds of problems with their numbers, most frequent first; at most 20.
    pub problems: Vec<ProblemCount>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub checked_at: u64,
}

/// How often a problem was found in a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProblemCount {
    /// The dataset's column; `None` for the row as a whole.
    pub column: Option<String>,
    /// The first of them.
    pub problem: CellProblem,
    /// How many.
    pub count: u64,
}

/// Which rows of a plan to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanShow {
    /// Those in error.
    #[default]
    Errors,
    /// Those that change one that is there.
    Updates,
    /// Those that would be added.
    Creates,
    /// Those with a warning, whatever would happen to them.
    Warnings,
    /// All.
    All,
}

/// Asks for a page of a plan's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRowsRequest {
    /// Which dataset.
    pub dataset: String,
    /// The task of kind `import_check` that made the plan.
    pub task: String,
    /// Which rows.
    #[serde(default)]
    pub show: PlanShow,
    /// Page number from 1.
    #[serde(default)]
    pub page: u32,
}

/// A page of a plan's rows, in the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRowsPage {
    /// Rows of that sort in all.
    pub total_row_count: u64,
    /// This page's number, from 1.
    pub page: u32,
    /// Rows a page holds at most.
    pub page_size: u32,
    /// The names of the dataset's columns that the file has, in the dataset's order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<PlanRow>,
}

/// A row of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// Its number in the file, from 1.
    pub row: u32,
    /// What would happen to it.
    pub action: RowAction,
    /// Its cells, one for each of [`PlanRowsPage::columns`].
    pub cells: Vec<PlanCell>,
    /// What is wrong with the row as a whole.
    pub problems: Vec<CellProblem>,
}

/// A cell of a plan's row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanCell {
    /// What it would be; for a cell in error, what stands in the file.
    pub new: Cell,
    /// What it is, where an update would change it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub old: Option<Cell>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<CellProblem>,
}

/// What stands there, be it nothing: without this, the `null` of an empty cell would read as no cell at all.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Cell>, D::Error> {
    Cell::deserialize(json).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_was_empty_is_not_one_that_does_not_change() {
        for old in [None, Some(None), Some(Some("x".to_owned()))] {
            let cell = PlanCell { new: Some("y".to_owned()), old, problems: vec![] };
            let json = serde_json::to_string(&cell).expect("plain data");
            assert_eq!(serde_json::from_str::<PlanCell>(&json).expect("readable"), cell, "{json}");
        }
    }
}
