//! Whether datasets fit their live databases: everything that does not is found, with the key to blame and what to do.

mod importing;
mod written;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;

use crate::config::{StoredAs, TypeName};
use crate::dataset::{Column, Dataset, Relation};
use crate::error::SourceError;
use crate::introspect::{self, Reading, Table};
use crate::query::{OrderBy, Query};
use crate::source::{self, Yield};
use crate::statement::{Dialect, Statement};

/// Rows that are read to see whether values are what their columns declare, where the database itself does not keep to types.
const SAMPLE_ROWS: u32 = 1000;
/// How long one statement may take: a slow view must not keep a core busy for ever when a server starts.
pub const STATEMENT_WITHIN: Duration = Duration::from_secs(5);

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether exports can fail or be wrong for it; else it only may be meant otherwise.
    pub is_problem: bool,
    /// The key of the configuration, for instance `dataset.orders.column.total.source`.
    pub key: String,
    /// What is wrong, and what to do.
    pub text: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

struct Findings<'a> {
    dataset: &'a Dataset,
    found: Vec<Finding>,
}

impl Findings<'_> {
    /// Adds what is wrong with a key of the dataset.
    fn problem(&mut self, key: &str, text: impl Into<String>) {
        self.push(true, key, text.into());
    }

    fn warning(&mut self, key: &str, text: impl Into<String>) {
        self.push(false, key, text.into());
    }

    fn push(&mut self, is_problem: bool, key: &str, text: String) {
        self.found.push(Finding { is_problem, key: format!("dataset.{}.{key}", self.dataset.id), text });
    }
}

/// Compares a dataset with its database. Blocks, at most [`STATEMENT_WITHIN`] for each of a few statements.
pub fn check(dataset: &Dataset) -> Vec<Finding> {
    let mut hurried = dataset.clone();
    let allowed = dataset.database.statement_timeout.into_iter().chain([STATEMENT_WITHIN]);
    hurried.database.statement_timeout = allowed.min();
    let dataset = &hurried;
    let mut findings = Findings { dataset, found: Vec::new() };
    let relation = if matches!(dataset.relation, Relation::Query(_)) { "query" } else { "table" };
    match introspect::describe(&dataset.database, &dataset.relation) {
        Ok(Some(table)) => {
            check_columns(&table, relation, &mut findings);
            check_key(&table, &mut findings);
            // Nothing can be imported into such a table, which is told already.
            if let Some(engine) = &table.engine_without_snapshot
                && dataset.importing.is_none()
            {
                let text = format!(
                    "its engine {engine} knows no transactions: an export of it is of no one moment if rows change meanwhile; \
                     ALTER TABLE … ENGINE = InnoDB makes it one"
                );
                findings.warning("table", text);
            }
            importing::check(&table, &mut findings);
            // What is wrong already would be told once more.
            if findings.found.iter().all(|finding| !finding.is_problem) {
                check_reading(&mut findings);
                written::check(&mut findings);
            }
        }
        Ok(None) => findings.problem(
            "table",
            "the database has no such table or view; correct its name, or name its schema with schema = \"…\"",
        ),
        Err(SourceError::Database { source, is_transient: false, .. }) if relation == "query" => {
            findings.problem("query", format!("the database refuses it: {source}"));
        }
        Err(SourceError::Database { source, .. }) => findings.found.push(Finding {
            is_problem: true,
            key: format!("database.{}.url", dataset.database.id),
            text: format!("can't use the database: {source}; check that it runs, and that address, name and password are right"),
        }),
        Err(error) => findings.problem(relation, error.to_string()),
    }
    findings.found
}

fn check_columns(table: &Table, relation: &str, findings: &mut Findings<'_>) {
    for column in &findings.dataset.columns {
        let at = |key: &str| format!("column.{}.{key}", column.name);
        let Some(found) = table.column(&column.source) else {
            let similar = table.columns.iter().find(|other| other.name.eq_ignore_ascii_case(&column.source));
            let advice = match similar {
                Some(other) => format!("it is written {:?}", other.name),
                None => format!("there are {}", names(table)),
            };
            let key = if column.source == column.name { at("name") } else { at("source") };
            findings.problem(&key, format!("the {relation} has no column {:?}; {advice}", column.source));
            continue;
        };
        let declared = Reading { column_type: type_name(column.column_type), stored_as: column.stored_as };
        let sql_type = &found.sql_type;
        if found.readings.is_empty() {
            findings.problem(
                &at("type"),
                format!("a column of the SQL type {sql_type} can't be read; leave it out"),
            );
        } else if !found.readings.contains(&declared) {
            let possible: Vec<String> = found.readings.iter().map(Reading::to_string).collect();
            let found = if sql_type.is_empty() {
                "its values".to_owned()
            } else {
                format!("the SQL type {sql_type}")
            };
            findings.problem(
                &at("type"),
                format!("{declared} does not fit {found}; possible: {}", possible.join(" | ")),
            );
        } else if let (ColumnType::Decimal { scale }, Some(wanted)) = (column.column_type, found.scale)
            && column.stored_as == StoredAs::Plain
            && scale < wanted
            // SQLite's types bind nobody; what its values are is seen when some are read.
            && Dialect::of(&findings.dataset.database) != Dialect::Sqlite
        {
            findings.problem(
                &at("scale"),
                format!("{scale} digits after the point are too few for {sql_type}; say scale = {wanted}"),
            );
        }
    }
}

