//! Daily statistics against plain SQL: counts, exact sums, filters, ranges, stopping, and days that are none.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_datasets::daily::{self, DayTotals, Days};
use longshore_datasets::demo::{ShopSize, create_shop};
use longshore_datasets::{Catalog, DailyStatistics, Dataset, Query, SourceError};
use longshore_protocol::Filter;
use rusqlite::Connection;

const SHOP: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.orders]
database = "shop"
table = "orders"
key = ["id"]
column = [
    { name = "status", type = "text" },
    { name = "quantity", type = "integer" },
    { name = "total", source = "total_cents", type = "decimal", scale = 2, stored_as = "scaled_integer" },
    { name = "order_date", type = "date" },
    { name = "created_at", type = "timestamp" },
]
daily_statistics = { date = "created_at", sums = ["quantity", "total"] }
"#;

struct Fixture {
    folder: tempfile::TempDir,
    dataset: Dataset,
    statistics: DailyStatistics,
}

impl Fixture {
    fn of(toml: &str, make: impl FnOnce(&Path)) -> Fixture {
        let folder = tempfile::tempdir().expect("temporary folder");
        make(&folder.path().join("shop.db"));
        let config = toml::from_str(toml).expect("well-formed");
        let catalog = Catalog::from_config(&config, folder.path()).expect("valid");
        let dataset = catalog.all().into_iter().next().expect("declared").clone();
        let statistics = dataset.daily_statistics.clone().expect("declared");
        Fixture { folder, dataset, statistics }
    }

    fn shop() -> Fixture {
        Fixture::of(SHOP, |path| {
            create_shop(path, ShopSize::for_orders(3000), &mut |_, _| {}).expect("makes a shop");
        })
    }

    /// One column of days as they are stored, and a number beside each.
    fn of_days(column: &str, rows: &[&str]) -> Fixture {
        let toml = format!(
            "[database.db]\nurl = 'sqlite:shop.db'\n[dataset.d]\ndatabase = 'db'\ntable = 'd'\nkey = ['rowid']\n\
             daily_statistics = {{ date = 'at', sums = ['n'] }}\n\
             column = [{{ name = 'at', {column} }}, {{ name = 'n', type = 'decimal', scale = 2 }}]"
        );
        let sql = format!("CREATE TABLE d (at, n); INSERT INTO d VALUES {};", rows.join(", "));
        Fixture::of(&toml, |path| {
            Connection::open(path).expect("opens").execute_batch(&sql).expect("valid SQL");
        })
    }

    fn query(&self, filters: &[Filter]) -> Query {
        Query::check(&self.dataset, &[], filters, &[], &jiff::tz::TimeZone::UTC).expect("valid")
    }

    fn extent(&self, filters: &[Filter]) -> Result<Option<Days>, SourceError> {
        daily::day_extent(&self.dataset, &self.statistics, &self.query(filters), &Arc::default())
    }

    fn daily(&self, filters: &[Filter], days: Days) -> Result<Vec<DayTotals>, SourceError> {
        daily::daily(&self.dataset, &self.statistics, &self.query(filters), days, &Arc::default())
    }

    /// Days and totals in one line each, as `expected` of SQL gives them.
    fn lines(&self, filters: &[Filter], days: Days) -> Vec<String> {
        self.daily(filters, days).expect("reads").iter().map(line).collect()
    }

    fn sql(&self, select: &str) -> Vec<String> {
        let connection = Connection::open(self.folder.path().join("shop.db")).expect("opens");
        let mut prepared = connection.prepare(select).expect("valid SQL");
        let rows = prepared.query_map([], |row| row.get(0)).expect("runs");
        rows.collect::<Result<_, _>>().expect("reads")
    }
}

fn line(totals: &DayTotals) -> String {
    let sums: Vec<String> = totals.sums.iter().map(ToString::to_string).collect();
    format!("{} {} {}", totals.day, totals.row_count, sums.join(" "))
}

fn days(first: &str, last: &str) -> Days {
    Days { first: first.parse().expect("a day"), last: last.parse().expect("a day") }
}

fn per_day(condition: &str) -> String {
    format!(
        "SELECT date(created_at) || ' ' || count(*) || ' ' || sum(quantity) || ' ' ||
         printf('%s%d.%02d', iif(ifnull(sum(total_cents), 0) < 0, '-', ''), abs(ifnull(sum(total_cents), 0)) / 100,
         abs(ifnull(sum(total_cents), 0)) % 100)
         FROM orders WHERE {condition} GROUP BY date(created_at) ORDER BY 1"
    )
}

