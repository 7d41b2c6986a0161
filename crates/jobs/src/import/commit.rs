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

use super::ATTEMPTS;
use super::check::Course;
use super::commit_part::{ImportPartJob, ImportPartOrder};
use super::place::WorkPlace;
use super::plan::{Plan, PlanSpec};
use super::report::{Conclusion, Ending, conclude};
use super::transaction::{PartOutcome, Transaction, halted, settle, transactions};
use crate::file::{FinishedFile, file_url};
use crate::stop::StopFlag;
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
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = ImportOrder;
    type Output = ImportOutput;

    async fn run(&self, order: ImportOrder, context: &TaskContext) -> Result<Done<ImportOutput>, JobError> {
        let plan = self.plan(&order, &context.task().id).await?;
        // The configuration may have changed since the plan was made.
        order.spec.checked(find_dataset(&self.catalog, order.spec.dataset.as_str())?)?;
        let transactions = transactions(&plan, order.way);
        context.set_checkpoint(&Course { row_count: order.counts.total() })?;
        // So that the ledger can be tidied once nobody asks for this import any more.
        let mark = WorkPlace::ledger_mark(&context.task().id);
        self.files.put(&mark, order.spec.dataset.to_string().into()).await.map_err(WorkError::from)?;
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
        let stop = StopFlag::following(context);
        let mut endings = Vec::with_capacity(transactions.len());
        for (chunks, number) in transactions.iter().zip(0..) {
            let child = context.child(number).await?.ok_or(WorkError::NoPart(number))?;
            let told = output_of::<ImportPartJob>(&child);
            if let Some(PartOutcome::Committed(counts)) = told {
                endings.push(Ending::Written(counts));
                continue;
            }
            // It may have written and not have told, or a run of it that is thought to be lost may write yet: the ledger knows, and
            // keeps it from writing later. One that was refused gets another chance first, and so is settled below.
            let ending = match told {
                Some(PartOutcome::Refused(rows)) => Ending::Refused(rows),
                Some(PartOutcome::Drifted(rows)) => Ending::Drifted(rows),
                _ => Ending::Nothing,
            };
            let is_open = matches!(ending, Ending::Refused(_));
            let settled = match is_open {
                true => None,
                false => settle(&self.catalog, &plan.spec, &context.task().id, chunks, stop.share()).await?,
            };
            endings.push(settled.map_or(ending, Ending::Written));
        }
        self.try_again(plan, &transactions, &mut endings, context).await?;
        if !endings.iter().any(|ending| matches!(ending, Ending::Drifted(_))) {
            // The part that has met drift may have been lost before it told of it.
            let drifted = halted(&self.files, &context.task().id).await?;
            endings.extend(drifted.map(Ending::Drifted));
        }
        let conclusion = conclude(order, plan, &transactions, endings, Some(StopReason::Failed));
        let file = self.file_of(plan, context).await?;
        Ok(ImportOutput { conclusion, file })
    }

    /// Carries out once more, one after the other, what the database has refused: a row may refer to one of another part, which was
    /// not there yet. Goes on as long as that brings something.
    async fn try_again(
        &self,
        plan: &Plan,
        transactions: &[Vec<u32>],
        endings: &mut [Ending],
        context: &TaskContext,
    ) -> Result<(), WorkError> {
        let is_written = |ending: &Ending| matches!(ending, Ending::Written(_));
        let mut brings_something = endings.iter().any(is_written);
        while std::mem::take(&mut brings_something) {
            for (chunks, ending) in transactions.iter().zip(endings.iter_mut()) {
                if !matches!(ending, Ending::Refused(_)) {
                    continue;
                }
                let keys: Vec<String> =
                    chunks.iter().map(|number| plan.chunks[*number as usize].key.clone()).collect();
                let import = &context.task().id;
                let transaction = Transaction { spec: &plan.spec, import, chunks, keys: &keys };
                *ending = match transaction.carry_out(&self.catalog, &self.files, context).await? {
                    PartOutcome::Committed(counts) => Ending::Written(counts),
                    PartOutcome::Drifted(rows) => Ending::Drifted(rows),
                    PartOutcome::Refused(rows) => Ending::Refused(rows),
                    PartOutcome::Skipped => Ending::Nothing,
                };
                brings_something |= is_written(ending);
            }
        }
        let stop = StopFlag::following(context);
        for (chunks, ending) in transactions.iter().zip(endings) {
            if matches!(ending, Ending::Refused(_)) {
                let import = &context.task().id;
                let settled = settle(&self.catalog, &plan.spec, import, chunks, stop.share()).await?;
                if let Some(counts) = settled {
                    *ending = Ending::Written(counts);
                }
            }
        }
        Ok(())
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
