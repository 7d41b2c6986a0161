//! Describes tables of SQLite, which declares types but does not keep to them: a sample of the values says what they are.

use std::path::Path;
use std::time::{Duration, Instant};

use longshore_protocol::ColumnType;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, Rows};

use super::{Reading, Table, TableColumn};
use crate::config::{StoredAs, TypeName};
use crate::dataset::Relation;
use crate::error::SourceError;
use crate::sqlite::{begin, decode, source_error};
use crate::statement::Dialect;

/// Rows that are looked at.
const SAMPLE_ROWS: usize = 1000;
/// How long they are looked for: a slow view must not keep a core busy for ever when a server starts.
const SAMPLE_WITHIN: Duration = Duration::from_secs(2);
/// Steps of SQLite's virtual machine between two looks at the time: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;
/// Values that must be 0 or 1, both of them among these, before a column of whole numbers counts as true or false.
const BOOLEANS_MIN: usize = 10;
/// Whole numbers from here on may be milliseconds since 1970: 2001.
const MILLIS_MIN: i64 = 1_000_000_000_000;
/// Whole numbers from here on may be seconds since 1970: 2001.
const SECONDS_MIN: i64 = 1_000_000_000;

/// See [`super::describe`].
pub(super) fn describe(
    database: &str,
    path: &Path,
    relation: &Relation,
) -> Result<Option<Table>, SourceError> {
    described(path, relation).map_err(|error| source_error(database, error))
}

fn described(path: &Path, relation: &Relation) -> rusqlite::Result<Option<Table>> {
    let (connection, _) = begin(path)?;
    match relation {
        Relation::Query(select) => {
            let columns = columns(&connection, &format!("({select})"))?;
            Ok(Some(Table { columns, ..Table::default() }))
        }
        Relation::Table { schema, name } => {
            let schema = schema.as_deref().unwrap_or("main");
            let Some(kind) = kind(&connection, schema, name)? else { return Ok(None) };
            let quoted = format!("{}.{}", Dialect::Sqlite.quoted(schema), Dialect::Sqlite.quoted(name));
            let mut table = Table {
                is_table: kind == "table",
                columns: columns(&connection, &quoted)?,
                ..Table::default()
            };
            add_keys(&connection, schema, name, &mut table)?;
            Ok(Some(table))
        }
    }
}

fn kind(connection: &Connection, schema: &str, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT type FROM pragma_table_list WHERE schema = ?1 AND name = ?2 COLLATE NOCASE";
    let found = connection.query_row(sql, [schema, name], |row| row.get(0));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        found => found.map(Some),
    }
}

/// Adds what is unique, indexed and never null.
fn add_keys(connection: &Connection, schema: &str, name: &str, table: &mut Table) -> rusqlite::Result<()> {
    let sql = "SELECT name, \"notnull\", pk FROM pragma_table_xinfo(?1, ?2)";
    let mut primary: Vec<(i64, String)> = Vec::new();
    let mut prepared = connection.prepare(sql)?;
    let mut rows = prepared.query([name, schema])?;
    while let Some(row) = rows.next()? {
        let (column, is_not_null, place): (String, bool, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if let Some(found) = table.columns.iter_mut().find(|found| found.name == column) {
            found.is_nullable = !is_not_null;
        }
        if place > 0 {
            primary.push((place, column));
        }
    }
    primary.sort();
    let primary: Vec<String> = primary.into_iter().map(|(_, column)| column).collect();
    // A column that is the row's number is never null, declared so or not (<https://sqlite.org/rowidtable.html>).
    if let [only] = primary.as_slice()
        && let Some(column) = table.columns.iter_mut().find(|column| column.name == *only)
        && column.sql_type.eq_ignore_ascii_case("integer")
    {
        column.is_nullable = false;
    }
    if !primary.is_empty() {
        table.add_index(true, primary.into_iter().map(Some).collect());
    }
    let sql = "SELECT name, \"unique\", partial FROM pragma_index_list(?1, ?2)";
    let mut prepared = connection.prepare(sql)?;
    let indexes: Vec<(String, bool, bool)> = prepared
        .query_map([name, schema], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (index, is_unique, is_partial) in indexes {
        let sql = "SELECT name FROM pragma_index_info(?1, ?2) ORDER BY seqno";
        let mut prepared = connection.prepare(sql)?;
        let columns: Vec<Option<String>> =
            prepared.query_map([&index, schema], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if !is_partial {
            table.add_index(is_unique, columns);
        }
    }
    Ok(())
}

fn columns(connection: &Connection, relation: &str) -> rusqlite::Result<Vec<TableColumn>> {
    let mut prepared = connection.prepare(&format!("SELECT * FROM {relation} LIMIT {SAMPLE_ROWS}"))?;
    let declared: Vec<(String, String)> = prepared
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.decl_type().unwrap_or_default().to_owned()))
        .collect();
    let mut sample: Vec<Vec<Value>> = vec![Vec::new(); declared.len()];
    let until = Instant::now() + SAMPLE_WITHIN;
    connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || Instant::now() > until))?;
    let mut rows = prepared.query([])?;
    while let Some(row) = next_in_time(&mut rows)? {
        for (index, values) in sample.iter_mut().enumerate() {
            let value: Value = row.get(index)?;
            if value != Value::Null {
                values.push(value);
            }
        }
    }
    let described = declared.into_iter().zip(&sample);
    Ok(described.map(|((name, sql_type), values)| column(name, sql_type, values)).collect())
}

