//! A filter finds what is shown as its value, texts are the same whatever a server is set to, and nothing can be written.

use longshore_datasets::SourceError;
use serde_json::json;

use crate::server::{Server, server};
use crate::suite::Fresh;
use crate::suite::reading::{left_by, lines, query, read};

const TABLE: &str = "table = 't'\nkey = ['id']";

#[test]
fn bytes_are_found_by_their_digits() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, code bytea, day bigint);
         INSERT INTO t VALUES (1, '\\x00ff', 1785542400), (2, '\\xabcdef', 1785580200), (3, NULL, NULL), (4, '', 1785628800)",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        TABLE,
        "{ name = 'id', type = 'integer' }, { name = 'code', type = 'text', stored_as = 'bytes' }, \
         { name = 'day', type = 'date', stored_as = 'unix_seconds' }",
    );
    for (column, op, value, want) in [
        ("code", "starts_with", json!("00"), "1"),
        ("code", "starts_with", json!("ABCD"), "2"),
        ("code", "contains", json!("cd"), "2"),
        ("code", "contains", json!("x"), ""),
        ("code", "eq", json!("ABcdef"), "2"),
        ("code", "ne", json!("00ff"), "2 3 4"),
        // Numbers that are days are of any time of the day.
        ("day", "eq", json!("2026-08-01"), "1 2"),
        ("day", "le", json!("2026-08-01"), "1 2"),
        ("day", "gt", json!("2026-08-01"), "4"),
    ] {
        assert_eq!(left_by(&dataset, column, op, value.clone()).join(" "), want, "{column} {op} {value}");
    }
}

#[test]
fn texts_are_the_same_whatever_the_server_is_set_to() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let name = db.url().rsplit('/').next().expect("a database").to_owned();
    for setting in [
        "bytea_output = 'escape'",
        "IntervalStyle = 'iso_8601'",
        "TimeZone = 'Asia/Shanghai'",
        "DateStyle = 'German'",
    ] {
        db.execute(&format!("ALTER DATABASE {name} SET {setting}"));
    }
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, codes bytea[], spans interval[], moments tstzrange, days date[]);
         INSERT INTO t VALUES (1, ARRAY['\\x00ff'::bytea], ARRAY[interval '1 day 2 hours'],
            tstzrange('2026-08-01 10:30:00+00', '2026-08-01 11:30:00+00'), ARRAY[date '2026-08-01'])",
    );
    let columns =
        ["codes", "spans", "moments", "days"].map(|name| format!("{{ name = '{name}', type = 'text' }}"));
    let dataset = (&db as &dyn Fresh).dataset(TABLE, &columns.join(", "));
    assert_eq!(
        lines(&dataset),
        [
            r#"{"\\x00ff"}|{"1 day 02:00:00"}|["2026-08-01 10:30:00+00","2026-08-01 11:30:00+00")|{2026-08-01}"#
        ]
    );
}

#[test]
fn nothing_can_be_written() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY);
         CREATE FUNCTION writes() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO t VALUES (1) RETURNING id'",
    );
    for select in [
        "SELECT writes() AS id",
        "WITH w AS (INSERT INTO t VALUES (1) RETURNING id) SELECT id FROM w",
        "SELECT 1 AS id) AS x; INSERT INTO t VALUES (1); --",
    ] {
        let dataset = (&db as &dyn Fresh)
            .dataset(&format!("query = '{select}'\nkey = ['id']"), "{ name = 'id', type = 'integer' }");
        let refused = read(&dataset, &query(&dataset, &[], &[], &[]));
        assert!(
            matches!(refused, Err(SourceError::Database { is_transient: false, .. })),
            "{select}: {refused:?}"
        );
    }
    let written = (&db as &dyn Fresh).dataset(TABLE, "{ name = 'id', type = 'integer' }");
    assert_eq!(lines(&written), Vec::<String>::new());
}
