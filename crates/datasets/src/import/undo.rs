//! Taking back what was written: all of a call in one transaction, with its row of the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use longshore_protocol::import::{KeptRow, RowAction};
use serde::{Deserialize, Serialize};

use super::changes::{self, Side};
use super::check::{double_key, key_cells};
use super::commit::{Chunks, as_text, counted, explained, extent, joined, said};
use super::ledger::{CommitRecord, Deed};
use super::noting::{as_written, digest};
use super::plan::{Plan, action_at, number_at, rows_of, taken};
use super::target::{self, Access, Referrer, Target, Values};
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
    /// Rows that were left, because somebody has changed them since, or points at them. Rows that were created and are gone count nowhere.
    pub kept_count: u64,
    /// The first of these, at most [`KEPT_MAX`].
    pub kept: Vec<KeptRow>,
    /// Whether an earlier call has taken them back.
    #[serde(skip)]
    pub was_done_already: bool,
}

/// What becomes of a row that was created and at which rows of the same table point that stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// Nothing of the call is taken back: what points at it may be of another call, which comes first then.
    Refused,
    /// It is kept.
    Kept,
}

/// Takes back what [`super::commit()`] has written with the same key and chunks, in one transaction. The last comes first: `chunks`
/// are in the reverse of the order in which they were written, because a row may have what an earlier one had before. Where nothing was
/// written, nothing is taken back, and it can't be written any more. Blocks; setting `stop` ends it within a moment, and then nothing is
/// taken back. May be called again.
///
/// A row was changed since if one of the cells that the import wrote is no longer as it was after the import. Of rows that it created
/// also if another column of the dataset no longer holds what the database had put there by itself, as far as that was the same in all
/// of them. So is a row that others point at which would go with it, or lose what they point with.
///
/// # Errors
/// [`CommitError`]; nothing is taken back then.
pub fn undo(
    dataset: &Dataset,
    spec: &CheckSpec,
    ledger: &LedgerKey,
    chunks: &mut Chunks<'_>,
    pointed: Pointed,
    stop: &Arc<AtomicBool>,
) -> Result<Undone, CommitError> {
    let plan = Plan::of(dataset, spec).map_err(CommitError::Misfit)?;
    let mut target = target::open(dataset, Access::Write, &spec.zone, stop)?;
    if !target.claim(ledger, Deed::Undo)? {
        let undone: Undone = said(dataset, target.recorded(ledger, Deed::Undo)?)?;
        return Ok(Undone { was_done_already: true, ..undone });
    }
    let (mut undone, mut all) = (Undone::default(), None);
    if let Some(text) = target.recorded(ledger, Deed::Commit)? {
        let record: CommitRecord = said(dataset, Some(text))?;
        let referrers = target.referrers(plan.place)?;
        let taking_back =
            TakingBack { dataset, plan: &plan, record: &record, referrers: &referrers, pointed };
        for chunk in chunks {
            if stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped.into());
            }
            let chunk = chunk.map_err(CommitError::Chunk)?;
            all = joined(all, taking_back.take_back(&chunk, target.as_mut(), &mut undone)?);
        }
    }
    target.record(ledger, Deed::Undo, &as_text(&undone)?)?;
    target.commit().map_err(|error| explained(error, all))?;
    Ok(undone)
}

/// A chunk on its way back.
struct TakingBack<'a> {
    dataset: &'a Dataset,
    plan: &'a Plan<'a>,
    record: &'a CommitRecord,
    referrers: &'a [Referrer],
    pointed: Pointed,
}

