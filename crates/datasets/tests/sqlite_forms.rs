//! SQLite holds anything in any column: what is shown is what filters find and orders go by, whatever form it is held in.

#[path = "suite/mod.rs"]
mod suite;

use longshore_datasets::check::check;
use longshore_datasets::{Catalog, Dataset, SourceError};
use rusqlite::Connection;
use serde_json::json;
use suite::reading::{left_by, query, read, shown};

struct Fixture {
    _folder: tempfile::TempDir,
    dataset: Dataset,
}

/// A dataset `t` of a table `t` with the key `id`, whose columns are given as TOML.
fn fixture(sql: &str, columns: &str) -> Fixture {
    let folder = tempfile::tempdir().expect("temporary folder");
    let connection = Connection::open(folder.path().join("t.db")).expect("opens");
    connection.execute_batch(sql).expect("valid SQL");
    let toml = format!(
        "[database.db]\nurl = 'sqlite:t.db'\n[dataset.t]\ndatabase = 'db'\ntable = 't'\nkey = ['id']\ncolumn = [{columns}]"
    );
    let catalog = Catalog::from_config(&toml::from_str(&toml).expect("well-formed"), folder.path());
    let dataset = catalog.expect("valid").get("t").expect("declared").clone();
    Fixture { _folder: folder, dataset }
}

fn assert_filters(dataset: &Dataset, cases: &[(&str, &str, serde_json::Value, &str)]) {
    for (column, op, value, want) in cases {
        assert_eq!(left_by(dataset, column, op, value.clone()).join(" "), *want, "{column} {op} {value}");
    }
}

/// The first column by an order.
fn sorted(dataset: &Dataset, sort: &[&str]) -> String {
    let rows = read(dataset, &query(dataset, &["id"], &[], sort)).expect("reads");
    shown(&rows).join(" ")
}

#[test]
fn numbers_that_are_held_as_text_are_numbers() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, total TEXT, n TEXT, rate VARCHAR(9), any, cents TEXT, unix TEXT);
         INSERT INTO t VALUES
          (1, '100.00', '9', '1e1', '7', '10000', '1785580200'),
          (2, '99.5', '10', '2.5', 8, '9950', '1785666600'),
          (3, NULL, NULL, NULL, NULL, NULL, NULL),
          (4, '9999999999999999.99', '-3', '0', 10.0, '-1', '-1'),
          (5, '9999999999999999.98', '007', '11', '-2', '0', '0');",
        "{ name = 'id', type = 'integer' }, { name = 'total', type = 'decimal', scale = 2 }, \
         { name = 'n', type = 'integer' }, { name = 'rate', type = 'float' }, { name = 'any', type = 'integer' }, \
         { name = 'cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }, \
         { name = 'unix', type = 'timestamp', stored_as = 'unix_seconds' }",
    );
    let dataset = &table.dataset;
    assert_filters(
        dataset,
        &[
            ("total", "ge", json!(100), "1 4 5"),
            ("total", "gt", json!(100), "4 5"),
            ("total", "lt", json!(100), "2"),
            ("total", "le", json!("100.00"), "1 2"),
            ("total", "eq", json!(100), "1"),
            ("total", "eq", json!("99.50"), "2"),
            ("total", "eq", json!("9999999999999999.99"), "4"),
            ("total", "ne", json!(100), "2 3 4 5"),
            ("total", "in", json!([100, "99.5"]), "1 2"),
            ("total", "is_null", json!(null), "3"),
            ("n", "ge", json!(9), "1 2"),
            ("n", "lt", json!(9), "4 5"),
            ("n", "eq", json!(7), "5"),
            ("n", "in", json!([7, 10]), "2 5"),
            ("rate", "gt", json!(2.5), "1 5"),
            ("rate", "eq", json!(10), "1"),
            ("any", "ge", json!(8), "2 4"),
            ("any", "eq", json!(7), "1"),
            ("any", "lt", json!(0), "5"),
            ("cents", "ge", json!("99.50"), "1 2"),
            ("cents", "lt", json!(0), "4"),
            ("unix", "ge", json!("2026-08-01"), "1 2"),
            ("unix", "eq", json!("2026-08-01"), "1"),
            ("unix", "le", json!("2026-08-01"), "1 4 5"),
        ],
    );
    for (sort, want) in [
        ("total", "3 2 1 5 4"),
        ("-total", "4 5 1 2 3"),
        ("n", "3 4 5 1 2"),
        ("rate", "3 4 2 1 5"),
        ("any", "3 5 1 2 4"),
        ("cents", "3 4 5 2 1"),
        ("-unix", "2 1 5 4 3"),
    ] {
        assert_eq!(sorted(dataset, &[sort]), want, "by {sort}");
    }
}

