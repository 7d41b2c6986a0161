//! Every SQL type: how it arrives, what it can't be declared as, and filters on it.

use longshore_datasets::{SourceError, source};
use serde_json::json;

use crate::server::{Server, server};
use crate::suite::Fresh;
use crate::suite::reading::{left_by, lines, query, read};

/// A table `t` with the column `v` of a type, and a dataset that declares it.
fn column(db: &dyn Fresh, sql_type: &str, values: &[&str], declared: &str) -> longshore_datasets::Dataset {
    db.execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, v {sql_type})"));
    for (value, id) in values.iter().zip(1..) {
        db.execute(&format!("INSERT INTO t VALUES ({id}, {value})"));
    }
    declare(db, declared)
}

fn declare(db: &dyn Fresh, declared: &str) -> longshore_datasets::Dataset {
    db.dataset("table = 't'\nkey = ['id']", &format!("{{ name = 'v', {declared} }}"))
}

#[test]
fn every_type_arrives_as_declared() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    db.execute(
        "CREATE TYPE state AS ENUM ('open', 'paid');
         CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0);
         CREATE DOMAIN label AS varchar(10);
         CREATE DOMAIN flow AS state;",
    );
    let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    let uuid_literal = format!("'{}'", uuid.to_uppercase());
    for (sql_type, values, declared, want) in [
        ("smallint", &["-32768", "NULL"][..], "type = 'integer'", &["-32768", "∅"][..]),
        ("integer", &["2147483647"], "type = 'integer'", &["2147483647"]),
        ("integer", &["7"], "type = 'text'", &["7"]),
        ("integer", &["7"], "type = 'float'", &["7"]),
        ("integer", &["7"], "type = 'decimal', scale = 2", &["7.00"]),
        ("bigint", &["1250"], "type = 'decimal', scale = 2, stored_as = 'scaled_integer'", &["12.50"]),
        ("smallint", &["0", "1"], "type = 'boolean'", &["false", "true"]),
        (
            "bigint",
            &["1785580200"],
            "type = 'timestamp', stored_as = 'unix_seconds'",
            &["2026-08-01 10:30:00"],
        ),
        ("bigint", &["-1"], "type = 'timestamp_tz', stored_as = 'unix_millis'", &["1969-12-31 23:59:59.999"]),
        ("bigint", &["-1"], "type = 'date', stored_as = 'unix_seconds'", &["1969-12-31"]),
        ("oid", &["4294967295"], "type = 'integer'", &["4294967295"]),
        ("oid", &["4294967295"], "type = 'text'", &["4294967295"]),
        ("cents", &["5"], "type = 'integer'", &["5"]),
        (
            "numeric(20, 4)",
            &["1234567890123456.5", "-0.0001"],
            "type = 'decimal', scale = 4",
            &["1234567890123456.5000", "-0.0001"],
        ),
        ("numeric", &["1e19"], "type = 'decimal', scale = 18", &["10000000000000000000.000000000000000000"]),
        ("numeric", &["12", "1e18"], "type = 'integer'", &["12", "1000000000000000000"]),
        ("numeric", &["0.1", "'NaN'"], "type = 'float'", &["0.1", "NaN"]),
        ("numeric", &["1.50", "'NaN'", "'-Infinity'"], "type = 'text'", &["1.50", "NaN", "-Infinity"]),
        ("money", &["-1234.5"], "type = 'decimal', scale = 2", &["-1234.50"]),
        ("money", &["1234.5"], "type = 'text'", &["$1,234.50"]),
        ("real", &["0.1", "'Infinity'"], "type = 'float'", &["0.1", "inf"]),
        ("real", &["0.1"], "type = 'text'", &["0.1"]),
        ("double precision", &["0.1", "'NaN'", "'-Infinity'"], "type = 'float'", &["0.1", "NaN", "-inf"]),
        ("text", &["E'a\\u0001\\t b'"], "type = 'text'", &["a\u{1}\t b"]),
        ("char(4)", &["'ab'"], "type = 'text'", &["ab  "]),
        ("name", &["'ab'"], "type = 'text'", &["ab"]),
        ("\"char\"", &["'a'"], "type = 'text'", &["a"]),
        ("label", &["'ab'"], "type = 'text'", &["ab"]),
        ("boolean", &["true"], "type = 'text'", &["true"]),
        ("date", &["'0044-03-15 BC'", "'9999-12-31'"], "type = 'date'", &["-000043-03-15", "9999-12-31"]),
        ("date", &["'infinity'", "'4713-01-01 BC'"], "type = 'text'", &["infinity", "4713-01-01 BC"]),
        ("time", &["'23:59:59.999999'"], "type = 'time'", &["23:59:59.999999"]),
        ("time", &["'24:00'"], "type = 'text'", &["24:00:00"]),
        ("timetz", &["'10:30+08'"], "type = 'text'", &["10:30:00+08"]),
        (
            "timestamp",
            &["'1900-01-01 00:00:00.000001'"],
            "type = 'timestamp'",
            &["1900-01-01 00:00:00.000001"],
        ),
        ("timestamp", &["'294276-12-31'"], "type = 'text'", &["294276-12-31 00:00:00"]),
        ("timestamptz", &["'2026-08-01 10:30+08'"], "type = 'timestamp_tz'", &["2026-08-01 02:30:00"]),
        ("interval", &["'1 day 02:03:04'"], "type = 'text'", &["1 day 02:03:04"]),
        ("uuid", &[&uuid_literal], "type = 'text'", &[uuid]),
        ("json", &["'{\"a\": 1,  \"b\":[]}'"], "type = 'text'", &["{\"a\": 1,  \"b\":[]}"]),
        ("jsonb", &["'{\"b\":[], \"a\":1}'"], "type = 'text'", &["{\"a\": 1, \"b\": []}"]),
        ("state", &["'paid'"], "type = 'text'", &["paid"]),
        ("flow", &["'paid'"], "type = 'text'", &["paid"]),
        ("integer[]", &["'{1,2,NULL}'"], "type = 'text'", &["{1,2,NULL}"]),
        ("state[]", &["'{open,paid}'"], "type = 'text'", &["{open,paid}"]),
        ("bytea", &["'\\x00ff'"], "type = 'text', stored_as = 'bytes'", &["00ff"]),
        ("inet", &["'10.0.0.1/8'"], "type = 'text'", &["10.0.0.1/8"]),
        ("macaddr", &["'08:00:2b:01:02:03'"], "type = 'text'", &["08:00:2b:01:02:03"]),
        ("tsvector", &["'a b'"], "type = 'text'", &["'a' 'b'"]),
        ("xml", &["'<a/>'"], "type = 'text'", &["<a/>"]),
        ("int4range", &["'[1,5)'"], "type = 'text'", &["[1,5)"]),
        ("point", &["'(1,2)'"], "type = 'text'", &["(1,2)"]),
        ("bit(3)", &["'101'"], "type = 'text'", &["101"]),
    ] {
        let dataset = column(db, sql_type, values, declared);
        assert_eq!(lines(&dataset), want, "{sql_type} as {declared}");
        // Whatever it is, a person may sort by it and look for text in it.
        let sorted = query(&dataset, &[], &[], &["-v"]);
        assert_eq!(read(&dataset, &sorted).expect(sql_type).len(), want.len(), "{sql_type} sorted");
        if declared == "type = 'text'" {
            assert_eq!(left_by(&dataset, "v", "contains", json!("no such text")).len(), 0, "{sql_type}");
            assert_eq!(left_by(&dataset, "v", "eq", json!("no such text")).len(), 0, "{sql_type}");
            let others = left_by(&dataset, "v", "ne", json!("no such text"));
            assert_eq!(others.len(), want.len(), "{sql_type} ne");
            assert_eq!(
                left_by(&dataset, "v", "in", json!(["no such text", want[0]])).len(),
                1,
                "{sql_type} in"
            );
            assert_eq!(left_by(&dataset, "v", "eq", json!(want[0])), want[..1], "{sql_type} eq");
        }
    }
}

