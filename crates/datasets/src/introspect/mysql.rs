//! Describes tables, views and queries of MySQL and MariaDB: what columns hold as the server tells it of a prepared SELECT, so
//! that it is what reading finds, and the rest from `information_schema`.

use std::collections::HashMap;
use std::sync::Arc;

use mysql_async::Params;
use mysql_async::consts::ColumnFlags;

use super::{Reading, Table, TableColumn};
use crate::catalog::SCALE_MAX;
use crate::config::{StoredAs, TypeName};
use crate::dataset::Relation;
use crate::error::SourceError;
use crate::mysql::MySqlSnapshot;
use crate::mysql::held::{Held, held};
use crate::statement::Dialect;

/// Its kind, its engine, and whether that knows no transactions.
const KIND: &str = "SELECT t.table_type, t.engine, COALESCE(e.transactions <> 'YES', 0) \
    FROM information_schema.tables AS t LEFT JOIN information_schema.engines AS e ON e.engine = t.engine \
    WHERE t.table_schema = COALESCE(?, DATABASE()) AND t.table_name = ?";
const COLUMNS: &str = "SELECT column_name, column_type FROM information_schema.columns \
    WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?";
/// Index, whether it is unique, column, and whether only the beginning of its values is in it, by place in the index;
/// expressions have no column.
const INDEXES: &str = "SELECT index_name, non_unique = 0, column_name, sub_part IS NOT NULL \
    FROM information_schema.statistics WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? \
    AND index_type = 'BTREE' ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index";
/// Digits that every whole number of 64 bits has room for.
const WHOLE_DIGITS: u32 = 18;

