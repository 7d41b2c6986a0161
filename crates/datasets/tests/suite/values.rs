//! Values, filters, orders, pages, names and days.

use std::sync::Arc;

use jiff::tz::TimeZone;
use longshore_datasets::daily;
use longshore_datasets::source;
use serde_json::json;

use super::reading::{left_by, lines, query, query_in, read, shown};
use super::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("every type arrives as declared", every_type_arrives_as_declared),
    ("filters mean what they say", filters_mean_what_they_say),
    ("moments are of the persons zone", moments_are_of_the_persons_zone),
    ("an order with ties is total", an_order_with_ties_is_total),
    ("names and texts are anything", names_and_texts_are_anything),
    ("a query is a dataset", a_query_is_a_dataset),
    ("days are added up", days_are_added_up),
];

const COLUMNS: &[(&str, &str)] = &[
    ("no", "text"),
    ("quantity", "integer"),
    ("total", "decimal"),
    ("weight", "float"),
    ("gift", "boolean"),
    ("day", "date"),
    ("clock", "time"),
    ("made_at", "timestamp"),
    ("seen_at", "timestamp_tz"),
];
const DECLARED: &str = "{ name = 'id', type = 'integer' }, { name = 'no', type = 'text' }, \
    { name = 'quantity', type = 'integer' }, { name = 'total', type = 'decimal', scale = 2 }, \
    { name = 'weight', type = 'float' }, { name = 'gift', type = 'boolean' }, { name = 'day', type = 'date' }, \
    { name = 'clock', type = 'time' }, { name = 'made_at', type = 'timestamp' }, \
    { name = 'seen_at', type = 'timestamp_tz' }";
const TABLE: &str = "table = 't'\nkey = ['id']";

fn rows_of_all_types(db: &dyn Fresh) {
    let rows = [
        format!(
            "'000123456789012345', 7, 12.50, 0.1, true, '2026-08-01', '10:30:00', '2026-08-01 10:30:00', {}",
            db.moment("2026-08-01 02:30:00")
        ),
        format!(
            "'50%_off\\', -9223372036854775808, -0.05, 2, false, '1970-01-01', '23:59:59', '2026-08-01 23:59:59', {}",
            db.moment("2026-07-31 16:00:00")
        ),
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL".to_owned(),
        format!(
            "'Ünïcode 订单 😀', 9223372036854775807, 9999999999999999.99, 1e300, true, '9999-12-31', '00:00:00', \
             '9999-12-31 00:00:00', {}",
            db.moment("2030-01-01 00:00:00")
        ),
    ];
    // A backslash is one in a literal but for MySQL.
    let rows: Vec<String> = rows.iter().map(|row| row.replace('\\', &db.backslash())).collect();
    db.table(COLUMNS, &rows.iter().map(String::as_str).collect::<Vec<_>>());
}

impl dyn Fresh + '_ {
    fn backslash(&self) -> String {
        if self.url().starts_with("mysql") { "\\\\" } else { "\\" }.to_owned()
    }
}

fn every_type_arrives_as_declared(db: &dyn Fresh) {
    rows_of_all_types(db);
    let huge = 1e300f64;
    assert_eq!(
        lines(&db.dataset(TABLE, DECLARED)),
        [
            "1|000123456789012345|7|12.50|0.1|true|2026-08-01|10:30:00|2026-08-01 10:30:00|2026-08-01 02:30:00".to_owned(),
            "2|50%_off\\|-9223372036854775808|-0.05|2|false|1970-01-01|23:59:59|2026-08-01 23:59:59|2026-07-31 16:00:00"
                .to_owned(),
            "3|∅|∅|∅|∅|∅|∅|∅|∅|∅".to_owned(),
            format!(
                "4|Ünïcode 订单 😀|9223372036854775807|9999999999999999.99|{huge}|true|9999-12-31|00:00:00|\
                 9999-12-31 00:00:00|2030-01-01 00:00:00"
            ),
        ]
    );
}

