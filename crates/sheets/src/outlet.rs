//! Where the bytes of a text file go: to the sink as they are, or as one gzip stream (RFC 1952) that several threads compress.

use std::io::{self, Write};

use crate::deflate::{CHUNK_BYTES, Chunk, Contents, Deflate};

/// RFC 1952, 2.3: the magic number, the method deflate, no flags, no time, no extra flags, an unknown file system. So the same
/// rows make the same bytes.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A sink with a count of what went into it.
pub(crate) struct Outlet {
    sink: Box<dyn Write + Send>,
    byte_count: u64,
    gzip: Option<Gzip>,
}

struct Gzip {
    deflate: Deflate,
    chunk: Chunk,
    is_begun: bool,
}

impl Outlet {
    /// Passes bytes on as they are.
    pub(crate) fn plain(sink: Box<dyn Write + Send>) -> Outlet {
        Outlet { sink, byte_count: 0, gzip: None }
    }

    /// Compresses; `effort` is how many places are tried for a repeat. Nothing reaches the sink before the first bytes come.
    pub(crate) fn gzip(sink: Box<dyn Write + Send>, effort: u32) -> Outlet {
        let mut deflate = Deflate::start(effort);
        let chunk = deflate.buffer();
        Outlet { sink, byte_count: 0, gzip: Some(Gzip { deflate, chunk, is_begun: false }) }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(gzip) = &mut self.gzip else { return put(&mut *self.sink, &mut self.byte_count, bytes) };
        gzip.chunk.bytes.extend_from_slice(bytes);
        if gzip.chunk.bytes.len() < CHUNK_BYTES {
            return Ok(());
        }
        self.compress(false).map(|_| ())
    }

    /// Ends the file and flushes the sink.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Some(contents) = self.compress(true)? {
            let mut trailer = [0; 8];
            trailer[..4].copy_from_slice(&contents.crc.to_le_bytes());
            // The size modulo 2^32 (RFC 1952, 2.3.1).
            trailer[4..].copy_from_slice(&(contents.bytes as u32).to_le_bytes());
            put(&mut *self.sink, &mut self.byte_count, &trailer)?;
        }
        self.sink.flush()
    }

    /// Bytes of the file so far; of a gzip stream, without the chunks that may still be on their way.
    pub(crate) fn bytes_written(&self) -> u64 {
        match &self.gzip {
            None => self.byte_count,
            Some(gzip) if gzip.is_begun => GZIP_HEADER.len() as u64 + gzip.deflate.settled_bytes(),
            Some(_) => 0,
        }
    }

    /// Hands the gathered chunk to the compressing threads; gives what is known of the stream once it has ended.
    fn compress(&mut self, is_last: bool) -> io::Result<Option<Contents>> {
        let Some(gzip) = &mut self.gzip else { return Ok(None) };
        let (sink, byte_count) = (&mut *self.sink, &mut self.byte_count);
        if !gzip.is_begun {
            put(sink, byte_count, &GZIP_HEADER)?;
            gzip.is_begun = true;
        }
        let next = gzip.deflate.buffer();
        let chunk = std::mem::replace(&mut gzip.chunk, next);
        gzip.deflate.write(chunk, is_last, &mut |bytes| put(sink, byte_count, bytes))?;
        Ok(is_last.then(|| gzip.deflate.end()))
    }
}

fn put(sink: &mut dyn Write, byte_count: &mut u64, bytes: &[u8]) -> io::Result<()> {
    sink.write_all(bytes)?;
    *byte_count += bytes.len() as u64;
    Ok(())
}
