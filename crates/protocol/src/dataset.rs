//! Datasets as a front end sees them: columns, filters, sort, a page of rows.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::ids::DatasetId;
use crate::import::ImportView;

/// A text in both languages; an empty `zh` or `en` falls back to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// English.
    #[serde(default)]
    pub en: String,
    /// Simplified Chinese.
    #[serde(default)]
    pub zh: String,
}

impl Labels {
    /// The text in `lang`, or in the other language where that one is missing.
    pub fn get(&self, lang: Lang) -> &str {
        let (wanted, other) = match lang {
            Lang::En => (&self.en, &self.zh),
            Lang::Zh => (&self.zh, &self.en),
        };
        if wanted.is_empty() { other } else { wanted }
    }
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ColumnType {
    /// Text of any length; ids of any length are text.
    Text,
    /// A whole number in 64 bits.
    Integer,
    /// An exact decimal number with `scale` digits after the point (0 to 18).
    Decimal {
        /// Digits after the decimal point.
        scale: u8,
    },
    /// A 64-bit binary floating point number, for measurements; never for money.
    Float,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A day with a time of day, without a zone.
    Timestamp,
    /// A moment, shown as day and time in the person's zone.
    #[serde(rename = "timestamp_tz")]
    TimestampTz,
}

impl ColumnType {
    /// The name in JSON and in problems; a decimal's scale is not part of it.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::Decimal { .. } => "decimal",
            ColumnType::Float => "float",
            ColumnType::Boolean => "boolean",
            ColumnType::Date => "date",
            ColumnType::Time => "time",
            ColumnType::Timestamp => "timestamp",
            ColumnType::TimestampTz => "timestamp_tz",
        }
    }
}

/// A column as a front end sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnView {
    /// Name in requests.
    pub name: String,
    /// Header for people.
    pub labels: Labels,
    /// What its values are.
    #[serde(flatten)]
    pub column_type: ColumnType,
    /// The only values it can have, with labels; empty where any value is possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<AllowedValue>,
    /// Operators that a filter on it may use.
    pub ops: Vec<FilterOp>,
}

/// One of the values a column can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedValue {
    /// As stored and exported.
    pub value: String,
    /// As shown to people.
    #[serde(flatten)]
    pub labels: Labels,
}

/// A dataset as a front end sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetView {
    /// Name in requests and URLs.
    pub id: DatasetId,
    /// Title for people.
    pub labels: Labels,
    /// Columns in their order.
    pub columns: Vec<ColumnView>,
    /// Columns of the unique key, which ends every sort as tie-breaker.
    pub key: Vec<String>,
    /// The sort used where a request names none.
    pub default_sort: Vec<Sort>,
    /// Whether daily statistics of it can be asked for.
    #[serde(default)]
    pub has_daily_statistics: bool,
    /// How it can be imported; `None` where it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportView>,
}

/// How a filter compares; JSON names as in [`FilterOp::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterOp {
    /// Equal.
    Eq,
    /// Different, or missing.
    Ne,
    /// Less than, before.
    Lt,
    /// Less than or equal, not after.
    Le,
    /// Greater than, after.
    Gt,
    /// Greater than or equal, not before.
    Ge,
    /// Contains the text, case-insensitively for ASCII.
    Contains,
    /// Begins with the text.
    StartsWith,
    /// One of a list of values.
    In,
    /// Has no value. Takes no value itself.
    IsNull,
    /// Has a value. Takes no value itself.
    NotNull,
}

impl FilterOp {
    /// All operators, in the order in which they are offered.
    pub const ALL: [FilterOp; 11] = [
        FilterOp::Eq,
        FilterOp::Ne,
        FilterOp::Contains,
        FilterOp::StartsWith,
        FilterOp::Lt,
        FilterOp::Le,
        FilterOp::Gt,
        FilterOp::Ge,
        FilterOp::In,
        FilterOp::IsNull,
        FilterOp::NotNull,
    ];

    /// The name in JSON and URLs.
    pub fn name(self) -> &'static str {
        match self {
            FilterOp::Eq => "eq",
            FilterOp::Ne => "ne",
            FilterOp::Lt => "lt",
            FilterOp::Le => "le",
            FilterOp::Gt => "gt",
            FilterOp::Ge => "ge",
            FilterOp::Contains => "contains",
            FilterOp::StartsWith => "starts_with",
            FilterOp::In => "in",
            FilterOp::IsNull => "is_null",
            FilterOp::NotNull => "not_null",
        }
    }

    /// The operator of that name.
    pub fn from_name(name: &str) -> Option<FilterOp> {
        FilterOp::ALL.into_iter().find(|op| op.name() == name)
    }

    /// Whether a filter with this operator carries a value.
    pub fn takes_value(self) -> bool {
        !matches!(self, FilterOp::IsNull | FilterOp::NotNull)
    }

    /// The operators that make sense for a column type, most useful first.
    pub fn for_type(column_type: ColumnType) -> Vec<FilterOp> {
        use FilterOp::*;
        match column_type {
            ColumnType::Text => vec![Contains, StartsWith, Eq, Ne, In, IsNull, NotNull],
            ColumnType::Boolean => vec![Eq, Ne, IsNull, NotNull],
            ColumnType::Date | ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz => {
                vec![Ge, Le, Gt, Lt, Eq, IsNull, NotNull]
            }
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => {
                vec![Eq, Ne, Ge, Le, Gt, Lt, In, IsNull, NotNull]
            }
        }
    }
}

/// One condition; all conditions of a request must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Column name.
    pub column: String,
    /// Operator by name, see [`FilterOp::name`].
    pub op: String,
    /// The value: text, number, boolean, or an array of them for `in`. Text is read as the column's
    /// type (`"12.50"`, `"2026-08-01"`, `"true"`), so a form can send text throughout.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub value: serde_json::Value,
}

/// One level of a sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column name.
    pub column: String,
    /// Largest first.
    #[serde(default)]
    pub descending: bool,
}

/// Asks for one page of a dataset's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowsRequest {
    /// Which dataset.
    pub dataset: String,
    /// Conditions; all must hold.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Order; the dataset's default where empty.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// Page number from 1.
    #[serde(default = "first_page")]
    pub page: u32,
    /// IANA name of the person's time zone, in which moments are shown and days of filters begin; UTC where empty.
    #[serde(default)]
    pub time_zone: String,
}

fn first_page() -> u32 {
    1
}

/// The value of one cell as text for the screen; `None` where it is missing.
pub type Cell = Option<String>;

/// One page of rows, in the order and with the columns of the [`DatasetView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsPage {
    /// Rows that match in all; `None` where counting them takes too long.
    pub total_row_count: Option<u64>,
    /// This page's number, from 1.
    pub page: u32,
    /// Rows a page holds at most.
    pub page_size: u32,
    /// Whether more rows follow.
    #[serde(default)]
    pub has_more: bool,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl RowsPage {
    /// Number of pages, at least 1; `None` where the rows are not counted.
    pub fn page_count(&self) -> Option<u32> {
        let pages = self.total_row_count?.div_ceil(u64::from(self.page_size.max(1)));
        Some(u32::try_from(pages.max(1)).unwrap_or(u32::MAX))
    }
}
