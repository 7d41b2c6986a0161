//! Imports: what a file's cells mean, what they would change, writing that, and taking it back.
//!
//! How it fits together: [`rules`] is what the configuration asks; `parse` reads cells as typed columns; [`check()`] compares a chunk of
//! rows with the database and makes a [`CheckedChunk`], which is the plan and at the same time what undoing needs; [`commit()`]
//! writes chunks in one transaction, and [`undo()`] takes them back in one. `target` is the one trait behind which the databases
//! differ.
//!
//! Invariants:
//! - A transaction that writes rows also writes a row of the `ledger`, whose key is unique: whatever is done twice, or at once,
//!   has its effect once, and tells the same counts each time.
//! - What is written is what was planned: rows are compared with the plan's old values in the transaction that changes them.
//! - Nothing of a file becomes SQL text, and no error bears a cell's contents.

mod cells;
mod changes;
mod check;
mod chunk;
mod commit;
mod compare;
mod date;
mod error;
pub mod ipc;
pub mod keys;
pub(crate) mod ledger;
mod noting;
pub(crate) mod number;
mod parse;
pub(crate) mod plan;
mod prune;
pub mod rules;
mod settle;
pub(crate) mod storage;
pub(crate) mod target;
mod told;
mod undo;
pub(crate) mod values;

use jiff::tz::TimeZone;
use longshore_protocol::import::{ImportMode, PlanCounts};

pub use check::{CHUNK_ROWS, check};
pub use chunk::CheckedChunk;
pub use commit::{Chunks, Committed, commit};
pub use error::{ChunkError, CommitError};
pub use keys::KeyDigest;
pub use ledger::LedgerKey;
pub use prune::{PRUNED_AT_ONCE, prune};
pub use rules::{ColumnRules, Importing, Pattern, Reference};
pub use told::undone;
pub use undo::{KEPT_MAX, Pointed, Undone, undo};

/// What an import does with a file's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSpec {
    /// Places of columns in the file, from 0, and the positions of the dataset's columns that they go to; no position twice.
    pub mapping: Vec<(u32, usize)>,
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// The zone of moments that stand in the file without an offset.
    pub zone: TimeZone,
}

impl CheckSpec {
    /// The positions of the dataset's columns that the file has, in the dataset's order.
    pub fn positions(&self) -> Vec<usize> {
        let mut positions: Vec<usize> = self.mapping.iter().map(|(_, position)| *position).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
