//! The files that an export is made of, and the checkpoint that names those which are finished.

use longshore_protocol::TaskId;
use longshore_protocol::manifest::Resumed;
use longshore_sheets::ShortenedColumn;
use longshore_tasks::entity::Token;
use serde::{Deserialize, Serialize};

/// Where the files of a task are.
pub(super) fn folder(task: &TaskId) -> String {
    format!("exports/{task}/")
}

/// Names of one run's files. No other run can have its token, so a run that has lost its task writes to names that nobody
/// publishes.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    stem: String,
    ending: &'static str,
}

impl Keys {
    pub(super) fn of(task: &TaskId, token: Token, ending: &'static str) -> Keys {
        Keys { stem: format!("{}{token}", folder(task)), ending }
    }

    /// In an empty folder.
    pub(super) fn plain(ending: &'static str) -> Keys {
        Keys { stem: "export".to_owned(), ending }
    }

    /// The part of that number, from 1.
    pub(super) fn part(&self, number: usize) -> String {
        format!("{}.{number}.{}", self.stem, self.ending)
    }

    /// The archive of all parts.
    pub(super) fn archive(&self) -> String {
        format!("{}.zip", self.stem)
    }
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Key in the file store.
    pub(super) key: String,
    pub(super) size_bytes: u64,
    /// Hexadecimal.
    pub(super) sha256: String,
    pub(super) crc32: u32,
    pub(super) row_count: u64,
    pub(super) sheet_count: u32,
    /// Rows are counted within the part.
    pub(super) shortened: Vec<Cut>,
    /// Of the rows it was made of, see [`super::digest`].
    pub(super) rows_digest: String,
}

/// A column with texts that were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cut {
    /// Its place among the columns, from 0.
    pub(super) column: usize,
    pub(super) cell_count: u64,
    /// From 1.
    pub(super) first_row: u64,
}

impl Cut {
    pub(super) fn of(column: &ShortenedColumn) -> Cut {
        Cut { column: column.column, cell_count: column.cell_count, first_row: column.first_row }
    }
}

/// An export's checkpoint: what is finished for good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    /// In their order.
    pub(super) parts: Vec<Part>,
    /// Runs that took over before.
    pub(super) resumed: Vec<Resumed>,
}
