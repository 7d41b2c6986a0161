//! Whether files could be imported into a dataset's table.

use std::sync::Arc;

use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use longshore_protocol::import::ImportMode;

use super::{Findings, reason};
use crate::config::StoredAs;
use crate::dataset::{Column, Relation};
use crate::error::SourceError;
use crate::import::target::{self, Access, Target};
use crate::import::{Importing, Reference};
use crate::introspect::{self, Table};

/// Adds what is wrong with imports.
pub(super) fn check(table: &Table, findings: &mut Findings<'_>) {
    let dataset = findings.dataset;
    let (Some(importing), Some(place)) = (&dataset.importing, target::place(dataset)) else { return };
    if !table.is_table {
        findings
            .warning("import", "it is no table: whether it takes rows is seen only when some are written");
        return;
    }
    let opened = target::open(dataset, Access::Read, &TimeZone::UTC, &Arc::default());
    let mut target = match opened {
        Ok(target) => target,
        Err(error) => return findings.problem("import", reason(&error)),
    };
    let found = check_columns(table, importing, target.as_mut(), findings).and_then(|()| {
        let key: Vec<&Column> = importing.key.iter().map(|position| &dataset.columns[*position]).collect();
        if !target.is_unique(place, &key)? {
            let names: Vec<&str> = key.iter().map(|column| column.source.as_str()).collect();
            let text = format!(
                "no index says that {names:?} is unique, so that a key could be added twice; create one"
            );
            findings.problem("import.key", text);
        }
        for obstacle in target.obstacles(place)? {
            findings.problem("import", obstacle);
        }
        Ok(())
    });
    if let Err(error) = found {
        findings.problem("import", reason(&error));
    }
    drop(target);
    check_references(importing, findings);
}

/// Columns that can't be written, and those that new rows need and no file can have.
fn check_columns(
    table: &Table,
    importing: &Importing,
    target: &mut dyn Target,
    findings: &mut Findings<'_>,
) -> Result<(), SourceError> {
    let dataset = findings.dataset;
    let Some(place) = target::place(dataset) else { return Ok(()) };
    let others: Vec<Column> = table
        .columns
        .iter()
        .filter(|found| dataset.columns.iter().all(|column| !column.source.eq_ignore_ascii_case(&found.name)))
        .map(|found| Column::plain(&found.name, ColumnType::Text))
        .collect();
    let all: Vec<&Column> = dataset.columns.iter().chain(&others).collect();
    let adds_rows = importing.modes.iter().any(|mode| *mode != ImportMode::Update);
    for (position, (column, storage)) in all.iter().zip(target.storage(place, &all)?).enumerate() {
        let is_imported = importing.columns.get(position).is_some_and(Option::is_some);
        if storage.is_computed && is_imported {
            let text = "the database computes it; say import = { excluded = true }";
            findings.problem(&format!("column.{}.import", column.name), text);
        } else if is_imported
            && column.column_type == ColumnType::Date
            && matches!(column.stored_as, StoredAs::UnixSeconds | StoredAs::UnixMillis)
        {
            let text = "a time of day that stands with the day is lost when an import changes it, also for taking back: declare a \
                 timestamp, or say import = { excluded = true }";
            findings.warning(&format!("column.{}.import", column.name), text);
        } else if !storage.is_optional && !is_imported && adds_rows {
            let text = format!(
                "new rows need a value of the SQL column {:?}, which no file can have: declare it, give it a default, or \
                 say modes = [\"update\"]",
                column.source
            );
            findings.warning("import.modes", text);
        }
    }
    Ok(())
}

fn check_references(importing: &Importing, findings: &mut Findings<'_>) {
    let dataset = findings.dataset;
    for (position, rules) in importing.importable() {
        let Some(Reference { schema, table, column }) = &rules.references else { continue };
        let key = format!("column.{}.import.references", dataset.columns[position].name);
        let relation = Relation::Table { schema: schema.clone(), name: table.clone() };
        match introspect::describe(&dataset.database, &relation) {
            Ok(Some(found)) if found.column(column).is_none() => {
                findings.problem(&key, format!("the table {table:?} has no column {column:?}"));
            }
            Ok(Some(found)) if found.is_table && !found.indexed.contains(column) => {
                let text = format!(
                    "no index of {table:?} begins with {column:?}, so that each value is looked for in all rows"
                );
                findings.warning(&key, text);
            }
            Ok(Some(_)) => {}
            Ok(None) => findings.problem(&key, format!("the database has no table {table:?}")),
            Err(error) => findings.problem(&key, reason(&error)),
        }
    }
}
