//! The SQL of a query: names from the configuration, quoted; values as parameters.

use std::borrow::Cow;

use jiff::civil::Date;
use longshore_protocol::FilterOp;

use crate::config::StoredAs;
use crate::daily::Days;
use crate::database::{Address, Database};
use crate::dataset::{Column, Dataset, Relation};
use crate::mysql;
use crate::query::{Condition, OrderBy, Query};
use crate::value::Value;

/// What a statement calls the rows that it reads.
const RELATION: &str = "rows_of_query";

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

/// A place in SQL text directly after the name of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mention {
    /// Bytes of the text before the place.
    pub(crate) at: usize,
    /// The SQL column, not quoted.
    pub(crate) source: String,
}

/// A column that is compared with parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) column: Mention,
    /// Bytes of the text before the end of each parameter's mark, and the parameter's position.
    pub(crate) marks: Vec<(usize, usize)>,
}

/// SQL text with the values of its parameters, in their order. Where columns stand in it is known, so that a database with
/// strict types can cast them once it has told what they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
    /// The select list, but of counts.
    pub(crate) selected: Vec<Mention>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) ordered: Vec<Mention>,
    /// `FROM` and what follows up to the conditions.
    from: String,
    dialect: Dialect,
}

impl Statement {
    fn new(dialect: Dialect, sql: String) -> Statement {
        Statement {
            sql,
            params: Vec::new(),
            selected: Vec::new(),
            comparisons: Vec::new(),
            ordered: Vec::new(),
            from: String::new(),
            dialect,
        }
    }

    /// A statement that yields the columns given, of what this one reads.
    pub(crate) fn select_of_same(&self, sources: &[&str]) -> String {
        let names: Vec<String> = sources.iter().map(|source| self.dialect.quoted(source)).collect();
        format!("SELECT {}{}", names.join(", "), self.from)
    }

