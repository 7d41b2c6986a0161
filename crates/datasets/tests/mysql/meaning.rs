//! A filter finds what is shown as its value, whatever SQL type holds it.

use longshore_datasets::check::check;
use longshore_datasets::{SourceError, source};
use serde_json::json;

use crate::server::{Database, query, read};

fn assert_found(dataset: &longshore_datasets::Dataset, cases: &[(&str, &str, serde_json::Value, &str)]) {
    source::probe(dataset).expect("fits");
    for (column, op, value, want) in cases {
        let wanted = query(dataset, &["id"], &[(column, op, value.clone())], &[]);
        let rows = read(dataset, &wanted).unwrap_or_else(|error| panic!("{column} {op} {value}: {error}"));
        let ids: Vec<&str> = rows.iter().map(|row| row[0].as_deref().expect("an id")).collect();
        assert_eq!(ids.join(" "), *want, "{column} {op} {value}");
    }
}

#[test]
fn numbers_and_times_that_are_declared_as_text_are_texts() {
    let Some(mut database) = Database::new() else { return };
    database.run(
        "CREATE TABLE t (id INT PRIMARY KEY, n INT, big BIGINT UNSIGNED, price DECIMAL(10,2), flags BIT(8), day DATE, \
         at DATETIME(3), clock TIME, code VARBINARY(4))",
    );
    database.run(
        "INSERT INTO t VALUES (1, 0, 0, 0, 0, '2026-08-01', '2026-08-01 10:30:00.5', '30:00:00', x'00ff'), \
         (2, 7, 18446744073709551615, 12.5, 7, '2026-08-02', '2026-08-02', '-01:00:00', x'abcd'), \
         (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    );
    let columns: Vec<String> = ["n", "big", "price", "flags", "day", "at", "clock"]
        .map(|name| format!("{{name='{name}',type='text'}}"))
        .to_vec();
    let dataset = database.dataset(&format!(
        "table = 't'\ncolumn = [{{name='id',type='integer'}},{{name='code',type='text',stored_as='bytes'}},{}]",
        columns.join(",")
    ));
    assert_found(
        &dataset,
        &[
            ("n", "eq", json!("abc"), ""),
            ("n", "eq", json!("7"), "2"),
            ("n", "eq", json!("7.0"), ""),
            ("n", "eq", json!("007"), ""),
            ("n", "in", json!(["abc", "7"]), "2"),
            ("n", "ne", json!("abc"), "1 2 3"),
            ("big", "eq", json!("18446744073709551615"), "2"),
            ("big", "eq", json!("x"), ""),
            ("price", "eq", json!("12.50"), "2"),
            ("price", "eq", json!("12.5"), ""),
            ("price", "eq", json!("none"), ""),
            ("flags", "eq", json!("7"), "2"),
            ("flags", "eq", json!("x"), ""),
            ("day", "eq", json!("2026-08-01"), "1"),
            ("day", "eq", json!("abc"), ""),
            ("at", "eq", json!("2026-08-01 10:30:00.500"), "1"),
            ("clock", "eq", json!("30:00:00"), "1"),
            ("clock", "eq", json!("x"), ""),
            ("code", "ne", json!("no digits"), "1 2 3"),
            ("code", "in", json!(["00FF", "x"]), "1"),
        ],
    );
}

#[test]
fn floating_point_numbers_are_what_they_are_shown_as() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY, single FLOAT, price FLOAT, total DOUBLE)");
    database.run("INSERT INTO t VALUES (1, 0.1, 12.34, 0.1e0 + 0.2e0), (2, 0.5, 0.3, 0.3), (3, 1e30, 7, 0.29), (4, NULL, NULL, NULL)");
    let dataset = database.dataset(
        "table = 't'\ncolumn = [{name='id',type='integer'},{name='single',type='float'},\
         {name='price',type='decimal',scale=2},{name='total',type='decimal',scale=2}]",
    );
    assert_found(
        &dataset,
        &[
            ("single", "eq", json!(0.1), "1"),
            ("single", "ge", json!(0.1), "1 2 3"),
            ("single", "gt", json!(0.1), "2 3"),
            ("single", "le", json!(0.1), "1"),
            ("single", "lt", json!(0.1), ""),
            ("single", "eq", json!(0.100000001), ""),
            ("single", "in", json!([0.1, 0.5]), "1 2"),
            ("single", "ne", json!(0.1), "2 3 4"),
            ("price", "eq", json!("12.34"), "1"),
            ("price", "le", json!("0.3"), "2"),
            ("total", "eq", json!("0.3"), "1 2"),
            ("total", "gt", json!("0.3"), ""),
            ("total", "lt", json!("0.3"), "3"),
        ],
    );
}

#[test]
fn a_number_with_more_digits_than_declared_is_not_rounded() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY, total DOUBLE)");
    database.run("INSERT INTO t VALUES (1, 12.34), (2, 12.345)");
    let dataset = database.dataset("table = 't'\ncolumn = [{name='total',type='decimal',scale=2}]");
    match read(&dataset, &query(&dataset, &[], &[], &[])) {
        Err(SourceError::BadValue { column, row, .. }) => assert_eq!((column.as_str(), row), ("total", 2)),
        other => panic!("{other:?}"),
    }
    let found = check(&dataset);
    assert!(
        found.iter().any(|finding| finding.is_problem && finding.key.ends_with("column.total.type")),
        "{found:?}"
    );
}

#[test]
fn a_day_in_seconds_is_all_of_it() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY, day BIGINT)");
    database.run("INSERT INTO t VALUES (1, 1785542400), (2, 1785580200), (3, 1785628800), (4, 1785542399)");
    let dataset = database.dataset(
        "table = 't'\ncolumn = [{name='id',type='integer'},{name='day',type='date',stored_as='unix_seconds'}]",
    );
    assert_found(
        &dataset,
        &[
            ("day", "eq", json!("2026-08-01"), "1 2"),
            ("day", "le", json!("2026-08-01"), "1 2 4"),
            ("day", "gt", json!("2026-08-01"), "3"),
        ],
    );
}
