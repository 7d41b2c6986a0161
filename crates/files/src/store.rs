//! A place for files.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use opendal::services::Fs;
use opendal::{ErrorKind, Operator};

use crate::address::Address;
use crate::bucket;
use crate::folder::{Folder, UNFINISHED};
use crate::uploads::Uploads;
use crate::{FileError, FileWriter};

/// Folder below the data folder for files, where no bucket is named.
const FOLDER: &str = "files";
/// Bytes fetched at a time when a file is read from a folder.
const READ_CHUNK: usize = 1 << 20;
/// Size of a part in a bucket. S3 takes 10,000 of them, so files end at 78 GiB; and each is in memory until it has been sent.
const PART_BYTES: usize = 8 << 20;
/// Parts that are sent at the same time for one file.
const PARTS_AT_ONCE: usize = 4;

/// A place for files. Cheap to clone.
#[derive(Clone)]
pub struct FileStore {
    operator: Operator,
    place: Place,
    gives_links: bool,
}

#[derive(Clone)]
enum Place {
    Folder(Folder),
    Bucket(Arc<Uploads>),
}

/// A file as a list tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let info = self.operator.info();
        write!(f, "FileStore({} {}{})", info.scheme(), info.name(), info.root())
    }
}

impl FileStore {
    /// The store that `url` names: empty for the folder `files` below `data_dir`, or
    /// `s3://bucket/prefix?region=…&endpoint=…&style=path|virtual` for a bucket of an S3-compatible server. Region and endpoint
    /// may also come from `AWS_REGION` and `AWS_ENDPOINT_URL`. Keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or
    /// from wherever else AWS's own programs find them (profile, role of the machine), and never from `url`.
    ///
    /// The bucket is asked for a name, so a wrong one, or a wrong key, fails here.
    ///
    /// # Errors
    /// [`FileError::Folder`], [`FileError::BadAddress`] or [`FileError::Unusable`].
    pub async fn open(url: &str, data_dir: &Path) -> Result<FileStore, FileError> {
        match Address::parse(url, |name| std::env::var(name).ok())? {
            Address::Folder => FileStore::in_folder(&data_dir.join(FOLDER)),
            Address::Bucket(address) => {
                let (operator, uploads) = bucket::open(&address).await?;
                Ok(FileStore { operator, place: Place::Bucket(Arc::new(uploads)), gives_links: true })
            }
        }
    }

    /// A store in a local folder, which is created if it is missing.
    ///
    /// # Errors
    /// [`FileError::Folder`] if the folder can't be created or is not one.
    pub fn in_folder(root: &Path) -> Result<FileStore, FileError> {
        FileStore::of_folder(root, true)
    }

    /// A store in a folder that goes with this process: nothing waits for the disk, since nobody looks for its files after a loss
    /// of power.
    ///
    /// # Errors
    /// As [`FileStore::in_folder`].
    pub fn in_scratch(root: &Path) -> Result<FileStore, FileError> {
        FileStore::of_folder(root, false)
    }

    fn of_folder(root: &Path, is_lasting: bool) -> Result<FileStore, FileError> {
        let folder_error = |source| FileError::Folder { path: root.display().to_string(), source };
        std::fs::create_dir_all(root.join(UNFINISHED)).map_err(folder_error)?;
        let root = std::path::absolute(root).map_err(folder_error)?;
        let unfinished = root.join(UNFINISHED);
        let service =
            Fs::default().root(&root.to_string_lossy()).atomic_write_dir(&unfinished.to_string_lossy());
        let operator = Operator::new(service).map_err(FileError::store("open the folder"))?;
        Ok(FileStore { operator, place: Place::Folder(Folder::new(root, is_lasting)), gives_links: false })
    }

    /// The same store without [`FileStore::link`], for browsers that can't reach the bucket.
    #[must_use]
    pub fn without_links(self) -> FileStore {
        FileStore { gives_links: false, ..self }
    }