    /// The text with something more at some places, each given by the number of bytes before it.
    pub(crate) fn with_casts(&self, mut casts: Vec<(usize, Cow<'_, str>)>) -> String {
        casts.sort_by_key(|(at, _)| *at);
        let mut sql = String::with_capacity(self.sql.len() + 8 * casts.len());
        let mut done = 0;
        for (at, cast) in casts {
            sql.push_str(&self.sql[done..at]);
            sql.push_str(&cast);
            done = at;
        }
        sql.push_str(&self.sql[done..]);
        sql
    }

    /// Adds the name of a column.
    fn push_name(&mut self, source: &str) -> Mention {
        self.sql.push_str(&self.dialect.quoted(source));
        Mention { at: self.sql.len(), source: source.to_owned() }
    }

    fn push_selected(&mut self, source: &str) {
        let mention = self.push_name(source);
        self.selected.push(mention);
    }

    /// Adds the name of a column that the parameters added from now on are compared with.
    fn push_compared(&mut self, source: &str) {
        let column = self.push_name(source);
        self.comparisons.push(Comparison { column, marks: Vec::new() });
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
        statement.push_order_by(dataset, &query.order);
        statement
    }

    /// The smallest and the largest value of a column among the rows of a query, and how many have one.
    pub(crate) fn extent(dialect: Dialect, dataset: &Dataset, query: &Query, column: usize) -> Statement {
        let source = &dataset.columns[column].source;
        let mut statement = Statement::new(dialect, "SELECT min(".to_owned());
        statement.push_selected(source);
        statement.sql.push_str("), max(");
        statement.push_selected(source);
        statement.sql.push_str("), count(");
        statement.push_name(source);
        statement.sql.push(')');
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
        self.sql.push_str(if query.conditions.is_empty() { " WHERE " } else { " AND " });
        self.push_day_comparison(column, ">=", days.first);
        if let Ok(after) = days.last.tomorrow() {
            self.sql.push_str(" AND ");
            self.push_day_comparison(column, "<", after);
        }
        self
    }

    fn push_day_comparison(&mut self, column: &Column, comparison: &str, day: Date) {
        self.push_compared(&column.source);
        self.sql.push_str(&format!(" {comparison} "));
        self.push_param(column, Value::Date(day));
    }

    /// Selects the rows of a query in any order.
    pub(crate) fn select_unordered(dialect: Dialect, dataset: &Dataset, query: &Query) -> Statement {
        let mut statement = Statement::new(dialect, "SELECT ".to_owned());
        for (position, column) in query.columns_of(dataset).into_iter().enumerate() {
            statement.sql.push_str(if position == 0 { "" } else { ", " });
            statement.push_selected(&column.source);
        }
        statement.push_from_where(dataset, query);
        statement
    }

    /// Only `limit` rows after the first `offset`.
    pub(crate) fn page(mut self, limit: u32, offset: u64) -> Statement {
        self.sql.push_str(&format!(" LIMIT {limit} OFFSET {offset}"));
        self
    }

    fn push_from_where(&mut self, dataset: &Dataset, query: &Query) {
        let before = self.sql.len();
        match &dataset.relation {
            Relation::Table { schema, name } => {
                self.sql.push_str(" FROM ");
                if let Some(schema) = schema {
                    self.sql.push_str(&self.dialect.quoted(schema));
                    self.sql.push('.');
                }
                self.sql.push_str(&self.dialect.quoted(name));
                if self.dialect == Dialect::Postgres {
                    self.sql.push_str(&format!(" AS {RELATION}"));
                }
            }
            // All but SQLite want a name for it. A comment may end the query.
            Relation::Query(select) => self.sql.push_str(&format!(" FROM ({select}\n) AS {RELATION}")),
        }
        self.from = self.sql[before..].to_owned();
        for (position, condition) in query.conditions.iter().enumerate() {
            self.sql.push_str(if position == 0 { " WHERE " } else { " AND " });
            self.push_condition(&dataset.columns[condition.column], condition);
        }
    }

    fn push_condition(&mut self, column: &Column, condition: &Condition) {
        let Some(value) = condition.values.first() else {
            self.push_name(&column.source);
            let is_wanted = condition.op == FilterOp::NotNull;
            self.sql.push_str(if is_wanted { " IS NOT NULL" } else { " IS NULL" });
            return;
        };
        match condition.op {
            FilterOp::In => {
                self.push_compared(&column.source);
                self.sql.push_str(" IN (");
                for (position, value) in condition.values.iter().enumerate() {
                    self.sql.push_str(if position == 0 { "" } else { ", " });
                    self.push_param(column, value.clone());
                }
                self.sql.push(')');
            }
            FilterOp::Contains => self.push_like(column, value, "%"),
            FilterOp::StartsWith => self.push_like(column, value, ""),
            FilterOp::Ne => {
                self.sql.push('(');
                self.push_compared(&column.source);
                self.sql.push_str(" <> ");
                self.push_param(column, value.clone());
                self.sql.push_str(" OR ");
                self.push_name(&column.source);
                self.sql.push_str(" IS NULL)");
            }
            op => {
                self.push_compared(&column.source);
                self.sql.push_str(&format!(" {} ", comparison(op)));
                self.push_param(column, value.clone());
            }
        }
    }

    /// Adds a parameter and its mark, compared with the last column that was said to be compared.
    fn push_param(&mut self, column: &Column, value: Value) {
        self.push_mark(column.stored_as, value);
        let mark = (self.sql.len(), self.params.len() - 1);
        if let Some(comparison) = self.comparisons.last_mut() {
            comparison.marks.push(mark);
        }
    }

    fn push_mark(&mut self, stored_as: StoredAs, value: Value) {
        let param = Param { value, stored_as };
        match self.dialect {
            Dialect::Sqlite => self.sql.push('?'),
            Dialect::Postgres => self.sql.push_str(&format!("${}", self.params.len() + 1)),
            Dialect::MySql => self.sql.push_str(&mysql::mark(&param)),
        }
        self.params.push(param);
    }

    /// Case-insensitive, of ASCII letters at least (<https://sqlite.org/lang_expr.html#like>).
    fn push_like(&mut self, column: &Column, value: &Value, before: &str) {
        let text = if let Value::Text(text) = value { text.as_str() } else { "" };
        // `|` rather than a backslash, which MySQL takes for an escape in the literal that names it.
        let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
        // Bytes are shown, and so looked for, as hexadecimal digits.
        let is_hex = self.dialect == Dialect::MySql && column.stored_as == StoredAs::Bytes;
        self.sql.push_str(if is_hex { "HEX(" } else { "" });
        self.push_name(&column.source);
        self.sql.push_str(match self.dialect {
            Dialect::MySql if is_hex => ") LIKE ",
            Dialect::Sqlite | Dialect::MySql => " LIKE ",
            // What is shown as text may be an identifier or an enumeration.
            Dialect::Postgres => "::text ILIKE ",
        });
        // A pattern is text, whatever the column holds.
        self.push_mark(StoredAs::Plain, Value::Text(format!("{before}{escaped}%")));
        self.sql.push_str(" ESCAPE '|'");
    }

    fn push_order_by(&mut self, dataset: &Dataset, order: &[OrderBy]) {
        let wanted =
            order.iter().map(|level| (dataset.columns[level.column].source.as_str(), level.descending));
        let mut seen = Vec::new();
        for (source, descending) in wanted.chain(dataset.key.iter().map(|key| (key.as_str(), false))) {
            if seen.contains(&source) {
                continue;
            }
            self.sql.push_str(if seen.is_empty() { " ORDER BY " } else { ", " });
            // A bare name would mean what the select list makes of the column.
            if self.dialect == Dialect::Postgres {
                self.sql.push_str(&format!("{RELATION}."));
            }
            let mention = self.push_name(source);
            self.ordered.push(mention);
            self.sql.push_str(if descending { " DESC" } else { "" });
            seen.push(source);
        }
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
