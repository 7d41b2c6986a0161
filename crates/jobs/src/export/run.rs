//! What a worker does with an export task.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, sync_channel};

use async_trait::async_trait;
use bytes::Bytes;
<<<<<<< HEAD
use longshore_datasets::{Catalog, Dataset, Query, source};
use longshore_files::FileStore;
=======
use longshore_datasets::{Catalog, Dataset, Query, sqlite};
use longshore_files::{FileStore, Stored};
>>>>>>> 133506f (Keep files in a folder or in a bucket, hashed on their way)
use longshore_protocol::{ExportFormat, TaskId, TaskKind, Unit};
use longshore_sheets::{SheetSpec, Summary};
use longshore_tasks::entity::{Task, Token};
use longshore_tasks::{Done, Job, JobError, Runs, TaskContext};
use tokio::sync::mpsc;

use super::order::{ExportOrder, ORDER_VERSION};
use super::pipe::{BATCHES_AHEAD, CHUNKS_AHEAD, ChunkSender, RowSender, Rows};
use crate::file::{FinishedFile, file_url};
use crate::request::zone_of;
use crate::stop::StopFlag;
use crate::work_error::{WorkError, checked_again, find_dataset};

/// The job kind `export`.
#[derive(Clone)]
pub struct ExportJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files go.
    pub files: FileStore,
}

fn folder(task: &TaskId) -> String {
    format!("exports/{task}/")
}

/// One run's file: no other run can have its token, so a stale worker writes to a name that nobody publishes.
fn key(task: &TaskId, token: Token, format: ExportFormat) -> String {
    format!("{}{token}.{}", folder(task), format.name())
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

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        match runs {
            Runs::All => self.files.remove_folder(&folder(&task.id)).await?,
            Runs::Only(token) => {
                for format in ExportFormat::ALL {
                    self.files.remove(&key(&task.id, token, format)).await?;
                }
            }
        }
        Ok(())
    }
}

impl ExportJob {
    async fn export(&self, order: ExportOrder, context: &TaskContext) -> Result<FinishedFile, WorkError> {
        let request = &order.request;
        let dataset = find_dataset(&self.catalog, &request.dataset)?;
        let query = {
            let zone = zone_of(&request.time_zone);
            checked_again(Query::check(dataset, &request.columns, &request.filters, &request.sort, &zone))?
        };
        let stop = StopFlag::following(context);
        let (rows_in, rows_out) = sync_channel(BATCHES_AHEAD);
        let (chunks_in, chunks_out) = mpsc::channel(CHUNKS_AHEAD);
        let spec = SheetSpec {
            cancelled: stop.share(),
            ..SheetSpec::new(
                dataset.labels.get(order.lang).to_owned(),
                query
                    .columns_of(dataset)
                    .iter()
                    .map(|column| column.labels.get(order.lang).to_owned())
                    .collect(),
                source::schema(dataset, &query),
            )
        };
        spawn_reader(dataset.clone(), query, stop.share(), RowSender(rows_in));
        let encoder = tokio::task::spawn_blocking({
            let (format, context) = (order.format, context.clone());
            move || encode(format, spec, &rows_out, ChunkSender::new(chunks_in), &context)
        });
        let key = key(&context.task().id, context.token(), order.format);
        let (summary, stored) = store(&self.files, &key, chunks_out, encoder).await?;
        Ok(FinishedFile {
            key,
            name: order.file_name,
            url: file_url(&context.task().id),
            size_bytes: stored.size_bytes,
            row_count: summary.row_count,
            sheet_count: summary.sheet_count,
            shortened_cell_count: summary.shortened_cell_count,
            manifest: None,
        })
    }
}

fn spawn_reader(dataset: Dataset, query: Query, stop: Arc<AtomicBool>, mut sender: RowSender) {
    // Its end is told through the channel, so nobody waits for the handle.
    drop(tokio::task::spawn_blocking(move || {
        let last = match source::read(&dataset, &query, &stop, &mut sender) {
            Ok(()) => Rows::End,
            Err(error) => Rows::Failed(error),
        };
        // Fails only when the encoder is gone, which has its own story to tell.
        sender.0.send(last).ok();
    }));
}

/// Writes rows as they come; the file is finished only after [`Rows::End`].
fn encode(
    format: ExportFormat,
    spec: SheetSpec,
    rows: &Receiver<Rows>,
    sink: ChunkSender,
    context: &TaskContext,
) -> Result<Summary, WorkError> {
    let mut writer = longshore_sheets::open(format, spec, Box::new(sink))?;
    let (mut done, mut total) = (0, None);
    loop {
        match rows.recv() {
            Ok(Rows::Begin(begin)) => {
                total = begin.row_count;
                context.report(0, total, Unit::Rows);
            }
            Ok(Rows::Batch(batch)) => {
                writer.write_batch(&batch)?;
                done += batch.num_rows() as u64;
                context.report(done, total, Unit::Rows);
            }
            Ok(Rows::End) => {
                context.report(0, None, Unit::Bytes);
                return Ok(writer.finish()?);
            }
            Ok(Rows::Failed(error)) => return Err(error.into()),
            Err(_) => return Err(WorkError::Thread("the reader".to_owned())),
        }
    }
}

/// Sends chunks to the file store as they come, and completes the file only if the encoder did its work.
async fn store(
    files: &FileStore,
    key: &str,
    mut chunks: mpsc::Receiver<Bytes>,
    encoder: tokio::task::JoinHandle<Result<Summary, WorkError>>,
) -> Result<(Summary, Stored), WorkError> {
    let mut writer = files.create(key).await?;
    while let Some(chunk) = chunks.recv().await {
        if let Err(error) = writer.write(chunk).await {
            writer.abort().await;
            return Err(error.into());
        }
    }
    // The channel ends when the encoder does.
    match encoder.await {
        Ok(Ok(summary)) => Ok((summary, writer.finish().await?)),
        Ok(Err(error)) => {
            writer.abort().await;
            Err(error)
        }
        Err(error) => {
            writer.abort().await;
            Err(WorkError::Thread(error.to_string()))
        }
    }
}
