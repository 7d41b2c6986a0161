//! The SQL of a query: names from the configuration, quoted; values as parameters.

mod condition;

use std::borrow::Cow;

use jiff::civil::Date;
use longshore_protocol::ColumnType;

use crate::config::StoredAs;
use crate::daily::Days;
use crate::database::{Address, Database};
use crate::dataset::{Column, Dataset, Relation};
use crate::query::{OrderBy, Query};
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

/// The name of a column in SQL text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mention {
    /// Bytes of the text before the name.
    pub(crate) start: usize,
    /// Bytes of the text before the name's end.
    pub(crate) at: usize,
    /// The SQL column, not quoted.
    pub(crate) source: String,
}

/// What a dataset says of a column's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The column's name in the dataset.
    pub(crate) name: String,
    pub(crate) column_type: ColumnType,
    pub(crate) stored_as: StoredAs,
}

impl Declared {
    pub(crate) fn of(column: &Column) -> Declared {
        Declared { name: column.name.clone(), column_type: column.column_type, stored_as: column.stored_as }
    }
}

/// Which of the values that a column can hold for a parameter's value is meant, where there are several, as of floating point
/// numbers for a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The one that is nearest.
    Nearest,
    Lowest,
    Highest,
}

/// The mark of a parameter in SQL text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Bytes of the text before the mark.
    pub(crate) start: usize,
    /// Bytes of the text before the mark's end.
    pub(crate) at: usize,
    /// The parameter's position.
    pub(crate) param: usize,
    pub(crate) bound: Bound,
}

/// A column that is compared with parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) column: Mention,
    pub(crate) declared: Declared,
    pub(crate) marks: Vec<Mark>,
}

/// A level of an order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ordered {
    pub(crate) column: Mention,
    /// `None` for a part of the key that nobody asked to sort by.
    pub(crate) declared: Option<Declared>,
    /// Whether it is a part of the key.
    pub(crate) is_key: bool,
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
    /// Columns that are compared with patterns.
    pub(crate) likened: Vec<(Mention, Declared)>,
    pub(crate) ordered: Vec<Ordered>,
    /// Bytes of the text before the end of the order.
    pub(crate) order_end: usize,
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
            likened: Vec::new(),
            ordered: Vec::new(),
            order_end: 0,
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
        let start = self.sql.len();
        self.sql.push_str(&self.dialect.quoted(source));
        Mention { start, at: self.sql.len(), source: source.to_owned() }
    }

    fn push_selected(&mut self, source: &str) {
        let mention = self.push_name(source);
        self.selected.push(mention);
    }

    /// Adds the name of a column that the parameters added from now on are compared with.
    fn push_compared(&mut self, column: &Column) {
        let mention = self.push_name(&column.source);
        self.comparisons.push(Comparison {
            column: mention,
            declared: Declared::of(column),
            marks: Vec::new(),
        });
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
        if condition::has_clock_in_text(self.dialect, column) {
            self.push_name(&column.source);
            self.sql.push_str(&format!(" {comparison} "));
            self.push_mark(StoredAs::Plain, Value::Date(day));
            return;
        }
        self.push_compared(column);
        self.sql.push_str(&format!(" {comparison} "));
        self.push_param(column, Value::Date(day), Bound::Nearest);
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

    /// Adds a parameter and its mark, compared with the last column that was said to be compared.
    fn push_param(&mut self, column: &Column, value: Value, bound: Bound) {
        let start = self.sql.len();
        self.push_mark(column.stored_as, value);
        let mark = Mark { start, at: self.sql.len(), param: self.params.len() - 1, bound };
        if let Some(comparison) = self.comparisons.last_mut() {
            comparison.marks.push(mark);
        }
    }

    /// Adds a parameter and its mark, which is taken as it is.
    fn push_mark(&mut self, stored_as: StoredAs, value: Value) {
        match self.dialect {
            Dialect::Sqlite | Dialect::MySql => self.sql.push('?'),
            Dialect::Postgres => self.sql.push_str(&format!("${}", self.params.len() + 1)),
        }
        self.params.push(Param { value, stored_as });
    }

    fn push_order_by(&mut self, dataset: &Dataset, order: &[OrderBy]) {
        let wanted = order.iter().map(|level| {
            let column = &dataset.columns[level.column];
            (column.source.as_str(), level.descending, Some(Declared::of(column)))
        });
        let of_key = dataset.key.iter().map(|key| (key.as_str(), false, None));
        let mut seen = Vec::new();
        for (source, descending, declared) in wanted.chain(of_key) {
            if seen.contains(&source) {
                continue;
            }
            self.sql.push_str(if seen.is_empty() { " ORDER BY " } else { ", " });
            // A bare name would mean what the select list makes of the column.
            if self.dialect == Dialect::Postgres {
                self.sql.push_str(&format!("{RELATION}."));
            }
            let column = self.push_name(source);
            let is_key = dataset.key.iter().any(|key| key == source);
            self.ordered.push(Ordered { column, declared, is_key });
            self.sql.push_str(if descending { " DESC" } else { "" });
            seen.push(source);
        }
        self.order_end = self.sql.len();
    }
}
