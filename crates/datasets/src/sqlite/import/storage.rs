//! What columns of SQLite keep, as the table declares it: a column can hold anything, but makes of numbers what its affinity says.

use longshore_protocol::ColumnType;
use rusqlite::OptionalExtension;

use super::{SqliteTarget, quoted, schema};
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::import::storage::{Doubles, Form, Storage};
use crate::import::target::{Place, Referrer};
use crate::statement::Dialect;

/// Whole numbers that a double has exactly.
const DOUBLE_WHOLE: i64 = 1 << 53;

/// A column as the table declares it.
struct Declared {
    name: String,
    is_not_null: bool,
    has_default: bool,
    /// Whether the default is an empty text.
    is_empty_by_default: bool,
    /// Its place in the primary key, from 1; 0 for none.
    key_place: i64,
    is_computed: bool,
    sql_type: String,
}

/// What a column makes of values (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    fn of(sql_type: &str, is_strict: bool) -> Affinity {
        let sql_type = sql_type.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| sql_type.contains(word));
        match () {
            () if has(&["INT"]) => Affinity::Integer,
            () if has(&["CHAR", "CLOB", "TEXT"]) => Affinity::Text,
            () if sql_type.is_empty() || has(&["BLOB"]) => Affinity::Blob,
            () if has(&["REAL", "FLOA", "DOUB"]) => Affinity::Real,
            () if is_strict && sql_type == "ANY" => Affinity::Blob,
            () => Affinity::Numeric,
        }
    }

    /// What follows for a column that is declared so in the dataset.
    fn limited(self, storage: Storage, column: &Column) -> Storage {
        if column.stored_as != StoredAs::Plain || matches!(self, Affinity::Text | Affinity::Blob) {
            return storage;
        }
        let is_real = self == Affinity::Real;
        match column.column_type {
            ColumnType::Text => Storage { form: Form::Numeric { is_real }, ..storage },
            ColumnType::Integer if is_real => {
                Storage { whole: Some((-DOUBLE_WHOLE, DOUBLE_WHOLE)), ..storage }
            }
            ColumnType::Decimal { .. } => {
                Storage { doubles: if is_real { Doubles::All } else { Doubles::Fractions }, ..storage }
            }
            _ => storage,
        }
    }
}

impl SqliteTarget {
    fn xinfo(&self, place: Place<'_>) -> rusqlite::Result<Vec<Declared>> {
        let sql = "SELECT name, \"notnull\", dflt_value IS NOT NULL, dflt_value = '''''', pk, hidden, type FROM pragma_table_xinfo(?1, ?2)";
        let mut prepared = self.snapshot.connection.prepare(sql)?;
        let rows = prepared.query_map([place.table, schema(place)], |row| {
            Ok(Declared {
                name: row.get(0)?,
                is_not_null: row.get(1)?,
                has_default: row.get(2)?,
                is_empty_by_default: row.get::<_, Option<bool>>(3)?.unwrap_or_default(),
                key_place: row.get(4)?,
                is_computed: row.get::<_, i64>(5)? >= 2,
                sql_type: row.get(6)?,
            })
        })?;
        rows.collect()
    }

