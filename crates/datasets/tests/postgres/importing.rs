//! Imports into types that PostgreSQL alone has.

use longshore_protocol::import::ImportMode;

use crate::server::{Server, server};
use crate::suite::Fresh;
use crate::suite::importing::{all, check, commit, counts, problems, spec, undo};

#[test]
fn values_that_a_type_has_no_room_for_are_found_by_the_check() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TYPE state AS ENUM ('open', 'paid'); CREATE TABLE t (id uuid PRIMARY KEY, n int2, v varchar(3), s state, \
         p numeric(4, 2), r real, j json, b bytea, i inet, w timestamp(0), g int GENERATED ALWAYS AS (n + 1) STORED, \
         c numeric)",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'text' }, { name = 'n', type = 'integer' }, { name = 'v', type = 'text' }, \
         { name = 's', type = 'text' }, { name = 'p', type = 'decimal', scale = 2 }, { name = 'r', type = 'float' }, \
         { name = 'j', type = 'text' }, { name = 'b', type = 'text', stored_as = 'bytes' }, \
         { name = 'i', type = 'text' }, { name = 'w', type = 'timestamp' }, \
         { name = 'g', type = 'integer', import = { excluded = true } }, \
         { name = 'c', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }",
    );
    let columns = ["id", "n", "v", "s", "p", "r", "j", "b", "i", "w", "c"];
    let spec = spec(&dataset, &columns, ImportMode::Upsert);
    let id = "A0EEBC999C0B4EF8BB6D6BB9BD380A11";
    let fine =
        [id, "7", "abc", "paid", "99.99", "0.1", "[1]", "00FF", "10.0.0.1", "2026-08-01 10:30:00.7", "1.50"];
    let plan = check(
        &dataset,
        &spec,
        &[&fine, &["x", "40000", "abcd", "lost", "100", "1e300", "[", "0", "", "soon", "1.505"]],
    );
    let wrong = "3 id wrong_type, 3 n out_of_range, 3 v too_long, 3 s not_allowed, 3 p out_of_range, 3 r out_of_range, \
         3 j wrong_type, 3 b wrong_type, 3 w wrong_type, 3 c too_many_decimals";
    assert_eq!(problems(&plan).join(", "), wrong);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    let line = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|7|abc|paid|99.99|0.1|[1]|00ff|10.0.0.1/32|2026-08-01 10:30:00|8|1.50";
    assert_eq!(all(&dataset), [line]);
    let again = [
        id,
        "7",
        "abc",
        "paid",
        "99.99",
        "0.1",
        "[1]",
        "00FF",
        "10.0.0.1/32",
        "2026-08-01 10:30:00.7",
        "1.50",
    ];
    assert_eq!(check(&dataset, &spec, &[&again]).counts(), counts(0, 0, 1, 0));
    let change = [id, "8", "", "open", "0.01", "-2", "", "", "::1/128", "", "-0.05"];
    let plan = check(&dataset, &spec, &[&change]);
    commit(&dataset, &spec, "b", std::slice::from_ref(&plan)).expect("is written");
    let changed = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|8|-|open|0.01|-2|-|-|::1/128|-|9|-0.05";
    assert_eq!(all(&dataset), [changed]);
    assert_eq!(undo(&dataset, &spec, "b", &[plan]).expect("is taken back").restored, 1);
    assert_eq!(all(&dataset), [line]);
}

#[test]
fn a_table_that_does_not_take_rows_is_told() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, w int, g int GENERATED ALWAYS AS (id + 1) STORED); \
         CREATE TABLE other (code int)",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = { key = ['w'] }",
        "{ name = 'id', type = 'integer' }, { name = 'g', type = 'integer' }, \
         { name = 'w', type = 'integer', import = { references = { table = 'other', column = 'code' } } }",
    );
    let found: Vec<String> =
        longshore_datasets::check::check(&dataset).iter().map(|finding| finding.key.clone()).collect();
    assert_eq!(
        found,
        [
            "dataset.d.column.g.import",
            "dataset.d.import.modes",
            "dataset.d.import.key",
            "dataset.d.column.w.import.references",
        ]
    );
}

