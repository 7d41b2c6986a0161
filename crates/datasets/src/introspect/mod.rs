//! What a table or query of a live database is made of: its columns with their SQL types, and what is unique.
//!
//! [`describe`] asks the database, by one function of each kind; `longshore dataset add` writes a definition from the
//! answer, and [`crate::check`] compares one with it.

pub mod definition;
mod mysql;
mod postgres;
mod sqlite;

use crate::config::{StoredAs, TypeName};
use crate::database::{Address, Database};
use crate::dataset::Relation;
use crate::error::SourceError;

/// A table, view or query as the database describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Whether it is a table: views and queries declare nothing unique, and may be so all the same.
    pub is_table: bool,
    /// Its columns in their order.
    pub columns: Vec<TableColumn>,
    /// Sets of columns that together are unique and never null, each in the order of its index; the primary key first.
    pub keys: Vec<Vec<String>>,
    /// Columns that begin an index, so that sorting by them is cheap.
    pub indexed: Vec<String>,
    /// What keeps its rows, where that knows no transactions and therefore no snapshot, such as `MyISAM`.
    pub engine_without_snapshot: Option<String>,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Takes note of an index of all rows; `None` is an expression.
    fn add_index(&mut self, is_unique: bool, columns: Vec<Option<String>>) {
        let Some(columns) = columns.into_iter().collect::<Option<Vec<String>>>() else { return };
        self.indexed.extend(columns.first().cloned());
        let is_never_null =
            columns.iter().all(|name| self.column(name).is_some_and(|column| !column.is_nullable));
        if is_unique && is_never_null && !columns.is_empty() && !self.keys.contains(&columns) {
            self.keys.push(columns);
        }
    }
}

/// A column as the database describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// Its name, not quoted.
    pub name: String,
    /// Its type as the database writes it.
    pub sql_type: String,
    /// Whether it can hold no value.
    pub is_nullable: bool,
    /// What a dataset may declare it to be, the best first; empty if it can't be read.
    pub readings: Vec<Reading>,
    /// Digits after the point that a decimal of it needs, where that is known.
    pub scale: Option<u8>,
    /// What a person should know of the first reading, or why there is none.
    pub note: Option<String>,
}

/// One way to declare a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The declared type.
    pub column_type: TypeName,
    /// How the database holds the values.
    pub stored_as: StoredAs,
}

impl Reading {
    /// A type that is held in the obvious way.
    pub const fn plain(column_type: TypeName) -> Reading {
        Reading { column_type, stored_as: StoredAs::Plain }
    }

    /// A type that is held in another way.
    pub const fn stored(column_type: TypeName, stored_as: StoredAs) -> Reading {
        Reading { column_type, stored_as }
    }
}

impl std::fmt::Display for Reading {
    /// As it stands in a configuration.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "type = \"{}\"", self.column_type.name())?;
        match self.stored_as {
            StoredAs::Plain => Ok(()),
            stored_as => write!(f, ", stored_as = \"{}\"", stored_as.name()),
        }
    }
}

/// Describes a table, view or query; `None` if the database has no table or view of that name. Blocks.
///
/// # Errors
/// [`SourceError::Database`] if the database can't be reached or refuses the query; it names the database's id in the place
/// of the dataset's.
pub fn describe(database: &Database, relation: &Relation) -> Result<Option<Table>, SourceError> {
    match &database.address {
        Address::Sqlite(path) => sqlite::describe(&database.id, path, relation),
        Address::Postgres(url) => postgres::describe(&database.id, url, relation),
        Address::MySql(url) => mysql::describe(&database.id, url, relation),
    }
}
