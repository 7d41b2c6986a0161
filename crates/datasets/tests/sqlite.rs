//! Reading SQLite: types, filters, order, pages, snapshots, stopping, and what can be wrong with a database.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use jiff::tz::TimeZone;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Address, Catalog, Dataset, Query, SourceError, text};
use longshore_protocol::{Filter, Sort};
use rusqlite::Connection;
use serde_json::json;

const THINGS: &str = r#"
[database.db]
url = "sqlite:things.db"
[dataset.things]
database = "db"
table = "odd \"table\""
key = ["id"]
column = [
    { name = "no", source = "the number", type = "text" },
    { name = "count", type = "integer" },
    { name = "price", source = "cents", type = "decimal", scale = 2, stored_as = "scaled_integer" },
    { name = "rate", type = "decimal", scale = 3 },
    { name = "weight", type = "float" },
    { name = "on", source = "select", type = "boolean" },
    { name = "day", source = "日期", type = "date" },
    { name = "at", type = "timestamp" },
    { name = "seen", type = "timestamp", stored_as = "unix_seconds" },
]
"#;

const ROWS: &str = r#"
CREATE TABLE "odd ""table""" (id INTEGER PRIMARY KEY, "the number" TEXT, count, cents INTEGER, rate, weight REAL,
    "select" INTEGER, 日期 TEXT, at TEXT, seen INTEGER);
