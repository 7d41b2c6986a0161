//! Taking rows out of the ledger that nobody will ask for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;

use super::CommitError;
use super::commit::explained;
use super::target::{self, Access};
use crate::dataset::Dataset;
use crate::error::SourceError;

/// Imports whose rows go in one transaction.
pub const PRUNED_AT_ONCE: usize = 100;

/// Removes what the ledger of the dataset's database says of imports, named as in [`super::LedgerKey`]; gives how many rows of it
/// that were. May be called again with the same names, and stopped between two transactions of [`PRUNED_AT_ONCE`] imports each;
/// what is gone stays gone. Blocks.
///
/// A row of the ledger is what keeps a transaction from being carried out twice, so whoever calls has to see to it that none of an
/// import begins any more: its task and all of that task's parts have ended and their records are removed, so that no worker can
/// claim one, the time for taking it back is over, and **the kept chunks are removed first**. Then nothing is left that could
/// write twice:
/// - a worker that was lost and begins late adds its row to the ledger, fails at reading its chunk, and all is rolled back;
/// - a worker that was frozen after it had read its chunk is in the middle of its transaction and holds its row uncommitted. Had
///   another written under that name, this one would have found the row there, and would have ended. So if it goes on, it is the
///   first to write, and its row stays until the names are given again.
///
/// # Errors
/// What the database says; [`SourceError::Stopped`] if it was told to stop.
pub fn prune(dataset: &Dataset, imports: &[&str], stop: &Arc<AtomicBool>) -> Result<u64, CommitError> {
    let mut count = 0;
    for imports in imports.chunks(PRUNED_AT_ONCE) {
        if stop.load(Ordering::Relaxed) {
            return Err(SourceError::Stopped.into());
        }
        let mut target = target::open(dataset, Access::Write, &TimeZone::UTC, stop)?;
        let mut removed = 0;
        for import in imports {
            removed += target.forget(import)?;
        }
        target.commit().map_err(|error| explained(error, None))?;
        count += removed;
    }
    Ok(count)
}
