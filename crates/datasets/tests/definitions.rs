//! Definitions written from a live SQLite database, and datasets compared with it.

use std::path::Path;

use longshore_datasets::check::check;
use longshore_datasets::dataset::Relation;
use longshore_datasets::introspect::definition::{Undefinable, definition};
use longshore_datasets::introspect::describe;
use longshore_datasets::{Catalog, CatalogConfig, Database};
use rusqlite::Connection;

const DATABASE: &str = "[database.db]\nurl = 'sqlite:things.db'\n";

const THINGS: &str = r#"
CREATE TABLE things (id INTEGER PRIMARY KEY, "the number" TEXT, quantity INTEGER, total_cents INTEGER, rate DECIMAL(10, 3),
    weight REAL, gift INTEGER, day TEXT, at TEXT, iso TEXT, seen_at INTEGER, clock TEXT, photo BLOB, mixed);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20)
INSERT INTO things SELECT i, '00' || i, i, i * 100, i / 8.0, i / 3.0, i % 2, date('2026-08-01', '+' || i || ' days'),
    '2026-08-01 10:30:00', '2026-08-01T10:30:00Z', 1785580200 + i, '10:30:00', x'00ff', CASE i % 2 WHEN 0 THEN 'x' ELSE i END FROM c;
CREATE INDEX things_at ON things (at);
CREATE TABLE pairs (a INTEGER NOT NULL, b TEXT NOT NULL, UNIQUE (a, b));
CREATE TABLE loose (a INTEGER, b TEXT);
CREATE VIEW some AS SELECT id, quantity FROM things;
CREATE VIEW endless AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i AS id FROM c WHERE i < 0;
"#;

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().expect("temporary folder");
        let connection = Connection::open(folder.path().join("things.db")).expect("opens");
        connection.execute_batch(THINGS).expect("valid SQL");
        Fixture { folder }
    }

    fn database(&self) -> Database {
        let config: CatalogConfig = toml::from_str(DATABASE).expect("well-formed");
        config.checked_database("db", self.folder.path()).expect("declared")
    }

    fn define(&self, table: &str, key: &[&str]) -> Result<String, Undefinable> {
        let relation = Relation::Table { schema: None, name: table.to_owned() };
        let described = describe(&self.database(), &relation).expect("reads").expect("is there");
        let key: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
        definition("d", "db", &relation, &described, &key)
    }

    /// What the check finds, as lines.
    fn check(&self, definition: &str) -> Vec<String> {
        check_in(self.folder.path(), &format!("{DATABASE}{definition}"))
    }
}

fn check_in(folder: &Path, toml: &str) -> Vec<String> {
    let config = toml::from_str(toml).unwrap_or_else(|error| panic!("{error}: {toml}"));
    let catalog = Catalog::from_config(&config, folder).unwrap_or_else(|error| panic!("{error}: {toml}"));
    check(catalog.get("d").expect("declared")).iter().map(ToString::to_string).collect()
}

#[test]
fn a_definition_tells_types_by_the_values() {
    let fixture = Fixture::new();
    let toml = fixture.define("things", &[]).expect("has a key");
    assert_eq!(fixture.check(&toml), Vec::<String>::new(), "{toml}");
    // Imports are offered, and what is offered can be taken.
    let importing = toml.replace("# import = {}", "import = {}");
    assert_ne!(importing, toml);
    assert_eq!(fixture.check(&importing), Vec::<String>::new(), "{importing}");
    let config: toml::Table = toml.parse().expect("well-formed");
    let dataset = &config["dataset"]["d"];
    assert_eq!(dataset["key"].as_array().expect("a list")[0].as_str(), Some("id"));
    assert_eq!(dataset["sort"].as_array().expect("a list")[0].as_str(), Some("-at"));
    let columns = dataset["column"].as_array().expect("a list");
    let said = |column: &toml::Value| {
        let text = |key: &str| column.get(key).and_then(|value| value.as_str()).unwrap_or("").to_owned();
        let scale = column.get("scale").and_then(toml::Value::as_integer);
        let scale = scale.map_or(String::new(), |scale| scale.to_string());
        format!("{} {} {}{}", text("name"), text("type"), text("stored_as"), scale)
    };
    let columns: Vec<String> = columns.iter().map(|column| said(column).trim_end().to_owned()).collect();
    assert_eq!(
        columns,
        [
            "id integer",
            "the_number text",
            "quantity integer",
            "total_cents decimal scaled_integer2",
            "rate decimal 3",
            "weight float",
            "gift boolean",
            "day date",
            "at timestamp",
            "iso timestamp_tz iso_t",
            "seen_at timestamp_tz unix_seconds",
            "clock time",
            "photo text bytes",
            "mixed text",
        ]
    );
}

