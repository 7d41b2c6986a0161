//! Which cells of known rows change, so that nothing else of these rows is written.

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};

use super::compare::same;
use super::plan::Plan;
use super::target::{Changes, Target, Values, WriteError};
use crate::dataset::Column;

/// Which values rows are given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What the file says.
    New,
    /// What was there before.
    Old,
}

/// For each column that is no key, which rows differ in it from what they were.
pub(super) fn written(plan: &Plan<'_>, rows: &RecordBatch) -> Vec<Vec<bool>> {
    let [new, old] = [plan.new_of(rows, &plan.others), plan.old_of(rows, &plan.others)];
    new.iter()
        .zip(&old)
        .map(|(new, old)| same(new, old).into_iter().map(|is_same| !is_same).collect())
        .collect()
}

/// Gives the rows the values of one side in the cells in which the sides differ, in the order of the rows.
pub(super) fn apply(
    plan: &Plan<'_>,
    rows: &RecordBatch,
    side: Side,
    target: &mut dyn Target,
) -> Result<u64, WriteError> {
    let (mut places, mut masks) = (Vec::new(), Vec::new());
    for (place, differs) in plan.others.iter().zip(written(plan, rows)) {
        if differs.contains(&true) {
            places.push(*place);
            masks.push(differs.contains(&false).then(|| BooleanArray::from(differs)));
        }
    }
    if places.is_empty() {
        return Ok(rows.num_rows() as u64);
    }
    let columns: Vec<&Column> = places.iter().map(|place| plan.columns[*place]).collect();
    let arrays: Vec<ArrayRef> =
        if side == Side::New { plan.new_of(rows, &places) } else { plan.old_of(rows, &places) };
    let key = plan.new_of(rows, &plan.key);
    let key = Values { columns: &plan.key_columns(), arrays: &key };
    let values = Values { columns: &columns, arrays: &arrays };
    target.update(plan.place, key, Changes { values, masks: &masks })
}
