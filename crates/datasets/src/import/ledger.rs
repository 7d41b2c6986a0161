//! The table that says what was written: one row for each transaction, written by it.
//!
//! It stands in the database that is imported into, because only there it can be one with the rows.

use std::collections::BTreeMap;

use longshore_protocol::import::PlanCounts;
use serde::{Deserialize, Serialize};

/// The table's name.
pub(crate) const TABLE: &str = "longshore_ledger";

/// Names one transaction of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKey {
    /// The id of the task that imports.
    pub import: String,
    /// The number of the chunk; for all in one transaction 0.
    pub chunk: u32,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Commit,
    Undo,
}

impl Deed {
    /// As it stands in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Deed::Commit => "commit",
            Deed::Undo => "undo",
        }
    }
}

/// What the ledger says of rows that were written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommitRecord {
    pub(crate) counts: PlanCounts,
    /// What the database itself has put into columns that the file does not have, by the column's name, where it is the same in
    /// all rows that were added: so that undoing notices if somebody has changed them.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, Option<String>>,
    /// Digests of what triggers have made of rows, by their number in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) altered: BTreeMap<u32, String>,
}
