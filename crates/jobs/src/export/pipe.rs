//! The two bounded channels of an export, and what stands at their ends.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;

use arrow_array::RecordBatch;
use bytes::{Bytes, BytesMut};
use longshore_datasets::SourceError;
use longshore_datasets::source::{Begin, RowSink};
use tokio::sync::mpsc;

/// Batches between the reader and the encoder.
pub(super) const BATCHES_AHEAD: usize = 4;
/// Chunks between the encoder and the file store.
pub(super) const CHUNKS_AHEAD: usize = 4;
/// Size of a chunk for the file store.
const CHUNK_BYTES: usize = 1 << 20;

/// What the reader tells the encoder. A file is complete only after `End`: a reader that fails or is stopped never
/// sends it.
pub(super) enum Rows {
    /// What is known of the snapshot.
    Begin(Begin),
    /// Some of them.
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

/// The encoder's end of the second channel: gathers bytes into chunks.
pub(super) struct ChunkSender {
    chunks: mpsc::Sender<Bytes>,
    gathered: BytesMut,
}

impl ChunkSender {
    pub(super) fn new(chunks: mpsc::Sender<Bytes>) -> ChunkSender {
        ChunkSender { chunks, gathered: BytesMut::with_capacity(CHUNK_BYTES) }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.gathered, BytesMut::with_capacity(CHUNK_BYTES)).freeze();
        self.chunks.blocking_send(chunk).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for ChunkSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK_BYTES - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        if self.gathered.len() == CHUNK_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
