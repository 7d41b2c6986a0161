//! The task `import_check`: stages the rows of a file, has them checked in chunks, and puts the plan together.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_files::{FileError, FileStore};
use longshore_protocol::import::{ImportMode, ImportPlan, PlanCounts, ProblemCount};
use longshore_protocol::{DatasetId, Lang, TaskKind};
use longshore_sheets::read::{Choice, Recognised};
use longshore_tasks::{Done, Job, JobError, Runs, State, Task, TaskContext, output_of};
use serde::{Deserialize, Serialize};

use super::ATTEMPTS;
use super::check_part::{CheckPartJob, CheckPartOutput, check_up_to};
use super::faults;
use super::hand_over::HandOver;
use super::place::WorkPlace;
use super::plan::{Findings, Plan, PlanChunk, PlanSpec};
use super::settings::ImportSettings;
use super::stage::{Staging, stage};
use super::stored::{read_json, write_json};
use super::unique::fail_duplicates;
use crate::file::FinishedFile;
use crate::work_error::{WorkError, find_dataset};

/// What a task of kind `import_check` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckOrder {
    /// The dataset that would be imported into.
    pub dataset: DatasetId,
    /// The key of the file.
    pub upload: String,
    /// The file's name on the person's disk.
    pub file_name: String,
    /// What the file is.
    pub recognised: Recognised,
    /// What of it is read.
    pub choice: Choice,
    /// The row that holds the headers.
    pub header_row: u32,
    /// The headers.
    pub headers: Vec<String>,
    /// Places of columns in the file and the dataset's columns that they go to.
    pub mapping: Vec<(u32, String)>,
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// IANA name of the person's time zone; UTC where empty.
    pub time_zone: String,
    /// The language of reasons in the file of errors.
    pub lang: Lang,
}

impl CheckOrder {
    pub(super) fn spec(&self) -> PlanSpec {
        PlanSpec {
            dataset: self.dataset.clone(),
            mapping: self.mapping.clone(),
            mode: self.mode,
            time_zone: self.time_zone.clone(),
        }
    }
}

/// What a check has found: the task's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckOutput {
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// Rows by what would happen to them.
    pub counts: PlanCounts,
    /// Cells with a warning.
    pub warning_count: u64,
    /// The kinds of problems, most frequent first.
    pub problems: Vec<ProblemCount>,
    /// The rows in error, as a file.
    pub file: Option<FinishedFile>,
}

impl CheckOutput {
    /// What a task has found; `None` unless it is a check that has ended well.
    pub(crate) fn of(task: &Task) -> Option<CheckOutput> {
        let is_one = task.slot.kind == TaskKind::ImportCheck.name() && task.state == State::Succeeded;
        is_one.then(|| output_of::<CheckJob>(task)).flatten()
    }

    /// The same for a front end.
    pub(super) fn plan(self, task: &Task) -> Option<ImportPlan> {
        Some(ImportPlan {
            task: task.id.clone(),
            mode: self.mode,
            counts: self.counts,
            warning_count: self.warning_count,
            problems: self.problems,
            checked_at: task.finished_at?.as_millis(),
        })
    }
}

/// How many rows a task has to do with: its checkpoint, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) row_count: u64,
}

/// The job kind `import_check`.
#[derive(Clone)]
pub struct CheckJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files are.
    pub files: FileStore,
    /// How files are read.
    pub settings: ImportSettings,
    /// Rows that this process has just staged.
    pub hand_over: HandOver,
}

#[async_trait]
impl Job for CheckJob {
    const KIND: &'static str = TaskKind::ImportCheck.name();
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS;
    type Payload = CheckOrder;
    type Output = CheckOutput;

