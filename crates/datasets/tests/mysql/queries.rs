//! Filters, order, pages, snapshots, odd names, many columns, and daily statistics.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::RecordBatch;
use jiff::Timestamp;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{SourceError, daily, text};
use serde_json::json;

use crate::server::{Collected, Database, Rows, query, read, read_all};

const THINGS: &str = r#"
table = "odd `table` a:b"
column = [
    { name = "id", type = "integer" },
    { name = "no", source = "the `number`", type = "text" },
    { name = "size", source = "a:size?", type = "integer" },
    { name = "price", type = "decimal", scale = 2 },
    { name = "cents", type = "decimal", scale = 2, stored_as = "scaled_integer" },
    { name = "weight", type = "float" },
    { name = "on", source = "select", type = "boolean" },
    { name = "day", source = "日期", type = "date" },
    { name = "clock", type = "time" },
    { name = "at", type = "timestamp" },
    { name = "seen", type = "timestamp_tz" },
    { name = "unix", type = "timestamp", stored_as = "unix_seconds" },
    { name = "status", type = "text" },
    { name = "latin", type = "text" },
    { name = "code", type = "text", stored_as = "bytes" },
]
"#;

fn things(database: &mut Database) {
    database.run(
        "CREATE TABLE `odd ``table`` a:b` (id INT PRIMARY KEY, `the ``number``` VARCHAR(40), `a:size?` BIGINT, \
         price DECIMAL(30,2), cents BIGINT, weight DOUBLE, `select` TINYINT(1), 日期 DATE, clock TIME(6), \
         at DATETIME(6), seen TIMESTAMP(6) NULL, unix INT, status ENUM('paid','new'), \
         latin VARCHAR(20) CHARACTER SET latin1, code VARBINARY(9))",
    );
    database.run("SET time_zone = '+00:00'");
    database.run(
        "INSERT INTO `odd ``table`` a:b` VALUES \
         (1, '000123456789012345', 7, 90071992547409931.07, 1250, 0.1, 1, '2026-08-01', '10:30', \
          '2026-08-01 10:30:00', '2026-08-01 10:30:00', 1785580200, 'paid', 'Ünï', x'00ff'), \
         (2, '50%_off\\\\|', 8, 90071992547409931.08, -5, 2, 0, '1899-12-31', '23:59:59.5', \
          '2026-08-01 23:59:59.5', '2026-08-01 23:59:59.5', 0, 'new', 'plain', x'abcdef'), \
         (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), \
         (4, 'Ünïcode 订单 😀', -9, -0.5, 9223372036854775807, 1e300, 1, '9999-12-31', '00:00', \
          '1000-01-01', '1970-01-01 00:00:01', -1, 'new', '', x'')",
    );
}

fn ids(rows: &Rows) -> Vec<&str> {
    rows.iter().map(|row| row[0].as_deref().expect("an id")).collect()
}