    /// Removes what killed processes left of files that they were writing, if nobody has written to it for `untouched_for`;
    /// gives how many. Zero is right only where no other process writes to this store. In a bucket the time counts from the last
    /// part of 8 MiB that has come; where the server or the key's rights do not tell that (`s3:ListMultipartUploadParts`), from the
    /// beginning of the file, and is then a week at least.
    ///
    /// A server that can't list uploads, or a key that may not, needs a lifecycle rule `AbortIncompleteMultipartUpload` on the
    /// bucket instead: until somebody ends them, parts are kept and paid for.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove_unfinished(&self, untouched_for: Duration) -> Result<u64, FileError> {
        match &self.place {
            Place::Folder(_) => self.remove_unfinished_in_folder(untouched_for).await,
            Place::Bucket(uploads) => uploads.end(untouched_for).await,
        }
    }

    async fn remove_unfinished_in_folder(&self, untouched_for: Duration) -> Result<u64, FileError> {
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

    /// Begins a file. Nothing is to be seen under `key` before [`FileWriter::finish`]. In a bucket a file holds up to 48 MiB
    /// of memory while it is written: parts of 8 MiB, four of them on their way.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn create(&self, key: &str) -> Result<FileWriter, FileError> {
        let writer = match &self.place {
            Place::Folder(_) => self.operator.writer(key).await,
            Place::Bucket(_) => {
                self.operator.writer_with(key).chunk(PART_BYTES).concurrent(PARTS_AT_ONCE).await
            }
        };
        let kept = self.folder().map(|folder| (folder.clone(), key.to_owned()));
        Ok(FileWriter::new(writer.map_err(FileError::store("begin a file"))?, kept))
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

    /// How long ago a file was finished, by the clocks of the store and of this machine; zero where the store does not tell.
    ///
    /// # Errors
    /// [`FileError::Missing`] or [`FileError::Store`].
    pub async fn age(&self, key: &str) -> Result<Duration, FileError> {
        match self.operator.stat(key).await {
            Ok(metadata) => Ok(metadata
                .last_modified()
                .and_then(|at| SystemTime::now().duration_since(SystemTime::from(at)).ok())
                .unwrap_or_default()),
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
        let reader = self.operator.reader_with(key);
        let reader = match self.place {
            Place::Folder(_) => reader.chunk(READ_CHUNK),
            // One request for the whole range; if it breaks off, the retries go on from there.
            Place::Bucket(_) => reader,
        };
        let reader = reader.await.map_err(FileError::store("open a file"))?;
        let stream = reader.into_bytes_stream(range).await.map_err(FileError::store("read a file"))?;
        Ok(stream.into_stream())
    }

    /// All bytes of a small file.
    ///
    /// # Errors
    /// [`FileError::Missing`] or [`FileError::Store`].
    pub async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        if let Some(folder) = self.folder() {
            // OpenDAL reads a file in pieces, which would have to be put together.
            let got = folder.clone().get(key.to_owned()).await?;
            return got.ok_or_else(|| FileError::Missing { key: key.to_owned() });
        }
        match self.operator.read(key).await {
            Ok(bytes) => Ok(bytes.to_bytes()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(FileError::Missing { key: key.to_owned() })
            }
            Err(error) => Err(FileError::store("read a file")(error)),
        }
    }

    /// Stores bytes under `key`; a file that is there is replaced in one step.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        self.put_pieces(key, vec![bytes]).await
    }

    /// The same for bytes that lie in several places: they are not put together before.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn put_pieces(&self, key: &str, pieces: Vec<Bytes>) -> Result<(), FileError> {
        if let Some(folder) = self.folder() {
            return folder.clone().put(key.to_owned(), pieces).await;
        }
        let mut writer = self.create(key).await?;
        for piece in pieces {
            if let Err(error) = writer.write(piece).await {
                writer.abort().await;
                return Err(error);
            }
        }
        writer.finish().await.map(|_| ())
    }

    /// Copies a file of the store to another key, where it appears when it is complete.
    ///
    /// # Errors
    /// [`FileError::Missing`] or [`FileError::Store`].
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), FileError> {
        if let Some(folder) = self.folder() {
            // OpenDAL's own copy of a file in a folder grows in its place.
            let is_there = folder.clone().copy(from.to_owned(), to.to_owned()).await?;
            return if is_there { Ok(()) } else { Err(FileError::Missing { key: from.to_owned() }) };
        }
        match self.operator.copy(from, to).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(FileError::Missing { key: from.to_owned() })
            }
            Err(error) => Err(FileError::store("copy a file")(error)),
        }
    }

    /// Where a file is on this machine, if the store is a folder. It is not to be changed there, and may go at any time.
    pub fn local_path(&self, key: &str) -> Option<PathBuf> {
        self.folder().map(|folder| folder.path(key))
    }

    fn folder(&self) -> Option<&Folder> {
        match &self.place {
            Place::Folder(folder) => Some(folder),
            Place::Bucket(_) => None,
        }
    }

    /// An address of the store itself where anybody can fetch the file until `expires_in` from now, answered with that
    /// `Content-Disposition` and `Content-Type`. `None` where the store has no such addresses, or is not to give them.
    ///
    /// # Errors
    /// [`FileError::Store`] if it can't be signed, for instance without a key.
    pub async fn link(
        &self,
        key: &str,
        expires_in: Duration,
        disposition: &str,
        media_type: &str,
    ) -> Result<Option<String>, FileError> {
        if !self.gives_links {
            return Ok(None);
        }
        let signed = self
            .operator
            .presign_read_with(key, expires_in)
            .override_content_disposition(disposition)
            .override_content_type(media_type)
            .await;
        Ok(Some(signed.map_err(FileError::store("sign a link"))?.uri().to_string()))
    }

    /// The finished files whose keys begin with `folder`, which ends with `/`, in the order of their keys.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn list(&self, folder: &str) -> Result<Vec<Listed>, FileError> {
        let entries = self.operator.list_with(folder).recursive(true).await;
        let entries = entries.map_err(FileError::store("list files"))?;
        let mut files: Vec<Listed> = entries
            .iter()
            .filter(|entry| entry.metadata().is_file())
            .map(|entry| Listed {
                key: entry.path().to_owned(),
                size_bytes: entry.metadata().content_length(),
            })
            .collect();
        files.sort();
        Ok(files)
    }

    /// Removes every file whose key begins with `folder`, which ends with `/`. Files that are not there are no error.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove_folder(&self, folder: &str) -> Result<(), FileError> {
        let removed = self.operator.delete_with(folder).recursive(true).await;
        if let Some(kept) = self.folder() {
            kept.forget(folder);
        }
        removed.map_err(FileError::store("remove files"))
    }

    /// Removes every file whose key begins with `folder`, which ends with `/`, but those of the keys in `keep`.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove_folder_but(&self, folder: &str, keep: &[&str]) -> Result<(), FileError> {
        let keep: HashSet<&str> = keep.iter().copied().collect();
        let files = self.list(folder).await?;
        let others = files.into_iter().map(|file| file.key).filter(|key| !keep.contains(key.as_str()));
        self.operator.delete_iter(others).await.map_err(FileError::store("remove files"))
    }

    /// Removes a file. One that is not there is no error.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn remove(&self, key: &str) -> Result<(), FileError> {
        self.operator.delete(key).await.map_err(FileError::store("remove a file"))
    }
}
