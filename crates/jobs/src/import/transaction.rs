//! The transactions of an import: which there are, carrying one out, and finding out how one has ended.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use longshore_datasets::Catalog;
use longshore_datasets::import::{self, CheckedChunk, ChunkError, CommitError, LedgerKey};
use longshore_files::{FileError, FileStore};
use longshore_protocol::TaskId;
use longshore_protocol::import::{ImportWay, PlanCounts, RefusedRows};
use longshore_tasks::TaskContext;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::place::WorkPlace;
use super::plan::{Plan, PlanSpec};
use super::stored::read_json;
use crate::stop::StopFlag;
use crate::work_error::{WorkError, find_dataset};

/// Rows that were not as planned and are told of.
pub(super) const DRIFTED_MAX: usize = 20;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOutcome {
    /// All of it is in the database.
    Committed(PlanCounts),
    /// Nothing of it is: these rows were no longer as the plan has them; the first of them.
    Drifted(Vec<u32>),
    /// Nothing of it is: the database refuses a row for a rule of its own.
    Refused(RefusedRows),
    /// Nothing of it is: another transaction has ended so that nothing more is to be written.
    Skipped,
}

/// Some chunks of a plan that are written together.
pub(super) struct Transaction<'a> {
    pub(super) spec: &'a PlanSpec,
    pub(super) import: &'a TaskId,
    /// The first names it in the ledger.
    pub(super) chunks: &'a [u32],
    /// Where the plan has their rows.
    pub(super) keys: &'a [String],
}

/// The chunks of each transaction: of one chunk each where there is something to write, or of all.
pub(super) fn transactions(plan: &Plan, way: ImportWay) -> Vec<Vec<u32>> {
    let writing = plan.chunks.iter().filter(|chunk| chunk.counts.writes() > 0).map(|chunk| chunk.number);
    match way {
        ImportWay::ValidRows => writing.map(|number| vec![number]).collect(),
        ImportWay::AllOrNothing => {
            Some(writing.collect()).filter(|all: &Vec<u32>| !all.is_empty()).into_iter().collect()
        }
    }
}

/// The name of a transaction in the ledger.
pub(super) fn ledger_key(import: &TaskId, chunks: &[u32]) -> LedgerKey {
    LedgerKey { import: import.to_string(), chunk: chunks.first().copied().unwrap_or_default() }
}

/// Chunks of the file store, one after the other, for a thread that may wait. While one is used, the next is read, so that the database
/// need not wait for it.
pub(super) fn chunks_of(
    files: &FileStore,
    keys: Vec<String>,
) -> impl Iterator<Item = Result<CheckedChunk, ChunkError>> + use<> {
    let (files, handle) = (files.clone(), Handle::current());
    let count = keys.len();
    // Whoever reads waits with one chunk until it is taken, and ends when nobody takes any more.
    let (sender, chunks) = mpsc::sync_channel(0);
    let reading = Handle::current();
    handle.spawn_blocking(move || {
        for key in keys {
            let bytes = reading.block_on(files.get(&key)).map_err(ChunkError::from);
            let chunk = bytes.and_then(|bytes| Ok(CheckedChunk::from_bytes(bytes)?));
            if sender.send(chunk).is_err() {
                return;
            }
        }
    });
    (0..count).map(move |_| {
        chunks.recv().unwrap_or_else(|_| Err("the thread that reads chunks ended early".into()))
    })
}

impl Transaction<'_> {
    /// Carries it out, unless another one has ended so that nothing more is to be written.
    ///
    /// # Errors
    /// Why it can't be said how it ended; nothing of it is in the database then, or all.
    pub(super) async fn carry_out(
        &self,
        catalog: &Catalog,
        files: &FileStore,
        context: &TaskContext,
    ) -> Result<PartOutcome, WorkError> {
        let place = WorkPlace::of(self.import);
        let dataset = find_dataset(catalog, self.spec.dataset.as_str())?.clone();
        let spec = self.spec.checked(&dataset)?;
        let stop = StopFlag::following(context);
        if is_there(files, &place.halt()).await? {
            // An earlier run of this part may have written: what it has done is not undone by leaving it out now.
            let settled = settle(catalog, self.spec, self.import, self.chunks, stop.share()).await?;
            return Ok(settled.map_or(PartOutcome::Skipped, PartOutcome::Committed));
        }
        // First what takes the rows back, then the rows.
        let mut kept = Vec::with_capacity(self.chunks.len());
        for (number, key) in self.chunks.iter().zip(self.keys) {
            let own = place.kept(*number);
            if !is_there(files, &own).await? {
                files.copy(key, &own).await?;
            }
            kept.push(own);
        }
        let (flag, store, ledger) = (stop.share(), files.clone(), ledger_key(self.import, self.chunks));
        let written = tokio::task::spawn_blocking(move || {
            import::commit(&dataset, &spec, &ledger, &mut chunks_of(&store, kept), &flag)
        });
        match written.await.map_err(|error| WorkError::Thread(error.to_string()))? {
            Ok(committed) => Ok(PartOutcome::Committed(committed.counts)),
            Err(CommitError::Drifted { mut rows }) => {
                rows.truncate(DRIFTED_MAX);
                halt(files, &place, &rows).await?;
                Ok(PartOutcome::Drifted(rows))
            }
            Err(CommitError::Refused { message, rule, rows }) => {
                tracing::warn!(task.id = %self.import, chunk = self.chunks.first(), rule, ?rows, message, "the database refuses rows of an import");
                Ok(PartOutcome::Refused(RefusedRows { rows, message, rule }))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Tells the other parts that nothing more is to be written, and why.
async fn halt(files: &FileStore, place: &WorkPlace, drifted: &[u32]) -> Result<(), WorkError> {
    let rows = serde_json::to_vec(drifted).map_err(|error| WorkError::Thread(error.to_string()))?;
    files.put(&place.halt(), Bytes::from(rows)).await?;
    Ok(())
}

/// The rows for which nothing more was to be written, if it came to that.
pub(super) async fn halted(files: &FileStore, import: &TaskId) -> Result<Option<Vec<u32>>, FileError> {
    read_json(files, &WorkPlace::of(import).halt()).await
}

async fn is_there(files: &FileStore, key: &str) -> Result<bool, WorkError> {
    match files.size(key).await {
        Ok(_) => Ok(true),
        Err(FileError::Missing { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Tells how a transaction ended whose end nobody has told, and keeps it from being carried out later: a transaction without rows
/// under its name is written to the ledger, unless the real one stands there. Gives what is in the database, if anything. Setting
/// `stop` ends it within a moment.
///
/// # Errors
/// What the database says.
pub(super) async fn settle(
    catalog: &Catalog,
    spec: &PlanSpec,
    import: &TaskId,
    chunks: &[u32],
    stop: Arc<AtomicBool>,
) -> Result<Option<PlanCounts>, WorkError> {
    let dataset = find_dataset(catalog, spec.dataset.as_str())?.clone();
    let (spec, ledger) = (spec.checked(&dataset)?, ledger_key(import, chunks));
    let settled = tokio::task::spawn_blocking(move || {
        import::commit(&dataset, &spec, &ledger, &mut std::iter::empty(), &stop)
    });
    let committed = settled.await.map_err(|error| WorkError::Thread(error.to_string()))??;
    Ok(Some(committed.counts).filter(|counts| counts.total() > 0))
}
