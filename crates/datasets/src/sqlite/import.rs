//! SQLite as a target: one write transaction, and prepared statements that are run row by row, because nothing lies between them
//! and the file.

mod storage;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::DataType;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::bind::Binder;
use super::decode::{self, BatchBuilder};
use super::{SqliteSnapshot, source_error};
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::storage::Storage;
use crate::import::target::{
    self, Access, Changes, Found, More, Place, Referrer, Settled, Target, Values, WriteError,
};
use crate::source::Yield;
use crate::statement::Dialect;

/// How long to wait for others who write: they take turns, and each may have a large chunk.
const TURN_WITHIN: Duration = Duration::from_secs(60);
/// How long SQLite itself waits before the stop flag is looked at.
const TURN_CHECK: Duration = Duration::from_millis(100);

/// A database file with a transaction. Dropping it undoes what was not committed.
pub(crate) struct SqliteTarget {
    snapshot: SqliteSnapshot,
    zone: TimeZone,
}

impl SqliteTarget {
    pub(crate) fn open(
        dataset: &Dataset,
        path: &Path,
        access: Access,
        zone: &TimeZone,
        stop: &Arc<AtomicBool>,
    ) -> Result<SqliteTarget, SourceError> {
        let snapshot = match access {
            Access::Read => SqliteSnapshot::open(dataset, path, stop)?,
            Access::Write => {
                let id = dataset.id.to_string();
                let connection = writable(path).map_err(|error| source_error(&id, error))?;
                SqliteSnapshot {
                    connection,
                    dataset: id,
                    at: Timestamp::now(),
                    stop: Arc::clone(stop),
                    statement_timeout: dataset.database.statement_timeout,
                }
            }
        };
        let target = SqliteTarget { snapshot, zone: zone.clone() };
        if access == Access::Write {
            target.in_turn("BEGIN IMMEDIATE").map_err(|error| target.explained(error))?;
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {TABLE} (import TEXT NOT NULL, chunk INTEGER NOT NULL, kind TEXT NOT NULL, \
                 counts TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (import, chunk, kind)) WITHOUT ROWID"
            );
            let made = target.snapshot.connection.execute_batch(&sql);
            made.map_err(|error| target.snapshot.explained(error))?;
            // Rows that point at others of the same file may stand before them. It ends with the transaction.
            let deferred = target.snapshot.connection.execute_batch("PRAGMA defer_foreign_keys = ON");
            deferred.map_err(|error| target.snapshot.explained(error))?;
        }
        Ok(target)
    }

    /// Runs what has to wait for others.
    fn in_turn(&self, sql: &str) -> rusqlite::Result<()> {
        let until = Instant::now() + TURN_WITHIN;
        loop {
            match self.snapshot.connection.execute_batch(sql) {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && Instant::now() < until
                        && !self.snapshot.stop.load(Ordering::Relaxed) => {}
                done => return done,
            }
        }
    }

    fn explained(&self, error: rusqlite::Error) -> SourceError {
        // Who waits for others is not interrupted, but stops waiting.
        if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
            && self.snapshot.stop.load(Ordering::Relaxed)
        {
            return SourceError::Stopped;
        }
        self.snapshot.explained(error)
    }

    /// What a statement that writes has met.
    fn refused(&self, error: rusqlite::Error) -> WriteError {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
        };
        let rusqlite::Error::SqliteFailure(failure, Some(message)) = &error else {
            return WriteError::Source(self.explained(error));
        };
        // Such a message names columns or a rule, and never a value (<https://sqlite.org/rescode.html#constraint>).
        if !matches!(failure.code, ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) {
            return WriteError::Source(self.explained(error));
        }
        WriteError::Refused {
            rule: message.split_once(": ").map(|(_, rule)| rule.to_owned()),
            message: message.clone(),
            is_duplicate: matches!(
                failure.extended_code,
                SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID | SQLITE_CONSTRAINT_UNIQUE
            ),
            row: None,
        }
    }

    /// Runs a statement once for each row, with the row's values as its parameters; says how many rows it has changed.
    fn each(&self, sql: &str, values: &[(&Column, &ArrayRef)]) -> Result<u64, WriteError> {
        self.snapshot.limit(self.snapshot.statement_timeout).map_err(|error| self.explained(error))?;
        let mut prepared = self.snapshot.connection.prepare(sql).map_err(|error| self.explained(error))?;
        let mut binder = Binder::default();
        let row_count = values.first().map_or(0, |(_, array)| array.len());
        let mut changed = 0;
        for row in 0..row_count {
            if self.snapshot.stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped.into());
            }
            for (number, (column, array)) in (1..).zip(values) {
                binder
                    .bind(&mut prepared, number, column, array, row)
                    .map_err(|error| self.explained(error))?;
            }
            changed += prepared.raw_execute().map_err(|error| self.refused(error))? as u64;
        }
        Ok(changed)
    }

    fn found(&self, sql: &str, key: Values<'_>, wanted: &[&Column]) -> Result<Found, SourceError> {
        self.snapshot.limit(self.snapshot.statement_timeout).map_err(|error| self.explained(error))?;
        let mut prepared = self.snapshot.connection.prepare(sql).map_err(|error| self.explained(error))?;
        let yields = Yield { columns: wanted, zone: &self.zone, batch_rows: key.row_count() };
        let mut builder = BatchBuilder::new(&yields);
        let mut binder = Binder::default();
        let mut at = Vec::new();
        for number in 0..key.row_count() {
            if self.snapshot.stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped);
            }
            for (index, (column, array)) in key.columns.iter().zip(key.arrays).enumerate() {
                binder
                    .bind(&mut prepared, index + 1, column, array, number)
                    .map_err(|error| self.explained(error))?;
            }
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next().map_err(|error| self.explained(error))? {
                builder.append(row).map_err(|error| match error {
                    decode::RowError::Sql(error) => self.explained(error),
                    decode::RowError::BadValue { column, found, declared } => {
                        SourceError::BadValue { column, row: at.len() as u64 + 1, found, declared }
                    }
                })?;
                at.push(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        Ok(Found { at, rows: builder.finish()? })
    }
}

