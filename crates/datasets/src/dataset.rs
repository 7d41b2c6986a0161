//! A dataset as checked from the configuration.

use std::time::Duration;

use longshore_protocol::dataset::AllowedValue;
use longshore_protocol::{ColumnType, ColumnView, DatasetId, DatasetView, FilterOp, Labels, Sort};

use crate::config::StoredAs;
use crate::database::Database;
use crate::import::Importing;

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in requests.
    pub name: String,
    /// The SQL column, not quoted.
    pub source: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// How the database holds them.
    pub stored_as: StoredAs,
    /// Header for people.
    pub labels: Labels,
    /// The only values it can have; empty where any is possible.
    pub values: Vec<AllowedValue>,
}

impl Column {
    /// A column of that name and type, held in the obvious way.
    pub fn plain(name: &str, column_type: ColumnType) -> Column {
        Column {
            name: name.to_owned(),
            source: name.to_owned(),
            column_type,
            stored_as: StoredAs::Plain,
            labels: Labels { en: name.to_owned(), zh: name.to_owned() },
            values: Vec::new(),
        }
    }
}

/// What a dataset reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// A table or view; names are not quoted.
    Table {
        /// Its schema, where it is not the connection's own.
        schema: Option<String>,
        /// Its name.
        name: String,
    },
    /// A SELECT.
    Query(String),
}

/// What daily statistics count and add up, as positions of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyStatistics {
    /// The date or timestamp column that says to which day a row belongs.
    pub date: usize,
    /// Number columns to add up.
    pub sums: Vec<usize>,
}

/// One list that people see and export.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Name in requests and URLs.
    pub id: DatasetId,
    /// Title for people.
    pub labels: Labels,
    /// Position in lists of datasets.
    pub position: i32,
    /// Where it is read.
    pub database: Database,
    /// What it reads.
    pub relation: Relation,
    /// SQL columns that together are unique.
    pub key: Vec<String>,
    /// The columns in their order; at least one.
    pub columns: Vec<Column>,
    /// The order where a request names none.
    pub default_sort: Vec<Sort>,
    /// Time from registration to an export's deadline, where it is not the server's setting.
    pub export_deadline: Option<Duration>,
    /// What daily statistics count and add up, where they are offered.
    pub daily_statistics: Option<DailyStatistics>,
    /// How files can be imported into it, where they can.
    pub importing: Option<Importing>,
}

impl Dataset {
    /// The position of the column of that name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The dataset as a front end sees it. How large a file may be is not the dataset's to say: of an import both limits are 0.
    pub fn view(&self) -> DatasetView {
        let column = |column: &Column| ColumnView {
            name: column.name.clone(),
            labels: column.labels.clone(),
            column_type: column.column_type,
            values: column.values.clone(),
            ops: FilterOp::for_type(column.column_type),
        };
        DatasetView {
            id: self.id.clone(),
            labels: self.labels.clone(),
            columns: self.columns.iter().map(column).collect(),
            key: self.key.clone(),
            default_sort: self.default_sort.clone(),
            has_daily_statistics: self.daily_statistics.is_some(),
            import: self.importing.as_ref().map(|importing| importing.view(&self.columns, 0, 0)),
        }
    }
}
