//! Reading MySQL and MariaDB: every SQL type as the types it may be declared as, and what is refused.

use crate::server::{Database, read_all};
use longshore_datasets::{Dataset, SourceError, source};

/// A table `t` with an `id` and a column `v`, and its dataset.
fn one_column(database: &mut Database, sql_type: &str, values: &[&str], declared: &str) -> Dataset {
    database.run("DROP TABLE IF EXISTS t");
    database.run(&format!("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v {sql_type})"));
    for value in values {
        database.run(&format!("INSERT INTO t (v) VALUES ({value})"));
    }
    database.dataset(&format!("table = 't'\ncolumn = [{{ name = 'v', {declared} }}]"))
}

#[test]
fn every_type_arrives_as_declared() {
    let Some(mut database) = Database::new() else { return };
    let integer = "type = 'integer'";
    let text = "type = 'text'";
    let decimal = "type = 'decimal', scale = 2";
    let float = "type = 'float'";
    let boolean = "type = 'boolean'";
    let time = "type = 'timestamp'";
    let moment = "type = 'timestamp_tz'";
    let bytes = "type = 'text', stored_as = 'bytes'";
    let largest = "99999999999999999999.999999999999999999";
    for (sql_type, value, declared, want) in [
        ("TINYINT", "-128", integer, "-128"),
        ("TINYINT UNSIGNED", "255", integer, "255"),
        ("SMALLINT", "-32768", integer, "-32768"),
        ("SMALLINT UNSIGNED", "65535", integer, "65535"),
        ("MEDIUMINT", "-8388608", integer, "-8388608"),
        ("MEDIUMINT UNSIGNED", "16777215", integer, "16777215"),
        ("INT", "-2147483648", integer, "-2147483648"),
        ("INT UNSIGNED", "4294967295", integer, "4294967295"),
        ("INT(8) ZEROFILL", "42", integer, "42"),
        ("BIGINT", "-9223372036854775808", integer, "-9223372036854775808"),
        ("BIGINT UNSIGNED", "9223372036854775807", integer, "9223372036854775807"),
        ("BIGINT UNSIGNED", "18446744073709551615", text, "18446744073709551615"),
        ("BIGINT UNSIGNED", "18446744073709551615", decimal, "18446744073709551615.00"),
        ("YEAR", "2026", integer, "2026"),
        ("BIT(12)", "b'100000000001'", integer, "2049"),
        ("BIT(64)", "b'1'", text, "1"),
        ("DECIMAL(20,0)", "-7", integer, "-7"),
        ("DECIMAL(10,2)", "-0.05", decimal, "-0.05"),
        ("DECIMAL(10,1)", "12.5", decimal, "12.50"),
        ("DECIMAL(38,18)", largest, "type = 'decimal', scale = 18", largest),
        ("DECIMAL(65,30)", "0.000000000000000000000000000001", text, "0.000000000000000000000000000001"),
        ("DECIMAL(10,2)", "1234.5", text, "1234.50"),
        ("DECIMAL(10,2)", "1234.5", float, "1234.5"),
        ("INT", "12", decimal, "12.00"),
        ("BIGINT", "-5", "type = 'decimal', scale = 2, stored_as = 'scaled_integer'", "-0.05"),
        ("DOUBLE", "19.99", decimal, "19.99"),
        ("DOUBLE", "-2.5e-10", float, "-0.00000000025"),
        ("FLOAT", "0.1", float, "0.1"),
        ("FLOAT", "0.1", text, "0.1"),
        ("INT", "3", float, "3"),
        ("TINYINT(1)", "TRUE", boolean, "true"),
        ("TINYINT(1)", "FALSE", boolean, "false"),
        ("BIT(1)", "b'1'", boolean, "true"),
        ("BIT", "b'0'", boolean, "false"),
        ("CHAR(5)", "'ab'", text, "ab"),
        ("VARCHAR(50)", "'O''Neil \\\\ 订单 😀'", text, "O'Neil \\ 订单 😀"),
        ("VARCHAR(50) CHARACTER SET latin1", "'Ünïcode €'", text, "Ünïcode €"),
        ("VARCHAR(50) CHARACTER SET gbk", "'订单'", text, "订单"),
        ("VARCHAR(50) CHARACTER SET utf16", "'订单 😀'", text, "订单 😀"),
        ("VARCHAR(50) COLLATE utf8mb4_bin", "''", text, ""),
        ("TINYTEXT", "'tiny'", text, "tiny"),
        ("MEDIUMTEXT", "'nul \\0 inside'", text, "nul \0 inside"),
        ("ENUM('new','paid')", "'paid'", text, "paid"),
        ("SET('a','b','c')", "'c,a'", text, "a,c"),
        ("JSON", "'{\"a\": [1, \"订单\"]}'", text, "{\"a\": [1, \"订单\"]}"),
        ("DATE", "'2026-08-01'", "type = 'date'", "2026-08-01"),
        ("DATE", "'9999-12-31'", "type = 'date'", "9999-12-31"),
        ("DATE", "'0001-01-01'", "type = 'date'", "0001-01-01"),
        ("DATE", "'1899-12-31'", text, "1899-12-31"),
        ("DATE", "'0000-00-00'", text, "0000-00-00"),
        ("DATE", "'2026-08-01'", time, "2026-08-01 00:00:00"),
        ("DATETIME", "'1582-10-04 23:59:59'", time, "1582-10-04 23:59:59"),
        ("DATETIME(6)", "'9999-12-31 23:59:59.999999'", time, "9999-12-31 23:59:59.999999"),
        ("DATETIME(3)", "'2026-08-01 10:30:00.5'", text, "2026-08-01 10:30:00.500"),
        ("DATETIME", "'2026-08-01'", text, "2026-08-01 00:00:00"),
        ("DATETIME", "'0000-00-00 00:00:00'", text, "0000-00-00 00:00:00"),
        ("DATETIME", "'2026-08-01 10:30:00'", moment, "2026-08-01 10:30:00"),
        ("TIMESTAMP(6) NULL", "FROM_UNIXTIME(1785580200.25)", moment, "2026-08-01 10:30:00.25"),
        ("TIMESTAMP NULL", "FROM_UNIXTIME(1785580200)", text, "2026-08-01 10:30:00"),
        ("TIME(6)", "'23:59:59.999999'", "type = 'time'", "23:59:59.999999"),
        ("TIME", "'0:0:0'", "type = 'time'", "00:00:00"),
        ("TIME(2)", "'-838:59:58.5'", text, "-838:59:58.50"),
        ("TIME", "'0:0:7'", text, "00:00:07"),
        ("INT", "1785580200", "type = 'timestamp', stored_as = 'unix_seconds'", "2026-08-01 10:30:00"),
        ("BIGINT", "-1", "type = 'date', stored_as = 'unix_millis'", "1969-12-31"),
        (
            "VARCHAR(30)",
            "'2026-08-01T10:30:00+08:00'",
            "type = 'timestamp_tz', stored_as = 'iso_t'",
            "2026-08-01 02:30:00",
        ),
        ("BINARY(3)", "x'00ff'", bytes, "00ff00"),
        ("VARBINARY(9)", "x'DEADBEEF'", bytes, "deadbeef"),
        ("LONGBLOB", "''", bytes, ""),
    ] {
        // The session's zone of the writer must not matter.
        database.run("SET time_zone = '+05:30'");
        let dataset = one_column(&mut database, sql_type, &[value, "NULL"], declared);
        source::probe(&dataset).unwrap_or_else(|error| panic!("{sql_type} as {declared}: {error}"));
        let rows = read_all(&dataset).unwrap_or_else(|error| panic!("{sql_type} as {declared}: {error}"));
        assert_eq!(rows, [[Some(want.to_owned())], [None]], "{sql_type} as {declared}");
    }
}

