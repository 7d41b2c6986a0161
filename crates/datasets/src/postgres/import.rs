//! PostgreSQL as a target: new rows by COPY straight into the table; rows are found, changed and removed by one statement each,
//! whose values travel as one array a column.

mod binary;
mod catalogue;
mod copy;
mod statement;
mod storage;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::DataType;
use jiff::tz::TimeZone;
use tokio_postgres::types::{ToSql, Type};

use self::statement::{cast, equal, quoted, refused, sealed, value_names};
use super::PostgresSnapshot;
use super::connect::Connection;
use super::decode;
use super::kind::Kind;
use super::param::TextParam;
use super::rows::{Batch, Rows};
use super::write::Written;
use crate::columns::Columns;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::number::Number;
use crate::import::storage::Storage;
use crate::import::target::{
    self, Access, Changes, Found, More, Place, Referrer, Settled, Target, Values, WriteError,
};
use crate::source::{Yield, count_column};
use crate::statement::Dialect;

/// A transaction. Dropping it undoes what was not committed.
pub(crate) struct PostgresTarget {
    snapshot: PostgresSnapshot,
    access: Access,
    zone: TimeZone,
    /// The SQL types of columns, by table.
    types: HashMap<String, HashMap<String, Type>>,
    /// Whether keys are surely looked up by an index, by table and columns.
    indexed: HashMap<(String, Vec<String>), bool>,
    /// Whether the planner was told to do so.
    looks_up: bool,
    /// Whether tables have no rows, where all is seen as it was when the transaction began.
    empty: HashMap<String, bool>,
}

impl PostgresTarget {
    pub(crate) fn open(
        dataset: &Dataset,
        url: &str,
        access: Access,
        zone: &TimeZone,
        stop: &Arc<AtomicBool>,
    ) -> Result<PostgresTarget, SourceError> {
        let id = dataset.id.to_string();
        let mut connection = Connection::open(&id, url, stop)?;
        if access == Access::Write {
            catalogue::make_ledger(&mut connection)?;
        }
        let kind = match access {
            Access::Read => "REPEATABLE READ READ ONLY",
            // Each statement sees what others have committed before it, which is what drift is told by.
            Access::Write => "READ COMMITTED READ WRITE",
        };
        let timeout = dataset.database.statement_timeout;
        let mut snapshot = PostgresSnapshot::begin_on(connection, &id, timeout, kind)?;
        snapshot.limit(timeout)?;
        Ok(PostgresTarget {
            snapshot,
            access,
            zone: zone.clone(),
            types: HashMap::new(),
            indexed: HashMap::new(),
            looks_up: false,
            empty: HashMap::new(),
        })
    }

