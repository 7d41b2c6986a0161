//! Several files as one: a ZIP archive that holds them as they are.

use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures::{StreamExt, pin_mut};
use longshore_files::{FileStore, FileWriter, Stored};
use longshore_sheets::StoredArchive;

use super::part::Part;
use super::write::check_stop;
use crate::work_error::WorkError;

/// Writes the archive of `parts` under `key`. `name_of` names each of them by its position; `passed` is told of the bytes that
/// were copied. Each part must be what it was when it was finished, for the manifest says so. Setting `stop` ends it with the
/// next piece.
///
/// # Errors
/// [`WorkError::Files`] and [`WorkError::Read`]; [`WorkError::PartDamaged`], and that part is removed, so that another run makes
/// it anew instead of keeping it; [`WorkError::Source`] where it was stopped. Nothing appears under `key` then.
pub(super) async fn archive(
    files: &FileStore,
    key: &str,
    parts: &[Part],
    name_of: impl Fn(usize) -> String,
    stop: &AtomicBool,
    mut passed: impl FnMut(u64),
) -> Result<Stored, WorkError> {
    let mut writer = files.create(key).await?;
    let copied = copy(files, &mut writer, parts, name_of, stop, &mut passed).await;
    match copied {
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
    stop: &AtomicBool,
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
        let (mut crc, mut size_bytes) = (crc32fast::Hasher::new(), 0);
        while let Some(bytes) = bytes.next().await {
            check_stop(stop)?;
            let bytes = bytes.map_err(WorkError::Read)?;
            size_bytes += bytes.len() as u64;
            crc.update(&bytes);
            writer.write(bytes).await?;
            passed(done + size_bytes);
        }
        if (size_bytes, crc.finalize()) != (part.size_bytes, part.crc32) {
            files.remove(&part.key).await?;
            return Err(WorkError::PartDamaged(position + 1));
        }
        done += size_bytes;
    }
    writer.write(Bytes::from(archive.directory().map_err(WorkError::Archive)?)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use longshore_files::FileError;

    use super::*;

    const PART_BYTES: usize = 3 << 20;

    /// A store with two parts.
    async fn parts() -> (tempfile::TempDir, FileStore, Vec<Part>) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let files = FileStore::in_folder(folder.path()).expect("opens");
        let mut parts = Vec::new();
        for number in [1u8, 2] {
            let bytes = Bytes::from(vec![number; PART_BYTES]);
            let (key, crc32) = (format!("exports/t/1-0.{number}.csv"), crc32fast::hash(&bytes));
            let mut writer = files.create(&key).await.expect("begins");
            writer.write(bytes).await.expect("writes");
            let stored = writer.finish().await.expect("stores");
            let (size_bytes, sha256, shortened) = (stored.size_bytes, stored.sha256, Vec::new());
            let (row_count, sheet_count, rows_digest) = (1, 1, String::new());
            parts.push(Part {
                key,
                size_bytes,
                sha256,
                crc32,
                row_count,
                sheet_count,
                shortened,
                rows_digest,
            });
        }
        (folder, files, parts)
    }

    fn name(position: usize) -> String {
        format!("part-{position}.csv")
    }

    #[tokio::test]
    async fn it_stops_with_the_next_piece_and_leaves_nothing() {
        let (folder, files, parts) = parts().await;
        let (stop, mut pieces) = (AtomicBool::new(false), 0);
        let passed = |_| {
            pieces += 1;
            stop.store(true, Ordering::Relaxed);
        };
        let stopped = archive(&files, "exports/t/1-0.zip", &parts, name, &stop, passed).await;
        assert!(matches!(stopped, Err(WorkError::Source(_))), "{stopped:?}");
        assert_eq!(pieces, 1);
        assert_eq!(files.list("exports/").await.expect("lists").len(), 2, "the parts stay for the next run");
        assert_eq!(std::fs::read_dir(folder.path().join(".unfinished")).expect("is there").count(), 0);
    }

    #[tokio::test]
    async fn a_damaged_part_fails_and_is_made_anew() {
        let (folder, files, parts) = parts().await;
        let path = folder.path().join(&parts[1].key);
        let mut bytes = std::fs::read(&path).expect("reads");
        bytes[PART_BYTES / 2] ^= 1;
        for damaged in [&bytes[..], &bytes[..PART_BYTES - 1]] {
            std::fs::write(&path, damaged).expect("writes");
            let stop = AtomicBool::new(false);
            let failed = archive(&files, "exports/t/1-0.zip", &parts, name, &stop, |_| {}).await;
            let error = failed.expect_err("is damaged");
            assert!(matches!(error, WorkError::PartDamaged(2) | WorkError::Read(_)), "{error:?}");
            assert!(longshore_tasks::JobError::from(error).may_pass);
            for gone in ["exports/t/1-0.zip"] {
                assert!(matches!(files.size(gone).await, Err(FileError::Missing { .. })), "{gone}");
            }
        }
        assert!(files.size(&parts[0].key).await.is_ok());
    }
}
