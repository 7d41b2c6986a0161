//! A dataset's definition as TOML, written from what the database says of a table.

use longshore_protocol::DatasetId;

use super::{Reading, Table, TableColumn};
use crate::config::{StoredAs, TypeName};
use crate::dataset::Relation;

/// Why no definition could be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undefinable {
    /// An id that datasets can't have.
    #[error("{0:?} is no id of a dataset: 1 to 64 letters, digits, - or _; name another with --id")]
    Id(String),
    /// Nothing is unique.
    #[error(
        "nothing in {table} is unique and never null by an index, so that exports of it would have no sure order; add a \
         primary key, or a unique index on columns that are NOT NULL{also}"
    )]
    NoKey {
        /// The table or view.
        table: String,
        /// What would do as well.
        also: &'static str,
    },
    /// No column can be read.
    #[error("{0} has no column that can be read")]
    NoColumns(String),
}

/// Writes the definition of a dataset of that id, for a table of a database of that id. `key` is for views, which have no
/// index: columns that are known to be unique together.
///
/// # Errors
/// If the table can't be a dataset, in words that say what to do.
pub fn definition(
    id: &str,
    database: &str,
    relation: &Relation,
    table: &Table,
    key: &[String],
) -> Result<String, Undefinable> {
    DatasetId::parse(id).map_err(|_| Undefinable::Id(id.to_owned()))?;
    let Relation::Table { schema, name } = relation else {
        return Err(Undefinable::NoColumns("a query".to_owned()));
    };
    let key = match (key, best_key(table)) {
        ([], Some(best)) => best,
        ([], None) => {
            let also =
                if table.is_table { "" } else { "; a view has none: name with --key what is unique in it" };
            return Err(Undefinable::NoKey { table: name.clone(), also });
        }
        (key, _) => key,
    };
    if table.columns.iter().all(|column| column.readings.is_empty()) {
        return Err(Undefinable::NoColumns(name.clone()));
    }
    let names = names_of(table);
    let mut toml = format!("[dataset.{id}]\ndatabase = {}\n", quoted(database));
    if let Some(schema) = schema {
        toml.push_str(&format!("schema = {}\n", quoted(schema)));
    }
    toml.push_str(&format!("table = {}\n", quoted(name)));
    let keys: Vec<String> = key.iter().map(|column| quoted(column)).collect();
    toml.push_str(&format!("key = [{}]\n", keys.join(", ")));
    if let Some(sort) = default_sort(table, &names, key) {
        toml.push_str(&format!("sort = [{}]\n", quoted(&sort)));
    }
    toml.push_str(&format!(
        "label = {{ en = {0}, zh = {0} }}  # what people read: translate it here and below\n",
        quoted(name)
    ));
    // Nothing is written to unless somebody says so.
    let is_known = |name: &String| table.column(name).is_some_and(|column| !column.readings.is_empty());
    if table.is_table && key.iter().all(is_known) {
        toml.push_str("# import = {}  # lets files be imported; rows are known by the key\n");
    }
    for (column, name) in table.columns.iter().zip(&names) {
        toml.push('\n');
        toml.push_str(&column_definition(id, column, name));
    }
    Ok(toml)
}

fn column_definition(id: &str, column: &TableColumn, name: &str) -> String {
    let Some(reading) = column.readings.first() else {
        let reason = column.note.as_deref().unwrap_or("it can't be read");
        return format!(
            "# Left out: {} of the SQL type {}: {reason}.\n",
            one_line(&column.name),
            one_line(&column.sql_type)
        );
    };
    let mut toml = format!("[[dataset.{id}.column]]\nname = {}\n", quoted(name));
    if name != column.name {
        toml.push_str(&format!("source = {}\n", quoted(&column.name)));
    }
    toml.push_str(&format!("type = \"{}\"", reading.column_type.name()));
    match (column.note.as_deref(), column.sql_type.as_str()) {
        (Some(note), "") => toml.push_str(&format!("  # {note}")),
        (Some(note), sql_type) => toml.push_str(&format!("  # {}: {note}", one_line(sql_type))),
        (None, "") => {}
        (None, sql_type) => toml.push_str(&format!("  # {}", one_line(sql_type))),
    }
    toml.push('\n');
    if reading.column_type == TypeName::Decimal {
        toml.push_str(&format!("scale = {}\n", column.scale.unwrap_or(2)));
    }
    if reading.stored_as != StoredAs::Plain {
        toml.push_str(&format!("stored_as = \"{}\"\n", reading.stored_as.name()));
    }
    toml.push_str(&format!("label = {{ en = {0}, zh = {0} }}\n", quoted(&column.name)));
    toml
}

/// The primary key, or else the shortest that is unique.
fn best_key(table: &Table) -> Option<&[String]> {
    table.keys.first().map(Vec::as_slice)
}

/// Names that requests can use, one for each column and none twice.
fn names_of(table: &Table) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(table.columns.len());
    for (column, number) in table.columns.iter().zip(1..) {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = column.name.chars().map(plain).take(60).collect();
        if name.chars().all(|c| c == '_') {
            name = format!("column_{number}");
        }
        while names.contains(&name) {
            name = format!("{}_{number}", name.chars().take(50).collect::<String>());
        }
        names.push(name);
    }
    names
}

/// The newest first, where an index makes that cheap; else by key.
fn default_sort(table: &Table, names: &[String], key: &[String]) -> Option<String> {
    let is_time = |reading: &Reading| {
        matches!(reading.column_type, TypeName::Timestamp | TypeName::TimestampTz | TypeName::Date)
    };
    let newest = table.columns.iter().zip(names).find(|(column, _)| {
        column.readings.first().is_some_and(is_time) && table.indexed.contains(&column.name)
    });
    let of_key = || {
        let [only] = key else { return None };
        table.columns.iter().zip(names).find(|(column, _)| {
            column.name == *only
                && column.readings.first().is_some_and(|reading| reading.column_type == TypeName::Integer)
        })
    };
    newest.or_else(of_key).map(|(_, name)| format!("-{name}"))
}

/// Text as a TOML string.
fn quoted(text: &str) -> String {
    // JSON escapes as TOML does, but for one character that TOML wants escaped as well.
    serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

/// Text for a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
