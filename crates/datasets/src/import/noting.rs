//! What taking back has to know of rows beside their chunk: what the database itself has put there.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_select::take::take;
use longshore_protocol::import::RowAction;
use xxhash_rust::xxh3::Xxh3;

use super::changes::written;
use super::compare::same;
use super::ledger::CommitRecord;
use super::plan::{Plan, action_at, number_at};
use super::target::{Target, Values};
use super::{CommitError, PlanCounts};
use crate::dataset::Column;
use crate::error::SourceError;
use crate::text;

/// Rows of a transaction of which it is kept that triggers have altered them; any further are left where they are by taking back, as if
/// somebody had changed them since.
const ALTERED_MAX: usize = 100_000;

/// Takes notes while rows are written.
pub(super) struct Noting<'a> {
    plan: &'a Plan<'a>,
    /// Columns that the file does not have, as long as they are the same in all rows that were added.
    wanted: Vec<&'a Column>,
    defaults: BTreeMap<String, Option<String>>,
    has_triggers: bool,
    altered: BTreeMap<u32, String>,
}

impl<'a> Noting<'a> {
    pub(super) fn of(plan: &'a Plan<'a>, target: &mut dyn Target) -> Result<Noting<'a>, SourceError> {
        let mut wanted = plan.unmapped.clone();
        if !wanted.is_empty() {
            // What is computed from other columns changes with them.
            let storages = target.storage(plan.place, &wanted)?;
            let mut storages = storages.iter();
            wanted.retain(|_| storages.next().is_some_and(|storage| !storage.is_computed));
        }
        let has_triggers = target.has_triggers(plan.place)?;
        Ok(Noting { plan, wanted, defaults: BTreeMap::new(), has_triggers, altered: BTreeMap::new() })
    }

    /// Whether rows that were added have to be looked at.
    pub(super) fn looks(&self) -> bool {
        self.has_triggers || !self.wanted.is_empty()
    }

    /// Looks at what rows that were added have in columns that the file does not have.
    pub(super) fn added(&mut self, rows: &RecordBatch, target: &mut dyn Target) -> Result<(), CommitError> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        let key = self.plan.new_of(rows, &self.plan.key);
        let key = Values { columns: &self.plan.key_columns(), arrays: &key };
        let found = target.find(self.plan.place, key, &self.wanted, false)?.rows;
        if found.num_rows() == 0 {
            return Ok(());
        }
        let first = text::rows(&found.slice(0, 1)).pop().unwrap_or_default();
        let mut wanted = Vec::with_capacity(self.wanted.len());
        for ((column, array), first) in self.wanted.drain(..).zip(found.columns()).zip(first) {
            let default = self.defaults.entry(column.name.clone()).or_insert_with(|| first.clone());
            if *default == first && is_one(array)? {
                wanted.push(column);
            } else {
                self.defaults.remove(&column.name);
            }
        }
        self.wanted = wanted;
        Ok(())
    }

    /// Looks at what triggers have made of rows that were written.
    pub(super) fn written(&mut self, rows: &RecordBatch, target: &mut dyn Target) -> Result<(), CommitError> {
        if !self.has_triggers || rows.num_rows() == 0 || self.altered.len() >= ALTERED_MAX {
            return Ok(());
        }
        let plan = self.plan;
        let key = plan.new_of(rows, &plan.key);
        let key = Values { columns: &plan.key_columns(), arrays: &key };
        let others: Vec<&Column> = plan.others.iter().map(|place| plan.columns[*place]).collect();
        let found = target.find(plan.place, key, &others, false)?;
        let (places, _) = found.by_key(rows.num_rows());
        let now = found.aligned(&places)?;
        let is_kept = as_written(plan, rows, &now);
        let altered = (0..rows.num_rows()).filter(|index| !is_kept[*index] && places[*index].is_some());
        for index in altered.take(ALTERED_MAX - self.altered.len()) {
            self.altered.insert(number_at(rows, index), digest(plan, rows, &now, index));
        }
        Ok(())
    }

    pub(super) fn record(self, counts: PlanCounts) -> CommitRecord {
        CommitRecord { counts, defaults: self.defaults, altered: self.altered }
    }
}

/// Whether all values of a column are the same.
fn is_one(array: &ArrayRef) -> Result<bool, CommitError> {
    let first = take(array, &UInt32Array::from(vec![0; array.len()]), None)?;
    Ok(!same(array, &first).contains(&false))
}

/// The cells of a row that were written: all of one that was added, and of others those that differ from what they were.
fn is_written(rows: &RecordBatch, differs: bool, index: usize) -> bool {
    differs || action_at(rows, index) == RowAction::Create
}

/// For each row whether it has in the cells that were written what was written.
pub(super) fn as_written(plan: &Plan<'_>, rows: &RecordBatch, now: &RecordBatch) -> Vec<bool> {
    let mut is_kept = vec![true; rows.num_rows()];
    let new = plan.new_of(rows, &plan.others);
    for ((new, now), differs) in new.iter().zip(now.columns()).zip(written(plan, rows)) {
        for (index, is_same) in same(new, now).into_iter().enumerate() {
            is_kept[index] &= is_same || !is_written(rows, differs[index], index);
        }
    }
    is_kept
}

/// A digest of what a row has in the cells that were written.
pub(super) fn digest(plan: &Plan<'_>, rows: &RecordBatch, now: &RecordBatch, index: usize) -> String {
    let row = rows.slice(index, 1);
    let texts = text::rows(&now.slice(index, 1)).pop().unwrap_or_default();
    let mut digest = Xxh3::new();
    for (differs, text) in written(plan, &row).iter().zip(&texts) {
        if is_written(&row, differs[0], 0) {
            digest.update(&[u8::from(text.is_some())]);
            let text = text.as_deref().unwrap_or_default();
            // So that no two rows run together as the same bytes.
            digest.update(&text.len().to_le_bytes());
            digest.update(text.as_bytes());
        }
    }
    format!("{:016x}", digest.digest())
}