#[test]
fn days_of_the_shop_are_those_of_plain_sql() {
    let shop = Fixture::shop();
    let all = shop.extent(&[]).expect("reads").expect("has rows");
    assert_eq!([all.first.to_string()], *shop.sql("SELECT min(order_date) FROM orders"));
    assert_eq!([all.last.to_string()], *shop.sql("SELECT max(order_date) FROM orders"));
    assert_eq!([all.count().to_string()], *shop.sql(
        "SELECT CAST(julianday(max(order_date)) - julianday(min(order_date)) + 1 AS INTEGER) || '' FROM orders"
    ));
    let lines = shop.lines(&[], all);
    assert!(lines.len() > 500, "a comparison of nothing proves nothing");
    assert_eq!(lines, shop.sql(&per_day("true")));
    // A part of the days, with filters; the ends are days of their own.
    let paid = [Filter { column: "status".into(), op: "eq".into(), value: "paid".into() }];
    let part = days("2024-02-28", "2024-03-31");
    let expected = shop.sql(&per_day("status = 'paid' AND order_date BETWEEN '2024-02-28' AND '2024-03-31'"));
    assert!(!expected.is_empty());
    assert_eq!(shop.lines(&paid, part), expected);
    let none = [Filter { column: "quantity".into(), op: "lt".into(), value: 0.into() }];
    assert_eq!(shop.extent(&none).expect("reads"), None);
}

#[test]
fn sums_are_exact_however_the_numbers_are_stored() {
    let rows = [
        "('2026-08-01', 0.1)",
        "('2026-08-01', 0.2)",
        "('2026-08-01', '90071992547409931.07')",
        "('2026-08-01', NULL)",
    ];
    let fixture = Fixture::of_days("type = 'date'", &rows);
    let all = fixture.extent(&[]).expect("reads").expect("has rows");
    assert_eq!(fixture.lines(&[], all), ["2026-08-01 4 90071992547409931.37"]);
}

#[test]
fn every_way_to_store_a_day_is_understood() {
    for (column, rows) in [
        (
            "type = 'date'",
            ["('2026-07-31', 1)", "('2026-08-01 00:00:00', 2)", "('2026-08-01', 3)", "(NULL, 9)"],
        ),
        (
            "type = 'timestamp'",
            ["('2026-07-31 23:59:59.9', 1)", "('2026-08-01', 2)", "('2026-08-01T23:59:59Z', 3)", "(NULL, 9)"],
        ),
        (
            "type = 'timestamp', stored_as = 'iso_t'",
            [
                "('2026-07-31T23:59:59', 1)",
                "('2026-08-01 10:00', 2)",
                "('2026-08-01T23:59:59Z', 3)",
                "(NULL, 9)",
            ],
        ),
        (
            "type = 'timestamp', stored_as = 'unix_seconds'",
            ["(1785542399, 1)", "(1785542400, 2)", "(1785628799, 3)", "(NULL, 9)"],
        ),
        (
            "type = 'date', stored_as = 'unix_millis'",
            ["(1785542399999, 1)", "(1785542400000, 2)", "(1785628799999, 3)", "(NULL, 9)"],
        ),
    ] {
        let fixture = Fixture::of_days(column, &rows);
        let all = fixture.extent(&[]).expect(column).expect("has rows");
        assert_eq!(all, days("2026-07-31", "2026-08-01"), "{column}");
        assert_eq!(fixture.lines(&[], all), ["2026-07-31 1 1.00", "2026-08-01 2 5.00"], "{column}");
        assert_eq!(fixture.lines(&[], days("2026-08-01", "2026-08-01")), ["2026-08-01 2 5.00"], "{column}");
    }
    // The last day that there is has none after it.
    let fixture = Fixture::of_days("type = 'date'", &["('0001-01-01', 1)", "('9999-12-31', 2)"]);
    let all = fixture.extent(&[]).expect("reads").expect("has rows");
    assert_eq!((all.count(), fixture.lines(&[], all).len()), (3_652_059, 2));
}

#[test]
fn no_row_is_left_out_in_silence() {
    // A blank sorts before every digit, so this row would be in no part of the days.
    for rows in [
        ["('2026-08-01', 1)", "(' 2026-08-02', 2)"],
        ["('2026-08-01', 1)", "(20260802, 2)"],
        ["('2026-08-01', 1)", "('soon', 2)"],
    ] {
        let fixture = Fixture::of_days("type = 'date'", &rows);
        let error = fixture.extent(&[]).expect_err(rows[1]);
        assert!(matches!(&error, SourceError::BadValue { column, .. } if column == "at"), "{error}");
    }
    for (rows, column) in [
        (["('2026-08-01', 1)", "('2026-08-0x', 2)"], "at"),
        (["('2026-08-01', 1)", "('2026-08-01', 'much')"], "n"),
    ] {
        let fixture = Fixture::of_days("type = 'date'", &rows);
        let error = fixture.daily(&[], days("2026-08-01", "2026-08-31")).expect_err(rows[1]);
        assert!(matches!(&error, SourceError::BadValue { column: c, .. } if c == column), "{error}");
    }
}

#[test]
fn a_set_flag_stops_it() {
    let shop = Fixture::shop();
    let stop = Arc::new(AtomicBool::new(true));
    let query = shop.query(&[]);
    let all = days("2023-01-01", "2026-12-31");
    let daily = daily::daily(&shop.dataset, &shop.statistics, &query, all, &stop);
    assert!(matches!(daily, Err(SourceError::Stopped)), "{daily:?}");
    let extent = daily::day_extent(&shop.dataset, &shop.statistics, &query, &stop);
    assert!(matches!(extent, Err(SourceError::Stopped)), "{extent:?}");
}