#[test]
fn filters_mean_what_they_say() {
    let Some(mut database) = Database::new() else { return };
    things(&mut database);
    let dataset = database.dataset(THINGS);
    source::probe(&dataset).expect("fits");
    for (column, op, value, want) in [
        ("no", "eq", json!("000123456789012345"), "1"),
        ("no", "eq", json!(123456789012345i64), ""),
        ("no", "contains", json!("%_"), "2"),
        ("no", "contains", json!("OFF\\|"), "2"),
        ("no", "contains", json!("off_"), ""),
        ("no", "starts_with", json!("0001"), "1"),
        ("no", "contains", json!("订单 😀"), "4"),
        // As the column's collation has it.
        ("no", "eq", json!("unicode 订单 😀"), "4"),
        ("no", "ne", json!("000123456789012345"), "2 3 4"),
        ("no", "in", json!(["000123456789012345", "50%_off\\|"]), "1 2"),
        ("no", "is_null", json!(null), "3"),
        ("no", "not_null", json!(null), "1 2 4"),
        ("no", "eq", json!("' OR 1=1 --"), ""),
        ("no", "eq", json!("\\"), ""),
        ("size", "eq", json!(7), "1"),
        ("size", "in", json!([7, 8]), "1 2"),
        ("size", "lt", json!(0), "4"),
        ("size", "ne", json!(7), "2 3 4"),
        // As floating point these two are the same.
        ("price", "eq", json!("90071992547409931.07"), "1"),
        ("price", "gt", json!("90071992547409931.07"), "2"),
        ("price", "ne", json!("90071992547409931.07"), "2 3 4"),
        ("price", "in", json!(["-0.5", "90071992547409931.08"]), "2 4"),
        ("price", "lt", json!(0), "4"),
        ("cents", "ge", json!("12.50"), "1 4"),
        ("cents", "eq", json!("92233720368547758.07"), "4"),
        ("cents", "eq", json!("92233720368547758.06"), ""),
        ("cents", "le", json!("99999999999999999999"), "1 2 4"),
        ("cents", "in", json!(["12.5", -0.05]), "1 2"),
        ("weight", "gt", json!(1), "2 4"),
        ("weight", "eq", json!(0.1), "1"),
        ("on", "eq", json!(true), "1 4"),
        ("on", "ne", json!("true"), "2 3"),
        ("day", "lt", json!("1900-01-01"), "2"),
        ("day", "eq", json!("2026-08-01"), "1"),
        ("clock", "gt", json!("10:30"), "2"),
        ("clock", "eq", json!("23:59:59.5"), "2"),
        ("at", "eq", json!("2026-08-01"), "1 2"),
        ("at", "gt", json!("2026-08-01 10:30:00"), "2"),
        ("at", "lt", json!("1900-01-01"), "4"),
        ("seen", "eq", json!("2026-08-01T18:30:00+08:00"), "1"),
        ("seen", "ge", json!("2026-08-01 10:30:01"), "2"),
        ("unix", "ge", json!("2026-01-01"), "1"),
        ("unix", "lt", json!("1970-01-01"), "4"),
        ("status", "eq", json!("new"), "2 4"),
        ("status", "in", json!(["paid", "lost"]), "1"),
        ("status", "contains", json!("ai"), "1"),
        ("latin", "eq", json!("Ünï"), "1"),
        ("latin", "eq", json!(""), "4"),
        ("code", "eq", json!("ABcdef"), "2"),
        ("code", "contains", json!("cd"), "2"),
        ("code", "in", json!(["00ff", "no hex"]), "1"),
    ] {
        let wanted = query(&dataset, &["id"], &[(column, op, value.clone())], &[]);
        let rows = read(&dataset, &wanted).unwrap_or_else(|error| panic!("{column} {op} {value}: {error}"));
        assert_eq!(ids(&rows).join(" "), want, "{column} {op} {value}");
    }
    // The server does not compare what the column could never hold.
    let wanted = query(&dataset, &["id"], &[("latin", "contains", json!("订单"))], &[]);
    let error = read(&dataset, &wanted).expect_err("latin1 has no such letters").to_string();
    assert!(error.contains("character set"), "{error}");
    let shown = read(&dataset, &query(&dataset, &["seen", "at", "code"], &[("id", "eq", json!(2))], &[]));
    let row = ["2026-08-01 23:59:59.5", "2026-08-01 23:59:59.5", "abcdef"].map(|text| Some(text.to_owned()));
    assert_eq!(shown.expect("reads"), [row]);
}

#[test]
fn filters_and_keys_use_indexes() {
    let Some(mut database) = Database::new() else { return };
    if !database.is_mariadb() {
        println!("SKIPPED: the server is not MariaDB, which alone counts the rows that it looks at");
        return;
    }
    database.run("SET GLOBAL userstat = 1");
    database.make_numbers(4);
    database.run(
        "CREATE TABLE i (id INT PRIMARY KEY, no VARCHAR(20), price DECIMAL(20,2), day DATE, at DATETIME(6), \
         seen TIMESTAMP NULL, code BINARY(4), KEY (no), KEY (price), KEY (day), KEY (at), KEY (seen), KEY (code))",
    );
    database.run(
        "INSERT INTO i SELECT n, n, n, DATE '2000-01-01' + INTERVAL n DAY, \
         TIMESTAMP '2000-01-01 00:00:00' + INTERVAL n MINUTE, \
         TIMESTAMP '2000-01-02 00:00:00' + INTERVAL n MINUTE, UNHEX(LPAD(HEX(n), 8, '0')) FROM numbers",
    );
    database.run("ANALYZE TABLE i");
    let dataset = database.dataset(
        "table = 'i'\ncolumn = [{name='id',type='integer'},{name='no',type='text'},\
         {name='price',type='decimal',scale=2},{name='day',type='date'},{name='at',type='timestamp'},\
         {name='seen',type='timestamp_tz'},{name='code',type='text',stored_as='bytes'}]",
    );
    for (column, value) in [
        ("no", json!("77")),
        ("price", json!("77.00")),
        ("day", json!("2000-03-18")),
        ("at", json!("2000-01-01T01:17:00")),
        ("seen", json!("2000-01-02T01:17:00Z")),
        ("code", json!("0000004d")),
    ] {
        let before = rows_read(&mut database);
        let wanted = query(&dataset, &["id"], &[(column, "eq", value)], &[]);
        assert_eq!(ids(&read(&dataset, &wanted).expect("reads")), ["77"], "{column}");
        let read = rows_read(&mut database) - before;
        assert!((1..10).contains(&read), "{column}: {read} rows were looked at, for a count and a row");
    }
}

