//! The temporary table through which values travel, and rows that come back.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use longshore_protocol::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Params, Value as SqlValue};

use super::super::decode::BatchBuilder;
use super::super::fault::Fault;
use super::super::{fill, param};
use super::MySqlTarget;
use super::statement::quoted;
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::plan::taken_of;
use crate::import::target::{Found, Place, Settled, Values};
use crate::import::values::value_at;
use crate::source::{Yield, count_column};
use crate::statement::{Dialect, Param};

/// The temporary table with the values of a statement.
pub(super) const ROWS: &str = "longshore_rows";
/// Rows of one INSERT.
const ROWS_MAX: usize = 1000;
/// Marks of one statement (<https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html#error_er_ps_many_param>).
const MARKS_MAX: usize = 65_000;
/// Bytes of one INSERT, well below what servers take at once.
const STATEMENT_BYTES: usize = 1 << 20;

impl MySqlTarget {
    /// Adds rows to a table; `into` is what follows INSERT, with the names of the columns. Says how many there are now; `then` is
    /// called after each statement, with the first of its rows.
    pub(super) fn add(
        &mut self,
        into: &str,
        values: &[Values<'_>],
        numbered: bool,
        mut then: impl FnMut(&mut Self, usize) -> Result<(), SourceError>,
    ) -> Result<u64, SourceError> {
        let row_count = values.first().map_or(0, Values::row_count);
        let columns: Vec<(&Column, &ArrayRef)> =
            values.iter().flat_map(|values| values.columns.iter().copied().zip(values.arrays)).collect();
        let mut marks: Vec<&str> = Vec::with_capacity(columns.len() + 1);
        marks.extend(numbered.then_some("?"));
        marks.extend(columns.iter().map(|(column, _)| match column.stored_as {
            StoredAs::Bytes => "UNHEX(?)",
            _ => "?",
        }));
        let marks = format!("({})", marks.join(", "));
        let bytes: usize =
            columns.iter().map(|(_, array)| array.get_buffer_memory_size() + 8 * row_count).sum();
        let most = (STATEMENT_BYTES * row_count.max(1) / bytes.max(1)).clamp(1, ROWS_MAX);
        let most = most.min(MARKS_MAX / (columns.len() + 1)).max(1);
        let (mut first, mut added) = (0, 0);
        while first < row_count {
            let count = most.min(row_count - first);
            let sql = format!("INSERT {into} VALUES {}", vec![marks.as_str(); count].join(", "));
            let mut params = Vec::with_capacity(count * (columns.len() + 1));
            for row in first..first + count {
                params.extend(numbered.then_some(SqlValue::UInt(row as u64)));
                for (column, array) in &columns {
                    let value = value_at(array, row).map_err(|error| self.failure(error.to_string()))?;
                    let param = value.map(|value| Param { value, stored_as: column.stored_as });
                    params.push(param.map_or(SqlValue::NULL, |param| param::stored(&param)));
                }
            }
            added += self.run(&sql, Params::Positional(params))?;
            then(self, first)?;
            first += count;
        }
        Ok(added)
    }

    /// Makes the temporary table for values of these columns and as many masks: `n`, `v0`, `v1` and so on; gives these names.
    pub(super) fn make_rows(
        &mut self,
        place: Place<'_>,
        columns: &[&Column],
        mask_count: usize,
    ) -> Result<String, SourceError> {
        self.run(&format!("DROP TEMPORARY TABLE IF EXISTS {ROWS}"), Params::Empty)?;
        let like = columns.iter().map(|column| Dialect::MySql.quoted(&column.source));
        let masks = std::iter::repeat_n("CAST(0 AS SIGNED)".to_owned(), mask_count);
        let like: Vec<String> =
            like.chain(masks).enumerate().map(|(number, like)| format!("{like} AS v{number}")).collect();
        let sql = format!(
            "CREATE TEMPORARY TABLE {ROWS} AS SELECT CAST(0 AS UNSIGNED) AS n, {} FROM {} LIMIT 0",
            like.join(", "),
            quoted(place)
        );
        self.run(&sql, Params::Empty)?;
        let names: Vec<String> = (0..columns.len() + mask_count).map(|number| format!("v{number}")).collect();
        Ok(format!("{ROWS} (n, {})", names.join(", ")))
    }

    /// Puts values into the temporary table, and behind them masks.
    pub(super) fn load(
        &mut self,
        place: Place<'_>,
        values: &[Values<'_>],
        masks: &[ArrayRef],
    ) -> Result<(), SourceError> {
        let columns: Vec<&Column> = values.iter().flat_map(|values| values.columns).copied().collect();
        let into = self.make_rows(place, &columns, masks.len())?;
        let mask = Column::plain("mask", ColumnType::Boolean);
        let of_masks = vec![&mask; masks.len()];
        let mut all = values.to_vec();
        all.push(Values { columns: &of_masks, arrays: masks });
        self.add(&format!("INTO {into}"), &all, true, |_, _| Ok(())).map(drop)
    }

    /// The rows of the last statement whose values did not fit, by their numbers from 1.
    pub(super) fn unfit(&mut self) -> Result<Vec<usize>, SourceError> {
        let warnings: Vec<(String, u16, String)> =
            self.snapshot.within(self.snapshot.statement_timeout, |runtime, connection, limits| {
                // Preparing a statement would clear them.
                runtime.block_on(limits.guard(connection.query("SHOW WARNINGS")))
            })?;
        let row = |(_, _, message): (String, u16, String)| {
            let number = message.rsplit_once("at row ").and_then(|(_, number)| number.trim().parse().ok());
            number.filter(|number| *number > 0)
        };
        Ok(warnings.into_iter().filter_map(row).collect())
    }

    /// The rows of a statement, whose first column is a number.
    pub(super) fn numbered(
        &mut self,
        sql: &str,
        wanted: &[&Column],
        row_count: usize,
    ) -> Result<Found, SourceError> {
        let number = count_column();
        let mut columns = vec![&number];
        columns.extend(wanted);
        let zone = self.zone.clone();
        let yields = Yield { columns: &columns, zone: &zone, batch_rows: row_count };
        let mut rows =
            self.snapshot.within(self.snapshot.statement_timeout, |runtime, connection, limits| {
                let asked = connection.exec_iter(sql, Params::Empty);
                let mut result = runtime.block_on(limits.guard(asked))?;
                let mut builder = BatchBuilder::new(&yields, result.columns_ref())?;
                runtime.block_on(limits.guard(fill(&mut builder, &mut result, usize::MAX)))?;
                builder.finish().map_err(Fault::from)
            })?;
        let at = rows.remove_column(0);
        let at = at.as_primitive::<Int64Type>().values();
        let at = at.iter().map(|number| u32::try_from(*number).unwrap_or(u32::MAX)).collect();
        Ok(Found { at, rows })
    }

    /// What becomes of values in a column of the table.
    pub(super) fn settle(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<Settled, SourceError> {
        let (rows, given) = valid(values)?;
        let into = self.make_rows(place, &[column], 0)?;
        self.run(&format!("SET SESSION max_error_count = {}", 2 * ROWS_MAX), Params::Empty)?;
        let given = [Values { columns: &[column], arrays: &given }];
        let mut unfit: Vec<String> = Vec::new();
        // What does not fit is a warning then, and not the end of all.
        self.add(&format!("IGNORE INTO {into}"), &given, true, |target, first| {
            unfit.extend(target.unfit()?.into_iter().map(|number| (first + number - 1).to_string()));
            Ok(())
        })?;
        // What the server made of them may be nothing that can be read.
        for unfit in unfit.chunks(ROWS_MAX) {
            self.run(&format!("DELETE FROM {ROWS} WHERE n IN ({})", unfit.join(", ")), Params::Empty)?;
        }
        let found = self.numbered(&format!("SELECT n, v0 FROM {ROWS}"), &[column], rows.len())?;
        let mut places = vec![None; values.len()];
        for (number, at) in (0u32..).zip(&found.at) {
            places[rows[*at as usize] as usize] = Some(number);
        }
        let settled = found.aligned(&places)?.remove_column(0);
        let wrong = rows.iter().map(|row| *row as usize).filter(|row| settled.is_null(*row)).collect();
        Ok(Settled { values: settled, wrong })
    }
}

/// The places of values, without those of nulls, which the table may not take, and the values there.
pub(super) fn valid(values: &ArrayRef) -> Result<(Vec<u32>, Vec<ArrayRef>), SourceError> {
    let rows: Vec<u32> = (0u32..).take(values.len()).filter(|row| values.is_valid(*row as usize)).collect();
    let given = taken_of(std::slice::from_ref(values), &rows)?;
    Ok((rows, given))
}
