//! Statements fitted to what columns hold.
//!
//! SQLite keeps whatever is put into a column, and compares and sorts it as what it happens to be: numbers that are held as text
//! by their characters. A column whose type does not make numbers of what is put into it is therefore compared and sorted by a
//! function, which is given to the connection and reads values just as they are read for people. An index serves only where
//! that is not needed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_protocol::ColumnType;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as SqlValue;

use super::decode;
use super::param;
use crate::config::StoredAs;
use crate::error::SourceError;
use crate::statement::{Declared, Mention, Statement};
use crate::value::Value;

/// What the functions are called, before their numbers.
const FUNCTION: &str = "longshore_value_";

/// What a column's type makes of what is put into it (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affinity {
    Text,
    /// Numbers of what can be a number.
    Numbers,
    /// Nothing; so it is with expressions.
    Nothing,
}

impl Affinity {
    fn of(declared: Option<&str>) -> Affinity {
        let declared = declared.unwrap_or_default().to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        match declared.as_str() {
            _ if has(&["INT"]) => Affinity::Numbers,
            _ if has(&["CHAR", "CLOB", "TEXT"]) => Affinity::Text,
            // A strict table's ANY is nothing; elsewhere it would make numbers.
            "" | "ANY" => Affinity::Nothing,
            _ if has(&["BLOB"]) => Affinity::Nothing,
            _ => Affinity::Numbers,
        }
    }

    /// Whether such a column is compared with the values by the function.
    fn compares_otherwise<'v>(
        self,
        declared: &Declared,
        mut values: impl Iterator<Item = &'v Value>,
    ) -> bool {
        let is_unix = matches!(declared.stored_as, StoredAs::UnixSeconds | StoredAs::UnixMillis);
        match declared.column_type {
            ColumnType::Text => match self {
                Affinity::Text => false,
                Affinity::Numbers => !values.all(param::is_told_apart),
                Affinity::Nothing => !values.all(|value| match value {
                    Value::Text(text) => param::is_told_apart(value) && !param::is_canonical(text),
                    _ => true,
                }),
            },
            ColumnType::Decimal { .. } if declared.stored_as == StoredAs::Plain => {
                self != Affinity::Numbers || !values.all(param::is_told_apart)
            }
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => self != Affinity::Numbers,
            ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz if is_unix => {
                self != Affinity::Numbers
            }
            // A day stands before its times, as text as well.
            ColumnType::Date => false,
            // Times of days can be written in several ways.
            ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz => true,
            ColumnType::Boolean => true,
        }
    }

    /// Whether such a column is sorted by the function. Times that are held as text are sorted as text, so that an index serves:
    /// the check tells where they are not all written alike.
    fn sorts_otherwise(self, declared: &Declared) -> bool {
        let is_unix = matches!(declared.stored_as, StoredAs::UnixSeconds | StoredAs::UnixMillis);
        match declared.column_type {
            ColumnType::Text => false,
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => self != Affinity::Numbers,
            ColumnType::Boolean => true,
            ColumnType::Date | ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz => {
                is_unix && self != Affinity::Numbers
            }
        }
    }
}

/// A value that is not of its column's type, as a function has met it, which can't tell it otherwise.
#[derive(Clone, Default)]
pub(super) struct Misheld(Arc<Mutex<Option<(Declared, String)>>>);

impl Misheld {
    fn tell(&self, declared: &Declared, found: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((declared.clone(), found));
    }

    /// The error that the functions were ended by, if they were.
    pub(super) fn told(&self) -> Option<SourceError> {
        let (declared, found) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let (column, declared) = (declared.name, declared.column_type.name());
        Some(SourceError::BadValue { column, row: 0, found, declared })
    }
}

/// A statement as the database is given it.
pub(super) struct Fitted {
    pub(super) sql: String,
    pub(super) params: Vec<SqlValue>,
    pub(super) misheld: Misheld,
}

