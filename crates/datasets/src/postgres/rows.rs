//! Rows as they come from the server, and their way into columns.
//!
//! Without parameters they come by `COPY … TO STDOUT (FORMAT BINARY)`, which costs the client less. COPY takes no
//! parameters, and nothing of a request becomes SQL text; so with parameters they come by the extended protocol. Values have the
//! same bytes in both.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use tokio::time::MissedTickBehavior;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, CopyOutStream, Row, RowStream};

use super::connect::{STOP_CHECK, source_error};
use super::decode::Append;
use super::param::TextParam;
use crate::columns::Columns;
use crate::dataset::Column;
use crate::error::SourceError;

/// Bytes before the first row of a binary COPY: a signature, flags and the length of an extension, of which there is none
/// (<https://www.postgresql.org/docs/current/sql-copy.html>).
const COPY_HEAD: usize = 19;

/// Rows that a statement yields.
pub(super) enum Rows {
    /// A message a row; whether the next one is the first, which has the head before its row.
    Copy(Pin<Box<CopyOutStream>>, bool),
    Stream(Pin<Box<RowStream>>),
}

/// A row as it came.
enum Message {
    Copy(Bytes),
    Row(Row),
}

impl Rows {
    pub(super) async fn ask(
        client: &Client,
        sql: &str,
        params: Vec<TextParam>,
    ) -> Result<Rows, tokio_postgres::Error> {
        if params.is_empty() {
            let copy = client.copy_out(&format!("COPY ({sql}) TO STDOUT (FORMAT BINARY)")).await?;
            return Ok(Rows::Copy(Box::pin(copy), true));
        }
        let prepared = client.prepare(sql).await?;
        Ok(Rows::Stream(Box::pin(client.query_raw(&prepared, params).await?)))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, tokio_postgres::Error>>> {
        match self {
            Rows::Copy(messages, is_first) => messages.as_mut().poll_next(context).map_ok(|mut message| {
                if std::mem::take(is_first) {
                    message = message.slice(COPY_HEAD.min(message.len())..);
                }
                Message::Copy(message)
            }),
            Rows::Stream(rows) => rows.as_mut().poll_next(context).map_ok(Message::Row),
        }
    }
}

/// A cell's bytes as they came.
struct Cell<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Cell<'a>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Cell(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Rows on their way into columns.
pub(super) struct Batch<'a> {
    pub(super) columns: Columns,
    pub(super) declared: &'a [&'a Column],
    pub(super) appends: Vec<Append>,
    pub(super) row_number: u64,
}

impl Batch<'_> {
    /// Takes rows until the batch is full; whether there are no more.
    pub(super) async fn fill(
        &mut self,
        dataset: &str,
        rows: &mut Rows,
        row_count: usize,
        stop: &AtomicBool,
    ) -> Result<bool, SourceError> {
        let mut ticks = tokio::time::interval(STOP_CHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // As long as rows are there, nothing else is asked.
        poll_fn(|context| {
            while !self.columns.is_full(row_count) {
                match rows.poll_next(context) {
                    Poll::Ready(Some(Ok(Message::Row(row)))) => self.append_row(dataset, &row)?,
                    Poll::Ready(Some(Ok(Message::Copy(bytes)))) => self.append_copied(dataset, &bytes)?,
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(source_error(dataset, error))),
                    Poll::Ready(None) => return Poll::Ready(Ok(true)),
                    Poll::Pending => {
                        while ticks.poll_tick(context).is_ready() {
                            if stop.load(Ordering::Relaxed) {
                                return Poll::Ready(Err(SourceError::Stopped));
                            }
                        }
                        return Poll::Pending;
                    }
                }
            }
            Poll::Ready(Ok(false))
        })
        .await
    }

    fn append_row(&mut self, dataset: &str, row: &Row) -> Result<(), SourceError> {
        self.row_number += 1;
        for index in 0..self.appends.len() {
            let cell =
                row.try_get::<_, Option<Cell<'_>>>(index).map_err(|error| source_error(dataset, error))?;
            self.append(index, cell.map(|Cell(bytes)| bytes))?;
        }
        self.columns.row_count += 1;
        Ok(())
    }

    /// A message of COPY: the number of cells, and for each its length, or -1 where it is null, and its bytes. The last message
    /// has -1 for the number.
    fn append_copied(&mut self, dataset: &str, message: &[u8]) -> Result<(), SourceError> {
        let broken = || SourceError::Database {
            dataset: dataset.to_owned(),
            source: "the rows that were copied are not of the form that is known".into(),
            is_transient: false,
        };
        let (count, mut rest) = message.split_first_chunk().ok_or_else(broken)?;
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            return Ok(());
        }
        if usize::try_from(count).ok() != Some(self.appends.len()) {
            return Err(broken());
        }
        self.row_number += 1;
        for index in 0..self.appends.len() {
            let (length, after) = rest.split_first_chunk().ok_or_else(broken)?;
            rest = after;
            let cell = match usize::try_from(i32::from_be_bytes(*length)) {
                Ok(length) => {
                    let (cell, after) = rest.split_at_checked(length).ok_or_else(broken)?;
                    rest = after;
                    Some(cell)
                }
                Err(_) => None,
            };
            self.append(index, cell)?;
        }
        self.columns.row_count += 1;
        Ok(())
    }

    fn append(&mut self, index: usize, cell: Option<&[u8]>) -> Result<(), SourceError> {
        let builder = &mut self.columns.builders[index];
        let Some(bytes) = cell else {
            builder.append_null();
            return Ok(());
        };
        (self.appends[index])(builder, bytes).map_err(|found| SourceError::BadValue {
            column: self.declared[index].name.clone(),
            row: self.row_number,
            found: found.to_owned(),
            declared: self.declared[index].column_type.name(),
        })
    }
}
