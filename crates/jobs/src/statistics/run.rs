//! What a worker does with a statistics task: first its parts, then, when all of them have ended, its file.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_datasets::{Catalog, SourceError, daily};
use longshore_files::{FileStore, FileWriter};
use longshore_protocol::{TaskId, TaskKind, Unit};
use longshore_sheets::Summary;
use longshore_tasks::{Done, Job, JobError, NewChild, Runs, Task, TaskContext, Token, child_of, output_of};

use super::order::{ORDER_VERSION, StatisticsOrder};
use super::part::{PartJob, PartOrder, prepare};
use super::plan::Plan;
use super::sheet::{FORMAT, Sheet};
use crate::file::{FinishedFile, file_url};
use crate::stop::StopFlag;
use crate::work_error::WorkError;

/// The job kind `daily_statistics`.
#[derive(Clone)]
pub struct StatisticsJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files go.
    pub files: FileStore,
}

fn folder(task: &TaskId) -> String {
    format!("statistics/{task}/")
}

/// One run's file, by its token, as for exports.
fn key(task: &TaskId, token: Token) -> String {
    format!("{}{token}.{}", folder(task), FORMAT.name())
}

#[async_trait]
impl Job for StatisticsJob {
    const KIND: &'static str = TaskKind::DailyStatistics.name();
    const VERSION: u32 = ORDER_VERSION;
    type Payload = StatisticsOrder;
    type Output = FinishedFile;

    async fn run(
        &self,
        order: StatisticsOrder,
        context: &TaskContext,
    ) -> Result<Done<FinishedFile>, JobError> {
        let Some(plan) = self.plan(&order, context).await? else {
            // Not one row has a day: a header is all there is.
            return Ok(Done::Finished(self.write(order, context).await?));
        };
        let parts = plan.parts();
        if (context.child_count() as usize) < parts.len() {
            context.set_checkpoint(&plan)?;
            let request = &order.request;
            let missing = parts.into_iter().skip(context.child_count() as usize);
            let children: Result<Vec<NewChild>, _> = missing
                .map(|days| {
                    child_of::<PartJob>(&PartOrder {
                        dataset: request.dataset.clone(),
                        filters: request.filters.clone(),
                        time_zone: request.time_zone.clone(),
                        plan,
                        first: days.first,
                        last: days.last,
                    })
                })
                .collect();
            context.spawn(children.map_err(JobError::internal)?).await?;
            return Ok(Done::AfterChildren);
        }
        if context.task().children.open() > 0 {
            // A run was lost between its last part and the wait for them.
            return Ok(Done::AfterChildren);
        }
        Ok(Done::Finished(self.write(order, context).await?))
    }

    async fn settle(&self, task: &Task) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(file) = FinishedFile::of(task) else { return Ok(()) };
        Ok(self.files.remove_folder_but(&folder(&task.id), &[file.key.as_str()]).await?)
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        match runs {
            Runs::All => self.files.remove_folder(&folder(&task.id)).await?,
            Runs::Only(token) => self.files.remove(&key(&task.id, token)).await?,
        }
        Ok(())
    }
}

impl StatisticsJob {
    /// The days that the task counts, the same in each of its runs; `None` if there are none.
    async fn plan(&self, order: &StatisticsOrder, context: &TaskContext) -> Result<Option<Plan>, JobError> {
        if let Some(plan) = context.checkpoint()? {
            return Ok(Some(plan));
        }
        if context.child_count() > 0 {
            // An earlier run was lost after it had made parts and before its checkpoint was stored; they know it, too.
            return Ok(Some(part(context, 0).await?.1.plan));
        }
        Ok(self.find_days(order, context).await?)
    }

    async fn find_days(
        &self,
        order: &StatisticsOrder,
        context: &TaskContext,
    ) -> Result<Option<Plan>, WorkError> {
        let request = &order.request;
        let (dataset, statistics, query) =
            prepare(&self.catalog, &request.dataset, &request.filters, &request.time_zone)?;
        let stop = StopFlag::following(context);
        let flag = stop.share();
        let found =
            tokio::task::spawn_blocking(move || daily::day_extent(&dataset, &statistics, &query, &flag));
        let days = found.await.map_err(|error| WorkError::Thread(error.to_string()))??;
        Ok(days.map(|days| Plan { first: days.first, last: days.last }))
    }

    /// Writes the file from what the parts have found.
    async fn write(&self, order: StatisticsOrder, context: &TaskContext) -> Result<FinishedFile, WorkError> {
        let request = &order.request;
        let (dataset, statistics, _) =
            prepare(&self.catalog, &request.dataset, &request.filters, &request.time_zone)?;
        let stop = StopFlag::following(context);
        let sheet = Sheet::open(&dataset, &statistics, order.lang, stop.share())?;
        context.report(0, None, Unit::Bytes);
        let key = key(&context.task().id, context.token());
        let mut writer = self.files.create(&key).await?;
        let (summary, stored) = match write_parts(sheet, &mut writer, context).await {
            Ok(summary) => (summary, writer.finish().await?),
            Err(error) => {
                writer.abort().await;
                return Err(error);
            }
        };
        Ok(FinishedFile {
            key,
            name: order.file_name,
            manifest: None,
            url: file_url(&context.task().id),
            size_bytes: stored.size_bytes,
            row_count: summary.row_count,
            sheet_count: summary.sheet_count,
            shortened_cell_count: summary.shortened_cell_count,
        })
    }
}

/// Writes the days of all parts; memory holds one part at a time.
async fn write_parts(
    mut sheet: Sheet,
    writer: &mut FileWriter,
    context: &TaskContext,
) -> Result<Summary, WorkError> {
    for number in 0..context.child_count() {
        if context.stop().is_cancelled() {
            return Err(SourceError::Stopped.into());
        }
        let (child, order) = part(context, number).await?;
        let totals = output_of::<PartJob>(&child).ok_or_else(|| WorkError::of_part(number, &child))?;
        let mut rows = totals.days.into_iter().peekable();
        for day in order.days().each() {
            match rows.next_if(|row| row.day == day) {
                Some(row) => sheet.push(row)?,
                None => sheet.push_empty(day)?,
            }
        }
        if rows.next().is_some() {
            // A day outside of its part, or twice in it.
            return Err(WorkError::NoPart(number));
        }
        write_some(writer, sheet.take()).await?;
    }
    let (summary, rest) = sheet.finish()?;
    write_some(writer, rest).await?;
    Ok(summary)
}

async fn write_some(writer: &mut FileWriter, bytes: bytes::Bytes) -> Result<(), WorkError> {
    if bytes.is_empty() {
        return Ok(());
    }
    Ok(writer.write(bytes).await?)
}

/// A part of the task with what it was to do.
async fn part(context: &TaskContext, number: u32) -> Result<(Task, PartOrder), WorkError> {
    let child = context.child(number).await?.ok_or(WorkError::NoPart(number))?;
    let order = child.payload.body.read().map_err(|_| WorkError::NoPart(number))?;
    Ok((child, order))
}
