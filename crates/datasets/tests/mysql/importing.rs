//! Imports under collations that take different texts for equal.

use longshore_protocol::import::ImportMode;

use crate::server::Database;
use crate::suite::importing::{all, check, commit, counts, problems, spec, undo};

#[test]
fn keys_are_equal_where_the_collation_takes_them_for_equal() {
    let Some(mut database) = Database::new() else { return };
    database.run(
        "CREATE TABLE t (id VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8mb3, \
         s ENUM('a', 'b'), n TINYINT UNSIGNED, w DATETIME)",
    );
    database.run(
        "INSERT INTO t VALUES ('Tea ', 'x', 'a', 1, '2026-08-01 10:30:00'), ('milk', 'x', 'a', 1, NULL)",
    );
    let dataset = database.dataset(
        "table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'text' }, { name = 'v', type = 'text' }, \
         { name = 's', type = 'text' }, { name = 'n', type = 'integer' }, { name = 'w', type = 'timestamp' }]",
    );
    let spec = spec(&dataset, &["id", "v", "s", "n", "w"], ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["TEA", "y", "b", "255", "2026-08-01 10:30:00.9"],
            &["MILK", "x", "a", "1", ""],
            &["Äpfel", "x", "a", "1", ""],
            &["APFEL", "x", "a", "1", ""],
            &["salt", "😀", "c", "256", ""],
        ],
    );
    assert_eq!(problems(&plan).join(", "), "6 v not_storable, 6 s not_allowed, 6 n out_of_range");
    assert_eq!(plan.counts(), counts(2, 1, 1, 1));
    let digest = |row: u32| plan.keys.iter().find(|key| key.row == row).map(|key| key.digest);
    assert_eq!(digest(4), digest(5), "two keys of the file that are one for the database");
    assert_ne!(digest(2), digest(3));
    let plan = check(
        &dataset,
        &spec,
        &[&["TEA", "y", "b", "255", "2026-08-01 10:30:00.9"], &["MILK", "x", "a", "1", ""]],
    );
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["milk|x|a|1|-", "Tea |y|b|255|2026-08-01 10:30:00"]);
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.restored, undone.kept_count), (1, 0));
    assert_eq!(all(&dataset), ["milk|x|a|1|-", "Tea |x|a|1|2026-08-01 10:30:00"]);
}

#[test]
fn a_table_without_transactions_is_told() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY, g INT AS (id + 1) STORED) ENGINE = MyISAM");
    let dataset = database.dataset(
        "table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'integer' }, { name = 'g', type = 'integer' }]",
    );
    let found = longshore_datasets::check::check(&dataset);
    let keys: Vec<&str> = found.iter().map(|finding| finding.key.as_str()).collect();
    assert_eq!(keys, ["dataset.d.column.g.import", "dataset.d.import"], "{found:?}");
    assert!(found[1].text.contains("know no transactions"), "{found:?}");
    let dataset = database.dataset("table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'integer' }]");
    let spec = spec(&dataset, &["id"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1"]]);
    let ended = commit(&dataset, &spec, "a", &[plan]).expect_err("is refused");
    assert!(ended.to_string().contains("know no transactions"), "{ended}");
    assert_eq!(all(&dataset), Vec::<String>::new());
}

#[test]
fn values_that_a_type_has_no_room_for_are_found_by_the_check() {
    let Some(mut database) = Database::new() else { return };
    database.run(
        "CREATE TABLE t (id DECIMAL(6, 2) PRIMARY KEY, l VARCHAR(20) CHARACTER SET latin1, at TIMESTAMP NULL, s TINYTEXT, \
         d DATE, b BINARY(3))",
    );
    let dataset = database.dataset(
        "table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'text' }, { name = 'l', type = 'text' }, \
         { name = 'at', type = 'timestamp_tz' }, { name = 's', type = 'text' }, { name = 'd', type = 'text' }, \
         { name = 'b', type = 'text', stored_as = 'bytes' }]",
    );
    let spec = spec(&dataset, &["id", "l", "at", "s", "d", "b"], ImportMode::Upsert);
    let long = "订".repeat(86);
    let rows: &[&[&str]] = &[
        &["1", "Äpfel", "2026-08-01 10:30", "订", "2026-08-01", "00ff"],
        &["2", "订单", "2926-08-01 10:30", &long, "2026-02-30", ""],
        &["secret", "x", "1969-12-31 10:30", "x", "secret", "00ff00ff"],
        &["1.20", "", "", "", "", ""],
        &["1.40", "", "", "", "", ""],
        &["1.2", "", "", "", "", ""],
    ];
    let plan = check(&dataset, &spec, rows);
    assert_eq!(
        problems(&plan).join(", "),
        "3 l not_storable, 3 at out_of_range, 3 s too_long, 3 d wrong_type, 4 id wrong_type, 4 at out_of_range, \
         4 d wrong_type, 4 b wrong_type"
    );
    let digest = |row: u32| plan.keys.iter().find(|key| key.row == row).map(|key| key.digest);
    assert_eq!(digest(5), digest(7), "one key, whatever zeros it ends in");
    assert_ne!(digest(5), digest(6));
    let plan = check(&dataset, &spec, &rows[..1]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["1.00|Äpfel|2026-08-01 10:30:00|订|2026-08-01|00ff00"]);
    assert_eq!(check(&dataset, &spec, &rows[..1]).counts(), counts(0, 0, 1, 0));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (1, 0));
}

#[test]
fn what_the_server_puts_into_a_row_is_nobodys_change() {
    let Some(mut database) = Database::new() else { return };
    database.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), changed_at TIMESTAMP(6) NOT NULL \
         DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))",
    );
    database.run("INSERT INTO t VALUES (1, 'old', '2026-08-01 10:30:00'), (2, 'old', '2026-08-01 10:30:00')");
    let dataset = database.dataset(
        "table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }, \
         { name = 'changed_at', type = 'timestamp_tz' }]",
    );
    let spec = spec(&dataset, &["id", "v", "changed_at"], ImportMode::Upsert);
    let at = all(&dataset)[0].rsplit('|').next().expect("a moment").to_owned();
    let plan = check(&dataset, &spec, &[&["1", "new", &at], &["2", "new", &at]]);
    assert_eq!(plan.counts(), counts(0, 2, 0, 0));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    database.run("UPDATE t SET v = 'other' WHERE id = 2");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.restored, undone.kept_count), (1, 1));
}

#[test]
fn a_row_that_points_at_itself_stays() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY, above INT, FOREIGN KEY (above) REFERENCES t (id))");
    let dataset = database.dataset(
        "table = 't'\nimport = {}\ncolumn = [{ name = 'id', type = 'integer' }, { name = 'above', type = 'integer' }]",
    );
    let spec = spec(&dataset, &["id", "above"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "1"], &["2", "1"], &["3", ""]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (2, 1));
    assert_eq!(all(&dataset), ["1|1"]);
}
