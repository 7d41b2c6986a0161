//! PostgreSQL as a target: new rows by COPY straight into the table; rows are found, changed and removed by one statement each,
//! whose values travel as one array a column.

mod binary;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::DataType;
use bytes::Bytes;
use futures::SinkExt;
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use tokio_postgres::types::{ToSql, Type};

use self::binary::Binary;
use super::PostgresSnapshot;
use super::connect::{Connection, said};
use super::decode;
use super::kind::Kind;
use super::param::TextParam;
use super::rows::{Batch, Rows};
use super::write::Written;
use crate::columns::Columns;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::import::ledger::{Deed, LedgerKey, TABLE};
use crate::import::storage::{Form, Storage};
use crate::import::target::{Access, Found, Place, Target, Values, WriteError};
use crate::source::{Yield, count_column};
use crate::statement::Dialect;

/// Bytes that are handed to the connection at once.
const PIECE_BYTES: usize = 256 << 10;

/// A transaction. Dropping it undoes what was not committed.
pub(crate) struct PostgresTarget {
    snapshot: PostgresSnapshot,
    zone: TimeZone,
    /// The SQL types of columns, by table.
    types: HashMap<String, HashMap<String, Type>>,
    /// Whether keys are surely looked up by an index, by table and columns.
    indexed: HashMap<(String, Vec<String>), bool>,
    /// Whether the planner was told to do so.
    looks_up: bool,
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
            make_ledger(&mut connection)?;
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
            zone: zone.clone(),
            types: HashMap::new(),
            indexed: HashMap::new(),
            looks_up: false,
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

    /// Values as one array a column, and how the statement names them: `unnest($1::text[], …)`, with the types they are cast to.
    fn arrays(
        &mut self,
        place: Place<'_>,
        values: &[Values<'_>],
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
    ) -> Result<arrow_array::RecordBatch, SourceError> {
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

/// Makes the ledger where it is not there; another may do the same at the same time.
fn make_ledger(connection: &mut Connection) -> Result<(), SourceError> {
    let asked = format!("SELECT to_regclass('{TABLE}') IS NOT NULL");
    let is_there = |connection: &mut Connection| {
        let asked = asked.as_str();
        let row = connection.ask(|client| client.query_one(asked, &[]))?;
        Ok::<bool, SourceError>(row.try_get(0).unwrap_or(false))
    };
    if is_there(connection)? {
        return Ok(());
    }
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (import text NOT NULL, chunk integer NOT NULL, kind text NOT NULL, \
         counts text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (import, chunk, kind))"
    );
    let made = connection.ask(|client| client.batch_execute(&sql));
    match made {
        // Two that make it at once can both find it absent, and then one of them fails.
        Err(error) if said(&error).is_some() => {
            if is_there(connection)? {
                Ok(())
            } else {
                Err(error)
            }
        }
        made => made,
    }
}

fn quoted(place: Place<'_>) -> String {
    let table = Dialect::Postgres.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::Postgres.quoted(schema)))
}

/// The cast to a type, which may be one of a person's own.
fn cast(sql_type: &Type) -> String {
    let quoted = |name: &str| Dialect::Postgres.quoted(name);
    format!("::{}.{}", quoted(sql_type.schema()), quoted(sql_type.name()))
}

/// `t."a" = u.v1::…`, for columns from the `first`th value on.
fn equal(columns: &[&Column], casts: &[String], first: usize, table: &str, separator: &str) -> String {
    let each = columns.iter().zip(casts).zip(first..).map(|((column, cast), number)| {
        format!("{table}{} = u.v{number}{cast}", Dialect::Postgres.quoted(&column.source))
    });
    each.collect::<Vec<_>>().join(separator)
}

fn value_names(count: usize) -> String {
    (0..count).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ")
}

/// What a statement that writes has met.
fn refused(error: SourceError) -> WriteError {
    let Some(said) = said(&error) else { return WriteError::Source(error) };
    let code = said.code().code();
    // Integrity constraints, values that don't fit, views with a check option, and what triggers raise
    // (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    if !["22", "23", "44", "P0"].iter().any(|class| code.starts_with(class)) {
        return WriteError::Source(error);
    }
    // What could not be read stands behind a colon; what else could tell of values is not in the message but in its detail.
    let message = said.message();
    let message =
        if code.starts_with("22") { message.split(": \"").next().unwrap_or(message) } else { message };
    WriteError::Refused {
        message: message.to_owned(),
        rule: said.constraint().or(said.column()).map(str::to_owned),
        is_duplicate: code == "23505",
    }
}