/// The next row; none either where the time has passed: what was seen until then is the sample.
fn next_in_time<'a>(rows: &'a mut Rows<'_>) -> rusqlite::Result<Option<&'a Row<'a>>> {
    match rows.next() {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(None),
        next => next,
    }
}

/// A column of that declared type that holds these values, none of them null.
fn column(name: String, sql_type: String, sample: &[Value]) -> TableColumn {
    let scale = scale(&sql_type, sample);
    let (best, note) = guess(&name, &sql_type.to_ascii_uppercase(), sample);
    let every = [
        TypeName::Integer,
        TypeName::Float,
        TypeName::Decimal,
        TypeName::Date,
        TypeName::Timestamp,
        TypeName::TimestampTz,
        TypeName::Time,
        TypeName::Boolean,
        TypeName::Text,
    ];
    let ways = [
        StoredAs::Plain,
        StoredAs::IsoT,
        StoredAs::ScaledInteger,
        StoredAs::UnixSeconds,
        StoredAs::UnixMillis,
        StoredAs::Bytes,
    ];
    let all = every
        .into_iter()
        .flat_map(|column_type| ways.into_iter().map(move |stored_as| Reading { column_type, stored_as }));
    let mut readings: Vec<Reading> = Vec::new();
    for reading in best.into_iter().chain(all) {
        if reading.stored_as.goes_with(reading.column_type)
            && !readings.contains(&reading)
            && fits(reading, scale, sample)
        {
            readings.push(reading);
        }
    }
    // What is only guessed must hold of the sample.
    let note = note.filter(|_| best.is_some() && readings.first() == best.as_ref());
    TableColumn { name, sql_type, is_nullable: true, readings, scale, note }
}

fn fits(reading: Reading, scale: Option<u8>, sample: &[Value]) -> bool {
    let column_type = reading.column_type.with_scale(scale.unwrap_or_default());
    // Whole numbers that fit are no decimals of a smaller unit, and the reverse can't be told.
    sample.iter().all(|value| {
        let is_whole = matches!(value, Value::Integer(_));
        (is_whole || reading.stored_as != StoredAs::ScaledInteger)
            && decode::fits(ValueRef::from(value), column_type, reading.stored_as)
    })
}

/// What a column most probably is, by its declared type, its name and its values.
fn guess(name: &str, declared: &str, sample: &[Value]) -> (Option<Reading>, Option<String>) {
    let plain = |column_type| (Some(Reading::plain(column_type)), None);
    let numbers: Option<Vec<i64>> = sample
        .iter()
        .map(|value| if let Value::Integer(number) = value { Some(*number) } else { None })
        .collect();
    if let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) {
        return guess_of_integers(&name.to_ascii_lowercase(), declared, &numbers);
    }
    let texts: Option<Vec<&str>> = sample
        .iter()
        .map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
        .collect();
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        return (guess_of_texts(declared, &texts), None);
    }
    match declared {
        _ if declared.contains("BOOL") => plain(TypeName::Boolean),
        _ if declared.contains("DATETIME") || declared.contains("TIMESTAMP") => plain(TypeName::Timestamp),
        _ if declared.contains("DATE") => plain(TypeName::Date),
        _ if declared.contains("INT") => plain(TypeName::Integer),
        _ if declared.contains("DEC") || declared.contains("NUMERIC") => plain(TypeName::Decimal),
        _ if ["REAL", "FLOA", "DOUB"].iter().any(|part| declared.contains(part)) => plain(TypeName::Float),
        _ if declared.contains("BLOB") => (Some(Reading::stored(TypeName::Text, StoredAs::Bytes)), None),
        _ if sample.iter().all(|value| matches!(value, Value::Real(_))) && !sample.is_empty() => {
            plain(TypeName::Float)
        }
        _ if sample.iter().any(|value| matches!(value, Value::Blob(_))) => {
            (Some(Reading::stored(TypeName::Text, StoredAs::Bytes)), None)
        }
        _ => plain(TypeName::Text),
    }
}