fn schema(place: Place<'_>) -> &str {
    place.schema.unwrap_or("main")
}

fn quoted(place: Place<'_>) -> String {
    let table = Dialect::Sqlite.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::Sqlite.quoted(schema)))
}

/// Columns with their values.
fn pairs<'a>(values: Values<'a>) -> Vec<(&'a Column, &'a ArrayRef)> {
    values.columns.iter().copied().zip(values.arrays).collect()
}

/// `"a" = ? AND "b" = ?`, or with other separators.
fn marked(columns: &[&Column], separator: &str) -> String {
    let each: Vec<String> =
        columns.iter().map(|column| format!("{} = ?", Dialect::Sqlite.quoted(&column.source))).collect();
    each.join(separator)
}

fn names(columns: &[&Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| Dialect::Sqlite.quoted(&column.source)).collect();
    names.join(", ")
}

/// Opens the file for writing; it must be there.
fn writable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(TURN_CHECK)?;
    // References hold only for connections that ask for it (<https://sqlite.org/foreignkeys.html#fk_enable>).
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    Ok(connection)
}

impl Target for SqliteTarget {
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError> {
        self.storages(place, columns).map_err(|error| self.explained(error))
    }

    fn obstacles(&mut self, _place: Place<'_>) -> Result<Vec<String>, SourceError> {
        let path = self.snapshot.connection.path().unwrap_or_default();
        let written = std::fs::OpenOptions::new().append(true).open(path);
        Ok(written.err().map(|error| format!("the file can't be written to: {error}")).into_iter().collect())
    }

    fn is_unique(&mut self, place: Place<'_>, key: &[&Column]) -> Result<bool, SourceError> {
        self.unique(place, key).map_err(|error| self.explained(error))
    }