impl TakingBack<'_> {
    /// Says which rows of the file it was about.
    fn take_back(
        &self,
        chunk: &CheckedChunk,
        target: &mut dyn Target,
        undone: &mut Undone,
    ) -> Result<Option<(u32, u32)>, CommitError> {
        let plan = self.plan;
        if chunk.rows.schema().fields() != plan.schema.fields() {
            return Err(CommitError::Misfit("its columns are others".to_owned()));
        }
        let rows = rows_of(chunk, &[RowAction::Create, RowAction::Update])?;
        if rows.num_rows() == 0 {
            return Ok(None);
        }
        let (mut removed, mut restored, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        // The last is taken back first, as with chunks.
        for (index, fate) in self.fates(&rows, target)?.into_iter().enumerate().rev() {
            // Chunks are far smaller.
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            match fate {
                Fate::Removed => removed.push(index),
                Fate::Restored => restored.push(index),
                Fate::Gone => {}
                Fate::Kept => kept.push(index),
            }
        }
        // The reverse of the order of the import; rows that point at others are changed before these go.
        if self.referrers.iter().any(|referrer| referrer.is_own) {
            self.restore(&taken(&rows, &restored)?, target)?;
            kept.extend(self.remove(&rows, &mut removed, target)?);
        } else {
            kept.extend(self.remove(&rows, &mut removed, target)?);
            self.restore(&taken(&rows, &restored)?, target)?;
        }
        undone.removed += removed.len() as u64;
        undone.restored += restored.len() as u64;
        undone.kept_count += kept.len() as u64;
        kept.sort_unstable();
        let key = plan.new_of(&rows, &plan.key);
        let told = kept.iter().take(KEPT_MAX).map(|index| KeptRow {
            row: number_at(&rows, *index as usize),
            key: key_cells(&key, *index as usize),
        });
        undone.kept.splice(0..0, told);
        undone.kept.truncate(KEPT_MAX);
        Ok(extent(&rows))
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
        let of_others = now.project(&(0..plan.others.len()).collect::<Vec<_>>())?;
        let mut is_as_imported = as_written(plan, rows, &of_others);
        for (index, is_as_imported) in is_as_imported.iter_mut().enumerate() {
            if let Some(altered) = self.record.altered.get(&number_at(rows, index)) {
                *is_as_imported =
                    places[index].is_some() && digest(plan, rows, &of_others, index) == *altered;
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
            let is_create = action_at(rows, index) == RowAction::Create;
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
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let count = changes::apply(self.plan, rows, Side::Old, target);
        counted(count.map_err(|error| explained(error, extent(rows)))?, rows.num_rows(), extent(rows))
    }

    /// Removes rows; those that stay are taken from `removed`, and given.
    fn remove(
        &self,
        rows: &RecordBatch,
        removed: &mut Vec<u32>,
        target: &mut dyn Target,
    ) -> Result<Vec<u32>, CommitError> {
        if removed.is_empty() {
            return Ok(Vec::new());
        }
        let plan = self.plan;
        let rows = taken(rows, removed)?;
        let key = plan.new_of(&rows, &plan.key);
        let key = Values { columns: &plan.key_columns(), arrays: &key };
        let count = target.delete(plan.place, key, self.referrers);
        let count = count.map_err(|error| explained(error, extent(&rows)))?;
        if count == removed.len() as u64 {
            return Ok(Vec::new());
        }
        let (places, _) = target.find(plan.place, key, &[], false)?.by_key(removed.len());
        let (left, gone): (Vec<_>, Vec<_>) =
            removed.iter().zip(places).partition(|(_, place)| place.is_some());
        let indexes = |rows: Vec<(&u32, Option<u32>)>| rows.into_iter().map(|(index, _)| *index).collect();
        let (left, gone) = (indexes(left), indexes(gone));
        *removed = gone;
        if self.pointed == Pointed::Refused && self.referrers.iter().any(|referrer| referrer.is_own) {
            let message = "rows of the table point at rows that are to be removed".to_owned();
            return Err(CommitError::Refused { message, rule: None, rows: extent(&rows) });
        }
        Ok(left)
    }
}

/// What becomes of a row that an import wrote.
enum Fate {
    Removed,
    Restored,
    Kept,
    Gone,
}
