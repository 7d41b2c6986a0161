//! What PostgreSQL's catalogue says of a table that is imported into.

use std::collections::HashMap;

use super::super::PostgresSnapshot;
use super::super::connect::{Connection, said};
use super::statement::quoted;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::ledger::TABLE;
use crate::import::target::{Place, Referrer};

/// What keeps the table from being written to.
pub(super) fn obstacles(
    snapshot: &mut PostgresSnapshot,
    place: Place<'_>,
) -> Result<Vec<String>, SourceError> {
    let mut found = Vec::new();
    for right in ["INSERT", "UPDATE", "DELETE"] {
        let sql = "SELECT has_table_privilege($1::text, $2::text)::text";
        let has = snapshot.texts(sql, &[&quoted(place), right])?;
        if has.into_iter().flatten().flatten().next().as_deref() == Some("false") {
            found.push(format!(
                "the person that the address names may not {right}; GRANT it, or leave imports out"
            ));
        }
    }
    let sql = format!(
        "SELECT (to_regclass('{TABLE}') IS NOT NULL OR has_schema_privilege(current_schema(), 'CREATE'))::text"
    );
    if snapshot.texts(&sql, &[])?.into_iter().flatten().flatten().next().as_deref() != Some("true") {
        found.push(format!("the table {TABLE} is not there and may not be made: GRANT CREATE on the schema"));
    }
    Ok(found)
}

/// Whether rows can't share a key of these columns.
pub(super) fn is_unique(
    snapshot: &mut PostgresSnapshot,
    place: Place<'_>,
    key: &[&Column],
) -> Result<bool, SourceError> {
    // Constraints that are looked at only at the end of the transaction are none here.
    let sql = "SELECT i.indexrelid::text, a.attname::text FROM pg_catalog.pg_index i \
         CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS place \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] \
         WHERE i.indrelid = $1::text::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate \
         AND i.indpred IS NULL";
    let mut indexes: HashMap<Option<String>, bool> = HashMap::new();
    for row in snapshot.texts(sql, &[&quoted(place)])? {
        let [index, column] = row.as_slice() else { continue };
        let is_of_key = column.as_ref().is_some_and(|name| key.iter().any(|column| column.source == *name));
        *indexes.entry(index.clone()).or_insert(true) &= is_of_key;
    }
    Ok(indexes.into_values().any(|is_of_key| is_of_key))
}

/// The foreign keys for which removing a row changes or removes others, and all by which the table points at itself.
pub(super) fn referrers(
    snapshot: &mut PostgresSnapshot,
    place: Place<'_>,
) -> Result<Vec<Referrer>, SourceError> {
    let sql = "SELECT c.oid::text, n.nspname::text, r.relname::text, (c.conrelid = c.confrelid)::text, \
         a.attname::text, f.attname::text FROM pg_catalog.pg_constraint c \
         JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace \
         CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (own, other) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own \
         JOIN pg_catalog.pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.other \
         WHERE c.contype = 'f' AND c.confrelid = $1::text::regclass AND c.conparentid = 0 \
         AND (c.confdeltype IN ('c', 'n', 'd') OR c.conrelid = c.confrelid) ORDER BY c.oid";
    let mut found: Vec<(String, Referrer)> = Vec::new();
    for row in snapshot.texts(sql, &[&quoted(place)])? {
        let [Some(id), Some(schema), Some(table), is_own, Some(own), Some(other)] = row.as_slice() else {
            continue;
        };
        let pair = (own.clone(), other.clone());
        match found.last_mut() {
            Some((last, referrer)) if last == id => referrer.columns.push(pair),
            _ => {
                let table = quoted(Place { schema: Some(schema), table });
                let is_own = is_own.as_deref() == Some("true");
                found.push((id.clone(), Referrer { table, columns: vec![pair], is_own }));
            }
        }
    }
    Ok(found.into_iter().map(|(_, referrer)| referrer).collect())
}

/// Makes the ledger where it is not there; another may do the same at the same time.
pub(super) fn make_ledger(connection: &mut Connection) -> Result<(), SourceError> {
    let asked = format!("SELECT to_regclass('{TABLE}') IS NOT NULL");
    let is_there = |connection: &mut Connection| {
        let asked = asked.as_str();
        let row = connection.ask(|client| client.query_one(asked, &[]))?;
        Ok::<bool, SourceError>(row.try_get(0).unwrap_or(false))
    };
    if is_there(connection)? {
        return Ok(());
    }
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (import text NOT NULL, chunk integer NOT NULL, kind text NOT NULL, \
         counts text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (import, chunk, kind))"
    );
    let made = connection.ask(|client| client.batch_execute(&sql));
    match made {
        // Two that make it at once can both find it absent, and then one of them fails.
        Err(error) if said(&error).is_some() => {
            if is_there(connection)? {
                Ok(())
            } else {
                Err(error)
            }
        }
        made => made,
    }
}
