//! How long reading rows of MySQL or MariaDB into Arrow batches takes.
//!
//! ```sh
//! cargo run --release -p longshore-datasets --example mysql_read -- mysql://root@127.0.0.1:3306 1000000
//! ```
//!
//! makes the database `longshore_read` with that many orders of 10 columns, unless it is there, and reads it three times. The
//! limit is what the server's own client takes to throw the same rows away:
//!
//! ```sh
//! time mariadb --quick -B -h127.0.0.1 -uroot longshore_read -e 'SELECT * FROM orders ORDER BY id' > /dev/null
//! ```

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use jiff::tz::TimeZone;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Catalog, Query};
use mysql_async::prelude::Queryable;

const ORDERS: &str = "
table = 'orders'
key = ['id']
column = [
    { name = 'id', type = 'integer' },
    { name = 'order_no', type = 'text' },
    { name = 'customer', type = 'text' },
    { name = 'email', type = 'text' },
    { name = 'status', type = 'text' },
    { name = 'quantity', type = 'integer' },
    { name = 'total', type = 'decimal', scale = 2 },
    { name = 'weight', type = 'float' },
    { name = 'ordered_on', type = 'date' },
    { name = 'created_at', type = 'timestamp' },
]
";

struct Counted {
    row_count: usize,
    byte_count: usize,
}

impl RowSink for Counted {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.row_count += batch.num_rows();
        self.byte_count += batch.get_array_memory_size();
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let server =
        arguments.next().ok_or("give the address of a server, such as mysql://root@127.0.0.1:3306")?;
    let row_count: u64 = arguments.next().as_deref().unwrap_or("1000000").parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(make_orders(&server, row_count))?;
    let toml =
        format!("[database.db]\nurl = '{server}/longshore_read'\n[dataset.orders]\ndatabase = 'db'{ORDERS}");
    let catalog = Catalog::from_config(&toml::from_str(&toml)?, ".".as_ref())?;
    let dataset = catalog.get("orders").ok_or("declared above")?;
    let query = Query::check(dataset, &[], &[], &[], &TimeZone::UTC).map_err(|_| "a valid query")?;
    for _ in 0..3 {
        let begun = Instant::now();
        let mut sink = Counted { row_count: 0, byte_count: 0 };
        source::read(dataset, &query, &Arc::default(), &mut sink)?;
        let seconds = begun.elapsed().as_secs_f64();
        let rate = sink.row_count as f64 / seconds;
        println!(
            "{} rows, {} MB of Arrow: {seconds:.2} s, {rate:.0} rows/s",
            sink.row_count,
            sink.byte_count >> 20
        );
    }
    Ok(())
}

async fn make_orders(server: &str, row_count: u64) -> mysql_async::Result<()> {
    let mut connection = mysql_async::Conn::new(mysql_async::Opts::from_url(server)?).await?;
    connection.query_drop("CREATE DATABASE IF NOT EXISTS longshore_read CHARACTER SET utf8mb4").await?;
    connection.query_drop("USE longshore_read").await?;
    let table = "CREATE TABLE IF NOT EXISTS orders (id BIGINT PRIMARY KEY, order_no VARCHAR(32), customer VARCHAR(64), \
         email VARCHAR(64), status VARCHAR(16), quantity INT, total DECIMAL(12,2), weight DOUBLE, ordered_on DATE, \
         created_at DATETIME)";
    connection.query_drop(table).await?;
    let there: Option<u64> = connection.query_first("SELECT count(*) FROM orders").await?;
    if there != Some(row_count) {
        connection.query_drop("TRUNCATE orders").await?;
        connection.query_drop("CREATE TEMPORARY TABLE digits (d INT)").await?;
        connection.query_drop("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)").await?;
        // A temporary table can't be joined with itself, so rows are multiplied by ten again and again.
        let row = "SELECT n, CONCAT('2026', LPAD(n, 14, '0')), CONCAT('客户 ', n % 5000), CONCAT('person', n % 5000, \
             '@example.com'), ELT(n % 4 + 1, 'new', 'paid', 'shipped', 'returned'), n % 20, n % 100000 / 7, n / 3, \
             DATE '2023-01-01' + INTERVAL n % 1300 DAY, TIMESTAMP '2023-01-01 00:00:00' + INTERVAL n * 97 SECOND FROM";
        connection.query_drop("CREATE TEMPORARY TABLE numbers AS SELECT 0 AS n").await?;
        let mut made = 1u64;
        while made < row_count {
            let tenfold =
                format!("CREATE TEMPORARY TABLE more AS SELECT n + d * {made} AS n FROM numbers, digits");
            connection.query_drop(tenfold).await?;
            connection.query_drop("DROP TEMPORARY TABLE numbers").await?;
            connection.query_drop("ALTER TABLE more RENAME TO numbers").await?;
            made *= 10;
        }
        connection.query_drop(format!("INSERT INTO orders {row} numbers WHERE n < {row_count}")).await?;
        connection.query_drop("ANALYZE TABLE orders").await?;
    }
    connection.disconnect().await
}
