//! Taking back: what goes, what is as it was, and what stays because it is no longer the import's.

use longshore_datasets::import::{CommitError, Pointed, Undone};
use longshore_protocol::import::ImportMode;

use super::{ALL, GOODS_DECLARED, IMPORTED, all, check, commit, goods, spec, undo, undo_as};
use crate::suite::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("taking back keeps what was changed since", taking_back_keeps_what_was_changed_since),
    ("what was not written is not taken back", what_was_not_written_is_not_taken_back),
    ("a row that is referred to is not taken back", a_row_that_is_referred_to_is_not_taken_back),
    ("what others have is not taken along", what_others_have_is_not_taken_along),
    ("rows that point at rows are taken back", rows_that_point_at_rows_are_taken_back),
    ("a value that has moved moves back", a_value_that_has_moved_moves_back),
    ("what the database computes is nobodys change", what_the_database_computes_is_nobodys_change),
];

fn taking_back_keeps_what_was_changed_since(db: &dyn Fresh) {
    let t = db.quoted("t");
    db.table(
        &[("name", "text"), ("price", "decimal"), ("state", "text")],
        &["'tea', 1.50, 'old'", "'milk', 2.00, 'old'", "'rice', 1, 'old'"],
    );
    let dataset = db.dataset(IMPORTED, &format!("{GOODS_DECLARED}, {{ name = 'state', type = 'text' }}"));
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["1", "tea", "9"],
            &["2", "milk", "9"],
            &["3", "rice", "9"],
            &["4", "salt", "1"],
            &["5", "soap", "1"],
            &["6", "wine", "1"],
            &["7", "beer", "1"],
        ],
    );
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    for sql in [
        // Another column than those of the import matters for rows that it created, and for no others.
        format!("UPDATE {t} SET state = 'new' WHERE id IN (1, 4)"),
        format!("UPDATE {t} SET price = 8 WHERE id IN (2, 5)"),
        format!("DELETE FROM {t} WHERE id IN (3, 6)"),
    ] {
        db.execute(&sql);
    }
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 4));
    let kept: Vec<(u32, Option<String>)> =
        undone.kept.iter().map(|kept| (kept.row, kept.key[0].clone())).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(kept, [(3, text("2")), (4, text("3")), (5, text("4")), (6, text("5"))]);
    assert_eq!(all(&dataset), ["1|tea|1.50|new", "2|milk|8.00|old", "4|salt|1.00|new", "5|soap|8.00|-"]);
}

fn what_was_not_written_is_not_taken_back(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["3", "salt", "1"]]);
    db.execute(&format!("INSERT INTO {} VALUES (3, 'salt', 1)", db.quoted("t")));
    let undone = undo(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is nothing");
    assert_eq!(undone, Undone::default());
    assert_eq!(all(&dataset).len(), 3);
    // And a worker that comes late does not write it after all.
    db.execute(&format!("DELETE FROM {} WHERE id = 3", db.quoted("t")));
    assert!(matches!(commit(&dataset, &spec, "a", &[plan]), Err(CommitError::Misfit(_))));
    assert_eq!(all(&dataset).len(), 2);
}

fn a_row_that_is_referred_to_is_not_taken_back(db: &dyn Fresh) {
    let (t, sales, id) = (db.quoted("t"), db.quoted("sales"), db.sql_type("integer"));
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "tea", "9"], &["3", "salt", "1"], &["4", "rice", "1"]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    db.execute(&format!("CREATE TABLE {sales} (good {id}, FOREIGN KEY (good) REFERENCES {t} (id))"));
    db.execute(&format!("INSERT INTO {sales} VALUES (3)"));
    let before = all(&dataset);
    let ended = undo(&dataset, &spec, "a", std::slice::from_ref(&plan));
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((2 | 3, 4)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), before);
    db.execute(&format!("DELETE FROM {sales}"));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (2, 1, 0));
}

fn what_others_have_is_not_taken_along(db: &dyn Fresh) {
    let (t, id) = (db.quoted("t"), db.sql_type("integer"));
    let dataset = goods(db);
    for (table, action) in [("sales", "CASCADE"), ("returns", "SET NULL")] {
        let table = db.quoted(table);
        db.execute(&format!(
            "CREATE TABLE {table} (id {id} NOT NULL PRIMARY KEY, good {id}, \
             FOREIGN KEY (good) REFERENCES {t} (id) ON DELETE {action})"
        ));
    }
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let rows: &[&[&str]] = &[&["3", "salt", "1"], &["4", "rice", "1"], &["5", "soap", "1"]];
    let plan = check(&dataset, &spec, rows);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    db.execute(&format!("INSERT INTO {} VALUES (1, 3)", db.quoted("sales")));
    db.execute(&format!("INSERT INTO {} VALUES (1, 4)", db.quoted("returns")));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (1, 2));
    assert_eq!(undone.kept.iter().map(|kept| kept.row).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(all(&dataset), ["1|tea|1.50", "2|milk|2.00", "3|salt|1.00", "4|rice|1.00"]);
    for (table, good) in [("sales", "3"), ("returns", "4")] {
        let others = db.dataset(
            &format!("table = '{table}'\nkey = ['id']"),
            "{ name = 'id', type = 'integer' }, { name = 'good', type = 'integer' }",
        );
        assert_eq!(all(&others), [format!("1|{good}")]);
    }
}

