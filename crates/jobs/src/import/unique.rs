//! Values that may stand once in a file and stand twice: found across all chunks.
//!
//! Digests are gone through twice. The first time each sets a bit, which tells nearly all that stand once from those that may stand
//! twice; the second time the latter alone are gathered and compared.

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

/// Digests that are compared at a time, of 32 bytes each: where more may stand twice, they are gone through several times.
const COMPARED_AT_ONCE: u64 = 1_000_000;
/// Bits for each digest: one of 32 that stand once is compared for sharing its bit with an earlier one.
const BITS_PER_DIGEST: u64 = 32;
/// Bits in memory at most, 16 MiB; a digest has fewer where a file has more than four million of them.
const BITS_MAX: u64 = 1 << 27;
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

/// A set of digests by some of their bits: it has each that was put in, and some others.
struct Marks(Vec<u64>);

impl Marks {
    /// An empty set for about so many.
    fn with_room(count: u64) -> Marks {
        let bits = count.saturating_mul(BITS_PER_DIGEST).clamp(64, BITS_MAX).next_power_of_two();
        Marks(vec![0; (bits / 64) as usize])
    }

    fn place(&self, digest: u128) -> (usize, u64) {
        // There are a power of two of them.
        let place = digest as usize & (self.0.len() * 64 - 1);
        (place / 64, 1 << (place % 64))
    }

    fn has(&self, digest: u128) -> bool {
        let (word, bit) = self.place(digest);
        self.0[word] & bit != 0
    }

    /// Puts a digest in; gives whether the set had it before.
    fn put(&mut self, digest: u128) -> bool {
        let (word, bit) = self.place(digest);
        let had = self.0[word] & bit != 0;
        self.0[word] |= bit;
        had
    }
}

/// Digests of which some may stand twice.
struct Suspects {
    marks: Marks,
    /// How often they are gone through, so that not too many are compared at a time.
    passes: u64,
}

impl Suspects {
    /// `None` where all digests surely stand once.
    async fn of(
        files: &FileStore,
        parts: &[CheckPartOutput],
        context: &TaskContext,
    ) -> Result<Option<Suspects>, WorkError> {
        let count = parts.iter().map(|part| part.digest_count).sum();
        let (mut seen, mut marks, mut again) = (Marks::with_room(count), Marks::with_room(count), 0u64);
        for part in parts {
            let bytes = digests(files, part, context).await?;
            for key in keys::of_bytes(&bytes)? {
                if seen.put(key.digest) {
                    marks.put(key.digest);
                    again += 1;
                }
            }
        }
        // Each of them, and at most as many that came before.
        let passes = (again * 2).div_ceil(COMPARED_AT_ONCE);
        Ok((again > 0).then_some(Suspects { marks, passes }))
    }

    fn is_of(&self, digest: u128, pass: u64) -> bool {
        self.marks.has(digest) && (digest >> 64) as u64 % self.passes == pass
    }
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
    let Some(suspects) = Suspects::of(files, parts, context).await? else { return Ok(()) };
    let mut found: Vec<Vec<Duplicate>> = parts.iter().map(|_| Vec::new()).collect();
    for pass in 0..suspects.passes {
        let mut seen = Vec::new();
        for (part, number) in parts.iter().zip(0..) {
            let bytes = digests(files, part, context).await?;
            let of_pass = keys::of_bytes(&bytes)?.filter(|key| suspects.is_of(key.digest, pass));
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