fn filters_mean_what_they_say(db: &dyn Fresh) {
    rows_of_all_types(db);
    let dataset = db.dataset(TABLE, DECLARED);
    for (column, op, value, want) in [
        ("no", "eq", json!("000123456789012345"), "1"),
        ("no", "eq", json!("' OR 1=1 --"), ""),
        ("no", "ne", json!("000123456789012345"), "2 3 4"),
        ("no", "in", json!(["000123456789012345", "Ünïcode 订单 😀", "x"]), "1 4"),
        ("no", "contains", json!("%_"), "2"),
        ("no", "contains", json!("OFF\\"), "2"),
        ("no", "contains", json!("|"), ""),
        ("no", "contains", json!("订单"), "4"),
        ("no", "starts_with", json!("0001"), "1"),
        ("no", "starts_with", json!("%"), ""),
        ("no", "is_null", json!(null), "3"),
        ("no", "not_null", json!(null), "1 2 4"),
        ("quantity", "eq", json!("7"), "1"),
        ("quantity", "ne", json!(7), "2 3 4"),
        ("quantity", "ge", json!(7), "1 4"),
        ("quantity", "le", json!(7), "1 2"),
        ("quantity", "gt", json!(7), "4"),
        ("quantity", "lt", json!(7), "2"),
        ("quantity", "in", json!([7, i64::MAX]), "1 4"),
        ("total", "eq", json!("12.5"), "1"),
        ("total", "eq", json!("9999999999999999.99"), "4"),
        ("total", "ge", json!("12.50"), "1 4"),
        ("total", "lt", json!(0), "2"),
        ("total", "in", json!(["12.5", -0.05]), "1 2"),
        ("weight", "gt", json!(1), "2 4"),
        ("weight", "eq", json!(0.1), "1"),
        ("gift", "eq", json!(true), "1 4"),
        ("gift", "ne", json!("true"), "2 3"),
        ("day", "eq", json!("2026-08-01"), "1"),
        ("day", "lt", json!("1970-01-02"), "2"),
        ("day", "ge", json!("2026-08-01"), "1 4"),
        ("clock", "gt", json!("10:30"), "2"),
        ("clock", "eq", json!("10:30:00"), "1"),
        ("made_at", "eq", json!("2026-08-01"), "1 2"),
        ("made_at", "gt", json!("2026-08-01 10:30"), "2 4"),
        ("made_at", "le", json!("2026-08-01"), "1 2"),
        ("seen_at", "eq", json!("2026-08-01T10:30:00+08:00"), "1"),
        ("seen_at", "lt", json!("2026-08-01"), "2"),
        ("seen_at", "is_null", json!(null), "3"),
    ] {
        assert_eq!(left_by(&dataset, column, op, value.clone()).join(" "), want, "{column} {op} {value}");
    }
    let both = [("gift", "eq", json!(true)), ("quantity", "lt", json!(10))];
    let rows = read(&dataset, &query(&dataset, &["id"], &both, &[])).expect("reads");
    assert_eq!(shown(&rows), ["1"], "all conditions hold");
}

fn moments_are_of_the_persons_zone(db: &dyn Fresh) {
    rows_of_all_types(db);
    let dataset = db.dataset(TABLE, DECLARED);
    let shanghai = TimeZone::get("Asia/Shanghai").expect("known");
    // The second row's moment is midnight there, and so of 1 August.
    let day = [("seen_at", "eq", json!("2026-08-01"))];
    let wanted = query_in(&dataset, &["id", "seen_at"], &day, &["seen_at"], &shanghai);
    let read = read(&dataset, &wanted).expect("reads");
    assert_eq!(shown(&read), ["2|2026-08-01 00:00:00", "1|2026-08-01 10:30:00"]);
}

fn an_order_with_ties_is_total(db: &dyn Fresh) {
    let (id, text) = (db.sql_type("integer"), db.sql_type("text"));
    db.execute(&format!(
        "CREATE TABLE t (id {id} NOT NULL PRIMARY KEY, same {text}, n {id}); \
         INSERT INTO t SELECT i, 'x', i % 3 FROM ({}) AS numbers",
        db.numbers(10_000)
    ));
    let dataset = db.dataset(TABLE, "{ name = 'id', type = 'integer' }, { name = 'same', type = 'text' }, { name = 'n', type = 'integer' }");
    let sorted = query(&dataset, &["id"], &[], &["same", "-n"]);
    let rows = read(&dataset, &sorted).expect("reads");
    let of_rest = |rest: u32| (1..=10_000).filter(move |i| i % 3 == rest);
    let want: Vec<_> = [2, 1, 0].into_iter().flat_map(of_rest).map(|i| vec![Some(i.to_string())]).collect();
    assert_eq!(rows, want);
    for page in [1, 2, 100, 200] {
        let at = (page as usize - 1) * 50;
        let read = source::page(&dataset, &sorted, page, &Arc::default()).expect("reads");
        assert_eq!(read.rows, want[at..at + 50], "page {page}");
    }
    let last = source::page(&dataset, &sorted, 9_999, &Arc::default()).expect("reads");
    assert_eq!((last.page, last.total_row_count, last.rows.len()), (200, Some(10_000), 50));
}

