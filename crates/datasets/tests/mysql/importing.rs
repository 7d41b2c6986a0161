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
}
