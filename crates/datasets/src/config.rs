//! What `longshore.toml` says about databases and datasets.
//!
//! ```toml
//! [database.shop]
//! url = "sqlite:shop.db"            # relative to the configuration file; or postgres://… or mysql://…
//! statement_timeout = "10m"         # how long a statement may take; where absent, as long as the task may
//!
//! [dataset.orders]
//! database = "shop"
//! table = "orders"                  # or: query = "SELECT …"
//! key = ["id"]                      # unique; ends every order as tie-breaker
//! sort = ["-created_at"]            # the order where a request names none
//! label = { en = "Orders", zh = "订单" }
//!
//! [[dataset.orders.column]]
//! name = "total"
//! source = "total_cents"            # the SQL column; the name where absent
//! type = "decimal"
//! scale = 2
//! stored_as = "scaled_integer"
//! label = { en = "Total", zh = "金额" }
//!
//! [dataset.orders.daily_statistics] # offers a file with a line a day
//! date = "created_at"               # the day a row belongs to: a date or timestamp column
//! sums = ["total"]                  # what is added up per day: integer, decimal or float columns
//!
//! [dataset.orders.import]           # files can be imported into the table
//! modes = ["upsert", "insert"]      # what may be done with known and new rows; the first is offered first
//! key = ["id"]                      # columns (by name) whose values name a row; the dataset's key where absent
//! ```
//!
//! What a column's values have to be in a file stands with the column, `import = { … }`: [`ColumnImportConfig`].

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_protocol::dataset::AllowedValue;
use longshore_protocol::import::ImportMode;
use longshore_protocol::{ColumnType, Labels};
use serde::Deserialize;

/// Databases and datasets by id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CatalogConfig {
    /// `[database.<id>]`.
    pub database: BTreeMap<String, DatabaseConfig>,
    /// `[dataset.<id>]`.
    pub dataset: BTreeMap<String, DatasetConfig>,
}

/// Where a database is.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:<path>`, relative to the configuration file; `postgres://…` or `mysql://…`.
    pub url: String,
    /// How long a statement may take, the sending of its rows included; where absent, as long as the task may.
    #[serde(default, with = "humantime_serde")]
    pub statement_timeout: Option<Duration>,
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address can hold a password.
        f.write_str("DatabaseConfig { .. }")
    }
}

/// One list that people see, export and import.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Id of its database.
    pub database: String,
    /// The table or view it reads; this or `query`.
    pub table: Option<String>,
    /// The schema of `table`, where it is not the connection's own.
    pub schema: Option<String>,
    /// The SELECT it reads; this or `table`.
    pub query: Option<String>,
    /// SQL columns that together are unique and never null.
    pub key: Vec<String>,
    /// Column names, `-` before a descending one; by key where empty.
    #[serde(default)]
    pub sort: Vec<String>,
    /// Position in lists of datasets; smaller first.
    #[serde(default)]
    pub position: i32,
    /// Title for people; the id where absent.
    #[serde(default)]
    pub label: Labels,
    /// Minutes from registration after which an export is abandoned; the server's setting where absent.
    pub export_deadline_minutes: Option<u32>,
    /// The columns in their order.
    pub column: Vec<ColumnConfig>,
    /// What daily statistics count and add up; they are not offered where absent.
    pub daily_statistics: Option<DailyStatisticsConfig>,
    /// How files can be imported into its table; they can't where absent.
    pub import: Option<ImportConfig>,
}

/// How files can be imported into a dataset.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportConfig {
    /// What may be done with rows that are, or are not, there; all modes where empty. The first is offered first.
    #[serde(default)]
    pub modes: Vec<ImportMode>,
    /// Names of the columns whose values together name a row; the columns of the dataset's key where empty.
    #[serde(default)]
    pub key: Vec<String>,
}

/// What an import asks of a column's values.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnImportConfig {
    /// Whether the column takes no part in imports, for instance because the database computes it.
    pub excluded: bool,
    /// Whether each row needs a value. Columns of the key always do.
    pub required: bool,
    /// Further headers by which files call it.
    pub aliases: Vec<String>,
    /// The smallest value, as it would stand in a file.
    pub min: Option<String>,
    /// The largest value, as it would stand in a file.
    pub max: Option<String>,
    /// Characters that a text may have.
    pub max_length: Option<u32>,
    /// A regular expression that the whole of a text has to match (<https://docs.rs/regex/latest/regex/#syntax>).
    pub pattern: Option<String>,
    /// What `pattern` asks for in a form that people read, such as `AB-123`.
    pub form: Option<String>,
    /// Whether no two rows may share a value.
    pub unique: bool,
    /// Where each value has to be found.
    pub references: Option<ReferenceConfig>,
    /// A realistic value for the template.
    pub example: Option<String>,
}

