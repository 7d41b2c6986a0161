//! Files that take what is not in its place yet.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A temporary file on the disk where another is, without a name: it is gone when it is closed, whatever happens.
pub(super) fn temporary(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Such a file that grows at its end.
pub(super) struct Spool {
    file: BufWriter<File>,
    size: u64,
}

impl Spool {
    pub(super) fn beside(path: &Path) -> io::Result<Spool> {
        Ok(Spool { file: BufWriter::with_capacity(64 << 10, temporary(path)?), size: 0 })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Writes over what stands at that place.
    pub(super) fn mend(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::Start(self.size))?;
        Ok(())
    }

    /// Passes all that was written on, after which the file is empty.
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

    /// All that was written, to be read from its beginning.
    pub(super) fn into_file(self) -> io::Result<File> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}
