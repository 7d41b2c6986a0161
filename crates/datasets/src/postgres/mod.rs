//! PostgreSQL as a source: one read-only transaction that sees one snapshot, whose rows are decoded from the binary form into
//! columns.

mod connect;
mod decode;
mod idle;
mod import;
pub(crate) mod kind;
mod numeric;
mod param;
mod rows;
mod tls;
mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arrow_array::RecordBatch;
use jiff::Timestamp;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::Type;

use self::connect::{Connection, is_cancelled, source_error};
use self::decode::Append;
pub(crate) use self::import::PostgresTarget;
use self::kind::Kind;
use self::param::TextParam;
use self::rows::{Batch, Rows};
use crate::columns::Columns;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::source::{Snapshot, Yield};
use crate::statement::{Ordered, Statement};

/// How long the server lets the transaction wait for us: nothing of ours takes long between two statements, so that a process
/// that was frozen does not hold its snapshot for ever.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// A read-only transaction.
pub(crate) struct PostgresSnapshot {
    connection: Connection,
    dataset: String,
    at: Timestamp,
    statement_timeout: Option<Duration>,
    /// What is known of the SQL columns.
    kinds: HashMap<String, (Kind, String)>,
}

impl PostgresSnapshot {
    /// Connects and begins the transaction.
    pub(crate) fn open(
        dataset: &Dataset,
        url: &str,
        stop: &Arc<AtomicBool>,
    ) -> Result<PostgresSnapshot, SourceError> {
        PostgresSnapshot::begin(&dataset.id.to_string(), url, dataset.database.statement_timeout, stop)
    }

    /// Connects and begins the transaction; `name` is what errors name.
    pub(crate) fn begin(
        name: &str,
        url: &str,
        statement_timeout: Option<Duration>,
        stop: &Arc<AtomicBool>,
    ) -> Result<PostgresSnapshot, SourceError> {
        let connection = Connection::open(name, url, stop)?;
        let kind = "REPEATABLE READ READ ONLY";
        let mut snapshot = PostgresSnapshot::begin_on(connection, name, statement_timeout, kind)?;
        // What is written stays in the server's own zone, of which it may make a row's day; and so does what that is compared with.
        snapshot.connection.ask(|client| client.batch_execute("SET LOCAL TimeZone = 'UTC'"))?;
        Ok(snapshot)
    }

