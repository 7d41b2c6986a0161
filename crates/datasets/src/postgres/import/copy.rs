//! New rows by COPY: of one batch, or of as many as follow each other.

use std::pin::pin;

use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use futures::SinkExt;
use tokio_postgres::types::Type;

use super::PostgresTarget;
use super::binary::{self, Binary};
use super::statement::{quoted, refused};
use crate::dataset::Column;
use crate::import::target::{More, Place, Values, WriteError};
use crate::postgres::kind::Kind;
use crate::postgres::write::Written;
use crate::statement::Dialect;

/// Bytes that are handed to the connection at once: few, so that the server does not wait for the first of them.
const PIECE_BYTES: usize = 64 << 10;

/// The rows of a batch in the form in which they are sent.
enum Rows<'a> {
    Binary(Vec<Binary<'a>>),
    Text(Vec<Written<'a>>),
}

impl<'a> Rows<'a> {
    /// Binary, if all columns of the batch have that form.
    fn of(columns: &[(&'a Column, &Type)], batch: &'a [ArrayRef]) -> Rows<'a> {
        let each = || columns.iter().zip(batch);
        match each().map(|((column, sql_type), array)| Binary::of(column, sql_type, array)).collect() {
            Some(columns) => Rows::Binary(columns),
            None => Rows::Text(
                each()
                    .map(|((column, sql_type), array)| Written { column, kind: Kind::of(sql_type), array })
                    .collect(),
            ),
        }
    }

    fn is_binary(&self) -> bool {
        matches!(self, Rows::Binary(_))
    }

    /// Appends rows from `first` on until there are enough bytes for a piece; says where it stopped.
    fn push(&self, first: usize, row_count: usize, piece: &mut Vec<u8>) -> usize {
        match self {
            Rows::Binary(columns) => Binary::push_rows(columns, first, row_count, PIECE_BYTES, piece),
            Rows::Text(columns) => Written::push_lines(columns, first, row_count, PIECE_BYTES, piece),
        }
    }
}

/// Adds rows, and those of the batches that `more` gives; says how many.
pub(super) fn copy(
    target: &mut PostgresTarget,
    place: Place<'_>,
    values: Values<'_>,
    more: &mut More<'_>,
) -> Result<u64, WriteError> {
    let types = target.types(place, values.columns)?;
    let columns: Vec<(&Column, &Type)> = values.columns.iter().copied().zip(&types).collect();
    let names: Vec<String> =
        columns.iter().map(|(column, _)| Dialect::Postgres.quoted(&column.source)).collect();
    let timeout = target.snapshot.statement_timeout;
    let (mut count, mut next) = (0, Some(values.arrays.to_vec()));
    while let Some(first) = next.take() {
        let is_binary = Rows::of(&columns, &first).is_binary();
        let form = if is_binary { " (FORMAT BINARY)" } else { "" };
        let sql = format!("COPY {} ({}) FROM STDIN{form}", quoted(place), names.join(", "));
        let copied = target.snapshot.connection.ask(|client| async {
            let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await?);
            let mut piece = new_piece();
            if is_binary {
                piece.extend_from_slice(binary::HEAD);
            }
            let mut batch = Some(first);
            while let Some(arrays) = batch {
                let (rows, row_count) =
                    (Rows::of(&columns, &arrays), arrays.first().map_or(0, |array| array.len()));
                if rows.is_binary() != is_binary {
                    // What follows in another form needs a COPY of its own.
                    drop(rows);
                    next = Some(arrays);
                    break;
                }
                let mut row = 0;
                while row < row_count {
                    row = rows.push(row, row_count, &mut piece);
                    sink.send(Bytes::from(std::mem::replace(&mut piece, new_piece()))).await?;
                }
                batch = more();
            }
            if is_binary {
                sink.send(Bytes::from_static(&binary::END)).await?;
            }
            sink.finish().await
        });
        count += copied.map_err(|error| behind(count, refused(target.snapshot.explained(error, timeout))))?;
    }
    Ok(count)
}

fn new_piece() -> Vec<u8> {
    Vec::with_capacity(PIECE_BYTES + 4096)
}

/// The error of a row with its place among all, of which so many were in COPYs before.
fn behind(count: u64, mut error: WriteError) -> WriteError {
    if let WriteError::Refused { row: Some(row), .. } = &mut error {
        *row += count as usize;
    }
    error
}
