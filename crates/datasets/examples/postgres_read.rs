//! Measures how fast PostgreSQL's rows become Arrow batches: as Longshore reads them, by `COPY … (FORMAT BINARY)` decoded
//! into the same columns, and both without decoding.
//!
//! ```sh
//! cargo run --release -p longshore-datasets --example postgres_read -- postgres://user:password@host/database [rows]
//! ```
//!
//! It makes a table `longshore_postgres_read` of 10 columns and drops it again.

use std::ops::ControlFlow;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use futures::TryStreamExt;
use longshore_datasets::source::{self, BATCH_ROWS, Begin, RowSink};
use longshore_datasets::{Catalog, Query};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

const TABLE: &str = "longshore_postgres_read";
const SELECT: &str = "SELECT id, order_no, customer, phone, quantity, total, status, gift, order_date, created_at \
     FROM longshore_postgres_read ORDER BY id";
const ROUNDS: usize = 5;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("name the database: postgres://user:password@host/database")?;
    let rows: u64 = args.next().map_or(Ok(1_000_000), |rows| rows.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (client, connection) = runtime.block_on(tokio_postgres::connect(&url, NoTls))?;
    runtime.spawn(async move { drop(connection.await) });
    runtime.block_on(make_table(&client, rows))?;
    let server = runtime.block_on(client.query_one("SELECT pg_backend_pid()", &[]))?.get(0);
    let measured = measure(&url, rows, server, |way| {
        runtime.block_on(async {
            match way {
                Way::StreamAlone => drain_stream(&client).await,
                Way::CopyAlone => drain_copy(&client).await,
                Way::CopyDecoded => decode_copy(&client).await,
            }
        })
    });
    runtime.block_on(client.batch_execute(&format!("DROP TABLE {TABLE}")))?;
    measured
}

#[derive(Clone, Copy)]
enum Way {
    StreamAlone,
    CopyAlone,
    CopyDecoded,
}

fn measure(
    url: &str,
    rows: u64,
    server: i32,
    run: impl Fn(Way) -> Result<u64, Failure>,
) -> Result<(), Failure> {
    println!("best of {ROUNDS}, {rows} rows of 10 columns; seconds");
    println!("{:<36} {:>7} {:>10} {:>10} {:>9}", "", "wall", "client CPU", "server CPU", "M rows/s");
    let report = |name: &str, read: &dyn Fn() -> Result<u64, Failure>| -> Result<(), Failure> {
        let (mut wall, mut client_cpu, mut server_cpu) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let (begun, client_before, server_before) =
                (Instant::now(), cpu("self"), cpu(&server.to_string()));
            let read = read()?;
            wall = wall.min(begun.elapsed().as_secs_f64());
            client_cpu = client_cpu.min(cpu("self") - client_before);
            server_cpu = server_cpu.min(cpu(&server.to_string()) - server_before);
            assert_eq!(read, rows, "{name} reads all");
        }
        let speed = rows as f64 / wall / 1e6;
        println!("{name:<36} {wall:>7.3} {client_cpu:>10.3} {server_cpu:>10.3} {speed:>9.2}");
        Ok(())
    };
    // Its own connection has a process of its own in the server, so that server CPU says nothing.
    report("row stream, decoded (source::read)", &|| read_dataset(url))?;
    report("COPY binary, decoded", &|| run(Way::CopyDecoded))?;
    report("row stream alone", &|| run(Way::StreamAlone))?;
    report("COPY binary alone", &|| run(Way::CopyAlone))
}

/// Seconds that a process of this machine has been running; Linux only, elsewhere nothing.
fn cpu(process: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(f64::NAN, |nanos| nanos / 1e9)
}

async fn make_table(client: &Client, rows: u64) -> Result<(), Failure> {
    let sql = format!(
        "DROP TABLE IF EXISTS {TABLE};
         CREATE TABLE {TABLE} (id bigint PRIMARY KEY, order_no text NOT NULL, customer text NOT NULL, phone text NOT NULL,
             quantity integer NOT NULL, total numeric(12, 2), status text NOT NULL, gift boolean NOT NULL,
             order_date date NOT NULL, created_at timestamp NOT NULL);
         INSERT INTO {TABLE} SELECT i, lpad((i * 7919)::text, 18, '0'), '客户 ' || i % 50000, '0138' || lpad((i % 9999999)::text, 8, '0'),
             i % 20 + 1, (i * 37 % 1000000)::numeric / 100, (ARRAY['paid', 'shipped', 'open', 'cancelled'])[i % 4 + 1], i % 10 = 0,
             date '2023-01-01' + (i % 1277)::int, timestamp '2023-01-01' + i % 110000000 * interval '1 second'
             FROM generate_series(1::bigint, {rows}) AS i;
         VACUUM ANALYZE {TABLE}"
    );
    for statement in sql.split(';') {
        client.batch_execute(statement).await?;
    }
    Ok(())
}

