//! What waits in a temporary file, because something that must stand before it is not known yet.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

/// Bytes that wait.
pub(super) struct Spool {
    file: BufWriter<File>,
    size: u64,
}

impl Spool {
    /// Into an empty file.
    pub(super) fn new(file: File) -> Spool {
        Spool { file: BufWriter::with_capacity(64 << 10, file), size: 0 }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Passes all on, after which nothing waits.
    pub(super) fn pass_on(&mut self, sink: &mut impl Write) -> io::Result<()> {
        self.file.rewind()?;
        let file = self.file.get_mut();
        let size = io::copy(file, sink)?;
        if size != self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.rewind()?;
        file.set_len(0)?;
        self.size = 0;
        Ok(())
    }
}
