//! What can go wrong with definitions and with reading.

/// What is wrong with the configuration of a dataset, with the key that is to blame.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The offending key, for instance `dataset.orders.column.total.type`.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl ConfigError {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>) -> ConfigError {
        ConfigError { key: key.into(), problem: problem.into() }
    }
}

/// Why rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database can't be opened, does not answer, or refuses the query.
    #[error("the database of dataset {dataset}: {source}")]
    Database {
        /// Which dataset was read.
        dataset: String,
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether it may be otherwise in a moment: it is away, locked, or starting.
        is_transient: bool,
    },
    /// A statement took longer than it is given.
    #[error("the database of dataset {dataset} took longer than its statement_timeout")]
    Timeout {
        /// Which dataset was read.
        dataset: String,
    },
    /// A stored value is not of its column's declared type.
    #[error(
        "column {column}{}: {found} is not of the declared type {declared}; \
         correct the value, or declare the column as text",
        row_of_result(*row)
    )]
    BadValue {
        /// The column's name.
        column: String,
        /// The row's number in the result, from 1; 0 where a condition or the order met the value, before there was a result.
        row: u64,
        /// What kind of value was found; never the value itself.
        found: String,
        /// The declared type's name.
        declared: &'static str,
    },
    /// A column is declared as what its SQL type is not.
    #[error(
        "{key}: the column is of the SQL type {sql_type}, which can't be read as {declared}; `longshore check` tells what can"
    )]
    Misfit {
        /// The offending key, for instance `dataset.orders.column.total.type`.
        key: String,
        /// The type in the database.
        sql_type: String,
        /// The declared type's name.
        declared: &'static str,
    },
    /// The rows do not make a batch: a fault of Longshore.
    #[error("the rows do not fit their schema: {0}")]
    Schema(#[from] arrow_schema::ArrowError),
    /// The reader was told to stop.
    #[error("reading was stopped")]
    Stopped,
}

fn row_of_result(row: u64) -> String {
    if row == 0 { String::new() } else { format!(", row {row} of the result") }
}