    /// Begins a transaction of that kind.
    fn begin_on(
        mut connection: Connection,
        name: &str,
        statement_timeout: Option<Duration>,
        kind: &str,
    ) -> Result<PostgresSnapshot, SourceError> {
        // The first query takes the snapshot. Text that the server makes of values is the same everywhere, whatever the server, the
        // database and the role are set to.
        let sql = format!(
            "BEGIN ISOLATION LEVEL {kind}; SET LOCAL DateStyle = ISO; SET LOCAL IntervalStyle = postgres; \
             SET LOCAL bytea_output = hex; SET LOCAL extra_float_digits = 3; SET LOCAL idle_in_transaction_session_timeout = {}; \
             SELECT (extract(epoch FROM now()) * 1000000)::int8",
            IDLE_TIMEOUT.as_millis()
        );
        connection.is_in_transaction = true;
        let answer = connection.ask(|client| async move { client.simple_query(&sql).await })?;
        let micros = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
            _ => None,
        });
        let at =
            micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or_else(Timestamp::now);
        Ok(PostgresSnapshot {
            connection,
            dataset: name.to_owned(),
            at,
            statement_timeout,
            kinds: HashMap::new(),
        })
    }

    /// The columns that a statement yields, without running it.
    pub(crate) fn columns(&mut self, sql: &str) -> Result<Vec<(String, Type)>, SourceError> {
        let prepared = self.connection.ask(|client| client.prepare(sql))?;
        Ok(prepared
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), column.type_().clone()))
            .collect())
    }

    /// Asks for text, row by row; the parameters are text as well.
    pub(crate) fn texts(
        &mut self,
        sql: &str,
        params: &[&str],
    ) -> Result<Vec<Vec<Option<String>>>, SourceError> {
        let params: Vec<TextParam> = params.iter().map(|param| TextParam((*param).to_owned())).collect();
        let rows = self.connection.ask(|client| async move {
            let params: Vec<_> =
                params.iter().map(|param| param as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            client.query(sql, &params).await
        })?;
        let wrong = |error| source_error(&self.dataset, error);
        rows.iter()
            .map(|row| (0..row.len()).map(|index| row.try_get(index).map_err(wrong)).collect())
            .collect()
    }

    /// Limits the time of the statements to come.
    fn limit(&mut self, within: Option<Duration>) -> Result<(), SourceError> {
        // 0 means no limit, which is ours to say, whatever the server's own setting.
        let millis = within.map_or(0, |within| within.as_millis().clamp(1, i32::MAX as u128));
        let sql = format!("SET LOCAL statement_timeout = {millis}");
        self.connection.ask(|client| async move { client.batch_execute(&sql).await })
    }

    /// Learns the types of all columns that stand in a statement.
    fn learn(&mut self, statement: &Statement) -> Result<(), SourceError> {
        let compared = statement.comparisons.iter().map(|comparison| &comparison.column);
        let ordered = statement.ordered.iter().map(|ordered| &ordered.column);
        let mentioned = statement.selected.iter().chain(ordered).chain(compared);
        let mut unknown: Vec<&str> = mentioned.map(|mention| mention.source.as_str()).collect();
        unknown.retain(|source| !self.kinds.contains_key(*source));
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let columns = self.columns(&statement.select_of_same(&unknown))?;
        for (source, (_, sql_type)) in unknown.into_iter().zip(columns) {
            self.kinds.insert(source.to_owned(), (Kind::of(&sql_type), sql_type.name().to_owned()));
        }
        Ok(())
    }

    /// The text of a statement with the casts that its columns need, its parameters, and how what it yields is read: the columns
    /// given.
    fn fitted(&mut self, statement: &Statement, columns: &[&Column]) -> Result<Fitted, SourceError> {
        self.learn(statement)?;
        let mut casts: Vec<(usize, Cow<'static, str>)> = Vec::new();
        let mut appends = Vec::with_capacity(columns.len());
        for (position, column) in columns.iter().enumerate() {
            // What follows the select list's columns is a count.
            let Some(mention) = statement.selected.get(position) else {
                appends.push(decode::integer as Append);
                continue;
            };
            let Some((kind, sql_type)) = self.kinds.get(&mention.source) else { continue };
            let Some((cast, append)) = kind.reader(column.column_type, column.stored_as) else {
                return Err(SourceError::Misfit {
                    key: format!("dataset.{}.column.{}.type", self.dataset, column.name),
                    sql_type: sql_type.clone(),
                    declared: column.column_type.name(),
                });
            };
            casts.push((mention.at, cast.into()));
            appends.push(append);
        }
        let mut params: Vec<TextParam> =
            statement.params.iter().map(|param| TextParam(param::plain(param))).collect();
        for comparison in &statement.comparisons {
            let Some((kind, _)) = self.kinds.get(&comparison.column.source) else { continue };
            let compared_with: Vec<_> =
                comparison.marks.iter().map(|mark| &statement.params[mark.param]).collect();
            let compared = param::compared(kind, &compared_with);
            casts.push((comparison.column.at, compared.column));
            for (mark, value) in comparison.marks.iter().zip(compared.values) {
                casts.push((mark.at, compared.mark.clone()));
                params[mark.param] = TextParam(value);
            }
        }
        for Ordered { column, .. } in &statement.ordered {
            let cast = self.kinds.get(&column.source).and_then(|(kind, _)| kind.order_cast());
            casts.extend(cast.map(|cast| (column.at, cast.into())));
        }
        casts.retain(|(_, cast)| !cast.is_empty());
        Ok(Fitted { sql: statement.with_casts(casts), params, appends })
    }

    fn counted(&mut self, statement: &Statement) -> Result<u64, SourceError> {
        let Fitted { sql, params, .. } = self.fitted(statement, &[])?;
        let row = self.connection.ask(|client| async move {
            let prepared = client.prepare(&sql).await?;
            let mut rows = pin!(client.query_raw(&prepared, params).await?);
            let mut number = 0;
            while let Some(row) = futures::TryStreamExt::try_next(&mut rows).await? {
                number = row.try_get::<_, i64>(0)?;
            }
            Ok(number)
        })?;
        Ok(row.unsigned_abs())
    }

    /// What an error of a limited statement means.
    fn explained(&self, error: SourceError, within: Option<Duration>) -> SourceError {
        match error {
            _ if self.connection.is_stopped() => SourceError::Stopped,
            error if within.is_some() && is_cancelled(&error) => {
                SourceError::Timeout { dataset: self.dataset.clone() }
            }
            error => error,
        }
    }
}

/// A statement as the server is given it.
struct Fitted {
    sql: String,
    params: Vec<TextParam>,
    appends: Vec<Append>,
}

impl Snapshot for PostgresSnapshot {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn rows(
        &mut self,
        statement: &Statement,
        yields: &Yield<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let Fitted { sql, params, appends } = self.fitted(statement, yields.columns)?;
        self.limit(self.statement_timeout)?;
        let within = self.statement_timeout;
        let started = self.connection.ask(|client| async move { Rows::ask(client, &sql, params).await });
        let mut rows = started.map_err(|error| self.explained(error, within))?;
        let mut batch =
            Batch { columns: Columns::new(yields), declared: yields.columns, appends, row_number: 0 };
        // The sink may wait for a place to put a batch, and is therefore called outside of the runtime.
        let mut is_over = false;
        while !is_over {
            let dataset = self.dataset.as_str();
            let filled = self.connection.run(|stop| batch.fill(dataset, &mut rows, yields.batch_rows, stop));
            is_over = filled.map_err(|error| self.explained(error, within))?;
            let is_enough = batch.columns.row_count > 0 && sink(batch.columns.finish()?).is_break();
            if is_enough || self.connection.is_stopped() {
                // Unless all rows are here, the server still sends them.
                self.connection.is_busy = !is_over;
                return Err(SourceError::Stopped);
            }
        }
        Ok(())
    }

    fn count(&mut self, statement: &Statement, within: Option<Duration>) -> Result<Option<u64>, SourceError> {
        let shortest = within.into_iter().chain(self.statement_timeout).min();
        if within.is_some() {
            let begin = "SAVEPOINT before_count";
            self.connection.ask(|client| client.batch_execute(begin))?;
        }
        self.limit(shortest)?;
        match self.counted(statement).map_err(|error| self.explained(error, shortest)) {
            Ok(number) => Ok(Some(number)),
            Err(SourceError::Timeout { .. }) if within.is_some() => {
                // The transaction, and with it the snapshot, goes on as if nothing had been counted.
                let back = "ROLLBACK TO SAVEPOINT before_count";
                self.connection.ask(|client| client.batch_execute(back))?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn check(&mut self, statement: &Statement, columns: &[&Column]) -> Result<(), SourceError> {
        let fitted = self.fitted(statement, columns)?;
        self.columns(&fitted.sql).map(drop)
    }
}