#[test]
fn types_of_mariadb_are_text() {
    let Some(mut database) = Database::new() else { return };
    if !database.is_mariadb() {
        println!("SKIPPED: the server is not MariaDB, which alone has UUID and INET6");
        return;
    }
    for (sql_type, value) in
        [("UUID", "123e4567-e89b-12d3-a456-426655440000"), ("INET6", "2001:db8::ff00:42:8329")]
    {
        let dataset = one_column(&mut database, sql_type, &[&format!("'{value}'")], "type = 'text'");
        source::probe(&dataset).expect("fits");
        assert_eq!(read_all(&dataset).expect("reads"), [[Some(value.to_owned())]], "{sql_type}");
    }
}

#[test]
fn a_declared_type_that_does_not_fit_fails_at_the_start() {
    let Some(mut database) = Database::new() else { return };
    for (sql_type, declared, part) in [
        ("VARCHAR(9)", "type = 'integer'", "text"),
        ("VARCHAR(9)", "type = 'date'", "text"),
        ("INT", "type = 'date'", "whole numbers"),
        ("DOUBLE", "type = 'integer'", "floating point"),
        ("DECIMAL(9,2)", "type = 'integer'", "decimal numbers"),
        ("DECIMAL(9,4)", "type = 'decimal', scale = 2", "scale = 4"),
        ("DECIMAL(9,2)", "type = 'boolean'", "decimal numbers"),
        ("BIT(2)", "type = 'boolean'", "bits"),
        ("DATETIME", "type = 'date'", "dates with a time"),
        ("DATETIME", "type = 'timestamp', stored_as = 'iso_t'", "dates with a time"),
        ("TIMESTAMP NULL", "type = 'timestamp'", "timestamp_tz"),
        ("DATE", "type = 'time'", "dates"),
        ("BLOB", "type = 'text'", "stored_as = \"bytes\""),
        ("VARBINARY(9)", "type = 'integer'", "bytes"),
        ("TEXT", "type = 'text', stored_as = 'bytes'", "leave stored_as out"),
        ("POINT", "type = 'text'", "ST_AsText"),
    ] {
        let dataset = one_column(&mut database, sql_type, &[], declared);
        for error in [source::probe(&dataset), read_all(&dataset).map(drop)] {
            match error {
                Err(error @ SourceError::Misfit { .. }) => {
                    let shown = error.to_string();
                    assert!(
                        shown.starts_with("dataset.d.column.v.type: ") && shown.contains(part),
                        "{sql_type}: {shown}"
                    );
                }
                other => panic!("{sql_type} as {declared}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_and_not_shown() {
    let Some(mut database) = Database::new() else { return };
    for (sql_type, value, declared, part) in [
        ("BIGINT UNSIGNED", "18446744073709551615", "type = 'integer'", "9,223,372,036,854,775,807"),
        ("BIT(64)", "~0", "type = 'integer'", "9,223,372,036,854,775,807"),
        ("DECIMAL(65,0)", "1e40", "type = 'decimal', scale = 0", "more digits than 38"),
        ("DECIMAL(38,0)", "1e37", "type = 'decimal', scale = 2", "more digits than 38"),
        ("TINYINT(1)", "2", "type = 'boolean'", "other than 0 and 1"),
        ("DATE", "'0000-00-00'", "type = 'date'", "0000-00-00"),
        ("DATE", "'2026-00-00'", "type = 'date'", "does not exist"),
        ("DATETIME", "'0000-00-00 00:00:00'", "type = 'timestamp'", "0000-00-00"),
        ("TIMESTAMP NULL", "'0000-00-00 00:00:00'", "type = 'timestamp_tz'", "0000-00-00"),
        ("TIME", "'24:00:00'", "type = 'time'", "a day and longer"),
        ("TIME", "'-00:00:01'", "type = 'time'", "negative"),
        ("VARCHAR(9)", "'soon'", "type = 'timestamp', stored_as = 'iso_t'", "no time"),
    ] {
        let dataset = one_column(&mut database, sql_type, &["NULL", value], declared);
        match read_all(&dataset) {
            Err(SourceError::BadValue { column, row: 2, found, .. }) => {
                assert_eq!(column, "v");
                assert!(found.contains(part), "{sql_type} as {declared}: {found}");
            }
            other => panic!("{sql_type} as {declared}: {other:?}"),
        }
        database.wait_until_alone();
    }
}

/// `ucs2` is sixteen bits a character, whatever they are; every other character set refuses halves of pairs.
#[test]
fn half_a_character_becomes_a_replacement() {
    let Some(mut database) = Database::new() else { return };
    let sql_type = "VARCHAR(20) CHARACTER SET ucs2";
    let dataset = one_column(&mut database, sql_type, &["_ucs2 x'0041D8000042DC00'"], "type = 'text'");
    let rows = read_all(&dataset).expect("reads");
    let text = rows[0][0].as_deref().expect("has a value");
    assert!(["A\u{FFFD}B\u{FFFD}", "A?B?"].contains(&text), "{text:?}");
}
