//! Checking a chunk of rows: what each would do.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt8Array, UInt32Array};
use longshore_protocol::import::{CellKind, CellProblem, ImportMode, RowAction, RowError};

use super::compare::{each_digest, kept, near, same, shown_alike};
use super::parse::{self, Cells};
use super::plan::{Plan, taken_of};
use super::settle;
use super::storage::Storage;
use super::target::{self, Access, Target, Values};
use super::{CheckSpec, CheckedChunk, KeyDigest, cells};
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::text;

/// Rows of a chunk, at most, that are compared with the database at once.
pub const CHUNK_ROWS: usize = 20_000;

/// Checks the rows of one staged chunk. Each batch has the field `row` (UInt32, the row's number in the file), and for each column
/// `i` of the file `c{i}` (Utf8) and `k{i}` (UInt8, a [`CellKind`]); a column of which it has neither is empty in it. Rows that are
/// wrong are no failure: the chunk says what is wrong with them. Blocks; setting `stop` ends it within a moment.
///
/// # Errors
/// What the database says; [`SourceError::Stopped`] if it was told to stop.
pub fn check(
    dataset: &Dataset,
    spec: &CheckSpec,
    cells: &[RecordBatch],
    stop: &Arc<AtomicBool>,
) -> Result<CheckedChunk, SourceError> {
    let misfit = |problem: String| SourceError::Database {
        dataset: dataset.id.to_string(),
        source: problem.into(),
        is_transient: false,
    };
    let plan = Plan::of(dataset, spec).map_err(misfit)?;
    let staged = Staged::of(&plan, spec, cells)
        .ok_or_else(|| misfit("the staged cells are not of the form that is promised".to_owned()))?;
    let mut target = target::open(dataset, Access::Read, &spec.zone, stop)?;
    let mut checking = Checking::parsed(dataset, &plan, spec, &staged, target.as_mut())?;
    checking.digest(target.as_mut())?;
    checking.compare(spec.mode, target.as_mut())?;
    checking.look_for_owners(target.as_mut())?;
    settle::look_for_references(&mut checking, target.as_mut())?;
    checking.finish()
}

/// The cells of a chunk, column by column.
pub(super) struct Staged {
    /// Numbers of rows in the file.
    pub(super) rows: Vec<u32>,
    /// For each mapped column its cells, batch by batch.
    columns: Vec<Vec<Cells>>,
}

impl Staged {
    /// `None` if the batches are not of the form that is promised.
    fn of(plan: &Plan<'_>, spec: &CheckSpec, batches: &[RecordBatch]) -> Option<Staged> {
        let mut rows = Vec::new();
        for batch in batches {
            rows.extend_from_slice(batch.column_by_name("row")?.as_primitive_opt::<UInt32Type>()?.values());
        }
        let column = |position: &usize| {
            let (index, _) = spec.mapping.iter().find(|(_, mapped)| mapped == position)?;
            let cells = |batch: &RecordBatch| {
                let found = ["k", "c"].map(|name| batch.column_by_name(&format!("{name}{index}")));
                let (kinds, texts) = match found {
                    [Some(kinds), Some(texts)] => (kinds, texts),
                    // No row of the batch reaches so far.
                    [None, None] => return Some(Cells::empty(batch.num_rows())),
                    _ => return None,
                };
                let kinds = kinds.as_primitive_opt::<UInt8Type>()?.clone();
                Some(Cells { texts: texts.as_string_opt::<i32>()?.clone(), kinds })
            };
            batches.iter().map(cells).collect::<Option<Vec<_>>>()
        };
        let columns = plan.positions.iter().map(column).collect::<Option<Vec<_>>>()?;
        Some(Staged { rows, columns })
    }

    /// The cells among which one stands, and its place among them.
    fn cell(&self, column: usize, mut index: usize) -> Option<(&Cells, usize)> {
        for cells in self.columns.get(column)? {
            if index < cells.texts.len() {
                return Some((cells, index));
            }
            index -= cells.texts.len();
        }
        None
    }

