//! What tables ask of rows.

use longshore_datasets::import::CommitError;
use longshore_protocol::import::ImportMode;

use super::{IMPORTED, all, check, commit, counts, problems, spec, undo};
use crate::suite::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("rules of the database are told without values", rules_of_the_database_are_told_without_values),
    ("keys of several columns", keys_of_several_columns),
    ("keys keep their white space", keys_keep_their_white_space),
    ("references and single values are looked up", references_and_single_values_are_looked_up),
    ("what the table needs is asked for", what_the_table_needs_is_asked_for),
    ("nothing is an empty text where it can be nothing else", nothing_is_an_empty_text),
];

fn rules_of_the_database_are_told_without_values(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!("CREATE TABLE {} (code {text} NOT NULL PRIMARY KEY)", db.quoted("codes")));
    db.execute(&format!("INSERT INTO {} VALUES ('known')", db.quoted("codes")));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, label {text} UNIQUE, \
         amount {id} CHECK (amount < 100), code {text}, FOREIGN KEY (code) REFERENCES {} (code))",
        db.quoted("codes")
    ));
    db.execute(&format!("INSERT INTO {t} VALUES (1, 'secret', 1, NULL)"));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'label', type = 'text' }, { name = 'amount', type = 'integer' }, \
         { name = 'code', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "label", "amount", "code"], ImportMode::Upsert);
    let before = all(&dataset);
    for (number, row) in [
        ["2", "secret", "1", ""],
        ["2", "other", "12345", ""],
        ["2", "other", "1", "secret"],
        ["1", "other", "12345", ""],
        ["1", "other", "1", "secret"],
    ]
    .iter()
    .enumerate()
    {
        let plan = check(&dataset, &spec, &[&["7", "fine", "1", "known"], row]);
        assert_eq!(plan.counts().error, 0, "{row:?}");
        let ended = commit(&dataset, &spec, &format!("rule {number}"), &[plan]);
        let Err(CommitError::Refused { message, .. }) = &ended else { panic!("{row:?}: {ended:?}") };
        assert!(
            !message.is_empty() && !message.contains("secret") && !message.contains("12345"),
            "{message}"
        );
        assert_eq!(all(&dataset), before, "{row:?}");
    }
}

fn keys_of_several_columns(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (shop {text} NOT NULL, no {id} NOT NULL, day {}, v {text}, PRIMARY KEY (shop, no))",
        db.sql_type("date")
    ));
    db.execute(&format!(
        "INSERT INTO {t} VALUES ('a', 1, '2026-08-01', 'x'), ('a', 2, NULL, 'x'), ('b', 1, NULL, 'x')"
    ));
    let dataset = db.dataset(
        "table = 't'\nkey = ['shop', 'no']\nimport = { key = ['no', 'shop'] }",
        "{ name = 'shop', type = 'text' }, { name = 'no', type = 'integer' }, { name = 'day', type = 'date' }, \
         { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["v", "no", "shop", "day"], ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["y", "1", "a", "2026-08-01"],
            &["x", "1", "b", ""],
            &["x", "2", "b", ""],
            &["x", "", "b", ""],
            &["x", "3", "", ""],
        ],
    );
    assert_eq!(plan.counts(), counts(1, 1, 1, 2));
    assert_eq!(problems(&plan), ["5 no required", "6 shop required"]);
    assert_eq!(plan.keys.len(), 3);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["a|1|2026-08-01|y", "a|2|-|x", "b|1|-|x", "b|2|-|x"]);
    undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!(all(&dataset), ["a|1|2026-08-01|x", "a|2|-|x", "b|1|-|x"]);
    // Keys that run together as the same letters are two.
    let plan = check(&dataset, &spec, &[&["x", "11", "a", ""], &["x", "1", "a1", ""]]);
    assert_ne!(plan.keys[0].digest, plan.keys[1].digest);
}

