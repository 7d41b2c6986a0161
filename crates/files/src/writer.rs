//! A file on its way into the store.

use bytes::Bytes;
use opendal::Writer;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::FileError;
use crate::folder::Folder;

/// Bytes that are handed on and hashed at a time: few enough not to keep other tasks of the thread waiting.
const PIECE_BYTES: usize = 1 << 20;
/// Pieces on their way to the store beside the one that it takes.
const PIECES_AHEAD: usize = 2;

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the bytes, as 64 hexadecimal digits in lower case.
    pub sha256: String,
}

enum Step {
    Write(Bytes),
    Complete,
}

/// A file that is being written. Dropping it gives the file up, as [`FileWriter::abort`] does, in the background.
///
/// A task of its own writes: whoever stops waiting for a step, because a run was cancelled, does not cut the store's writer
/// off in the middle, which then could not even be told to give up.
pub struct FileWriter {
    steps: mpsc::Sender<Step>,
    /// Until its result was taken.
    writing: Option<JoinHandle<Result<Stored, FileError>>>,
}

impl FileWriter {
    /// `kept` is the store's folder, if it is one, and the key.
    pub(crate) fn new(writer: Writer, kept: Option<(Folder, String)>) -> FileWriter {
        let (steps, taken) = mpsc::channel(PIECES_AHEAD);
        let writing = Some(tokio::spawn(write(writer, kept, taken)));
        FileWriter { steps, writing }
    }

    /// Appends bytes. They may still be on their way when this ends; a later call tells if that failed.
    ///
    /// # Errors
    /// [`FileError::Store`]; the file is given up then.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), FileError> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
            if self.steps.send(Step::Write(piece)).await.is_err() {
                // Whoever takes the steps has failed.
                return self.ended().await.map(|_| ());
            }
        }
        Ok(())
    }

    /// Completes the file: it appears under its key, and is there also after a loss of power.
    ///
    /// # Errors
    /// [`FileError::Store`]; nothing appears then.
    pub async fn finish(mut self) -> Result<Stored, FileError> {
        // That fails only after the writing has failed, which is told next.
        self.steps.send(Step::Complete).await.ok();
        self.ended().await
    }

    /// Gives the file up and removes what was written of it. After an error that was done already.
    pub async fn abort(self) {
        let FileWriter { steps, writing, .. } = self;
        drop(steps);
        if let Some(writing) = writing {
            // Whether something failed before matters to nobody any more.
            writing.await.ok();
        }
    }

    async fn ended(&mut self) -> Result<Stored, FileError> {
        match self.writing.take() {
            Some(writing) => writing.await.map_err(|error| stopped(error.to_string()))?,
            None => Err(stopped("it was given up before".to_owned())),
        }
    }
}

fn stopped(why: String) -> FileError {
    FileError::store("write to a file")(opendal::Error::new(opendal::ErrorKind::Unexpected, why))
}

/// Takes the steps of one file; without the last one the file is given up.
async fn write(
    mut writer: Writer,
    kept: Option<(Folder, String)>,
    mut steps: mpsc::Receiver<Step>,
) -> Result<Stored, FileError> {
    let (mut hash, mut size_bytes) = (Sha256::new(), 0);
    let error = loop {
        match steps.recv().await {
            Some(Step::Write(bytes)) => {
                hash.update(&bytes);
                size_bytes += bytes.len() as u64;
                if let Err(error) = writer.write(bytes).await {
                    break FileError::store("write to a file")(error);
                }
            }
            Some(Step::Complete) => match writer.close().await {
                Ok(_) => {
                    if let Some((folder, key)) = kept {
                        folder.keep_name(key).await?;
                    }
                    let digest = Bytes::copy_from_slice(&hash.finalize());
                    return Ok(Stored { size_bytes, sha256: format!("{digest:x}") });
                }
                Err(error) => break FileError::store("complete a file")(error),
            },
            None => break stopped("it was given up".to_owned()),
        }
    };
    if let Err(error) = writer.abort().await {
        tracing::warn!(error = %error, "an unfinished file could not be removed; it goes with the next sweep");
    }
    Err(error)
}
