//! The draft of an import, which waits on the server for the person.

use serde::{Deserialize, Serialize};

use super::{FileKind, ImportMode, ImportPlan};
use crate::ids::{DatasetId, TaskId};

/// Names the caller's draft for a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRequest {
    /// Which dataset.
    pub dataset: String,
}

/// Changes the caller's draft for a dataset; what is absent stays as it is. Whatever changes makes an earlier plan void.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDraftRequest {
    /// Which dataset.
    pub dataset: String,
    /// The draft that the page shows; if it is another one by now, nothing is changed.
    pub draft: String,
    /// The draft's revision that the page shows; if it is another one by now, nothing is changed. Absent: whichever it is.
    #[serde(default)]
    pub revision: Option<String>,
    /// The sheet to read, by its place from 0.
    #[serde(default)]
    pub sheet: Option<u32>,
    /// The row that holds the headers, by its number in the file, from 1; 0 where none does.
    #[serde(default)]
    pub header_row: Option<u32>,
    /// The encoding of a text file, by name: `utf-8`, `utf-16le`, `utf-16be`, `gb18030`, `windows-1252`.
    #[serde(default)]
    pub encoding: Option<String>,
    /// The delimiter of a text file: one of `,`, `;`, tab and `|`.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// Columns of the file that go elsewhere now. A column of the dataset that is taken frees the column of the file that had it.
    #[serde(default)]
    pub mapping: Vec<MappedTo>,
    /// What to do with rows that are, or are not, there.
    #[serde(default)]
    pub mode: Option<ImportMode>,
}

/// Where a column of the file goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedTo {
    /// The column's place in the file, from 0.
    pub index: u32,
    /// The name of the dataset's column; `None` leaves the file's column out.
    pub target: Option<String>,
}

/// An import that is being prepared. Times are milliseconds since the Unix epoch by the server's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportDraft {
    /// Its id: random, new for each upload.
    pub id: String,
    /// Which state of it this is: random, new for each change.
    pub revision: String,
    /// The dataset it goes into.
    pub dataset: DatasetId,
    /// The file.
    pub file: UploadedFile,
    /// The sheets of a workbook; empty for text.
    pub sheets: Vec<SheetView>,
    /// The sheet that is read, by its place from 0.
    pub sheet: u32,
    /// The row that holds the headers, by its number in the file, from 1; 0 where none does: columns are called A, B and so on then.
    pub header_row: u32,
    /// Whether sheet or header row are not obvious, so that the person should look at them.
    pub asks_where: bool,
    /// Whether it is the header row that is not obvious.
    #[serde(default)]
    pub asks_header: bool,
    /// The first rows of the sheet as they stand in it, for choosing the header row: number and cells. At most 10 rows, and that of the
    /// headers where it stands below them.
    pub first_rows: Vec<(u32, Vec<String>)>,
    /// The file's columns.
    pub columns: Vec<SourceColumn>,
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// What keeps the check from being started.
    pub problems: Vec<DraftProblem>,
    /// The task of kind `import_check` that was registered for what the draft says now.
    pub check: Option<TaskId>,
    /// What the check has found.
    pub plan: Option<ImportPlan>,
    /// The task of kind `import` that carries the plan out.
    pub import: Option<TaskId>,
    /// When the draft and its file are removed unless something is done with them.
    pub expires_at: u64,
    /// The server's time of this answer.
    pub server_now: u64,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedFile {
    /// Its name on the person's disk, without folders.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// What it is, by its content.
    pub kind: FileKind,
    /// The encoding of a text file, by name.
    pub encoding: Option<String>,
    /// The delimiter of a text file.
    pub delimiter: Option<String>,
}

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetView {
    /// Its name.
    pub name: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Its place in the file, from 0.
    pub index: u32,
    /// Its header; empty where there is none.
    pub header: String,
    /// Its first values, at most three that are not empty.
    pub samples: Vec<String>,
    /// The name of the dataset's column it goes to; `None` leaves it out.
    pub target: Option<String>,
    /// How `target` was found.
    pub matched_by: MatchedBy,
}

/// How a column of a file came to its column of the dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Not at all: it is left out.
    #[default]
    Nothing,
    /// Its header is a name, a label or an alias.
    Name,
    /// Its header is close to one.
    Closeness,
    /// The person has matched it so in an earlier import of a file with these headers.
    Memory,
    /// The person has chosen it.
    Hand,
}

/// What keeps a draft from being checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum DraftProblem {
    /// Columns that every file must have are not matched.
    Missing {
        /// Names of the dataset's columns.
        columns: Vec<String>,
    },
    /// Nothing stands under the header row.
    NoRows,
    /// No column of the file goes anywhere.
    NothingMatched,
}
