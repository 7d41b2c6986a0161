//! Several files as one: a ZIP archive that holds them as they are.

use bytes::Bytes;
use futures::{StreamExt, pin_mut};
use longshore_files::{FileStore, FileWriter, Stored};
use longshore_sheets::StoredArchive;

use super::part::Part;
use crate::work_error::WorkError;

/// Writes the archive of `parts` under `key`. `name_of` names each of them by its position; `passed` is told of the bytes that
/// were copied.
///
/// # Errors
/// [`WorkError::Files`] and [`WorkError::Read`]; nothing appears under `key` then.
pub(super) async fn archive(
    files: &FileStore,
    key: &str,
    parts: &[Part],
    name_of: impl Fn(usize) -> String,
    mut passed: impl FnMut(u64),
) -> Result<Stored, WorkError> {
    let mut writer = files.create(key).await?;
    match copy(files, &mut writer, parts, name_of, &mut passed).await {
        Ok(()) => Ok(writer.finish().await?),
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

async fn copy(
    files: &FileStore,
    writer: &mut FileWriter,
    parts: &[Part],
    name_of: impl Fn(usize) -> String,
    passed: &mut impl FnMut(u64),
) -> Result<(), WorkError> {
    let mut archive = StoredArchive::default();
    let mut done = 0;
    for (position, part) in parts.iter().enumerate() {
        let header =
            archive.member(&name_of(position), part.crc32, part.size_bytes).map_err(WorkError::Archive)?;
        writer.write(Bytes::from(header)).await?;
        let bytes = files.read(&part.key, 0..part.size_bytes).await?;
        pin_mut!(bytes);
        while let Some(bytes) = bytes.next().await {
            let bytes = bytes.map_err(WorkError::Read)?;
            done += bytes.len() as u64;
            writer.write(bytes).await?;
            passed(done);
        }
    }
    writer.write(Bytes::from(archive.directory().map_err(WorkError::Archive)?)).await?;
    Ok(())
}