#[test]
fn a_value_that_is_none_of_the_declared_type_is_told() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    for (sql_type, value, declared, found) in [
        ("numeric", "1.005", "type = 'decimal', scale = 2", "a number with more digits after the point"),
        ("numeric", "'NaN'", "type = 'decimal', scale = 2", "NaN"),
        ("numeric", "1e30", "type = 'decimal', scale = 10", "a number with too many digits"),
        ("numeric", "'Infinity'", "type = 'decimal', scale = 2", "an infinite number"),
        ("numeric", "1.5", "type = 'integer'", "a number with more digits after the point"),
        ("numeric", "1e19", "type = 'integer'", "a number with too many digits"),
        ("integer", "2", "type = 'boolean'", "a number other than 0 and 1"),
        ("date", "'infinity'", "type = 'date'", "an infinite date"),
        ("date", "'5874897-12-31'", "type = 'date'", "a day outside of the years -9999 to 9999"),
        ("timestamp", "'-infinity'", "type = 'timestamp'", "an infinite time"),
        (
            "timestamptz",
            "'294276-12-31'",
            "type = 'timestamp_tz'",
            "a day outside of the years -9999 to 9999",
        ),
        ("time", "'24:00'", "type = 'time'", "the time 24:00"),
    ] {
        let dataset = column(db, sql_type, &["NULL", value], declared);
        match read(&dataset, &query(&dataset, &[], &[], &[])) {
            Err(SourceError::BadValue { column, row, found: what, .. }) => {
                assert_eq!((column.as_str(), row, what.as_str()), ("v", 2, found), "{sql_type}");
            }
            other => panic!("{sql_type} {declared}: {other:?}"),
        }
    }
}

