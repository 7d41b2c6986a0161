//! Small things kept as JSON in the file store, and files of the store on this machine.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::TryStreamExt;
use longshore_files::{FileError, FileStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use crate::work_error::WorkError;

/// What names of files in the scratch folder begin with, so that those of killed processes are known.
pub(crate) const SCRATCH_PREFIX: &str = "longshore-import-";

/// Reads JSON; `None` where there is none, or none of this form any more.
pub(crate) async fn read_json<T: DeserializeOwned>(
    files: &FileStore,
    key: &str,
) -> Result<Option<T>, FileError> {
    match files.get(key).await {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::warn!(key, error = %error, "a stored file can't be read"))
            .ok()),
        Err(FileError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes JSON, in place of what is there.
pub(crate) async fn write_json<T: Serialize>(
    files: &FileStore,
    key: &str,
    value: &T,
) -> Result<(), FileError> {
    let bytes = serde_json::to_vec(value).expect("plain data whose keys are all text");
    files.put(key, Bytes::from(bytes)).await
}

/// A file of the store that can be read by its path.
pub(crate) enum LocalFile {
    /// The store is a folder.
    InPlace(PathBuf),
    /// A copy, which goes when this does.
    Copy(NamedTempFile),
}

impl LocalFile {
    pub(crate) fn path(&self) -> &Path {
        match self {
            LocalFile::InPlace(path) => path,
            LocalFile::Copy(file) => file.path(),
        }
    }
}

/// A file of the store on this machine; a copy of it in `scratch` where the store is elsewhere.
pub(crate) async fn local(files: &FileStore, key: &str, scratch: &Path) -> Result<LocalFile, WorkError> {
    let size_bytes = files.size(key).await?;
    if let Some(path) = files.local_path(key) {
        return Ok(LocalFile::InPlace(path));
    }
    let copy = new_scratch(scratch)?;
    let mut file = tokio::fs::File::from_std(copy.reopen().map_err(WorkError::Scratch)?);
    let mut bytes = std::pin::pin!(files.read(key, 0..size_bytes).await?);
    while let Some(bytes) = bytes.try_next().await.map_err(WorkError::Read)? {
        file.write_all(&bytes).await.map_err(WorkError::Scratch)?;
    }
    file.flush().await.map_err(WorkError::Scratch)?;
    Ok(LocalFile::Copy(copy))
}

/// A file of this machine that goes when nobody needs it any more.
pub(crate) fn new_scratch(scratch: &Path) -> Result<NamedTempFile, WorkError> {
    std::fs::create_dir_all(scratch).map_err(WorkError::Scratch)?;
    tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempfile_in(scratch).map_err(WorkError::Scratch)
}

/// Stores a file of this machine.
pub(crate) async fn store_file(files: &FileStore, path: &Path, key: &str) -> Result<u64, WorkError> {
    use tokio::io::AsyncReadExt;
    let mut file = tokio::fs::File::open(path).await.map_err(WorkError::Scratch)?;
    let mut writer = files.create(key).await?;
    loop {
        let mut bytes = bytes::BytesMut::with_capacity(1 << 20);
        let read = file.read_buf(&mut bytes).await.map_err(WorkError::Scratch);
        let written = match read {
            Ok(0) => return Ok(writer.finish().await?.size_bytes),
            Ok(_) => writer.write(bytes.freeze()).await.map_err(WorkError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            writer.abort().await;
            return Err(error);
        }
    }
}
