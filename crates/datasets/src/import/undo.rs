//! Taking back what was written: all of a call in one transaction, with its row of the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use longshore_protocol::import::{KeptRow, RowAction};
use serde::{Deserialize, Serialize};

use super::check::{double_key, key_cells};
use super::commit::{Chunks, as_text, changed, explained, extent, said};
use super::compare::same;
use super::ledger::{CommitRecord, Deed};
use super::plan::{Plan, rows_of, taken};
use super::target::{self, Access, Target, Values};
use super::{CheckSpec, CheckedChunk, CommitError, LedgerKey};
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::text;

/// Kept rows that are listed.
pub const KEPT_MAX: usize = 100;

/// What was taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// Rows that were created and are removed.
    pub removed: u64,
    /// Rows that were changed and are again as they were.
    pub restored: u64,
    /// Rows that were left, because somebody has changed them since. Rows that were created and are gone count nowhere.
    pub kept_count: u64,
    /// The first of these, at most [`KEPT_MAX`].
    pub kept: Vec<KeptRow>,
    /// Whether an earlier call has taken them back.
    #[serde(skip)]
    pub was_done_already: bool,
}

/// Takes back what [`super::commit()`] has written with the same key and chunks, in one transaction. Where it has written nothing,
/// nothing is taken back, and it can't write any more. Blocks; setting `stop` ends it within a moment, and then nothing is taken
/// back. May be called again.
///
/// A row was changed since if one of the columns that the import wrote is no longer as it wrote it. Of rows that it created also
/// if another column of the dataset no longer holds what the database had put there by itself, as far as that was the same in all
/// of them.
///
/// # Errors
/// [`CommitError`]; nothing is taken back then.
pub fn undo(
    dataset: &Dataset,
    spec: &CheckSpec,
    ledger: &LedgerKey,
    chunks: &mut Chunks<'_>,
    stop: &Arc<AtomicBool>,
) -> Result<Undone, CommitError> {
    let plan = Plan::of(dataset, spec).map_err(CommitError::Misfit)?;
    let mut target = target::open(dataset, Access::Write, &spec.zone, stop)?;
    if !target.claim(ledger, Deed::Undo)? {
        let undone: Undone = said(dataset, target.recorded(ledger, Deed::Undo)?)?;
        return Ok(Undone { was_done_already: true, ..undone });
    }
    let mut undone = Undone::default();
    if let Some(text) = target.recorded(ledger, Deed::Commit)? {
        let record: CommitRecord = said(dataset, Some(text))?;
        for chunk in chunks {
            if stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped.into());
            }
            let chunk = chunk.map_err(CommitError::Chunk)?;
            let taking_back = TakingBack { dataset, plan: &plan, record: &record };
            taking_back.take_back(&chunk, target.as_mut(), &mut undone)?;
        }
    }
    target.record(ledger, Deed::Undo, &as_text(&undone)?)?;
    target.commit().map_err(|error| explained(error, None))?;
    Ok(undone)
}

/// A chunk on its way back.
struct TakingBack<'a> {
    dataset: &'a Dataset,
    plan: &'a Plan<'a>,
    record: &'a CommitRecord,
}

