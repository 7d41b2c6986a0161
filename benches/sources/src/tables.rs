//! Makes the tables that are read.

use std::path::Path;

use orders::{Order, Orders};
use rusqlite::{Connection, params};

/// Money in cents and moments as texts, as is usual in a database that has types for neither.
const TABLE: &str = "CREATE TABLE orders (
    id INTEGER PRIMARY KEY, order_no TEXT NOT NULL, customer TEXT NOT NULL, city TEXT NOT NULL, product TEXT NOT NULL,
    unit_price_cents INTEGER NOT NULL, total_cents INTEGER NOT NULL, gift INTEGER NOT NULL, created_at TEXT NOT NULL,
    remark TEXT)";

/// A SQLite database with one table, `orders`.
pub(crate) fn sqlite(rows: u64, file: &Path) -> anyhow::Result<()> {
    let mut database = Connection::open(file)?;
    // A file that is made anew after a crash needs no care for crashes.
    database.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let transaction = database.transaction()?;
    transaction.execute(TABLE, [])?;
    {
        let mut insert = transaction.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
        each(rows, |order, moment| {
            insert.execute(params![
                order.id,
                order.order_no,
                order.customer,
                order.city,
                order.product,
                order.unit_price_cents,
                order.total_cents,
                order.gift,
                moment,
                order.remark
            ])?;
            Ok(())
        })?;
    }
    transaction.commit()?;
    Ok(())
}

/// A CSV file without a header, for `COPY orders FROM STDIN (FORMAT CSV)`. An empty field is a null.
pub(crate) fn csv(rows: u64, file: &Path) -> anyhow::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_path(file)?;
    let money = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    each(rows, |order, moment| {
        writer.write_record([
            order.id.to_string().as_str(),
            order.order_no,
            order.customer,
            order.city,
            order.product,
            &money(order.unit_price_cents),
            &money(order.total_cents),
            if order.gift { "true" } else { "false" },
            moment,
            order.remark.unwrap_or_default(),
        ])?;
        Ok(())
    })?;
    writer.flush()?;
    Ok(())
}

/// Makes the rows, each with its moment as a text, until one fails.
fn each(rows: u64, mut take: impl FnMut(&Order<'_>, &str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut done = Ok(());
    let mut moment = Vec::new();
    Orders::default().each(1, rows, |order| {
        if done.is_ok() {
            moment.clear();
            orders::push_moment(&mut moment, order.created_at);
            done = std::str::from_utf8(&moment).map_err(Into::into).and_then(|moment| take(order, moment));
        }
    });
    done
}