fn check_key(table: &Table, findings: &mut Findings<'_>) {
    let key = &findings.dataset.key;
    let missing: Vec<&String> = key.iter().filter(|name| table.column(name).is_none()).collect();
    // The number of a row, which SQLite has without declaring it.
    let is_row_number = |name: &str| {
        matches!(name, "rowid" | "_rowid_" | "oid")
            && Dialect::of(&findings.dataset.database) == Dialect::Sqlite
            && table.is_table
    };
    if let Some(name) = missing.iter().find(|name| !is_row_number(name)) {
        let text = format!("there is no column {name:?}; there are {}", names(table));
        findings.problem("key", text);
        return;
    }
    let is_unique = !missing.is_empty()
        || table.keys.iter().any(|unique| unique.iter().all(|column| key.contains(column)));
    if !is_unique && table.is_table {
        let text = match table.keys.first() {
            Some(unique) => format!("{key:?} is not unique and never null by any index; {unique:?} is"),
            None => format!(
                "{key:?} is not unique and never null by any index: rows that share it could be exported in any order; \
                 create a unique index on columns that are NOT NULL"
            ),
        };
        findings.problem("key", text);
    } else if !is_unique {
        let text = format!("no index says that {key:?} is unique and never null; make sure that it is");
        findings.warning("key", text);
    }
}

/// Looks at some rows, and whether all can be sorted as people may ask for.
fn check_reading(findings: &mut Findings<'_>) {
    let dataset = findings.dataset;
    let default_order: Vec<OrderBy> = dataset
        .default_sort
        .iter()
        .filter_map(|sort| {
            Some(OrderBy { column: dataset.column_index(&sort.column)?, descending: sort.descending })
        })
        .collect();
    let all = Query::all_of(dataset);
    if let Err(error) = prepared(dataset, &Query { order: default_order, ..all.clone() }) {
        findings.problem("sort", format!("the database refuses it: {}", reason(&error)));
        return;
    }
    if let Err(error) = sampled(dataset, &all) {
        // A view that is slow is no view that is wrong.
        if matches!(error, SourceError::Timeout { .. }) {
            return;
        }
        let key = match &error {
            SourceError::BadValue { column, .. } => format!("column.{column}.type"),
            _ => "column".to_owned(),
        };
        findings.problem(&key, reason(&error));
    }
}

fn prepared(dataset: &Dataset, query: &Query) -> Result<(), SourceError> {
    let select = Statement::select(Dialect::of(&dataset.database), dataset, query);
    source::open(dataset, &Arc::default())?.check(&select, &query.columns_of(dataset))
}

fn sampled(dataset: &Dataset, query: &Query) -> Result<(), SourceError> {
    let select =
        Statement::select_unordered(Dialect::of(&dataset.database), dataset, query).page(SAMPLE_ROWS, 0);
    let columns: Vec<&Column> = query.columns_of(dataset);
    let zone = TimeZone::UTC;
    let yields = Yield { columns: &columns, zone: &zone, batch_rows: source::BATCH_ROWS };
    source::open(dataset, &Arc::default())?.rows(&select, &yields, &mut |_| ControlFlow::Continue(()))
}

/// An error without the dataset, which the key names.
fn reason(error: &SourceError) -> String {
    match error {
        SourceError::Database { source, .. } => source.to_string(),
        error => error.to_string(),
    }
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn type_name(column_type: ColumnType) -> TypeName {
    match column_type {
        ColumnType::Text => TypeName::Text,
        ColumnType::Integer => TypeName::Integer,
        ColumnType::Decimal { .. } => TypeName::Decimal,
        ColumnType::Float => TypeName::Float,
        ColumnType::Boolean => TypeName::Boolean,
        ColumnType::Date => TypeName::Date,
        ColumnType::Time => TypeName::Time,
        ColumnType::Timestamp => TypeName::Timestamp,
        ColumnType::TimestampTz => TypeName::TimestampTz,
    }
}
