//! What a worker does with an export task.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use async_trait::async_trait;
use bytes::Bytes;
use longshore_datasets::{Catalog, Dataset, Query, SourceError, sqlite};
use longshore_files::{FileError, FileStore};
use longshore_protocol::{ExportFormat, FailureCode, TaskId, TaskKind, Unit};
use longshore_sheets::{SheetError, SheetSpec, Summary};
use longshore_tasks::entity::{Task, Token};
use longshore_tasks::{Done, Job, JobError, Runs, TaskContext};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::order::{ExportOrder, ORDER_VERSION};
use super::pipe::{BATCHES_AHEAD, CHUNKS_AHEAD, ChunkSender, RowSender, Rows};
use crate::view::file_url;

/// What a finished export is: the result in the task's entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// Key in the file store.
    pub key: String,
    /// Name for the person's disk.
    pub name: String,
    /// Format.
    pub format: ExportFormat,
    /// Where it can be fetched, below the server's root.
    pub url: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Data rows, headers not counted.
    pub row_count: u64,
    /// Sheets of the workbook.
    pub sheet_count: u32,
    /// Cells that were longer than the format can carry.
    pub shortened_cell_count: u64,
}

/// The job kind `export`.
#[derive(Clone)]
pub struct ExportJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
    /// Where files go.
    pub files: FileStore,
    /// An existing folder for temporary files.
    pub scratch: PathBuf,
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("dataset {0} is no longer configured")]
    NoDataset(String),
    #[error("the configuration no longer has what the task asks for: {0}")]
    Changed(String),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error(transparent)]
    Files(#[from] FileError),
    #[error("a thread of the export ended early: {0}")]
    Thread(String),
}

impl From<ExportError> for JobError {
    fn from(error: ExportError) -> JobError {
        let (code, detail) = match &error {
            ExportError::NoDataset(_) => (FailureCode::Definition, None),
            ExportError::Changed(fields) => (FailureCode::Definition, Some(fields.clone())),
            ExportError::Source(SourceError::BadValue { column, .. }) => {
                (FailureCode::BadValue, Some(column.clone()))
            }
            ExportError::Source(SourceError::Database { .. }) => (FailureCode::Database, None),
            ExportError::Files(_) => (FailureCode::FileStore, None),
            ExportError::Sheet(SheetError::Io(_) | SheetError::Scratch { .. }) => {
                (FailureCode::FileStore, None)
            }
            ExportError::Source(_) | ExportError::Sheet(_) | ExportError::Thread(_) => {
                (FailureCode::Internal, None)
            }
        };
        // The database or the file store may be back in a moment.
        let may_pass = matches!(code, FailureCode::Database | FailureCode::FileStore);
        JobError { code, detail, may_pass, cause: Box::new(error) }
    }
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
    type Output = ExportedFile;

    async fn run(&self, order: ExportOrder, context: &TaskContext) -> Result<Done<ExportedFile>, JobError> {
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
    async fn export(&self, order: ExportOrder, context: &TaskContext) -> Result<ExportedFile, ExportError> {
        let request = &order.request;
        let dataset = self
            .catalog
            .get(&request.dataset)
            .ok_or_else(|| ExportError::NoDataset(request.dataset.clone()))?;
        let query =
            Query::check(dataset, &request.columns, &request.filters, &request.sort).map_err(|problems| {
                let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
                ExportError::Changed(fields.join(", "))
            })?;

        // Set when this future is dropped, too: the threads must not outlive the run by more than a moment.
        let stop = StopFlag::default();
        let watcher = tokio::spawn({
            let (told, flag) = (context.stop().clone(), Arc::clone(&stop.0));
            async move {
                told.cancelled().await;
                flag.store(true, Ordering::Relaxed);
            }
        });
        let (rows_in, rows_out) = sync_channel(BATCHES_AHEAD);
        let (chunks_in, chunks_out) = mpsc::channel(CHUNKS_AHEAD);
        let spec = SheetSpec {
            cancelled: Arc::clone(&stop.0),
            ..SheetSpec::new(
                dataset.labels.get(order.lang).to_owned(),
                query
                    .columns_of(dataset)
                    .iter()
                    .map(|column| column.labels.get(order.lang).to_owned())
                    .collect(),
                sqlite::schema(dataset, &query),
                self.scratch.clone(),
            )
        };
        spawn_reader(dataset.clone(), query, Arc::clone(&stop.0), RowSender(rows_in));
        let encoder = tokio::task::spawn_blocking({
            let (format, context) = (order.format, context.clone());
            move || encode(format, spec, &rows_out, ChunkSender::new(chunks_in), &context)
        });
        let key = key(&context.task().id, context.token(), order.format);
        let stored = store(&self.files, &key, chunks_out, encoder).await;
        watcher.abort();
        let (summary, size_bytes) = stored?;
        Ok(ExportedFile {
            key,
            name: order.file_name,
            format: order.format,
            url: file_url(context.task()),
            size_bytes,
            row_count: summary.row_count,
            sheet_count: summary.sheet_count,
            shortened_cell_count: summary.shortened_cell_count,
        })
    }
}

#[derive(Default)]
struct StopFlag(Arc<AtomicBool>);

impl Drop for StopFlag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn spawn_reader(dataset: Dataset, query: Query, stop: Arc<AtomicBool>, mut sender: RowSender) {
    // Its end is told through the channel, so nobody waits for the handle.
    drop(tokio::task::spawn_blocking(move || {
        let last = match sqlite::read(&dataset, &query, &stop, &mut sender) {
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
) -> Result<Summary, ExportError> {
    let mut writer = longshore_sheets::open(format, spec, Box::new(sink))?;
    let (mut done, mut total) = (0, None);
    loop {
        match rows.recv() {
            Ok(Rows::Begin(row_count)) => {
                total = Some(row_count);
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
            Err(_) => return Err(ExportError::Thread("the reader".to_owned())),
        }
    }
}

/// Sends chunks to the file store as they come, and completes the file only if the encoder did its work.
async fn store(
    files: &FileStore,
    key: &str,
    mut chunks: mpsc::Receiver<Bytes>,
    encoder: tokio::task::JoinHandle<Result<Summary, ExportError>>,
) -> Result<(Summary, u64), ExportError> {
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
            Err(ExportError::Thread(error.to_string()))
        }
    }
}
