//! The file store, over OpenDAL.
//!
//! Purpose: where finished files live until their retention ends: a folder by default.
//!
//! Invariants:
//! - A file appears under its key only when it is complete; one that is given up leaves nothing.
//! - Keys are made by jobs from task ids and fencing tokens, never from what people typed.
//! - Whoever holds a [`FileStore`] may read everything in it: owners are checked by the caller.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use opendal::services::Fs;
use opendal::{ErrorKind, Operator, Writer};

/// Folder below the root where files grow before they are complete.
const UNFINISHED: &str = ".unfinished";
/// Bytes fetched at a time when a file is read.
const READ_CHUNK: usize = 1 << 20;

/// Why the file store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no file of that key.
    #[error("there is no file {key}")]
    Missing {
        /// The key.
        key: String,
    },
    /// The store refused or failed, for instance because it is full.
    #[error("the file store could not {action}: {source}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// What the store says.
        source: Box<opendal::Error>,
    },
    /// The folder can't be created.
    #[error("can't create the folder {path} for files: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl FileError {
    fn store(action: &'static str) -> impl FnOnce(opendal::Error) -> FileError {
        move |source| FileError::Store { action, source: Box::new(source) }
    }
}

/// A place for files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileStore {
    operator: Operator,
}

impl FileStore {
    /// A store in a local folder, which is created if it is missing.
    ///
    /// # Errors
    /// [`FileError::Folder`] if the folder can't be created or is not one.
    pub fn in_folder(root: &Path) -> Result<FileStore, FileError> {
        let folder_error = |source| FileError::Folder { path: root.display().to_string(), source };
        std::fs::create_dir_all(root.join(UNFINISHED)).map_err(folder_error)?;
        let root = std::path::absolute(root).map_err(folder_error)?;
        let unfinished = root.join(UNFINISHED);
        let service =
            Fs::default().root(&root.to_string_lossy()).atomic_write_dir(&unfinished.to_string_lossy());
        let operator = Operator::new(service).map_err(FileError::store("open the folder"))?;
        Ok(FileStore { operator })
    }

    /// Removes unfinished files that nobody has written to for `untouched_for`; gives how many. Zero is right only where no
    /// other process writes to this store.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove_unfinished(&self, untouched_for: Duration) -> Result<u64, FileError> {
        let listed = self.operator.list(&format!("{UNFINISHED}/")).await;
        let mut count = 0;
        for entry in listed.map_err(FileError::store("list unfinished files"))? {
            let metadata = match self.operator.stat(entry.path()).await {
                Ok(metadata) => metadata,
                // Finished or removed since the listing.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(FileError::store("look an unfinished file up")(error)),
            };
            let untouched = metadata
                .last_modified()
                .and_then(|at| SystemTime::now().duration_since(SystemTime::from(at)).ok())
                .unwrap_or_default();
            if metadata.is_file() && untouched >= untouched_for {
                self.remove(entry.path()).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Begins a file. Nothing is to be seen under `key` before [`FileWriter::finish`].
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn create(&self, key: &str) -> Result<FileWriter, FileError> {
        let writer = self.operator.writer(key).await.map_err(FileError::store("begin a file"))?;
        Ok(FileWriter { writer, size_bytes: 0 })
    }

    /// The size of a file in bytes.
    ///
    /// # Errors
    /// [`FileError::Missing`] or [`FileError::Store`].
    pub async fn size(&self, key: &str) -> Result<u64, FileError> {
        match self.operator.stat(key).await {
            Ok(metadata) => Ok(metadata.content_length()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(FileError::Missing { key: key.to_owned() })
            }
            Err(error) => Err(FileError::store("look a file up")(error)),
        }
    }

    /// Streams the bytes of a file in `range`. Dropping the stream ends the reading.
    ///
    /// # Errors
    /// [`FileError::Store`]; items carry errors that come later.
    pub async fn read(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, std::io::Error>> + Send + use<>, FileError> {
        let reader = self.operator.reader_with(key).chunk(READ_CHUNK).await;
        let reader = reader.map_err(FileError::store("open a file"))?;
        let stream = reader.into_bytes_stream(range).await.map_err(FileError::store("read a file"))?;
        Ok(stream.into_stream())
    }

    /// Removes every file whose key begins with `folder`, which ends with `/`. Files that are not there are no error.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove_folder(&self, folder: &str) -> Result<(), FileError> {
        self.operator.delete_with(folder).recursive(true).await.map_err(FileError::store("remove files"))
    }

    /// Removes a file. One that is not there is no error.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove(&self, key: &str) -> Result<(), FileError> {
        self.operator.delete(key).await.map_err(FileError::store("remove a file"))
    }
}

/// A file that is being written.
pub struct FileWriter {
    writer: Writer,
    size_bytes: u64,
}

impl FileWriter {
    /// Appends bytes.
    ///
    /// # Errors
    /// [`FileError::Store`]; the file should be given up with [`FileWriter::abort`] then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), FileError> {
        self.size_bytes += bytes.len() as u64;
        self.writer.write(bytes).await.map_err(FileError::store("write to a file"))
    }

