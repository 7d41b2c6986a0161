//! MySQL and MariaDB as a source: a read-only transaction with a consistent snapshot, and rows streamed by the binary protocol.
//!
//! Tables that know no transactions (MyISAM, Aria, MEMORY) are read as they are at the moment: the server has no snapshot of them.

mod chars;
mod decode;
mod fault;
pub(crate) mod held;
mod import;
mod param;
mod session;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arrow_array::RecordBatch;
use jiff::Timestamp;
use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{BinaryProtocol, Conn, Opts, Params, QueryResult, Value as SqlValue};
use tokio::runtime::{Builder, Runtime};

use self::decode::BatchBuilder;
use self::fault::Fault;
pub(crate) use self::import::MySqlTarget;
use self::param::Compared;
use self::session::{Limits, Session};
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::source::{Snapshot, Yield};
use crate::statement::Statement;

/// How long the server may overrun a limit that it was given itself, before the limit is enforced from here.
const GRACE: Duration = Duration::from_secs(1);

/// A read-only transaction of one connection, which is driven by a runtime of its own: a thread that waits for the network can
/// be told to stop, and one that waits for a call of a blocking client can't.
pub(crate) struct MySqlSnapshot {
    /// `None` once it is of no more use.
    session: Option<Session>,
    runtime: Runtime,
    opts: Opts,
    dataset: String,
    at: Timestamp,
    stop: Arc<AtomicBool>,
    statement_timeout: Option<Duration>,
}

impl MySqlSnapshot {
    /// Connects and begins the transaction for reading a dataset.
    pub(crate) fn open(
        dataset: &Dataset,
        url: &str,
        stop: &Arc<AtomicBool>,
    ) -> Result<MySqlSnapshot, SourceError> {
        MySqlSnapshot::begin(&dataset.id.to_string(), url, dataset.database.statement_timeout, stop)
    }

    /// Connects and begins the transaction; errors bear `name`.
    pub(crate) fn begin(
        name: &str,
        url: &str,
        statement_timeout: Option<Duration>,
        stop: &Arc<AtomicBool>,
    ) -> Result<MySqlSnapshot, SourceError> {
        MySqlSnapshot::made(name, url, statement_timeout, stop, session::READS)
    }

    /// The same with a session of another kind.
    fn made(
        name: &str,
        url: &str,
        statement_timeout: Option<Duration>,
        stop: &Arc<AtomicBool>,
        making: [&str; 2],
    ) -> Result<MySqlSnapshot, SourceError> {
        let explained = |fault: Fault| fault.explained(name);
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|error| explained(error.into()))?;
        let opts = session::options(url).map_err(|error| explained(error.into()))?;
        let mut snapshot = MySqlSnapshot {
            session: None,
            runtime,
            opts,
            dataset: name.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            stop: Arc::clone(stop),
            statement_timeout,
        };
        snapshot.connect(making)?;
        Ok(snapshot)
    }

    /// Makes a session, with a transaction of its own.
    fn connect(&mut self, making: [&str; 2]) -> Result<(), SourceError> {
        let limits = Limits::new(&self.stop, Some(session::CONNECT_TIMEOUT));
        let began = self.runtime.block_on(limits.guard(Session::begin(self.opts.clone(), making)));
        let (session, at) = began.map_err(|fault| fault.of_connecting().explained(&self.dataset))?;
        (self.session, self.at) = (Some(session), at);
        Ok(())
    }

    /// All rows of a small result.
    pub(crate) fn ask<T: FromRow + Send + 'static>(
        &mut self,
        sql: &str,
        params: Params,
    ) -> Result<Vec<T>, SourceError> {
        self.within(self.statement_timeout, |runtime, connection, limits| {
            runtime.block_on(limits.guard(connection.exec::<T, _, _>(sql, params)))
        })
    }

    /// What the columns of a statement are, which is not run.
    pub(crate) fn described(&mut self, sql: &str) -> Result<Arc<[mysql_async::Column]>, SourceError> {
        self.within(self.statement_timeout, |runtime, connection, limits| {
            Ok(runtime.block_on(limits.guard(connection.prep(sql)))?.columns())
        })
    }

    /// Runs `work` on the connection within a time. Whatever goes wrong ends the session, and what still runs in the server.
    fn within<T>(
        &mut self,
        within: Option<Duration>,
        work: impl FnOnce(&Runtime, &mut Conn, &Limits) -> Result<T, Fault>,
    ) -> Result<T, SourceError> {
        let limits = Limits::new(&self.stop, within.map(|within| within + GRACE));
        let Some(session) = self.session.as_mut() else {
            return Err(Fault::Closed.explained(&self.dataset));
        };
        let done = self
            .runtime
            .block_on(limits.guard(session.limit_statements(within)))
            .and_then(|()| work(&self.runtime, session.connection(), &limits));
        done.map_err(|fault| {
            let fault = limits.cause_of(fault);
            // A statement that the server has ended by itself leaves the session in order.
            if !matches!(fault, Fault::TimedOut { by_server: true }) {
                self.end(fault.leaves_work_in_the_server());
            }
            fault.explained(&self.dataset)
        })
    }

    /// Ends the session, without reading what is still being sent.
    fn end(&mut self, server_works: bool) {
        let Some(session) = self.session.take() else { return };
        if server_works {
            self.runtime.block_on(session::kill(self.opts.clone(), session.id()));
        }
        // Inside the runtime, which goes with the snapshot: outside, the client would look for another one to read the rest.
        let _inside = self.runtime.enter();
        drop(session);
    }
}