#[test]
fn an_order_by_a_key_that_is_held_as_text_is_total() {
    let table = fixture(
        "CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT);
         INSERT INTO t VALUES ('10', 'a'), ('9.0', 'b'), ('9', 'c'), ('9.00', 'd'), ('100', 'e');",
        "{ name = 'id', type = 'decimal', scale = 2 }, { name = 'v', type = 'text' }",
    );
    let rows = read(&table.dataset, &query(&table.dataset, &["v"], &[], &["id"])).expect("reads");
    assert_eq!(shown(&rows).join(" "), "c b d a e");
    let rows = read(&table.dataset, &query(&table.dataset, &["v"], &[], &["-id", "-v"])).expect("reads");
    assert_eq!(shown(&rows).join(" "), "e a d c b");
}

#[test]
fn doubles_are_the_decimals_that_they_are_shown_as() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, total REAL, cents REAL);
         INSERT INTO t VALUES (1, 0.1 + 0.2, 1250), (2, 0.3, 30), (3, 1.1 * 3, -5), (4, 7, 0), (5, 0.29, 29);",
        "{ name = 'id', type = 'integer' }, { name = 'total', type = 'decimal', scale = 2 }, \
         { name = 'cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }",
    );
    let rows = read(&table.dataset, &query(&table.dataset, &[], &[], &[])).expect("reads");
    assert_eq!(shown(&rows), ["1|0.30|12.50", "2|0.30|0.30", "3|3.30|-0.05", "4|7.00|0.00", "5|0.29|0.29"]);
    assert_filters(
        &table.dataset,
        &[
            ("total", "eq", json!("0.3"), "1 2"),
            ("total", "ne", json!("0.3"), "3 4 5"),
            ("total", "le", json!("0.3"), "1 2 5"),
            ("total", "lt", json!("0.3"), "5"),
            ("total", "gt", json!("0.3"), "3 4"),
            ("total", "ge", json!("3.30"), "3 4"),
            ("total", "in", json!(["0.3", "7"]), "1 2 4"),
            ("cents", "ge", json!("0.30"), "1 2"),
            ("cents", "eq", json!("-0.05"), "3"),
        ],
    );
}

#[test]
fn a_number_with_more_digits_than_declared_is_not_rounded() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, total REAL); INSERT INTO t VALUES (1, 12.34), (2, 12.345);",
        "{ name = 'total', type = 'decimal', scale = 2 }",
    );
    match read(&table.dataset, &query(&table.dataset, &[], &[], &[])) {
        Err(SourceError::BadValue { column, row, .. }) => assert_eq!((column.as_str(), row), ("total", 2)),
        other => panic!("{other:?}"),
    }
    let found = check(&table.dataset);
    assert!(
        found.iter().any(|finding| finding.is_problem && finding.key == "dataset.t.column.total.type"),
        "{found:?}"
    );
}

