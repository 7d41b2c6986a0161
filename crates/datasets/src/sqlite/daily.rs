//! Daily statistics: which days a query has rows of, and the rows and sums of each day.
//!
//! Rows are added up here rather than by SQL, because SQLite adds everything that is not an integer as floating
//! point, and because a value that is not of its column's type is then found, as in an export.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use longshore_protocol::ColumnType;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Transaction, params_from_iter};

use super::statement::Statement;
use super::{decode, open_stoppable, source_error};
use crate::dataset::{Column, DailyStatistics, Dataset};
use crate::error::SourceError;
use crate::query::Query;
use crate::text;
use crate::value::type_name;

const MICROS_PER_DAY: i64 = 86_400_000_000;
const EPOCH: Date = date(1970, 1, 1);

/// Days one after the other. The last is one of them, because the last day that there is has none after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Days {
    /// Number of days.
    pub fn count(self) -> u32 {
        u32::try_from(day_number(self.last) - day_number(self.first) + 1).unwrap_or(0)
    }

    /// Each of them, in order.
    pub fn each(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }

    /// Whether a day is one of them.
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// The sum of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sum {
    /// Exact: of whole numbers with scale 0, of decimals with the column's scale.
    Exact {
        /// All digits.
        unscaled: i128,
        /// Digits after the point.
        scale: u8,
    },
    /// As exact as floating point is.
    Float(f64),
}

impl Sum {
    /// The sum of no rows.
    pub fn zero(column: &Column) -> Sum {
        match column.column_type {
            ColumnType::Float => Sum::Float(0.0),
            ColumnType::Decimal { scale } => Sum::Exact { unscaled: 0, scale },
            _ => Sum::Exact { unscaled: 0, scale: 0 },
        }
    }

    /// The sum with one more value; `None` if that is not of the column's type. A missing value adds nothing.
    fn plus(self, value: ValueRef<'_>, column: &Column) -> Option<Sum> {
        if value == ValueRef::Null {
            return Some(self);
        }
        match self {
            Sum::Float(sum) => Some(Sum::Float(sum + decode::float(value)?)),
            Sum::Exact { unscaled, scale } => {
                let more = match column.column_type {
                    ColumnType::Decimal { scale } => decode::decimal(value, scale, column.stored_as)?,
                    _ => i128::from(decode::integer(value)?),
                };
                Some(Sum::Exact { unscaled: unscaled.checked_add(more)?, scale })
            }
        }
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Sum::Exact { unscaled, scale } => f.write_str(&text::decimal(*unscaled, *scale)),
            Sum::Float(sum) => write!(f, "{sum:?}"),
        }
    }
}

/// The rows of one day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayTotals {
    /// The day.
    pub day: Date,
    /// How many rows it has, at least 1.
    pub row_count: u64,
    /// The sums, in the order of [`DailyStatistics::sums`].
    pub sums: Vec<Sum>,
}

/// The days between the first and the last row of a query, both included; `None` if it has no rows with a day. Blocks;
/// setting `stop` ends it within milliseconds.
///
/// # Errors
/// [`SourceError::BadValue`] where the column holds what is not a day, [`SourceError::Stopped`] if it was told to stop,
/// else what the database says.
pub fn day_extent(
    dataset: &Dataset,
    statistics: &DailyStatistics,
    query: &Query,
    stop: &Arc<AtomicBool>,
) -> Result<Option<Days>, SourceError> {
    in_snapshot(dataset, stop, |transaction, database_error| {
        let column = &dataset.columns[statistics.date];
        let extent = Statement::extent(dataset, query, statistics.date);
        let found = transaction.query_row(&extent.sql, params_from_iter(extent.params), |row| {
            let days = (day_of(row.get_ref(0)?, column), day_of(row.get_ref(1)?, column));
            Ok((days, row.get::<_, i64>(2)?))
        });
        let ((first, last), row_count) = found.map_err(database_error)?;
        if row_count == 0 {
            return Ok(None);
        }
        let bad = || bad_value(column, 1, "a value that is no day, or is not stored as the others are");
        let (first, last) = first.zip(last).ok_or_else(bad)?;
        let days = Days { first, last };
        // Text sorts as its days do only if all of it is written alike. What lies outside would be in no part.
        let inside = Statement::count(dataset, query).between(dataset, query, statistics.date, days);
        let inside: i64 = transaction
            .query_row(&inside.sql, params_from_iter(inside.params), |row| row.get(0))
            .map_err(database_error)?;
        if inside == row_count { Ok(Some(days)) } else { Err(bad()) }
    })
}

