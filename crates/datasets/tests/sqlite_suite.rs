//! SQLite in the suite of all databases, as far as its few types and its single file allow; `sqlite.rs` has the rest.

#[path = "suite/mod.rs"]
mod suite;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_datasets::SourceError;
use longshore_datasets::import::{self, CommitError, LedgerKey};
use longshore_protocol::import::ImportMode;
use rusqlite::Connection;
use suite::Fresh;
use suite::importing::{all, check, commit, counts, problems, spec, undo};

/// Cases that ask for types that SQLite does not have, or for sessions of a server.
const LEFT_OUT: &[&str] = &[
    "every type arrives as declared",
    "filters mean what they say",
    "moments are of the persons zone",
    "a stop ends a sort",
    "a stop ends a page",
];

struct File {
    folder: tempfile::TempDir,
    connection: Connection,
}

impl File {
    fn fresh() -> File {
        let folder = tempfile::tempdir().expect("temporary folder");
        let connection = Connection::open(folder.path().join("test.db")).expect("opens");
        connection.execute_batch("PRAGMA journal_mode = WAL").expect("takes a mode");
        File { folder, connection }
    }
}

impl Fresh for File {
    fn url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("test.db").display())
    }

    fn execute(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn sql_type(&self, declared: &str) -> &'static str {
        match declared {
            "integer" | "boolean" => "INTEGER",
            "float" | "decimal" => "REAL",
            _ => "TEXT",
        }
    }

    fn moment(&self, utc: &str) -> String {
        format!("'{utc}'")
    }

    fn numbers(&self, count: u64) -> String {
        format!(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {count}) SELECT i FROM c"
        )
    }

    fn running(&self) -> usize {
        0
    }
}

#[test]
fn sqlite_conforms() {
    let mut count = 0;
    for (name, case) in suite::cases() {
        if !LEFT_OUT.contains(name) {
            println!("case: {name}");
            case(&File::fresh());
            count += 1;
        }
    }
    assert_eq!(count + LEFT_OUT.len(), suite::cases().count());
}

#[test]
fn keys_are_equal_where_the_collation_takes_them_for_equal() {
    let file = File::fresh();
    file.execute(
        "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, v REAL); INSERT INTO t VALUES ('Tea', 1.5), ('milk', 2)",
    );
    let dataset = (&file as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'text' }, { name = 'v', type = 'decimal', scale = 2 }",
    );
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let rows: &[&[&str]] = &[&["TEA", "9"], &["MILK", "2"], &["salt", "1"], &["Salt", "99999999999999.99"]];
    let plan = check(&dataset, &spec, rows);
    // A double can't keep so many digits.
    assert_eq!(problems(&plan), ["5 v out_of_range"]);
    assert_eq!(plan.counts(), counts(1, 1, 1, 1));
    assert_eq!(plan.keys[2].digest, plan.keys[3].digest);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["milk|2.00", "salt|1.00", "Tea|9.00"]);
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 0));
    assert_eq!(all(&dataset), ["milk|2.00", "Tea|1.50"]);
}

#[test]
fn what_a_column_makes_of_texts_and_numbers_is_found_by_the_check() {
    let file = File::fresh();
    file.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, code STRING, n NUMERIC, r REAL, d DECIMAL(20, 2), t TEXT)",
    );
    let dataset = (&file as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'code', type = 'text' }, { name = 'n', type = 'text' }, \
         { name = 'r', type = 'integer' }, { name = 'd', type = 'decimal', scale = 2 }, \
         { name = 't', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "code", "n", "r", "d", "t"], ImportMode::Upsert);
    let rows: &[&[&str]] = &[
        &["1", "A-7", "12.5", "9007199254740992", "9999999999999.99", "00123"],
        &["2", "123", "-7", "-1", "9223372036854775807", "1e3"],
        &["3", "00123", "1.50", "9007199254740993", "99999999999999.99", "x"],
    ];
    let plan = check(&dataset, &spec, rows);
    assert_eq!(
        problems(&plan),
        ["4 code wrong_type", "4 n wrong_type", "4 r out_of_range", "4 d out_of_range"]
    );
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(check(&dataset, &spec, &rows[..2]).counts(), counts(0, 0, 2, 0));
    assert_eq!(undo(&dataset, &spec, "a", &[plan]).expect("is taken back").removed, 2);
}

#[test]
fn rows_may_stand_before_those_that_they_point_at() {
    let file = File::fresh();
    file.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, above INTEGER REFERENCES t)");
    let dataset = (&file as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'above', type = 'integer' }",
    );
    let spec = spec(&dataset, &["id", "above"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "2"], &["2", "3"], &["3", ""], &["4", "4"]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (4, 0));
    let plan = check(&dataset, &spec, &[&["1", "9"]]);
    let ended = commit(&dataset, &spec, "b", &[plan]);
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((2, 2)), .. })), "{ended:?}");
}

#[test]
fn rows_that_a_trigger_leaves_out_are_a_refusal() {
    let file = File::fresh();
    file.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); \
         CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.v = 'bad' BEGIN SELECT RAISE(IGNORE); END; \
         CREATE TRIGGER upper AFTER INSERT ON t BEGIN UPDATE t SET v = upper(v) WHERE id = NEW.id; END",
    );
    let dataset = (&file as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "good"], &["2", "bad"]]);
    let ended = commit(&dataset, &spec, "a", &[plan]);
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((2, 3)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), Vec::<String>::new());
    // What a trigger has made of a row is nobody's change.
    let plan = check(&dataset, &spec, &[&["1", "good"], &["2", "fine"]]);
    commit(&dataset, &spec, "b", std::slice::from_ref(&plan)).expect("is written");
    file.execute("UPDATE t SET v = 'other' WHERE id = 2");
    let undone = undo(&dataset, &spec, "b", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (1, 1));
    assert_eq!(all(&dataset), ["2|other"]);
}

#[test]
fn who_waits_for_its_turn_can_be_stopped() {
    let file = File::fresh();
    file.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); BEGIN IMMEDIATE");
    let dataset = (&file as &dyn Fresh).dataset(
        "table = 't'\nkey = ['id']\nimport = {}",
        "{ name = 'id', type = 'integer' }, { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "v"], ImportMode::Upsert);
    let ledger = LedgerKey { import: "a".to_owned(), chunk: 0 };
    let stop = Arc::new(AtomicBool::new(true));
    let ended = import::commit(&dataset, &spec, &ledger, &mut std::iter::empty(), &stop);
    assert!(matches!(ended, Err(CommitError::Source(SourceError::Stopped))), "{ended:?}");
}
