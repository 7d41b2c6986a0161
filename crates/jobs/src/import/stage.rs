//! Staging: the rows of a file, read once as a stream, stored in chunks for whoever checks them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::RecordBatch;
use longshore_files::{FileError, FileStore};
use longshore_protocol::Unit;
use longshore_sheets::read::{self, CellBatch, ReadError, ReadLimits};
use longshore_tasks::{JobError, TaskContext};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::check::CheckOrder;
use super::check_part::check_up_to;
use super::chunk::store_staged;
use super::hand_over::HandOver;
use super::place::WorkPlace;
use super::settings::ImportSettings;
use super::stored::local;
use crate::stop::StopFlag;
use crate::work_error::WorkError;

/// Bytes of rows in memory after which a chunk ends, whatever its rows.
const CHUNK_BYTES: usize = 32 << 20;

/// What was staged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staging {
    pub(super) chunks: Vec<StagedChunk>,
}

/// A chunk of staged rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StagedChunk {
    pub(super) first_row: u32,
    pub(super) last_row: u32,
    pub(super) row_count: u64,
    /// Columns of its widest row.
    #[serde(default)]
    pub(super) column_count: usize,
}

impl Staging {
    pub(super) fn row_count(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.row_count).sum()
    }
}

/// Stages the rows below the header, and has each chunk checked from when it is staged. The same file gives the same chunks, whoever
/// does it.
///
/// # Errors
/// Why the file can't be read, or its rows not be stored.
pub(super) async fn stage(
    files: &FileStore,
    settings: &ImportSettings,
    order: &CheckOrder,
    (place, hand_over): (&WorkPlace, &HandOver),
    context: &TaskContext,
) -> Result<Staging, JobError> {
    let file = match local(files, &order.upload, &settings.scratch).await {
        Err(WorkError::Files(FileError::Missing { .. })) => return Err(WorkError::NoUpload.into()),
        file => file?,
    };
    let spec = order.spec();
    let stop = StopFlag::following(context);
    let (sender, mut chunks) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking({
        let (order, limits, flag) = (order.clone(), settings.limits(), stop.share());
        let mut cutter = Cutter {
            chunk_rows: settings.chunk_rows.max(1),
            sender,
            rows: Vec::new(),
            column_count: 0,
            count: 0,
            bytes: 0,
        };
        move || read_rows(file.path(), &order, &limits, &flag, &mut cutter)
    });
    let mut staging = Staging::default();
    while let Some((chunk, rows)) = chunks.recv().await {
        let number = staging.chunks.len() as u32;
        let key = place.staged(number);
        store_staged(files, &key, &rows).await?;
        hand_over.offer(key, rows);
        staging.chunks.push(chunk);
        check_up_to(number + 1, &spec, context).await?;
        // Half of the work: the other half is looking at the rows.
        context.report(staging.row_count() / 2, None, Unit::Rows);
    }
    reading.await.map_err(|error| WorkError::Thread(error.to_string()))??;
    Ok(staging)
}

fn read_rows(
    path: &std::path::Path,
    order: &CheckOrder,
    limits: &ReadLimits,
    stop: &Arc<AtomicBool>,
    cutter: &mut Cutter,
) -> Result<(), WorkError> {
    let mut failed = None;
    let mut sink = |batch: CellBatch| match cutter.push(&batch, order.header_row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    };
    match read::read(path, &order.recognised, &order.choice, limits, stop, &mut sink) {
        Err(ReadError::Stopped) if failed.is_some() => {}
        read => {
            read?;
        }
    }
    match failed {
        Some(error) => Err(error),
        None => cutter.cut(),
    }
}

/// Gathers rows until they are a chunk.
struct Cutter {
    chunk_rows: usize,
    sender: mpsc::Sender<(StagedChunk, Vec<RecordBatch>)>,
    rows: Vec<RecordBatch>,
    column_count: usize,
    count: usize,
    bytes: usize,
}

impl Cutter {
    fn push(&mut self, batch: &CellBatch, header_row: u32) -> Result<(), WorkError> {
        let mut at = batch.row_numbers().partition_point(|row| *row <= header_row);
        while at < batch.row_count() {
            let taken = (self.chunk_rows - self.count).min(batch.row_count() - at);
            let rows = batch.slice(at, taken).to_arrow();
            self.bytes += rows.get_array_memory_size();
            self.rows.push(rows);
            self.column_count = self.column_count.max(batch.column_count());
            self.count += taken;
            at += taken;
            if self.count >= self.chunk_rows || self.bytes >= CHUNK_BYTES {
                self.cut()?;
            }
        }
        Ok(())
    }

    fn cut(&mut self) -> Result<(), WorkError> {
        let (rows, count) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.count));
        let column_count = std::mem::take(&mut self.column_count);
        self.bytes = 0;
        let numbers =
            |batch: &RecordBatch| CellBatch::from_arrow(batch).map(|cells| cells.row_numbers().to_vec());
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let chunk = StagedChunk {
            first_row: numbers(first)?.first().copied().unwrap_or_default(),
            last_row: numbers(last)?.last().copied().unwrap_or_default(),
            row_count: count as u64,
            column_count,
        };
        // Fails when the file store is gone; it has its own story to tell.
        self.sender
            .blocking_send((chunk, rows))
            .map_err(|_| WorkError::Thread("the file store's side".to_owned()))
    }
}
