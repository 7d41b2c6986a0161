//! Definitions written from live tables, and datasets compared with them.

use longshore_datasets::check::check;
use longshore_datasets::dataset::Relation;
use longshore_datasets::introspect::definition::definition;
use longshore_datasets::introspect::describe;
use longshore_datasets::{Address, Catalog, Database};

use crate::server::{Server, server};
use crate::suite::Fresh;

fn database(db: &Server) -> Database {
    Database { id: "db".into(), address: Address::Postgres(db.url()), statement_timeout: None }
}

fn define(db: &Server, schema: Option<&str>, table: &str) -> Result<String, String> {
    let relation = Relation::Table { schema: schema.map(str::to_owned), name: table.to_owned() };
    let described = describe(&database(db), &relation).expect("reads").ok_or("is not there")?;
    definition("d", "db", &relation, &described, &[]).map_err(|error| error.to_string())
}

fn checked(db: &Server, definition: &str) -> Vec<String> {
    let toml = format!("[database.db]\nurl = '{}'\n{definition}", db.url());
    let config = toml::from_str(&toml).unwrap_or_else(|error| panic!("{error}: {toml}"));
    let catalog = Catalog::from_config(&config, std::path::Path::new("/")).expect("valid");
    check(catalog.get("d").expect("declared")).iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_of_every_type_is_defined_and_passes() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE SCHEMA \"Sales 1\"; CREATE TYPE state AS ENUM ('open', 'paid');
         CREATE TABLE \"Sales 1\".\"odd \"\"table\"\"\" (id bigint PRIMARY KEY, \"the no\" varchar(20) NOT NULL UNIQUE, 日期 date,
             made_at timestamptz, price numeric(12, 2), free numeric, whole numeric(10, 0), cash money, ratio real,
             is_gift boolean, clock time, at timestamp, uid uuid, doc jsonb, flow state, tags text[], photo bytea, ip inet);
         CREATE INDEX ON \"Sales 1\".\"odd \"\"table\"\"\" (made_at);
         INSERT INTO \"Sales 1\".\"odd \"\"table\"\"\" VALUES (1, 'x', '2026-08-01', now(), 1, 1.5, 7, 2, 0.5, true, '10:30',
             '2026-08-01', gen_random_uuid(), '{}', 'paid', '{a}', '\\x00', '10.0.0.1')",
    );
    let toml = define(&db, Some("Sales 1"), "odd \"table\"").expect("has a key");
    assert_eq!(checked(&db, &toml), Vec::<String>::new(), "{toml}");
    for written in [
        "schema = \"Sales 1\"",
        "table = \"odd \\\"table\\\"\"",
        "key = [\"id\"]",
        "sort = [\"-made_at\"]",
        "name = \"the_no\"\nsource = \"the no\"\ntype = \"text\"  # character varying(20)",
        "name = \"column_3\"\nsource = \"日期\"\ntype = \"date\"",
        "name = \"price\"\ntype = \"decimal\"  # numeric(12,2)\nscale = 2",
        "name = \"free\"\ntype = \"text\"  # numeric: it says not",
        "name = \"whole\"\ntype = \"integer\"",
        "name = \"cash\"\ntype = \"decimal\"",
        "name = \"photo\"\ntype = \"text\"  # bytea: bytes, shown as hexadecimal digits\nstored_as = \"bytes\"",
        "name = \"tags\"\ntype = \"text\"",
    ] {
        assert!(toml.contains(written), "{written}\nin\n{toml}");
    }
}

#[test]
fn a_key_is_never_null_and_of_all_rows() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute(
        "CREATE TABLE nullable (a int UNIQUE, b int); CREATE TABLE partial (a int NOT NULL); CREATE UNIQUE INDEX ON partial (a) WHERE a > 1;
         CREATE TABLE lower (a text NOT NULL); CREATE UNIQUE INDEX ON lower (lower(a));
         CREATE TABLE pair (a int NOT NULL, b text NOT NULL, c int); CREATE UNIQUE INDEX ON pair (b, a) INCLUDE (c);
         CREATE VIEW seen AS SELECT * FROM pair",
    );
    for table in ["nullable", "partial", "lower", "seen"] {
        let refused = define(&db, None, table).expect_err(table);
        assert!(refused.contains("unique index"), "{refused}");
    }
    assert!(define(&db, None, "pair").expect("is unique").contains("key = [\"b\", \"a\"]"));
    assert_eq!(define(&db, None, "missing"), Err("is not there".to_owned()));
}

#[test]
fn what_does_not_fit_is_found_with_its_key() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    db.execute("CREATE TABLE t (id int PRIMARY KEY, price numeric(12, 4), v text, b bytea, j json); CREATE TABLE u (id int)");
    let said = |table: &str, key: &str, column: &str| {
        format!(
            "[dataset.d]\ndatabase = 'db'\ntable = '{table}'\nkey = ['{key}']\nsort = []\ncolumn = [{column}]"
        )
    };
    for (definition, found) in [
        (said("t", "id", "{ name = 'v', type = 'integer' }"), "dataset.d.column.v.type: type = \"integer\" does not fit the SQL type text; possible: type = \"text\""),
        (said("t", "id", "{ name = 'b', type = 'text' }"), "dataset.d.column.b.type: type = \"text\" does not fit the SQL type bytea; possible: type = \"text\", stored_as = \"bytes\""),
        (said("t", "id", "{ name = 'price', type = 'decimal', scale = 2 }"), "dataset.d.column.price.scale: 2 digits"),
        (said("t", "id", "{ name = 'p', source = 'Price', type = 'text' }"), "dataset.d.column.p.source: the table has no column \"Price\"; it is written \"price\""),
        (said("t", "v", "{ name = 'v', type = 'text' }"), "dataset.d.key: [\"v\"] is not unique and never null by any index; [\"id\"] is"),
        (said("u", "id", "{ name = 'id', type = 'integer' }"), "dataset.d.key: [\"id\"] is not unique and never null by any index: rows"),
        (said("x", "id", "{ name = 'id', type = 'integer' }"), "dataset.d.table: the database has no such table"),
        (
            "[dataset.d]\ndatabase = 'db'\nquery = 'SELECT id FRM t'\nkey = ['id']\ncolumn = [{ name = 'id', type = 'integer' }]".to_owned(),
            "dataset.d.query: the database refuses it: syntax error",
        ),
        (
            "[dataset.d]\ndatabase = 'db'\nquery = 'SELECT id FROM t'\nkey = ['id']\ncolumn = [{ name = 'id', type = 'integer' }]".to_owned(),
            "dataset.d.key: no index says",
        ),
    ] {
        let lines = checked(&db, &definition);
        assert!(lines.len() == 1 && lines[0].starts_with(found), "{lines:?}\nis not\n{found}");
    }
    assert_eq!(
        checked(&db, &said("t", "id", "{ name = 'j', type = 'text' }, { name = 'price', type = 'float' }")),
        Vec::<String>::new()
    );
}
