//! Databases on the test server.

use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

use crate::suite::Fresh;

/// The server to test against; without one the skip is announced.
pub fn server() -> Option<String> {
    let url = std::env::var("LONGSHORE_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("SKIPPED: LONGSHORE_TEST_POSTGRES_URL names no PostgreSQL server; `make test` starts one");
    }
    url
}

/// A connection beside what is tested.
pub struct Side {
    runtime: Runtime,
    client: Client,
}

impl Side {
    pub fn connect(url: &str) -> Side {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("starts");
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).expect("connects");
        runtime.spawn(connection);
        Side { runtime, client }
    }

    pub fn execute(&self, sql: &str) {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// The first value of what a query yields.
    pub fn number(&self, sql: &str) -> i64 {
        self.runtime.block_on(self.client.query_one(sql, &[])).expect("one row").get(0)
    }
}

/// A database of its own for one test.
pub struct Server {
    name: String,
    url: String,
    /// In the server's own database, so that this one can be dropped.
    admin: Side,
    side: Option<Side>,
}

impl Server {
    pub fn fresh(server: &str) -> Server {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("longshore_test_{}_{number}", std::process::id());
        let admin = Side::connect(server);
        admin.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        admin.execute(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        let (before, _) = server.rsplit_once('/').expect("an address with a database");
        let url = format!("{before}/{name}");
        let side = Some(Side::connect(&url));
        Server { name, url, admin, side }
    }

    /// Ends the sessions of what is tested, as an administrator would.
    pub fn terminate(&self) {
        self.admin.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'longshore'",
            self.name
        ));
    }

    /// The same name and password at another port.
    pub fn url_at(&self, port: u16) -> String {
        let (before, database) = self.url.rsplit_once('/').expect("an address with a database");
        let (user, _) = before.rsplit_once('@').expect("an address with a user");
        format!("{user}@127.0.0.1:{port}/{database}")
    }

    /// Where the server listens.
    pub fn address(&self) -> String {
        let (_, after) = self.url.rsplit_once('@').expect("an address with a user");
        after.split('/').next().expect("a host").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.side = None;
        if !std::thread::panicking() {
            self.admin.execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

impl Fresh for Server {
    fn url(&self) -> String {
        self.url.clone()
    }

    fn execute(&self, sql: &str) {
        self.side.as_ref().expect("until it is dropped").execute(sql);
    }

    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn sql_type(&self, declared: &str) -> &'static str {
        match declared {
            "integer" => "bigint",
            "decimal" => "numeric(18, 2)",
            "float" => "double precision",
            "boolean" => "boolean",
            "date" => "date",
            "time" => "time",
            "timestamp" => "timestamp",
            "timestamp_tz" => "timestamptz",
            _ => "varchar(200)",
        }
    }

    fn moment(&self, utc: &str) -> String {
        format!("'{utc}+00'")
    }

    fn numbers(&self, count: u64) -> String {
        format!("SELECT i FROM generate_series(1::bigint, {count}) AS i")
    }

    fn running(&self) -> usize {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'longshore'",
            self.name
        );
        usize::try_from(self.admin.number(&sql)).expect("a count")
    }
}
