//! The orders in SQLite and PostgreSQL, and the configuration that declares them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::contender::{Step, folder_of_programs};

const SQLITE_FILE: &str = "orders.sqlite";
/// What a PostgreSQL that is filled anew needs; the types are those an application would choose.
const MAKE: &str = "SET client_min_messages = warning;
    DROP TABLE IF EXISTS orders;
    CREATE TABLE orders (id bigint PRIMARY KEY, order_no text NOT NULL, customer text NOT NULL, city text NOT NULL,
        product text NOT NULL, unit_price numeric(12, 2) NOT NULL, total numeric(12, 2) NOT NULL, gift boolean NOT NULL,
        created_at timestamp NOT NULL, remark text)";

/// A PostgreSQL that may be filled.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) psql: PathBuf,
}

/// Where orders can be.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    Postgres(Postgres),
}

/// A database with the orders, as long as this lives.
pub(crate) struct Filled<'a> {
    pub(crate) database: &'a Database,
    pub(crate) rows: u64,
    /// Declares them as a dataset that is called as the database is.
    pub(crate) config: PathBuf,
}

impl Database {
    pub(crate) fn sqlite(folder: &Path) -> Database {
        Database::Sqlite(folder.join(SQLITE_FILE))
    }

    /// As programs call it.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Database::Sqlite(_) => "sqlite",
            Database::Postgres(_) => "postgres",
        }
    }

    /// As people call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Database::Sqlite(_) => "SQLite",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    /// As the configuration has it, which is in the same folder.
    fn url(&self) -> String {
        match self {
            Database::Sqlite(_) => format!("sqlite:{SQLITE_FILE}"),
            Database::Postgres(postgres) => postgres.url.clone(),
        }
    }

    /// As other programs than the product are told.
    pub(crate) fn address(&self) -> String {
        match self {
            Database::Sqlite(file) => file.to_string_lossy().into_owned(),
            Database::Postgres(postgres) => postgres.url.clone(),
        }
    }
}

impl Filled<'_> {
    /// Fills a database with `rows` orders; the configuration is put into `folder`.
    pub(crate) fn with<'a>(database: &'a Database, rows: u64, folder: &Path) -> anyhow::Result<Filled<'a>> {
        eprintln!("    filling {} with {rows} orders", database.name());
        let filled = Filled { database, rows, config: folder.join("longshore.toml") };
        match database {
            Database::Sqlite(file) => fill_sqlite(file, rows)?,
            Database::Postgres(postgres) => postgres.fill(rows)?,
        }
        std::fs::write(&filled.config, configuration(database))?;
        Ok(filled)
    }
}

/// Also after a failure: ten times the rows take gigabytes.
impl Drop for Filled<'_> {
    fn drop(&mut self) {
        std::fs::remove_file(&self.config).ok();
        match self.database {
            Database::Sqlite(file) => std::fs::remove_file(file).ok(),
            Database::Postgres(postgres) => postgres.run("DROP TABLE IF EXISTS orders", Stdio::null()).ok(),
        };
    }
}

impl Postgres {
    /// The one that the environment names.
    pub(crate) fn named() -> Option<Postgres> {
        match (std::env::var("BENCH_POSTGRES_URL"), std::env::var_os("BENCH_PSQL")) {
            (Ok(url), Some(psql)) => Some(Postgres { url, psql: psql.into() }),
            _ => None,
        }
    }

    fn fill(&self, rows: u64) -> anyhow::Result<()> {
        self.run(MAKE, Stdio::null())?;
        let mut csv = making("csv", rows, Path::new("/dev/stdout"))?.stdout(Stdio::piped()).spawn()?;
        let input = csv.stdout.take().context("a pipe")?;
        self.run("COPY orders FROM STDIN (FORMAT CSV)", input.into())?;
        ensure!(csv.wait()?.success(), "the orders could not be made");
        // So that reading does no work left over from filling.
        self.run("VACUUM (ANALYZE, FREEZE) orders", Stdio::null())?;
        self.run("CHECKPOINT", Stdio::null())
    }

    /// Writes the orders to a file.
    pub(crate) fn copy_out(&self, format: &str, file: &Path) -> anyhow::Result<()> {
        let sql = format!("COPY (SELECT * FROM orders ORDER BY id) TO STDOUT (FORMAT {format})");
        self.pipe(&sql, Stdio::null(), File::create(file)?.into())
    }

    /// What runs one statement, and prints its result without anything around it.
    pub(crate) fn step(&self, sql: &str) -> Step {
        let plain = ["-A", "-t"].map(str::to_owned).into_iter();
        Step { program: self.psql.clone(), arguments: plain.chain(self.arguments(sql)).collect() }
    }

    fn run(&self, sql: &str, input: Stdio) -> anyhow::Result<()> {
        self.pipe(sql, input, Stdio::null())
    }

    fn pipe(&self, sql: &str, input: Stdio, output: Stdio) -> anyhow::Result<()> {
        let mut command = Command::new(&self.psql);
        command.args(self.arguments(sql)).stdin(input).stdout(output);
        let status = command.status().context("psql")?;
        ensure!(status.success(), "psql failed at {sql}");
        Ok(())
    }

    /// What psql needs to run one statement.
    pub(crate) fn arguments(&self, sql: &str) -> Vec<String> {
        ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url].map(str::to_owned).to_vec()
    }
}

fn fill_sqlite(file: &Path, rows: u64) -> anyhow::Result<()> {
    std::fs::remove_file(file).ok();
    let status = making("sqlite", rows, file)?.status().context("sources")?;
    ensure!(status.success(), "{} could not be made", file.display());
    Ok(())
}

fn making(what: &str, rows: u64, file: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(folder_of_programs()?.join("sources"));
    command.args([what, &rows.to_string()]).arg(file);
    Ok(command)
}

fn configuration(database: &Database) -> String {
    let (id, url) = (database.id(), database.url());
    let money = |name: &str| match database {
        Database::Sqlite(_) => format!(
            "{{ name = '{name}', source = '{name}_cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }}"
        ),
        Database::Postgres(_) => format!("{{ name = '{name}', type = 'decimal', scale = 2 }}"),
    };
    let columns = [
        plain("id", "integer"),
        plain("order_no", "text"),
        plain("customer", "text"),
        plain("city", "text"),
        plain("product", "text"),
        money("unit_price"),
        money("total"),
        plain("gift", "boolean"),
        plain("created_at", "timestamp"),
        plain("remark", "text"),
    ];
    format!(
        "[database.{id}]\nurl = '{url}'\n[dataset.{id}]\ndatabase = '{id}'\ntable = 'orders'\nkey = ['id']\nimport = {{}}\ncolumn = [\n    {}\n]\n",
        columns.join(",\n    ")
    )
}

fn plain(name: &str, column_type: &str) -> String {
    format!("{{ name = '{name}', type = '{column_type}' }}")
}
