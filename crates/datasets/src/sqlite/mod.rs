//! SQLite as a source: a file that is opened read-only, and one read transaction.

mod bind;
pub(crate) mod decode;
mod fit;
mod import;
mod param;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use jiff::Timestamp;
use longshore_protocol::ColumnType;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use self::decode::BatchBuilder;
use self::fit::Fitted;
pub(crate) use self::import::SqliteTarget;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::query::Query;
use crate::source::{Snapshot, Yield};
use crate::statement::{Dialect, Statement};

/// How long to wait for a writer that locks the whole database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Steps of SQLite's virtual machine between two looks at the stop flag: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// A read transaction.
pub(crate) struct SqliteSnapshot {
    connection: Connection,
    dataset: String,
    at: Timestamp,
    stop: Arc<AtomicBool>,
    statement_timeout: Option<Duration>,
}

impl SqliteSnapshot {
    /// Opens the file and begins the transaction.
    pub(crate) fn open(
        dataset: &Dataset,
        path: &Path,
        stop: &Arc<AtomicBool>,
    ) -> Result<SqliteSnapshot, SourceError> {
        let id = dataset.id.to_string();
        let (connection, at) = begin(path).map_err(|error| source_error(&id, error))?;
        Ok(SqliteSnapshot {
            connection,
            dataset: id,
            at,
            stop: Arc::clone(stop),
            statement_timeout: dataset.database.statement_timeout,
        })
    }

    /// Lets statements end within milliseconds once `stop` is set, or after a time.
    fn limit(&self, within: Option<Duration>) -> rusqlite::Result<()> {
        let (stop, until) = (Arc::clone(&self.stop), within.map(|within| Instant::now() + within));
        let is_over =
            move || stop.load(Ordering::Relaxed) || until.is_some_and(|until| Instant::now() > until);
        self.connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(is_over))
    }

    /// What an error means: an interruption is ours, and either a stop or a time that has passed.
    fn explained(&self, error: rusqlite::Error) -> SourceError {
        if error.sqlite_error_code() != Some(rusqlite::ErrorCode::OperationInterrupted) {
            return source_error(&self.dataset, error);
        }
        if self.stop.load(Ordering::Relaxed) {
            return SourceError::Stopped;
        }
        SourceError::Timeout { dataset: self.dataset.clone() }
    }

    fn counted(&self, statement: &Statement) -> Result<u64, SourceError> {
        let Fitted { sql, params, misheld } = self.fitted(statement)?;
        let number = self.connection.query_row(&sql, params_from_iter(params), |row| row.get(0));
        number.map(i64::unsigned_abs).map_err(|error| misheld.told().unwrap_or_else(|| self.explained(error)))
    }

    fn fitted(&self, statement: &Statement) -> Result<Fitted, SourceError> {
        fit::fitted(&self.connection, statement).map_err(|error| self.explained(error))
    }
}

impl Snapshot for SqliteSnapshot {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn rows(
        &mut self,
        statement: &Statement,
        yields: &Yield<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        self.limit(self.statement_timeout).map_err(|error| self.explained(error))?;
        let Fitted { sql, params, misheld } = self.fitted(statement)?;
        let database_error = |error| misheld.told().unwrap_or_else(|| self.explained(error));
        let mut prepared = self.connection.prepare(&sql).map_err(database_error)?;
        let mut rows = prepared.query(params_from_iter(params)).map_err(database_error)?;
        let mut builder = BatchBuilder::new(yields);
        let mut row_number = 0u64;
        while let Some(row) = rows.next().map_err(database_error)? {
            row_number += 1;
            builder.append(row).map_err(|error| match error {
                decode::RowError::Sql(error) => self.explained(error),
                decode::RowError::BadValue { column, found, declared } => {
                    SourceError::BadValue { column, row: row_number, found, declared }
                }
            })?;
            if builder.is_full(yields.batch_rows) && sink(builder.finish()?).is_break() {
                return Err(SourceError::Stopped);
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped);
            }
        }
        if builder.row_count() > 0 && sink(builder.finish()?).is_break() {
            return Err(SourceError::Stopped);
        }
        Ok(())
    }

    fn count(&mut self, statement: &Statement, within: Option<Duration>) -> Result<Option<u64>, SourceError> {
        let shortest = within.into_iter().chain(self.statement_timeout).min();
        self.limit(shortest).map_err(|error| self.explained(error))?;
        match self.counted(statement) {
            Ok(number) => Ok(Some(number)),
            Err(SourceError::Timeout { .. }) if within.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn check(&mut self, statement: &Statement, _columns: &[&Column]) -> Result<(), SourceError> {
        let Fitted { sql, .. } = self.fitted(statement)?;
        self.connection.prepare(&sql).map_err(|error| self.explained(error))?;
        Ok(())
    }
}

/// Opens the file and begins a transaction, which takes its snapshot at once: a deferred one does so at its first read.
pub(crate) fn begin(path: &Path) -> rusqlite::Result<(Connection, Timestamp)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    // A double-quoted word that is no column would otherwise count as text: a wrong name must be an error.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.execute_batch("BEGIN DEFERRED")?;
    let at = Timestamp::now();
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok((connection, at))
}

/// Whether the texts of a column sort as the times that they say, and begin with the day if they have one; by so many rows, looked
/// for at most so long.
pub(crate) fn is_written_alike(
    path: &Path,
    dataset: &Dataset,
    column: &Column,
    row_count: u32,
    within: Duration,
) -> Result<bool, SourceError> {
    let snapshot = SqliteSnapshot::open(dataset, path, &Arc::default())?;
    let explained = |error| snapshot.explained(error);
    snapshot.limit(Some(within)).map_err(explained)?;
    let index = dataset.columns.iter().position(|other| other == column).unwrap_or_default();
    let query = Query { columns: vec![index], ..Query::all_of(dataset) };
    let select = Statement::select_unordered(Dialect::Sqlite, dataset, &query).page(row_count, 0);
    let mut prepared = snapshot.connection.prepare(&select.sql).map_err(explained)?;
    let mut rows = prepared.query([]).map_err(explained)?;
    let mut found: Vec<(String, i64)> = Vec::new();
    while let Some(row) = rows.next().map_err(explained)? {
        let value = row.get_ref(0).map_err(explained)?;
        let meaning = decode::comparable(value, column.column_type, column.stored_as);
        if let (Ok(text), Some(SqlValue::Integer(meaning))) = (value.as_str(), meaning) {
            found.push((text.to_owned(), meaning));
        }
    }
    found.sort();
    let has_day = column.column_type != ColumnType::Time;
    Ok(found.is_sorted_by_key(|(_, meaning)| *meaning)
        && found.iter().all(|(text, _)| !has_day || begins_with_day(text)))
}

/// Whether it begins as `2026-08-01` does.
fn begins_with_day(text: &str) -> bool {
    text.len() >= 10
        && text.bytes().take(10).enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

pub(crate) fn source_error(dataset: &str, error: rusqlite::Error) -> SourceError {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, SystemIoFailure};
    let is_transient = matches!(
        error.sqlite_error_code(),
        Some(CannotOpen | DatabaseBusy | DatabaseLocked | SystemIoFailure)
    );
    SourceError::Database { dataset: dataset.to_owned(), source: Box::new(error), is_transient }
}