#[test]
fn a_type_that_can_not_be_read_so_is_told_at_the_start() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    for (sql_type, declared) in [
        ("text", "type = 'integer'"),
        ("text", "type = 'date'"),
        ("timestamp", "type = 'timestamp_tz'"),
        ("timestamptz", "type = 'timestamp'"),
        ("timestamp", "type = 'date'"),
        ("timetz", "type = 'time'"),
        ("double precision", "type = 'decimal', scale = 2"),
        ("boolean", "type = 'integer'"),
        ("bytea", "type = 'text'"),
        ("uuid", "type = 'text', stored_as = 'bytes'"),
        ("integer[]", "type = 'integer'"),
    ] {
        let dataset = column(db, sql_type, &[], declared);
        match read(&dataset, &query(&dataset, &[], &[], &[])) {
            Err(SourceError::Misfit { key, .. }) => assert_eq!(key, "dataset.d.column.v.type"),
            other => panic!("{sql_type} {declared}: {other:?}"),
        }
    }
}

#[test]
fn filters_reach_beyond_the_columns_type() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    let date = "0044-03-15 BC";
    let literal = format!("'{date}'");
    for (sql_type, value, declared, op, given, is_left) in [
        ("smallint", "7", "type = 'integer'", "lt", json!(i64::MAX), true),
        ("smallint", "7", "type = 'integer'", "eq", json!(70_000), false),
        ("integer", "7", "type = 'decimal', scale = 2", "lt", json!("7.50"), true),
        ("integer", "7", "type = 'decimal', scale = 2", "in", json!(["7", "7.50"]), true),
        ("integer", "7", "type = 'float'", "gt", json!(6.5), true),
        ("integer", "7", "type = 'float'", "lt", json!(1e300), true),
        ("smallint", "1", "type = 'boolean'", "eq", json!(true), true),
        ("bigint", "7", "type = 'text'", "eq", json!("007"), false),
        ("bigint", "7", "type = 'text'", "eq", json!("7"), true),
        (
            "bigint",
            "1250",
            "type = 'decimal', scale = 2, stored_as = 'scaled_integer'",
            "eq",
            json!("12.5"),
            true,
        ),
        (
            "bigint",
            "1785580200",
            "type = 'timestamp', stored_as = 'unix_seconds'",
            "eq",
            json!("2026-08-01"),
            true,
        ),
        ("numeric", "0.1", "type = 'float'", "eq", json!(0.1), true),
        ("money", "12.5", "type = 'decimal', scale = 2", "ge", json!("12.5"), true),
        ("real", "0.1", "type = 'float'", "eq", json!(0.1), true),
        ("real", "0.1", "type = 'float'", "lt", json!(1e300), true),
        ("real", "0.1", "type = 'float'", "gt", json!(1e-300), true),
        ("oid", "7", "type = 'integer'", "eq", json!(-1), false),
        ("date", &literal, "type = 'date'", "lt", json!("0001-01-01"), true),
        ("date", &literal, "type = 'date'", "eq", json!("-000043-03-15"), true),
        ("date", &literal, "type = 'date'", "gt", json!("-009000-01-01"), true),
        ("bytea", "'\\x00ff'", "type = 'text', stored_as = 'bytes'", "eq", json!("00ff"), true),
        ("bytea", "'\\x00ff'", "type = 'text', stored_as = 'bytes'", "eq", json!("zz"), false),
    ] {
        let dataset = column(db, sql_type, &[value], declared);
        let left = left_by(&dataset, "v", op, given.clone()).len();
        assert_eq!(left, usize::from(is_left), "{sql_type} {value} as {declared}: {op} {given}");
    }
}

