//! Chunks of rows in the file store: staged ones, as they stand in the file, and checked ones.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use bytes::Bytes;
use longshore_datasets::import::{CheckedChunk, KeyDigest};
use longshore_files::FileStore;

use crate::work_error::WorkError;

/// Bytes that say how long a batch is; its own are at a place that is a multiple of 8 so.
const LENGTH_BYTES: usize = 8;
/// Bytes of a [`KeyDigest`] in a file: column, digest, row.
const DIGEST_BYTES: usize = 4 + 16 + 4;

/// Batches as bytes, each with its own columns: rows of a file differ in width.
///
/// # Errors
/// If Arrow can't write them.
pub(super) fn batches_to_bytes(batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let size: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    let mut bytes = Vec::with_capacity(size + size / 8);
    for batch in batches {
        let length_at = bytes.len();
        bytes.extend_from_slice(&[0; LENGTH_BYTES]);
        let mut writer = StreamWriter::try_new(bytes, &batch.schema())?;
        writer.write(batch)?;
        bytes = writer.into_inner()?;
        let length = (bytes.len() - length_at - LENGTH_BYTES) as u64;
        bytes[length_at..length_at + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    }
    Ok(bytes)
}

/// What [`batches_to_bytes`] wrote.
///
/// # Errors
/// If the bytes are something else.
pub(super) fn batches_of_bytes(bytes: Bytes) -> Result<Vec<RecordBatch>, ArrowError> {
    let broken = || ArrowError::ParseError("the bytes are no staged rows".to_owned());
    let mut bytes = bytes;
    let mut batches = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.first_chunk().ok_or_else(broken)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| broken())?;
        let mut rest = bytes.split_off(LENGTH_BYTES);
        if rest.len() < length {
            return Err(broken());
        }
        bytes = rest.split_off(length);
        // The columns stay where they are.
        let mut stream = Buffer::from(rest);
        let mut decoder = StreamDecoder::new();
        while let Some(batch) = decoder.decode(&mut stream)? {
            batches.push(batch);
        }
        decoder.finish()?;
    }
    Ok(batches)
}

/// Digests as bytes.
pub(super) fn digests_to_bytes(keys: &[KeyDigest]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(keys.len() * DIGEST_BYTES);
    for key in keys {
        let column = key.column.and_then(|column| u32::try_from(column).ok()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&column.to_le_bytes());
        bytes.extend_from_slice(&key.digest.to_le_bytes());
        bytes.extend_from_slice(&key.row.to_le_bytes());
    }
    bytes
}

/// What [`digests_to_bytes`] wrote.
pub(super) fn digests_of_bytes(bytes: &[u8]) -> impl Iterator<Item = KeyDigest> {
    bytes.as_chunks::<DIGEST_BYTES>().0.iter().map(|bytes| {
        let (mut column, mut digest, mut row) = ([0; 4], [0; 16], [0; 4]);
        column.copy_from_slice(&bytes[..4]);
        digest.copy_from_slice(&bytes[4..20]);
        row.copy_from_slice(&bytes[20..]);
        let column = Some(u32::from_le_bytes(column)).filter(|column| *column != u32::MAX);
        KeyDigest {
            column: column.map(|column| column as usize),
            digest: u128::from_le_bytes(digest),
            row: u32::from_le_bytes(row),
        }
    })
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
    files.put(key, Bytes::from(chunk.to_bytes()?)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray, UInt32Array};

    use super::*;

    #[test]
    fn rows_and_digests_come_back_as_they_went() {
        let batch = |texts: &[&str], width: usize| {
            let rows: ArrayRef = Arc::new(UInt32Array::from_iter_values(1..=texts.len() as u32));
            let cells: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
            let columns = (0..width).map(|column| (format!("c{column}"), Arc::clone(&cells)));
            RecordBatch::try_from_iter([("row".to_owned(), rows)].into_iter().chain(columns)).expect("fits")
        };
        let batches = [batch(&["a", "订单"], 1), batch(&["b"], 3)];
        let bytes = Bytes::from(batches_to_bytes(&batches).expect("writes"));
        assert_eq!(batches_of_bytes(bytes.clone()).expect("reads"), batches);
        assert!(batches_of_bytes(bytes.slice(..bytes.len() - 1)).is_err());
        let keys = [
            KeyDigest { column: None, digest: u128::MAX - 1, row: 7 },
            KeyDigest { column: Some(2), digest: 5, row: u32::MAX },
        ];
        assert_eq!(digests_of_bytes(&digests_to_bytes(&keys)).collect::<Vec<_>>(), keys);
    }
}
