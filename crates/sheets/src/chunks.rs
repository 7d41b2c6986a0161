//! One stream of bytes made by several threads, that of the caller among them: each makes whole chunks of it by itself, from what is handed to it to the bytes that
//! go into the file, compressed or as they are. Chunks come out in the order in which they were ordered, and no more than a few are
//! on their way.
//!
//! Compressed chunks end with a sync flush, so that they can be put one after the other; the last one ends the stream (RFC 1951).

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crc32fast::Hasher;

use crate::deflate::{Compressor, Mark};

/// Bytes of a chunk that is compressed, about: large enough that the window lost at its start costs half a percent at most.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;
/// The latest chunks, which [`Chunks::settled`] does not count: as many as can be on their way on any machine.
pub(crate) const UNSETTLED: usize = AHEAD * THREADS_MAX;
/// Threads at most; beyond, whoever hands out the rows is the bottleneck.
const THREADS_MAX: usize = 8;
/// Chunks on their way for each thread.
const AHEAD: usize = 2;

/// How a thread passes a chunk on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// As it is.
    Plain,
    /// As a deflate stream, for which so many places are tried for a repeat.
    Deflate { effort: u32 },
}

/// What is known of a stream at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Of the bytes before compression; 0 of a stream that is passed on as it is.
    pub(crate) crc: u32,
    pub(crate) compressed_bytes: u64,
    pub(crate) bytes: u64,
}

/// Sizes of a chunk, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Before compression.
    pub(crate) bytes: u64,
    /// What went out.
    pub(crate) passed_on: u64,
}

/// A piece of the stream.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Where cells begin, as far as that is known.
    pub(crate) marks: Vec<Mark>,
}

/// Makes a chunk from nothing, in a thread.
type Make = Box<dyn FnOnce(&mut Chunk) + Send>;

struct Work {
    make: Make,
    is_last: bool,
    /// A buffer for what goes out.
    room: Vec<u8>,
    reply: SyncSender<Made>,
}

struct Made {
    passed_on: Vec<u8>,
    bytes: u64,
    crc: Hasher,
}

/// Threads that make chunks. Whoever orders them does not wait for one while others are to be made, but makes one of those: so
/// there are as many threads as cores, and none stands in another's way.
pub(crate) struct Chunks {
    work: Option<SyncSender<Work>>,
    queue: Arc<Mutex<Receiver<Work>>>,
    maker: Maker,
    threads: Vec<JoinHandle<()>>,
    ahead: usize,
    pending: VecDeque<Receiver<Made>>,
    /// Buffers to be used again, since fresh memory must be cleared by the system.
    spare: Vec<Vec<u8>>,
    crc: Hasher,
    contents: Contents,
    /// Sizes of the latest chunks that were passed on; see [`Chunks::settled`].
    recent: VecDeque<Sizes>,
    settled: Sizes,
}

impl Chunks {
    /// Starts a thread for each core but the caller's, one at least.
    pub(crate) fn start(passing: Passing) -> Chunks {
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let ahead = AHEAD * cores;
        let (work, queue) = sync_channel(ahead + 1);
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..(cores - 1).max(1))
            .map(|_| {
                let queue = Arc::clone(&queue);
                std::thread::spawn(move || make_all(&queue, Maker::new(passing)))
            })
            .collect();
        Chunks {
            work: Some(work),
            queue,
            maker: Maker::new(passing),
            threads,
            ahead,
            pending: VecDeque::new(),
            spare: Vec::new(),
            crc: Hasher::new(),
            contents: Contents::default(),
            recent: VecDeque::new(),
            settled: Sizes::default(),
        }
    }

    /// Orders the next chunk of the stream, and passes on what is made by now, in order. Waits where too much is on its way.
    pub(crate) fn order(
        &mut self,
        make: impl FnOnce(&mut Chunk) + Send + 'static,
        is_last: bool,
        out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let (reply, made) = sync_channel(1);
        let room = self.spare.pop().unwrap_or_default();
        let work = Work { make: Box::new(make), is_last, room, reply };
        let sent = self.work.as_ref().and_then(|queue| queue.send(work).ok());
        sent.ok_or_else(|| io::Error::other("the threads that make chunks have ended"))?;
        self.pending.push_back(made);
        let keep = if is_last { 0 } else { self.ahead };
        while self.pending.len() > keep {
            self.pass_on(out)?;
        }
        while self.pending.len() + self.recent.len() > UNSETTLED {
            let sizes = self.recent.pop_front().unwrap_or_default();
            self.settled.bytes += sizes.bytes;
            self.settled.passed_on += sizes.passed_on;
        }
        Ok(())
    }

    /// Sizes of the stream without its last [`UNSETTLED`] chunks: figures that depend on the data alone, neither on how fast threads
    /// are nor on how many there are.
    pub(crate) fn settled(&self) -> Sizes {
        self.settled
    }

    /// The facts about the stream that has ended; the next chunk begins another one.
    pub(crate) fn end(&mut self) -> Contents {
        let crc = std::mem::take(&mut self.crc).finalize();
        self.recent.clear();
        self.settled = Sizes::default();
        Contents { crc, ..std::mem::take(&mut self.contents) }
    }

    fn pass_on(&mut self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some(oldest) = self.pending.pop_front() else { return Ok(()) };
        let gone = || io::Error::other("a thread that makes chunks has ended");
        let mut made = loop {
            match oldest.try_recv() {
                Ok(made) => break made,
                Err(TryRecvError::Disconnected) => return Err(gone()),
                Err(TryRecvError::Empty) if self.help() => {}
                Err(TryRecvError::Empty) => break oldest.recv().map_err(|_| gone())?,
            }
        };
        let sizes = Sizes { bytes: made.bytes, passed_on: made.passed_on.len() as u64 };
        self.crc.combine(&made.crc);
        self.contents.bytes += sizes.bytes;
        self.contents.compressed_bytes += sizes.passed_on;
        self.recent.push_back(sizes);
        out(&made.passed_on)?;
        made.passed_on.clear();
        self.spare.push(made.passed_on);
        Ok(())
    }
}

