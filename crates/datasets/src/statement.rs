//! The SQL of a query: names from the configuration, quoted; values as parameters.

use jiff::civil::Date;
use longshore_protocol::FilterOp;

use crate::config::StoredAs;
use crate::daily::Days;
use crate::database::{Address, Database};
use crate::dataset::{Column, Dataset, Relation};
use crate::query::{Condition, OrderBy, Query};
use crate::value::Value;

/// In what the SQL of databases differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

impl Dialect {
    pub(crate) fn of(database: &Database) -> Dialect {
        match database.address {
            Address::Sqlite(_) => Dialect::Sqlite,
            Address::Postgres(_) => Dialect::Postgres,
            Address::MySql(_) => Dialect::MySql,
        }
    }

    /// A name as an identifier.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Dialect::Sqlite | Dialect::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        }
    }
}

/// The value of a parameter, and how its column holds values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Param {
    pub(crate) value: Value,
    pub(crate) stored_as: StoredAs,
}

/// SQL text with the values of its parameters, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
    dialect: Dialect,
}

impl Statement {
    fn new(dialect: Dialect, sql: String) -> Statement {
        Statement { sql, params: Vec::new(), dialect }
    }

    /// Counts the rows of a query.
    pub(crate) fn count(dialect: Dialect, dataset: &Dataset, query: &Query) -> Statement {
        let mut statement = Statement::new(dialect, "SELECT count(*)".to_owned());
        statement.push_from_where(dataset, query);
        statement
    }

    /// Selects the rows of a query in their total order.
    pub(crate) fn select(dialect: Dialect, dataset: &Dataset, query: &Query) -> Statement {
        let mut statement = Statement::select_unordered(dialect, dataset, query);
        statement.sql.push_str(&order_by(dialect, dataset, &query.order));
        statement
    }

    /// The smallest and the largest value of a column among the rows of a query, and how many have one.
    pub(crate) fn extent(dialect: Dialect, dataset: &Dataset, query: &Query, column: usize) -> Statement {
        let name = dialect.quoted(&dataset.columns[column].source);
        let sql = format!("SELECT min({name}), max({name}), count({name})");
        let mut statement = Statement::new(dialect, sql);
        statement.push_from_where(dataset, query);
        statement
    }

    /// Only rows whose date or timestamp `column` is of one of the days. As text a bare day stands before every time of
    /// that day, whether a space or a `T` follows it.
    pub(crate) fn between(
        mut self,
        dataset: &Dataset,
        query: &Query,
        column: usize,
        days: Days,
    ) -> Statement {
        let column = &dataset.columns[column];
        let name = self.dialect.quoted(&column.source);
        self.sql.push_str(if query.conditions.is_empty() { " WHERE " } else { " AND " });
        self.push_day_comparison(&name, ">=", column, days.first);
        if let Ok(after) = days.last.tomorrow() {
            self.sql.push_str(" AND ");
            self.push_day_comparison(&name, "<", column, after);
        }
        self
    }

    fn push_day_comparison(&mut self, name: &str, comparison: &str, column: &Column, day: Date) {
        self.sql.push_str(&format!("{name} {comparison} "));
        self.push_param(column, Value::Date(day));
    }

    /// Selects the rows of a query in any order.
    pub(crate) fn select_unordered(dialect: Dialect, dataset: &Dataset, query: &Query) -> Statement {
        let columns = query.columns_of(dataset);
        let names: Vec<String> = columns.iter().map(|column| dialect.quoted(&column.source)).collect();
        let mut statement = Statement::new(dialect, format!("SELECT {}", names.join(", ")));
        statement.push_from_where(dataset, query);
        statement
    }

    /// Only `limit` rows after the first `offset`.
    pub(crate) fn page(mut self, limit: u32, offset: u64) -> Statement {
        self.sql.push_str(&format!(" LIMIT {limit} OFFSET {offset}"));
        self
    }

    fn push_from_where(&mut self, dataset: &Dataset, query: &Query) {
        match &dataset.relation {
            Relation::Table { schema, name } => {
                self.sql.push_str(" FROM ");
                if let Some(schema) = schema {
                    self.sql.push_str(&self.dialect.quoted(schema));
                    self.sql.push('.');
                }
                self.sql.push_str(&self.dialect.quoted(name));
            }
            // All but SQLite want a name for it.
            Relation::Query(select) => self.sql.push_str(&format!(" FROM ({select}) AS rows_of_query")),
        }
        for (position, condition) in query.conditions.iter().enumerate() {
            self.sql.push_str(if position == 0 { " WHERE " } else { " AND " });
            self.push_condition(&dataset.columns[condition.column], condition);
        }
    }

    fn push_condition(&mut self, column: &Column, condition: &Condition) {
        let name = self.dialect.quoted(&column.source);
        let Some(value) = condition.values.first() else {
            let test = if condition.op == FilterOp::NotNull { "IS NOT NULL" } else { "IS NULL" };
            self.sql.push_str(&format!("{name} {test}"));
            return;
        };
        match condition.op {
            FilterOp::In => {
                self.sql.push_str(&format!("{name} IN ("));
                for (position, value) in condition.values.iter().enumerate() {
                    self.sql.push_str(if position == 0 { "" } else { ", " });
                    self.push_param(column, value.clone());
                }
                self.sql.push(')');
            }
            FilterOp::Contains => self.push_like(column, &name, value, "%"),
            FilterOp::StartsWith => self.push_like(column, &name, value, ""),
            FilterOp::Ne => {
                self.sql.push_str(&format!("({name} <> "));
                self.push_param(column, value.clone());
                self.sql.push_str(&format!(" OR {name} IS NULL)"));
            }
            op => {
                self.sql.push_str(&format!("{name} {} ", comparison(op)));
                self.push_param(column, value.clone());
            }
        }
    }

    /// Adds a parameter and its mark.
    fn push_param(&mut self, column: &Column, value: Value) {
        self.params.push(Param { value, stored_as: column.stored_as });
        match self.dialect {
            Dialect::Sqlite | Dialect::MySql => self.sql.push('?'),
            Dialect::Postgres => self.sql.push_str(&format!("${}", self.params.len())),
        }
    }

    /// Case-insensitive, of ASCII letters at least (<https://sqlite.org/lang_expr.html#like>).
    fn push_like(&mut self, column: &Column, name: &str, value: &Value, before: &str) {
        let text = if let Value::Text(text) = value { text.as_str() } else { "" };
        // `|` rather than a backslash, which MySQL takes for an escape in the literal that names it.
        let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
        self.sql.push_str(&match self.dialect {
            Dialect::Sqlite | Dialect::MySql => format!("{name} LIKE "),
            // What is shown as text may be an identifier or an enumeration.
            Dialect::Postgres => format!("{name}::text ILIKE "),
        });
        self.push_param(column, Value::Text(format!("{before}{escaped}%")));
        self.sql.push_str(" ESCAPE '|'");
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

fn order_by(dialect: Dialect, dataset: &Dataset, order: &[OrderBy]) -> String {
    let wanted = order.iter().map(|level| (dataset.columns[level.column].source.as_str(), level.descending));
    let mut seen = Vec::new();
    let mut terms = Vec::new();
    for (source, descending) in wanted.chain(dataset.key.iter().map(|key| (key.as_str(), false))) {
        if !seen.contains(&source) {
            seen.push(source);
            terms.push(format!("{}{}", dialect.quoted(source), if descending { " DESC" } else { "" }));
        }
    }
    format!(" ORDER BY {}", terms.join(", "))
}
