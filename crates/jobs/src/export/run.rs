//! What a worker does with an export task.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::Catalog;
use longshore_files::{FileError, FileStore};
use longshore_protocol::TaskKind;
use longshore_protocol::manifest::Resumed;
use longshore_tasks::entity::Task;
use longshore_tasks::{Done, Job, JobError, Runs, TaskContext};

use super::manifest::{Asked, manifest};
use super::order::{ExportOrder, ORDER_VERSION};
use super::part::{Course, Keys, Part, folder};
use super::plan::Plan;
use super::settings::ExportSettings;
use super::write::{Report, Written, deliver, write};
use crate::file::{FinishedFile, file_url};
use crate::request::moment;
use crate::stop::StopFlag;
use crate::work_error::WorkError;

/// The job kind `export`.
#[derive(Clone)]
pub struct ExportJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files go.
    pub files: FileStore,
    /// How they are written.
    pub settings: ExportSettings,
}

#[async_trait]
impl Job for ExportJob {
    const KIND: &'static str = TaskKind::Export.name();
    const VERSION: u32 = ORDER_VERSION;
    type Payload = ExportOrder;
    type Output = FinishedFile;

    async fn run(&self, order: ExportOrder, context: &TaskContext) -> Result<Done<FinishedFile>, JobError> {
        Ok(Done::Finished(self.export(order, context).await?))
    }

    /// Of parts that are in the archive now, and of what other runs have left, nothing is needed any more.
    async fn settle(&self, task: &Task) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(file) = FinishedFile::of(task) else { return Ok(()) };
        Ok(self.files.remove_folder_but(&folder(&task.id), &[file.key.as_str()]).await?)
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        match runs {
            Runs::All => self.files.remove_folder(&folder(&task.id)).await?,
            // Its finished parts may be what another run goes on from; they go when the task ends.
            Runs::Only(token) => self.files.remove(&Keys::of(&task.id, token, "").archive()).await?,
        }
        Ok(())
    }
}

impl ExportJob {
    async fn export(&self, order: ExportOrder, context: &TaskContext) -> Result<FinishedFile, WorkError> {
        let task = context.task();
        let plan = Plan::of(order, &self.catalog, self.settings)?;
        let keys = Keys::of(&task.id, context.token(), plan.format().name());
        let report: Report = {
            let context = context.clone();
            Arc::new(move |done, total, unit| context.report(done, total, unit))
        };
        let (written, resumed) = self.write(&plan, &keys, context, &report).await?;
        let stop = StopFlag::following(context);
        let delivered = deliver(&plan, &self.files, &keys, &written.parts, &stop.share(), &report).await?;
        let asked = Asked {
            task: Some(task.id.clone()),
            by: task.slot.owner.clone(),
            at: moment(task.registered_at),
        };
        let manifest = manifest(&plan, asked, &written, &delivered, resumed);
        Ok(FinishedFile {
            key: delivered.key,
            name: manifest.file.name.clone(),
            url: file_url(&task.id),
            size_bytes: delivered.size_bytes,
            row_count: manifest.row_count,
            sheet_count: manifest.file.sheet_count,
            shortened_cell_count: manifest.shortened.iter().map(|column| column.cell_count).sum(),
            manifest: Some(manifest),
        })
    }

    /// Writes all parts, on from those that an earlier run has finished: the rows are read again, in a snapshot of this run's
    /// own, and where they are what a finished part was made of, and are written as then, the part is kept. So the export is of one snapshot,
    /// whatever has happened. Where anything has changed, it begins anew.
    async fn write(
        &self,
        plan: &Plan,
        keys: &Keys,
        context: &TaskContext,
        report: &Report,
    ) -> Result<(Written, Vec<Resumed>), WorkError> {
        let course: Course = context.checkpoint()?.unwrap_or_default();
        let mut kept = self.still_there(course.parts).await?;
        loop {
            let mut resumed = course.resumed.clone();
            if context.token().epoch > 1 {
                let kept_row_count = kept.iter().map(|part| part.row_count).sum();
                resumed.push(Resumed { kept_part_count: kept.len() as u32, kept_row_count });
            }
            let part_done = |parts: &[Part]| {
                let course = Course { parts: parts.to_vec(), resumed: resumed.clone() };
                Ok(context.set_checkpoint(&course)?)
            };
            let stop = StopFlag::following(context);
            let report = Arc::clone(report);
            match write(plan, &self.files, keys, kept.clone(), stop.share(), report, part_done).await {
                Err(WorkError::RowsChanged) if !kept.is_empty() => {
                    tracing::info!(task.id = %context.task().id, "finished parts are not what would be written any more; beginning anew");
                    kept.clear();
                }
                written => return Ok((written?, resumed)),
            }
        }
    }

    /// The first of the parts that are in the file store as they were left.
    async fn still_there(&self, parts: Vec<Part>) -> Result<Vec<Part>, WorkError> {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match self.files.size(&part.key).await {
                Ok(size_bytes) if size_bytes == part.size_bytes => kept.push(part),
                Ok(_) | Err(FileError::Missing { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(kept)
    }
}