/// What follows from a column's SQL type, and from its modifier, which is -1 for none.
fn limited(storage: Storage, column: &Column, sql_type: &Type, modifier: i32) -> Storage {
    let kind = Kind::of(sql_type);
    let is_text = column.column_type == ColumnType::Text;
    let whole = match *sql_type {
        Type::INT2 => Some((i64::from(i16::MIN), i64::from(i16::MAX))),
        Type::INT4 => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
        Type::INT8 => Some((i64::MIN, i64::MAX)),
        Type::OID => Some((0, i64::from(u32::MAX))),
        _ => None,
    };
    let unsigned = u32::try_from(modifier).ok();
    let length_max = match *sql_type {
        // Modifiers of these count the four bytes of a length.
        Type::VARCHAR | Type::BPCHAR => unsigned.and_then(|modifier| modifier.checked_sub(4)),
        _ => None,
    };
    let digits = match *sql_type {
        Type::NUMERIC => unsigned.and_then(|modifier| modifier.checked_sub(4)).and_then(|modifier| {
            let (precision, scale) = (modifier >> 16, modifier & 2047);
            Some((u8::try_from(precision.checked_sub(scale)?).ok()?, u8::try_from(scale).ok()?))
        }),
        _ => None,
    };
    let grain = match *sql_type {
        Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            unsigned.filter(|digits| *digits <= 6).map_or(1, |digits| 10i64.pow(6 - digits))
        }
        _ => storage.grain,
    };
    let form = match (kind.clone(), whole) {
        (_, Some((min, max))) if is_text => Form::Whole(min, max),
        (Kind::Enum(_, labels), _) => Form::Labels(labels),
        (Kind::Uuid, _) => Form::Uuid,
        (Kind::Json | Kind::Jsonb, _) => Form::Json,
        _ => storage.form.clone(),
    };
    Storage {
        whole: whole.filter(|_| !is_text).or(storage.whole),
        length_max,
        digits,
        grain,
        is_single: kind == Kind::Single,
        form,
        ..storage
    }
}

impl Target for PostgresTarget {
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError> {
        let types = self.types(place, columns)?;
        let sql = "SELECT attname::text, attnotnull::text, (atthasdef OR attidentity <> '')::text, atttypmod::text, \
             (attgenerated <> '')::text \
             FROM pg_catalog.pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
        let mut declared: HashMap<String, (bool, bool, i32, bool)> = HashMap::new();
        for row in self.snapshot.texts(sql, &[&quoted(place)])? {
            let [Some(name), is_not_null, has_default, modifier, is_computed] = row.as_slice() else {
                continue;
            };
            let is = |text: &Option<String>| text.as_deref() == Some("true");
            let modifier = modifier.as_deref().and_then(|modifier| modifier.parse().ok()).unwrap_or(-1);
            declared.insert(name.clone(), (is(is_not_null), is(has_default), modifier, is(is_computed)));
        }
        let storages = columns.iter().zip(&types).map(|(column, sql_type)| {
            let storage = Storage::declared(column);
            let Some((is_not_null, has_default, modifier, is_computed)) = declared.get(&column.source) else {
                return storage;
            };
            let is_optional = !is_not_null || *has_default;
            let storage =
                Storage { is_nullable: !is_not_null, is_optional, is_computed: *is_computed, ..storage };
            limited(storage, column, sql_type, *modifier)
        });
        Ok(storages.collect())
    }