fn guess_of_integers(name: &str, declared: &str, numbers: &[i64]) -> (Option<Reading>, Option<String>) {
    let smallest = numbers.iter().copied().min().unwrap_or_default();
    let is_time = declared.contains("DATE")
        || declared.contains("TIME")
        || ["_at", "_on", "time", "date", "_ts"].iter().any(|end| name.ends_with(end));
    let both = numbers.contains(&0) && numbers.contains(&1);
    let is_flag = numbers.iter().all(|number| matches!(number, 0 | 1));
    let note = |text: &str| Some(text.to_owned());
    match declared {
        _ if is_flag && declared.contains("BOOL") => (Some(Reading::plain(TypeName::Boolean)), None),
        _ if is_flag && both && numbers.len() >= BOOLEANS_MIN => (
            Some(Reading::plain(TypeName::Boolean)),
            note("only 0 and 1 were found; if it is a number, say type = \"integer\""),
        ),
        _ if is_time && smallest >= MILLIS_MIN => (
            Some(Reading::stored(TypeName::TimestampTz, StoredAs::UnixMillis)),
            note("the numbers look like milliseconds since 1970"),
        ),
        _ if is_time && smallest >= SECONDS_MIN => (
            Some(Reading::stored(TypeName::TimestampTz, StoredAs::UnixSeconds)),
            note("the numbers look like seconds since 1970"),
        ),
        _ if name.ends_with("_cents") => (
            Some(Reading::stored(TypeName::Decimal, StoredAs::ScaledInteger)),
            note("taken for hundredths because of its name; if it is a number, say type = \"integer\""),
        ),
        _ if declared.contains("DEC") || declared.contains("NUMERIC") => {
            (Some(Reading::plain(TypeName::Decimal)), None)
        }
        _ if ["REAL", "FLOA", "DOUB"].iter().any(|part| declared.contains(part)) => {
            (Some(Reading::plain(TypeName::Float)), None)
        }
        _ => (Some(Reading::plain(TypeName::Integer)), None),
    }
}

fn guess_of_texts(declared: &str, texts: &[&str]) -> Option<Reading> {
    let all = |column_type: ColumnType, stored_as: StoredAs, shape: fn(&str) -> bool| {
        texts.iter().all(|text| shape(text) && decode::fits(ValueRef::from(*text), column_type, stored_as))
    };
    let has_offset = |text: &str| {
        text.len() > 19 && text.get(19..).is_some_and(|end| end.ends_with('Z') || end.contains(['+', '-']))
    };
    if all(ColumnType::Date, StoredAs::Plain, |text| text.len() == 10) {
        return Some(Reading::plain(TypeName::Date));
    }
    if all(ColumnType::Time, StoredAs::Plain, |text| text.contains(':') && !text.contains('-')) {
        return Some(Reading::plain(TypeName::Time));
    }
    if all(ColumnType::Timestamp, StoredAs::Plain, |text| text.len() >= 16)
        || all(ColumnType::TimestampTz, StoredAs::Plain, |text| text.len() >= 16)
    {
        let is_moment = texts.iter().all(|text| has_offset(text));
        let column_type = if is_moment { TypeName::TimestampTz } else { TypeName::Timestamp };
        let has_t = texts.iter().all(|text| text.as_bytes().get(10) == Some(&b'T'));
        return Some(Reading {
            column_type,
            stored_as: if has_t { StoredAs::IsoT } else { StoredAs::Plain },
        });
    }
    if declared.contains("DEC") || declared.contains("NUMERIC") {
        return Some(Reading::plain(TypeName::Decimal));
    }
    Some(Reading::plain(TypeName::Text))
}

/// The digits after the point: as declared in `DECIMAL(10, 2)`, of hundredths, or as many as the sample has.
fn scale(declared: &str, sample: &[Value]) -> Option<u8> {
    let in_parentheses = declared.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    if let Some((_, scale)) = in_parentheses.and_then(|(inside, _)| inside.split_once(',')) {
        return scale.trim().parse().ok();
    }
    if sample.iter().all(|value| matches!(value, Value::Integer(_))) {
        return Some(2);
    }
    let digits = |value: &Value| match value {
        Value::Real(number) => number.to_string().split_once('.').map_or(0, |(_, after)| after.len()),
        Value::Text(text) => text.split_once('.').map_or(0, |(_, after)| after.len()),
        _ => 0,
    };
    let most = sample.iter().map(digits).max().unwrap_or_default();
    u8::try_from(most).ok().map(|most| most.min(crate::catalog::SCALE_MAX))
}
