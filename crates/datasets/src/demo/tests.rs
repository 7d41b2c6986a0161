#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{DemoError, ShopSize, create_shop};

fn make(path: &Path, order_count: u64) -> Connection {
    create_shop(path, ShopSize::for_orders(order_count), &mut |_, _| {}).unwrap();
    Connection::open(path).unwrap()
}

fn file_names(dir: &Path) -> Vec<String> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn count(shop: &Connection, query: &str) -> i64 {
    shop.query_row(query, [], |row| row.get(0)).unwrap()
}

/// Every row of a table, in order of its key.
fn dump(shop: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut statement = shop.prepare(&format!("SELECT * FROM {table} ORDER BY id")).unwrap();
    let column_count = statement.column_count();
    let rows = statement.query_map([], |row| (0..column_count).map(|column| row.get(column)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn sizes_scale() {
    for (order_count, customer_count, product_count) in
        [(200_000, 20_000, 2_000), (2_000, 200, 20), (50, 5, 1), (0, 1, 1)]
    {
        let size = ShopSize { order_count, customer_count, product_count };
        assert_eq!(ShopSize::for_orders(order_count), size);
    }
    assert_eq!(ShopSize::default(), ShopSize::for_orders(200_000));
}

#[test]
fn two_runs_give_the_same_shop() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let shops = dirs.each_ref().map(|dir| make(&dir.path().join("shop.db"), 2_000));
    for table in ["customers", "products", "orders"] {
        assert_eq!(dump(&shops[0], table), dump(&shops[1], table), "{table}");
    }
    // Pinned, so that a change of the generator is noticed.
    let first = shops[0].query_row("SELECT order_no, created_at FROM orders WHERE id = 1", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    assert_eq!(first.unwrap(), ("202301020000000001".to_owned(), "2023-01-02 13:17:47".to_owned()));
}

#[test]
fn counts_progress_and_only_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    let mut reports = Vec::new();
    create_shop(&path, ShopSize::for_orders(12_000), &mut |done, total| reports.push((done, total))).unwrap();
    assert_eq!(reports, [(0, 13_320), (5_000, 13_320), (10_000, 13_320), (13_320, 13_320)]);
    let shop = Connection::open(&path).unwrap();
    for (table, want) in [("customers", 1_200), ("products", 120), ("orders", 12_000)] {
        assert_eq!(count(&shop, &format!("SELECT count(*) FROM {table}")), want);
    }
    assert_eq!(file_names(dir.path()), ["shop.db"]);
}

#[test]
fn small_shops_work() {
    for order_count in [0, 1, 5] {
        let dir = tempfile::tempdir().unwrap();
        let shop = make(&dir.path().join("shop.db"), order_count);
        assert_eq!(count(&shop, "SELECT count(*) FROM orders"), order_count.cast_signed());
    }
}

#[test]
fn two_thousand_orders_have_every_special_kind() {
    let dir = tempfile::tempdir().unwrap();
    let shop = make(&dir.path().join("shop.db"), 2_000);
    for (table, condition) in [
        ("orders", "remark IS NULL"),
        ("orders", "remark = '=SUM(A1:A2)'"),
        ("orders", "remark LIKE '=%'"),
        ("orders", "remark = '+1'"),
        ("orders", "remark = '-5 off'"),
        ("orders", "remark = '@home'"),
        ("orders", "remark LIKE '%\"%'"),
        ("orders", "remark LIKE '%,%'"),
        ("orders", "instr(remark, char(10)) AND NOT instr(remark, char(13))"),
        ("orders", "instr(remark, char(13, 10))"),
        ("orders", "instr(remark, char(9))"),
        // U+200D is the joiner of emoji.
        ("orders", "instr(remark, char(8205))"),
        ("orders", "remark LIKE ' % '"),
        ("orders", "total_cents IS NULL"),
        ("orders", "total_cents < 0 AND status = 'refunded'"),
        ("orders", "status = 'pending'"),
        ("orders", "status = 'paid'"),
        ("orders", "status = 'shipped' AND shipped_at > created_at"),
        ("orders", "status = 'completed'"),
        ("orders", "shipped_at IS NULL"),
        ("orders", "gift = 1"),
        ("orders", "order_no LIKE '00%'"),
        ("orders", "instr(customer_name, '䶮')"),
        ("orders", "instr(customer_name, '𠮷')"),
        ("orders", "instr(customer_name, 'é') OR instr(customer_name, 'ü')"),
        ("orders", "phone LIKE '010-%'"),
        ("orders", "phone LIKE '0755%'"),
        ("orders", "phone LIKE '+86 1%'"),
        ("orders", "phone GLOB '1[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'"),
        ("orders", "created_at LIKE '% 00:00:00'"),
        ("orders", "created_at < '2023-02'"),
        ("orders", "created_at > '2026-06'"),
        ("customers", "email IS NULL"),
        ("customers", "birthday IS NULL"),
        ("customers", "birthday < '1900-03-01'"),
        ("customers", "vip = 1"),
        ("customers", "note IS NOT NULL"),
        ("products", "sku LIKE '0%'"),
        ("products", "weight_kg IS NULL"),
        ("products", "on_sale = 0"),
    ] {
        let found = count(&shop, &format!("SELECT count(*) FROM {table} WHERE {condition}"));
        assert!(found > 0, "no {table} with {condition}");
    }
}

#[test]
fn the_shop_hangs_together() {
    let dir = tempfile::tempdir().unwrap();
    let shop = make(&dir.path().join("shop.db"), 2_000);
    for impossible in [
        "SELECT count(*) FROM orders WHERE length(order_no) <> 18 OR order_no GLOB '*[^0-9]*'",
        "SELECT count(*) FROM orders WHERE order_date <> substr(created_at, 1, 10)",
        "SELECT count(*) FROM orders WHERE created_at NOT GLOB '202[3-6]-??-?? ??:??:??'",
        "SELECT count(*) FROM orders WHERE shipped_at IS NOT NULL AND length(shipped_at) <> 19",
        "SELECT count(*) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
         WHERE c.name IS NOT o.customer_name OR c.phone IS NOT o.phone",
        "SELECT count(*) FROM orders WHERE product_name NOT IN (SELECT name FROM products)",
    ] {
        assert_eq!(count(&shop, impossible), 0, "{impossible}");
    }
    let distinct_moments = count(&shop, "SELECT count(DISTINCT created_at) FROM orders");
    assert!(distinct_moments < 1_000, "sorting by time must not be unique: {distinct_moments}");
}

#[test]
fn an_existing_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    std::fs::write(&path, "precious").unwrap();
    let error = create_shop(&path, ShopSize::for_orders(10), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, DemoError::Exists(at) if at == path));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert_eq!(file_names(dir.path()), ["shop.db"]);
}

#[test]
fn a_failure_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    let stopped = catch_unwind(AssertUnwindSafe(|| {
        create_shop(&path, ShopSize::for_orders(10_000), &mut |done, _| assert!(done == 0, "stopped"))
    }));
    assert!(stopped.is_err());
    assert!(file_names(dir.path()).is_empty());

    let missing = dir.path().join("missing").join("shop.db");
    assert!(create_shop(&missing, ShopSize::for_orders(10), &mut |_, _| {}).is_err());
    assert!(file_names(dir.path()).is_empty());
}

#[test]
fn what_a_killed_run_left_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    std::fs::write(dir.path().join("shop.db.part"), "half a shop").unwrap();
    assert_eq!(count(&make(&path, 100), "SELECT count(*) FROM orders"), 100);
    assert_eq!(file_names(dir.path()), ["shop.db"]);
}
