//! MySQL and MariaDB as a target: new rows by INSERT of many rows; rows are found, changed and removed by one statement each, joined
//! with a temporary table that has the columns of the table itself, so that keys are equal where they are equal there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, StringArray};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Params, ServerError, Value as SqlValue};

use super::decode::BatchBuilder;
use super::fault::Fault;
use super::session::{COMPARES, WRITES};
use super::{MySqlSnapshot, fill, param};
use crate::config::StoredAs;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::plan::taken_of;
use crate::import::storage::{Form, Storage};
use crate::import::target::{Access, Found, Place, Target, Values, WriteError};
use crate::import::values::value_at;
use crate::source::{Yield, count_column};
use crate::statement::{Dialect, Param};

/// The temporary table with the values of a statement.
const ROWS: &str = "longshore_rows";
/// Rows of one INSERT.
const ROWS_MAX: usize = 1000;
/// Marks of one statement (<https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html#error_er_ps_many_param>).
const MARKS_MAX: usize = 65_000;
/// Bytes of one INSERT, well below what servers take at once.
const STATEMENT_BYTES: usize = 1 << 20;

/// Rules of the database that rows have broken: duplicates, values that must be there, don't fit or are not in another table,
/// checks, and what triggers raise (<https://mariadb.com/kb/en/mariadb-error-code-reference/>,
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>).
const REFUSED: [u16; 22] = [
    1022, 1048, 1062, 1169, 1216, 1217, 1263, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1526,
    1586, 1644, 3140, 3819, 4025,
];
const DUPLICATE: [u16; 4] = [1022, 1062, 1169, 1586];

/// A transaction. Dropping it undoes what was not committed.
pub(crate) struct MySqlTarget {
    snapshot: MySqlSnapshot,
    zone: TimeZone,
}

impl MySqlTarget {
    pub(crate) fn open(
        dataset: &Dataset,
        url: &str,
        access: Access,
        zone: &TimeZone,
        stop: &Arc<AtomicBool>,
    ) -> Result<MySqlTarget, SourceError> {
        let making = if access == Access::Write { WRITES } else { COMPARES };
        let timeout = dataset.database.statement_timeout;
        let snapshot = MySqlSnapshot::made(&dataset.id.to_string(), url, timeout, stop, making)?;
        let mut target = MySqlTarget { snapshot, zone: zone.clone() };
        if access == Access::Write {
            target.make_ledger()?;
            target.run("START TRANSACTION", Params::Empty)?;
        }
        Ok(target)
    }

