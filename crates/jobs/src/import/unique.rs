//! Values that may stand once in a file and stand twice: found across all chunks.

use std::collections::HashMap;

use longshore_datasets::import::{CheckedChunk, KeyDigest};
use longshore_datasets::{Dataset, text};
use longshore_files::FileStore;
use longshore_protocol::import::{CellProblem, RowError};
use longshore_tasks::TaskContext;

use super::check_part::CheckPartOutput;
use super::chunk::{digests_of_bytes, read_checked, store_checked};
use super::place::WorkPlace;
use super::plan::Findings;
use crate::work_error::WorkError;

/// Digests in memory at a time: where a file has more, they are gone through several times, by their last bits.
const DIGESTS_AT_ONCE: u64 = 4_000_000;
/// Characters of a value that are told.
const GIVEN_CHARS: usize = 100;

/// A row with a value that an earlier one has.
struct Duplicate {
    column: Option<usize>,
    row: u32,
    first_row: u32,
}

/// Puts every row in error that repeats a value, naming the first row that has it; chunks with such rows are stored anew.
///
/// # Errors
/// If chunks can't be read or stored.
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
        let mut first_rows: HashMap<(Option<usize>, u128), u32> = HashMap::new();
        for (part, found) in parts.iter().zip(&mut found) {
            let bytes = files.get(&part.digests).await?;
            for KeyDigest { column, digest, row } in digests_of_bytes(&bytes) {
                if digest % passes != pass {
                    continue;
                }
                // Chunks and rows come in the file's order, so the first one seen is the first one there.
                let first_row = *first_rows.entry((column, digest)).or_insert(row);
                if first_row != row {
                    found.push(Duplicate { column, row, first_row });
                }
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
