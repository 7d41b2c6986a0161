//! A database of its own for each test, on the server that LONGSHORE_TEST_MYSQL_URL names; `make test` starts one.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arrow_array::RecordBatch;
use jiff::tz::TimeZone;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Catalog, Dataset, Query, SourceError, text};
use longshore_protocol::{Filter, Sort};
use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Opts};
use tokio::runtime::Runtime;

/// Rows of text cells.
pub type Rows = Vec<Vec<Option<String>>>;

/// The server to test against; without one the skip is announced.
pub fn server() -> Option<String> {
    let url = std::env::var("LONGSHORE_TEST_MYSQL_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!(
            "SKIPPED: LONGSHORE_TEST_MYSQL_URL names no MySQL or MariaDB server; `make test` starts one"
        );
    }
    url
}

/// A database that is dropped at the end.
pub struct Database {
    pub name: String,
    pub url: String,
    runtime: Runtime,
    connection: Option<Conn>,
}

impl Database {
    /// `None` without a server.
    pub fn new() -> Option<Database> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let server = server()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("longshore_test_{now:x}_{number}_{}", std::process::id());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let opts = Opts::from_url(&server).expect("an address");
        let connection = runtime.block_on(Conn::new(opts)).expect("connects");
        let url = format!("{}/{name}", server.trim_end_matches('/'));
        let mut database = Database { name, url, runtime, connection: Some(connection) };
        let created = format!("CREATE DATABASE {} CHARACTER SET utf8mb4", database.name);
        database.run(&created);
        let used = format!("USE {}", database.name);
        database.run(&used);
        // Zero dates and halves of characters are what old programs have written.
        database.run("SET sql_mode = ''");
        Some(database)
    }

    pub fn run(&mut self, sql: &str) {
        let connection = self.connection.as_mut().expect("connected");
        self.runtime.block_on(connection.query_drop(sql)).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub fn ask<T: FromRow + Send + 'static>(&mut self, sql: &str) -> Vec<T> {
        let connection = self.connection.as_mut().expect("connected");
        self.runtime.block_on(connection.query(sql)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn is_mariadb(&mut self) -> bool {
        self.ask::<String>("SELECT VERSION()")[0].contains("MariaDB")
    }

    /// A table `numbers` with a column `n` from 0.
    pub fn make_numbers(&mut self, powers_of_ten: u32) {
        self.run("CREATE TABLE digits (d INT PRIMARY KEY)");
        self.run("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
        self.run("CREATE TABLE numbers (n INT PRIMARY KEY)");
        let names: Vec<String> = (0..powers_of_ten).map(|power| format!("d{power}")).collect();
        let sum: Vec<String> =
            (0..powers_of_ten).map(|power| format!("d{power}.d * {}", 10u32.pow(power))).collect();
        let from: Vec<String> = names.iter().map(|name| format!("digits {name}")).collect();
        self.run(&format!("INSERT INTO numbers SELECT {} FROM {}", sum.join(" + "), from.join(", ")));
    }

    /// The dataset `d` of a definition without its database.
    pub fn dataset(&self, definition: &str) -> Dataset {
        self.dataset_at(&self.url, definition)
    }

    /// The same, reached by another address or with more settings behind it.
    pub fn dataset_at(&self, url: &str, definition: &str) -> Dataset {
        let (url, settings) = url.split_once('\n').unwrap_or((url, ""));
        let toml = format!(
            "[database.db]\nurl = '{url}'\n{settings}\n[dataset.d]\ndatabase = 'db'\nkey = ['id']\n{definition}"
        );
        let config = toml::from_str(&toml).expect("well-formed");
        let catalog = Catalog::from_config(&config, ".".as_ref()).expect("valid");
        catalog.get("d").expect("declared").clone()
    }

    /// Waits until nobody but this test is connected to the database.
    pub fn wait_until_alone(&mut self) {
        let others = format!(
            "SELECT COALESCE(info, command) FROM information_schema.processlist \
             WHERE db = '{}' AND id <> CONNECTION_ID()",
            self.name
        );
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let running: Vec<String> = self.ask(&others);
            if running.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "the server still has {running:?}");
            std::thread::yield_now();
        }
    }

    /// Waits until a statement with that text runs in the database, and gives its connection's id.
    pub fn wait_for(&mut self, part: &str) -> u64 {
        let asked = format!(
            "SELECT id FROM information_schema.processlist \
             WHERE db = '{}' AND id <> CONNECTION_ID() AND info LIKE '%{part}%'",
            self.name
        );
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(id) = self.ask::<u64>(&asked).first() {
                return *id;
            }
            assert!(Instant::now() < until, "{part} was never seen");
            std::thread::yield_now();
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let drop = format!("DROP DATABASE IF EXISTS {}", self.name);
        let dropped = self.runtime.block_on(async {
            connection.query_drop(drop).await?;
            connection.disconnect().await
        });
        if !std::thread::panicking() {
            dropped.expect("drops the database");
        }
    }
}

/// Gathers what is read; may have enough after some batches.
#[derive(Default)]
pub struct Collected {
    pub announced: Option<u64>,
    pub rows: Rows,
    pub batches: usize,
    pub break_at: Option<usize>,
}

impl RowSink for Collected {
    fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
        self.announced = begin.row_count;
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.rows.extend(text::rows(&batch));
        self.batches += 1;
        if self.break_at == Some(self.batches) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

pub fn query(
    dataset: &Dataset,
    columns: &[&str],
    filters: &[(&str, &str, serde_json::Value)],
    sort: &[&str],
) -> Query {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let filters: Vec<Filter> = filters
        .iter()
        .map(|(column, op, value)| Filter {
            column: (*column).into(),
            op: (*op).into(),
            value: value.clone(),
        })
        .collect();
    let sort: Vec<Sort> = sort
        .iter()
        .map(|name| match name.strip_prefix('-') {
            Some(name) => Sort { column: name.into(), descending: true },
            None => Sort { column: (*name).into(), descending: false },
        })
        .collect();
    Query::check(dataset, &columns, &filters, &sort, &TimeZone::UTC).expect("a valid query")
}

/// All rows of a query, as many as were announced.
pub fn read(dataset: &Dataset, query: &Query) -> Result<Rows, SourceError> {
    let mut collected = Collected::default();
    source::read(dataset, query, &Arc::default(), &mut collected)?;
    assert_eq!(collected.announced, Some(collected.rows.len() as u64));
    Ok(collected.rows)
}

/// All rows and columns, by key.
pub fn read_all(dataset: &Dataset) -> Result<Rows, SourceError> {
    read(dataset, &query(dataset, &[], &[], &[]))
}
