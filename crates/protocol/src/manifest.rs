//! The manifest of a finished file: what was asked for, what was read, and what was written, so that anybody can check the file
//! without trusting who brought it.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::dataset::{ColumnType, Filter, Sort};
use crate::export::{ExportFormat, ExportRequest};
use crate::ids::{DatasetId, OwnerId, TaskId};
use crate::import::{ImportReport, UndoReport};
use crate::task::TaskView;

/// The version of [`Manifest`] that is written.
pub const MANIFEST_VERSION: u32 = 1;
/// What a manifest's file name ends with.
pub const MANIFEST_ENDING: &str = ".manifest.json";

/// What is known of a finished file. Moments are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`] of the writer.
    pub version: u32,
    /// The task that made it; none on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The dataset that was read.
    pub dataset: DatasetId,
    /// Its title in `lang`.
    pub title: String,
    /// Who asked for it.
    pub requested_by: OwnerId,
    /// When it was asked for.
    pub requested_at: String,
    /// The moment of the one snapshot of the database that all rows are of: by the clock of the database's server, or of the
    /// worker where the database is a file.
    pub snapshot_at: String,
    /// The language of the headers.
    pub lang: Lang,
    /// IANA name of the zone in which moments are written.
    pub time_zone: String,
    /// The format of the file, or of each part.
    pub format: ExportFormat,
    /// The columns, in the file's order.
    pub columns: Vec<ManifestColumn>,
    /// The conditions that every row meets.
    pub filters: Vec<Filter>,
    /// The whole order of the rows, with the key that ends it.
    pub sort: Vec<Sort>,
    /// Rows in all, headers not counted.
    pub row_count: u64,
    /// The file.
    pub file: ManifestFile,
    /// The files inside of it, in order, where it is a ZIP archive of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ManifestFile>,
    /// Columns with texts that were longer than a cell can be and were cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortened: Vec<Shortened>,
    /// How often another worker had to take the work over, and how it went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Resumed>,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestColumn {
    /// Name in requests.
    pub name: String,
    /// Header in the file.
    pub header: String,
    /// What its values are.
    #[serde(flatten)]
    pub column_type: ColumnType,
}

/// A file and what proves that it is this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Rows in it, headers not counted.
    pub row_count: u64,
    /// Sheets in it; 1 for formats that have none.
    pub sheet_count: u32,
}

/// A column with texts that were cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortened {
    /// The column's name.
    pub column: String,
    /// How many of its texts were cut.
    pub cell_count: u64,
    /// The first row that has one, counted from 1 over the whole export, headers not counted.
    pub first_row: u64,
}

/// A run that took the work over from one that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Finished parts that were kept, because the rows they were made of are still the same.
    pub kept_part_count: u32,
    /// Rows in them.
    pub kept_row_count: u64,
}

/// A task in full: its view, what was asked for, and the proof of what was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDetails {
    /// Where it stands.
    pub task: TaskView,
    /// The request of an export.
    pub request: Option<ExportRequest>,
    /// The manifest of a finished export.
    pub manifest: Option<Manifest>,
    /// The report of a finished import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportReport>,
    /// What taking an import back has done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoReport>,
}
