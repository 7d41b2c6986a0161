//! The two bounded channels of an export, and what stands at their ends.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use arrow_array::RecordBatch;
use bytes::{Bytes, BytesMut};
use longshore_datasets::SourceError;
use longshore_datasets::source::{Begin, RowSink};
use longshore_sheets::Summary;
use tokio::sync::mpsc;

/// Batches between the reader and the encoder.
pub(super) const BATCHES_AHEAD: usize = 2;
/// Pieces between the encoder and the file store.
pub(super) const PIECES_AHEAD: usize = 2;
/// Size of a piece for the file store.
const PIECE_BYTES: usize = 256 << 10;

/// What the reader tells the encoder. A file is complete only after `End`: a reader that fails or is stopped never
/// sends it.
pub(super) enum Rows {
    /// What is known of the snapshot.
    Begin(Begin),
    /// Some of the rows.
    Batch(RecordBatch),
    /// That was all.
    End,
    /// There will be no more, for this reason.
    Failed(SourceError),
}

/// The reader's end of the first channel.
pub(super) struct RowSender(pub(super) SyncSender<Rows>);

impl RowSender {
    fn send(&self, rows: Rows) -> ControlFlow<()> {
        // A send fails when the encoder is gone; it has its own story to tell.
        match self.0.send(rows) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

impl RowSink for RowSender {
    fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
        self.send(Rows::Begin(begin))
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.send(Rows::Batch(batch))
    }
}

/// What the encoder tells the file store. A file is published only after its `End`.
pub(super) enum Piece {
    /// The next bytes of the file that is being written; the first ones begin it.
    Bytes(Bytes),
    /// The file is complete.
    End(Ended),
}

/// What the encoder knows of a file that is complete.
pub(super) struct Ended {
    pub(super) summary: Summary,
    pub(super) rows_digest: String,
    /// Whether rows are left, so that another file follows.
    pub(super) is_followed: bool,
}

/// The encoder's end of the second channel: gathers bytes into pieces.
pub(super) struct PieceSender {
    pieces: mpsc::Sender<Piece>,
    gathered: BytesMut,
    written: Arc<AtomicU64>,
}

impl PieceSender {
    /// Also gives the number of bytes that have been written to it.
    pub(super) fn new(pieces: mpsc::Sender<Piece>) -> (PieceSender, Arc<AtomicU64>) {
        let written = Arc::<AtomicU64>::default();
        let gathered = BytesMut::with_capacity(PIECE_BYTES);
        (PieceSender { pieces, gathered, written: Arc::clone(&written) }, written)
    }

    fn send(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.gathered, BytesMut::with_capacity(PIECE_BYTES)).freeze();
        self.pieces.blocking_send(Piece::Bytes(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for PieceSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE_BYTES - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        self.written.fetch_add(taken as u64, Ordering::Relaxed);
        if self.gathered.len() == PIECE_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
