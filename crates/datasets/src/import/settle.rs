//! What only the database knows of cells: in which form it keeps them, and which values are there.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_select::nullif::nullif;
use arrow_select::zip::zip;
use longshore_protocol::ColumnType;
use longshore_protocol::import::CellProblem;

use super::cells::trimmed;
use super::check::Checking;
use super::parse::Parsed;
use super::plan::taken_of;
use super::rules::Reference;
use super::storage::{Form, Settles, Storage};
use super::target::{Place, Settled, Target, Values};
use crate::dataset::Column;
use crate::error::SourceError;

/// Puts values into the form in which the database gives them back, so that they are compared with what is there, and found again when
/// they are taken back; values that it does not take are wrong.
pub(super) fn as_kept(
    place: Place<'_>,
    column: &Column,
    storage: &Storage,
    parsed: &mut Parsed,
    target: &mut dyn Target,
) -> Result<(), SourceError> {
    if !storage.settles.wants(&parsed.values) {
        return Ok(());
    }
    let Settled { values, wrong } = target.settled(place, column, &parsed.values)?;
    parsed.values = values;
    let problem = match (storage.settles, column.column_type) {
        (Settles::Foreign, _) => CellProblem::NotStorable,
        (Settles::Beyond(..), _) => CellProblem::OutOfRange {
            min: Some("1970-01-01 00:00:01".to_owned()),
            max: Some("2038-01-19 03:14:07".to_owned()),
        },
        (_, column_type) => CellProblem::WrongType { expected: column_type.name().to_owned() },
    };
    parsed.problems.extend(wrong.into_iter().map(|index| (index, problem.clone())));
    Ok(())
}

/// Has keys keep the white space around them where the database has a row that is called so: no cell can be told to have none.
pub(super) fn untrimmed_keys(
    checking: &mut Checking<'_>,
    storages: &[&Storage],
    target: &mut dyn Target,
) -> Result<(), SourceError> {
    let plan = checking.plan;
    let texts: Vec<usize> = plan
        .key
        .iter()
        .zip(storages)
        .filter(|(place, storage)| {
            plan.columns[**place].column_type == ColumnType::Text && storage.form == Form::Any
        })
        .map(|(place, _)| *place)
        .collect();
    let staged = checking.staged;
    let has_space = |index: &u32| {
        let text = |place: &usize| staged.text(*place, *index as usize);
        texts.iter().any(|place| trimmed(text(place)).len() != text(place).len())
    };
    let rows: Vec<u32> = checking.sound().into_iter().filter(has_space).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let of_key: Vec<ArrayRef> = plan.key.iter().map(|place| Arc::clone(&checking.new[*place])).collect();
    let mut given = taken_of(&of_key, &rows)?;
    for (given, place) in given.iter_mut().zip(&plan.key) {
        if texts.contains(place) {
            let of_rows = rows.iter().map(|row| staged.text(*place, *row as usize));
            *given = Arc::new(StringArray::from_iter_values(of_rows));
        }
    }
    let key = Values { columns: &plan.key_columns(), arrays: &given };
    let found = target.find(plan.place, key, &[], false)?;
    let is_found: Vec<u32> = found.at.iter().filter_map(|at| rows.get(*at as usize)).copied().collect();
    let mut is_untrimmed = vec![false; staged.rows.len()];
    for row in is_found {
        is_untrimmed[row as usize] = true;
    }
    if !is_untrimmed.contains(&true) {
        return Ok(());
    }
    let mask = BooleanArray::from(is_untrimmed);
    for place in texts {
        let all = (0..staged.rows.len()).map(|index| staged.text(place, index));
        let all = StringArray::from_iter_values(all);
        checking.new[place] = zip(&mask, &all, &checking.new[place])?;
    }
    Ok(())
}

/// Finds values that have to be in another table, and are not.
pub(super) fn look_for_references(
    checking: &mut Checking<'_>,
    target: &mut dyn Target,
) -> Result<(), SourceError> {
    let plan = checking.plan;
    for place in 0..plan.columns.len() {
        let rules = plan.importing.columns[plan.positions[place]].as_ref();
        let Some(Reference { schema, table, column }) = rules.and_then(|rules| rules.references.clone())
        else {
            continue;
        };
        let rows = checking.sound_with(place);
        if rows.is_empty() {
            continue;
        }
        let referred = Column { source: column, ..plan.columns[place].clone() };
        let at = Place { schema: schema.as_deref(), table: &table };
        let mut values = taken_of(&checking.new[place..=place], &rows)?;
        let storage = target.storage(at, &[&referred])?.remove(0);
        values[0] = storable(&values[0], &storage)?;
        if storage.settles.wants(&values[0]) {
            values[0] = target.settled(at, &referred, &values[0])?.values;
        }
        let mut is_found = vec![false; rows.len()];
        let given: Vec<u32> =
            (0u32..).take(rows.len()).filter(|index| values[0].is_valid(*index as usize)).collect();
        let values = taken_of(&values, &given)?;
        let values = Values { columns: &[&referred], arrays: &values };
        for found in target.find(at, values, &[], false)?.at {
            is_found[given[found as usize] as usize] = true;
        }
        for (row, _) in rows.into_iter().zip(is_found).filter(|(_, is_found)| !is_found) {
            checking.fail(row as usize, Some(place), CellProblem::NoReference { table: table.clone() });
        }
    }
    Ok(())
}

/// The values without those that a column of another table can't have, and the database would refuse to look for.
fn storable(values: &ArrayRef, storage: &Storage) -> Result<ArrayRef, SourceError> {
    let fits = |index: usize| {
        if let Some(texts) = values.as_string_opt::<i32>() {
            let text = texts.value(index);
            let has_room = storage.length_max.is_none_or(|limit| text.chars().count() <= limit as usize);
            return has_room && storage.form.fitted(text).is_some();
        }
        match (values.as_primitive_opt::<Int64Type>(), storage.whole) {
            (Some(numbers), Some((min, max))) => (min..=max).contains(&numbers.value(index)),
            _ => true,
        }
    };
    let unfit: BooleanArray =
        (0..values.len()).map(|index| Some(values.is_valid(index) && !fits(index))).collect();
    if unfit.true_count() == 0 {
        return Ok(Arc::clone(values));
    }
    Ok(nullif(values, &unfit)?)
}
