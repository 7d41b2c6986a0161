//! Writing checked chunks: all of a call in one transaction, with its row of the ledger.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_protocol::import::PlanCounts;

use super::{CheckSpec, CheckedChunk, ChunkError, CommitError, LedgerKey};
use crate::dataset::Dataset;

/// Chunks in the order in which they are written.
pub type Chunks<'a> = dyn Iterator<Item = Result<CheckedChunk, ChunkError>> + 'a;

/// What is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Rows by what was done to them; `error` are rows of the chunks that were left out.
    pub counts: PlanCounts,
    /// Whether an earlier call has written them; then the chunks were not looked at.
    pub was_done_already: bool,
}

/// Writes the chunks as they were planned, in one transaction. Blocks; setting `stop` ends it within a moment, and then nothing is
/// written. May be called again with the same key, at the same time too: it writes once and tells the same counts.
///
/// # Errors
/// [`CommitError`]; nothing is written then.
pub fn commit(
    _dataset: &Dataset,
    _spec: &CheckSpec,
    _ledger: &LedgerKey,
    _chunks: &mut Chunks<'_>,
    _stop: &Arc<AtomicBool>,
) -> Result<Committed, CommitError> {
    Err(CommitError::Misfit("writing is not here yet".to_owned()))
}