impl TakingBack<'_> {
    fn take_back(
        &self,
        chunk: &CheckedChunk,
        target: &mut dyn Target,
        undone: &mut Undone,
    ) -> Result<(), CommitError> {
        let plan = self.plan;
        if chunk.rows.schema().fields() != plan.schema.fields() {
            return Err(CommitError::Misfit("its columns are others".to_owned()));
        }
        let rows = rows_of(chunk, &[RowAction::Create, RowAction::Update])?;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let (mut removed, mut restored) = (Vec::new(), Vec::new());
        for ((index, fate), number) in (0u32..).zip(self.fates(&rows, target)?).zip(numbers(&rows)) {
            match fate {
                Fate::Removed => removed.push(index),
                Fate::Restored => restored.push(index),
                Fate::Gone => {}
                Fate::Kept => {
                    undone.kept_count += 1;
                    if undone.kept.len() < KEPT_MAX {
                        let key = key_cells(&plan.new_of(&rows, &plan.key), index as usize);
                        undone.kept.push(KeptRow { row: number, key });
                    }
                }
            }
        }
        undone.removed += removed.len() as u64;
        undone.restored += restored.len() as u64;
        self.restore(&taken(&rows, &restored)?, target)?;
        self.remove(&taken(&rows, &removed)?, target)
    }

    /// What becomes of each row.
    fn fates(&self, rows: &RecordBatch, target: &mut dyn Target) -> Result<Vec<Fate>, CommitError> {
        let plan = self.plan;
        let untouched: Vec<&Column> = plan
            .unmapped
            .iter()
            .copied()
            .filter(|column| self.record.defaults.contains_key(&column.name))
            .collect();
        let mut wanted: Vec<&Column> = plan.others.iter().map(|place| plan.columns[*place]).collect();
        wanted.extend(&untouched);
        let key = plan.new_of(rows, &plan.key);
        let key = Values { columns: &plan.key_columns(), arrays: &key };
        let found = target.find(plan.place, key, &wanted, true)?;
        let (places, double) = found.by_key(rows.num_rows());
        if double.is_some() {
            return Err(double_key(self.dataset).into());
        }
        let now = found.aligned(&places)?;
        let mut is_as_imported = vec![true; rows.num_rows()];
        for (new, now) in plan.new_of(rows, &plan.others).iter().zip(now.columns()) {
            for (is_as_imported, same) in is_as_imported.iter_mut().zip(same(new, now)) {
                *is_as_imported &= same;
            }
        }
        let mut is_untouched = vec![true; rows.num_rows()];
        if !untouched.is_empty() {
            let texts = text::rows(&now.project(&(plan.others.len()..wanted.len()).collect::<Vec<_>>())?);
            for (is_untouched, texts) in is_untouched.iter_mut().zip(texts) {
                let mut pairs = untouched.iter().zip(texts);
                *is_untouched =
                    pairs.all(|(column, text)| self.record.defaults.get(&column.name) == Some(&text));
            }
        }
        let fates = (0..rows.num_rows()).map(|index| {
            let is_create = action(rows, index) == RowAction::Create;
            match (is_create, places[index].is_some()) {
                (true, false) => Fate::Gone,
                (true, true) if is_as_imported[index] && is_untouched[index] => Fate::Removed,
                (false, true) if is_as_imported[index] => Fate::Restored,
                _ => Fate::Kept,
            }
        });
        Ok(fates.collect())
    }

    fn restore(&self, rows: &RecordBatch, target: &mut dyn Target) -> Result<(), CommitError> {
        let places = changed(self.plan, rows);
        if places.is_empty() {
            return Ok(());
        }
        let columns: Vec<&Column> = places.iter().map(|place| self.plan.columns[*place]).collect();
        let values = self.plan.old_of(rows, &places);
        let key = self.plan.new_of(rows, &self.plan.key);
        let key = Values { columns: &self.plan.key_columns(), arrays: &key };
        let written = target.update(self.plan.place, key, Values { columns: &columns, arrays: &values });
        written.map_err(|error| explained(error, extent(rows)))
    }

    fn remove(&self, rows: &RecordBatch, target: &mut dyn Target) -> Result<(), CommitError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let key = self.plan.new_of(rows, &self.plan.key);
        let key = Values { columns: &self.plan.key_columns(), arrays: &key };
        target.delete(self.plan.place, key).map_err(|error| explained(error, extent(rows)))
    }
}

/// What becomes of a row that an import wrote.
enum Fate {
    Removed,
    Restored,
    Kept,
    Gone,
}

fn action(rows: &RecordBatch, index: usize) -> RowAction {
    use arrow_array::cast::AsArray;
    RowAction::from_u8(rows.column(1).as_primitive::<arrow_array::types::UInt8Type>().value(index))
}

fn numbers(rows: &RecordBatch) -> Vec<u32> {
    use arrow_array::cast::AsArray;
    rows.column(0).as_primitive::<arrow_array::types::UInt32Type>().values().to_vec()
}