    fn make_ledger(&mut self) -> Result<(), SourceError> {
        let asked = "SELECT count(*) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = ?";
        if self.snapshot.ask::<u64>(asked, Params::from((TABLE,)))? != [0] {
            return Ok(());
        }
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {TABLE} (\
             import VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, chunk INT UNSIGNED NOT NULL, \
             kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
             counts MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
             PRIMARY KEY (import, chunk, kind)) ENGINE = InnoDB"
        );
        self.run(&sql, Params::Empty).map(drop)
    }

    /// Runs a statement; says how many rows it has changed.
    fn run(&mut self, sql: &str, params: Params) -> Result<u64, SourceError> {
        self.snapshot.within(self.snapshot.statement_timeout, |runtime, connection, limits| {
            let run = async {
                if matches!(params, Params::Empty) {
                    connection.query_drop(sql).await?;
                } else {
                    connection.exec_drop(sql, params).await?;
                }
                Ok::<u64, mysql_async::Error>(connection.affected_rows())
            };
            runtime.block_on(limits.guard(run))
        })
    }

    /// Adds rows to a table; `names` are its columns, quoted.
    fn add(
        &mut self,
        table: &str,
        names: &str,
        values: &[Values<'_>],
        numbered: bool,
    ) -> Result<(), SourceError> {
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
        let mut first = 0;
        while first < row_count {
            let count = most.min(row_count - first);
            let sql =
                format!("INSERT INTO {table} ({names}) VALUES {}", vec![marks.as_str(); count].join(", "));
            let mut params = Vec::with_capacity(count * (columns.len() + 1));
            for row in first..first + count {
                params.extend(numbered.then_some(SqlValue::UInt(row as u64)));
                for (column, array) in &columns {
                    let param =
                        value_at(array, row).map(|value| Param { value, stored_as: column.stored_as });
                    params.push(param.map_or(SqlValue::NULL, |param| param::stored(&param)));
                }
            }
            self.run(&sql, Params::Positional(params))?;
            first += count;
        }
        Ok(())
    }

    /// Puts values into the temporary table, as `n`, `v0`, `v1` and so on.
    fn load(&mut self, place: Place<'_>, values: &[Values<'_>]) -> Result<(), SourceError> {
        self.run(&format!("DROP TEMPORARY TABLE IF EXISTS {ROWS}"), Params::Empty)?;
        let columns: Vec<&Column> = values.iter().flat_map(|values| values.columns).copied().collect();
        let like: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(number, column)| format!("{} AS v{number}", Dialect::MySql.quoted(&column.source)))
            .collect();
        let sql = format!(
            "CREATE TEMPORARY TABLE {ROWS} AS SELECT CAST(0 AS UNSIGNED) AS n, {} FROM {} LIMIT 0",
            like.join(", "),
            quoted(place)
        );
        self.run(&sql, Params::Empty)?;
        let names: Vec<String> = (0..columns.len()).map(|number| format!("v{number}")).collect();
        self.add(ROWS, &format!("n, {}", names.join(", ")), values, true)
    }

    /// What `information_schema` says of the table's columns.
    fn declared(&mut self, place: Place<'_>) -> Result<HashMap<String, Declared>, SourceError> {
        let sql = "SELECT column_name, is_nullable = 'YES', column_default IS NOT NULL OR extra <> '', \
             CONCAT(data_type, IF(extra LIKE '%VIRTUAL%' OR extra LIKE '%STORED%', '!', '')), \
             column_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision, \
             character_set_name FROM information_schema.columns \
             WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?";
        let params = Params::from((place.schema, place.table));
        type Row = (
            String,
            bool,
            bool,
            String,
            String,
            Option<u64>,
            Option<u64>,
            Option<u64>,
            Option<u64>,
            Option<String>,
        );
        let rows: Vec<Row> = self.snapshot.ask(sql, params)?;
        let declared = |row: Row| {
            let (
                name,
                is_nullable,
                has_default,
                data_type,
                column_type,
                length,
                precision,
                scale,
                fraction,
                charset,
            ) = row;
            let declared = Declared {
                is_nullable,
                has_default,
                is_computed: data_type.ends_with('!'),
                data_type: data_type.trim_end_matches('!').to_ascii_lowercase(),
                column_type,
                length: length.and_then(|length| u32::try_from(length).ok()),
                precision: precision.and_then(|precision| u8::try_from(precision).ok()),
                scale: scale.and_then(|scale| u8::try_from(scale).ok()),
                fraction: fraction.and_then(|fraction| u32::try_from(fraction).ok()),
                charset: charset.unwrap_or_default(),
            };
            (name, declared)
        };
        Ok(rows.into_iter().map(declared).collect())
    }
}

/// A column as the table declares it.
struct Declared {
    is_nullable: bool,
    /// A default, or something that the server itself puts there.
    has_default: bool,
    is_computed: bool,
    data_type: String,
    column_type: String,
    length: Option<u32>,
    precision: Option<u8>,
    scale: Option<u8>,
    fraction: Option<u32>,
    charset: String,
}