    /// Completes the file: it appears under its key. Gives its size in bytes.
    ///
    /// # Errors
    /// [`FileError::Store`]; nothing appears then.
    pub async fn finish(mut self) -> Result<u64, FileError> {
        match self.writer.close().await {
            Ok(_) => Ok(self.size_bytes),
            Err(error) => {
                self.abort().await;
                Err(FileError::store("complete a file")(error))
            }
        }
    }

    /// Gives the file up and removes what was written of it.
    pub async fn abort(mut self) {
        if let Err(error) = self.writer.abort().await {
            tracing::warn!(error = %error, "an unfinished file could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, FileStore) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = FileStore::in_folder(folder.path()).expect("opens");
        (folder, store)
    }

    fn files_in(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).expect("readable") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned());
                }
            }
        }
        found
    }

    #[tokio::test]
    async fn a_file_appears_whole_and_goes_with_its_folder() {
        let (folder, store) = store();
        let mut writer = store.create("exports/t1/1-a.csv").await.expect("begins");
        writer.write(Bytes::from_static(b"hello ")).await.expect("writes");
        assert!(matches!(store.size("exports/t1/1-a.csv").await, Err(FileError::Missing { .. })));
        writer.write(Bytes::from_static(b"world")).await.expect("writes");
        assert_eq!(writer.finish().await.expect("completes"), 11);
        assert_eq!(store.size("exports/t1/1-a.csv").await.expect("is there"), 11);
        let part: Vec<Bytes> =
            store.read("exports/t1/1-a.csv", 6..11).await.expect("opens").try_collect().await.expect("reads");
        assert_eq!(part.concat(), b"world");
        store.remove_folder("exports/t1/").await.expect("removes");
        store.remove_folder("exports/t1/").await.expect("removes again");
        assert_eq!(files_in(folder.path()), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_file_given_up_leaves_nothing() {
        let (folder, store) = store();
        let mut writer = store.create("exports/t1/1-a.csv").await.expect("begins");
        writer.write(Bytes::from_static(b"half")).await.expect("writes");
        writer.abort().await;
        assert_eq!(files_in(folder.path()), Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_removed() {
        let (folder, store) = store();
        let mut writer = store.create("exports/t1/1-a.csv").await.expect("begins");
        writer.write(Bytes::from_static(b"half")).await.expect("writes");
        std::mem::forget(writer);
        assert_eq!(files_in(folder.path()).len(), 1);
        assert_eq!(store.remove_unfinished(Duration::from_secs(3600)).await.expect("looks"), 0);
        assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("removes"), 1);
        assert_eq!(files_in(folder.path()), Vec::<String>::new());
    }
}