    /// What kind of cell it is.
    fn kind(&self, column: usize, index: usize) -> CellKind {
        self.cell(column, index).map_or(CellKind::Empty, |(cells, index)| cells.kind(index))
    }

    /// The whole text of a cell, with the white space around it.
    pub(super) fn text(&self, column: usize, index: usize) -> &str {
        let text = self.cell(column, index).map(|(cells, index)| match cells.kind(index) {
            CellKind::Empty => "",
            _ => cells.text(index),
        });
        text.unwrap_or_default()
    }

    /// What stands in a cell, as it is repeated where it is wrong.
    fn given(&self, column: usize, index: usize) -> String {
        cells::given(self.text(column, index))
    }
}

/// A chunk that is being checked. Rows are known by their place in it.
pub(super) struct Checking<'a> {
    dataset: &'a Dataset,
    pub(super) plan: &'a Plan<'a>,
    pub(super) staged: &'a Staged,
    pub(super) new: Vec<ArrayRef>,
    old: Vec<ArrayRef>,
    /// For each column the rows whose moment the zone has twice.
    folds: Vec<Vec<usize>>,
    actions: Vec<RowAction>,
    /// By row, and then by column, of which the last is the row as a whole.
    errors: Vec<(usize, usize, RowError)>,
    keys: Vec<KeyDigest>,
    /// Columns that each new row needs and the file does not have.
    missing: Vec<String>,
}

