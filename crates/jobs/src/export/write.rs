//! The work of an export, wherever its files go: a reader thread, an encoder thread, and the file store, joined by bounded
//! channels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use longshore_datasets::SourceError;
use longshore_datasets::source::{self, Begin};
use longshore_files::FileStore;
use longshore_protocol::Unit;
use tokio::sync::mpsc;

use super::archive::archive;
use super::encode::{Encoding, encode};
use super::part::{Keys, Part};
use super::pipe::{BATCHES_AHEAD, PIECES_AHEAD, RowSender, Rows};
use super::plan::Plan;
use super::store::store;
use crate::work_error::WorkError;

/// Takes how far the work has come: what is done, what there is in all if that is known, and of what.
pub(super) type Report = Arc<dyn Fn(u64, Option<u64>, Unit) + Send + Sync>;

/// # Errors
/// [`WorkError::Source`] once `stop` is set.
pub(super) fn check_stop(stop: &AtomicBool) -> Result<(), WorkError> {
    if stop.load(Ordering::Relaxed) { Err(SourceError::Stopped.into()) } else { Ok(()) }
}

/// What an export has made.
pub(super) struct Written {
    /// What was known of the snapshot.
    pub(super) begin: Begin,
    /// The files, in their order.
    pub(super) parts: Vec<Part>,
}

/// What is delivered of it.
pub(super) struct Delivered {
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) sha256: String,
}

/// Reads the plan's rows in one snapshot and writes them, on from the `kept` parts of an earlier run if these are still true.
/// `part_done` is told all parts so far whenever one is finished and another follows.
///
/// # Errors
/// [`WorkError::RowsChanged`] if the kept parts are not true any more; else why reading, writing or storing ended. The file
/// that was being written is given up then.
pub(super) async fn write(
    plan: &Plan,
    files: &FileStore,
    keys: &Keys,
    kept: Vec<Part>,
    stop: Arc<AtomicBool>,
    report: Report,
    part_done: impl Fn(&[Part]) -> Result<(), WorkError>,
) -> Result<Written, WorkError> {
    let (rows_in, rows_out) = sync_channel(BATCHES_AHEAD);
    let (pieces_in, pieces_out) = mpsc::channel(PIECES_AHEAD);
    let encoding = Encoding {
        format: plan.format(),
        spec: plan.spec(Arc::clone(&stop)),
        part_bytes: plan.settings.part_bytes,
        kept: kept.clone(),
        report,
    };
    spawn_reader(plan, Arc::clone(&stop), rows_in);
    let encoder = tokio::task::spawn_blocking(move || encode(encoding, &rows_out, pieces_in));
    let mut parts = kept;
    let first_number = parts.len() + 1;
    store(files, keys, first_number, pieces_out, &stop, |part, is_followed| {
        parts.push(part);
        if is_followed { part_done(&parts) } else { Ok(()) }
    })
    .await?;
    // The pieces end when the encoder does.
    let begin = encoder.await.map_err(|error| WorkError::Thread(error.to_string()))??;
    Ok(Written { begin, parts })
}

fn spawn_reader(plan: &Plan, stop: Arc<AtomicBool>, rows: SyncSender<Rows>) {
    let (dataset, query) = (plan.dataset.clone(), plan.query.clone());
    // Its end is told through the channel, so nobody waits for the handle.
    drop(tokio::task::spawn_blocking(move || {
        let mut sender = RowSender(rows);
        let last = match source::read(&dataset, &query, &stop, &mut sender) {
            Ok(()) => Rows::End,
            Err(error) => Rows::Failed(error),
        };
        // Fails only when the encoder is gone, which has its own story to tell.
        sender.0.send(last).ok();
    }));
}

/// Makes what is delivered: the only part, or an archive of all. Setting `stop` ends the archiving with the next
/// piece; what is complete already is delivered.
///
/// # Errors
/// As [`archive`].
pub(super) async fn deliver(
    plan: &Plan,
    files: &FileStore,
    keys: &Keys,
    parts: &[Part],
    stop: &AtomicBool,
    report: &Report,
) -> Result<Delivered, WorkError> {
    if let [part] = parts {
        let Part { key, size_bytes, sha256, .. } = part.clone();
        return Ok(Delivered { key, size_bytes, sha256 });
    }
    let (key, total) = (keys.archive(), parts.iter().map(|part| part.size_bytes).sum());
    let passed = |done| report(done, Some(total), Unit::Bytes);
    let stored = archive(files, &key, parts, |position| plan.part_name(position), stop, passed).await?;
    Ok(Delivered { key, size_bytes: stored.size_bytes, sha256: stored.sha256 })
}