#[test]
fn an_index_serves_a_filter_on_any_type() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    // A scan of the table asks the cheaper condition first, and so of the second row.
    db.execute(
        "CREATE TYPE state AS ENUM ('open', 'paid');
         CREATE FUNCTION is_first(i bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
         BEGIN IF i > 1 THEN RAISE 'a scan'; END IF; RETURN true; END $$",
    );
    for (sql_type, make, given, declared, is_served) in [
        ("uuid", "md5(i::text)::uuid", "c4ca4238-a0b9-2382-0dcc-509a6f75849b", "type = 'text'", true),
        ("uuid", "md5(i::text)::uuid", "1", "type = 'text'", false),
        ("bigint", "i", "1", "type = 'text'", true),
        ("integer", "i", "1", "type = 'integer'", true),
        ("varchar(20)", "i::text", "1", "type = 'text'", true),
        ("numeric(10, 2)", "i", "1", "type = 'decimal', scale = 2", true),
        ("integer", "i", "1", "type = 'decimal', scale = 2", true),
        ("state", "CASE i WHEN 1 THEN 'paid' ELSE 'open' END::state", "paid", "type = 'text'", true),
        ("timestamptz", "to_timestamp(i)", "1970-01-01T00:00:01Z", "type = 'timestamp_tz'", true),
    ] {
        column(db, sql_type, &[], declared);
        db.execute(&format!(
            "INSERT INTO t SELECT i, {make} FROM generate_series(1, 20000) AS i; CREATE INDEX ON t (v); ANALYZE t"
        ));
        let says = "query = 'SELECT id, v FROM t WHERE is_first(id)'\nkey = ['id']";
        let dataset = db.dataset(says, &format!("{{ name = 'v', {declared} }}"));
        let wanted = query(&dataset, &[], &[("v", "eq", json!(given))], &[]);
        match read(&dataset, &wanted) {
            Ok(rows) => assert!(is_served && rows.len() == 1, "{sql_type} as {declared}: {rows:?}"),
            Err(error) => assert!(!is_served && error.to_string().contains("a scan"), "{sql_type}: {error}"),
        }
    }
}

#[test]
fn a_table_of_another_schema_is_found() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let db: &dyn Fresh = &db;
    db.execute("CREATE SCHEMA \"Sales 1\"; CREATE TABLE \"Sales 1\".t (id int PRIMARY KEY, v text); INSERT INTO \"Sales 1\".t VALUES (1, 'x')");
    let dataset =
        db.dataset("schema = 'Sales 1'\ntable = 't'\nkey = ['id']", "{ name = 'v', type = 'text' }");
    assert_eq!(lines(&dataset), ["x"]);
    source::probe(&dataset).expect("is there");
}
