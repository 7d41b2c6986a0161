//! The task `import`: carries a plan out, chunk by chunk or all at once, and tells what came of it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_files::{FileError, FileStore};
use longshore_protocol::import::{ImportWay, PlanCounts, StopReason};
use longshore_protocol::{Lang, TaskId, TaskKind};
use longshore_tasks::{Done, Job, JobError, NewChild, Runs, State, Task, TaskContext, child_of, output_of};
use serde::{Deserialize, Serialize};

use super::check::Course;
use super::commit_part::{ImportPartJob, ImportPartOrder, PartOutcome};
use super::place::WorkPlace;
use super::plan::{Plan, PlanSpec};
use super::report::{Conclusion, Ending, conclude, settle};
use crate::file::{FinishedFile, file_url};
use crate::work_error::{WorkError, find_dataset};

/// What a task of kind `import` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// What is imported.
    pub spec: PlanSpec,
    /// The check whose plan is carried out.
    pub plan: TaskId,
    /// How.
    pub way: ImportWay,
    /// The name of the uploaded file.
    pub file_name: String,
    /// What the plan says.
    pub counts: PlanCounts,
    /// The language of the person.
    pub lang: Lang,
}

impl ImportOrder {
    /// What a task was to import; `None` for one of another kind.
    pub(crate) fn of(task: &Task) -> Option<ImportOrder> {
        (task.slot.kind == TaskKind::Import.name()).then(|| task.payload.body.read().ok()).flatten()
    }
}

/// What came of an import: the task's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportOutput {
    /// What is in the database.
    pub(crate) conclusion: Conclusion,
    /// The rows in error, as a file.
    pub file: Option<FinishedFile>,
}

impl ImportOutput {
    /// What a task has done; `None` unless it is an import that has ended well.
    pub(crate) fn of(task: &Task) -> Option<ImportOutput> {
        let is_one = task.slot.kind == TaskKind::Import.name() && task.state == State::Succeeded;
        is_one.then(|| output_of::<ImportJob>(task)).flatten()
    }
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

/// The job kind `import`.
#[derive(Clone)]
pub struct ImportJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
}

#[async_trait]
impl Job for ImportJob {
    const KIND: &'static str = TaskKind::Import.name();
    const VERSION: u32 = 1;
    type Payload = ImportOrder;
    type Output = ImportOutput;

    async fn run(&self, order: ImportOrder, context: &TaskContext) -> Result<Done<ImportOutput>, JobError> {
        let plan = self.plan(&order, &context.task().id).await?;
        // The configuration may have changed since the plan was made.
        order.spec.checked(find_dataset(&self.catalog, order.spec.dataset.as_str())?)?;
        let transactions = transactions(&plan, order.way);
        context.set_checkpoint(&Course { row_count: order.counts.total() })?;
        if (context.child_count() as usize) < transactions.len() {
            let missing = transactions.into_iter().skip(context.child_count() as usize);
            let children: Result<Vec<NewChild>, _> = missing
                .map(|chunks| {
                    let keys =
                        chunks.iter().map(|number| plan.chunks[*number as usize].key.clone()).collect();
                    child_of::<ImportPartJob>(&ImportPartOrder { spec: plan.spec.clone(), chunks, keys })
                })
                .collect();
            context.spawn(children.map_err(JobError::internal)?).await?;
            return Ok(Done::AfterChildren);
        }
        if context.task().children.open() > 0 {
            return Ok(Done::AfterChildren);
        }
        Ok(Done::Finished(self.conclude(&order, &plan, context).await?))
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Also one that was cancelled has rows in the database, and what takes them back is here: until its retention ends.
        let now =
            longshore_tasks::Timestamp::from_millis(jiff::Timestamp::now().as_millisecond().unsigned_abs());
        let is_over = task.state.is_final() && now >= task.kept_until();
        if runs == Runs::All && is_over {
            self.files.remove_folder(WorkPlace::of(&task.id).folder()).await?;
        }
        Ok(())
    }
}

impl ImportJob {
    /// The plan, which from now on is this task's own: the check's may go before it.
    async fn plan(&self, order: &ImportOrder, task: &TaskId) -> Result<Plan, WorkError> {
        if let Some(plan) = Plan::load(&self.files, task).await? {
            return Ok(plan);
        }
        match self.files.copy(&WorkPlace::of(&order.plan).plan(), &WorkPlace::of(task).plan()).await {
            Ok(()) => Plan::load(&self.files, task).await?.ok_or(WorkError::NoPlan),
            Err(FileError::Missing { .. }) => Err(WorkError::NoPlan),
            Err(error) => Err(error.into()),
        }
    }

    async fn conclude(
        &self,
        order: &ImportOrder,
        plan: &Plan,
        context: &TaskContext,
    ) -> Result<ImportOutput, WorkError> {
        let transactions = transactions(plan, order.way);
        let mut endings = Vec::with_capacity(transactions.len());
        for (chunks, number) in transactions.iter().zip(0..) {
            let child = context.child(number).await?.ok_or(WorkError::NoPart(number))?;
            endings.push(match output_of::<ImportPartJob>(&child) {
                Some(PartOutcome::Committed(counts)) => Ending::Written(counts),
                Some(PartOutcome::Drifted(rows)) => Ending::Drifted(rows),
                Some(PartOutcome::Refused | PartOutcome::Skipped) => Ending::Nothing,
                // It may have written and not have told: the ledger knows, and keeps it from writing later.
                None => settle(&self.catalog, &plan.spec, &context.task().id, chunks).await?,
            });
        }
        let reason = Some(StopReason::Database);
        let conclusion = conclude(order, plan, &transactions, endings, reason);
        let file = self.file_of(plan, context).await?;
        Ok(ImportOutput { conclusion, file })
    }

    /// The check's file of rows in error, as this task's own.
    async fn file_of(&self, plan: &Plan, context: &TaskContext) -> Result<Option<FinishedFile>, WorkError> {
        let Some(file) = &plan.output.file else { return Ok(None) };
        let ending = file.name.rsplit('.').next().unwrap_or_default();
        let task = &context.task().id;
        let key = WorkPlace::of(task).faults(context.token(), ending);
        match self.files.copy(&file.key, &key).await {
            Ok(()) => Ok(Some(FinishedFile { key, url: file_url(task), ..file.clone() })),
            Err(FileError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
