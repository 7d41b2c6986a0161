//! Writing checked chunks: all of a call in one transaction, with its row of the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{ArrayRef, RecordBatch};
use longshore_protocol::import::{PlanCounts, RowAction};

use super::changes::{self, Side};
use super::check::double_key;
use super::compare::same;
use super::ledger::{CommitRecord, Deed};
use super::noting::Noting;
use super::plan::{Plan, number_at, rows_of, taken_of};
use super::target::{self, Access, Target, Values, WriteError};
use super::{CheckSpec, CheckedChunk, ChunkError, CommitError, LedgerKey};
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;

/// Chunks whose new rows are added together at most: where the database does not tell which row it refuses, it is one of theirs.
const TOGETHER_MAX: usize = 5;

/// Chunks in the order in which they are written.
pub type Chunks<'a> = dyn Iterator<Item = Result<CheckedChunk, ChunkError>> + 'a;

/// What is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Rows by what was done to them; `error` are rows of the chunks that were left out.
    pub counts: PlanCounts,
    /// Whether an earlier call has written them; then the chunks were not looked at.
    pub was_done_already: bool,
}

/// Writes the chunks as they were planned, in one transaction. Blocks; setting `stop` ends it within a moment, and then nothing is
/// written. May be called again with the same key, at the same time too: it writes once and tells the same counts.
///
/// # Errors
/// [`CommitError`]; nothing is written then.
pub fn commit(
    dataset: &Dataset,
    spec: &CheckSpec,
    ledger: &LedgerKey,
    chunks: &mut Chunks<'_>,
    stop: &Arc<AtomicBool>,
) -> Result<Committed, CommitError> {
    let plan = Plan::of(dataset, spec).map_err(CommitError::Misfit)?;
    let mut target = target::open(dataset, Access::Write, &spec.zone, stop)?;
    if !target.claim(ledger, Deed::Commit)? {
        let record: CommitRecord = said(dataset, target.recorded(ledger, Deed::Commit)?)?;
        return Ok(Committed { counts: record.counts, was_done_already: true });
    }
    if target.recorded(ledger, Deed::Undo)?.is_some() {
        return Err(CommitError::Misfit("the import was taken back".to_owned()));
    }
    let mut writing = Writing {
        dataset,
        plan: &plan,
        is_unique: target.is_unique(plan.place, &plan.key_columns())?,
        creates_first: target.refers_to_itself(plan.place)?,
        counts: PlanCounts::default(),
        noting: Noting::of(&plan, target.as_mut())?,
        extent: None,
    };
    let mut queue = Queue { chunks, put_back: None, stop };
    while let Some(chunk) = queue.next() {
        match writing.write(&chunk?, &mut queue, target.as_mut()) {
            Ok(()) => {}
            Err(Refusal::Duplicate { creates, refused }) => {
                // What the transaction would see now is its own; what others have, another sees.
                drop(target);
                let rows = writing.taken_keys(&creates, spec, stop)?;
                return Err(if rows.is_empty() { refused } else { CommitError::Drifted { rows } });
            }
            Err(Refusal::Other(error)) => return Err(error),
        }
    }
    let Writing { counts, noting, extent, .. } = writing;
    target.record(ledger, Deed::Commit, &as_text(&noting.record(counts))?)?;
    target.commit().map_err(|error| explained(error, extent))?;
    Ok(Committed { counts, was_done_already: false })
}

/// A record as the ledger holds it.
pub(super) fn as_text(record: &impl serde::Serialize) -> Result<String, CommitError> {
    let text = serde_json::to_string(record);
    text.map_err(|error| CommitError::Misfit(format!("the ledger's text: {error}")))
}

/// What the ledger holds of a deed that is said to be done.
pub(super) fn said<T: serde::de::DeserializeOwned>(
    dataset: &Dataset,
    text: Option<String>,
) -> Result<T, CommitError> {
    let broken = |problem: String| SourceError::Database {
        dataset: dataset.id.to_string(),
        source: problem.into(),
        // Whoever was writing the row has given it up.
        is_transient: text.is_none(),
    };
    match &text {
        Some(text) => serde_json::from_str(text).map_err(|error| {
            broken(format!("the ledger holds what was never written there: {error}")).into()
        }),
        None => Err(broken("the ledger has just been changed".to_owned()).into()),
    }
}

/// The chunks that are still to be written.
struct Queue<'a, 'b> {
    chunks: &'a mut Chunks<'b>,
    /// One that was taken too early.
    put_back: Option<CheckedChunk>,
    stop: &'a AtomicBool,
}

impl Queue<'_, '_> {
    fn next(&mut self) -> Option<Result<CheckedChunk, CommitError>> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Err(SourceError::Stopped.into()));
        }
        let put_back = self.put_back.take().map(Ok);
        put_back.or_else(|| Some(self.chunks.next()?.map_err(CommitError::Chunk)))
    }
}