    /// The SQL types of columns.
    fn types(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Type>, SourceError> {
        let table = quoted(place);
        let known = self.types.entry(table.clone()).or_default();
        let mut unknown: Vec<&str> = columns.iter().map(|column| column.source.as_str()).collect();
        unknown.retain(|source| !known.contains_key(*source));
        if !unknown.is_empty() {
            let names: Vec<String> = unknown.iter().map(|source| Dialect::Postgres.quoted(source)).collect();
            let found = self.snapshot.columns(&format!("SELECT {} FROM {table}", names.join(", ")))?;
            for (source, (_, sql_type)) in unknown.into_iter().zip(found) {
                known.insert(source.to_owned(), sql_type);
            }
        }
        // All are known by now.
        let of = |column: &&Column| known.get(&column.source).cloned().unwrap_or(Type::TEXT);
        Ok(columns.iter().map(of).collect())
    }

    /// Values as one array a column, and masks behind them, and how the statement names them: `unnest($1::text[], …)`, with the types
    /// that the values are cast to.
    fn arrays(
        &mut self,
        place: Place<'_>,
        values: &[Values<'_>],
        masks: &[&BooleanArray],
    ) -> Result<(Vec<TextParam>, String, Vec<String>), SourceError> {
        let (mut params, mut marks, mut casts) = (Vec::new(), Vec::new(), Vec::new());
        for values in values {
            let types = self.types(place, values.columns)?;
            for ((column, array), sql_type) in values.columns.iter().zip(values.arrays).zip(types) {
                let written = Written { column, kind: Kind::of(&sql_type), array };
                params.push(TextParam(written.array_text()));
                marks.push(format!("${}::text[]", params.len()));
                casts.push(cast(&sql_type));
            }
        }
        for mask in masks {
            let words: Vec<&str> =
                mask.iter().map(|is_changed| if is_changed == Some(true) { "t" } else { "f" }).collect();
            params.push(TextParam(format!("{{{}}}", words.join(","))));
            marks.push(format!("${}::boolean[]", params.len()));
        }
        Ok((params, format!("unnest({})", marks.join(", ")), casts))
    }

    /// Has the planner look up each key where an index makes that cheap. It would else guess from statistics, which a table that has
    /// just grown does not have, and read all of the table for each chunk.
    fn plan_for(&mut self, place: Place<'_>, key: &[&Column]) -> Result<(), SourceError> {
        let names = key.iter().map(|column| column.source.clone()).collect();
        let known = (quoted(place), names);
        let looks_up = match self.indexed.get(&known) {
            Some(is_indexed) => *is_indexed,
            None => {
                let is_indexed = self.is_unique(place, key)?;
                self.indexed.insert(known, is_indexed);
                is_indexed
            }
        };
        if looks_up != self.looks_up {
            let other = if looks_up { "off" } else { "on" };
            let sql = format!("SET LOCAL enable_hashjoin = {other}; SET LOCAL enable_mergejoin = {other}");
            self.snapshot.connection.ask(|client| async move { client.batch_execute(&sql).await })?;
            self.looks_up = looks_up;
        }
        Ok(())
    }

    /// Whether the table has no rows, as a table has that is filled for the first time: then none needs to be looked for.
    fn is_empty(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        // One that writes sees what others have added since.
        if self.access == Access::Write {
            return Ok(false);
        }
        let table = quoted(place);
        if let Some(is_empty) = self.empty.get(&table) {
            return Ok(*is_empty);
        }
        let is_empty = self.snapshot.texts(&format!("SELECT 1::text FROM {table} LIMIT 1"), &[])?.is_empty();
        self.empty.insert(table, is_empty);
        Ok(is_empty)
    }

    /// How a column is read.
    fn reader(
        &self,
        kind: &Kind,
        column: &Column,
        sql_type: Option<&Type>,
    ) -> Result<(&'static str, decode::Append), SourceError> {
        kind.reader(column.column_type, column.stored_as).ok_or_else(|| SourceError::Misfit {
            key: format!("dataset.{}.column.{}.type", self.snapshot.dataset, column.name),
            sql_type: sql_type.map_or_else(String::new, |sql_type| sql_type.name().to_owned()),
            declared: column.column_type.name(),
        })
    }

    /// Runs what has no parameters.
    fn execute(&mut self, sql: &str) -> Result<(), SourceError> {
        self.snapshot.connection.ask(|client| client.batch_execute(sql))
    }

    fn run(&mut self, sql: &str, params: &[TextParam]) -> Result<u64, SourceError> {
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        let timeout = self.snapshot.statement_timeout;
        let done = self.snapshot.connection.ask(|client| async move { client.execute(sql, &params).await });
        done.map_err(|error| self.snapshot.explained(error, timeout))
    }

    fn ask_rows(
        &mut self,
        sql: String,
        params: Vec<TextParam>,
        yields: &Yield<'_>,
        appends: Vec<decode::Append>,
    ) -> Result<RecordBatch, SourceError> {
        let timeout = self.snapshot.statement_timeout;
        let started =
            self.snapshot.connection.ask(|client| async move { Rows::ask(client, &sql, params).await });
        let mut rows = started.map_err(|error| self.snapshot.explained(error, timeout))?;
        let mut batch =
            Batch { columns: Columns::new(yields), declared: yields.columns, appends, row_number: 0 };
        let dataset = self.snapshot.dataset.clone();
        let filled = self.snapshot.connection.run(|stop| batch.fill(&dataset, &mut rows, usize::MAX, stop));
        filled.map_err(|error| self.snapshot.explained(error, timeout))?;
        Ok(batch.columns.finish()?)
    }
}

/// Rows whose first column is the number under which they were asked for, from 1.
fn numbered(mut rows: RecordBatch) -> Found {
    let at = rows.remove_column(0);
    let at = at.as_primitive::<Int64Type>().values();
    let at = at.iter().map(|number| u32::try_from(number - 1).unwrap_or(u32::MAX)).collect();
    Found { at, rows }
}

impl Target for PostgresTarget {
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError> {
        storage::of(self, place, columns)
    }

    fn obstacles(&mut self, place: Place<'_>) -> Result<Vec<String>, SourceError> {
        catalogue::obstacles(&mut self.snapshot, place)
    }

    fn is_unique(&mut self, place: Place<'_>, key: &[&Column]) -> Result<bool, SourceError> {
        catalogue::is_unique(&mut self.snapshot, place, key)
    }

    fn folded(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<ArrayRef, SourceError> {
        let types = self.types(place, &[column])?;
        let is_folded = |sql_type: &Type| sql_type.name() == "citext" || Kind::of(sql_type) == Kind::Numeric;
        if *values.data_type() != DataType::Utf8 || !types.iter().any(is_folded) {
            return Ok(Arc::clone(values));
        }
        let of_text = |text: &str| match types.first() {
            Some(sql_type) if sql_type.name() == "citext" => Some(text.to_lowercase()),
            // However many zeros it ends in.
            Some(sql_type) if Kind::of(sql_type) == Kind::Numeric => Number::read(text)?.text(),
            _ => None,
        };
        let texts = values.as_string::<i32>().iter();
        let folded = texts.map(|text| text.map(|text| of_text(text).unwrap_or_else(|| text.to_owned())));
        Ok(Arc::new(folded.collect::<StringArray>()))
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
        if self.is_empty(place)? {
            return Ok(numbered(Columns::new(&yields).finish()?));
        }
        self.plan_for(place, key.columns)?;
        let (params, unnest, casts) = self.arrays(place, &[key], &[])?;
        let mut list = "u.n".to_owned();
        let mut appends: Vec<decode::Append> = vec![decode::integer];
        for (column, sql_type) in wanted.iter().zip(self.types(place, wanted)?) {
            let (cast, append) = self.reader(&Kind::of(&sql_type), column, Some(&sql_type))?;
            list.push_str(&format!(", t.{}{cast}", Dialect::Postgres.quoted(&column.source)));
            appends.push(append);
        }
        let sql = format!(
            "SELECT {list} FROM {unnest} WITH ORDINALITY AS u ({}, n) JOIN {} AS t ON {}{}",
            value_names(casts.len()),
            quoted(place),
            equal(key.columns, &casts, 0, "t.", " AND "),
            if locks { " FOR UPDATE OF t" } else { "" }
        );
        self.ask_rows(sql, params, &yields, appends).map(numbered).map_err(sealed)
    }

    fn settled(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<Settled, SourceError> {
        storage::settled(self, place, column, values).map_err(sealed)
    }

    fn referrers(&mut self, place: Place<'_>) -> Result<Vec<Referrer>, SourceError> {
        catalogue::referrers(&mut self.snapshot, place)
    }

    fn refers_to_itself(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        let sql = "SELECT 1::text FROM pg_catalog.pg_constraint \
             WHERE contype = 'f' AND conrelid = $1::text::regclass AND confrelid = conrelid";
        Ok(!self.snapshot.texts(sql, &[&quoted(place)])?.is_empty())
    }

    fn has_triggers(&mut self, place: Place<'_>) -> Result<bool, SourceError> {
        let sql = "SELECT 1::text FROM pg_catalog.pg_trigger \
             WHERE tgrelid = $1::text::regclass AND NOT tgisinternal AND tgenabled <> 'D'";
        Ok(!self.snapshot.texts(sql, &[&quoted(place)])?.is_empty())
    }

    fn insert(
        &mut self,
        place: Place<'_>,
        values: Values<'_>,
        more: &mut More<'_>,
    ) -> Result<u64, WriteError> {
        copy::copy(self, place, values, more)
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, changes: Changes<'_>) -> Result<u64, WriteError> {
        self.plan_for(place, key.columns)?;
        let masks: Vec<&BooleanArray> = changes.masks.iter().flatten().collect();
        let (params, unnest, casts) = self.arrays(place, &[key, changes.values], &masks)?;
        let (of_key, of_values) = casts.split_at(key.columns.len());
        let mut mask = casts.len();
        let each = changes.values.columns.iter().zip(changes.masks).zip(of_values).zip(of_key.len()..);
        let set = each.map(|(((column, is_masked), cast), number)| {
            let column = Dialect::Postgres.quoted(&column.source);
            if is_masked.is_none() {
                return format!("{column} = u.v{number}{cast}");
            }
            mask += 1;
            format!("{column} = CASE WHEN u.v{} THEN u.v{number}{cast} ELSE t.{column} END", mask - 1)
        });
        let set: Vec<String> = set.collect();
        let sql = format!(
            "UPDATE {} AS t SET {} FROM {unnest} AS u ({}) WHERE {}",
            quoted(place),
            set.join(", "),
            value_names(params.len()),
            equal(key.columns, of_key, 0, "t.", " AND ")
        );
        self.run(&sql, &params).map_err(refused)
    }

    fn delete(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        referrers: &[Referrer],
    ) -> Result<u64, WriteError> {
        self.plan_for(place, key.columns)?;
        let (params, unnest, casts) = self.arrays(place, &[key], &[])?;
        let sql = format!(
            "DELETE FROM {} AS t USING {unnest} AS u ({}) WHERE {}{}",
            quoted(place),
            value_names(casts.len()),
            equal(key.columns, &casts, 0, "t.", " AND "),
            target::without(Dialect::Postgres, referrers, key.columns)
        );
        let mut removed = 0;
        loop {
            let count = self.run(&sql, &params).map_err(refused)?;
            removed += count;
            // Others may have been pointed at by these.
            if count == 0 || removed == key.row_count() as u64 || !referrers.iter().any(|other| other.is_own)
            {
                return Ok(removed);
            }
        }
    }

    fn recorded(&mut self, key: &LedgerKey, deed: Deed) -> Result<Option<String>, SourceError> {
        let sql = format!(
            "SELECT counts FROM {TABLE} WHERE import = $1::text AND chunk = $2::text::integer AND kind = $3::text"
        );
        let found = self.snapshot.texts(&sql, &[&key.import, &key.chunk.to_string(), deed.name()])?;
        Ok(found.into_iter().flatten().flatten().next())
    }

    fn claim(&mut self, key: &LedgerKey, deed: Deed) -> Result<bool, SourceError> {
        let sql = format!(
            "INSERT INTO {TABLE} (import, chunk, kind, counts) VALUES ($1::text, $2::text::integer, $3::text, '') \
             ON CONFLICT DO NOTHING"
        );
        let params = [key.import.as_str(), &key.chunk.to_string(), deed.name()];
        let params = params.map(|param| TextParam(param.to_owned()));
        Ok(self.run(&sql, &params)? > 0)
    }

    fn record(&mut self, key: &LedgerKey, deed: Deed, says: &str) -> Result<(), SourceError> {
        let sql = format!(
            "UPDATE {TABLE} SET counts = $4::text \
             WHERE import = $1::text AND chunk = $2::text::integer AND kind = $3::text"
        );
        let params = [key.import.as_str(), &key.chunk.to_string(), deed.name(), says];
        self.run(&sql, &params.map(|param| TextParam(param.to_owned()))).map(drop)
    }

    fn forget(&mut self, import: &str) -> Result<u64, SourceError> {
        let sql = format!("DELETE FROM {TABLE} WHERE import = $1::text");
        self.run(&sql, &[TextParam(import.to_owned())])
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        let committed = self.snapshot.connection.ask(|client| client.batch_execute("COMMIT"));
        // Also one that was refused has ended the transaction.
        self.snapshot.connection.is_in_transaction = false;
        committed.map_err(refused)
    }
}
