//! SQLite in the suite of all databases, as far as its few types and its single file allow; `sqlite.rs` has the rest.

#[path = "suite/mod.rs"]
mod suite;

use rusqlite::Connection;
use suite::Fresh;

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
    let cases = || suite::values::CASES.iter().chain(suite::limits::CASES).chain(suite::importing::CASES);
    for (name, case) in cases() {
        if !LEFT_OUT.contains(name) {
            println!("case: {name}");
            case(&File::fresh());
            count += 1;
        }
    }
    assert_eq!(count + LEFT_OUT.len(), cases().count());
}

#[test]
fn keys_are_equal_where_the_collation_takes_them_for_equal() {
    use longshore_protocol::import::ImportMode;
    use suite::importing::{all, check, commit, counts, problems, spec, undo};
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
