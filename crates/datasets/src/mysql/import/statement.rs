//! The text of statements, and what servers say of them.

use mysql_async::ServerError;

use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::target::{Place, Referrer, WriteError};
use crate::statement::Dialect;

/// Rules of the database that rows have broken: duplicates, values that must be there, don't fit or are not in another table,
/// checks, and what triggers raise (<https://mariadb.com/kb/en/mariadb-error-code-reference/>,
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>).
const REFUSED: [u16; 22] = [
    1022, 1048, 1062, 1169, 1216, 1217, 1263, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1526,
    1586, 1644, 3140, 3819, 4025,
];
const DUPLICATE: [u16; 4] = [1022, 1062, 1169, 1586];

pub(super) fn quoted(place: Place<'_>) -> String {
    let table = Dialect::MySql.quoted(place.table);
    place.schema.map_or(table.clone(), |schema| format!("{}.{table}", Dialect::MySql.quoted(schema)))
}

/// `t.`a` = r.v0`, for columns from the `first`th value on.
pub(super) fn equal(columns: &[&Column], first: usize, separator: &str) -> String {
    let each = columns
        .iter()
        .zip(first..)
        .map(|(column, number)| format!("t.{} = r.v{number}", Dialect::MySql.quoted(&column.source)));
    each.collect::<Vec<_>>().join(separator)
}

/// The columns, quoted, with a comma between two.
pub(super) fn names(columns: &[&Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| Dialect::MySql.quoted(&column.source)).collect();
    names.join(", ")
}

/// The joins that look for rows that point at `t`, and what holds where there are none.
pub(super) fn without(referrers: &[Referrer]) -> (String, String) {
    let quoted = |name: &str| Dialect::MySql.quoted(name);
    let (mut joins, mut wheres) = (String::new(), Vec::new());
    for (number, referrer) in referrers.iter().enumerate() {
        // A row that points at itself stays as well: the server refuses to remove it.
        let pairs: Vec<String> = referrer
            .columns
            .iter()
            .map(|(own, other)| format!("c{number}.{} = t.{}", quoted(own), quoted(other)))
            .collect();
        joins.push_str(&format!(" LEFT JOIN {} AS c{number} ON {}", referrer.table, pairs.join(" AND ")));
        if let Some((own, _)) = referrer.columns.first() {
            wheres.push(format!("c{number}.{} IS NULL", quoted(own)));
        }
    }
    let wheres = if wheres.is_empty() { String::new() } else { format!(" WHERE {}", wheres.join(" AND ")) };
    (joins, wheres)
}

/// What a statement that writes has met.
pub(super) fn refused(error: SourceError) -> WriteError {
    let SourceError::Database { source, .. } = &error else { return WriteError::Source(error) };
    let Some(said) = source.downcast_ref::<ServerError>() else { return WriteError::Source(error) };
    if !REFUSED.contains(&said.code) {
        return WriteError::Source(sealed(error));
    }
    let is_duplicate = DUPLICATE.contains(&said.code);
    let message = without_value(&said.message);
    let rule = is_duplicate
        .then(|| message.rsplit_once("for key ").map(|(_, key)| key.trim_matches('\'').to_owned()));
    WriteError::Refused { rule: rule.flatten(), message, is_duplicate, row: None }
}

/// An error of the server without the value that it may name.
pub(super) fn sealed(error: SourceError) -> SourceError {
    let SourceError::Database { dataset, source, is_transient } = error else { return error };
    let source = match source.downcast::<ServerError>() {
        Ok(said) => {
            let message = without_value(&said.message);
            Box::new(ServerError { message, ..*said }) as Box<dyn std::error::Error + Send + Sync>
        }
        Err(other) => other,
    };
    SourceError::Database { dataset, source, is_transient }
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

#[cfg(test)]
mod tests {
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
    }
}