fn rows_that_point_at_rows_are_taken_back(db: &dyn Fresh) {
    let (t, id) = (db.quoted("t"), db.sql_type("integer"));
    for action in ["", " ON DELETE CASCADE"] {
        db.execute(&format!("DROP TABLE IF EXISTS {t}"));
        db.execute(&format!(
            "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, above {id}, \
             FOREIGN KEY (above) REFERENCES {t} (id){action})"
        ));
        db.execute(&format!("INSERT INTO {t} VALUES (1, NULL)"));
        let dataset =
            db.dataset(IMPORTED, "{ name = 'id', type = 'integer' }, { name = 'above', type = 'integer' }");
        let spec = spec(&dataset, &["id", "above"], ImportMode::Upsert);
        let rows: &[&[&str]] = &[&["10", ""], &["11", "10"], &["12", "11"], &["1", "12"]];
        let plan = check(&dataset, &spec, rows);
        let plans = [plan];
        let name = |what: &str| format!("{what}{action}");
        commit(&dataset, &spec, &name("a"), &plans).expect("is written");
        let undone = undo(&dataset, &spec, &name("a"), &plans).expect("is taken back");
        assert_eq!((undone.removed, undone.restored, undone.kept_count), (3, 1, 0), "{action}");
        assert_eq!(all(&dataset), ["1|-"]);
        commit(&dataset, &spec, &name("b"), &plans).expect("is written");
        db.execute(&format!("INSERT INTO {t} VALUES (20, 11)"));
        let undone = undo(&dataset, &spec, &name("b"), &plans).expect("is taken back");
        assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 2), "{action}");
        assert_eq!(all(&dataset), ["1|-", "10|-", "11|10", "20|11"]);
        // What points may be of another call, which then comes first.
        let (above, below) =
            (check(&dataset, &spec, &[&["30", ""]]), check(&dataset, &spec, &[&["31", "30"]]));
        let (c, d) = (name("c"), name("d"));
        commit(&dataset, &spec, &c, std::slice::from_ref(&above)).expect("is written");
        commit(&dataset, &spec, &d, std::slice::from_ref(&below)).expect("is written");
        let refused = undo_as(&dataset, &spec, &c, std::slice::from_ref(&above), Pointed::Refused);
        assert!(matches!(refused, Err(CommitError::Refused { .. })), "{action}: {refused:?}");
        for (name, plan) in [(d, below), (c, above)] {
            let undone = undo_as(&dataset, &spec, &name, &[plan], Pointed::Refused).expect("is taken back");
            assert_eq!((undone.removed, undone.kept_count), (1, 0), "{name}");
        }
        assert_eq!(all(&dataset), ["1|-", "10|-", "11|10", "20|11"]);
    }
}

fn a_value_that_has_moved_moves_back(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!("CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, code {text} UNIQUE)"));
    db.execute(&format!("INSERT INTO {t} VALUES (1, 'a'), (2, 'b')"));
    let dataset = db.dataset(IMPORTED, "{ name = 'id', type = 'integer' }, { name = 'code', type = 'text' }");
    let spec = spec(&dataset, &["id", "code"], ImportMode::Upsert);
    let before = all(&dataset);
    let within = [check(&dataset, &spec, &[&["1", "new"], &["3", "a"]])];
    let across = [check(&dataset, &spec, &[&["2", "other"]]), check(&dataset, &spec, &[&["3", "b"]])];
    for (name, plans) in [("within", &within[..]), ("across", &across)] {
        commit(&dataset, &spec, name, plans).expect(name);
        let undone = undo(&dataset, &spec, name, plans).expect(name);
        assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 0), "{name}");
        assert_eq!(all(&dataset), before, "{name}");
    }
}

fn what_the_database_computes_is_nobodys_change(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, name {text}, \
         size {id} GENERATED ALWAYS AS (LENGTH(name)) STORED, state {text} DEFAULT 'new')"
    ));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text' }, \
         { name = 'size', type = 'integer', import = { excluded = true } }, { name = 'state', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "name"], ImportMode::Upsert);
    let rows: &[&[&str]] = &[&["1", "tea"], &["2", "sugar"], &["3", "rye"]];
    let plan = check(&dataset, &spec, rows);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    db.execute(&format!("UPDATE {t} SET state = 'old' WHERE id = 2"));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (2, 1));
    assert_eq!(all(&dataset), ["2|sugar|5|old"]);
}
