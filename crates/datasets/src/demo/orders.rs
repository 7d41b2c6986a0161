//! The table `orders`.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, date};
use rusqlite::{Transaction, params};

use super::customers::{Contact, contact};
use super::dice::{Dice, seconds_after, sql_moment};
use super::products::{Article, article};
use super::{Report, ShopSize, insert_rows, sql_id};

const CREATE: &str = "
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        order_no TEXT NOT NULL,
        customer_id INTEGER REFERENCES customers (id),
        customer_name TEXT NOT NULL,
        phone TEXT NOT NULL,
        product_name TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        total_cents INTEGER,
        status TEXT NOT NULL,
        gift INTEGER NOT NULL,
        order_date TEXT NOT NULL,
        created_at TEXT NOT NULL,
        shipped_at TEXT,
        remark TEXT
    )";
const INSERT: &str = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const INDEXES: &str = "
    CREATE UNIQUE INDEX orders_order_no ON orders (order_no);
    CREATE INDEX orders_created_at ON orders (created_at);
    CREATE INDEX orders_status ON orders (status);
    CREATE INDEX orders_customer_id ON orders (customer_id);";

/// Orders are spread from here to the end of June 2026.
const FIRST_DAY: Date = date(2023, 1, 1);
const SPREAD_SECONDS: u64 = 1_277 * 86_400;
/// Orders that share one second, so that no sort by time alone is total.
const ORDERS_PER_SECOND: u64 = 4;

const ORDINARY_REMARKS: &[&str] = &[
    "请尽快发货",
    "周末送货",
    "放门卫处即可",
    "Please leave at the reception.",
    "Call before delivery",
    "不要放辣",
    "生日礼物，请附贺卡",
    "颜色随机",
    "Rechnung an die Firma",
];
/// Remarks that break careless exports: formulas, quotes, separators, line breaks of both kinds,
/// tabs, emoji of several code points, spaces at the ends, markup, and escapes of other formats.
const ODD_REMARKS: &[&str] = &[
    "=SUM(A1:A2)",
    "=HYPERLINK(\"https://example.com\",\"click\")",
    "+1",
    "-5 off",
    "@home",
    "'already quoted",
    "He said \"hurry up\"",
    "red, green, blue",
    "第一行\n第二行",
    "first line\r\nsecond line",
    "tab\tbetween",
    "谢谢 🎉",
    "家人 👨‍👩‍👧‍👦 一起用 👍🏽",
    "  leading and trailing spaces  ",
    "5 < 6 & 7 > 6",
    "_x0041_",
    "00123",
    "1E5",
    "TRUE",
];

/// Makes and fills the table.
pub(super) fn fill(
    transaction: &Transaction<'_>,
    size: ShopSize,
    report: &mut Report<'_>,
) -> rusqlite::Result<()> {
    transaction.execute_batch(CREATE)?;
    insert_rows(transaction, INSERT, size.order_count, report, |statement, id| {
        let mut dice = Dice::for_row("orders", id);
        let created_at = created_at(id, size.order_count, &mut dice);
        let customer_id = 1 + dice.below(size.customer_count);
        let Contact { name, phone } = contact(customer_id);
        let Article { name: product_name, price_cents, .. } = article(1 + dice.below(size.product_count));
        let most = if dice.percent(90) { 4 } else { 60 };
        let quantity = 1 + dice.below(most).cast_signed();
        let status = status(&mut dice);
        let total_cents = total_cents(price_cents.cast_signed() * quantity, status, &mut dice);
        let gift = dice.percent(10);
        let shipped_at = shipped_at(created_at, status, &mut dice);
        let remark = remark(&mut dice);
        statement.execute(params![
            sql_id(id),
            order_no(id, created_at, &mut dice),
            sql_id(customer_id),
            name,
            phone,
            product_name,
            quantity,
            total_cents,
            status,
            gift,
            created_at.date().to_string(),
            sql_moment(created_at),
            shipped_at.map(sql_moment),
            remark,
        ])
    })?;
    transaction.execute_batch(INDEXES)
}

/// A moment that grows with the id and is shared by a few orders; some orders have only their day,
/// as if taken over from an older system.
fn created_at(id: u64, order_count: u64, dice: &mut Dice) -> DateTime {
    let group = (id - 1) / ORDERS_PER_SECOND;
    let group_count = order_count.div_ceil(ORDERS_PER_SECOND);
    let step = (SPREAD_SECONDS / group_count).max(1);
    let start = u128::from(SPREAD_SECONDS) * u128::from(group) / u128::from(group_count);
    // The start is below SPREAD_SECONDS, so it fits.
    let moment = seconds_after(FIRST_DAY, start as u64 + Dice::for_row("moments", group).below(step));
    if dice.percent(5) { moment.date().at(0, 0, 0, 0) } else { moment }
}

/// 18 digits: the day and the id, or, for those of an older system, zeros, a shorter day and the id.
fn order_no(id: u64, created_at: DateTime, dice: &mut Dice) -> String {
    let day = created_at.date().strftime("%Y%m%d").to_string();
    if dice.percent(4) { format!("00{}{id:010}", &day[2..]) } else { format!("{day}{id:010}") }
}

fn status(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0..60 => "completed",
        60..74 => "shipped",
        74..86 => "paid",
        86..94 => "pending",
        _ => "refunded",
    }
}

/// The total; negative where the money went back, missing in a few orders.
fn total_cents(total: i64, status: &str, dice: &mut Dice) -> Option<i64> {
    if dice.below(200) == 0 {
        return None;
    }
    Some(if status == "refunded" { -total } else { total })
}

fn shipped_at(created_at: DateTime, status: &str, dice: &mut Dice) -> Option<DateTime> {
    let shipped = match status {
        "completed" | "shipped" => true,
        "refunded" => dice.percent(50),
        _ => false,
    };
    let delay_minutes = 60 + dice.below(5 * 24 * 60).cast_signed();
    let moment = created_at.saturating_add(SignedDuration::from_mins(delay_minutes));
    shipped.then_some(moment)
}

fn remark(dice: &mut Dice) -> Option<&'static str> {
    match dice.below(100) {
        0..60 => None,
        60..80 => Some(dice.pick(ORDINARY_REMARKS)),
        _ => Some(dice.pick(ODD_REMARKS)),
    }
}