impl Drop for MySqlSnapshot {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.runtime.block_on(session.finish());
        }
    }
}

impl Snapshot for MySqlSnapshot {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn rows(
        &mut self,
        statement: &Statement,
        yields: &Yield<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        self.within(self.statement_timeout, |runtime, connection, limits| {
            let (sql, params) = runtime.block_on(limits.guard(fitted(connection, statement)))?;
            let mut result = runtime.block_on(limits.guard(connection.exec_iter(sql, params)))?;
            let mut builder = BatchBuilder::new(yields, result.columns_ref())?;
            loop {
                let is_last =
                    runtime.block_on(limits.guard(fill(&mut builder, &mut result, yields.batch_rows)))?;
                // Outside of the runtime, because a sink may block: then nothing is read, and the server waits.
                if builder.row_count() > 0 && sink(builder.finish()?).is_break() {
                    return Err(Fault::Stopped);
                }
                if is_last {
                    return Ok(());
                }
            }
        })
    }

    fn count(&mut self, statement: &Statement, within: Option<Duration>) -> Result<Option<u64>, SourceError> {
        let shortest = within.into_iter().chain(self.statement_timeout).min();
        let counted = self.within(shortest, |runtime, connection, limits| {
            let (sql, params) = runtime.block_on(limits.guard(fitted(connection, statement)))?;
            let number = connection.exec_first::<u64, _, _>(sql, params);
            Ok(runtime.block_on(limits.guard(number))?.unwrap_or(0))
        });
        match counted {
            Ok(number) => Ok(Some(number)),
            Err(SourceError::Timeout { .. }) if within.is_some() => {
                // The server has not ended the statement in time, and so it was left. Nothing was read yet, so that another
                // snapshot serves as well.
                if self.session.is_none() {
                    self.connect(session::READS)?;
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn check(&mut self, statement: &Statement, columns: &[&Column]) -> Result<(), SourceError> {
        self.within(self.statement_timeout, |runtime, connection, limits| {
            let (sql, _) = runtime.block_on(limits.guard(fitted(connection, statement)))?;
            let prepared = runtime.block_on(limits.guard(connection.prep(sql)))?;
            held::kinds(columns, &prepared.columns())?;
            Ok(())
        })
    }
}

/// The text of a statement as its columns ask for it, with its parameters. What columns are compared is learnt first: the server
/// tells it of a statement that is only prepared.
async fn fitted(connection: &mut Conn, statement: &Statement) -> Result<(String, Params), Fault> {
    let mut values: Vec<SqlValue> = statement.params.iter().map(param::stored).collect();
    let mut sources: Vec<&str> =
        statement.comparisons.iter().map(|comparison| comparison.column.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.is_empty() {
        let params = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
        return Ok((statement.sql.clone(), params));
    }
    let described = connection.prep(statement.select_of_same(&sources)).await?.columns();
    let mut inserted: Vec<(usize, Cow<'static, str>)> = Vec::new();
    for comparison in &statement.comparisons {
        let place = sources.iter().position(|source| *source == comparison.column.source);
        let held = place.and_then(|place| described.get(place)).map_or(held::Held::Unknown, held::held);
        let params: Vec<_> =
            comparison.marks.iter().map(|mark| (&statement.params[mark.param], mark.bound)).collect();
        let Compared { column: (before, after), marks } =
            param::compared(held, &comparison.declared, &params);
        inserted.push((comparison.column.start, before.into()));
        inserted.push((comparison.column.at, after.into()));
        for (mark, ((before, after), value)) in comparison.marks.iter().zip(marks) {
            inserted.push((mark.start, before.into()));
            inserted.push((mark.at, after.into()));
            values[mark.param] = value;
        }
    }
    Ok((statement.with_casts(inserted), Params::Positional(values)))
}

/// Reads rows until there are `batch_rows`; whether there are no more.
async fn fill(
    builder: &mut BatchBuilder<'_>,
    result: &mut QueryResult<'_, 'static, BinaryProtocol>,
    batch_rows: usize,
) -> Result<bool, Fault> {
    while !builder.is_full(batch_rows) {
        match result.next().await? {
            Some(row) => builder.append(row)?,
            None => return Ok(true),
        }
    }
    Ok(false)
}
