//! MySQL and MariaDB as a target: new rows by INSERT of many rows; rows are found, changed and removed by one statement each, joined
//! with a temporary table that has the columns of the table itself, so that keys are equal where they are equal there.

mod rows;
mod statement;
mod storage;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::{ArrayRef, StringArray};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use mysql_async::Params;
use mysql_async::prelude::Queryable;

use self::rows::{ROWS, valid};
use self::statement::{equal, names, quoted, refused, sealed, without};
use super::MySqlSnapshot;
use super::session::{COMPARES, WRITES};
use crate::config::StoredAs;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::storage::Storage;
use crate::import::target::{
    self, Access, Changes, Found, More, Place, Referrer, Settled, Target, Values, WriteError,
};
use crate::statement::Dialect;

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
            let unsafe_engine = match target::place(dataset) {
                Some(place) => target.unsafe_engine(place)?,
                None => None,
            };
            if let Some(engine) = unsafe_engine {
                return Err(target.failure(half_written(&engine)));
            }
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

    fn failure(&self, problem: String) -> SourceError {
        let dataset = self.snapshot.dataset.clone();
        SourceError::Database { dataset, source: problem.into(), is_transient: false }
    }

    /// The engine of the table, if it knows no transactions.
    fn unsafe_engine(&mut self, place: Place<'_>) -> Result<Option<String>, SourceError> {
        let sql = "SELECT t.engine FROM information_schema.tables t \
             JOIN information_schema.engines e ON e.engine = t.engine \
             WHERE t.table_schema = COALESCE(?, DATABASE()) AND t.table_name = ? AND e.transactions <> 'YES'";
        let engines: Vec<String> = self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        Ok(engines.into_iter().next())
    }
}

/// Why a table of an engine is not imported into.
fn half_written(engine: &str) -> String {
    format!("tables of {engine} know no transactions, so that rows could be half-written; use InnoDB")
}

impl Target for MySqlTarget {
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError> {
        let declared = storage::declared(self, place)?;
        let of = |column: &&Column| {
            let found = declared.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.source));
            found.map_or_else(|| Storage::declared(column), |(_, declared)| declared.storage(column))
        };
        Ok(columns.iter().map(of).collect())
    }

    fn obstacles(&mut self, place: Place<'_>) -> Result<Vec<String>, SourceError> {
        let mut found: Vec<String> =
            self.unsafe_engine(place)?.into_iter().map(|engine| half_written(&engine)).collect();
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
        let (rows, given) = valid(values)?;
        self.load(place, &[Values { columns: &[column], arrays: &given }], &[]).map_err(sealed)?;
        // The bytes by which the column's collation compares; of what is no text there are none.
        let sql = format!("SELECT n, COALESCE(HEX(WEIGHT_STRING(v0)), HEX(CAST(v0 AS CHAR))) FROM {ROWS}");
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
        self.load(place, &[key], &[]).map_err(sealed)?;
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
        self.numbered(&sql, wanted, key.row_count())
    }

    fn settled(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<Settled, SourceError> {
        self.settle(place, column, values).map_err(sealed)
    }

    fn referrers(&mut self, place: Place<'_>) -> Result<Vec<Referrer>, SourceError> {
        let sql = "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name, k.referenced_column_name, \
             k.table_schema = k.referenced_table_schema AND k.table_name = k.referenced_table_name \
             FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
             ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
             AND r.table_name = k.table_name \
             WHERE k.referenced_table_schema = COALESCE(?, DATABASE()) AND k.referenced_table_name = ? \
             AND (r.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') \
             OR k.table_schema = k.referenced_table_schema AND k.table_name = k.referenced_table_name) \
             ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position";
        type Row = (String, String, String, String, String, bool);
        let rows: Vec<Row> = self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        let mut found: Vec<((String, String, String), Referrer)> = Vec::new();
        for (schema, table, constraint, own, other, is_own) in rows {
            let table_name = quoted(Place { schema: Some(&schema), table: &table });
            let name = (schema, table, constraint);
            match found.last_mut() {
                Some((last, referrer)) if *last == name => referrer.columns.push((own, other)),
                _ => {
                    let referrer = Referrer { table: table_name, columns: vec![(own, other)], is_own };
                    found.push((name, referrer));
                }
            }
        }
        Ok(found.into_iter().map(|(_, referrer)| referrer).collect())
    }

    fn refers_to_itself(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        let sql = "SELECT count(*) FROM information_schema.key_column_usage \
             WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? \
             AND referenced_table_schema = table_schema AND referenced_table_name = table_name";
        let count: Vec<u64> = self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        Ok(count != [0])
    }

    fn has_triggers(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        let sql = "SELECT count(*) FROM information_schema.triggers \
             WHERE event_object_schema = COALESCE(?, DATABASE()) AND event_object_table = ?";
        let count: Vec<u64> = self.snapshot.ask(sql, Params::from((place.schema, place.table)))?;
        Ok(count != [0])
    }

    fn insert(
        &mut self,
        place: Place<'_>,
        values: Values<'_>,
        _more: &mut More<'_>,
    ) -> Result<u64, WriteError> {
        let into = format!("INTO {} ({})", quoted(place), names(values.columns));
        self.add(&into, &[values], false, |_, _| Ok(())).map_err(refused)
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, changes: Changes<'_>) -> Result<u64, WriteError> {
        let masks: Vec<ArrayRef> =
            changes.masks.iter().flatten().map(|mask| Arc::new(mask.clone()) as ArrayRef).collect();
        self.load(place, &[key, changes.values], &masks).map_err(refused)?;
        let first = key.columns.len();
        let mut mask = first + changes.values.columns.len();
        let each = changes.values.columns.iter().zip(changes.masks).zip(first..);
        let set = each.map(|((column, is_masked), number)| {
            let column = Dialect::MySql.quoted(&column.source);
            if is_masked.is_none() {
                return format!("t.{column} = r.v{number}");
            }
            mask += 1;
            format!("t.{column} = IF(r.v{}, r.v{number}, t.{column})", mask - 1)
        });
        let set: Vec<String> = set.collect();
        let sql = format!(
            "UPDATE {ROWS} AS r STRAIGHT_JOIN {} AS t ON {} SET {}",
            quoted(place),
            equal(key.columns, 0, " AND "),
            set.join(", ")
        );
        // The server tells how many it has changed, which may be fewer than it has found. It leaves none out by itself.
        self.run(&sql, Params::Empty).map_err(refused)?;
        Ok(key.row_count() as u64)
    }

    fn delete(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        referrers: &[Referrer],
    ) -> Result<u64, WriteError> {
        self.load(place, &[key], &[]).map_err(sealed)?;
        let (joins, wheres) = without(referrers);
        let sql = format!(
            "DELETE t FROM {ROWS} AS r STRAIGHT_JOIN {} AS t ON {}{joins}{wheres}",
            quoted(place),
            equal(key.columns, 0, " AND ")
        );
        let mut removed = 0;
        loop {
            let count = self.run(&sql, Params::Empty).map_err(refused)?;
            removed += count;
            // Others may have been pointed at by these.
            if count == 0 || removed == key.row_count() as u64 || !referrers.iter().any(|other| other.is_own)
            {
                return Ok(removed);
            }
        }
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
