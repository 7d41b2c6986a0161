//! Values that may stand once in a file and stand twice: found across all chunks.
//!
//! Digests are gone through once for what half of each says of those that may stand twice, and a second time for just these, if there
//! are any.

use std::collections::HashSet;

use bytes::Bytes;
use longshore_datasets::import::{CheckedChunk, KeyDigest, keys};
use longshore_datasets::{Dataset, SourceError, text};
use longshore_files::FileStore;
use longshore_protocol::import::{CellProblem, RowError};
use longshore_tasks::TaskContext;

use super::check_part::CheckPartOutput;
use super::chunk::{read_checked, store_checked};
use super::place::WorkPlace;
use super::plan::Findings;
use crate::work_error::WorkError;

/// Digests in memory at a time, of 8 bytes each, or of 32 where they stand twice: where a file has more, they are gone through several
/// times, each time for others.
const DIGESTS_AT_ONCE: u64 = 2_000_000;
/// Characters of a value that are told.
const GIVEN_CHARS: usize = 100;

/// What stands in a row and must be once. Ordered so that those that are the same stand together, in the order of their rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    digest: u128,
    /// The place of the column; `u32::MAX` for the key.
    column: u32,
    row: u32,
    part: u32,
}

/// What a pass goes through.
struct Pass<'a> {
    files: &'a FileStore,
    parts: &'a [CheckPartOutput],
    context: &'a TaskContext,
    number: u64,
    count: u64,
}

impl Pass<'_> {
    /// Gives each digest of the pass to `take`, with the number of its part.
    async fn each(&self, mut take: impl FnMut(u32, KeyDigest) + Send) -> Result<(), WorkError> {
        for (part, number) in self.parts.iter().zip(0..) {
            let bytes = digests(self.files, part, self.context).await?;
            let of_pass =
                keys::of_bytes(&bytes)?.filter(|key| (key.digest >> 64) as u64 % self.count == self.number);
            of_pass.for_each(|key| take(number, key));
        }
        Ok(())
    }

    /// Halves of digests that stand twice, and of hardly any others.
    async fn suspects(&self, room: usize) -> Result<HashSet<u64>, WorkError> {
        let mut halves = Vec::with_capacity(room);
        self.each(|_, key| halves.push(key.digest as u64)).await?;
        in_thread(move || {
            halves.sort_unstable();
            halves.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
        })
        .await
    }

    /// The digests that have such a half.
    async fn seen(&self, suspects: &HashSet<u64>) -> Result<Vec<Seen>, WorkError> {
        let mut seen = Vec::new();
        self.each(|part, KeyDigest { column, digest, row }| {
            if suspects.contains(&(digest as u64)) {
                let column = column.and_then(|column| u32::try_from(column).ok()).unwrap_or(u32::MAX);
                seen.push(Seen { digest, column, row, part });
            }
        })
        .await?;
        Ok(seen)
    }
}

/// Does what takes a while on a thread that may.
async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| WorkError::Thread(error.to_string()))
}

/// The digests of a part, as they are stored.
async fn digests(
    files: &FileStore,
    part: &CheckPartOutput,
    context: &TaskContext,
) -> Result<Bytes, WorkError> {
    if context.stop().is_cancelled() {
        return Err(WorkError::Source(SourceError::Stopped));
    }
    Ok(files.get(&part.digests).await?)
}

/// A row with a value that an earlier one has.
struct Duplicate {
    column: Option<usize>,
    row: u32,
    first_row: u32,
}

/// Puts every row in error that repeats a value, naming the first row that has it; chunks with such rows are stored anew.
///
/// # Errors
/// If chunks can't be read or stored, or the task is told to stop.
pub(super) async fn fail_duplicates(
    files: &FileStore,
    dataset: &Dataset,
    place: &WorkPlace,
    parts: &mut [CheckPartOutput],
    context: &TaskContext,
) -> Result<(), WorkError> {
    let mut found: Vec<Vec<Duplicate>> = parts.iter().map(|_| Vec::new()).collect();
    let digest_count: u64 = parts.iter().map(|part| part.digest_count).sum();
    let count = digest_count.div_ceil(DIGESTS_AT_ONCE).max(1);
    for number in 0..count {
        let pass = Pass { files, parts, context, number, count };
        let suspects = pass.suspects((digest_count / count) as usize).await?;
        if suspects.is_empty() {
            continue;
        }
        let seen = pass.seen(&suspects).await?;
        for (part, duplicate) in in_thread(move || repeated(seen)).await? {
            if let Some(found) = found.get_mut(part as usize) {
                found.push(duplicate);
            }
        }
    }
    for ((part, mut found), number) in parts.iter_mut().zip(found).zip(0..) {
        if found.is_empty() {
            continue;
        }
        found.sort_by_key(|duplicate| duplicate.row);
        let mut chunk = read_checked(files, &part.key).await?;
        let errors = found.iter().map(|duplicate| row_error(dataset, &chunk, duplicate)).collect();
        chunk.fail_rows(errors)?;
        part.key = place.checked(number, context.token());
        store_checked(files, &part.key, &chunk).await?;
        (part.counts, part.findings) = (chunk.counts(), Findings::of(&chunk));
    }
    Ok(())
}

/// Those that are not the first of their kind, each with its part.
fn repeated(mut seen: Vec<Seen>) -> Vec<(u32, Duplicate)> {
    seen.sort_unstable();
    let alike = seen.chunk_by(|a, b| (a.digest, a.column) == (b.digest, b.column));
    let others = alike.filter_map(|alike| {
        let (first, others) = alike.split_first()?;
        Some(others.iter().map(|other| {
            let column = Some(other.column as usize).filter(|_| other.column != u32::MAX);
            (other.part, Duplicate { column, row: other.row, first_row: first.row })
        }))
    });
    others.flatten().collect()
}

fn row_error(dataset: &Dataset, chunk: &CheckedChunk, duplicate: &Duplicate) -> RowError {
    // A key of several columns is nobody's fault alone.
    let of_key = dataset.importing.as_ref().map(|importing| importing.key.as_slice());
    let column = duplicate.column.or(match of_key {
        Some([position]) => Some(*position),
        _ => None,
    });
    let column = column.and_then(|position| dataset.columns.get(position)).map(|column| column.name.clone());
    let given = column.as_ref().and_then(|name| {
        let (index, place) =
            (chunk.index_of(duplicate.row)?, chunk.rows.schema().index_of(&format!("n{name}")).ok()?);
        let cell = chunk.rows.slice(index, 1).project(&[place]).ok()?;
        text::rows(&cell).pop()?.pop()?
    });
    let given = given.unwrap_or_default().chars().take(GIVEN_CHARS).collect();
    RowError {
        row: duplicate.row,
        column,
        given,
        problem: CellProblem::DuplicateInFile { first_row: duplicate.first_row },
    }
}
