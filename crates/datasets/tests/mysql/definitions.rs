//! Definitions written from live tables, and datasets compared with them.

use longshore_datasets::check::check;
use longshore_datasets::dataset::Relation;
use longshore_datasets::introspect::definition::definition;
use longshore_datasets::introspect::describe;
use longshore_datasets::{Address, Catalog};

use crate::server::Database;

fn define(database: &Database, table: &str) -> Result<String, String> {
    let address = Address::parse(&database.url, ".".as_ref()).expect("an address");
    let place = longshore_datasets::Database { id: "db".to_owned(), address, statement_timeout: None };
    let relation = Relation::Table { schema: None, name: table.to_owned() };
    let described = describe(&place, &relation).expect("reads").ok_or("is not there")?;
    definition("d", "db", &relation, &described, &[]).map_err(|error| error.to_string())
}

fn checked(database: &Database, definition: &str) -> Vec<String> {
    let toml = format!("[database.db]\nurl = '{}'\n{definition}", database.url);
    let config = toml::from_str(&toml).unwrap_or_else(|error| panic!("{error}: {toml}"));
    let catalog = Catalog::from_config(&config, std::path::Path::new("/")).expect("valid");
    check(catalog.get("d").expect("declared")).iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_of_every_type_is_defined_and_passes() {
    let Some(mut database) = Database::new() else { return };
    database.run(
        "CREATE TABLE `odd ``table``` (id BIGINT PRIMARY KEY, `the no` VARCHAR(20) NOT NULL UNIQUE, 日期 DATE, \
         made_at TIMESTAMP NULL, price DECIMAL(12,2), total_cents INT, parts DECIMAL(10,0), ratio DOUBLE, share FLOAT, \
         is_gift TINYINT(1), clock TIME, at DATETIME(3), doc JSON, flow ENUM('open','paid'), tags SET('a','b'), \
         photo BLOB, place POINT, flags BIT(3), year YEAR, KEY (made_at))",
    );
    database.run(
        "INSERT INTO `odd ``table``` VALUES (1, 'x', '2026-08-01', '2026-08-01 10:30:00', 1.5, 150, 7, 0.5, 0.1, 1, '10:30', \
         '2026-08-01 10:30:00.5', '{}', 'paid', 'a,b', x'00ff', POINT(1, 2), b'101', 2026)",
    );
    let toml = define(&database, "odd `table`").expect("has a key");
    assert_eq!(checked(&database, &toml), Vec::<String>::new(), "{toml}");
    for written in [
        "table = \"odd `table`\"",
        "key = [\"id\"]",
        "sort = [\"-made_at\"]",
        "name = \"the_no\"\nsource = \"the no\"\ntype = \"text\"  # varchar(20)",
        "name = \"column_3\"\nsource = \"日期\"\ntype = \"date\"",
        "name = \"made_at\"\ntype = \"timestamp_tz\"",
        "name = \"price\"\ntype = \"decimal\"  # decimal(12,2)\nscale = 2",
        "stored_as = \"scaled_integer\"",
        "name = \"parts\"\ntype = \"integer\"",
        "name = \"is_gift\"\ntype = \"boolean\"",
        "name = \"photo\"\ntype = \"text\"  # blob: bytes, shown as hexadecimal digits\nstored_as = \"bytes\"",
    ] {
        assert!(toml.contains(written), "{written}\nin\n{toml}");
    }
}

#[test]
fn a_key_is_never_null_and_of_all_rows() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE nullable (a INT UNIQUE, b INT)");
    database.run("CREATE TABLE pair (a INT NOT NULL, b VARCHAR(9) NOT NULL, c INT, UNIQUE KEY (b, a))");
    database.run("CREATE VIEW seen AS SELECT * FROM pair");
    for table in ["nullable", "seen"] {
        let refused = define(&database, table).expect_err(table);
        assert!(refused.contains("unique index"), "{refused}");
    }
    assert!(define(&database, "pair").expect("is unique").contains("key = [\"b\", \"a\"]"));
    assert_eq!(define(&database, "missing"), Err("is not there".to_owned()));
}

#[test]
fn what_does_not_fit_is_found_with_its_key() {
    let Some(mut database) = Database::new() else { return };
    database
        .run("CREATE TABLE t (id INT PRIMARY KEY, price DECIMAL(12,4), v VARCHAR(9), b BLOB, place POINT) ENGINE = InnoDB");
    database.run("CREATE TABLE u (id INT) ENGINE = InnoDB");
    database.run("CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM");
    let said = |table: &str, key: &str, column: &str| {
        format!(
            "[dataset.d]\ndatabase = 'db'\ntable = '{table}'\nkey = ['{key}']\nsort = []\ncolumn = [{column}]"
        )
    };
    let query = |select: &str| {
        format!(
            "[dataset.d]\ndatabase = 'db'\nquery = '{select}'\nkey = ['id']\ncolumn = [{{ name = 'id', type = 'integer' }}]"
        )
    };
    for (definition, found) in [
        (
            said("t", "id", "{ name = 'v', type = 'integer' }"),
            "dataset.d.column.v.type: type = \"integer\" does not fit the SQL type varchar(9); possible: type = \"text\"",
        ),
        (
            said("t", "id", "{ name = 'b', type = 'text' }"),
            "dataset.d.column.b.type: type = \"text\" does not fit the SQL type blob; possible: type = \"text\", stored_as = \"bytes\"",
        ),
        (
            said("t", "id", "{ name = 'price', type = 'decimal', scale = 2 }"),
            "dataset.d.column.price.scale: 2 digits",
        ),
        (
            said("t", "id", "{ name = 'place', type = 'text' }"),
            "dataset.d.column.place.type: a column of the SQL type point can't be read",
        ),
        (
            said("t", "id", "{ name = 'p', source = 'Price', type = 'text' }"),
            "dataset.d.column.p.source: the table has no column \"Price\"; it is written \"price\"",
        ),
        (
            said("t", "v", "{ name = 'v', type = 'text' }"),
            "dataset.d.key: [\"v\"] is not unique and never null by any index; [\"id\"] is",
        ),
        (
            said("u", "id", "{ name = 'id', type = 'integer' }"),
            "dataset.d.key: [\"id\"] is not unique and never null by any index: rows",
        ),
        (
            said("x", "id", "{ name = 'id', type = 'integer' }"),
            "dataset.d.table: the database has no such table",
        ),
        (
            said("old", "id", "{ name = 'id', type = 'integer' }"),
            "dataset.d.table: its engine MyISAM knows no transactions",
        ),
        (query("SELECT id FRM t"), "dataset.d.query: the database refuses it: "),
        (query("SELECT id FROM t"), "dataset.d.key: no index says"),
    ] {
        let lines = checked(&database, &definition);
        assert!(lines.len() == 1 && lines[0].starts_with(found), "{lines:?}\nis not\n{found}");
    }
}
