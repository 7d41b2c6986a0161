//! The encoder: rows into files, one after the other where one would grow too large.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use arrow_array::RecordBatch;
use longshore_datasets::source::Begin;
use longshore_protocol::{ExportFormat, Unit};
use longshore_sheets::{SheetSpec, SheetWriter};
use tokio::sync::mpsc;

use super::digest::RowsDigest;
use super::part::Part;
use super::pipe::{Ended, Piece, PieceSender, Rows};
use super::write::Report;
use crate::work_error::WorkError;

/// What is to be written.
pub(super) struct Encoding {
    pub(super) format: ExportFormat,
    /// The same for every file.
    pub(super) spec: SheetSpec,
    /// Bytes after which a file ends.
    pub(super) part_bytes: u64,
    /// Parts that an earlier run has finished; what would be written is checked against them before any is.
    pub(super) kept: Vec<Part>,
    pub(super) report: Report,
}

/// Writes rows as they come; the last file is finished only after [`Rows::End`]. Gives what was known of the snapshot.
///
/// # Errors
/// [`WorkError::RowsChanged`] where the kept parts are not what would be written; else why reading or writing ended.
pub(super) fn encode(
    encoding: Encoding,
    rows: &Receiver<Rows>,
    pieces: mpsc::Sender<Piece>,
) -> Result<Begin, WorkError> {
    let begin = match next(rows)? {
        Rows::Begin(begin) => begin,
        Rows::Failed(error) => return Err(error.into()),
        Rows::Batch(_) | Rows::End => {
            return Err(WorkError::Thread("the reader skipped the beginning".to_owned()));
        }
    };
    (encoding.report)(0, begin.row_count, Unit::Rows);
    let digest = RowsDigest::of(encoding.format, &encoding.spec);
    let mut checked = Checked { parts: &encoding.kept, rows_left: 0, digest };
    let mut files = Files { encoding: &encoding, pieces, open: None };
    let mut done = 0;
    loop {
        match next(rows)? {
            Rows::Batch(batch) => {
                if !checked.covers(&batch)? {
                    files.write(&batch)?;
                }
                done += batch.num_rows() as u64;
                (encoding.report)(done, begin.row_count, Unit::Rows);
            }
            Rows::End => {
                checked.end()?;
                (encoding.report)(0, None, Unit::Bytes);
                files.end()?;
                return Ok(begin);
            }
            Rows::Failed(error) => return Err(error.into()),
            Rows::Begin(_) => return Err(WorkError::Thread("the reader began twice".to_owned())),
        }
    }
}

fn next(rows: &Receiver<Rows>) -> Result<Rows, WorkError> {
    rows.recv().map_err(|_| WorkError::Thread("the reader".to_owned()))
}

/// The rows of kept parts, which are only compared.
struct Checked<'a> {
    /// Those to come; the first may have begun.
    parts: &'a [Part],
    /// Rows of the first part that are still to come; 0 where it has not begun.
    rows_left: u64,
    digest: RowsDigest,
}

impl Checked<'_> {
    /// Whether the rows of a batch are in a kept part.
    fn covers(&mut self, batch: &RecordBatch) -> Result<bool, WorkError> {
        let Some(part) = self.parts.first() else { return Ok(false) };
        if self.rows_left == 0 {
            self.rows_left = part.row_count;
        }
        // Parts end where batches end. Where they do not any more, a worker of another version has made them.
        self.rows_left = self.rows_left.checked_sub(batch.num_rows() as u64).ok_or(WorkError::RowsChanged)?;
        self.digest.add(batch);
        if self.rows_left == 0 {
            if self.digest.take() != part.rows_digest {
                return Err(WorkError::RowsChanged);
            }
            self.parts = &self.parts[1..];
        }
        Ok(true)
    }

    fn end(&self) -> Result<(), WorkError> {
        if self.parts.is_empty() { Ok(()) } else { Err(WorkError::RowsChanged) }
    }
}

/// The files that are written.
struct Files<'a> {
    encoding: &'a Encoding,
    pieces: mpsc::Sender<Piece>,
    open: Option<OpenFile>,
}

struct OpenFile {
    writer: Box<dyn SheetWriter>,
    byte_count: Arc<AtomicU64>,
    digest: RowsDigest,
}

impl Files<'_> {
    fn begin(&self) -> Result<OpenFile, WorkError> {
        let (sink, byte_count) = PieceSender::new(self.pieces.clone());
        let encoding = self.encoding;
        let writer = longshore_sheets::open(encoding.format, encoding.spec.clone(), Box::new(sink))?;
        Ok(OpenFile { writer, byte_count, digest: RowsDigest::of(encoding.format, &encoding.spec) })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), WorkError> {
        let part_bytes = self.encoding.part_bytes;
        if let Some(full) = self.open.take_if(|open| open.byte_count.load(Ordering::Relaxed) >= part_bytes) {
            self.finish(full, true)?;
        }
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.begin()?,
        };
        file.digest.add(batch);
        file.writer.write_batch(batch)?;
        self.open = Some(file);
        Ok(())
    }

    fn finish(&mut self, mut file: OpenFile, is_followed: bool) -> Result<(), WorkError> {
        let rows_digest = file.digest.take();
        let summary = file.writer.finish()?;
        let ended = Ended { summary, rows_digest, is_followed };
        // Fails when the file store is gone; it has its own story to tell.
        self.pieces
            .blocking_send(Piece::End(ended))
            .map_err(|_| WorkError::Thread("the file store's side".to_owned()))
    }

    /// Ends the last file. Without any row there is still one, with a header.
    fn end(&mut self) -> Result<(), WorkError> {
        match self.open.take() {
            Some(file) => self.finish(file, false),
            None if self.encoding.kept.is_empty() => {
                let file = self.begin()?;
                self.finish(file, false)
            }
            None => Ok(()),
        }
    }
}
