//! Files for what a file of errors is made of: they have no name, so nothing of them is left, whatever happens.

use std::fs::File;
use std::io;
use std::path::Path;

/// An empty file on the disk where that file is.
pub(super) fn file_beside(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))
}