fn references_and_single_values_are_looked_up(db: &dyn Fresh) {
    db.named_table("makers", &[("code", "text")], &["'acme'"]);
    db.table(&[("name", "text"), ("maker", "text")], &["'tea', 'acme'", "'milk', 'acme'"]);
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text', import = { unique = true } }, \
         { name = 'maker', type = 'text', import = { references = { table = 'makers', column = 'code' } } }",
    );
    let spec = spec(&dataset, &["id", "name", "maker"], ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["1", "tea", "acme"],
            &["2", "tea", "acme"],
            &["3", "milk", "acme"],
            &["4", "salt", "nobody"],
            &["5", "rice", ""],
        ],
    );
    assert_eq!(problems(&plan), ["3 name taken", "4 name taken", "5 maker no_reference"]);
    assert_eq!(plan.counts(), counts(1, 0, 1, 3));
    let of_name = plan.keys.iter().filter(|key| key.column == Some(1)).count();
    assert_eq!((plan.keys.len(), of_name), (10, 5));
}

fn what_the_table_needs_is_asked_for(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, name {text} NOT NULL, state {text} NOT NULL, \
         origin {id} DEFAULT 5 NOT NULL)"
    ));
    db.execute(&format!("INSERT INTO {t} (id, name, state) VALUES (1, 'tea', 'old')"));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text' }, { name = 'state', type = 'text' }, \
         { name = 'origin', type = 'integer' }",
    );
    let partial = spec(&dataset, &["id", "name"], ImportMode::Upsert);
    let plan = check(&dataset, &partial, &[&["1", "salt"], &["2", "rice"], &["1", ""]]);
    assert_eq!(problems(&plan), ["3 state required", "4 name required"]);
    let complete = spec(&dataset, &["id", "name", "state"], ImportMode::Upsert);
    let plan = check(&dataset, &complete, &[&["2", "rice", "new"]]);
    commit(&dataset, &complete, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["1|tea|old|5", "2|rice|new|5"]);
    db.execute(&format!("UPDATE {t} SET origin = 6 WHERE id = 2"));
    assert_eq!(undo(&dataset, &complete, "a", &[plan]).expect("is looked at").kept_count, 1);
}

fn keys_keep_their_white_space(db: &dyn Fresh) {
    let (t, text) = (db.quoted("t"), db.sql_type("text"));
    db.execute(&format!("CREATE TABLE {t} (id {text} NOT NULL PRIMARY KEY, v {text})"));
    db.execute(&format!("INSERT INTO {t} VALUES (' a1', 'x'), ('b1', 'x')"));
    let dataset = db.dataset(IMPORTED, "{ name = 'id', type = 'text' }, { name = 'v', type = 'text' }");
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&[" a1", "x"], &[" b1", "y"], &["a1", "z"]]);
    assert_eq!(plan.counts(), counts(1, 1, 1, 0));
    assert_ne!(plan.keys[0].digest, plan.keys[2].digest);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), [" a1|x", "a1|z", "b1|y"]);
    undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!(all(&dataset), [" a1|x", "b1|x"]);
}

fn nothing_is_an_empty_text(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, note {text} NOT NULL DEFAULT '', \
         must {text} NOT NULL DEFAULT '')"
    ));
    db.execute(&format!("INSERT INTO {t} VALUES (1, '', 'x'), (2, 'old', 'x')"));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'note', type = 'text' }, \
         { name = 'must', type = 'text', import = { required = true } }",
    );
    let spec = spec(&dataset, &["id", "note", "must"], ImportMode::Upsert);
    let rows: &[&[&str]] = &[&["1", "", "x"], &["2", "", "x"], &["3", "", "x"], &["4", "", ""]];
    let plan = check(&dataset, &spec, rows);
    assert_eq!(problems(&plan), ["5 must required"]);
    assert_eq!(plan.counts(), counts(1, 1, 1, 1));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["1||x", "2||x", "3||x"]);
    undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!(all(&dataset), ["1||x", "2|old|x"]);
}
