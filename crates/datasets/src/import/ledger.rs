//! The table that says what was written: one row for each transaction, written by it.
//!
//! It stands in the database that is imported into, because only there it can be one with the rows.

/// Names one transaction of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKey {
    /// The id of the task that imports.
    pub import: String,
    /// The number of the chunk; for all in one transaction 0.
    pub chunk: u32,
}