impl Declared {
    fn storage(&self, column: &Column) -> Storage {
        let storage = Storage::declared(column);
        let is_text = column.column_type == ColumnType::Text;
        let whole = self.whole();
        let form = match (self.data_type.as_str(), whole) {
            (_, Some((min, max))) if is_text => Form::Whole(min, max),
            ("enum", _) => Form::Labels(labels(&self.column_type)),
            ("json", _) => Form::Json,
            ("uuid", _) => Form::Uuid,
            _ => storage.form.clone(),
        };
        let is_time = matches!(self.data_type.as_str(), "datetime" | "timestamp" | "time");
        let fraction = self.fraction.filter(|digits| is_time && *digits <= 6);
        let digits = self.precision.zip(self.scale).filter(|_| self.data_type == "decimal");
        Storage {
            is_nullable: self.is_nullable,
            is_computed: self.is_computed,
            is_optional: self.is_nullable || self.has_default,
            length_max: self.length.filter(|_| matches!(self.data_type.as_str(), "char" | "varchar")),
            whole: whole.filter(|_| !is_text).or(storage.whole),
            digits: digits.and_then(|(precision, scale)| Some((precision.checked_sub(scale)?, scale))),
            grain: fraction.map_or(storage.grain, |digits| 10i64.pow(6 - digits)),
            is_single: self.data_type == "float",
            char_max: match self.charset.as_str() {
                "utf8" | "utf8mb3" | "ucs2" => '\u{FFFF}',
                "ascii" => '\u{7F}',
                _ => char::MAX,
            },
            form,
        }
    }

    fn whole(&self) -> Option<(i64, i64)> {
        let bits = match self.data_type.as_str() {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" => 32,
            "bigint" => 64,
            _ => return None,
        };
        let is_unsigned = self.column_type.to_ascii_lowercase().contains("unsigned");
        Some(match (bits, is_unsigned) {
            // What is beyond 64 bits with a sign no dataset reads.
            (64, true) => (0, i64::MAX),
            (64, false) => (i64::MIN, i64::MAX),
            (bits, true) => (0, (1i64 << bits) - 1),
            (bits, false) => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
        })
    }
}

/// The values of `enum('a','it''s')`.
fn labels(column_type: &str) -> Vec<String> {
    let inside = column_type
        .split_once('(')
        .and_then(|(_, inside)| inside.rsplit_once(')'))
        .map_or("", |(inside, _)| inside);
    let (mut labels, mut label, mut is_open) = (Vec::new(), String::new(), false);
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, is_open) {
            ('\'', false) => is_open = true,
            ('\'', true) if chars.peek() == Some(&'\'') => label.extend(chars.next()),
            ('\'', true) => {
                is_open = false;
                labels.push(std::mem::take(&mut label));
            }
            (c, true) => label.push(c),
            _ => {}
        }
    }
    labels
}

fn quoted(place: Place<'_>) -> String {
    let table = Dialect::MySql.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::MySql.quoted(schema)))
}

/// `t.`a` = r.v0`, for columns from the `first`th value on.
fn equal(columns: &[&Column], first: usize, separator: &str) -> String {
    let each = columns
        .iter()
        .zip(first..)
        .map(|(column, number)| format!("t.{} = r.v{number}", Dialect::MySql.quoted(&column.source)));
    each.collect::<Vec<_>>().join(separator)
}

/// What a statement that writes has met.
fn refused(error: SourceError) -> WriteError {
    let SourceError::Database { source, .. } = &error else { return WriteError::Source(error) };
    let Some(said) = source.downcast_ref::<ServerError>() else { return WriteError::Source(error) };
    if !REFUSED.contains(&said.code) {
        return WriteError::Source(error);
    }
    let is_duplicate = DUPLICATE.contains(&said.code);
    let message = without_value(&said.message);
    let rule = is_duplicate
        .then(|| message.rsplit_once("for key ").map(|(_, key)| key.trim_matches('\'').to_owned()));
    WriteError::Refused { rule: rule.flatten(), message, is_duplicate }
}

