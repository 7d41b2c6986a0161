//! Describes tables, views and queries of PostgreSQL: types as the server itself tells them of a prepared SELECT, the rest from
//! its catalog.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::types::Type;

use super::{Reading, Table, TableColumn};
use crate::catalog::SCALE_MAX;
use crate::config::TypeName;
use crate::dataset::Relation;
use crate::error::SourceError;
use crate::postgres::PostgresSnapshot;
use crate::postgres::kind::Kind;
use crate::statement::Dialect;

/// The oid and kind of a relation by its name, in a schema or on the search path.
const FIND: &str = "SELECT c.oid::text, c.relkind::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relname = $1::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
    AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2::text END";
/// Name, type as declared, and whether it is never null, by column.
const COLUMNS: &str = "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull::text, \
    CASE WHEN a.atttypid = 'numeric'::regtype AND a.atttypmod >= 4 THEN ((a.atttypmod - 4) & 2047)::text END \
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::text::oid AND a.attnum > 0 AND NOT a.attisdropped \
    ORDER BY a.attnum";
/// Index, whether it is unique, and column, by place in the index; expressions have no column. Indexes of a part of the rows, and
/// those that are not complete yet, serve nothing here.
const INDEXES: &str = "SELECT i.indexrelid::text, i.indisunique::text, a.attname::text \
    FROM pg_catalog.pg_index i \
    CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS place \
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] \
    WHERE i.indrelid = $1::text::oid AND i.indisvalid AND i.indpred IS NULL \
    ORDER BY i.indisprimary DESC, i.indexrelid, place";

/// See [`super::describe`].
pub(super) fn describe(database: &str, url: &str, relation: &Relation) -> Result<Option<Table>, SourceError> {
    let mut snapshot = PostgresSnapshot::begin(database, url, None, &Arc::default())?;
    let (schema, name) = match relation {
        Relation::Query(select) => {
            let columns = snapshot.columns(&format!("SELECT * FROM ({select}\n) AS rows_of_query"))?;
            let columns = columns.into_iter().map(|(name, sql_type)| column(name, &sql_type)).collect();
            return Ok(Some(Table { columns, ..Table::default() }));
        }
        Relation::Table { schema, name } => (schema.as_deref(), name),
    };
    let found = snapshot.texts(FIND, &[name, schema.unwrap_or_default()])?;
    let Some([Some(oid), Some(kind)]) = found.first().map(Vec::as_slice) else { return Ok(None) };
    let quoted = match schema {
        Some(schema) => format!("{}.{}", Dialect::Postgres.quoted(schema), Dialect::Postgres.quoted(name)),
        None => Dialect::Postgres.quoted(name),
    };
    let columns = snapshot.columns(&format!("SELECT * FROM {quoted}"))?;
    let mut columns: Vec<TableColumn> =
        columns.into_iter().map(|(name, sql_type)| column(name, &sql_type)).collect();
    let mut declared: HashMap<String, (Option<String>, bool, Option<u8>)> = HashMap::new();
    for row in snapshot.texts(COLUMNS, &[oid])? {
        let [Some(name), sql_type, is_not_null, scale] = row.as_slice() else { continue };
        let is_not_null = is_not_null.as_deref() == Some("true");
        let scale = scale.as_deref().and_then(|scale| scale.parse().ok());
        declared.insert(name.clone(), (sql_type.clone(), is_not_null, scale));
    }
    for column in &mut columns {
        let Some((sql_type, is_not_null, scale)) = declared.remove(&column.name) else { continue };
        column.is_nullable = !is_not_null;
        column.sql_type = sql_type.unwrap_or_default();
        declare_scale(column, scale);
    }
    // A foreign table has no indexes here, and may be unique where it comes from.
    let mut table = Table { is_table: matches!(kind.as_str(), "r" | "p"), columns, ..Table::default() };
    let mut indexes: Vec<(String, bool, Vec<Option<String>>)> = Vec::new();
    for row in snapshot.texts(INDEXES, &[oid])? {
        let [Some(index), is_unique, column] = row.as_slice() else { continue };
        match indexes.last_mut().filter(|(last, ..)| last == index) {
            Some((.., columns)) => columns.push(column.clone()),
            None => indexes.push((index.clone(), is_unique.as_deref() == Some("true"), vec![column.clone()])),
        }
    }
    for (_, is_unique, columns) in indexes {
        table.add_index(is_unique, columns);
    }
    Ok(Some(table))
}

fn column(name: String, sql_type: &Type) -> TableColumn {
    let kind = Kind::of(sql_type);
    let note = match &kind {
        Kind::Bytes => Some("bytes, shown as hexadecimal digits"),
        Kind::Other { .. } => Some("shown as the database writes it"),
        _ => None,
    };
    TableColumn {
        name,
        sql_type: sql_type.name().to_owned(),
        is_nullable: true,
        readings: kind.readings(),
        // As many digits as any currency of the server's settings has.
        scale: (kind == Kind::Money).then_some(2),
        note: note.map(str::to_owned),
    }
}

/// Takes what a numeric column declares. One that declares no digits holds any number of them, and is exact only as text.
fn declare_scale(column: &mut TableColumn, scale: Option<u8>) {
    let is_numeric =
        column.readings.first() == Some(&Reading::plain(TypeName::Decimal)) && column.scale.is_none();
    match scale {
        _ if !is_numeric => {}
        Some(0) => {
            column.scale = Some(0);
            let precision = column.sql_type.split(['(', ',']).nth(1).and_then(|digits| digits.parse().ok());
            let is_whole = precision.is_some_and(|digits: u8| digits <= 18);
            let best = if is_whole { TypeName::Integer } else { TypeName::Decimal };
            column.readings.sort_by_key(|reading| *reading != Reading::plain(best));
        }
        Some(scale) if scale <= SCALE_MAX => column.scale = Some(scale),
        _ => {
            column.readings.sort_by_key(|reading| *reading != Reading::plain(TypeName::Text));
            column.note = Some(
                "it says not how many digits follow the point: for numbers say type = \"decimal\" with a scale that \
                 all values fit"
                    .to_owned(),
            );
        }
    }
}
