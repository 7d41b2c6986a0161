//! Measures imports: checking staged cells against a database, writing them, checking them again when all is there, and taking them
//! back, chunk after chunk; for PostgreSQL also what COPY alone takes for the same rows, from text that is ready, in one
//! connection. Beside the time it tells the processor time of this program and, on Linux and where the server is on this machine and the
//! person is its administrator, of PostgreSQL.
//!
//! ```sh
//! cargo run --release -p longshore-datasets --example import_write -- sqlite:/tmp/import.db [rows [threads]]
//! cargo run --release -p longshore-datasets --example import_write -- postgres://user:password@host/database [rows [threads]]
//! ```
//!
//! It makes a table `longshore_import_write` of 10 columns and drops it again; a file of SQLite is made where it is missing.

use std::fmt::Write;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let threads: usize = args.next().map_or(Ok(1), |threads| threads.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    make_table(&runtime, &url)?;
    let clock = Clock { row_count, server: runtime.block_on(server_of(&url)) };
    if url.starts_with("postgres") {
        let pieces = pieces(row_count)?;
        clock.measure("COPY alone", || runtime.block_on(copy(&url, pieces)))?;
        runtime.block_on(execute(&url, &format!("TRUNCATE {TABLE}")))?;
    }
    let dataset = dataset(&url)?;
    let spec = CheckSpec {
        mapping: (0..10).map(|index| (index, index as usize)).collect(),
        mode: ImportMode::Upsert,
        zone: TimeZone::UTC,
    };
    let starts: Vec<u32> = (0..row_count).step_by(CHUNK_ROWS).collect();
    let staged: Vec<RecordBatch> = starts
        .iter()
        .map(|first| cells(*first, (*first + CHUNK_ROWS as u32).min(row_count)))
        .collect::<Result<_, _>>()?;
    let check = |chunk: usize| {
        let plan = import::check(&dataset, &spec, &staged[chunk..=chunk], &Arc::default())?;
        Ok::<_, Failure>(plan)
    };
    let each = |work: &(dyn Fn(usize) -> Result<(), Failure> + Sync)| at_once(threads, starts.len(), work);
    let plans: Vec<std::sync::OnceLock<CheckedChunk>> = starts.iter().map(|_| Default::default()).collect();
    clock.measure("check, all new", || {
        each(&|chunk| plans[chunk].set(check(chunk)?).map_err(|_| "a chunk was checked twice".into()))
    })?;
    let plans: Vec<CheckedChunk> = plans.into_iter().filter_map(std::sync::OnceLock::into_inner).collect();
    let key = |chunk: usize| LedgerKey { import: "measured".to_owned(), chunk: chunk as u32 };
    clock.measure("write", || {
        each(&|chunk| {
            let mut chunks = std::iter::once(Ok::<_, ChunkError>(plans[chunk].clone()));
            let done = import::commit(&dataset, &spec, &key(chunk), &mut chunks, &Arc::default())?;
            assert!(!done.was_done_already);
            Ok(())
        })
    })?;
    clock.measure("check, all known", || {
        each(&|chunk| {
            let plan = check(chunk)?;
            assert_eq!(plan.counts().unchanged, plan.row_count() as u64);
            Ok(())
        })
    })?;
    clock.measure("take back", || {
        each(&|chunk| {
            let mut chunks = std::iter::once(Ok::<_, ChunkError>(plans[chunk].clone()));
            let undone = import::undo(
                &dataset,
                &spec,
                &key(chunk),
                &mut chunks,
                import::Pointed::Kept,
                &Arc::default(),
            )?;
            assert_eq!(undone.kept_count, 0);
            Ok(())
        })
    })?;
    runtime.block_on(execute(&url, &format!("DROP TABLE {TABLE}; DROP TABLE longshore_ledger")))
}

