//! The task `import_part`: some chunks of a plan in one transaction.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use longshore_datasets::Catalog;
use longshore_datasets::import::{self, CheckedChunk, ChunkError, CommitError, LedgerKey};
use longshore_files::{FileError, FileStore};
use longshore_protocol::TaskId;
use longshore_protocol::import::PlanCounts;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::place::WorkPlace;
use super::plan::PlanSpec;
use crate::stop::StopFlag;
use crate::work_error::{WorkError, find_dataset};

/// Rows that were not as planned and are told of.
const DRIFTED_MAX: usize = 20;

/// What a task of kind `import_part` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPartOrder {
    /// What is imported.
    pub spec: PlanSpec,
    /// The chunks of the transaction; the first names it in the ledger.
    pub chunks: Vec<u32>,
    /// Where the plan has their rows.
    pub keys: Vec<String>,
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOutcome {
    /// All of it is in the database.
    Committed(PlanCounts),
    /// Nothing of it is: these rows were no longer as the plan has them; the first of them.
    Drifted(Vec<u32>),
    /// Nothing of it is: the database refuses a row for a rule of its own.
    Refused,
    /// Nothing of it is: another transaction has ended so that nothing more is to be written.
    Skipped,
}

/// The name of a transaction in the ledger.
pub(super) fn ledger_key(import: &TaskId, chunks: &[u32]) -> LedgerKey {
    LedgerKey { import: import.to_string(), chunk: chunks.first().copied().unwrap_or_default() }
}

/// Chunks of the file store, one after the other, for a thread that may wait.
pub(super) fn chunks_of(
    files: &FileStore,
    keys: Vec<String>,
) -> impl Iterator<Item = Result<CheckedChunk, ChunkError>> + use<> {
    let (files, handle) = (files.clone(), Handle::current());
    keys.into_iter().map(move |key| {
        let bytes = handle.block_on(files.get(&key))?;
        Ok(CheckedChunk::from_bytes(&bytes)?)
    })
}

/// The job kind `import_part`.
#[derive(Clone)]
pub struct ImportPartJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
}

#[async_trait]
impl Job for ImportPartJob {
    const KIND: &'static str = "import_part";
    const VERSION: u32 = 1;
    type Payload = ImportPartOrder;
    type Output = PartOutcome;

    async fn run(
        &self,
        order: ImportPartOrder,
        context: &TaskContext,
    ) -> Result<Done<PartOutcome>, JobError> {
        Ok(Done::Finished(self.commit(order, context).await?))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What it has kept for taking the rows back is its parent's.
        Ok(())
    }
}

impl ImportPartJob {
    async fn commit(&self, order: ImportPartOrder, context: &TaskContext) -> Result<PartOutcome, WorkError> {
        let first = order.chunks.first().copied().unwrap_or_default();
        let parent = context.task().parent.clone().ok_or(WorkError::NoPart(first))?;
        let place = WorkPlace::of(&parent);
        let dataset = find_dataset(&self.catalog, order.spec.dataset.as_str())?.clone();
        let spec = order.spec.checked(&dataset)?;
        let is_halted = self.is_there(&place.halt()).await?;
        let ledger = ledger_key(&parent, &order.chunks);
        if is_halted {
            // An earlier run of this part may have written: what it has done is not undone by leaving it out now.
            let settled = super::report::settle(&self.catalog, &order.spec, &parent, &order.chunks).await?;
            return Ok(match settled {
                super::report::Ending::Written(counts) => PartOutcome::Committed(counts),
                _ => PartOutcome::Skipped,
            });
        }
        // First what takes the rows back, then the rows.
        let mut kept = Vec::with_capacity(order.chunks.len());
        for (number, key) in order.chunks.iter().zip(&order.keys) {
            let own = place.kept(*number);
            if !self.is_there(&own).await? {
                self.files.copy(key, &own).await?;
            }
            kept.push(own);
        }
        let stop = StopFlag::following(context);
        let (flag, files) = (stop.share(), self.files.clone());
        let written = tokio::task::spawn_blocking(move || {
            import::commit(&dataset, &spec, &ledger, &mut chunks_of(&files, kept), &flag)
        });
        match written.await.map_err(|error| WorkError::Thread(error.to_string()))? {
            Ok(committed) => Ok(PartOutcome::Committed(committed.counts)),
            Err(CommitError::Drifted { mut rows }) => {
                self.halt(&place).await?;
                rows.truncate(DRIFTED_MAX);
                Ok(PartOutcome::Drifted(rows))
            }
            Err(CommitError::Refused { message, rule, rows }) => {
                tracing::warn!(task.id = %parent, chunk = first, rule, ?rows, message, "the database refuses rows of an import");
                self.halt(&place).await?;
                Ok(PartOutcome::Refused)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells the other parts that nothing more is to be written.
    async fn halt(&self, place: &WorkPlace) -> Result<(), WorkError> {
        self.files.put(&place.halt(), Bytes::from_static(b"halt")).await?;
        Ok(())
    }

    async fn is_there(&self, key: &str) -> Result<bool, WorkError> {
        match self.files.size(key).await {
            Ok(_) => Ok(true),
            Err(FileError::Missing { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