/// Rows of the table `i` that the server has looked at for anybody.
fn rows_read(database: &mut Database) -> u64 {
    let asked = format!(
        "SELECT CAST(COALESCE(SUM(rows_read), 0) AS UNSIGNED) FROM information_schema.table_statistics \
         WHERE table_schema = '{}' AND table_name = 'i'",
        database.name
    );
    database.ask(&asked)[0]
}

#[test]
fn an_order_with_ties_is_total_and_pages_fit_together() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(4);
    let dataset = database.dataset(
        "query = 'SELECT n AS id, 1 AS same, n % 3 AS r FROM numbers'\n\
         column = [{name='id',type='integer'},{name='same',type='integer'},{name='r',type='integer'}]",
    );
    let sorted = query(&dataset, &["id"], &[], &["same", "-r"]);
    let rows = read(&dataset, &sorted).expect("reads");
    let want: Rows = [2, 1, 0]
        .iter()
        .flat_map(|r| (0..10_000).filter(move |n| n % 3 == *r))
        .map(|n: u32| vec![Some(n.to_string())])
        .collect();
    assert_eq!(rows, want);
    let mut paged = Vec::new();
    for page in 1..=200 {
        paged.extend(source::page(&dataset, &sorted, page, &Arc::default()).expect("reads").rows);
    }
    assert_eq!(paged, want);
    let last = source::page(&dataset, &sorted, 9_999, &Arc::default()).expect("reads");
    assert_eq!((last.page, last.total_row_count, last.rows.len()), (200, Some(10_000), 50));
}

#[test]
fn a_reader_sees_one_snapshot_at_the_servers_time() {
    let Some(mut database) = Database::new() else { return };
    things(&mut database);
    struct Interfering<'a>(&'a mut Database, Vec<Timestamp>, Collected);
    impl RowSink for Interfering<'_> {
        fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
            self.0.run("DELETE FROM `odd ``table`` a:b` WHERE id > 1");
            self.1.push(begin.snapshot_at);
            self.2.begin(begin)
        }
        fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
            self.2.batch(batch)
        }
    }
    let dataset = database.dataset(THINGS);
    let now = |database: &mut Database| -> f64 { database.ask("SELECT UNIX_TIMESTAMP(NOW(6)) + 0e0")[0] };
    let before = now(&mut database);
    let mut sink = Interfering(&mut database, Vec::new(), Collected::default());
    source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink).expect("reads");
    let Interfering(_, moments, collected) = sink;
    assert_eq!((collected.announced, collected.rows.len()), (Some(4), 4));
    let after = now(&mut database);
    let moment = moments[0].as_microsecond() as f64 / 1e6;
    assert!(before <= moment && moment <= after, "{before} {moment} {after}");
    assert_eq!(read_all(&dataset).expect("reads").len(), 1);
    database.wait_until_alone();
}

#[test]
fn nothing_can_be_written() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY)");
    database.run("CREATE FUNCTION writes() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO t VALUES (1); RETURN 1; END");
    let dataset = database.dataset("query = 'SELECT writes() AS id'\ncolumn = [{name='id',type='integer'}]");
    assert!(matches!(read_all(&dataset), Err(SourceError::Database { is_transient: false, .. })));
    assert_eq!(database.ask::<u64>("SELECT count(*) FROM t"), [0]);
}

#[test]
fn no_rows_and_five_hundred_columns_are_rows_too() {
    let Some(mut database) = Database::new() else { return };
    let names: Vec<String> = (0..500).map(|number| format!("c{number}")).collect();
    database
        .run(&format!("CREATE TABLE wide (id INT PRIMARY KEY, {} VARCHAR(2))", names.join(" VARCHAR(2), ")));
    let columns: Vec<String> = names.iter().map(|name| format!("{{name='{name}',type='text'}}")).collect();
    let dataset = database.dataset(&format!("table = 'wide'\ncolumn = [{}]", columns.join(",")));
    let mut collected = Collected::default();
    source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut collected).expect("reads");
    assert_eq!((collected.announced, collected.batches), (Some(0), 0));
    let page = source::page(&dataset, &query(&dataset, &[], &[], &[]), 1, &Arc::default()).expect("reads");
    assert_eq!((page.total_row_count, page.rows.len()), (Some(0), 0));
    database.run(&format!("INSERT INTO wide VALUES (1, {})", vec!["'日x'"; 500].join(", ")));
    assert_eq!(read_all(&dataset).expect("reads"), [vec![Some("日x".to_owned()); 500]]);
}

