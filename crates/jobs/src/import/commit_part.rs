//! The task `import_part`: some chunks of a plan in one transaction.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_files::FileStore;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};
use serde::{Deserialize, Serialize};

use super::ATTEMPTS;
use super::plan::PlanSpec;
use super::transaction::{PartOutcome, Transaction};
use crate::work_error::WorkError;

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
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = ImportPartOrder;
    type Output = PartOutcome;

    async fn run(
        &self,
        order: ImportPartOrder,
        context: &TaskContext,
    ) -> Result<Done<PartOutcome>, JobError> {
        let first = order.chunks.first().copied().unwrap_or_default();
        let import = context.task().parent.as_ref().ok_or(WorkError::NoPart(first))?;
        let transaction = Transaction { spec: &order.spec, import, chunks: &order.chunks, keys: &order.keys };
        Ok(Done::Finished(transaction.carry_out(&self.catalog, &self.files, context).await?))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What it has kept for taking the rows back is its parent's.
        Ok(())
    }
}