#[test]
fn a_session_that_ends_while_it_writes_has_written_nothing() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'old'); \
         CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "new"], &["2", "new"]]);
    let before = commit(&dataset, &spec, "makes the ledger", &[]).expect("is written");
    assert_eq!(before.counts, counts(0, 0, 0, 0));
    for (name, moment) in [
        ("claim", "TRIGGER die AFTER INSERT ON longshore_ledger"),
        ("update", "TRIGGER die AFTER UPDATE ON t"),
        ("copy", "TRIGGER die AFTER INSERT ON t"),
        ("record", "TRIGGER die AFTER UPDATE ON longshore_ledger"),
        ("commit", "CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"),
    ] {
        db.execute(&format!("CREATE {moment} FOR EACH ROW EXECUTE FUNCTION die()"));
        let ended = commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect_err(name);
        assert!(ended.is_transient(), "{name}: {ended:?}");
        assert_eq!(all(&dataset), ["1|old"], "{name}");
        let table = moment.split(' ').skip_while(|word| *word != "ON").nth(1).expect("a table");
        db.execute(&format!("DROP TRIGGER die ON {table}"));
    }
    let done = commit(&dataset, &spec, "a", &[plan]).expect("is written");
    assert!(!done.was_done_already);
    assert_eq!(
        (done.counts, all(&dataset)),
        (counts(1, 1, 0, 0), vec!["1|new".to_owned(), "2|new".to_owned()])
    );
}

#[test]
fn what_a_trigger_refuses_is_told_with_its_rows() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text); \
         CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.v = 'bad' THEN RAISE EXCEPTION 'not so'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "good"], &["2", "bad"]]);
    let ended = commit(&dataset, &spec, "a", &[plan]).expect_err("is refused");
    assert!(
        matches!(&ended, longshore_datasets::import::CommitError::Refused { rows: Some((3, 3)), message, .. } if message == "not so"),
        "{ended:?}"
    );
    assert_eq!(all(&dataset), Vec::<String>::new());
}

#[test]
fn values_are_what_the_server_makes_of_them() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id numeric PRIMARY KEY, j jsonb, i inet, n numeric(6, 2), d date); \
         INSERT INTO t VALUES (1.0, '{\"a\": 1}', '10.0.0.1', 1.5, '2026-08-01')",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'text' }, { name = 'j', type = 'text' }, { name = 'i', type = 'text' }, \
         { name = 'n', type = 'text' }, { name = 'd', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "j", "i", "n", "d"], ImportMode::Upsert);
    let rows: &[&[&str]] = &[
        &["1.0", "{\"a\":1}", "10.0.0.1/32", "1.50", "20260801"],
        &["2", "{\"b\":[1,2]}", "10.0.0.2", "7", "2026-08-02"],
        &["secret", "{\"secret\"", "secret", "secret", "secret"],
        &["3", "[]", "10.0.0.3", "secret", "2026-02-30"],
    ];
    let plan = check(&dataset, &spec, rows);
    assert_eq!(
        problems(&plan).join(", "),
        "4 id wrong_type, 4 j wrong_type, 4 i wrong_type, 4 n wrong_type, 4 d wrong_type, 5 n wrong_type, 5 d wrong_type"
    );
    assert_eq!(plan.counts(), counts(1, 0, 1, 2));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (1, 0));
    // A key is the same however many zeros it ends in.
    let plan = check(&dataset, &spec, &[&["4.0", "", "", "", ""], &["4.00", "", "", "", ""]]);
    assert_eq!(plan.keys[0].digest, plan.keys[1].digest);
}

#[test]
fn what_triggers_do_with_rows_is_noticed() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text, at timestamp); \
         CREATE FUNCTION turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.v = 'bad' THEN RETURN NULL; END IF; NEW.v = upper(NEW.v); NEW.at = clock_timestamp(); RETURN NEW; END $$; \
         INSERT INTO t VALUES (1, 'A', '2026-08-01'), (2, 'B', '2026-08-01'); \
         CREATE TRIGGER turn BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION turn()",
    );
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }, { name = 'at', type = 'timestamp' }",
    );
    let spec = spec(&dataset, &["id", "v", "at"], ImportMode::Upsert);
    let at = "2026-08-01";
    for rows in [[["1", "bad", at], ["3", "c", at]], [["1", "a", at], ["3", "bad", at]]] {
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 3]>::as_slice).collect();
        let plan = check(&dataset, &spec, &rows);
        let ended = commit(&dataset, &spec, "left out", &[plan]);
        let refused = matches!(&ended, Err(longshore_datasets::import::CommitError::Refused { .. }));
        assert!(refused, "{ended:?}");
    }
    let before = ["1|A|2026-08-01 00:00:00", "2|B|2026-08-01 00:00:00"];
    assert_eq!(all(&dataset), before);
    // Of an updated row the day is not written by the import, and of a new one it is the trigger's.
    let plan = check(&dataset, &spec, &[&["1", "x", at], &["2", "y", at], &["3", "c", at], &["4", "d", at]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    db.execute("UPDATE t SET v = 'other' WHERE id IN (2, 4)");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 2));
    assert_eq!(undone.kept.iter().map(|kept| kept.row).collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn rows_may_stand_before_those_that_they_point_at() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute("CREATE TABLE t (id int PRIMARY KEY, above int REFERENCES t)");
    let dataset = (&db as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'above', type = 'integer' }",
    );
    let spec = spec(&dataset, &["id", "above"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "2"], &["2", "3"], &["3", ""]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (3, 0));
}
