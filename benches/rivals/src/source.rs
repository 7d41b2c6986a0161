//! Where the orders come from: made on the spot, or read from a database as one would by hand.

use std::error::Error;
use std::pin::pin;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use futures_util::TryStreamExt;
use orders::{HEADERS, Order, Orders};
use tokio_postgres::types::{FromSql, Type, accepts};
use tokio_postgres::{NoTls, Row};

const FROM_SQLITE: &str = "SELECT id, order_no, customer, city, product, unit_price_cents, total_cents, gift,
    created_at, remark FROM orders ORDER BY id";
/// Rows that go from thread to thread together.
const BATCH_ROWS: usize = 1024;

/// Where the orders come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// So many, made.
    Made(u64),
    /// A file.
    Sqlite(&'a str),
    /// A URL.
    Postgres(&'a str),
}

impl Source<'_> {
    /// Hands all orders on to `take`, in order, until it fails.
    pub(crate) fn each(self, take: impl FnMut(&Order<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        match self {
            Source::Made(rows) => made(rows, take),
            Source::Sqlite(file) => sqlite(file, take),
            Source::Postgres(url) => postgres(url, take),
        }
    }
}

fn made(rows: u64, mut take: impl FnMut(&Order<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut done = Ok(());
    Orders::default().each(1, rows, |order| {
        if done.is_ok() {
            done = take(order);
        }
    });
    done
}

fn sqlite(file: &str, mut take: impl FnMut(&Order<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let database = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = database.prepare(FROM_SQLITE)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        take(&Order {
            id: row.get(0)?,
            order_no: row.get_ref(1)?.as_str()?,
            customer: row.get_ref(2)?.as_str()?,
            city: row.get_ref(3)?.as_str()?,
            product: row.get_ref(4)?.as_str()?,
            unit_price_cents: row.get(5)?,
            total_cents: row.get(6)?,
            gift: row.get(7)?,
            created_at: orders::seconds_of(row.get_ref(8)?.as_str()?).context("a moment")?,
            remark: row.get_ref(9)?.as_str_or_null()?,
        })?;
    }
    Ok(())
}

/// By a query whose rows are streamed, in batches and by a thread of its own, so that some are read while others are written.
fn postgres(url: &str, mut take: impl FnMut(&Order<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (sender, batches) = sync_channel(2);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read_postgres(url, sender));
        for row in batches.into_iter().flatten() {
            take(&Order {
                id: row.try_get(0)?,
                order_no: row.try_get(1)?,
                customer: row.try_get(2)?,
                city: row.try_get(3)?,
                product: row.try_get(4)?,
                unit_price_cents: row.try_get::<_, Cents>(5)?.0,
                total_cents: row.try_get::<_, Cents>(6)?.0,
                gift: row.try_get(7)?,
                created_at: row.try_get::<_, SystemTime>(8)?.duration_since(UNIX_EPOCH)?.as_secs() as i64,
                remark: row.try_get(9)?,
            })?;
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[tokio::main(flavor = "current_thread")]
async fn read_postgres(url: &str, batches: SyncSender<Vec<Row>>) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let select = format!("SELECT {} FROM orders ORDER BY id", HEADERS.join(", "));
    let rows = client.query_raw(&select, [false; 0]).await?;
    let mut rows = pin!(rows.try_chunks(BATCH_ROWS));
    while let Some(batch) = rows.try_next().await? {
        batches.send(batch)?;
    }
    Ok(())
}

/// A numeric that is not negative, in hundredths.
struct Cents(i64);

impl<'a> FromSql<'a> for Cents {
    /// Four words, of which the second is the power of the first digit and the third the sign; then digits to the base 10,000.
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Cents, Box<dyn Error + Sync + Send>> {
        let (words, _) = raw.as_chunks();
        let mut words = words.iter().map(|word| i64::from(i16::from_be_bytes(*word)));
        let (Some(_), Some(power), Some(0), Some(_)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("a number that is no price".into());
        };
        // Digits that are left out at the end are zeros.
        let mut digits = words.chain(std::iter::repeat(0));
        let whole =
            digits.by_ref().take(usize::try_from(power + 1)?).fold(0, |whole, digit| whole * 10_000 + digit);
        Ok(Cents(whole * 100 + digits.next().unwrap_or_default() / 100))
    }

    accepts!(NUMERIC);
}