#[test]
fn a_value_that_a_filter_or_order_can_not_read_is_told() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, total TEXT); INSERT INTO t VALUES (1, '5'), (2, 'five');",
        "{ name = 'id', type = 'integer' }, { name = 'total', type = 'decimal', scale = 2 }",
    );
    for (filters, sort) in [(vec![("total", "lt", json!(100))], vec![]), (vec![], vec!["total"])] {
        let told =
            read(&table.dataset, &query(&table.dataset, &["id"], &filters, &sort)).expect_err("is no number");
        assert!(matches!(&told, SourceError::BadValue { column, .. } if column == "total"), "{told:?}");
        let sentence = told.to_string();
        assert!(
            sentence.starts_with("column total: text value is not of the declared type decimal"),
            "{sentence}"
        );
    }
}

#[test]
fn booleans_are_found_however_they_are_written() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, gift BOOLEAN, word TEXT);
         INSERT INTO t VALUES (1, 'true', 'true'), (2, 'false', 'f'), (3, 1, '1'), (4, 0, 'FALSE'), (5, NULL, NULL),
            (6, 'TRUE', 't'), (7, 1.0, 'True');",
        "{ name = 'id', type = 'integer' }, { name = 'gift', type = 'boolean' }, { name = 'word', type = 'boolean' }",
    );
    for column in ["gift", "word"] {
        assert_filters(
            &table.dataset,
            &[
                (column, "eq", json!(true), "1 3 6 7"),
                (column, "eq", json!(false), "2 4"),
                (column, "ne", json!(true), "2 4 5"),
                (column, "ne", json!("no"), "1 3 5 6 7"),
            ],
        );
        assert_eq!(sorted(&table.dataset, &[column]), "5 2 4 1 3 6 7");
    }
}

#[test]
fn a_day_is_all_its_values() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, day DATE, seconds INTEGER, millis INTEGER);
         INSERT INTO t VALUES
          (1, '2026-08-01', 1785542400, 1785542400000),
          (2, '2026-08-01 00:00:00', 1785580200, 1785580200123),
          (3, '2026-08-01T00:00:00', 1785628799, 1785628799999),
          (4, '2026-08-02 00:00:00', 1785628800, 1785628800000),
          (5, '2026-07-31', 1785542399, 1785542399999),
          (6, NULL, NULL, NULL);",
        "{ name = 'id', type = 'integer' }, { name = 'day', type = 'date' }, \
         { name = 'seconds', type = 'date', stored_as = 'unix_seconds' }, \
         { name = 'millis', type = 'date', stored_as = 'unix_millis' }",
    );
    for column in ["day", "seconds", "millis"] {
        assert_filters(
            &table.dataset,
            &[
                (column, "eq", json!("2026-08-01"), "1 2 3"),
                (column, "le", json!("2026-08-01"), "1 2 3 5"),
                (column, "lt", json!("2026-08-01"), "5"),
                (column, "ge", json!("2026-08-01"), "1 2 3 4"),
                (column, "gt", json!("2026-08-01"), "4"),
                (column, "is_null", json!(null), "6"),
            ],
        );
    }
}