/// What a refusal of the database means.
pub(super) fn explained(error: WriteError, rows: Option<(u32, u32)>) -> CommitError {
    match error {
        WriteError::Refused { message, rule, .. } => CommitError::Refused { message, rule, rows },
        WriteError::Source(error) => CommitError::Source(error),
    }
}

/// The first and the last row of a batch of a chunk's rows, by their numbers in the file; they may stand in the reverse order.
pub(super) fn extent(rows: &RecordBatch) -> Option<(u32, u32)> {
    let last = rows.num_rows().checked_sub(1)?;
    let (a, b) = (number_at(rows, 0), number_at(rows, last));
    Some((a.min(b), a.max(b)))
}

/// Both together.
pub(super) fn joined(a: Option<(u32, u32)>, b: Option<(u32, u32)>) -> Option<(u32, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// What it means that the database has written fewer rows than it was given, or more.
pub(super) fn counted(count: u64, given: usize, rows: Option<(u32, u32)>) -> Result<(), CommitError> {
    if count == given as u64 {
        return Ok(());
    }
    let message = format!(
        "of {given} rows it has written {count}: a trigger or a policy of the table leaves rows out, or takes them elsewhere"
    );
    Err(CommitError::Refused { message, rule: None, rows })
}

/// What new rows are known by, in memory of its own: the rest of them need not stay until all are written.
struct Added {
    /// Numbers in the file.
    numbers: Vec<u32>,
    key: Vec<ArrayRef>,
}

impl Added {
    fn of(plan: &Plan<'_>, rows: &RecordBatch) -> Result<Added, CommitError> {
        let all: Vec<u32> = (0u32..).take(rows.num_rows()).collect();
        let numbers = (0..rows.num_rows()).map(|index| number_at(rows, index)).collect();
        Ok(Added { numbers, key: taken_of(&plan.new_of(rows, &plan.key), &all)? })
    }

    fn extent(&self) -> Option<(u32, u32)> {
        self.numbers.first().zip(self.numbers.last()).map(|(first, last)| (*first, *last))
    }
}

/// Why a chunk was not written.
enum Refusal {
    /// Something that must be once is there: the rows that were to be added, and what it means unless their keys are.
    Duplicate {
        creates: Vec<Added>,
        refused: CommitError,
    },
    Other(CommitError),
}

impl<T: Into<CommitError>> From<T> for Refusal {
    fn from(error: T) -> Refusal {
        Refusal::Other(error.into())
    }
}

/// Chunks on their way into the database.
struct Writing<'a> {
    dataset: &'a Dataset,
    plan: &'a Plan<'a>,
    /// Whether the database itself keeps keys from being there twice.
    is_unique: bool,
    /// Whether rows are added before others are changed, which may point at them. Else what a changed row no longer has may be what a
    /// new one has.
    creates_first: bool,
    counts: PlanCounts,
    noting: Noting<'a>,
    /// The first and the last row that were written.
    extent: Option<(u32, u32)>,
}

