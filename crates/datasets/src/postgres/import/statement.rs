//! The text of statements, and what the server says of them.

use tokio_postgres::types::Type;

use super::super::connect::said;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::target::{Place, WriteError};
use crate::statement::Dialect;

pub(super) fn quoted(place: Place<'_>) -> String {
    let table = Dialect::Postgres.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::Postgres.quoted(schema)))
}

/// The cast to a type, which may be one of a person's own.
pub(super) fn cast(sql_type: &Type) -> String {
    let quoted = |name: &str| Dialect::Postgres.quoted(name);
    format!("::{}.{}", quoted(sql_type.schema()), quoted(sql_type.name()))
}

/// `t."a" = u.v1::…`, for columns from the `first`th value on.
pub(super) fn equal(
    columns: &[&Column],
    casts: &[String],
    first: usize,
    table: &str,
    separator: &str,
) -> String {
    let each = columns.iter().zip(casts).zip(first..).map(|((column, cast), number)| {
        format!("{table}{} = u.v{number}{cast}", Dialect::Postgres.quoted(&column.source))
    });
    each.collect::<Vec<_>>().join(separator)
}

pub(super) fn value_names(count: usize) -> String {
    (0..count).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ")
}

/// A message without the value that it may name: what could not be read stands behind a colon, and what else could tell of values is
/// not in the message but in its detail.
fn without_value<'a>(code: &str, message: &'a str) -> &'a str {
    if code.starts_with("22") { message.split(": \"").next().unwrap_or(message) } else { message }
}

/// An error of the server without the value that it may name.
pub(super) fn sealed(error: SourceError) -> SourceError {
    let message = match said(&error) {
        Some(said) if said.code().code().starts_with("22") => {
            without_value(said.code().code(), said.message()).to_owned()
        }
        _ => return error,
    };
    match error {
        SourceError::Database { dataset, is_transient, .. } => {
            SourceError::Database { dataset, source: message.into(), is_transient }
        }
        error => error,
    }
}

/// What a statement that writes has met.
pub(super) fn refused(error: SourceError) -> WriteError {
    let Some(said) = said(&error) else { return WriteError::Source(error) };
    let code = said.code().code();
    // Integrity constraints, values that don't fit, views with a check option, and what triggers raise
    // (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    if !["22", "23", "44", "P0"].iter().any(|class| code.starts_with(class)) {
        return WriteError::Source(error);
    }
    WriteError::Refused {
        message: without_value(code, said.message()).to_owned(),
        rule: said.constraint().or(said.column()).map(str::to_owned),
        is_duplicate: code == "23505",
        row: said.where_().and_then(row_of_copy),
    }
}

/// The place of a row in a COPY, from 0, of the context of an error: `COPY orders, line 17, column total: "x"`, in the server's language
/// (`CopyFromErrorCallback` in PostgreSQL's `copyfrom.c`). The table's name may have digits too, but nothing that looks like the rest.
fn row_of_copy(context: &str) -> Option<usize> {
    let line = context.lines().find(|line| line.contains("COPY "))?;
    let words = line.split_once(", ")?.1.split([' ', ',', ':']);
    let line: usize = words.filter_map(|word| word.parse().ok()).next()?;
    line.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::row_of_copy;

    #[test]
    fn the_row_of_a_copy_is_found_in_any_language() {
        for (context, want) in [
            ("COPY orders, line 17, column total: \"5\"", Some(16)),
            ("COPY orders2, line 1", Some(0)),
            ("COPY orders, Zeile 3: \"9\"", Some(2)),
            ("COPY orders, 行 1000000", Some(999_999)),
            ("PL/pgSQL function looked(), line 4 at RAISE\nCOPY orders, line 2: \"x\"", Some(1)),
            ("SQL statement \"SELECT 1\"", None),
            ("COPY orders", None),
            ("", None),
        ] {
            assert_eq!(row_of_copy(context), want, "{context}");
        }
    }
}
