//! The task `import_check_part`: a chunk of rows is read as values and compared with the database.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use longshore_datasets::Catalog;
use longshore_datasets::import::{self, keys};
use longshore_files::FileStore;
use longshore_protocol::Unit;
use longshore_protocol::import::PlanCounts;
use longshore_tasks::{Done, Job, JobError, NewChild, Runs, Task, TaskContext, child_of};
use serde::{Deserialize, Serialize};

use super::ATTEMPTS;
use super::chunk::{read_staged, store_checked};
use super::hand_over::HandOver;
use super::place::WorkPlace;
use super::plan::{Findings, PlanSpec};
use crate::stop::StopFlag;
use crate::work_error::{WorkError, find_dataset};

/// What a task of kind `import_check_part` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckPartOrder {
    /// What is imported.
    pub spec: PlanSpec,
    /// The number of the chunk.
    pub chunk: u32,
}

/// What it has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckPartOutput {
    /// Where the checked rows are.
    pub(super) key: String,
    /// Where what must be once in the file is.
    pub(super) digests: String,
    pub(super) digest_count: u64,
    pub(super) counts: PlanCounts,
    pub(super) findings: Findings,
}

/// Has the chunks below `count` checked, as far as nobody has done so.
///
/// # Errors
/// As [`TaskContext::spawn`].
pub(super) async fn check_up_to(count: u32, spec: &PlanSpec, context: &TaskContext) -> Result<(), JobError> {
    let children: Result<Vec<NewChild>, _> = (context.child_count()..count)
        .map(|chunk| child_of::<CheckPartJob>(&CheckPartOrder { spec: spec.clone(), chunk }))
        .collect();
    context.spawn(children.map_err(JobError::internal)?).await
}

/// The job kind `import_check_part`.
#[derive(Clone)]
pub struct CheckPartJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
    /// Rows that this process has just staged.
    pub hand_over: HandOver,
}

#[async_trait]
impl Job for CheckPartJob {
    const KIND: &'static str = "import_check_part";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = CheckPartOrder;
    type Output = CheckPartOutput;

    async fn run(
        &self,
        order: CheckPartOrder,
        context: &TaskContext,
    ) -> Result<Done<CheckPartOutput>, JobError> {
        Ok(Done::Finished(self.check(order, context).await?))
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What a part has found is its parent's, and goes with it.
        if let (Runs::Only(token), Some(parent)) = (runs, &task.parent)
            && let Ok(order) = task.payload.body.read::<CheckPartOrder>()
        {
            let place = WorkPlace::of(parent);
            self.files.remove(&place.checked(order.chunk, token)).await?;
            self.files.remove(&place.digests(order.chunk, token)).await?;
        }
        Ok(())
    }
}

impl CheckPartJob {
    async fn check(
        &self,
        order: CheckPartOrder,
        context: &TaskContext,
    ) -> Result<CheckPartOutput, WorkError> {
        let dataset = find_dataset(&self.catalog, order.spec.dataset.as_str())?.clone();
        let spec = order.spec.checked(&dataset)?;
        let parent = context.task().parent.as_ref().ok_or(WorkError::NoPart(order.chunk))?;
        let place = WorkPlace::of(parent);
        let staged = place.staged(order.chunk);
        let cells = match self.hand_over.take(&staged) {
            Some(cells) => cells,
            None => read_staged(&self.files, &staged).await?,
        };
        let row_count = cells.iter().map(|batch| batch.num_rows() as u64).sum();
        context.report(0, Some(row_count), Unit::Rows);
        let stop = StopFlag::following(context);
        let flag = stop.share();
        let checked =
            tokio::task::spawn_blocking(move || import::check(&dataset, &spec, &cells, &flag)).await;
        let mut chunk = checked.map_err(|error| WorkError::Thread(error.to_string()))??;
        let found = std::mem::take(&mut chunk.keys);
        let token = context.token();
        let (key, digests) = (place.checked(order.chunk, token), place.digests(order.chunk, token));
        self.files.put(&digests, Bytes::from(keys::to_bytes(&found))).await?;
        store_checked(&self.files, &key, &chunk).await?;
        Ok(CheckPartOutput {
            key,
            digests,
            digest_count: found.len() as u64,
            counts: chunk.counts(),
            findings: Findings::of(&chunk),
        })
    }
}