#[test]
fn a_table_may_be_of_another_database() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(2);
    let (server, schema) = database.url.rsplit_once('/').expect("an address with a database");
    let definition =
        format!("schema = '{schema}'\ntable = 'numbers'\ncolumn = [{{name='n',type='integer'}}]");
    let mut dataset = database.dataset_at(server, &definition);
    dataset.key = vec!["n".to_owned()];
    assert_eq!(read_all(&dataset).expect("reads").len(), 100);
}

#[test]
fn daily_statistics_are_those_of_plain_sql() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(4);
    database.run(
        "CREATE TABLE o (id INT PRIMARY KEY, at DATETIME(6), day DATE, total DECIMAL(30,2), n INT UNSIGNED)",
    );
    database.run(
        "INSERT INTO o SELECT n, TIMESTAMP '2024-02-27 00:00:00' + INTERVAL n * 500 SECOND, \
         IF(n % 10 = 0, NULL, DATE '2024-02-27' + INTERVAL n DIV 173 DAY), n * 90071992547409.07, n FROM numbers",
    );
    for (date, of_date) in [("at", "DATE(at)"), ("day", "day")] {
        let dataset = database.dataset(&format!(
            "table = 'o'\ndaily_statistics = {{ date = '{date}', sums = ['total', 'n'] }}\n\
             column = [{{name='at',type='timestamp'}},{{name='day',type='date'}},\
             {{name='total',type='decimal',scale=2}},{{name='n',type='integer'}}]"
        ));
        let statistics = dataset.daily_statistics.clone().expect("declared");
        let few = query(&dataset, &[], &[("n", "ge", json!(100))], &[]);
        let days = daily::day_extent(&dataset, &statistics, &few, &Arc::default()).expect("reads");
        let days = days.expect("has rows");
        let totals = daily::daily(&dataset, &statistics, &few, days, &Arc::default()).expect("reads");
        let lines: Vec<String> = totals
            .iter()
            .map(|total| format!("{} {} {} {}", total.day, total.row_count, total.sums[0], total.sums[1]))
            .collect();
        let want: Vec<String> = database.ask(&format!(
            "SELECT CONCAT_WS(' ', {of_date}, COUNT(*), SUM(total), SUM(n)) FROM o \
             WHERE n >= 100 AND {date} IS NOT NULL GROUP BY {of_date} ORDER BY {of_date}"
        ));
        assert!(want.len() > 50, "a comparison of nothing proves nothing");
        assert_eq!(lines, want, "by {date}");
        let none = query(&dataset, &[], &[("n", "lt", json!(0))], &[]);
        assert_eq!(daily::day_extent(&dataset, &statistics, &none, &Arc::default()).expect("reads"), None);
    }
}

#[test]
fn what_is_missing_is_named() {
    let Some(mut database) = Database::new() else { return };
    database.run("CREATE TABLE t (id INT PRIMARY KEY)");
    for (definition, part) in [
        ("table = 't'\ncolumn = [{name='w',type='text'}]", "'w'"),
        ("table = 'nowhere'\ncolumn = [{name='id',type='integer'}]", "nowhere"),
        ("query = 'SELEC 1'\ncolumn = [{name='id',type='integer'}]", "syntax"),
    ] {
        let error = source::probe(&database.dataset(definition)).expect_err(definition);
        assert!(matches!(error, SourceError::Database { is_transient: false, .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Rows are what the screen and the file have in common.
#[test]
fn cells_are_text_of_batches() {
    let Some(mut database) = Database::new() else { return };
    things(&mut database);
    let dataset = database.dataset(THINGS);
    let wanted = query(&dataset, &["id", "price", "seen"], &[], &["-price"]);
    let mut batches = Batches::default();
    source::read(&dataset, &wanted, &Arc::default(), &mut batches).expect("reads");
    let exported: Rows = batches.0.iter().flat_map(text::rows).collect();
    assert_eq!(exported, source::page(&dataset, &wanted, 1, &Arc::default()).expect("reads").rows);
    assert_eq!(batches.0[0].schema(), source::schema(&dataset, &wanted));
    assert_eq!(ids(&exported), ["2", "1", "4", "3"]);
}

#[derive(Default)]
struct Batches(Vec<RecordBatch>);

impl RowSink for Batches {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.0.push(batch);
        ControlFlow::Continue(())
    }
}
