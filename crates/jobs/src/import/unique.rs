//! Values that may stand once in a file and stand twice: found across all chunks.

use longshore_datasets::import::{CheckedChunk, KeyDigest};
use longshore_datasets::{Dataset, SourceError, text};
use longshore_files::FileStore;
use longshore_protocol::import::{CellProblem, RowError};
use longshore_tasks::TaskContext;

use super::check_part::CheckPartOutput;
use super::chunk::{digests_of_bytes, read_checked, store_checked};
use super::place::WorkPlace;
use super::plan::Findings;
use crate::work_error::WorkError;

/// Digests in memory at a time, of 32 bytes each: where a file has more, they are gone through several times, by their last bits.
const DIGESTS_AT_ONCE: u64 = 1_000_000;
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
    let count: u64 = parts.iter().map(|part| part.digest_count).sum();
    let passes = u128::from(count.div_ceil(DIGESTS_AT_ONCE).max(1));
    for pass in 0..passes {
        let mut seen = Vec::with_capacity(count.min(DIGESTS_AT_ONCE) as usize);
        for (part, number) in parts.iter().zip(0..) {
            if context.stop().is_cancelled() {
                return Err(WorkError::Source(SourceError::Stopped));
            }
            let bytes = files.get(&part.digests).await?;
            let of_pass = digests_of_bytes(&bytes).filter(|key| key.digest % passes == pass);
            seen.extend(of_pass.map(|KeyDigest { column, digest, row }| Seen {
                digest,
                column: column.and_then(|column| u32::try_from(column).ok()).unwrap_or(u32::MAX),
                row,
                part: number,
            }));
        }
        let repeated = tokio::task::spawn_blocking(move || repeated(seen)).await;
        for (part, duplicate) in repeated.map_err(|error| WorkError::Thread(error.to_string()))? {
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
