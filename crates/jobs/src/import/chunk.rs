//! Chunks of rows in the file store: staged ones, as they stand in the file, and checked ones.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use bytes::Bytes;
use longshore_datasets::import::{CheckedChunk, ipc};
use longshore_files::FileStore;

use crate::work_error::WorkError;

/// Bytes that say how long a batch is; its own are at a place that is a multiple of 8 so.
const LENGTH_BYTES: usize = 8;

/// Batches as bytes, one piece behind the other; each has its own columns, for rows of a file differ in width.
///
/// # Errors
/// If Arrow can't write them.
fn batches_to_pieces(batches: &[RecordBatch]) -> Result<Vec<Bytes>, ArrowError> {
    let mut pieces = Vec::new();
    for batch in batches {
        let batch = ipc::pieces(batch)?;
        let length: usize = batch.iter().map(Bytes::len).sum();
        pieces.push(Bytes::copy_from_slice(&(length as u64).to_le_bytes()));
        pieces.extend(batch);
    }
    Ok(pieces)
}

/// What [`batches_to_pieces`] wrote.
///
/// # Errors
/// If the bytes are something else.
fn batches_of_bytes(mut bytes: Bytes) -> Result<Vec<RecordBatch>, ArrowError> {
    let broken = || ArrowError::ParseError("the bytes are no staged rows".to_owned());
    let mut batches = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.first_chunk().ok_or_else(broken)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| broken())?;
        let mut rest = bytes.split_off(LENGTH_BYTES);
        if rest.len() < length {
            return Err(broken());
        }
        bytes = rest.split_off(length);
        batches.push(ipc::batch(rest)?);
    }
    Ok(batches)
}

/// Stores staged rows.
pub(super) async fn store_staged(
    files: &FileStore,
    key: &str,
    batches: &[RecordBatch],
) -> Result<(), WorkError> {
    Ok(files.put_pieces(key, batches_to_pieces(batches)?).await?)
}

/// Reads staged rows.
pub(super) async fn read_staged(files: &FileStore, key: &str) -> Result<Vec<RecordBatch>, WorkError> {
    Ok(batches_of_bytes(files.get(key).await?)?)
}

/// Reads a checked chunk.
pub(super) async fn read_checked(files: &FileStore, key: &str) -> Result<CheckedChunk, WorkError> {
    Ok(CheckedChunk::from_bytes(files.get(key).await?)?)
}

/// Stores a checked chunk.
pub(super) async fn store_checked(
    files: &FileStore,
    key: &str,
    chunk: &CheckedChunk,
) -> Result<(), WorkError> {
    Ok(files.put_pieces(key, chunk.to_pieces()?).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray, UInt32Array};

    use super::*;

    #[test]
    fn rows_come_back_as_they_went() {
        let batch = |texts: &[&str], width: usize| {
            let rows: ArrayRef = Arc::new(UInt32Array::from_iter_values(1..=texts.len() as u32));
            let cells: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
            let columns = (0..width).map(|column| (format!("c{column}"), Arc::clone(&cells)));
            RecordBatch::try_from_iter([("row".to_owned(), rows)].into_iter().chain(columns)).expect("fits")
        };
        let batches = [batch(&["a", "订单"], 1), batch(&["b"], 3)];
        let bytes = Bytes::from(batches_to_pieces(&batches).expect("writes").concat());
        assert_eq!(batches_of_bytes(bytes.clone()).expect("reads"), batches);
        assert!(batches_of_bytes(bytes.slice(..bytes.len() - 1)).is_err());
    }
}