impl Writing<'_> {
    /// Writes a chunk, and perhaps some of those that follow it.
    fn write(
        &mut self,
        chunk: &CheckedChunk,
        queue: &mut Queue<'_, '_>,
        target: &mut dyn Target,
    ) -> Result<(), Refusal> {
        self.look_at_columns(chunk)?;
        let known = rows_of(chunk, &[RowAction::Update, RowAction::Unchanged])?;
        let creates = rows_of(chunk, &[RowAction::Create])?;
        let mut drifted = self.drifted(&known, target)?;
        if !self.is_unique {
            drifted.extend(self.present(&Added::of(self.plan, &creates)?, target)?);
        }
        if !drifted.is_empty() {
            drifted.sort_unstable();
            return Err(CommitError::Drifted { rows: drifted }.into());
        }
        let updates = rows_of(chunk, &[RowAction::Update])?;
        for written in [&updates, &creates] {
            self.extent = joined(self.extent, extent(written));
        }
        if self.creates_first {
            self.create(&creates, queue, target)?;
            self.update(&updates, target)?;
        } else {
            self.update(&updates, target)?;
            self.create(&creates, queue, target)?;
        }
        self.noting.written(&updates, target)?;
        self.noting.written(&creates, target)?;
        self.counts = self.counts.plus(chunk.counts());
        Ok(())
    }

    fn look_at_columns(&self, chunk: &CheckedChunk) -> Result<(), CommitError> {
        if chunk.rows.schema().fields() == self.plan.schema.fields() {
            return Ok(());
        }
        Err(CommitError::Misfit("its columns are others".to_owned()))
    }

    /// The new rows of the next chunk, if it has nothing else and nothing needs to be looked at before or behind them.
    fn next_creates(
        &self,
        queue: &mut Queue<'_, '_>,
    ) -> Result<Option<(RecordBatch, Added, PlanCounts)>, CommitError> {
        if !self.is_unique || self.creates_first || self.noting.looks() {
            return Ok(None);
        }
        let Some(chunk) = queue.next().transpose()? else { return Ok(None) };
        self.look_at_columns(&chunk)?;
        let counts = chunk.counts();
        if counts.create == 0 || counts.update + counts.unchanged > 0 {
            queue.put_back = Some(chunk);
            return Ok(None);
        }
        let rows = rows_of(&chunk, &[RowAction::Create])?;
        let added = Added::of(self.plan, &rows)?;
        Ok(Some((rows, added, counts)))
    }

    /// Rows whose values in the database are no longer those that the plan has.
    fn drifted(&self, rows: &RecordBatch, target: &mut dyn Target) -> Result<Vec<u32>, CommitError> {
        if rows.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let others: Vec<&Column> = self.plan.others.iter().map(|place| self.plan.columns[*place]).collect();
        let key = self.plan.new_of(rows, &self.plan.key);
        let key = Values { columns: &self.plan.key_columns(), arrays: &key };
        let found = target.find(self.plan.place, key, &others, true)?;
        let (places, double) = found.by_key(rows.num_rows());
        if double.is_some() {
            return Err(double_key(self.dataset).into());
        }
        let now = found.aligned(&places)?;
        let mut is_kept: Vec<bool> = places.iter().map(Option::is_some).collect();
        for (old, now) in self.plan.old_of(rows, &self.plan.others).iter().zip(now.columns()) {
            for (is_kept, same) in is_kept.iter_mut().zip(same(old, now)) {
                *is_kept &= same;
            }
        }
        Ok(numbers(rows, is_kept.into_iter().map(|is_kept| !is_kept)))
    }

    /// Rows whose key the database has.
    fn present(&self, added: &Added, target: &mut dyn Target) -> Result<Vec<u32>, CommitError> {
        if added.numbers.is_empty() {
            return Ok(Vec::new());
        }
        let key = Values { columns: &self.plan.key_columns(), arrays: &added.key };
        let (places, _) = target.find(self.plan.place, key, &[], false)?.by_key(added.numbers.len());
        let found = added.numbers.iter().zip(places).filter(|(_, place)| place.is_some());
        Ok(found.map(|(number, _)| *number).collect())
    }

    /// The same, asked outside of the transaction, which has failed.
    fn taken_keys(
        &self,
        creates: &[Added],
        spec: &CheckSpec,
        stop: &Arc<AtomicBool>,
    ) -> Result<Vec<u32>, CommitError> {
        let mut target = target::open(self.dataset, Access::Read, &spec.zone, stop)?;
        let mut taken = Vec::new();
        for creates in creates {
            taken.extend(self.present(creates, target.as_mut())?);
        }
        Ok(taken)
    }

    fn update(&self, rows: &RecordBatch, target: &mut dyn Target) -> Result<(), Refusal> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let written = changes::apply(self.plan, rows, Side::New, target);
        let count = written.map_err(|error| Refusal::Other(explained(error, extent(rows))))?;
        Ok(counted(count, rows.num_rows(), extent(rows))?)
    }

    /// Adds rows, and those of the chunks that follow, as long as they have nothing else.
    fn create(
        &mut self,
        rows: &RecordBatch,
        queue: &mut Queue<'_, '_>,
        target: &mut dyn Target,
    ) -> Result<(), Refusal> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let all: Vec<usize> = (0..self.plan.columns.len()).collect();
        let (mut given, mut further, mut failed) =
            (vec![Added::of(self.plan, rows)?], PlanCounts::default(), None);
        let mut more = || {
            if given.len() == TOGETHER_MAX {
                return None;
            }
            let (rows, added, counts) = self.next_creates(queue).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })?;
            further = further.plus(counts);
            given.push(added);
            Some(self.plan.new_of(&rows, &all))
        };
        let values = self.plan.new_of(rows, &all);
        let values = Values { columns: &self.plan.columns, arrays: &values };
        let added = target.insert(self.plan.place, values, &mut more);
        if let Some(error) = failed {
            return Err(error.into());
        }
        let extents = given.iter().map(Added::extent).fold(None, joined);
        match added {
            Ok(count) => counted(count, given.iter().map(|added| added.numbers.len()).sum(), extents)?,
            Err(error) => {
                let is_duplicate = matches!(error, WriteError::Refused { is_duplicate: true, .. });
                let row = match &error {
                    WriteError::Refused { row: Some(row), .. } => {
                        given.iter().flat_map(|added| &added.numbers).nth(*row).copied()
                    }
                    _ => None,
                };
                let refused = explained(error, row.map(|row| (row, row)).or(extents));
                return Err(if is_duplicate {
                    Refusal::Duplicate { creates: given, refused }
                } else {
                    Refusal::Other(refused)
                });
            }
        }
        self.extent = joined(self.extent, extents);
        self.counts = self.counts.plus(further);
        Ok(self.noting.added(rows, target)?)
    }
}

/// The numbers in the file of the rows that are meant.
fn numbers(rows: &RecordBatch, is_meant: impl Iterator<Item = bool>) -> Vec<u32> {
    let meant = is_meant.enumerate().filter(|(_, is_meant)| *is_meant);
    meant.map(|(index, _)| number_at(rows, index)).collect()
}
