//! The tasks `import_undo` and `import_undo_part`: an import is taken back, transaction by transaction.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_datasets::import::{self, KEPT_MAX, Undone};
use longshore_files::FileStore;
use longshore_protocol::import::UndoReport;
use longshore_protocol::{TaskId, TaskKind};
use longshore_tasks::{Done, Job, JobError, NewChild, Runs, State, Task, TaskContext, child_of, output_of};
use serde::{Deserialize, Serialize};

use super::check::Course;
use super::commit_part::{chunks_of, ledger_key};
use super::place::WorkPlace;
use super::plan::PlanSpec;
use crate::stop::StopFlag;
use crate::work_error::{WorkError, find_dataset};

/// What a task of kind `import_undo` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoOrder {
    /// What was imported.
    pub spec: PlanSpec,
    /// The import.
    pub import: TaskId,
    /// The chunks of each of its transactions that has written.
    pub written: Vec<Vec<u32>>,
    /// Rows that were written.
    pub row_count: u64,
}

/// Which task takes an import back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UndoMark {
    pub(super) task: TaskId,
}

/// The report of a task; `None` unless it has taken an import back.
pub(crate) fn report_of(task: &Task) -> Option<UndoReport> {
    let is_one = task.slot.kind == TaskKind::ImportUndo.name() && task.state == State::Succeeded;
    is_one.then(|| output_of::<UndoJob>(task)).flatten()
}

/// The job kind `import_undo`.
#[derive(Clone)]
pub struct UndoJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
}

#[async_trait]
impl Job for UndoJob {
    const KIND: &'static str = TaskKind::ImportUndo.name();
    const VERSION: u32 = 1;
    type Payload = UndoOrder;
    type Output = UndoReport;

    async fn run(&self, order: UndoOrder, context: &TaskContext) -> Result<Done<UndoReport>, JobError> {
        order
            .spec
            .checked(find_dataset(&self.catalog, order.spec.dataset.as_str()).map_err(JobError::from)?)?;
        context.set_checkpoint(&Course { row_count: order.row_count })?;
        if (context.child_count() as usize) < order.written.len() {
            let missing = order.written.iter().skip(context.child_count() as usize);
            let children: Result<Vec<NewChild>, _> = missing
                .map(|chunks| {
                    child_of::<UndoPartJob>(&UndoPartOrder {
                        spec: order.spec.clone(),
                        import: order.import.clone(),
                        chunks: chunks.clone(),
                    })
                })
                .collect();
            context.spawn(children.map_err(JobError::internal)?).await?;
            return Ok(Done::AfterChildren);
        }
        if context.task().children.open() > 0 {
            return Ok(Done::AfterChildren);
        }
        let mut report = UndoReport {
            import: order.import,
            removed_row_count: 0,
            restored_row_count: 0,
            kept_row_count: 0,
            kept: Vec::new(),
        };
        for number in 0..context.child_count() {
            let child =
                context.child(number).await.map_err(WorkError::from)?.ok_or(WorkError::NoPart(number))?;
            let undone =
                output_of::<UndoPartJob>(&child).ok_or_else(|| WorkError::of_part(number, &child))?;
            report.removed_row_count += undone.removed;
            report.restored_row_count += undone.restored;
            report.kept_row_count += undone.kept_count;
            report.kept.extend(undone.kept);
        }
        report.kept.truncate(KEPT_MAX);
        Ok(Done::Finished(report))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // It makes no files.
        Ok(())
    }
}

/// What a task of kind `import_undo_part` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoPartOrder {
    /// What was imported.
    pub spec: PlanSpec,
    /// The import.
    pub import: TaskId,
    /// The chunks of the transaction.
    pub chunks: Vec<u32>,
}

/// The job kind `import_undo_part`.
#[derive(Clone)]
pub struct UndoPartJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
}

#[async_trait]
impl Job for UndoPartJob {
    const KIND: &'static str = "import_undo_part";
    const VERSION: u32 = 1;
    type Payload = UndoPartOrder;
    type Output = Undone;

    async fn run(&self, order: UndoPartOrder, context: &TaskContext) -> Result<Done<Undone>, JobError> {
        Ok(Done::Finished(self.undo(&order, context).await?))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // It makes no files.
        Ok(())
    }
}

impl UndoPartJob {
    async fn undo(&self, order: &UndoPartOrder, context: &TaskContext) -> Result<Undone, WorkError> {
        let dataset = find_dataset(&self.catalog, order.spec.dataset.as_str())?.clone();
        let spec = order.spec.checked(&dataset)?;
        let place = WorkPlace::of(&order.import);
        // The last that was written is taken back first.
        let keys = order.chunks.iter().rev().map(|number| place.kept(*number)).collect();
        let ledger = ledger_key(&order.import, &order.chunks);
        let stop = StopFlag::following(context);
        let (flag, files) = (stop.share(), self.files.clone());
        let undone = tokio::task::spawn_blocking(move || {
            import::undo(&dataset, &spec, &ledger, &mut chunks_of(&files, keys), &flag)
        });
        Ok(undone.await.map_err(|error| WorkError::Thread(error.to_string()))??)
    }
}
