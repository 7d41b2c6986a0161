//! Measures imports: checking staged cells against a database, writing them, checking them again when all is there, and taking them
//! back; all in one thread, chunk after chunk. For PostgreSQL also what COPY alone takes for the same rows, from text that is ready.
//!
//! ```sh
//! cargo run --release -p longshore-datasets --example import_write -- sqlite:/tmp/import.db [rows]
//! cargo run --release -p longshore-datasets --example import_write -- postgres://user:password@host/database [rows]
//! ```
//!
//! It makes a table `longshore_import_write` of 10 columns and drops it again; a file of SQLite is made where it is missing.

use std::fmt::Write;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch, UInt8Array, UInt32Array};
use futures::SinkExt;
use jiff::tz::TimeZone;
use longshore_datasets::import::{self, CHUNK_ROWS, CheckSpec, CheckedChunk, ChunkError, LedgerKey};
use longshore_datasets::{Catalog, Dataset};
use longshore_protocol::import::{CellKind, ImportMode};
use mysql_async::prelude::Queryable;
use tokio_postgres::NoTls;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TABLE: &str = "longshore_import_write";
const DEFINITION: &str = "table = 'longshore_import_write'\nkey = ['id']\nimport = {}\ncolumn = [\
    { name = 'id', type = 'integer' }, { name = 'order_no', type = 'text' }, { name = 'customer', type = 'text' }, \
    { name = 'phone', type = 'text' }, { name = 'quantity', type = 'integer' }, \
    { name = 'total', type = 'decimal', scale = 2 }, { name = 'status', type = 'text' }, \
    { name = 'gift', type = 'boolean' }, { name = 'order_date', type = 'date' }, \
    { name = 'created_at', type = 'timestamp' }]";

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("name a database: sqlite:…, postgres://… or mysql://…")?;
    let row_count: u32 = args.next().map_or(Ok(1_000_000), |rows| rows.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(execute(&url, &format!("DROP TABLE IF EXISTS {TABLE}")))?;
    let boolean = if url.starts_with("sqlite") { "INTEGER" } else { "BOOLEAN" };
    let (text, timestamp) = match url.split(':').next() {
        Some("sqlite") => ("TEXT", "TEXT"),
        Some("postgres") => ("TEXT", "TIMESTAMP"),
        _ => ("VARCHAR(100)", "DATETIME(6)"),
    };
    let date = if url.starts_with("sqlite") { "TEXT" } else { "DATE" };
    runtime.block_on(execute(
        &url,
        &format!(
            "CREATE TABLE {TABLE} (id BIGINT NOT NULL PRIMARY KEY, order_no {text}, customer {text}, phone {text}, \
             quantity BIGINT, total DECIMAL(18, 2), status {text}, gift {boolean}, order_date {date}, \
             created_at {timestamp})"
        ),
    ))?;
    if url.starts_with("postgres") {
        let copied = runtime.block_on(copy_alone(&url, row_count))?;
        report("COPY alone", row_count, copied);
        runtime.block_on(execute(&url, &format!("TRUNCATE {TABLE}")))?;
    }
    let dataset = dataset(&url)?;
    let spec = CheckSpec {
        mapping: (0..10).map(|index| (index, index as usize)).collect(),
        mode: ImportMode::Upsert,
        zone: TimeZone::UTC,
    };
    let starts: Vec<u32> = (0..row_count).step_by(CHUNK_ROWS).collect();
    let mut plans = Vec::with_capacity(starts.len());
    let mut took = [Duration::ZERO; 4];
    for first in &starts {
        let cells = [cells(*first, (*first + CHUNK_ROWS as u32).min(row_count))?];
        let (plan, checked) = timed(|| import::check(&dataset, &spec, &cells, &Arc::default()))?;
        let stored = plan.to_bytes()?;
        took[0] += checked;
        plans.push(stored);
    }
    report("check, all new", row_count, took[0]);
    let key = |chunk: usize| LedgerKey { import: "measured".to_owned(), chunk: chunk as u32 };
    for (chunk, plan) in plans.iter().enumerate() {
        let mut chunks = std::iter::once(CheckedChunk::from_bytes(plan).map_err(ChunkError::from));
        let (done, written) =
            timed(|| import::commit(&dataset, &spec, &key(chunk), &mut chunks, &Arc::default()))?;
        assert!(!done.was_done_already);
        took[1] += written;
    }
    report("write", row_count, took[1]);
    for first in &starts {
        let cells = [cells(*first, (*first + CHUNK_ROWS as u32).min(row_count))?];
        let (plan, checked) = timed(|| import::check(&dataset, &spec, &cells, &Arc::default()))?;
        assert_eq!(plan.counts().unchanged, plan.row_count() as u64);
        took[2] += checked;
    }
    report("check, all known", row_count, took[2]);
    for (chunk, plan) in plans.iter().enumerate() {
        let mut chunks = std::iter::once(CheckedChunk::from_bytes(plan).map_err(ChunkError::from));
        let (undone, taken) =
            timed(|| import::undo(&dataset, &spec, &key(chunk), &mut chunks, &Arc::default()))?;
        assert_eq!(undone.kept_count, 0);
        took[3] += taken;
    }
    report("take back", row_count, took[3]);
    runtime.block_on(execute(&url, &format!("DROP TABLE {TABLE}; DROP TABLE longshore_ledger")))
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let started = Instant::now();
    let done = work()?;
    Ok((done, started.elapsed()))
}