INSERT INTO "odd ""table""" VALUES
 (1, '000123456789012345', 7, 1250, 1.5, 0.1, 1, '2026-08-01', '2026-08-01 10:30:00', 1785580200),
 (2, '50%_off\', '8', -5, '2.125', 2, 0, '1899-12-31', '2026-08-01T23:59:59.5Z', 0),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (4, 'Ünïcode 订单 😀', 9.0, 9223372036854775807, 3, 1e300, 1, '9999-12-31', '0001-01-01 00:00:00', -1);
"#;

struct Fixture {
    folder: tempfile::TempDir,
    dataset: Dataset,
}

fn fixture(toml: &str, sql: &str, id: &str) -> Fixture {
    let folder = tempfile::tempdir().expect("temporary folder");
    let connection = Connection::open(folder.path().join("things.db")).expect("opens");
    connection.execute_batch(sql).expect("valid SQL");
    let config = toml::from_str(toml).expect("well-formed");
    let catalog = Catalog::from_config(&config, folder.path()).expect("valid");
    let dataset = catalog.get(id).expect("declared").clone();
    Fixture { folder, dataset }
}

#[derive(Default)]
struct Collected {
    announced: Option<u64>,
    rows: Vec<Vec<Option<String>>>,
    batches: usize,
    break_at: Option<usize>,
}

impl RowSink for Collected {
    fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
        self.announced = begin.row_count;
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.rows.extend(text::rows(&batch));
        self.batches += 1;
        if self.break_at == Some(self.batches) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn query(
    dataset: &Dataset,
    columns: &[&str],
    filters: &[(&str, &str, serde_json::Value)],
    sort: &[&str],
) -> Query {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let filters: Vec<Filter> = filters
        .iter()
        .map(|(column, op, value)| Filter {
            column: (*column).into(),
            op: (*op).into(),
            value: value.clone(),
        })
        .collect();
    let sort: Vec<Sort> = sort
        .iter()
        .map(|name| match name.strip_prefix('-') {
            Some(name) => Sort { column: name.into(), descending: true },
            None => Sort { column: (*name).into(), descending: false },
        })
        .collect();
    Query::check(dataset, &columns, &filters, &sort, &TimeZone::UTC).expect("a valid query")
}

fn read(dataset: &Dataset, query: &Query) -> Result<Vec<Vec<Option<String>>>, SourceError> {
    let mut collected = Collected::default();
    source::read(dataset, query, &Arc::default(), &mut collected)?;
    assert_eq!(collected.announced, Some(collected.rows.len() as u64));
    Ok(collected.rows)
}

#[test]
fn every_type_arrives_as_declared() {
    let things = fixture(THINGS, ROWS, "things");
    let rows = read(&things.dataset, &query(&things.dataset, &[], &[], &[])).expect("reads");
    let shown: Vec<String> = rows
        .iter()
        .map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(
        shown,
        [
            "000123456789012345|7|12.50|1.500|0.1|true|2026-08-01|2026-08-01 10:30:00|2026-08-01 10:30:00",
            "50%_off\\|8|-0.05|2.125|2|false|1899-12-31|2026-08-01 23:59:59.5|1970-01-01 00:00:00",
            "∅|∅|∅|∅|∅|∅|∅|∅|∅",
            &format!(
                "Ünïcode 订单 😀|9|92233720368547758.07|3.000|{}|true|9999-12-31|0001-01-01 00:00:00|1969-12-31 23:59:59",
                1e300f64
            ),
        ]
    );
}

#[test]
fn filters_mean_what_they_say() {
    let things = fixture(THINGS, ROWS, "things");
    let ids = |column: &str, op: &str, value: serde_json::Value| -> Vec<usize> {
        let dataset = &things.dataset;
        let all = read(dataset, &query(dataset, &[], &[], &[])).expect("reads");
        let found = read(dataset, &query(dataset, &[], &[(column, op, value)], &[])).expect("reads");
        found.iter().map(|row| all.iter().position(|other| other == row).expect("one of all") + 1).collect()
    };
    for (column, op, value, want) in [
        ("no", "eq", json!("000123456789012345"), vec![1]),
        ("no", "contains", json!("%_"), vec![2]),
        ("no", "contains", json!("OFF\\"), vec![2]),
        ("no", "starts_with", json!("0001"), vec![1]),
        ("no", "contains", json!("订单"), vec![4]),
        ("no", "ne", json!("000123456789012345"), vec![2, 3, 4]),
        ("no", "is_null", json!(null), vec![3]),
        ("no", "not_null", json!(null), vec![1, 2, 4]),
        ("no", "eq", json!("' OR 1=1 --"), vec![]),
        ("price", "ge", json!("12.50"), vec![1, 4]),
        ("price", "lt", json!(0), vec![2]),
        ("price", "in", json!(["12.5", -0.05]), vec![1, 2]),
        ("rate", "eq", json!("1.5"), vec![1]),
        ("weight", "gt", json!(1), vec![2, 4]),
        ("on", "eq", json!(true), vec![1, 4]),
        ("on", "ne", json!("true"), vec![2, 3]),
        ("day", "lt", json!("1900-01-01"), vec![2]),
        ("at", "ge", json!("2026-08-01"), vec![1, 2]),
        ("seen", "ge", json!("2026-01-01"), vec![1]),
        ("seen", "lt", json!("1970-01-01"), vec![4]),
    ] {
        assert_eq!(ids(column, op, value.clone()), want, "{column} {op} {value}");
    }
}

#[test]
fn an_order_with_ties_is_total_and_pages_fit_together() {
    let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, same TEXT, n INTEGER);
               WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000)
               INSERT INTO t SELECT i, 'x', i % 3 FROM c;";
    let toml = "[database.db]\nurl='sqlite:things.db'\n[dataset.t]\ndatabase='db'\ntable='t'\nkey=['id']\n\
                column=[{name='id',type='integer'},{name='same',type='text'},{name='n',type='integer'}]";
    let table = fixture(toml, sql, "t");
    let sorted = query(&table.dataset, &["id"], &[], &["same", "-n"]);
    let rows = read(&table.dataset, &sorted).expect("reads");
    let want: Vec<Vec<Option<String>>> = [2, 1, 0]
        .iter()
        .flat_map(|n| (1..=10_000).filter(move |i| i % 3 == *n))
        .map(|i: u32| vec![Some(i.to_string())])
        .collect();
    assert_eq!(rows, want);
    let mut paged = Vec::new();
    for page in 1..=200 {
        paged.extend(source::page(&table.dataset, &sorted, page, &Arc::default()).expect("reads").rows);
    }
    assert_eq!(paged, want);
    let last = source::page(&table.dataset, &sorted, 9_999, &Arc::default()).expect("reads");
    assert_eq!((last.page, last.total_row_count, last.rows.len()), (200, Some(10_000), 50));
}