/// The statement with the functions that its columns need, and its parameters.
pub(super) fn fitted(connection: &Connection, statement: &Statement) -> rusqlite::Result<Fitted> {
    let affinities = affinities(connection, statement)?;
    let affinity = |mention: &Mention| affinities.get(&mention.source).copied().unwrap_or(Affinity::Nothing);
    let mut wrapped: Vec<(&Mention, &Declared)> = Vec::new();
    let mut params: Vec<SqlValue> = statement.params.iter().map(param::stored).collect();
    for comparison in &statement.comparisons {
        let declared = &comparison.declared;
        let values = comparison.marks.iter().map(|mark| &statement.params[mark.param].value);
        let is_by_function = affinity(&comparison.column).compares_otherwise(declared, values);
        if is_by_function {
            wrapped.push((&comparison.column, declared));
        }
        for mark in &comparison.marks {
            let param = &statement.params[mark.param];
            params[mark.param] = if is_by_function {
                param::comparable(param, declared)
            } else {
                param::bounded(param, mark.bound)
            };
        }
    }
    for (column, declared) in &statement.likened {
        if declared.stored_as == StoredAs::Bytes || affinity(column) != Affinity::Text {
            wrapped.push((column, declared));
        }
    }
    let mut key = String::new();
    for ordered in &statement.ordered {
        let Some(declared) = &ordered.declared else { continue };
        if affinity(&ordered.column).sorts_otherwise(declared) {
            wrapped.push((&ordered.column, declared));
            if ordered.is_key {
                // What is shown alike is still not the same.
                key.push_str(", ");
                key.push_str(&statement.sql[ordered.column.start..ordered.column.at]);
            }
        }
    }
    let misheld = Misheld::default();
    let mut inserted: Vec<(usize, Cow<'static, str>)> = Vec::with_capacity(2 * wrapped.len() + 1);
    let mut functions: Vec<&Declared> = Vec::new();
    for (column, declared) in wrapped {
        let number = functions.iter().position(|known| *known == declared).unwrap_or_else(|| {
            functions.push(declared);
            functions.len() - 1
        });
        inserted.push((column.start, format!("{FUNCTION}{number}(").into()));
        inserted.push((column.at, ")".into()));
    }
    for (number, declared) in functions.into_iter().enumerate() {
        add_function(connection, number, declared.clone(), misheld.clone())?;
    }
    // Where nothing is sorted there is no key either.
    inserted.extend((!key.is_empty()).then(|| (statement.order_end, key.into())));
    Ok(Fitted { sql: statement.with_casts(inserted), params, misheld })
}

/// What the types of the columns make of values, for those where that may matter.
fn affinities(connection: &Connection, statement: &Statement) -> rusqlite::Result<HashMap<String, Affinity>> {
    let compared = statement.comparisons.iter().map(|comparison| &comparison.column);
    let likened = statement.likened.iter().map(|(column, _)| column);
    let ordered = statement.ordered.iter().filter(|ordered| ordered.declared.is_some());
    let mentioned = compared.chain(likened).chain(ordered.map(|ordered| &ordered.column));
    let mut sources: Vec<&str> = mentioned.map(|mention| mention.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.is_empty() {
        return Ok(HashMap::new());
    }
    let prepared = connection.prepare(&statement.select_of_same(&sources))?;
    let columns = prepared.columns();
    let affinities = columns.iter().map(|column| Affinity::of(column.decl_type()));
    Ok(sources.into_iter().map(str::to_owned).zip(affinities).collect())
}

/// Gives the connection the function that reads the values of a column.
fn add_function(
    connection: &Connection,
    number: usize,
    declared: Declared,
    misheld: Misheld,
) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(format!("{FUNCTION}{number}").as_str(), 1, flags, move |context| {
        let value = context.get_raw(0);
        decode::comparable(value, declared.column_type, declared.stored_as).ok_or_else(|| {
            misheld.tell(&declared, decode::kind(value));
            rusqlite::Error::UserFunctionError("a value is not of its column's type".into())
        })
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use longshore_protocol::{Filter, Sort};
    use serde_json::json;

    use super::*;
    use crate::catalog::Catalog;
    use crate::query::Query;
    use crate::statement::Dialect;

    const TABLE: &str =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, no TEXT, n INTEGER, total DECIMAL(9, 2), cents INTEGER,
        paid BOOLEAN, day TEXT, at TEXT, unix INTEGER, code BLOB, held TEXT);
        CREATE INDEX t_no ON t (no); CREATE INDEX t_n ON t (n); CREATE INDEX t_total ON t (total);
        CREATE INDEX t_cents ON t (cents); CREATE INDEX t_paid ON t (paid); CREATE INDEX t_day ON t (day);
        CREATE INDEX t_at ON t (at); CREATE INDEX t_unix ON t (unix); CREATE INDEX t_code ON t (code);
        CREATE INDEX t_held ON t (held);";
    const COLUMNS: &str = "{ name = 'no', type = 'text' }, { name = 'n', type = 'integer' }, \
        { name = 'total', type = 'decimal', scale = 2 }, \
        { name = 'cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }, \
        { name = 'paid', type = 'boolean' }, { name = 'day', type = 'date' }, { name = 'at', type = 'timestamp' }, \
        { name = 'unix', type = 'timestamp', stored_as = 'unix_seconds' }, \
        { name = 'code', type = 'text', stored_as = 'bytes' }, { name = 'held', type = 'integer' }";

    /// How SQLite goes about a statement.
    fn plan(filter: Option<(&str, &str, serde_json::Value)>, sort: Option<&str>) -> String {
        let toml = format!(
            "[database.db]\nurl = 'sqlite:t.db'\n[dataset.t]\ndatabase = 'db'\ntable = 't'\nkey = ['id']\ncolumn = [{COLUMNS}]"
        );
        let config = toml::from_str(&toml).expect("well-formed");
        let catalog = Catalog::from_config(&config, "/".as_ref()).expect("valid");
        let dataset = catalog.get("t").expect("declared");
        let filters: Vec<Filter> = filter
            .map(|(column, op, value)| Filter { column: column.to_owned(), op: op.to_owned(), value })
            .into_iter()
            .collect();
        let sort: Vec<Sort> =
            sort.map(|column| Sort { column: column.to_owned(), descending: false }).into_iter().collect();
        let query = Query::check(dataset, &[], &filters, &sort, &TimeZone::UTC).expect("valid");
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(TABLE).expect("valid SQL");
        let statement = match sort.is_empty() {
            true => Statement::select_unordered(Dialect::Sqlite, dataset, &query),
            false => Statement::select(Dialect::Sqlite, dataset, &query),
        };
        let fitted = fitted(&connection, &statement).expect("fits");
        let explained = format!("EXPLAIN QUERY PLAN {}", fitted.sql);
        let mut prepared =
            connection.prepare(&explained).unwrap_or_else(|error| panic!("{error}: {explained}"));
        let steps = prepared
            .query_map(rusqlite::params_from_iter(fitted.params), |row| row.get::<_, String>(3))
            .expect("explains");
        steps.collect::<Result<Vec<_>, _>>().expect("explains").join("; ")
    }

    #[test]
    fn indexes_serve_where_columns_hold_what_they_declare() {
        for (column, op, value) in [
            ("no", "eq", json!("x")),
            ("no", "in", json!(["x", "y"])),
            ("n", "ge", json!(5)),
            ("total", "eq", json!("12.50")),
            ("total", "gt", json!("12.50")),
            ("total", "in", json!([1, 2])),
            ("cents", "eq", json!("12.50")),
            ("paid", "eq", json!(true)),
            ("day", "eq", json!("2026-08-01")),
            ("day", "le", json!("2026-08-01")),
            ("at", "eq", json!("2026-08-01")),
            ("at", "ge", json!("2026-08-01 10:30")),
            ("at", "le", json!("2026-08-01 10:30")),
            ("unix", "eq", json!("2026-08-01")),
            ("code", "eq", json!("00ff")),
        ] {
            let plan = plan(Some((column, op, value.clone())), None);
            assert!(plan.contains(&format!("INDEX t_{column} ")), "{column} {op} {value}: {plan}");
        }
        for column in ["no", "n", "total", "cents", "day", "at", "unix"] {
            let plan = plan(None, Some(column));
            assert!(
                plan.contains(&format!("INDEX t_{column}")) && !plan.contains("TEMP B-TREE"),
                "{column}: {plan}"
            );
        }
        assert!(plan(Some(("held", "eq", json!(5))), None).starts_with("SCAN"));
    }

    #[test]
    fn types_make_of_values_what_sqlite_says() {
        for (declared, want) in [
            ("INTEGER", Affinity::Numbers),
            ("VARCHAR(20)", Affinity::Text),
            ("CHARINT", Affinity::Numbers),
            ("text", Affinity::Text),
            ("BLOB", Affinity::Nothing),
            ("", Affinity::Nothing),
            ("ANY", Affinity::Nothing),
            ("DOUBLE PRECISION", Affinity::Numbers),
            ("DECIMAL(10, 2)", Affinity::Numbers),
            ("DATETIME", Affinity::Numbers),
        ] {
            assert_eq!(Affinity::of(Some(declared)), want, "{declared}");
        }
        assert_eq!(Affinity::of(None), Affinity::Nothing);
    }
}