fn report(what: &str, row_count: u32, took: Duration) {
    let rate = f64::from(row_count) / took.as_secs_f64();
    println!("{what:<18} {:>7.2} s {rate:>10.0} rows/s", took.as_secs_f64());
}

fn dataset(url: &str) -> Result<Dataset, Failure> {
    let toml = format!("[database.db]\nurl = '{url}'\n[dataset.d]\ndatabase = 'db'\n{DEFINITION}");
    let catalog = Catalog::from_config(&toml::from_str(&toml)?, Path::new("/"))?;
    Ok(catalog.get("d").ok_or("it was just declared")?.clone())
}

/// The cells of a row.
fn row(number: u32) -> [String; 10] {
    let number = u64::from(number);
    let (day, second) = (1 + number % 28, number % 60);
    [
        number.to_string(),
        format!("20260801{number:010}"),
        format!("Customer {}", number % 5000),
        format!("138{:08}", number * 7919 % 100_000_000),
        (1 + number % 9).to_string(),
        format!("{}.{:02}", number % 9973, number % 100),
        ["pending", "paid", "shipped", "completed"][(number % 4) as usize].to_owned(),
        (number % 10 == 0).to_string(),
        format!("2026-08-{day:02}"),
        format!("2026-08-{day:02} 10:30:{second:02}"),
    ]
}

fn cells(first: u32, end: u32) -> Result<RecordBatch, Failure> {
    let mut builders: Vec<StringBuilder> = (0..10).map(|_| StringBuilder::new()).collect();
    for number in first..end {
        for (builder, cell) in builders.iter_mut().zip(row(number)) {
            builder.append_value(cell);
        }
    }
    let kinds: ArrayRef = Arc::new(UInt8Array::from(vec![CellKind::Text as u8; (end - first) as usize]));
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("row".to_owned(), Arc::new(UInt32Array::from_iter_values(first + 2..end + 2)))];
    for (index, mut builder) in builders.into_iter().enumerate() {
        columns.push((format!("c{index}"), Arc::new(builder.finish())));
        columns.push((format!("k{index}"), Arc::clone(&kinds)));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}

async fn copy_alone(url: &str, row_count: u32) -> Result<Duration, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for number in 0..row_count {
        writeln!(piece, "{}", row(number).join("\t"))?;
        if piece.len() > 256 << 10 {
            pieces.push(bytes::Bytes::from(std::mem::take(&mut piece)));
        }
    }
    pieces.push(bytes::Bytes::from(piece));
    let started = Instant::now();
    let mut sink = pin!(client.copy_in(&format!("COPY {TABLE} FROM STDIN")).await?);
    for piece in pieces {
        sink.send(piece).await?;
    }
    sink.finish().await?;
    let took = started.elapsed();
    drop(client);
    driver.await??;
    Ok(took)
}

/// Runs statements, separated by `;`.
async fn execute(url: &str, sql: &str) -> Result<(), Failure> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        return Ok(connection.execute_batch(sql)?);
    }
    if url.starts_with("postgres") {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let driver = tokio::spawn(connection);
        client.batch_execute(sql).await?;
        drop(client);
        return Ok(driver.await??);
    }
    let mut connection = mysql_async::Conn::from_url(url).await?;
    for statement in sql.split(';') {
        connection.query_drop(statement).await?;
    }
    Ok(connection.disconnect().await?)
}