#[test]
fn a_reader_sees_one_snapshot() {
    let things = fixture(THINGS, &format!("PRAGMA journal_mode = WAL;{ROWS}"), "things");
    struct Interfering(PathBuf, Collected);
    impl RowSink for Interfering {
        fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
            let writer = Connection::open(&self.0).expect("opens");
            writer.execute_batch(r#"DELETE FROM "odd ""table""" WHERE id > 1;"#).expect("deletes");
            self.1.begin(begin)
        }
        fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
            self.1.batch(batch)
        }
    }
    let dataset = &things.dataset;
    let mut sink = Interfering(things.folder.path().join("things.db"), Collected::default());
    source::read(dataset, &query(dataset, &[], &[], &[]), &Arc::default(), &mut sink).expect("reads");
    assert_eq!(sink.1.rows.len(), 4);
    assert_eq!(read(dataset, &query(dataset, &[], &[], &[])).expect("reads").len(), 1);
}

#[test]
fn a_stop_ends_even_a_long_sort() {
    let toml = "[database.db]\nurl='sqlite:things.db'\n[dataset.t]\ndatabase='db'\nkey=['i']\n\
                query='WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000) SELECT i FROM c'\n\
                column=[{name='i',type='integer'}]";
    let endless = fixture(toml, "", "t");
    let stop = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (dataset, stop) = (endless.dataset.clone(), Arc::clone(&stop));
        move || {
            let wanted = query(&dataset, &[], &[], &["-i"]);
            source::read(&dataset, &wanted, &stop, &mut Collected::default())
        }
    });
    stop.store(true, Ordering::Relaxed);
    let page = source::page(&endless.dataset, &query(&endless.dataset, &[], &[], &["-i"]), 1, &stop);
    assert!(matches!(page, Err(SourceError::Stopped)), "{page:?}");
    assert!(matches!(reader.join().expect("no panic"), Err(SourceError::Stopped)));
}

#[test]
fn a_page_does_not_wait_for_a_long_count() {
    // Each row takes milliseconds, and there are thousands.
    let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE c (x INTEGER);
               WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO c SELECT i FROM n;
               INSERT INTO t SELECT x FROM c LIMIT 10000;
               CREATE VIEW v AS SELECT id, (SELECT count(*) FROM c WHERE x <> t.id) AS cost FROM t;";
    let toml = "[database.db]\nurl='sqlite:things.db'\n[dataset.v]\ndatabase='db'\ntable='v'\nkey=['id']\n\
                column=[{name='id',type='integer'},{name='cost',type='integer'}]";
    let costly = fixture(toml, sql, "v");
    let wanted = query(&costly.dataset, &["id"], &[("cost", "gt", json!(0))], &[]);
    let page = source::page(&costly.dataset, &wanted, 2, &Arc::default()).expect("reads");
    assert_eq!((page.page, page.page_count(), page.has_more), (2, None, true));
    assert_eq!(page.rows, (51..=100).map(|id| vec![Some(id.to_string())]).collect::<Vec<_>>());
    // What is seen to its end is counted.
    let few = query(&costly.dataset, &["id"], &[("id", "le", json!(70))], &[]);
    let page = source::page(&costly.dataset, &few, 2, &Arc::default()).expect("reads");
    assert_eq!((page.total_row_count, page.page_count(), page.has_more), (Some(70), Some(2), false));
    assert_eq!(page.rows.len(), 20);
}

#[test]
fn nothing_can_be_written() {
    let toml = "[database.db]\nurl='sqlite:things.db'\n[dataset.t]\ndatabase='db'\nkey=['id']\n\
                query='DELETE FROM t RETURNING id'\ncolumn=[{name='id',type='integer'}]";
    let table = fixture(toml, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)", "t");
    let count = || -> i64 {
        let connection = Connection::open(table.folder.path().join("things.db")).expect("opens");
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("counts")
    };
    for select in [
        "DELETE FROM t RETURNING id",
        "WITH d AS (SELECT 1) DELETE FROM t RETURNING id",
        "SELECT 1 AS id) AS x; DELETE FROM t; --",
    ] {
        let mut dataset = table.dataset.clone();
        dataset.relation = longshore_datasets::dataset::Relation::Query(select.to_owned());
        let done = source::read(
            &dataset,
            &query(&dataset, &[], &[], &[]),
            &Arc::default(),
            &mut Collected::default(),
        );
        assert!(matches!(done, Err(SourceError::Database { is_transient: false, .. })), "{select}: {done:?}");
        assert_eq!(count(), 1, "{select}");
    }
}