impl Chunks {
    /// Makes the next chunk that nobody has begun, and gives whether there was one.
    fn help(&mut self) -> bool {
        // A thread that waits for work keeps the queue locked; then there is none.
        let next = self.queue.try_lock().ok().and_then(|queue| queue.try_recv().ok());
        next.map(|work| self.maker.make(work)).is_some()
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.work = None;
        self.pending.clear();
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

/// What makes one chunk after the other.
struct Maker {
    compressor: Option<Compressor>,
    /// The chunk before compression, whose buffers are used again.
    chunk: Chunk,
}

impl Maker {
    fn new(passing: Passing) -> Maker {
        let compressor = match passing {
            Passing::Plain => None,
            Passing::Deflate { effort } => Some(Compressor::new(effort)),
        };
        Maker { compressor, chunk: Chunk::default() }
    }

    fn make(&mut self, Work { make, is_last, mut room, reply }: Work) {
        let chunk = &mut self.chunk;
        chunk.bytes.clear();
        chunk.marks.clear();
        make(chunk);
        let bytes = chunk.bytes.len() as u64;
        let mut crc = Hasher::new();
        match &mut self.compressor {
            Some(compressor) => {
                crc.update(&chunk.bytes);
                compressor.compress(&mut room, &chunk.bytes, &chunk.marks, is_last);
            }
            None => std::mem::swap(&mut room, &mut chunk.bytes),
        }
        // Fails when nobody wants the file any more.
        reply.send(Made { passed_on: room, bytes, crc }).ok();
    }
}

fn make_all(queue: &Mutex<Receiver<Work>>, mut maker: Maker) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        maker.make(work);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn chunks_make_one_stream() {
        for passing in [Passing::Plain, Passing::Deflate { effort: 1 }, Passing::Deflate { effort: 8 }] {
            make_streams(passing);
        }
    }

    /// Two streams, one after the other.
    fn make_streams(passing: Passing) {
        let mut chunks = Chunks::start(passing);
        for round in 0..2u32 {
            let mut expected = Vec::new();
            let mut stream = Vec::new();
            let mut out = |bytes: &[u8]| {
                stream.extend_from_slice(bytes);
                Ok(())
            };
            for number in 0..20u32 {
                // Empty ones, compressible ones, and noise.
                let bytes: Vec<u8> = (0..number * 1000)
                    .flat_map(|index| (index.wrapping_mul(2_654_435_761 * (number % 3))).to_le_bytes())
                    .collect();
                expected.extend_from_slice(&bytes);
                chunks
                    .order(move |chunk| chunk.bytes.extend_from_slice(&bytes), number == 19, &mut out)
                    .expect("makes");
            }
            let contents = chunks.end();
            assert_eq!(contents.bytes, expected.len() as u64);
            assert_eq!(contents.compressed_bytes, stream.len() as u64);
            if passing == Passing::Plain {
                assert!(stream == expected, "{round}");
                continue;
            }
            let mut read = Vec::new();
            flate2::read::DeflateDecoder::new(stream.as_slice()).read_to_end(&mut read).expect("a stream");
            assert!(read == expected, "{passing:?}, round {round}");
            assert_eq!(contents.crc, crc32fast::hash(&expected));
        }
    }
}