#[test]
fn a_key_is_what_an_index_says_or_the_person() {
    let fixture = Fixture::new();
    assert!(fixture.define("pairs", &[]).expect("is unique").contains("key = [\"a\", \"b\"]"));
    let loose = fixture.define("loose", &[]).expect_err("nothing is unique").to_string();
    assert!(loose.contains("unique index") && !loose.contains("--key"), "{loose}");
    let view = fixture.define("some", &[]).expect_err("views have none").to_string();
    assert!(view.contains("--key"), "{view}");
    let given = fixture.define("some", &["id"]).expect("given");
    let found = fixture.check(&given);
    assert!(found.len() == 1 && found[0].contains("make sure"), "{found:?}");
}

#[test]
fn what_does_not_fit_is_found_with_its_key() {
    let fixture = Fixture::new();
    let things = "[dataset.d]\ndatabase = 'db'\ntable = 'things'\n";
    for (definition, found) in [
        (
            format!("{things}key = ['id']\ncolumn = [{{ name = 'totl', type = 'integer' }}, {{ name = 'd', source = 'Day', type = 'date' }}]"),
            &["dataset.d.column.totl.name: the table has no column \"totl\"", "dataset.d.column.d.source: the table has no column \"Day\"; it is written \"day\""][..],
        ),
        (
            format!("{things}key = ['id']\ncolumn = [{{ name = 'mixed', type = 'integer' }}, {{ name = 'quantity', type = 'date' }}]"),
            &["dataset.d.column.mixed.type: type = \"integer\" does not fit", "dataset.d.column.quantity.type: type = \"date\" does not fit the SQL type INTEGER"],
        ),
        (
            format!("{things}key = ['no']\ncolumn = [{{ name = 'at', type = 'timestamp' }}]"),
            &["dataset.d.key: there is no column \"no\""],
        ),
        (
            format!("{things}key = ['at']\ncolumn = [{{ name = 'at', type = 'timestamp' }}]"),
            &["dataset.d.key: [\"at\"] is not unique"],
        ),
        (
            "[dataset.d]\ndatabase = 'db'\ntable = 'thing'\nkey = ['id']\ncolumn = [{ name = 'id', type = 'integer' }]".to_owned(),
            &["dataset.d.table: the database has no such table"],
        ),
        (
            "[dataset.d]\ndatabase = 'db'\nquery = 'SELECT id FRM things'\nkey = ['id']\ncolumn = [{ name = 'id', type = 'integer' }]".to_owned(),
            &["dataset.d.query: the database refuses it"],
        ),
        (
            "[dataset.d]\ndatabase = 'db'\ntable = 'loose'\nkey = ['rowid']\ncolumn = [{ name = 'a', type = 'integer' }]".to_owned(),
            &[],
        ),
    ] {
        let lines = fixture.check(&definition);
        assert_eq!(lines.len(), found.len(), "{lines:?} for {definition}");
        for (line, found) in lines.iter().zip(found) {
            assert!(line.starts_with(found), "{line}\nis not\n{found}");
        }
    }
    let away = check_in(
        Path::new("/nowhere"),
        &format!("{DATABASE}{things}key = ['id']\ncolumn = [{{ name = 'id', type = 'integer' }}]"),
    );
    assert!(away.len() == 1 && away[0].starts_with("database.db.url: can't use the database"), "{away:?}");
}

#[test]
fn a_view_that_never_ends_keeps_nobody_waiting() {
    let fixture = Fixture::new();
    let toml = format!(
        "{DATABASE}[dataset.endless]\ndatabase='db'\ntable='endless'\nkey=['id']\ncolumn=[{{name='id',type='integer'}}]"
    );
    let config = toml::from_str(&toml).expect("well-formed");
    let catalog = Catalog::from_config(&config, fixture.folder.path()).expect("valid");
    let found = check(catalog.get("endless").expect("declared"));
    assert!(found.iter().all(|finding| !finding.is_problem), "slow is not wrong: {found:?}");
}
