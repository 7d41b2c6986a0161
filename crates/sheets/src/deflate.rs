//! One deflate stream made by several threads: the data are cut into chunks, each compressed on its own and ended with a sync
//! flush, so that they can be put one after the other; the last one ends the stream (RFC 1951).
//!
//! What comes in and what goes out keep their order, and no more than a few chunks are on their way.

mod block;
mod code;
mod repeats;

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crc32fast::Hasher;

use self::block::push_block;
use self::repeats::Finder;
pub(crate) use self::repeats::Mark;

/// Bytes of a chunk: large enough that the window lost at its start costs half a percent at most.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;
/// Threads at most; beyond, the encoder is the bottleneck.
const THREADS_MAX: usize = 8;
/// Chunks on their way for each thread.
const AHEAD: usize = 2;
/// The latest chunks, which [`Deflate::settled_bytes`] does not count: as many as can be on their way on any machine.
const UNSETTLED: usize = AHEAD * THREADS_MAX;

/// What is known of a stream at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) crc: u32,
    pub(crate) compressed_bytes: u64,
    pub(crate) bytes: u64,
}

/// A piece of the stream.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Where cells begin, as far as that is known.
    pub(crate) marks: Vec<Mark>,
}

struct Work {
    chunk: Chunk,
    is_last: bool,
    reply: SyncSender<Compressed>,
}

struct Compressed {
    /// The chunk's buffers, to be used again.
    chunk: Chunk,
    bytes: Vec<u8>,
    crc: Hasher,
}

/// Threads that compress.
pub(crate) struct Deflate {
    work: Option<SyncSender<Work>>,
    threads: Vec<JoinHandle<()>>,
    ahead: usize,
    pending: VecDeque<Receiver<Compressed>>,
    spare: Vec<Chunk>,
    crc: Hasher,
    contents: Contents,
    /// Sizes of the latest chunks that were passed on; see [`Deflate::settled_bytes`].
    recent: VecDeque<u64>,
    settled_bytes: u64,
}

impl Deflate {
    /// Starts as many threads as there are cores; `effort` is how many places are tried for a repeat.
    pub(crate) fn start(effort: u32) -> Deflate {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let ahead = AHEAD * cores.min(THREADS_MAX);
        let (work, queue) = sync_channel(ahead);
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..cores.min(THREADS_MAX))
            .map(|_| {
                let queue = Arc::clone(&queue);
                std::thread::spawn(move || compress_all(&queue, effort))
            })
            .collect();
        Deflate {
            work: Some(work),
            threads,
            ahead,
            pending: VecDeque::new(),
            spare: Vec::new(),
            crc: Hasher::new(),
            contents: Contents::default(),
            recent: VecDeque::new(),
            settled_bytes: 0,
        }
    }

    /// An empty buffer for the next chunk.
    pub(crate) fn buffer(&mut self) -> Chunk {
        self.spare.pop().unwrap_or_else(|| Chunk {
            bytes: Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4),
            marks: Vec::new(),
        })
    }

    /// Takes the next chunk of the stream and passes on what is compressed by now, in order. Waits where too much is on its
    /// way.
    pub(crate) fn write(
        &mut self,
        chunk: Chunk,
        is_last: bool,
        out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let (reply, compressed) = sync_channel(1);
        let sent = self.work.as_ref().and_then(|work| work.send(Work { chunk, is_last, reply }).ok());
        sent.ok_or_else(|| io::Error::other("the compressing threads have ended"))?;
        self.pending.push_back(compressed);
        let keep = if is_last { 0 } else { self.ahead };
        while self.pending.len() > keep {
            self.pass_on(out)?;
        }
        while self.pending.len() + self.recent.len() > UNSETTLED {
            self.settled_bytes += self.recent.pop_front().unwrap_or_default();
        }
        Ok(())
    }

    /// Compressed bytes of the stream without its last [`UNSETTLED`] chunks: a figure that depends on the data alone, neither on
    /// how fast threads are nor on how many there are.
    pub(crate) fn settled_bytes(&self) -> u64 {
        self.settled_bytes
    }

    /// The facts about the stream that has ended; the next chunk begins another one.
    pub(crate) fn end(&mut self) -> Contents {
        let crc = std::mem::take(&mut self.crc).finalize();
        self.recent.clear();
        self.settled_bytes = 0;
        Contents { crc, ..std::mem::take(&mut self.contents) }
    }

    fn pass_on(&mut self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some(compressed) = self.pending.pop_front() else { return Ok(()) };
        let compressed = compressed.recv().map_err(|_| io::Error::other("a compressing thread has ended"))?;
        self.crc.combine(&compressed.crc);
        self.contents.bytes += compressed.chunk.bytes.len() as u64;
        self.contents.compressed_bytes += compressed.bytes.len() as u64;
        self.recent.push_back(compressed.bytes.len() as u64);
        let mut chunk = compressed.chunk;
        chunk.bytes.clear();
        chunk.marks.clear();
        self.spare.push(chunk);
        out(&compressed.bytes)
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        self.work = None;
        self.pending.clear();
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

fn compress_all(queue: &Mutex<Receiver<Work>>, effort: u32) {
    let mut finder = Finder::new(effort);
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { chunk, is_last, reply }) = next else { return };
        let mut crc = Hasher::new();
        crc.update(&chunk.bytes);
        let mut bytes = Vec::new();
        push_block(&mut bytes, &chunk.bytes, finder.find(&chunk.bytes, &chunk.marks), is_last);
        // Fails when nobody wants the file any more.
        reply.send(Compressed { chunk, bytes, crc }).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn chunks_make_one_stream() {
        for effort in [1, 8] {
            make_streams(effort);
        }
    }

    /// Two streams, one after the other.
    fn make_streams(effort: u32) {
        let mut deflate = Deflate::start(effort);
        for round in 0..2u32 {
            let mut expected = Vec::new();
            let mut stream = Vec::new();
            let mut out = |bytes: &[u8]| {
                stream.extend_from_slice(bytes);
                Ok(())
            };
            for number in 0..20u32 {
                let mut chunk = deflate.buffer();
                // Empty ones, compressible ones, and noise.
                for index in 0..number * 1000 {
                    chunk
                        .bytes
                        .extend_from_slice(&(index.wrapping_mul(2_654_435_761 * (number % 3))).to_le_bytes());
                }
                expected.extend_from_slice(&chunk.bytes);
                deflate.write(chunk, number == 19, &mut out).expect("compresses");
            }
            let contents = deflate.end();
            let mut read = Vec::new();
            flate2::read::DeflateDecoder::new(stream.as_slice()).read_to_end(&mut read).expect("a stream");
            assert!(read == expected, "effort {effort}, round {round}");
            assert_eq!(contents.crc, crc32fast::hash(&expected));
            assert_eq!(contents.bytes, expected.len() as u64);
            assert_eq!(contents.compressed_bytes, stream.len() as u64);
        }
    }
}
