//! The file store's side: pieces into files.

use std::sync::atomic::AtomicBool;

use longshore_files::{FileStore, FileWriter};
use tokio::sync::mpsc;

use super::part::{Cut, Keys, Part};
use super::pipe::{Ended, Piece};
use super::write::check_stop;
use crate::work_error::WorkError;

/// A file that grows in the store.
struct Growing {
    writer: FileWriter,
    crc: crc32fast::Hasher,
}

/// Stores files as their pieces come, and passes each finished one to `finished`, with whether another one follows. A file that
/// is not finished when the pieces end is given up. Setting `stop` ends it with the next piece.
///
/// # Errors
/// [`WorkError::Files`], and [`WorkError::Source`] where it was stopped; nothing of the file that was being written is left then.
pub(super) async fn store(
    files: &FileStore,
    keys: &Keys,
    first_number: usize,
    mut pieces: mpsc::Receiver<Piece>,
    stop: &AtomicBool,
    mut finished: impl FnMut(Part, bool) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    let mut number = first_number;
    let mut growing: Option<Growing> = None;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Bytes(bytes) => {
                let mut file = match growing.take() {
                    Some(file) => file,
                    None => Growing {
                        writer: files.create(&keys.part(number)).await?,
                        crc: crc32fast::Hasher::new(),
                    },
                };
                file.crc.update(&bytes);
                let stored = match check_stop(stop) {
                    Ok(()) => file.writer.write(bytes).await.map_err(WorkError::from),
                    Err(stopped) => Err(stopped),
                };
                if let Err(error) = stored {
                    file.writer.abort().await;
                    return Err(error);
                }
                growing = Some(file);
            }
            Piece::End(Ended { summary, rows_digest, is_followed }) => {
                let Some(file) = growing.take() else {
                    return Err(WorkError::Thread("a file ended before it began".to_owned()));
                };
                let stored = file.writer.finish().await?;
                let part = Part {
                    key: keys.part(number),
                    size_bytes: stored.size_bytes,
                    sha256: stored.sha256,
                    crc32: file.crc.finalize(),
                    row_count: summary.row_count,
                    sheet_count: summary.sheet_count,
                    shortened: summary.shortened.iter().map(Cut::of).collect(),
                    rows_digest,
                };
                finished(part, is_followed)?;
                number += 1;
            }
        }
    }
    if let Some(file) = growing {
        file.writer.abort().await;
    }
    Ok(())
}