/// A column of another table, in which values have to be found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceConfig {
    /// The schema of the table, where it is not the connection's own.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// Its SQL column.
    pub column: String,
}

/// What daily statistics of a dataset count and add up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyStatisticsConfig {
    /// The date or timestamp column that says to which day a row belongs; rows without a value belong to none.
    pub date: String,
    /// Number columns to add up; only the rows are counted where empty.
    #[serde(default)]
    pub sums: Vec<String>,
}

/// One column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    /// Name in requests and URLs: letters, digits, `_`.
    pub name: String,
    /// The SQL column; the name where absent.
    pub source: Option<String>,
    /// What its values are.
    #[serde(rename = "type")]
    pub column_type: TypeName,
    /// Digits after the point, for `decimal`.
    pub scale: Option<u8>,
    /// How the database holds the values, where that is not the obvious way.
    #[serde(default)]
    pub stored_as: StoredAs,
    /// Header for people; the name where absent.
    #[serde(default)]
    pub label: Labels,
    /// The only values it can have, with labels.
    #[serde(default)]
    pub values: Vec<AllowedValue>,
    /// What an import asks of its values.
    #[serde(default)]
    pub import: ColumnImportConfig,
}

/// A column type as it stands in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeName {
    /// Text; ids of any length.
    Text,
    /// Whole numbers in 64 bits.
    Integer,
    /// Exact decimal numbers with `scale` digits after the point.
    Decimal,
    /// Binary floating point numbers.
    Float,
    /// True or false.
    Boolean,
    /// Calendar days.
    Date,
    /// Times of day.
    Time,
    /// Days with a time, without a zone.
    Timestamp,
    /// Moments, shown in the person's zone.
    TimestampTz,
}

impl TypeName {
    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        self.with_scale(0).name()
    }

    /// The column type; `scale` is a decimal's.
    pub const fn with_scale(self, scale: u8) -> ColumnType {
        match self {
            TypeName::Text => ColumnType::Text,
            TypeName::Integer => ColumnType::Integer,
            TypeName::Decimal => ColumnType::Decimal { scale },
            TypeName::Float => ColumnType::Float,
            TypeName::Boolean => ColumnType::Boolean,
            TypeName::Date => ColumnType::Date,
            TypeName::Time => ColumnType::Time,
            TypeName::Timestamp => ColumnType::Timestamp,
            TypeName::TimestampTz => ColumnType::TimestampTz,
        }
    }
}

/// How a database without such a type holds decimals, dates and times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredAs {
    /// Decimals as numbers or text; dates as `2026-08-01`; timestamps as `2026-08-01 10:30:00`.
    #[default]
    Plain,
    /// Timestamps as `2026-08-01T10:30:00`, with or without `Z`.
    IsoT,
    /// Decimals as integers of the last digit, such as cents.
    ScaledInteger,
    /// Dates and timestamps as seconds since the Unix epoch, UTC.
    UnixSeconds,
    /// Dates and timestamps as milliseconds since the Unix epoch, UTC.
    UnixMillis,
    /// Text columns that hold bytes, shown as hexadecimal digits.
    Bytes,
}

impl StoredAs {
    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            StoredAs::Plain => "plain",
            StoredAs::IsoT => "iso_t",
            StoredAs::ScaledInteger => "scaled_integer",
            StoredAs::UnixSeconds => "unix_seconds",
            StoredAs::UnixMillis => "unix_millis",
            StoredAs::Bytes => "bytes",
        }
    }

    /// Whether values of the type can be held so.
    pub const fn goes_with(self, column_type: TypeName) -> bool {
        use TypeName::{Date, Decimal, Text, Timestamp, TimestampTz};
        match self {
            StoredAs::Plain => true,
            StoredAs::ScaledInteger => matches!(column_type, Decimal),
            StoredAs::IsoT => matches!(column_type, Timestamp | TimestampTz),
            StoredAs::UnixSeconds | StoredAs::UnixMillis => {
                matches!(column_type, Date | Timestamp | TimestampTz)
            }
            StoredAs::Bytes => matches!(column_type, Text),
        }
    }
}
