//! SQLite as a source: one read transaction, one statement, batches of typed rows.

mod daily;
mod decode;
mod statement;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use longshore_protocol::RowsPage;
use rusqlite::{Connection, OpenFlags, Row, params_from_iter};

use self::decode::BatchBuilder;
use self::statement::Statement;
use crate::dataset::Dataset;
use crate::error::SourceError;
use crate::query::Query;
use crate::schema::schema_of;
use crate::text;

pub use self::daily::{DayTotals, Days, Sum, daily, day_extent};

/// Rows of a batch: enough to amortise what is done once a batch, few enough to stay in the cache.
pub const BATCH_ROWS: usize = 4096;
/// Rows of a page on the screen.
pub const PAGE_ROWS: u32 = 50;

/// How long to wait for a writer that locks the whole database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Steps of SQLite's virtual machine between two looks at the stop flag: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// Takes what a reader yields; breaking ends the reading.
pub trait RowSink {
    /// Called once, before the first batch: rows the snapshot holds for the query.
    fn begin(&mut self, row_count: u64) -> ControlFlow<()>;
    /// Called for each batch, in the query's order.
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()>;
}

/// The schema of the batches that [`read`] yields.
pub fn schema(dataset: &Dataset, query: &Query) -> SchemaRef {
    schema_of(&query.columns_of(dataset))
}

/// Reads all rows of a query in one snapshot of the database. Blocks; run it on a thread of its own.
/// Setting `stop` ends it within milliseconds, also while SQLite sorts or counts.
///
/// # Errors
/// [`SourceError::Stopped`] if it was told to stop or the sink broke off, else what the database says.
pub fn read(
    dataset: &Dataset,
    query: &Query,
    stop: &Arc<AtomicBool>,
    sink: &mut dyn RowSink,
) -> Result<(), SourceError> {
    let database_error = |source| source_error(dataset, stop, source);
    let mut connection = open_stoppable(&dataset.database, stop).map_err(database_error)?;
    // The count and the rows are of one snapshot: a deferred transaction takes it at its first read.
    let transaction = connection.transaction().map_err(database_error)?;
    let count = Statement::count(dataset, query);
    let row_count: i64 = transaction
        .query_row(&count.sql, params_from_iter(count.params), |row| row.get(0))
        .map_err(database_error)?;
    if sink.begin(row_count.unsigned_abs()).is_break() {
        return Err(SourceError::Stopped);
    }
    let select = Statement::select(dataset, query);
    let mut prepared = transaction.prepare(&select.sql).map_err(database_error)?;
    let mut rows = prepared.query(params_from_iter(select.params)).map_err(database_error)?;
    let mut builder = BatchBuilder::new(dataset, query, BATCH_ROWS);
    let mut read_count = 0u64;
    while let Some(row) = rows.next().map_err(database_error)? {
        read_count += 1;
        append(&mut builder, row, read_count, dataset, stop)?;
        if builder.row_count() == BATCH_ROWS && sink.batch(builder.finish()?).is_break() {
            return Err(SourceError::Stopped);
        }
        if stop.load(Ordering::Relaxed) {
            return Err(SourceError::Stopped);
        }
    }
    if builder.row_count() > 0 && sink.batch(builder.finish()?).is_break() {
        return Err(SourceError::Stopped);
    }
    Ok(())
}

/// One page of a query for the screen; a page past the last gives the last. Blocks.
///
/// # Errors
/// What the database says.
pub fn page(dataset: &Dataset, query: &Query, page: u32) -> Result<RowsPage, SourceError> {
    let stop = AtomicBool::new(false);
    let database_error = |source| source_error(dataset, &stop, source);
    let mut connection = open(&dataset.database).map_err(database_error)?;
    let transaction = connection.transaction().map_err(database_error)?;
    let count = Statement::count(dataset, query);
    let total: i64 = transaction
        .query_row(&count.sql, params_from_iter(count.params), |row| row.get(0))
        .map_err(database_error)?;
    let mut answer =
        RowsPage { total_row_count: total.unsigned_abs(), page: 1, page_size: PAGE_ROWS, rows: Vec::new() };
    answer.page = page.clamp(1, answer.page_count());
    let offset = u64::from(answer.page - 1) * u64::from(PAGE_ROWS);
    let select = Statement::select(dataset, query).page(PAGE_ROWS, offset);
    let mut prepared = transaction.prepare(&select.sql).map_err(database_error)?;
    let mut rows = prepared.query(params_from_iter(select.params)).map_err(database_error)?;
    let mut builder = BatchBuilder::new(dataset, query, PAGE_ROWS as usize);
    let mut row_number = offset;
    while let Some(row) = rows.next().map_err(database_error)? {
        row_number += 1;
        append(&mut builder, row, row_number, dataset, &stop)?;
    }
    answer.rows = text::rows(&builder.finish()?);
    Ok(answer)
}

/// Whether the dataset's database, table and columns are there.
///
/// # Errors
/// What the database says.
pub fn probe(dataset: &Dataset) -> Result<(), SourceError> {
    let stop = AtomicBool::new(false);
    let database_error = |source| source_error(dataset, &stop, source);
    let query =
        Query { columns: (0..dataset.columns.len()).collect(), conditions: Vec::new(), order: Vec::new() };
    let connection = open(&dataset.database).map_err(database_error)?;
    connection.prepare(&Statement::select(dataset, &query).sql).map_err(database_error)?;
    Ok(())
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    // A double-quoted word that is no column would otherwise count as text: a wrong name must be an error.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    Ok(connection)
}

/// A connection whose statements end within milliseconds once `stop` is set.
fn open_stoppable(path: &Path, stop: &Arc<AtomicBool>) -> Result<Connection, rusqlite::Error> {
    let connection = open(path)?;
    let flag = Arc::clone(stop);
    connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || flag.load(Ordering::Relaxed)))?;
    Ok(connection)
}

fn append(
    builder: &mut BatchBuilder,
    row: &Row<'_>,
    row_number: u64,
    dataset: &Dataset,
    stop: &AtomicBool,
) -> Result<(), SourceError> {
    builder.append(row).map_err(|error| match error {
        decode::RowError::Sql(source) => source_error(dataset, stop, source),
        decode::RowError::BadValue { column, found, declared } => {
            SourceError::BadValue { column, row: row_number, found, declared }
        }
    })
}

fn source_error(dataset: &Dataset, stop: &AtomicBool, source: rusqlite::Error) -> SourceError {
    if stop.load(Ordering::Relaxed)
        && source.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
    {
        return SourceError::Stopped;
    }
    SourceError::Database { dataset: dataset.id.to_string(), source }
}