    fn obstacles(&mut self, place: Place<'_>) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        for right in ["INSERT", "UPDATE", "DELETE"] {
            let sql = "SELECT has_table_privilege($1::text, $2::text)::text";
            let has = self.snapshot.texts(sql, &[&quoted(place), right])?;
            if has.into_iter().flatten().flatten().next().as_deref() == Some("false") {
                found.push(format!(
                    "the person that the address names may not {right}; GRANT it, or leave imports out"
                ));
            }
        }
        let sql = format!(
            "SELECT (to_regclass('{TABLE}') IS NOT NULL OR has_schema_privilege(current_schema(), 'CREATE'))::text"
        );
        if self.snapshot.texts(&sql, &[])?.into_iter().flatten().flatten().next().as_deref() != Some("true") {
            found.push(format!(
                "the table {TABLE} is not there and may not be made: GRANT CREATE on the schema"
            ));
        }
        Ok(found)
    }

    fn is_unique(&mut self, place: Place<'_>, key: &[&Column]) -> Result<bool, SourceError> {
        // Constraints that are looked at only at the end of the transaction are none here.
        let sql = "SELECT i.indexrelid::text, a.attname::text FROM pg_catalog.pg_index i \
             CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS place \
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] \
             WHERE i.indrelid = $1::text::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate \
             AND i.indpred IS NULL";
        let mut indexes: HashMap<Option<String>, bool> = HashMap::new();
        for row in self.snapshot.texts(sql, &[&quoted(place)])? {
            let [index, column] = row.as_slice() else { continue };
            let is_of_key =
                column.as_ref().is_some_and(|name| key.iter().any(|column| column.source == *name));
            *indexes.entry(index.clone()).or_insert(true) &= is_of_key;
        }
        Ok(indexes.into_values().any(|is_of_key| is_of_key))
    }

    fn folded(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<ArrayRef, SourceError> {
        let types = self.types(place, &[column])?;
        if *values.data_type() != DataType::Utf8 || types.iter().all(|sql_type| sql_type.name() != "citext") {
            return Ok(Arc::clone(values));
        }
        let texts = values.as_string::<i32>().iter();
        Ok(Arc::new(texts.map(|text| text.map(str::to_lowercase)).collect::<StringArray>()))
    }

    fn find(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        wanted: &[&Column],
        locks: bool,
    ) -> Result<Found, SourceError> {
        self.plan_for(place, key.columns)?;
        let number = count_column();
        let mut columns = vec![&number];
        columns.extend(wanted);
        let yields = Yield { columns: &columns, zone: &self.zone.clone(), batch_rows: key.row_count() };
        let (params, unnest, casts) = self.arrays(place, &[key])?;
        let mut list = "u.n".to_owned();
        let mut appends: Vec<decode::Append> = vec![decode::integer];
        for (column, sql_type) in wanted.iter().zip(self.types(place, wanted)?) {
            let kind = Kind::of(&sql_type);
            let Some((cast, append)) = kind.reader(column.column_type, column.stored_as) else {
                return Err(SourceError::Misfit {
                    key: format!("dataset.{}.column.{}.type", self.snapshot.dataset, column.name),
                    sql_type: sql_type.name().to_owned(),
                    declared: column.column_type.name(),
                });
            };
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
        let mut rows = self.ask_rows(sql, params, &yields, appends)?;
        let at = rows.remove_column(0);
        let at = at.as_primitive::<Int64Type>().values();
        let at = at.iter().map(|number| u32::try_from(number - 1).unwrap_or(u32::MAX)).collect();
        Ok(Found { at, rows })
    }

    fn insert(&mut self, place: Place<'_>, values: Values<'_>) -> Result<(), WriteError> {
        let types = self.types(place, values.columns)?;
        let names: Vec<String> =
            values.columns.iter().map(|column| Dialect::Postgres.quoted(&column.source)).collect();
        let columns = || values.columns.iter().zip(values.arrays).zip(&types);
        let binary: Option<Vec<Binary<'_>>> =
            columns().map(|((column, array), sql_type)| Binary::of(column, sql_type, array)).collect();
        let form = if binary.is_some() { " (FORMAT BINARY)" } else { "" };
        let sql = format!("COPY {} ({}) FROM STDIN{form}", quoted(place), names.join(", "));
        let written: Vec<Written<'_>> = columns()
            .map(|((column, array), sql_type)| Written { column, kind: Kind::of(sql_type), array })
            .collect();
        let timeout = self.snapshot.statement_timeout;
        let copied = self.snapshot.connection.ask(|client| async move {
            let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await?);
            let mut row = 0;
            while row < values.row_count() {
                let mut piece = Vec::with_capacity(PIECE_BYTES + 4096);
                row = match &binary {
                    Some(columns) => {
                        Binary::push_rows(columns, row, values.row_count(), PIECE_BYTES, &mut piece)
                    }
                    None => Written::push_lines(&written, row, values.row_count(), PIECE_BYTES, &mut piece),
                };
                sink.send(Bytes::from(piece)).await?;
            }
            sink.finish().await
        });
        copied.map(drop).map_err(|error| refused(self.snapshot.explained(error, timeout)))
    }

    fn update(&mut self, place: Place<'_>, key: Values<'_>, values: Values<'_>) -> Result<(), WriteError> {
        self.plan_for(place, key.columns)?;
        let (params, unnest, casts) = self.arrays(place, &[key, values])?;
        let (of_key, of_values) = casts.split_at(key.columns.len());
        let sql = format!(
            "UPDATE {} AS t SET {} FROM {unnest} AS u ({}) WHERE {}",
            quoted(place),
            equal(values.columns, of_values, key.columns.len(), "", ", "),
            value_names(casts.len()),
            equal(key.columns, of_key, 0, "t.", " AND ")
        );
        self.run(&sql, &params).map(drop).map_err(refused)
    }

    fn delete(&mut self, place: Place<'_>, key: Values<'_>) -> Result<(), WriteError> {
        self.plan_for(place, key.columns)?;
        let (params, unnest, casts) = self.arrays(place, &[key])?;
        let sql = format!(
            "DELETE FROM {} AS t USING {unnest} AS u ({}) WHERE {}",
            quoted(place),
            value_names(casts.len()),
            equal(key.columns, &casts, 0, "t.", " AND ")
        );
        self.run(&sql, &params).map(drop).map_err(refused)
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
        committed.map_err(refused)
    }
}