#[test]
fn times_are_found_however_they_are_written() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME, seen TEXT, clock TEXT, unix INTEGER);
         INSERT INTO t VALUES
          (1, '2026-08-01T10:30:00', '2026-08-01T10:30:00Z', '10:30', 1785580200),
          (2, '2026-08-01 10:30:00', '2026-08-01 18:30:00+08:00', '10:30:00', 1785580200),
          (3, '2026-08-01 23:59:59.5', '2026-08-01 23:59:59', '10:30:00.5', 1785628799),
          (4, '2026-08-02T00:00:00', '2026-08-02T02:00:00+02:00', '23:59:59', 1785628800),
          (5, '2026-07-31T23:59:59Z', '2026-08-01T01:00:00+02:00', '00:00', 1785542399),
          (6, NULL, NULL, NULL, NULL);",
        "{ name = 'id', type = 'integer' }, { name = 'at', type = 'timestamp' }, \
         { name = 'seen', type = 'timestamp_tz' }, { name = 'clock', type = 'time' }, \
         { name = 'unix', type = 'timestamp', stored_as = 'unix_seconds' }, \
         { name = 'iso', source = 'at', type = 'timestamp', stored_as = 'iso_t' }",
    );
    for column in ["at", "iso", "seen"] {
        assert_filters(
            &table.dataset,
            &[
                (column, "eq", json!("2026-08-01 10:30:00"), "1 2"),
                (column, "ge", json!("2026-08-01 10:30"), "1 2 3 4"),
                (column, "gt", json!("2026-08-01T10:30"), "3 4"),
                (column, "le", json!("2026-08-01 10:30"), "1 2 5"),
                (column, "lt", json!("2026-08-01 10:30"), "5"),
                (column, "eq", json!("2026-08-01"), "1 2 3"),
                (column, "le", json!("2026-08-01"), "1 2 3 5"),
                (column, "gt", json!("2026-08-01"), "4"),
                (column, "le", json!("2026-08-02 00:00:00"), "1 2 3 4 5"),
                (column, "not_null", json!(null), "1 2 3 4 5"),
            ],
        );
    }
    assert_filters(
        &table.dataset,
        &[
            ("clock", "eq", json!("10:30"), "1 2"),
            ("clock", "gt", json!("10:30"), "3 4"),
            ("clock", "lt", json!("10:30:00"), "5"),
            ("unix", "eq", json!("2026-08-01 10:30"), "1 2"),
            // No second is shown as half of one.
            ("unix", "eq", json!("2026-08-01 10:30:00.5"), ""),
            ("unix", "ge", json!("2026-08-01 10:30:00.5"), "3 4"),
            ("unix", "le", json!("2026-08-01 10:30:00.5"), "1 2 5"),
        ],
    );
    let keys: Vec<String> = check(&table.dataset)
        .into_iter()
        .filter(|finding| finding.is_problem)
        .map(|finding| finding.key)
        .collect();
    assert_eq!(
        keys,
        ["at", "seen", "iso"].map(|name| format!("dataset.t.column.{name}.type")),
        "what is not written alike"
    );
}

#[test]
fn bytes_are_found_by_their_digits() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, code BLOB);
         INSERT INTO t VALUES (1, x'00ff'), (2, x'ABCDEF'), (3, NULL), (4, x''), (5, 'abcd');",
        "{ name = 'id', type = 'integer' }, { name = 'code', type = 'text', stored_as = 'bytes' }",
    );
    assert_filters(
        &table.dataset,
        &[
            ("code", "eq", json!("ABcdef"), "2"),
            ("code", "eq", json!("00ff"), "1"),
            ("code", "eq", json!("abcd"), "5"),
            ("code", "eq", json!(""), "4"),
            ("code", "eq", json!("x"), ""),
            ("code", "ne", json!("00ff"), "2 3 4 5"),
            ("code", "in", json!(["00ff", "no hex", "abcdef"]), "1 2"),
            ("code", "contains", json!("CD"), "2 5"),
            ("code", "contains", json!("x"), ""),
            ("code", "starts_with", json!("00"), "1"),
        ],
    );
}

#[test]
fn numbers_that_are_declared_as_text_are_texts() {
    let table = fixture(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, any);
         INSERT INTO t VALUES (1, 7, 2, '7'), (2, 70, 0.5, 7), (3, 'seven', 12.5, 'seven');",
        "{ name = 'id', type = 'integer' }, { name = 'n', type = 'text' }, { name = 'r', type = 'text' }, \
         { name = 'any', type = 'text' }",
    );
    assert_filters(
        &table.dataset,
        &[
            ("n", "eq", json!("7"), "1"),
            ("n", "eq", json!("007"), ""),
            ("n", "in", json!(["70", "seven", "7.0"]), "2 3"),
            ("n", "starts_with", json!("7"), "1 2"),
            ("r", "eq", json!("2"), "1"),
            ("r", "eq", json!("2.0"), ""),
            ("r", "eq", json!("12.5"), "3"),
            ("r", "contains", json!(".0"), ""),
            ("any", "eq", json!("7"), "1 2"),
            ("any", "ne", json!("7"), "3"),
        ],
    );
}
