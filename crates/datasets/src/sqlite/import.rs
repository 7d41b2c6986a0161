//! SQLite as a target: one write transaction, and prepared statements that are run row by row, because nothing lies between them
//! and the file.

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
use crate::config::StoredAs;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::storage::Storage;
use crate::import::target::{Access, Found, Place, Target, Values, WriteError};
use crate::source::Yield;
use crate::statement::Dialect;

/// How long to wait for others who write: they take turns, and each may have a large chunk.
const TURN_WITHIN: Duration = Duration::from_secs(60);
/// How long SQLite itself waits before the stop flag is looked at.
const TURN_CHECK: Duration = Duration::from_millis(100);

/// Digits of a decimal that come back from a double as they were (IEEE 754).
const DOUBLE_DIGITS: u8 = 15;

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
            target.in_turn("BEGIN IMMEDIATE").map_err(|error| target.snapshot.explained(error))?;
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {TABLE} (import TEXT NOT NULL, chunk INTEGER NOT NULL, kind TEXT NOT NULL, \
                 counts TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (import, chunk, kind)) WITHOUT ROWID"
            );
            let made = target.snapshot.connection.execute_batch(&sql);
            made.map_err(|error| target.snapshot.explained(error))?;
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
        }
    }

    /// Runs a statement once for each row, with the values of all arrays as its parameters.
    fn each(&self, sql: &str, values: &[Values<'_>]) -> Result<(), WriteError> {
        self.snapshot.limit(self.snapshot.statement_timeout).map_err(|error| self.explained(error))?;
        let mut prepared = self.snapshot.connection.prepare(sql).map_err(|error| self.explained(error))?;
        let mut binder = Binder::default();
        let row_count = values.first().map_or(0, Values::row_count);
        for row in 0..row_count {
            if self.snapshot.stop.load(Ordering::Relaxed) {
                return Err(SourceError::Stopped.into());
            }
            let mut number = 0;
            for (column, array) in values.iter().flat_map(|values| values.columns.iter().zip(values.arrays)) {
                number += 1;
                binder
                    .bind(&mut prepared, number, column, array, row)
                    .map_err(|error| self.explained(error))?;
            }
            prepared.raw_execute().map_err(|error| self.refused(error))?;
        }
        Ok(())
    }

    fn xinfo(&self, place: Place<'_>) -> rusqlite::Result<Vec<Declared>> {
        let sql = "SELECT name, \"notnull\", dflt_value IS NOT NULL, pk, hidden, type FROM pragma_table_xinfo(?1, ?2)";
        let mut prepared = self.snapshot.connection.prepare(sql)?;
        let rows = prepared.query_map([place.table, schema(place)], |row| {
            Ok(Declared {
                name: row.get(0)?,
                is_not_null: row.get(1)?,
                has_default: row.get(2)?,
                key_place: row.get(3)?,
                is_computed: row.get::<_, i64>(4)? >= 2,
                sql_type: row.get(5)?,
            })
        })?;
        rows.collect()
    }

    fn unique(&self, place: Place<'_>, key: &[&Column]) -> rusqlite::Result<bool> {
        let is_of_key = |name: &str| key.iter().any(|column| column.source.eq_ignore_ascii_case(name));
        let declared = self.xinfo(place)?;
        let mut primary = declared.iter().filter(|column| column.key_place > 0).peekable();
        if primary.peek().is_some() && primary.all(|column| is_of_key(&column.name)) {
            return Ok(true);
        }
        let sql = "SELECT name FROM pragma_index_list(?1, ?2) WHERE \"unique\" AND NOT partial";
        let mut prepared = self.snapshot.connection.prepare(sql)?;
        let indexes = prepared.query_map([place.table, schema(place)], |row| row.get::<_, String>(0))?;
        for index in indexes {
            let sql = "SELECT name FROM pragma_index_info(?1, ?2)";
            let mut prepared = self.snapshot.connection.prepare(sql)?;
            let columns = prepared
                .query_map([index?.as_str(), schema(place)], |row| row.get::<_, Option<String>>(0))?;
            let columns: Vec<Option<String>> = columns.collect::<Result<_, _>>()?;
            if columns.iter().all(|name| name.as_deref().is_some_and(is_of_key)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How an index on the column compares texts.
    fn collation(&self, place: Place<'_>, column: &Column) -> rusqlite::Result<Option<String>> {
        let sql = "SELECT x.coll FROM pragma_index_list(?1, ?2) AS l, pragma_index_xinfo(l.name, ?2) AS x \
             WHERE x.key AND x.name = ?3 COLLATE NOCASE ORDER BY l.\"unique\" DESC LIMIT 1";
        let params = [place.table, schema(place), column.source.as_str()];
        self.snapshot.connection.query_row(sql, params, |row| row.get(0)).optional()
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

/// A column as the table declares it.
struct Declared {
    name: String,
    is_not_null: bool,
    has_default: bool,
    /// Its place in the primary key, from 1; 0 for none.
    key_place: i64,
    is_computed: bool,
    sql_type: String,
}

/// Whether a column of the declared type makes doubles of all numbers, which then have only so many digits
/// (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
fn holds_doubles(sql_type: &str) -> bool {
    let sql_type = sql_type.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| sql_type.contains(word));
    !has(&["INT", "CHAR", "CLOB", "TEXT", "BLOB"]) && has(&["REAL", "FLOA", "DOUB"])
}

fn schema(place: Place<'_>) -> &str {
    place.schema.unwrap_or("main")
}

fn quoted(place: Place<'_>) -> String {
    let table = Dialect::Sqlite.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::Sqlite.quoted(schema)))
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
        let declared = self.xinfo(place).map_err(|error| self.explained(error))?;
        let storage = |column: &&Column| {
            let storage = Storage::declared(column);
            let found = declared.iter().find(|found| found.name.eq_ignore_ascii_case(&column.source));
            let Some(found) = found else { return storage };
            // A column that is the row's number is given one (<https://sqlite.org/autoinc.html>).
            let is_row_number = found.key_place > 0
                && found.sql_type.eq_ignore_ascii_case("integer")
                && declared.iter().filter(|column| column.key_place > 0).count() == 1;
            let digits = match column.column_type {
                ColumnType::Decimal { scale }
                    if column.stored_as == StoredAs::Plain && holds_doubles(&found.sql_type) =>
                {
                    Some((DOUBLE_DIGITS.saturating_sub(scale), scale))
                }
                _ => None,
            };
            Storage {
                digits,
                is_computed: found.is_computed,
                is_nullable: !found.is_not_null,
                is_optional: !found.is_not_null || found.has_default || found.is_computed || is_row_number,
                ..storage
            }
        };
        Ok(columns.iter().map(storage).collect())
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

    fn insert(&mut self, place: Place<'_>, values: Values<'_>) -> Result<(), WriteError> {
        let marks = vec!["?"; values.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(place), names(values.columns));
        self.each(&sql, &[values])
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, values: Values<'_>) -> Result<(), WriteError> {
        let (set, at) = (marked(values.columns, ", "), marked(key.columns, " AND "));
        self.each(&format!("UPDATE {} SET {set} WHERE {at}", quoted(place)), &[values, key])
    }

    fn delete(&mut self, place: Place<'_>, key: Values<'_>) -> Result<(), WriteError> {
        let sql = format!("DELETE FROM {} WHERE {}", quoted(place), marked(key.columns, " AND "));
        self.each(&sql, &[key])
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
