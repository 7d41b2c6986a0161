//! A member inflated on a thread of its own, as a window that moves over its bytes.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{Builder, Scope};

use super::{Inflate, Package};
use crate::read::Limit;
use crate::read::ReadError;
use crate::read::feed::Watch;
use crate::read::rows::too_big;

/// Bytes inflated at a time: they stay in the cache of a core until the other one has read them.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait for the reader.
const CHUNKS_WAITING: usize = 8;
/// Room before each chunk for what the one before it left over.
const HEADROOM: usize = 16 << 10;

/// Part of a member's bytes, contiguous; the part moves on by [`Chunks::more`].
pub(in crate::read) struct Chunks {
    buffer: Vec<u8>,
    start: usize,
    full: Receiver<Result<Vec<u8>, ReadError>>,
    empty: SyncSender<Vec<u8>>,
    watch: Watch,
    /// The most that may be left over when more is asked for.
    left_over_max: u64,
    limit: u64,
}

/// Starts inflating a member; `None` where the package has none of that name. A piece of XML that must be seen at once may have
/// `limit` × 8 bytes and some, else a cell is too big.
pub(in crate::read) fn chunks<'scope>(
    scope: &'scope Scope<'scope, '_>,
    package: &Package,
    name: &str,
    watch: &Watch,
    limit: u64,
) -> Result<Option<Chunks>, ReadError> {
    let Some(mut member) = package.open_member(name)? else { return Ok(None) };
    let (full_in, full) = sync_channel(CHUNKS_WAITING);
    let (empty, empty_out) = sync_channel::<Vec<u8>>(CHUNKS_WAITING + 2);
    let inflate = move || {
        loop {
            let chunk = match empty_out.try_recv() {
                Ok(chunk) => chunk,
                Err(TryRecvError::Empty) => Vec::new(),
                Err(TryRecvError::Disconnected) => return,
            };
            let result = fill(&mut member, chunk);
            let is_last = !matches!(&result, Ok(chunk) if chunk.len() == HEADROOM + CHUNK_BYTES);
            if full_in.send(result).is_err() || is_last {
                return;
            }
        }
    };
    Builder::new().name("inflate".to_owned()).spawn_scoped(scope, inflate)?;
    let left_over_max = limit.saturating_mul(8).saturating_add(64 << 10);
    Ok(Some(Chunks { buffer: Vec::new(), start: 0, full, empty, watch: watch.clone(), left_over_max, limit }))
}

/// Fills a chunk behind its headroom.
fn fill(member: &mut Inflate, mut chunk: Vec<u8>) -> Result<Vec<u8>, ReadError> {
    chunk.resize(HEADROOM + CHUNK_BYTES, 0);
    let size = member.fill(&mut chunk[HEADROOM..])?;
    chunk.truncate(HEADROOM + size);
    Ok(chunk)
}

impl Chunks {
    /// The bytes that are there, from the first that was not passed.
    #[inline]
    pub(in crate::read) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Passes bytes.
    #[inline]
    pub(in crate::read) fn pass(&mut self, size: usize) {
        self.start += size;
    }

    /// Adds the next chunk behind what was not passed; `false` at the member's end.
    pub(in crate::read) fn more(&mut self) -> Result<bool, ReadError> {
        self.watch.check()?;
        let left_over = self.buffer.len() - self.start;
        if left_over as u64 > self.left_over_max {
            return Err(too_big(Limit::CellBytes, self.limit, left_over as u64));
        }
        // The thread is gone after the last chunk.
        let Ok(chunk) = self.full.recv() else { return Ok(false) };
        let mut chunk = chunk?;
        if chunk.len() == HEADROOM {
            return Ok(false);
        }
        if left_over <= HEADROOM {
            let start = HEADROOM - left_over;
            chunk[start..HEADROOM].copy_from_slice(&self.buffer[self.start..]);
            self.start = start;
            let used = std::mem::replace(&mut self.buffer, chunk);
            // A thread that is gone needs no chunks.
            let _ = self.empty.try_send(used);
        } else {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(&chunk[HEADROOM..]);
            let _ = self.empty.try_send(chunk);
        }
        Ok(true)
    }

    /// Passes everything to the end, so that the member's checksum is compared.
    pub(in crate::read) fn finish(mut self) -> Result<(), ReadError> {
        loop {
            self.start = self.buffer.len();
            if !self.more()? {
                return Ok(());
            }
        }
    }
}