struct Counted(u64);

impl RowSink for Counted {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.0 += batch.num_rows() as u64;
        ControlFlow::Continue(())
    }
}

fn read_dataset(url: &str) -> Result<u64, Failure> {
    let toml = format!(
        "[database.db]\nurl = '{url}'\n[dataset.orders]\ndatabase = 'db'\ntable = '{TABLE}'\nkey = ['id']\ncolumn = [
         {{ name = 'id', type = 'integer' }}, {{ name = 'order_no', type = 'text' }},
         {{ name = 'customer', type = 'text' }}, {{ name = 'phone', type = 'text' }},
         {{ name = 'quantity', type = 'integer' }}, {{ name = 'total', type = 'decimal', scale = 2 }},
         {{ name = 'status', type = 'text' }}, {{ name = 'gift', type = 'boolean' }},
         {{ name = 'order_date', type = 'date' }}, {{ name = 'created_at', type = 'timestamp' }}]"
    );
    let catalog = Catalog::from_config(&toml::from_str(&toml)?, Path::new("."))?;
    let dataset = catalog.get("orders").ok_or("declared above")?;
    let mut counted = Counted(0);
    source::read(dataset, &Query::all_of(dataset), &Arc::default(), &mut counted)?;
    Ok(counted.0)
}

async fn drain_stream(client: &Client) -> Result<u64, Failure> {
    let mut rows = pin!(client.query_raw(SELECT, std::iter::empty::<&(dyn ToSql + Sync)>()).await?);
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

async fn drain_copy(client: &Client) -> Result<u64, Failure> {
    let sql = format!("COPY ({SELECT}) TO STDOUT (FORMAT BINARY)");
    let mut messages = pin!(client.copy_out(&sql).await?);
    let mut count = 0;
    while messages.try_next().await?.is_some() {
        count += 1;
    }
    // The first message bears the head beside its row, the last one the end.
    Ok(count - 1)
}

/// Bytes before the first row (<https://www.postgresql.org/docs/current/sql-copy.html>).
const HEAD: usize = 19;

async fn decode_copy(client: &Client) -> Result<u64, Failure> {
    let sql = format!("COPY ({SELECT}) TO STDOUT (FORMAT BINARY)");
    let mut messages = pin!(client.copy_out(&sql).await?);
    let mut batch = Batch::default();
    let (mut count, mut is_first) = (0, true);
    while let Some(message) = messages.try_next().await? {
        let row = if is_first { &message[HEAD..] } else { &message[..] };
        is_first = false;
        if row.starts_with(&[0xFF, 0xFF]) {
            continue;
        }
        batch.append(&row[2..]);
        count += 1;
        if count % BATCH_ROWS as u64 == 0 {
            batch.finish();
        }
    }
    batch.finish();
    Ok(count)
}

#[derive(Default)]
struct Batch {
    integers: [Int64Builder; 2],
    texts: [StringBuilder; 4],
    total: Decimal128Builder,
    gift: BooleanBuilder,
    order_date: Date32Builder,
    created_at: TimestampMicrosecondBuilder,
}

impl Batch {
    fn append(&mut self, mut rest: &[u8]) {
        let mut cell = || {
            let (length, after) = rest.split_at(4);
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            let length = usize::try_from(length).unwrap_or(0);
            let (cell, after) = after.split_at(length);
            rest = after;
            cell
        };
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        self.integers[0].append_value(number(cell()));
        self.texts[0].append_value(text(cell()));
        self.texts[1].append_value(text(cell()));
        self.texts[2].append_value(text(cell()));
        self.integers[1].append_value(number(cell()));
        self.total.append_value(cents(cell()));
        self.texts[3].append_value(text(cell()));
        self.gift.append_value(cell() == [1]);
        self.order_date.append_value(number(cell()) as i32 + 10_957);
        self.created_at.append_value(number(cell()) + 10_957 * 86_400_000_000);
    }

    fn finish(&mut self) {
        for builder in &mut self.integers {
            std::hint::black_box(builder.finish());
        }
        for builder in &mut self.texts {
            std::hint::black_box(builder.finish());
        }
        std::hint::black_box((
            self.total.finish(),
            self.gift.finish(),
            self.order_date.finish(),
            self.created_at.finish(),
        ));
    }
}

fn number(bytes: &[u8]) -> i64 {
    match *bytes {
        [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => i64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

/// A numeric of at most two digits after the point, in hundredths.
fn cents(bytes: &[u8]) -> i128 {
    let weight = i32::from(i16::from_be_bytes([bytes[2], bytes[3]]));
    let (mut units, mut exponent) = (0i128, 4 * weight);
    for group in bytes[8..].chunks_exact(2) {
        let group = i128::from(u16::from_be_bytes([group[0], group[1]]));
        units += if exponent >= 0 { group * 10i128.pow(exponent.unsigned_abs()) * 100 } else { group / 100 };
        exponent -= 4;
    }
    units
}