    async fn run(&self, order: CheckOrder, context: &TaskContext) -> Result<Done<CheckOutput>, JobError> {
        let place = WorkPlace::of(&context.task().id);
        let staging = self.staging(&order, &place, context).await?;
        context.set_checkpoint(&Course { row_count: staging.row_count() })?;
        let count = staging.chunks.len() as u32;
        check_up_to(count, &order.spec(), context).await?;
        let children = context.task().children;
        if children.total < count || children.open() > 0 {
            return Ok(Done::AfterChildren);
        }
        let plan = match self.conclude(&order, &place, &staging, context).await {
            // Another run of this task, which has lost its lease, was quicker, and has cleaned up.
            Err(WorkError::Files(FileError::Missing { .. })) => read_json(&self.files, &place.plan()).await,
            concluded => concluded.map(Some).map_err(JobError::from).map(Ok)?,
        };
        let plan: Plan = plan.map_err(WorkError::from)?.ok_or(WorkError::NoPlan)?;
        Ok(Done::Finished(plan.output))
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What one run has made may be what another goes on from: everything goes with the task.
        if runs == Runs::All {
            self.hand_over.forget(&WorkPlace::of(&task.id).staged_folder());
            self.files.remove_folder(WorkPlace::of(&task.id).folder()).await?;
        }
        Ok(())
    }
}

impl CheckJob {
    /// The staged rows, by this run or by an earlier one.
    async fn staging(
        &self,
        order: &CheckOrder,
        place: &WorkPlace,
        context: &TaskContext,
    ) -> Result<Staging, JobError> {
        if let Some(staging) = read_json(&self.files, &place.staging()).await.map_err(WorkError::from)? {
            return Ok(staging);
        }
        // Before hours are spent on it.
        order.spec().checked(find_dataset(&self.catalog, order.dataset.as_str())?)?;
        let staging = stage(&self.files, &self.settings, order, (place, &self.hand_over), context).await?;
        write_json(&self.files, &place.staging(), &staging).await.map_err(WorkError::from)?;
        Ok(staging)
    }

    /// Puts the plan together from what the parts have found.
    async fn conclude(
        &self,
        order: &CheckOrder,
        place: &WorkPlace,
        staging: &Staging,
        context: &TaskContext,
    ) -> Result<Plan, WorkError> {
        if let Some(plan) = read_json(&self.files, &place.plan()).await? {
            return Ok(plan);
        }
        self.hand_over.forget(&place.staged_folder());
        let dataset = find_dataset(&self.catalog, order.dataset.as_str())?;
        let mut parts: Vec<CheckPartOutput> = Vec::with_capacity(staging.chunks.len());
        for number in 0..context.child_count() {
            let child = context.child(number).await?.ok_or(WorkError::NoPart(number))?;
            let output = output_of::<CheckPartJob>(&child);
            parts.push(output.ok_or_else(|| WorkError::of_part(number, &child))?);
        }
        fail_duplicates(&self.files, dataset, place, &mut parts, context).await?;
        let (mut findings, mut counts) = (Findings::default(), PlanCounts::default());
        let mut chunks = Vec::with_capacity(parts.len());
        for ((part, staged), number) in parts.into_iter().zip(&staging.chunks).zip(0..) {
            counts = counts.plus(part.counts);
            let warned_row_count = part.findings.warned_row_count;
            findings.add(part.findings);
            let rows = (staged.first_row, staged.last_row);
            chunks.push(PlanChunk { number, key: part.key, rows, counts: part.counts, warned_row_count });
        }
        let file = match counts.error {
            0 => None,
            _ => Some(
                faults::write(
                    &self.files,
                    &self.settings,
                    order,
                    dataset,
                    place,
                    (staging, &chunks),
                    context,
                )
                .await?,
            ),
        };
        let warning_count = findings.warning_count;
        let output = CheckOutput { mode: order.mode, counts, warning_count, problems: findings.told(), file };
        let plan = Plan { spec: order.spec(), chunks, output };
        write_json(&self.files, &place.plan(), &plan).await?;
        // From here on the plan is all that is needed. Nobody waits for the rest to go; what a process that ends now leaves of it
        // goes with the task.
        let (files, folders) = (self.files.clone(), [place.staged_folder(), place.digests_folder()]);
        tokio::spawn(async move {
            for folder in folders {
                if let Err(error) = files.remove_folder(&folder).await {
                    tracing::warn!(folder, error = %error, "staged rows could not be removed; they go with their task");
                }
            }
        });
        Ok(plan)
    }
}