#[test]
fn extremes_arrive_and_are_found() {
    let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, clock TEXT, code BLOB, v TEXT);
               INSERT INTO t VALUES (1, -9223372036854775808, '10:30', x'00ff', 'a' || char(0) || 'b'),
                                    (2, 9223372036854775807, '23:59:59.999999', x'', 'a');";
    let toml = "[database.db]\nurl='sqlite:things.db'\n[dataset.t]\ndatabase='db'\ntable='t'\nkey=['id']\n\
                column=[{name='n',type='integer'},{name='clock',type='time'},\
                {name='code',type='text',stored_as='bytes'},{name='v',type='text'}]";
    let table = fixture(toml, sql, "t");
    let found = |column: &str, op: &str, value: serde_json::Value| -> Vec<Vec<Option<String>>> {
        read(&table.dataset, &query(&table.dataset, &[], &[(column, op, value)], &[])).expect("reads")
    };
    let row = |cells: [&str; 4]| cells.map(|cell| Some(cell.to_owned())).to_vec();
    let first = row(["-9223372036854775808", "10:30:00", "00ff", "a\0b"]);
    let second = row(["9223372036854775807", "23:59:59.999999", "", "a"]);
    assert_eq!(
        read(&table.dataset, &query(&table.dataset, &[], &[], &[])).expect("reads"),
        [first.clone(), second.clone()]
    );
    for (column, op, value, want) in [
        ("n", "eq", json!(i64::MIN), &first),
        ("n", "gt", json!(i64::MIN), &second),
        ("clock", "le", json!("10:30"), &first),
        ("code", "eq", json!("00ff"), &first),
        ("v", "eq", json!("a"), &second),
    ] {
        assert_eq!(found(column, op, value.clone()), std::slice::from_ref(want), "{column} {op} {value}");
    }
}

#[test]
fn a_sink_that_has_enough_ends_the_reading() {
    let things = fixture(THINGS, ROWS, "things");
    let mut sink = Collected { break_at: Some(1), ..Collected::default() };
    let read =
        source::read(&things.dataset, &query(&things.dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)));
}

#[test]
fn what_is_wrong_with_a_database_is_named() {
    let toml = |column: &str| {
        format!(
            "[database.db]\nurl='sqlite:things.db'\n[dataset.t]\ndatabase='db'\ntable='t'\nkey=['id']\ncolumn=[{column}]"
        )
    };
    let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, '5'), (2, x'00ff'), (3, 'five');";
    for (column, found) in [
        // Sorting as numbers meets it first.
        ("{name='v',type='integer'}", "blob value"),
        ("{name='v',type='text'}", "blob value"),
        ("{name='v',type='date'}", "text value"),
    ] {
        let table = fixture(&toml(column), sql, "t");
        let wanted = query(&table.dataset, &[], &[], &["v"]);
        match read(&table.dataset, &wanted) {
            Err(SourceError::BadValue { column, found: what, .. }) => {
                assert_eq!((column.as_str(), what.as_str()), ("v", found))
            }
            other => panic!("{column}: {other:?}"),
        }
    }
    let missing_column = fixture(&toml("{name='w',type='text'}"), sql, "t");
    let error = source::probe(&missing_column.dataset).expect_err("no such column").to_string();
    assert!(error.contains("no such column") && error.contains('w'), "{error}");
    let mut missing_file = missing_column.dataset.clone();
    missing_file.database.address = Address::Sqlite("/nowhere/shop.db".into());
    assert!(matches!(source::probe(&missing_file), Err(SourceError::Database { .. })));
}
