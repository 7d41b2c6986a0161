//! Where the bytes of a text file go: to the sink as they are, or as one gzip stream (RFC 1952). Several threads make them.

use std::io::{self, Write};

use crate::chunks::{CHUNK_BYTES, Chunks, Contents, Passing};

/// RFC 1952, 2.3: the magic number, the method deflate, no flags, no time, no extra flags, an unknown file system. So the same
/// rows make the same bytes.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Bytes of a chunk that is not compressed.
const PLAIN_CHUNK_BYTES: usize = 256 * 1024;

/// A sink with a count of what went into it.
pub(crate) struct Outlet {
    sink: Box<dyn Write + Send>,
    chunks: Chunks,
    is_gzip: bool,
    is_begun: bool,
}

impl Outlet {
    /// Passes bytes on as they are.
    pub(crate) fn plain(sink: Box<dyn Write + Send>) -> Outlet {
        Outlet { sink, chunks: Chunks::start(Passing::Plain), is_gzip: false, is_begun: false }
    }

    /// Compresses; `effort` is how many places are tried for a repeat. Nothing reaches the sink before the first bytes come.
    pub(crate) fn gzip(sink: Box<dyn Write + Send>, effort: u32) -> Outlet {
        Outlet { sink, chunks: Chunks::start(Passing::Deflate { effort }), is_gzip: true, is_begun: false }
    }

    /// How many bytes a chunk should have, about.
    pub(crate) fn chunk_bytes(&self) -> usize {
        if self.is_gzip { CHUNK_BYTES } else { PLAIN_CHUNK_BYTES }
    }

    /// Takes the next bytes of the file, which a thread appends to a buffer.
    pub(crate) fn write(&mut self, make: impl FnOnce(&mut Vec<u8>) + Send + 'static) -> io::Result<()> {
        self.order(make, false)
    }

    /// Takes the last bytes, ends the file and flushes the sink.
    pub(crate) fn finish(&mut self, make: impl FnOnce(&mut Vec<u8>) + Send + 'static) -> io::Result<()> {
        self.order(make, true)?;
        let Contents { crc, bytes, .. } = self.chunks.end();
        if self.is_gzip {
            let mut trailer = [0; 8];
            trailer[..4].copy_from_slice(&crc.to_le_bytes());
            // The size modulo 2^32 (RFC 1952, 2.3.1).
            trailer[4..].copy_from_slice(&(bytes as u32).to_le_bytes());
            self.sink.write_all(&trailer)?;
        }
        self.sink.flush()
    }

    /// Bytes of the file so far, without the chunks that may still be on their way.
    pub(crate) fn bytes_written(&self) -> u64 {
        let header = if self.is_gzip && self.is_begun { GZIP_HEADER.len() as u64 } else { 0 };
        header + self.chunks.settled().passed_on
    }

    fn order(&mut self, make: impl FnOnce(&mut Vec<u8>) + Send + 'static, is_last: bool) -> io::Result<()> {
        if self.is_gzip && !self.is_begun {
            self.sink.write_all(&GZIP_HEADER)?;
        }
        self.is_begun = true;
        let sink = &mut self.sink;
        self.chunks.order(|chunk| make(&mut chunk.bytes), is_last, &mut |bytes| sink.write_all(bytes))
    }
}
