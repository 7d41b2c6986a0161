//! Checking a chunk of rows: what each would do.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::RecordBatch;

use super::{CheckSpec, CheckedChunk};
use crate::dataset::Dataset;
use crate::error::SourceError;

/// Rows of a chunk, at most, that are compared with the database at once.
pub const CHUNK_ROWS: usize = 20_000;

/// Checks the rows of one staged chunk. Each batch has the field `row` (UInt32, the row's number in the file), and for each column
/// `i` of the file `c{i}` (Utf8) and `k{i}` (UInt8, a [`longshore_protocol::import::CellKind`]). Rows that are wrong are no
/// failure: the chunk says what is wrong with them. Blocks; setting `stop` ends it within a moment.
///
/// # Errors
/// What the database says; [`SourceError::Stopped`] if it was told to stop.
pub fn check(
    dataset: &Dataset,
    _spec: &CheckSpec,
    _cells: &[RecordBatch],
    _stop: &Arc<AtomicBool>,
) -> Result<CheckedChunk, SourceError> {
    Err(SourceError::Database {
        dataset: dataset.id.to_string(),
        source: "checking is not here yet".into(),
        is_transient: false,
    })
}