fn make_table(runtime: &tokio::runtime::Runtime, url: &str) -> Result<(), Failure> {
    runtime.block_on(execute(url, &format!("DROP TABLE IF EXISTS {TABLE}")))?;
    let boolean = if url.starts_with("sqlite") { "INTEGER" } else { "BOOLEAN" };
    let (text, timestamp) = match url.split(':').next() {
        Some("sqlite") => ("TEXT", "TEXT"),
        Some("postgres") => ("TEXT", "TIMESTAMP"),
        _ => ("VARCHAR(100)", "DATETIME(6)"),
    };
    let date = if url.starts_with("sqlite") { "TEXT" } else { "DATE" };
    runtime.block_on(execute(
        url,
        &format!(
            "CREATE TABLE {TABLE} (id BIGINT NOT NULL PRIMARY KEY, order_no {text}, customer {text}, phone {text}, \
             quantity BIGINT, total DECIMAL(18, 2), status {text}, gift {boolean}, order_date {date}, \
             created_at {timestamp})"
        ),
    ))
}

/// Does the work of each chunk, some at once.
fn at_once(
    threads: usize,
    count: usize,
    work: &(dyn Fn(usize) -> Result<(), Failure> + Sync),
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let run = || {
            while let chunk = next.fetch_add(1, Ordering::Relaxed)
                && chunk < count
            {
                work(chunk)?;
            }
            Ok(())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("it panicked".into())))
    })
}

/// Measures times.
struct Clock {
    row_count: u32,
    /// The process of the server whose children serve connections.
    server: Option<u32>,
}

impl Clock {
    fn measure(&self, what: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        let (own, server) = (processor_time("self", false), self.of_server());
        let started = Instant::now();
        work()?;
        let took = started.elapsed();
        let rate = f64::from(self.row_count) / took.as_secs_f64();
        let spent = |before: Option<Duration>, after: Option<Duration>| {
            let spent = before.zip(after).map(|(before, after)| after.saturating_sub(before).as_secs_f64());
            spent.map_or("-".to_owned(), |spent| format!("{spent:.2} s"))
        };
        println!(
            "{what:<18} {:>7.2} s {rate:>10.0} rows/s; processor: own {}, server {}",
            took.as_secs_f64(),
            spent(own, processor_time("self", false)),
            spent(server, self.of_server())
        );
        Ok(())
    }

    /// The processor time of a server with all that it has started.
    fn of_server(&self) -> Option<Duration> {
        let server = self.server?.to_string();
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).ok()?;
        let living: Duration =
            children.split_whitespace().filter_map(|child| processor_time(child, false)).sum();
        Some(processor_time(&server, true)? + living)
    }
}

/// The processor time of a process, and of its children that have ended
/// (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>); `None` where there is no `/proc`.
fn processor_time(process: &str, with_children: bool) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(if with_children { 4 } else { 2 });
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    // Linux tells it in hundredths of a second, whatever its own clock.
    Some(Duration::from_millis(ticks * 10))
}

/// The process id of PostgreSQL.
async fn server_of(url: &str) -> Option<u32> {
    if !url.starts_with("postgres") {
        return None;
    }
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.ok()?;
    let driver = tokio::spawn(connection);
    let row = client.query_one("SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)", &[]).await.ok();
    drop(client);
    driver.await.ok()?.ok()?;
    row?.try_get::<_, String>(0).ok()?.parse().ok()
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

/// All rows as lines of COPY.
fn pieces(row_count: u32) -> Result<Vec<bytes::Bytes>, Failure> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for number in 0..row_count {
        writeln!(piece, "{}", row(number).join("\t"))?;
        if piece.len() > 256 << 10 {
            pieces.push(bytes::Bytes::from(std::mem::take(&mut piece)));
        }
    }
    pieces.push(bytes::Bytes::from(piece));
    Ok(pieces)
}

async fn copy(url: &str, pieces: Vec<bytes::Bytes>) -> Result<(), Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let mut sink = pin!(client.copy_in(&format!("COPY {TABLE} FROM STDIN")).await?);
    for piece in pieces {
        sink.send(piece).await?;
    }
    sink.finish().await?;
    drop(client);
    driver.await??;
    Ok(())
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
