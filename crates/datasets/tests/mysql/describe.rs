//! What tables, views and queries are made of.

use longshore_datasets::Address;
use longshore_datasets::dataset::Relation;
use longshore_datasets::introspect::{Reading, Table, describe};

use crate::server::{Database, read_all};

fn described(database: &Database, relation: &Relation) -> Option<Table> {
    let address = Address::parse(&database.url, ".".as_ref()).expect("an address");
    let place = longshore_datasets::Database { id: "shop".to_owned(), address, statement_timeout: None };
    describe(&place, relation).expect("describes")
}

fn table(name: &str) -> Relation {
    Relation::Table { schema: None, name: name.to_owned() }
}

fn shown(reading: &Reading) -> String {
    format!("{:?} {:?}", reading.column_type, reading.stored_as).replace(" Plain", "")
}

/// Columns as `name sql_type: first reading scale`, `?` after what can be null.
fn lines(table: &Table) -> Vec<String> {
    let line = |column: &longshore_datasets::introspect::TableColumn| {
        let null = if column.is_nullable { "?" } else { "" };
        let best = column.readings.first().map(shown).unwrap_or_default();
        let scale = column.scale.map(|scale| format!(" {scale}")).unwrap_or_default();
        format!("{} {}{null}: {best}{scale}", column.name, column.sql_type)
    };
    table.columns.iter().map(line).collect()
}

const ORDERS: &str = "CREATE TABLE `odd ``orders` (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, order_no VARCHAR(32) NOT NULL, 日期 DATE, is_paid TINYINT(1),
    level TINYINT, total DECIMAL(12,2) NOT NULL, total_cents INT, parts DECIMAL(10,0), huge DECIMAL(65,30), weight DOUBLE,
    created_at TIMESTAMP NULL, changed_at DATETIME(3), opens TIME, status ENUM('new','paid') NOT NULL, extra JSON,
    picture BLOB, place POINT, flags BIT(3), tenant INT NOT NULL, region INT,
    UNIQUE KEY by_no (order_no(8)), UNIQUE KEY by_tenant (tenant, status), UNIQUE KEY by_region (region), KEY by_day (日期))";

#[test]
fn a_table_is_described() {
    let Some(mut database) = Database::new() else { return };
    database.run(ORDERS);
    let orders = described(&database, &table("odd `orders")).expect("is there");
    assert!(orders.is_table);
    let integers = if database.is_mariadb() {
        ["bigint(20) unsigned", "tinyint(4)", "int(11)"]
    } else {
        ["bigint unsigned", "tinyint", "int"]
    };
    let [bigint, tinyint, int] = integers;
    let json = if database.is_mariadb() { "longtext" } else { "json" };
    assert_eq!(
        lines(&orders),
        [
            format!("id {bigint}: Integer 0"),
            "order_no varchar(32): Text".to_owned(),
            "日期 date?: Date".to_owned(),
            "is_paid tinyint(1)?: Boolean 0".to_owned(),
            format!("level {tinyint}?: Integer 0"),
            "total decimal(12,2): Decimal 2".to_owned(),
            format!("total_cents {int}?: Decimal ScaledInteger 2"),
            "parts decimal(10,0)?: Integer 0".to_owned(),
            "huge decimal(65,30)?: Text 18".to_owned(),
            "weight double?: Float".to_owned(),
            "created_at timestamp?: TimestampTz".to_owned(),
            "changed_at datetime(3)?: Timestamp".to_owned(),
            "opens time?: Time".to_owned(),
            "status enum('new','paid'): Text".to_owned(),
            format!("extra {json}?: Text"),
            "picture blob?: Text Bytes".to_owned(),
            "place point?: ".to_owned(),
            "flags bit(3)?: Integer".to_owned(),
            format!("tenant {int}: Integer 0"),
            format!("region {int}?: Integer 0"),
        ]
    );
    assert_eq!(orders.keys, [vec!["id"], vec!["order_no"], vec!["tenant", "status"]]);
    assert_eq!(orders.indexed, ["id", "日期", "region", "tenant"]);
    let readings: Vec<String> =
        orders.column("parts").expect("is there").readings.iter().map(shown).collect();
    assert_eq!(readings, ["Integer", "Decimal", "Decimal ScaledInteger", "Float", "Text"]);
}

/// Whatever is offered can be read: reading and describing must not disagree.
#[test]
fn every_reading_can_be_read() {
    let Some(mut database) = Database::new() else { return };
    database.run(ORDERS);
    let orders = described(&database, &table("odd `orders")).expect("is there");
    let mut count = 0;
    for column in &orders.columns {
        for reading in &column.readings {
            let toml = |value: String| value.chars().flat_map(char::to_lowercase).collect::<String>();
            let name = |debug: String| {
                let mut name = String::new();
                for letter in debug.chars() {
                    if letter.is_uppercase() && !name.is_empty() {
                        name.push('_');
                    }
                    name.push(letter);
                }
                toml(name)
            };
            let scale = match shown(reading).as_str() {
                "Decimal" => format!(", scale = {}", column.scale.unwrap_or(2)),
                "Decimal ScaledInteger" => ", scale = 2".to_owned(),
                _ => String::new(),
            };
            let declared = format!(
                "table = 'odd `orders'\ncolumn = [{{ name = 'v', source = '{}', type = '{}', stored_as = '{}'{scale} }}]",
                column.name,
                name(format!("{:?}", reading.column_type)),
                name(format!("{:?}", reading.stored_as)),
            );
            let dataset = database.dataset(&declared);
            read_all(&dataset).unwrap_or_else(|error| panic!("{declared}: {error}"));
            count += 1;
        }
    }
    assert!(count > 40, "{count} readings were tried");
}

#[test]
fn views_queries_and_what_is_not_there() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, total DECIMAL(9,3), name VARCHAR(9))");
    database.run("CREATE VIEW v AS SELECT id, total FROM t");
    let view = described(&database, &table("v")).expect("is there");
    assert!(!view.is_table && view.keys.is_empty() && view.indexed.is_empty());
    assert_eq!(lines(&view)[1], "total decimal(9,3)?: Decimal 3");
    let query =
        Relation::Query("SELECT id, UPPER(name) AS upper_name, total * 2 AS twice FROM t -- all".to_owned());
    let query = described(&database, &query).expect("is there");
    assert_eq!(
        lines(&query),
        ["id long: Integer 0", "upper_name var_string?: Text", "twice newdecimal?: Decimal 3"]
    );
    assert_eq!(described(&database, &table("nowhere")), None);
    let elsewhere =
        Relation::Table { schema: Some("information_schema".to_owned()), name: "TABLES".to_owned() };
    assert!(!described(&database, &elsewhere).expect("is there").is_table);
}