fn names_and_texts_are_anything(db: &dyn Fresh) {
    let table = "odd \"ta`ble\"";
    let columns = [("select", "text"), ("日期", "text"), ("a.b", "text"), ("order by \"1\"", "text")];
    let odd = "'O''Brien', 'a\tb\r\nc', '\u{1}\u{7f}', '=1+1'";
    db.named_table(table, &columns, &[odd]);
    let dataset = db.dataset(
        "table = \"odd \\\"ta`ble\\\"\"\nkey = ['id']",
        "{ name = 'a', source = 'select', type = 'text' }, { name = 'b', source = '日期', type = 'text' }, \
         { name = 'c', source = 'a.b', type = 'text' }, { name = 'd', source = 'order by \"1\"', type = 'text' }",
    );
    assert_eq!(lines(&dataset), ["O'Brien|a\tb\r\nc|\u{1}\u{7f}|=1+1"]);
    assert_eq!(left_by(&dataset, "d", "eq", json!("=1+1")), ["O'Brien"]);
    let sorted = query(&dataset, &["b"], &[("a", "contains", json!("o'b"))], &["-d", "c"]);
    assert_eq!(read(&dataset, &sorted).expect("reads").len(), 1);
}

fn a_query_is_a_dataset(db: &dyn Fresh) {
    db.table(&[("n", "integer")], &["1", "2", "3"]);
    let says = "query = \"SELECT id, n * 10 AS tens FROM t -- all; of them\"\nkey = ['id']\nsort = ['-tens']";
    let dataset = db.dataset(says, "{ name = 'tens', type = 'integer' }");
    let sorted = query(&dataset, &[], &[("tens", "ge", json!(20))], &[]);
    assert_eq!(shown(&read(&dataset, &sorted).expect("reads")), ["30", "20"]);
}

fn days_are_added_up(db: &dyn Fresh) {
    db.table(
        &[("day", "date"), ("at", "timestamp"), ("total", "decimal")],
        &[
            "'2026-08-01', '2026-08-01 00:00:00', 0.10",
            "'2026-08-01', '2026-08-01 23:59:59', 0.20",
            "'2026-08-03', '2026-08-03 12:00:00', NULL",
            "NULL, NULL, 5",
        ],
    );
    for date in ["day", "at"] {
        let dataset = db.dataset(
            &format!("{TABLE}\ndaily_statistics = {{ date = '{date}', sums = ['total'] }}"),
            "{ name = 'day', type = 'date' }, { name = 'at', type = 'timestamp' }, \
             { name = 'total', type = 'decimal', scale = 2 }",
        );
        let statistics = dataset.daily_statistics.clone().expect("declared");
        let all = query(&dataset, &[], &[], &[]);
        let days = daily::day_extent(&dataset, &statistics, &all, &Arc::default())
            .expect("reads")
            .expect("has days");
        assert_eq!(
            (days.first.to_string(), days.last.to_string()),
            ("2026-08-01".into(), "2026-08-03".into())
        );
        let totals = daily::daily(&dataset, &statistics, &all, days, &Arc::default()).expect("reads");
        let totals: Vec<_> =
            totals.iter().map(|day| format!("{} {} {}", day.day, day.row_count, day.sums[0])).collect();
        assert_eq!(totals, ["2026-08-01 2 0.30", "2026-08-03 1 0.00"], "{date}");
        let none = query(&dataset, &[], &[("total", "gt", json!(100))], &[]);
        assert_eq!(daily::day_extent(&dataset, &statistics, &none, &Arc::default()).expect("reads"), None);
    }
}