/// See [`super::describe`].
pub(super) fn describe(database: &str, url: &str, relation: &Relation) -> Result<Option<Table>, SourceError> {
    let mut snapshot = MySqlSnapshot::begin(database, url, None, &Arc::default())?;
    let (schema, name) = match relation {
        Relation::Query(select) => {
            let described = snapshot.described(&format!("SELECT * FROM ({select}\n) AS rows_of_query"))?;
            let columns = described.iter().map(|described| column(described, None)).collect();
            return Ok(Some(Table { columns, ..Table::default() }));
        }
        Relation::Table { schema, name } => (schema, name),
    };
    let place = || Params::from((schema.clone(), name.clone()));
    let Some((kind, engine, has_no_snapshot)) =
        snapshot.ask::<(String, Option<String>, bool)>(KIND, place())?.pop()
    else {
        return Ok(None);
    };
    let quoted = match schema {
        Some(schema) => format!("{}.{}", Dialect::MySql.quoted(schema), Dialect::MySql.quoted(name)),
        None => Dialect::MySql.quoted(name),
    };
    let described = snapshot.described(&format!("SELECT * FROM {quoted}"))?;
    let sql_types: HashMap<String, String> = snapshot.ask(COLUMNS, place())?.into_iter().collect();
    let columns = described.iter().map(|described| {
        let sql_type = sql_types.get(described.name_str().as_ref()).map(String::as_str);
        column(described, sql_type)
    });
    // A table that keeps its history calls itself otherwise.
    let is_table = matches!(kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED");
    let mut table = Table {
        is_table,
        columns: columns.collect(),
        engine_without_snapshot: engine.filter(|_| has_no_snapshot),
        ..Table::default()
    };
    let mut indexes: Vec<(String, bool, Vec<Option<String>>, bool)> = Vec::new();
    for (index, is_unique, column, is_part) in
        snapshot.ask::<(String, bool, Option<String>, bool)>(INDEXES, place())?
    {
        match indexes.last_mut().filter(|(last, ..)| *last == index) {
            Some((_, _, columns, _)) => columns.push(column),
            None => indexes.push((index, is_unique, vec![column], is_part)),
        }
    }
    for (_, is_unique, columns, begins_with_part) in indexes {
        add_index(&mut table, is_unique, columns, begins_with_part);
    }
    Ok(Some(table))
}

/// Takes note of an index. Sorting gains nothing from one of the beginnings of values; but whose beginnings are unique is unique.
fn add_index(table: &mut Table, is_unique: bool, columns: Vec<Option<String>>, begins_with_part: bool) {
    let Some(columns) = columns.into_iter().collect::<Option<Vec<String>>>() else { return };
    table.indexed.extend(columns.first().filter(|_| !begins_with_part).cloned());
    let is_never_null =
        columns.iter().all(|name| table.column(name).is_some_and(|column| !column.is_nullable));
    if is_unique && is_never_null && !columns.is_empty() && !table.keys.contains(&columns) {
        table.keys.push(columns);
    }
}

/// A column by its description in a result, and its type as declared where it is one of a table.
fn column(described: &mysql_async::Column, sql_type: Option<&str>) -> TableColumn {
    let name = described.name_str().into_owned();
    let held = held(described);
    let is_flag = match sql_type {
        Some(sql_type) => sql_type.starts_with("tinyint(1)"),
        None => held == Held::Whole && described.column_length() == 1,
    };
    let (best, note) = best(&name, held, is_flag, described.column_length());
    let scale = match held {
        Held::Exact(decimals) => Some(decimals.min(SCALE_MAX)),
        Held::Whole if best == Some(CENTS) => Some(2),
        Held::Whole => Some(0),
        _ => None,
    };
    let fits = |reading: &Reading| {
        held.fits(reading.column_type.with_scale(scale.unwrap_or_default()), reading.stored_as)
    };
    let others = EVERY.into_iter().filter(|reading| Some(*reading) != best && fits(reading));
    let sql_type = sql_type.map_or_else(|| type_name(described), str::to_owned);
    TableColumn {
        name,
        sql_type,
        is_nullable: !described.flags().contains(ColumnFlags::NOT_NULL_FLAG),
        readings: best.into_iter().chain(others).collect(),
        scale,
        note: note.map(str::to_owned),
    }
}

const CENTS: Reading = Reading::stored(TypeName::Decimal, StoredAs::ScaledInteger);

/// Every way to declare a column, the more telling first.
const EVERY: [Reading; 19] = [
    Reading::plain(TypeName::Integer),
    Reading::plain(TypeName::Decimal),
    CENTS,
    Reading::plain(TypeName::Float),
    Reading::plain(TypeName::Boolean),
    Reading::plain(TypeName::Date),
    Reading::plain(TypeName::Time),
    Reading::plain(TypeName::Timestamp),
    Reading::plain(TypeName::TimestampTz),
    Reading::stored(TypeName::TimestampTz, StoredAs::UnixSeconds),
    Reading::stored(TypeName::TimestampTz, StoredAs::UnixMillis),
    Reading::stored(TypeName::Timestamp, StoredAs::UnixSeconds),
    Reading::stored(TypeName::Timestamp, StoredAs::UnixMillis),
    Reading::stored(TypeName::Date, StoredAs::UnixSeconds),
    Reading::stored(TypeName::Date, StoredAs::UnixMillis),
    Reading::stored(TypeName::Timestamp, StoredAs::IsoT),
    Reading::stored(TypeName::TimestampTz, StoredAs::IsoT),
    Reading::plain(TypeName::Text),
    Reading::stored(TypeName::Text, StoredAs::Bytes),
];

/// What a column most probably is, and what a person should know of it.
fn best(name: &str, held: Held, is_flag: bool, length: u32) -> (Option<Reading>, Option<&'static str>) {
    let plain = |column_type| (Some(Reading::plain(column_type)), None);
    match held {
        Held::Whole if is_flag => (
            Some(Reading::plain(TypeName::Boolean)),
            Some(
                "taken for true and false because it is declared as one digit; if it is a number, say type = \"integer\"",
            ),
        ),
        Held::Whole if name.to_ascii_lowercase().ends_with("_cents") => (
            Some(CENTS),
            Some("taken for hundredths because of its name; if it is a number, say type = \"integer\""),
        ),
        Held::Whole => plain(TypeName::Integer),
        Held::Bits(1) => plain(TypeName::Boolean),
        Held::Bits(_) => plain(TypeName::Integer),
        // Its length counts a sign.
        Held::Exact(0) if length <= WHOLE_DIGITS + 1 => plain(TypeName::Integer),
        Held::Exact(decimals) if decimals <= SCALE_MAX => plain(TypeName::Decimal),
        Held::Exact(_) => (
            Some(Reading::plain(TypeName::Text)),
            Some("text, because it has more digits after the point than a decimal carries"),
        ),
        Held::Single | Held::Double => plain(TypeName::Float),
        Held::Text | Held::Nothing => plain(TypeName::Text),
        Held::Bytes => (
            Some(Reading::stored(TypeName::Text, StoredAs::Bytes)),
            Some("bytes, shown as hexadecimal digits"),
        ),
        Held::Date => plain(TypeName::Date),
        Held::DateTime(_) => plain(TypeName::Timestamp),
        Held::Moment(_) => plain(TypeName::TimestampTz),
        Held::Time(_) => (
            Some(Reading::plain(TypeName::Time)),
            Some("for spans of time, which can be negative or longer than a day, say type = \"text\""),
        ),
        Held::Shape => (None, Some("shapes are not read; use a query with ST_AsText")),
        Held::Unknown => (None, Some("it is not read; use a query that converts it")),
    }
}

/// The type of a query's column: `MYSQL_TYPE_VAR_STRING` is `var_string` for people.
fn type_name(described: &mysql_async::Column) -> String {
    let name = format!("{:?}", described.column_type());
    name.trim_start_matches("MYSQL_TYPE_").to_ascii_lowercase()
}
