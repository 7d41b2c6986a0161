//! The tasks `import_undo` and `import_undo_part`: an import is taken back, transaction by transaction.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_datasets::import::{self, CommitError, KEPT_MAX, Pointed, Undone};
use longshore_files::FileStore;
use longshore_protocol::import::{RefusedRows, UndoReport};
use longshore_protocol::{TaskId, TaskKind};
use longshore_tasks::{Done, Job, JobError, NewChild, Runs, State, Task, TaskContext, child_of, output_of};
use serde::{Deserialize, Serialize};

use super::ATTEMPTS;
use super::check::Course;
use super::chunk::read_checked;
use super::place::WorkPlace;
use super::plan::PlanSpec;
use super::transaction::{chunks_of, ledger_key};
use crate::stop::StopFlag;
use crate::work_error::{WorkError, find_dataset};

/// Refusals of the database that are told.
const REFUSED_MAX: usize = 20;

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

impl UndoOrder {
    /// What a task was to take back; `None` for one of another kind.
    pub(super) fn of(task: &Task) -> Option<UndoOrder> {
        (task.slot.kind == TaskKind::ImportUndo.name()).then(|| task.payload.body.read().ok()).flatten()
    }

    /// The transactions as they are taken back: rows may point at rows that were written before them.
    fn latest_first(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.written.iter().rev()
    }

    /// A report in which nothing is taken back so far.
    pub(super) fn empty_report(&self) -> UndoReport {
        UndoReport {
            import: self.import.clone(),
            removed_row_count: 0,
            restored_row_count: 0,
            kept_row_count: 0,
            kept: Vec::new(),
            left_row_count: 0,
            refused: Vec::new(),
        }
    }
}

/// The report of a task; `None` unless it has ended well.
pub(super) fn report_of(task: &Task) -> Option<UndoReport> {
    let is_one = task.slot.kind == TaskKind::ImportUndo.name() && task.state == State::Succeeded;
    is_one.then(|| output_of::<UndoJob>(task)).flatten()
}

/// The job kind `import_undo`.
#[derive(Clone)]
pub struct UndoJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
}

#[async_trait]
impl Job for UndoJob {
    const KIND: &'static str = TaskKind::ImportUndo.name();
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = UndoOrder;
    type Output = UndoReport;

    async fn run(&self, order: UndoOrder, context: &TaskContext) -> Result<Done<UndoReport>, JobError> {
        order
            .spec
            .checked(find_dataset(&self.catalog, order.spec.dataset.as_str()).map_err(JobError::from)?)?;
        context.set_checkpoint(&Course { row_count: order.row_count })?;
        if (context.child_count() as usize) < order.written.len() {
            let missing = order.latest_first().skip(context.child_count() as usize);
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
        Ok(Done::Finished(self.conclude(&order, context).await?))
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

impl UndoJob {
    /// Takes back once more what was refused, as long as that brings something: a row may be one that rows of another part pointed at.
    /// Then a last time, and now rows are kept that others still point at. Adds up.
    async fn conclude(&self, order: &UndoOrder, context: &TaskContext) -> Result<UndoReport, WorkError> {
        let mut endings = Vec::with_capacity(order.written.len());
        for number in 0..context.child_count() {
            let child = context.child(number).await?.ok_or(WorkError::NoPart(number))?;
            let told = output_of::<UndoPartJob>(&child);
            endings.push(told.ok_or_else(|| WorkError::of_part(number, &child))?);
        }
        let is_refused = |ending: &UndoEnding| matches!(ending, UndoEnding::Refused { .. });
        let mut brings_something = !endings.iter().all(is_refused);
        let mut pointed = Pointed::Refused;
        loop {
            if !std::mem::take(&mut brings_something) {
                pointed = Pointed::Kept;
            }
            for (chunks, ending) in order.latest_first().zip(&mut endings) {
                if is_refused(ending) {
                    let (spec, import) = (&order.spec, &order.import);
                    let transaction = TakingBack { spec, import, chunks, pointed };
                    *ending = transaction.carry_out(&self.catalog, &self.files, context).await?;
                    brings_something |= !is_refused(ending);
                }
            }
            // What was kept may have been what others waited for.
            if pointed == Pointed::Kept && !brings_something {
                break;
            }
        }
        let mut report = order.empty_report();
        for ending in endings {
            add(&mut report, ending);
        }
        Ok(report)
    }
}

/// Adds what came of a transaction.
pub(super) fn add(report: &mut UndoReport, ending: UndoEnding) {
    match ending {
        UndoEnding::Undone(undone) => {
            report.removed_row_count += undone.removed;
            report.restored_row_count += undone.restored;
            report.kept_row_count += undone.kept_count;
            report.kept.extend(undone.kept);
            report.kept.sort_by_key(|kept| kept.row);
            report.kept.truncate(KEPT_MAX);
        }
        UndoEnding::Refused { rows, row_count } => {
            report.left_row_count += row_count;
            if report.refused.len() < REFUSED_MAX {
                report.refused.push(rows);
            }
        }
    }
}

/// How taking back a transaction has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UndoEnding {
    /// Nothing of it is taken back: the database refuses it.
    Refused {
        /// Where.
        rows: RefusedRows,
        /// Rows that it had written.
        row_count: u64,
    },
    /// All of it is taken back that was not changed since.
    Undone(Undone),
}

/// A transaction that is taken back.
struct TakingBack<'a> {
    spec: &'a PlanSpec,
    import: &'a TaskId,
    chunks: &'a [u32],
    pointed: Pointed,
}

impl TakingBack<'_> {
    async fn carry_out(
        &self,
        catalog: &Catalog,
        files: &FileStore,
        context: &TaskContext,
    ) -> Result<UndoEnding, WorkError> {
        let dataset = find_dataset(catalog, self.spec.dataset.as_str())?.clone();
        let spec = self.spec.checked(&dataset)?;
        let place = WorkPlace::of(self.import);
        // The last that was written is taken back first.
        let keys: Vec<String> = self.chunks.iter().rev().map(|number| place.kept(*number)).collect();
        let ledger = ledger_key(self.import, self.chunks);
        let stop = StopFlag::following(context);
        let (flag, store, kept, pointed) = (stop.share(), files.clone(), keys.clone(), self.pointed);
        let undone = tokio::task::spawn_blocking(move || {
            import::undo(&dataset, &spec, &ledger, &mut chunks_of(&store, kept), pointed, &flag)
        });
        match undone.await.map_err(|error| WorkError::Thread(error.to_string()))? {
            Ok(undone) => Ok(UndoEnding::Undone(undone)),
            Err(CommitError::Refused { message, rule, rows }) => {
                tracing::warn!(task.id = %self.import, chunk = self.chunks.first(), rule, ?rows, message, "the database refuses that rows are taken back");
                let mut row_count = 0;
                for key in &keys {
                    row_count += read_checked(files, key).await?.counts().writes();
                }
                Ok(UndoEnding::Refused { rows: RefusedRows { rows, message, rule }, row_count })
            }
            Err(error) => Err(error.into()),
        }
    }
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
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = UndoPartOrder;
    type Output = UndoEnding;

    async fn run(&self, order: UndoPartOrder, context: &TaskContext) -> Result<Done<UndoEnding>, JobError> {
        let (spec, import, chunks) = (&order.spec, &order.import, order.chunks.as_slice());
        let transaction = TakingBack { spec, import, chunks, pointed: Pointed::Refused };
        Ok(Done::Finished(transaction.carry_out(&self.catalog, &self.files, context).await?))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // It makes no files.
        Ok(())
    }
}