/// Counts and adds up the rows of a query per day, for the days given, in one snapshot of the database; days without
/// rows are left out. Blocks; setting `stop` ends it within milliseconds.
///
/// # Errors
/// As [`day_extent`].
pub fn daily(
    dataset: &Dataset,
    statistics: &DailyStatistics,
    query: &Query,
    days: Days,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<DayTotals>, SourceError> {
    let wanted = [statistics.date].into_iter().chain(statistics.sums.iter().copied()).collect();
    let query = Query { columns: wanted, conditions: query.conditions.clone(), order: Vec::new() };
    let columns: Vec<&Column> = statistics.sums.iter().map(|index| &dataset.columns[*index]).collect();
    in_snapshot(dataset, stop, |transaction, database_error| {
        let select =
            Statement::select_unordered(dataset, &query).between(dataset, &query, statistics.date, days);
        let mut prepared = transaction.prepare(&select.sql).map_err(database_error)?;
        let mut rows = prepared.query(params_from_iter(select.params)).map_err(database_error)?;
        let mut by_day: BTreeMap<Date, DayTotals> = BTreeMap::new();
        let mut row_number = 0;
        while let Some(row) = rows.next().map_err(database_error)? {
            row_number += 1;
            if stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped);
            }
            let date = &dataset.columns[statistics.date];
            let value = row.get_ref(0).map_err(database_error)?;
            let day = day_of(value, date).filter(|day| days.contains(*day));
            let day = day.ok_or_else(|| bad_value(date, row_number, &kind_of(value)))?;
            let totals = by_day.entry(day).or_insert_with(|| DayTotals {
                day,
                row_count: 0,
                sums: columns.iter().map(|column| Sum::zero(column)).collect(),
            });
            totals.row_count += 1;
            add(totals, row, &columns, row_number).map_err(|error| match error {
                AddError::Sql(error) => database_error(error),
                AddError::Source(error) => error,
            })?;
        }
        Ok(by_day.into_values().collect())
    })
}

enum AddError {
    Sql(rusqlite::Error),
    Source(SourceError),
}

fn add(totals: &mut DayTotals, row: &Row<'_>, columns: &[&Column], row_number: u64) -> Result<(), AddError> {
    for (index, (sum, column)) in totals.sums.iter_mut().zip(columns).enumerate() {
        let value = row.get_ref(index + 1).map_err(AddError::Sql)?;
        *sum = sum
            .plus(value, column)
            .ok_or_else(|| AddError::Source(bad_value(column, row_number, &kind_of(value))))?;
    }
    Ok(())
}

/// Runs reads in one read transaction, which takes its snapshot at the first of them.
fn in_snapshot<T>(
    dataset: &Dataset,
    stop: &Arc<AtomicBool>,
    read: impl FnOnce(&Transaction<'_>, &dyn Fn(rusqlite::Error) -> SourceError) -> Result<T, SourceError>,
) -> Result<T, SourceError> {
    let database_error = |source| source_error(dataset, stop, source);
    let mut connection = open_stoppable(&dataset.database, stop).map_err(database_error)?;
    let transaction = connection.transaction().map_err(database_error)?;
    read(&transaction, &database_error)
}

/// The day of a stored date or timestamp.
fn day_of(value: ValueRef<'_>, column: &Column) -> Option<Date> {
    let number = match column.column_type {
        ColumnType::Date => i64::from(decode::days(value, column.stored_as)?),
        _ => decode::micros(value, column.stored_as)?.div_euclid(MICROS_PER_DAY),
    };
    EPOCH.checked_add(number.days()).ok()
}

/// Days since 1970-01-01.
fn day_number(day: Date) -> i32 {
    // Days are the largest unit of such a difference, and 9,999 years of them fit.
    day.since(EPOCH).map_or(0, |since| since.get_days())
}

fn kind_of(value: ValueRef<'_>) -> String {
    format!("{} value", value.data_type().to_string().to_lowercase())
}

fn bad_value(column: &Column, row: u64, found: &str) -> SourceError {
    SourceError::BadValue {
        column: column.name.clone(),
        row,
        found: found.to_owned(),
        declared: type_name(column.column_type),
    }
}
