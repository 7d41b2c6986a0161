//! The SQL of a query: names from the configuration, quoted; values as parameters.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use longshore_protocol::FilterOp;
use rusqlite::types::Value as SqlValue;

use super::daily::Days;
use crate::config::StoredAs;
use crate::dataset::{Column, Dataset, Relation};
use crate::query::{Condition, OrderBy, Query};
use crate::value::Value;

/// SQL text with the values of its parameters.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) params: Vec<SqlValue>,
}

impl Statement {
    /// Counts the rows of a query.
    pub(super) fn count(dataset: &Dataset, query: &Query) -> Statement {
        let mut statement = Statement { sql: "SELECT count(*)".to_owned(), params: Vec::new() };
        statement.push_from_where(dataset, query);
        statement
    }

    /// Selects the rows of a query in their total order.
    pub(super) fn select(dataset: &Dataset, query: &Query) -> Statement {
        let mut statement = Statement::select_unordered(dataset, query);
        statement.sql.push_str(&order_by(dataset, &query.order));
        statement
    }

    /// The smallest and the largest value of a column among the rows of a query, and how many have one.
    pub(super) fn extent(dataset: &Dataset, query: &Query, column: usize) -> Statement {
        let name = quoted(&dataset.columns[column].source);
        let sql = format!("SELECT min({name}), max({name}), count({name})");
        let mut statement = Statement { sql, params: Vec::new() };
        statement.push_from_where(dataset, query);
        statement
    }

    /// Only rows whose date or timestamp `column` is of one of the days. As text a bare day stands before every time of
    /// that day, whether a space or a `T` follows it.
    pub(super) fn between(
        mut self,
        dataset: &Dataset,
        query: &Query,
        column: usize,
        days: Days,
    ) -> Statement {
        let Column { source, stored_as, .. } = &dataset.columns[column];
        let name = quoted(source);
        let word = if query.conditions.is_empty() { "WHERE" } else { "AND" };
        self.sql.push_str(&format!(" {word} {name} >= ?"));
        self.params.push(stored_date(*stored_as, days.first));
        if let Ok(after) = days.last.tomorrow() {
            self.sql.push_str(&format!(" AND {name} < ?"));
            self.params.push(stored_date(*stored_as, after));
        }
        self
    }

    /// Selects the rows of a query in any order.
    pub(super) fn select_unordered(dataset: &Dataset, query: &Query) -> Statement {
        let columns: Vec<String> = query.columns_of(dataset).iter().map(|c| quoted(&c.source)).collect();
        let mut statement = Statement { sql: format!("SELECT {}", columns.join(", ")), params: Vec::new() };
        statement.push_from_where(dataset, query);
        statement
    }

    /// Only `limit` rows after the first `offset`.
    pub(super) fn page(mut self, limit: u32, offset: u64) -> Statement {
        self.sql.push_str(&format!(" LIMIT {limit} OFFSET {offset}"));
        self
    }

    fn push_from_where(&mut self, dataset: &Dataset, query: &Query) {
        match &dataset.relation {
            Relation::Table(name) => self.sql.push_str(&format!(" FROM {}", quoted(name))),
            Relation::Query(select) => self.sql.push_str(&format!(" FROM ({select})")),
        }
        for (position, condition) in query.conditions.iter().enumerate() {
            self.sql.push_str(if position == 0 { " WHERE " } else { " AND " });
            self.push_condition(&dataset.columns[condition.column], condition);
        }
    }

    fn push_condition(&mut self, column: &Column, condition: &Condition) {
        let name = quoted(&column.source);
        let Some(value) = condition.values.first() else {
            let test = if condition.op == FilterOp::NotNull { "IS NOT NULL" } else { "IS NULL" };
            self.sql.push_str(&format!("{name} {test}"));
            return;
        };
        match condition.op {
            FilterOp::In => {
                let marks = vec!["?"; condition.values.len()].join(", ");
                self.sql.push_str(&format!("{name} IN ({marks})"));
                self.params.extend(condition.values.iter().map(|value| stored(column, value)));
            }
            FilterOp::Contains => self.push_like(&name, value, "%"),
            FilterOp::StartsWith => self.push_like(&name, value, ""),
            FilterOp::Ne => {
                self.sql.push_str(&format!("({name} <> ? OR {name} IS NULL)"));
                self.params.push(stored(column, value));
            }
            op => {
                self.sql.push_str(&format!("{name} {} ?", comparison(op)));
                self.params.push(stored(column, value));
            }
        }
    }

    /// LIKE is case-insensitive for ASCII (<https://sqlite.org/lang_expr.html#like>).
    fn push_like(&mut self, name: &str, value: &Value, before: &str) {
        let text = if let Value::Text(text) = value { text.as_str() } else { "" };
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.sql.push_str(&format!("{name} LIKE ? ESCAPE '\\'"));
        self.params.push(SqlValue::Text(format!("{before}{escaped}%")));
    }
}

fn comparison(op: FilterOp) -> &'static str {
    match op {
        FilterOp::Lt => "<",
        FilterOp::Le => "<=",
        FilterOp::Gt => ">",
        FilterOp::Ge => ">=",
        // The others are written out by `push_condition`.
        _ => "=",
    }
}

fn order_by(dataset: &Dataset, order: &[OrderBy]) -> String {
    let wanted = order.iter().map(|level| (dataset.columns[level.column].source.as_str(), level.descending));
    let mut seen = Vec::new();
    let mut terms = Vec::new();
    for (source, descending) in wanted.chain(dataset.key.iter().map(|key| (key.as_str(), false))) {
        if !seen.contains(&source) {
            seen.push(source);
            terms.push(format!("{}{}", quoted(source), if descending { " DESC" } else { "" }));
        }
    }
    format!(" ORDER BY {}", terms.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value in the form in which the column holds its values, so that comparing needs no conversion and
/// an index can serve.
fn stored(column: &Column, value: &Value) -> SqlValue {
    match value {
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Float(number) => SqlValue::Real(*number),
        Value::Boolean(truth) => SqlValue::Integer(i64::from(*truth)),
        Value::Decimal { unscaled, scale } => match (column.stored_as, i64::try_from(*unscaled)) {
            (StoredAs::ScaledInteger, Ok(units)) => SqlValue::Integer(units),
            // The nearest double, as SQLite itself makes of a decimal literal.
            _ => SqlValue::Real(crate::text::decimal(*unscaled, *scale).parse().unwrap_or(f64::INFINITY)),
        },
        Value::Date(date) => stored_date(column.stored_as, *date),
        Value::Timestamp(time) => stored_time(column.stored_as, *time),
    }
}

fn stored_date(stored_as: StoredAs, date: Date) -> SqlValue {
    match stored_as {
        StoredAs::UnixSeconds | StoredAs::UnixMillis => {
            stored_time(stored_as, date.to_datetime(Time::midnight()))
        }
        _ => SqlValue::Text(date.to_string()),
    }
}

fn stored_time(stored_as: StoredAs, time: DateTime) -> SqlValue {
    let millis = || TimeZone::UTC.to_timestamp(time).map_or(i64::MAX, |timestamp| timestamp.as_millisecond());
    match stored_as {
        StoredAs::UnixSeconds => SqlValue::Integer(millis().div_euclid(1000)),
        StoredAs::UnixMillis => SqlValue::Integer(millis()),
        StoredAs::IsoT => SqlValue::Text(time.strftime("%FT%T%.f").to_string()),
        _ => SqlValue::Text(time.strftime("%F %T%.f").to_string()),
    }
}