    fn folded(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<ArrayRef, SourceError> {
        if *values.data_type() != DataType::Utf8 {
            return Ok(Arc::clone(values));
        }
        let collation = self.collation(place, column).map_err(|error| self.explained(error))?;
        if !collation.is_some_and(|collation| collation.eq_ignore_ascii_case("nocase")) {
            return Ok(Arc::clone(values));
        }
        let texts = values.as_string::<i32>().iter();
        Ok(Arc::new(texts.map(|text| text.map(str::to_ascii_lowercase)).collect::<StringArray>()))
    }

    fn find(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        wanted: &[&Column],
        _locks: bool,
    ) -> Result<Found, SourceError> {
        let list = if wanted.is_empty() { "1".to_owned() } else { names(wanted) };
        let sql = format!("SELECT {list} FROM {} WHERE {}", quoted(place), marked(key.columns, " AND "));
        self.found(&sql, key, wanted)
    }

    fn settled(
        &mut self,
        _place: Place<'_>,
        _column: &Column,
        values: &ArrayRef,
    ) -> Result<Settled, SourceError> {
        Ok(Settled { values: Arc::clone(values), wrong: Vec::new() })
    }

    fn referrers(&mut self, place: Place<'_>) -> Result<Vec<Referrer>, SourceError> {
        self.foreign_keys(place).map_err(|error| self.explained(error))
    }

    fn refers_to_itself(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        Ok(self.referrers(place)?.iter().any(|referrer| referrer.is_own))
    }

    fn has_triggers(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        let sql = format!(
            "SELECT count(*) > 0 FROM {}.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE",
            Dialect::Sqlite.quoted(schema(place))
        );
        let found = self.snapshot.connection.query_row(&sql, [place.table], |row| row.get(0));
        found.map_err(|error| self.explained(error))
    }

    fn insert(
        &mut self,
        place: Place<'_>,
        values: Values<'_>,
        _more: &mut More<'_>,
    ) -> Result<u64, WriteError> {
        let marks = vec!["?"; values.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(place), names(values.columns));
        self.each(&sql, &pairs(values))
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, changes: Changes<'_>) -> Result<u64, WriteError> {
        let boolean = Column::plain("mask", ColumnType::Boolean);
        let masks: Vec<Option<ArrayRef>> =
            changes.masks.iter().map(|mask| Some(Arc::new(mask.clone()?) as ArrayRef)).collect();
        let (mut set, mut params) = (Vec::new(), Vec::new());
        for (pair, mask) in pairs(changes.values).into_iter().zip(&masks) {
            let column = Dialect::Sqlite.quoted(&pair.0.source);
            match mask {
                None => set.push(format!("{column} = ?")),
                Some(mask) => {
                    set.push(format!("{column} = CASE WHEN ? THEN ? ELSE {column} END"));
                    params.push((&boolean, mask));
                }
            }
            params.push(pair);
        }
        params.extend(pairs(key));
        let at = marked(key.columns, " AND ");
        self.each(&format!("UPDATE {} SET {} WHERE {at}", quoted(place), set.join(", ")), &params)
    }

    fn delete(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        referrers: &[Referrer],
    ) -> Result<u64, WriteError> {
        let sql = format!(
            "DELETE FROM {} AS t WHERE {}{}",
            quoted(place),
            marked(key.columns, " AND "),
            target::without(Dialect::Sqlite, referrers, key.columns)
        );
        let mut removed = 0;
        loop {
            let count = self.each(&sql, &pairs(key))?;
            removed += count;
            // Others may have been pointed at by these.
            if count == 0 || removed == key.row_count() as u64 || !referrers.iter().any(|other| other.is_own)
            {
                return Ok(removed);
            }
        }
    }

    fn recorded(&mut self, key: &LedgerKey, deed: Deed) -> Result<Option<String>, SourceError> {
        let sql = format!("SELECT counts FROM {TABLE} WHERE import = ?1 AND chunk = ?2 AND kind = ?3");
        let params = (&key.import, key.chunk, deed.name());
        let found = self.snapshot.connection.query_row(&sql, params, |row| row.get(0)).optional();
        found.map_err(|error| self.explained(error))
    }

    fn claim(&mut self, key: &LedgerKey, deed: Deed) -> Result<bool, SourceError> {
        let sql = format!("INSERT OR IGNORE INTO {TABLE} VALUES (?1, ?2, ?3, '', ?4)");
        let params = (&key.import, key.chunk, deed.name(), Timestamp::now().to_string());
        let added = self.snapshot.connection.execute(&sql, params).map_err(|error| self.explained(error))?;
        Ok(added > 0)
    }

    fn record(&mut self, key: &LedgerKey, deed: Deed, says: &str) -> Result<(), SourceError> {
        let sql = format!("UPDATE {TABLE} SET counts = ?4 WHERE import = ?1 AND chunk = ?2 AND kind = ?3");
        let params = (&key.import, key.chunk, deed.name(), says);
        self.snapshot.connection.execute(&sql, params).map_err(|error| self.explained(error))?;
        Ok(())
    }

    fn forget(&mut self, import: &str) -> Result<u64, SourceError> {
        let sql = format!("DELETE FROM {TABLE} WHERE import = ?1");
        let removed = self.snapshot.connection.execute(&sql, [import]);
        removed.map(|count| count as u64).map_err(|error| self.explained(error))
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.in_turn("COMMIT").map_err(|error| self.refused(error))
    }
}