impl<'a> Checking<'a> {
    fn parsed(
        dataset: &'a Dataset,
        plan: &'a Plan<'a>,
        spec: &CheckSpec,
        staged: &'a Staged,
        target: &mut dyn Target,
    ) -> Result<Checking<'a>, SourceError> {
        let everything: Vec<&Column> = dataset.columns.iter().collect();
        let storages = target.storage(plan.place, &everything)?;
        let is_missing = |position: &usize| {
            let is_required =
                plan.importing.columns[*position].as_ref().is_some_and(|rules| rules.is_required);
            !plan.positions.contains(position) && (is_required || !storages[*position].is_optional)
        };
        let missing = (0..everything.len()).filter(is_missing);
        let mut checking = Checking {
            dataset,
            plan,
            staged,
            new: Vec::with_capacity(plan.columns.len()),
            old: Vec::new(),
            folds: Vec::with_capacity(plan.columns.len()),
            actions: vec![RowAction::Create; staged.rows.len()],
            errors: Vec::new(),
            keys: Vec::new(),
            missing: missing.map(|position| everything[position].name.clone()).collect(),
        };
        for (place, position) in plan.positions.iter().enumerate() {
            let Some(rules) = &plan.importing.columns[*position] else { continue };
            let storage = &storages[*position];
            let (column, is_key) = (plan.columns[place], plan.key.contains(&place));
            let mut parsed =
                parse::column(column, rules, storage, is_key, &staged.columns[place], &spec.zone)?;
            settle::as_kept(plan.place, column, storage, &mut parsed, target)?;
            checking.new.push(parsed.values);
            checking.folds.push(parsed.folds);
            for (index, problem) in parsed.problems {
                checking.fail(index, Some(place), problem);
            }
        }
        let of_key: Vec<&Storage> = plan.key.iter().map(|place| &storages[plan.positions[*place]]).collect();
        settle::untrimmed_keys(&mut checking, &of_key, target)?;
        Ok(checking)
    }

    /// Takes note of what is wrong with a cell, or with a row.
    pub(super) fn fail(&mut self, index: usize, column: Option<usize>, problem: CellProblem) {
        let name = column.map(|place| self.plan.columns[place].name.clone());
        let given = match column {
            Some(place) => self.staged.given(place, index),
            None => self.key_text(index),
        };
        self.push(index, column.unwrap_or(usize::MAX), name, given, problem);
    }

    fn push(
        &mut self,
        index: usize,
        order: usize,
        column: Option<String>,
        given: String,
        problem: CellProblem,
    ) {
        if !problem.is_warning() {
            self.actions[index] = RowAction::Error;
        }
        let row = self.staged.rows[index];
        self.errors.push((index, order, RowError { row, column, given, problem }));
    }

    fn key_text(&self, index: usize) -> String {
        let texts: Vec<String> = self.plan.key.iter().map(|place| self.staged.given(*place, index)).collect();
        cells::given(&texts.join(", "))
    }

    /// Rows that nothing is wrong with so far.
    pub(super) fn sound(&self) -> Vec<u32> {
        let sound = (0u32..).zip(&self.actions).filter(|(_, action)| **action != RowAction::Error);
        sound.map(|(index, _)| index).collect()
    }

    /// Rows that nothing is wrong with so far, and that have a value in a column.
    pub(super) fn sound_with(&self, place: usize) -> Vec<u32> {
        let mut rows = self.sound();
        rows.retain(|row| self.new[place].is_valid(*row as usize));
        rows
    }

    /// Digests of what must be once in a file, also of rows in error: of two that share a key both have to be looked at.
    fn digest(&mut self, target: &mut dyn Target) -> Result<(), SourceError> {
        let mut wanted: Vec<(Option<usize>, Vec<usize>)> = vec![(None, self.plan.key.clone())];
        wanted.extend(self.unique_places().into_iter().map(|place| (Some(place), vec![place])));
        for (unique, places) in wanted {
            let mut folded = Vec::with_capacity(places.len());
            for place in places {
                folded.push(target.folded(self.plan.place, self.plan.columns[place], &self.new[place])?);
            }
            let column = unique.map(|place| self.plan.positions[place]);
            self.keys.reserve(self.staged.rows.len());
            each_digest(&folded, |index, digest| {
                self.keys.push(KeyDigest { column, digest, row: self.staged.rows[index] });
            });
        }
        Ok(())
    }

    /// Columns whose values must be once, but for a key that is one column.
    fn unique_places(&self) -> Vec<usize> {
        let is_unique = |place: &usize| {
            let rules = self.plan.importing.columns[self.plan.positions[*place]].as_ref();
            rules.is_some_and(|rules| rules.is_unique) && self.plan.key != [*place]
        };
        (0..self.plan.columns.len()).filter(is_unique).collect()
    }

    /// Finds the rows of the keys, and what would happen to them.
    fn compare(&mut self, mode: ImportMode, target: &mut dyn Target) -> Result<(), SourceError> {
        let sound = self.sound();
        let key_columns = self.plan.key_columns();
        let key: Vec<ArrayRef> = self.plan.key.iter().map(|place| Arc::clone(&self.new[*place])).collect();
        let key = taken_of(&key, &sound)?;
        let key = Values { columns: &key_columns, arrays: &key };
        let found = target.find(self.plan.place, key, &self.plan.columns, false)?;
        let (of_sound, double) = found.by_key(sound.len());
        if double.is_some() {
            return Err(double_key(self.dataset));
        }
        let mut places: Vec<Option<u32>> = vec![None; self.actions.len()];
        for (index, place) in sound.iter().zip(of_sound) {
            places[*index as usize] = place;
        }
        self.old = found.aligned(&places)?.columns().to_vec();
        let mut is_like = vec![true; self.actions.len()];
        // Most imports bring nothing but new rows, and then there is nothing to compare them with.
        let others = if found.at.is_empty() { Vec::new() } else { self.plan.others.clone() };
        for place in others {
            let is_same = self.same(place);
            for (like, same) in is_like.iter_mut().zip(&is_same) {
                *like &= same;
            }
            let is_kept: Vec<bool> =
                is_same.iter().zip(&places).map(|(same, place)| *same && place.is_some()).collect();
            if is_kept.contains(&true) {
                self.new[place] = kept(&self.new[place], &self.old[place], &is_kept)?;
            }
        }
        for index in sound.into_iter().map(|index| index as usize) {
            let is_there = places[index].is_some();
            match (mode, is_there) {
                (ImportMode::Insert, true) => self.fail(index, None, CellProblem::Exists),
                (ImportMode::Update, false) => self.fail(index, None, CellProblem::DoesNotExist),
                (_, true) if is_like[index] => self.actions[index] = RowAction::Unchanged,
                (_, true) => self.actions[index] = RowAction::Update,
                (_, false) => {
                    for column in self.missing.clone() {
                        self.push(index, usize::MAX, Some(column), String::new(), CellProblem::Required);
                    }
                }
            }
        }
        Ok(())
    }

    /// For each row whether a cell says what the database has.
    fn same(&self, place: usize) -> Vec<bool> {
        let (new, old) = (&self.new[place], &self.old[place]);
        let mut is_same = same(new, old);
        // A spreadsheet has no more than the milliseconds of a time, so that its cell can't say the rest.
        near(new, old, &mut is_same, |index| {
            matches!(self.staged.kind(place, index), CellKind::Number | CellKind::Date)
        });
        for index in &self.folds[place] {
            is_same[*index] |= shown_alike(new, old, *index);
        }
        is_same
    }

    /// Values that must be once, and that another row of the database has.
    fn look_for_owners(&mut self, target: &mut dyn Target) -> Result<(), SourceError> {
        let key_columns = self.plan.key_columns();
        for place in self.unique_places() {
            let rows = self.sound_with(place);
            if rows.is_empty() {
                continue;
            }
            let values = taken_of(&self.new[place..=place], &rows)?;
            let values = Values { columns: &[self.plan.columns[place]], arrays: &values };
            let found = target.find(self.plan.place, values, &key_columns, false)?;
            let owned: Vec<u32> = found.at.iter().map(|at| rows[*at as usize]).collect();
            let own: Vec<ArrayRef> =
                self.plan.key.iter().map(|place| Arc::clone(&self.old[*place])).collect();
            let own = taken_of(&own, &owned)?;
            let mut is_own = vec![true; owned.len()];
            for (own, owner) in own.iter().zip(found.rows.columns()) {
                for (is_own, same) in is_own.iter_mut().zip(same(own, owner)) {
                    *is_own &= same;
                }
            }
            let mut failed: Vec<u32> =
                owned.into_iter().zip(is_own).filter(|(_, is_own)| !is_own).map(|(row, _)| row).collect();
            // A value can have several owners, and the database tells them in any order.
            failed.sort_unstable();
            failed.dedup();
            for row in failed {
                self.fail(row as usize, Some(place), CellProblem::Taken);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<CheckedChunk, SourceError> {
        let actions: Vec<u8> = self.actions.iter().map(|action| *action as u8).collect();
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(UInt32Array::from(self.staged.rows.clone())), Arc::new(UInt8Array::from(actions))];
        for (new, old) in self.new.into_iter().zip(self.old) {
            columns.extend([new, old]);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.staged.rows.len()));
        let schema = Arc::clone(&self.plan.schema);
        let rows = RecordBatch::try_new_with_options(schema, columns, &options)?;
        self.errors.sort_by_key(|(index, order, _)| (*index, *order));
        let errors = self.errors.into_iter().map(|(.., error)| error).collect();
        Ok(CheckedChunk { rows, errors, keys: self.keys })
    }
}

/// The texts of a row's key.
pub(crate) fn key_cells(key: &[ArrayRef], index: usize) -> Vec<Option<String>> {
    let row = RecordBatch::try_from_iter(key.iter().map(|array| ("key", array.slice(index, 1))));
    row.ok().and_then(|row| text::rows(&row).pop()).unwrap_or_default()
}

/// What a key that names two rows means.
pub(crate) fn double_key(dataset: &Dataset) -> SourceError {
    SourceError::Database {
        dataset: dataset.id.to_string(),
        source: "two rows share a key that has to be unique; `longshore check` tells more".into(),
        is_transient: false,
    }
}