/// A message without the value that it may name: `Duplicate entry 'x' for key 'PRIMARY'`, `Incorrect integer value: 'x' for
/// column …`.
fn without_value(message: &str) -> String {
    let after = |before: &str| message.rfind(before).map(|at| message[at + 1..].trim_start().to_owned());
    if message.starts_with("Duplicate entry") {
        return format!("Duplicate entry {}", after("' for key ").unwrap_or_default()).trim_end().to_owned();
    }
    match message.split_once(": '") {
        Some((before, _)) => {
            format!("{before} {}", after("' for ").unwrap_or_default()).trim_end().to_owned()
        }
        None => message.to_owned(),
    }
}

impl Target for MySqlTarget {
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError> {
        let declared = self.declared(place)?;
        let of = |column: &&Column| {
            let found = declared.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.source));
            found.map_or_else(|| Storage::declared(column), |(_, declared)| declared.storage(column))
        };
        Ok(columns.iter().map(of).collect())
    }

    fn obstacles(&mut self, place: Place<'_>) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        let sql = "SELECT t.engine, e.transactions = 'YES' FROM information_schema.tables t \
             JOIN information_schema.engines e ON e.engine = t.engine \
             WHERE t.table_schema = COALESCE(?, DATABASE()) AND t.table_name = ?";
        let engines: Vec<(String, Option<bool>)> =
            self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        for (engine, _) in engines.iter().filter(|(_, transactions)| *transactions != Some(true)) {
            found.push(format!(
                "tables of {engine} know no transactions, so that rows could be half-written; use InnoDB"
            ));
        }
        // The server looks at what the person may do before it plans.
        for sql in [
            format!("EXPLAIN INSERT INTO {0} SELECT * FROM {0} LIMIT 0", quoted(place)),
            format!("EXPLAIN DELETE FROM {}", quoted(place)),
        ] {
            if let Err(error) = self.run(&sql, Params::Empty) {
                found.push(format!("the table can't be written to: {error}"));
                break;
            }
        }
        Ok(found)
    }

    fn is_unique(&mut self, place: Place<'_>, key: &[&Column]) -> Result<bool, SourceError> {
        let sql = "SELECT index_name, column_name FROM information_schema.statistics \
             WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND non_unique = 0";
        let rows: Vec<(String, Option<String>)> =
            self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        let mut indexes: HashMap<String, bool> = HashMap::new();
        for (index, column) in rows {
            let is_of_key =
                column.is_some_and(|name| key.iter().any(|column| column.source.eq_ignore_ascii_case(&name)));
            *indexes.entry(index).or_insert(true) &= is_of_key;
        }
        Ok(indexes.into_values().any(|is_of_key| is_of_key))
    }

    fn folded(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<ArrayRef, SourceError> {
        if column.column_type != ColumnType::Text || column.stored_as == StoredAs::Bytes {
            return Ok(Arc::clone(values));
        }
        // The table may not take nulls.
        let rows: Vec<u32> =
            (0u32..).take(values.len()).filter(|row| values.is_valid(*row as usize)).collect();
        let given = taken_of(std::slice::from_ref(values), &rows)?;
        self.load(place, &[Values { columns: &[column], arrays: &given }])?;
        // The bytes by which the column's collation compares.
        let sql = format!("SELECT n, HEX(WEIGHT_STRING(v0)) FROM {ROWS}");
        let weights: Vec<(u64, Option<String>)> = self.snapshot.ask(&sql, Params::Empty)?;
        let mut folded = vec![None; values.len()];
        for (number, weight) in weights {
            let row = usize::try_from(number).ok().and_then(|number| rows.get(number));
            if let Some(row) = row {
                folded[*row as usize] = weight;
            }
        }
        Ok(Arc::new(StringArray::from(folded)))
    }

    fn find(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        wanted: &[&Column],
        locks: bool,
    ) -> Result<Found, SourceError> {
        let number = count_column();
        let mut columns = vec![&number];
        columns.extend(wanted);
        let zone = self.zone.clone();
        let yields = Yield { columns: &columns, zone: &zone, batch_rows: key.row_count() };
        self.load(place, &[key])?;
        let mut list = "r.n".to_owned();
        for column in wanted {
            list.push_str(&format!(", t.{}", Dialect::MySql.quoted(&column.source)));
        }
        let sql = format!(
            "SELECT {list} FROM {ROWS} AS r STRAIGHT_JOIN {} AS t ON {}{}",
            quoted(place),
            equal(key.columns, 0, " AND "),
            if locks { " FOR UPDATE" } else { "" }
        );
        let mut rows =
            self.snapshot.within(self.snapshot.statement_timeout, |runtime, connection, limits| {
                let asked = connection.exec_iter(sql.as_str(), Params::Empty);
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

    fn insert(&mut self, place: Place<'_>, values: Values<'_>) -> Result<(), WriteError> {
        let names: Vec<String> =
            values.columns.iter().map(|column| Dialect::MySql.quoted(&column.source)).collect();
        self.add(&quoted(place), &names.join(", "), &[values], false).map_err(refused)
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, values: Values<'_>) -> Result<(), WriteError> {
        self.load(place, &[key, values]).map_err(refused)?;
        let sql = format!(
            "UPDATE {ROWS} AS r STRAIGHT_JOIN {} AS t ON {} SET {}",
            quoted(place),
            equal(key.columns, 0, " AND "),
            equal(values.columns, key.columns.len(), ", ")
        );
        self.run(&sql, Params::Empty).map(drop).map_err(refused)
    }

    fn delete(&mut self, place: Place<'_>, key: Values<'_>) -> Result<(), WriteError> {
        self.load(place, &[key])?;
        let sql = format!(
            "DELETE t FROM {ROWS} AS r STRAIGHT_JOIN {} AS t ON {}",
            quoted(place),
            equal(key.columns, 0, " AND ")
        );
        self.run(&sql, Params::Empty).map(drop).map_err(refused)
    }

    fn recorded(&mut self, key: &LedgerKey, deed: Deed) -> Result<Option<String>, SourceError> {
        let sql = format!("SELECT counts FROM {TABLE} WHERE import = ? AND chunk = ? AND kind = ?");
        let found = self.snapshot.ask(&sql, Params::from((&key.import, key.chunk, deed.name())))?;
        Ok(found.into_iter().next())
    }

    fn claim(&mut self, key: &LedgerKey, deed: Deed) -> Result<bool, SourceError> {
        let sql = format!("INSERT IGNORE INTO {TABLE} (import, chunk, kind, counts) VALUES (?, ?, ?, '')");
        Ok(self.run(&sql, Params::from((&key.import, key.chunk, deed.name())))? > 0)
    }

    fn record(&mut self, key: &LedgerKey, deed: Deed, says: &str) -> Result<(), SourceError> {
        let sql = format!("UPDATE {TABLE} SET counts = ? WHERE import = ? AND chunk = ? AND kind = ?");
        self.run(&sql, Params::from((says, &key.import, key.chunk, deed.name()))).map(drop)
    }

    fn forget(&mut self, import: &str) -> Result<u64, SourceError> {
        self.run(&format!("DELETE FROM {TABLE} WHERE import = ?"), Params::from((import,)))
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.run("COMMIT", Params::Empty).map(drop).map_err(refused)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn messages_tell_no_values() {
        for (message, want) in [
            ("Duplicate entry 'it's ' for key x' for key 'PRIMARY'", "Duplicate entry for key 'PRIMARY'"),
            ("Column 'v' cannot be null", "Column 'v' cannot be null"),
            (
                "Incorrect integer value: 'abc' for column `d`.`t`.`n` at row 1",
                "Incorrect integer value for column `d`.`t`.`n` at row 1",
            ),
            ("Truncated incorrect DOUBLE value: 'abc'", "Truncated incorrect DOUBLE value"),
        ] {
            assert_eq!(without_value(message), want);
        }
        assert_eq!(labels("enum('a','it''s','x,y)')"), ["a", "it's", "x,y)"]);
    }
}
