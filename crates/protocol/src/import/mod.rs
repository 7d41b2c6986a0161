//! Imports: what a file is, what stands in its cells, the draft, its plan and its report.
//!
//! An import goes in steps: a file is uploaded and becomes a [`ImportDraft`]; its columns are matched; a task of kind `import_check`
//! makes the [`ImportPlan`]; a task of kind `import` carries it out and leaves an [`ImportReport`]; a task of kind `import_undo` takes it back.

mod draft;
mod plan;
mod problem;
mod report;

use serde::{Deserialize, Serialize};

pub use draft::{
    DraftProblem, DraftRequest, ImportDraft, MappedTo, MatchedBy, SheetView, SourceColumn,
    UpdateDraftRequest, UploadedFile,
};
pub use plan::{
    ImportPlan, PlanCell, PlanCounts, PlanRow, PlanRowsPage, PlanRowsRequest, PlanShow, ProblemCount,
    RowAction,
};
pub use problem::{CellProblem, RowError};
pub use report::{
    CheckRequest, CommitRequest, ImportReport, ImportWay, KeptRow, RefusedRows, StopReason, Stopped,
    UndoReport, UndoRequest,
};

use crate::dataset::Labels;

/// What kind of spreadsheet a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Office Open XML workbook (ECMA-376).
    Xlsx,
    /// The same with macros, which are never run.
    Xlsm,
    /// Excel's binary workbook ([MS-XLSB]).
    Xlsb,
    /// The workbook of Excel 97 to 2003 ([MS-XLS]).
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
    /// Text with commas, semicolons or bars between cells.
    Csv,
    /// Text with tabs between cells.
    Tsv,
}

impl FileKind {
    /// All kinds.
    pub const ALL: [FileKind; 7] = [
        FileKind::Xlsx,
        FileKind::Xlsm,
        FileKind::Xlsb,
        FileKind::Xls,
        FileKind::Ods,
        FileKind::Csv,
        FileKind::Tsv,
    ];

    /// The name in JSON, which is also the usual ending of the file's name.
    pub const fn name(self) -> &'static str {
        match self {
            FileKind::Xlsx => "xlsx",
            FileKind::Xlsm => "xlsm",
            FileKind::Xlsb => "xlsb",
            FileKind::Xls => "xls",
            FileKind::Ods => "ods",
            FileKind::Csv => "csv",
            FileKind::Tsv => "tsv",
        }
    }

    /// Whether it is text, with an encoding and a delimiter, rather than a workbook with sheets.
    pub const fn is_text(self) -> bool {
        matches!(self, FileKind::Csv | FileKind::Tsv)
    }
}

/// What stands in a cell of a file. The numbers are those of the `k` columns of batches of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellKind {
    /// Nothing, or a text without characters.
    #[default]
    Empty = 0,
    /// Text; in text files every cell that is not empty.
    Text = 1,
    /// A number, as the file writes it: `31`, `19.989999999999998`, `1E-3`.
    Number = 2,
    /// `true` or `false`.
    Boolean = 3,
    /// A number that is shown as a date or time, in ISO form: `2026-08-01`, `2026-08-01T10:30:00`, `10:30:00`.
    Date = 4,
    /// An error of a formula, such as `#N/A`.
    Error = 5,
}

impl CellKind {
    /// The kind of that number; `None` where there is none.
    pub const fn from_u8(number: u8) -> Option<CellKind> {
        Some(match number {
            0 => CellKind::Empty,
            1 => CellKind::Text,
            2 => CellKind::Number,
            3 => CellKind::Boolean,
            4 => CellKind::Date,
            5 => CellKind::Error,
            _ => return None,
        })
    }

    /// Its number.
    pub const fn to_u8(self) -> u8 {
        self as u8
    }
}

/// What an import does with rows whose key is, or is not, in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Rows with a new key are added; a key that exists is an error.
    Insert,
    /// Rows with a known key change it; a new key is an error.
    Update,
    /// Rows with a new key are added, rows with a known key change it.
    #[default]
    Upsert,
}

impl ImportMode {
    /// All modes, in the order in which they are offered.
    pub const ALL: [ImportMode; 3] = [ImportMode::Upsert, ImportMode::Insert, ImportMode::Update];

    /// The name in JSON, in the configuration and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            ImportMode::Insert => "insert",
            ImportMode::Update => "update",
            ImportMode::Upsert => "upsert",
        }
    }

    /// The mode of that name.
    pub fn from_name(name: &str) -> Option<ImportMode> {
        ImportMode::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// How a dataset can be imported, as a front end sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportView {
    /// The modes that the dataset allows; at least one. The first is offered first.
    pub modes: Vec<ImportMode>,
    /// Names of the columns whose values together name a row; every file must have them.
    pub key: Vec<String>,
    /// The columns that can be imported, in the dataset's order.
    pub columns: Vec<ImportColumnView>,
    /// Bytes that an uploaded file may have.
    pub size_bytes_max: u64,
    /// Rows that it may have.
    pub row_count_max: u64,
}

/// A column that can be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumnView {
    /// Its name in the dataset.
    pub name: String,
    /// Header for people.
    pub labels: Labels,
    /// Whether each new row needs a value.
    pub is_required: bool,
}

#[cfg(test)]
mod tests {
    use super::CellKind;

    #[test]
    fn numbers_name_kinds() {
        for number in 0..=u8::MAX {
            let kind = CellKind::from_u8(number);
            assert_eq!(kind.is_some(), number <= 5, "{number}");
            assert!(kind.is_none_or(|kind| kind.to_u8() == number));
        }
    }
}
