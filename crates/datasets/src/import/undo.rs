//! Taking back what was written: all of a call in one transaction, with its row of the ledger.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_protocol::import::KeptRow;
use serde::{Deserialize, Serialize};

use super::commit::Chunks;
use super::{CheckSpec, CommitError, LedgerKey};
use crate::dataset::Dataset;

/// Kept rows that are listed.
pub const KEPT_MAX: usize = 100;

/// What was taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// Rows that were created and are removed.
    pub removed: u64,
    /// Rows that were changed and are again as they were.
    pub restored: u64,
    /// Rows that were left, because somebody has changed them since.
    pub kept_count: u64,
    /// The first of these, at most [`KEPT_MAX`].
    pub kept: Vec<KeptRow>,
    /// Whether an earlier call has taken them back.
    #[serde(skip)]
    pub was_done_already: bool,
}

/// Takes back what [`super::commit()`] has written with the same key and chunks, in one transaction. Where it has written nothing,
/// nothing is taken back. Blocks; setting `stop` ends it within a moment, and then nothing is taken back. May be called again.
///
/// # Errors
/// [`CommitError`]; nothing is taken back then.
pub fn undo(
    _dataset: &Dataset,
    _spec: &CheckSpec,
    _ledger: &LedgerKey,
    _chunks: &mut Chunks<'_>,
    _stop: &Arc<AtomicBool>,
) -> Result<Undone, CommitError> {
    Err(CommitError::Misfit("taking back is not here yet".to_owned()))
}