    pub(super) fn unique(&self, place: Place<'_>, key: &[&Column]) -> rusqlite::Result<bool> {
        let is_of_key = |name: &str| key.iter().any(|column| column.source.eq_ignore_ascii_case(name));
        let declared = self.xinfo(place)?;
        let mut primary = declared.iter().filter(|column| column.key_place > 0).peekable();
        if primary.peek().is_some() && primary.all(|column| is_of_key(&column.name)) {
            return Ok(true);
        }
        let sql = "SELECT name FROM pragma_index_list(?1, ?2) WHERE \"unique\" AND NOT partial";
        let mut prepared = self.snapshot.connection.prepare(sql)?;
        let indexes = prepared.query_map([place.table, schema(place)], |row| row.get::<_, String>(0))?;
        for index in indexes {
            let sql = "SELECT name FROM pragma_index_info(?1, ?2)";
            let mut prepared = self.snapshot.connection.prepare(sql)?;
            let columns = prepared
                .query_map([index?.as_str(), schema(place)], |row| row.get::<_, Option<String>>(0))?;
            let columns: Vec<Option<String>> = columns.collect::<Result<_, _>>()?;
            if columns.iter().all(|name| name.as_deref().is_some_and(is_of_key)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How the column compares texts: as an index on it does, and else as it is declared.
    pub(super) fn collation(&self, place: Place<'_>, column: &Column) -> rusqlite::Result<Option<String>> {
        let sql = "SELECT x.coll FROM pragma_index_list(?1, ?2) AS l, pragma_index_xinfo(l.name, ?2) AS x \
             WHERE x.key AND x.name = ?3 COLLATE NOCASE ORDER BY l.\"unique\" DESC LIMIT 1";
        let params = [place.table, schema(place), column.source.as_str()];
        let of_index: Option<String> =
            self.snapshot.connection.query_row(sql, params, |row| row.get(0)).optional()?;
        if of_index.is_some() {
            return Ok(of_index);
        }
        // A column of a subquery compares as the column that it is, so that two letters tell which that is.
        let sql = format!(
            "SELECT 'NOCASE' FROM (SELECT {0} AS v FROM {1} WHERE false UNION ALL SELECT 'A') WHERE v = 'a'",
            Dialect::Sqlite.quoted(&column.source),
            quoted(place)
        );
        self.snapshot.connection.query_row(&sql, [], |row| row.get(0)).optional()
    }

    /// Whether the table keeps values to the types that it declares (<https://sqlite.org/stricttables.html>).
    fn is_strict(&self, place: Place<'_>) -> rusqlite::Result<bool> {
        let sql = "SELECT strict FROM pragma_table_list WHERE name = ?1 COLLATE NOCASE AND schema = ?2 COLLATE NOCASE";
        let found = self.snapshot.connection.query_row(sql, [place.table, schema(place)], |row| row.get(0));
        found.optional().map(Option::unwrap_or_default)
    }

    /// What the table keeps in the columns.
    pub(super) fn storages(&self, place: Place<'_>, columns: &[&Column]) -> rusqlite::Result<Vec<Storage>> {
        let declared = self.xinfo(place)?;
        let is_strict = self.is_strict(place)?;
        let of = |column: &&Column| {
            let storage = Storage::declared(column);
            let found = declared.iter().find(|found| found.name.eq_ignore_ascii_case(&column.source));
            let Some(found) = found else { return storage };
            // A column that is the row's number is given one (<https://sqlite.org/autoinc.html>).
            let is_row_number = found.key_place > 0
                && found.sql_type.eq_ignore_ascii_case("integer")
                && declared.iter().filter(|column| column.key_place > 0).count() == 1;
            Storage {
                is_computed: found.is_computed,
                is_nullable: !found.is_not_null,
                is_optional: !found.is_not_null || found.has_default || found.is_computed || is_row_number,
                takes_empty: column.column_type == ColumnType::Text
                    && found.is_not_null
                    && found.is_empty_by_default,
                ..Affinity::of(&found.sql_type, is_strict).limited(storage, column)
            }
        };
        Ok(columns.iter().map(of).collect())
    }

    /// The foreign keys for which removing a row changes or removes others, and all by which the table points at itself.
    pub(super) fn foreign_keys(&self, place: Place<'_>) -> rusqlite::Result<Vec<Referrer>> {
        // A key that names no columns points at the primary key (<https://sqlite.org/foreignkeys.html>).
        let sql = format!(
            "SELECT m.name, f.id, f.\"from\", coalesce(f.\"to\", (SELECT p.name FROM pragma_table_info(?1, ?2) AS p \
             WHERE p.pk = f.seq + 1)), m.name = ?1 COLLATE NOCASE FROM {}.sqlite_schema AS m, \
             pragma_foreign_key_list(m.name, ?2) AS f WHERE m.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE \
             AND (f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR m.name = ?1 COLLATE NOCASE) \
             ORDER BY m.name, f.id, f.seq",
            Dialect::Sqlite.quoted(schema(place))
        );
        let mut prepared = self.snapshot.connection.prepare(&sql)?;
        let mut rows = prepared.query([place.table, schema(place)])?;
        let mut found: Vec<((String, i64), Referrer)> = Vec::new();
        while let Some(row) = rows.next()? {
            let name: (String, i64) = (row.get(0)?, row.get(1)?);
            let Some(other) = row.get::<_, Option<String>>(3)? else { continue };
            let pair = (row.get(2)?, other);
            match found.last_mut() {
                Some((last, referrer)) if *last == name => referrer.columns.push(pair),
                _ => {
                    let table = quoted(Place { schema: place.schema, table: &name.0 });
                    found.push((name, Referrer { table, columns: vec![pair], is_own: row.get(4)? }));
                }
            }
        }
        Ok(found.into_iter().map(|(_, referrer)| referrer).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinities_are_those_of_sqlite() {
        for (sql_type, want) in [
            ("INTEGER", Affinity::Integer),
            ("bigint", Affinity::Integer),
            ("FLOATING POINT", Affinity::Integer),
            ("VARCHAR(20)", Affinity::Text),
            ("CHARINT", Affinity::Integer),
            ("", Affinity::Blob),
            ("BLOB", Affinity::Blob),
            ("DOUBLE PRECISION", Affinity::Real),
            ("DECIMAL(10,2)", Affinity::Numeric),
            ("STRING", Affinity::Numeric),
            ("DATETIME", Affinity::Numeric),
            ("ANY", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(sql_type, false), want, "{sql_type}");
        }
        assert_eq!(Affinity::of("ANY", true), Affinity::Blob);
    }
}
