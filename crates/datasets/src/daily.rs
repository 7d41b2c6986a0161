//! Daily statistics: which days a query has rows of, and the rows and sums of each day.
//!
//! Rows are added up here rather than by SQL, because SQLite adds everything that is not an integer as floating
//! point, because databases differ in it, and because a value that is not of its column's type is then found, as in an
//! export.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use longshore_protocol::ColumnType;

use crate::dataset::{Column, DailyStatistics, Dataset};
use crate::error::SourceError;
use crate::query::Query;
use crate::source::{self, Yield};
use crate::statement::{Dialect, Statement};
use crate::text;

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

    /// The sum with one more value; `None` if it has too many digits. A missing value adds nothing.
    fn plus(self, values: &dyn Array, row: usize) -> Option<Sum> {
        if values.is_null(row) {
            return Some(self);
        }
        match self {
            Sum::Float(sum) => Some(Sum::Float(sum + values.as_primitive::<Float64Type>().value(row))),
            Sum::Exact { unscaled, scale } => {
                let more = match values.data_type() {
                    DataType::Int64 => i128::from(values.as_primitive::<Int64Type>().value(row)),
                    _ => values.as_primitive::<Decimal128Type>().value(row),
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
/// setting `stop` ends it within a moment.
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
    let dialect = Dialect::of(&dataset.database);
    let mut snapshot = source::open(dataset, stop)?;
    let date = &dataset.columns[statistics.date];
    let count = source::count_column();
    let yields = Yield { columns: &[date, date, &count], zone: &query.zone, batch_rows: 1 };
    let mut found = (None, None, 0);
    snapshot.rows(&Statement::extent(dialect, dataset, query, statistics.date), &yields, &mut |batch| {
        let count = batch.column(2).as_primitive::<Int64Type>().value(0);
        found = (day_of(batch.column(0), 0), day_of(batch.column(1), 0), count.unsigned_abs());
        ControlFlow::Continue(())
    })?;
    let (first, last, row_count) = found;
    if row_count == 0 {
        return Ok(None);
    }
    let bad = || bad_value(date, 1, "a value that is no day, or is not stored as the others are");
    let (first, last) = first.zip(last).ok_or_else(bad)?;
    let days = Days { first, last };
    // Text sorts as its days do only if all of it is written alike. What lies outside would be in no part.
    let inside = Statement::count(dialect, dataset, query).between(dataset, query, statistics.date, days);
    if snapshot.count(&inside, None)? == Some(row_count) { Ok(Some(days)) } else { Err(bad()) }
}

/// Counts and adds up the rows of a query per day, for the days given, in one snapshot of the database; days without
/// rows are left out. Blocks; setting `stop` ends it within a moment.
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
    let query = Query { columns: wanted, order: Vec::new(), ..query.clone() };
    let columns = query.columns_of(dataset);
    let select = Statement::select_unordered(Dialect::of(&dataset.database), dataset, &query).between(
        dataset,
        &query,
        statistics.date,
        days,
    );
    let mut totals = Totals { days, columns: &columns, by_day: BTreeMap::new(), row_count: 0 };
    let mut added = Ok(());
    let yields = Yield { columns: &columns, zone: &query.zone, batch_rows: source::BATCH_ROWS };
    let read = source::open(dataset, stop)?.rows(&select, &yields, &mut |batch| {
        added = totals.add(&batch);
        if added.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    // What is wrong with a value is why the reading was stopped.
    added?;
    read?;
    Ok(totals.by_day.into_values().collect())
}

struct Totals<'a> {
    days: Days,
    /// The date, and then what is added up.
    columns: &'a [&'a Column],
    by_day: BTreeMap<Date, DayTotals>,
    row_count: u64,
}

impl Totals<'_> {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), SourceError> {
        let [date, sums @ ..] = self.columns else { return Ok(()) };
        for row in 0..batch.num_rows() {
            self.row_count += 1;
            let day = day_of(batch.column(0), row).filter(|day| self.days.contains(*day));
            let day = day.ok_or_else(|| bad_value(date, self.row_count, "a value of another day"))?;
            let totals = self.by_day.entry(day).or_insert_with(|| DayTotals {
                day,
                row_count: 0,
                sums: sums.iter().map(|column| Sum::zero(column)).collect(),
            });
            totals.row_count += 1;
            for ((sum, column), values) in totals.sums.iter_mut().zip(sums).zip(&batch.columns()[1..]) {
                *sum = sum.plus(values, row).ok_or_else(|| {
                    bad_value(column, self.row_count, "a value that makes the sum too large")
                })?;
            }
        }
        Ok(())
    }
}

/// The day of a date or timestamp.
fn day_of(values: &dyn Array, row: usize) -> Option<Date> {
    if values.is_null(row) {
        return None;
    }
    let number = match values.data_type() {
        DataType::Date32 => i64::from(values.as_primitive::<Date32Type>().value(row)),
        _ => values.as_primitive::<TimestampMicrosecondType>().value(row).div_euclid(MICROS_PER_DAY),
    };
    EPOCH.checked_add(number.days()).ok()
}

/// Days since 1970-01-01.
fn day_number(day: Date) -> i32 {
    // Days are the largest unit of such a difference, and 9,999 years of them fit.
    day.since(EPOCH).map_or(0, |since| since.get_days())
}

fn bad_value(column: &Column, row: u64, found: &str) -> SourceError {
    SourceError::BadValue {
        column: column.name.clone(),
        row,
        found: found.to_owned(),
        declared: column.column_type.name(),
    }
}
