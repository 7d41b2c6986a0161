//! The orders in SQLite and PostgreSQL, and the configuration that declares both.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::contender::{Step, folder_of_programs};

/// What a PostgreSQL that is filled anew needs; the types are those an application would choose.
const MAKE: &str = "DROP TABLE IF EXISTS orders;
    CREATE TABLE orders (id bigint PRIMARY KEY, order_no text NOT NULL, customer text NOT NULL, city text NOT NULL,
        product text NOT NULL, unit_price numeric(12, 2) NOT NULL, total numeric(12, 2) NOT NULL, gift boolean NOT NULL,
        created_at timestamp NOT NULL, remark text)";

/// A PostgreSQL that has the orders.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) psql: PathBuf,
}

/// Where the orders are.
pub(crate) struct Tables {
    /// A configuration with the datasets `sqlite` and, where there is one, `postgres`.
    pub(crate) config: PathBuf,
    pub(crate) postgres: Option<Postgres>,
    sqlite: PathBuf,
}

impl Tables {
    /// Fills the databases with `rows` orders; files are in `folder`.
    pub(crate) fn make(rows: u64, folder: &Path) -> anyhow::Result<Tables> {
        let (sqlite, config) = (folder.join("orders.sqlite"), folder.join("longshore.toml"));
        eprintln!("    filling SQLite with {rows} orders");
        make_file("sqlite", rows, &sqlite)?;
        let postgres = match (std::env::var("BENCH_POSTGRES_URL"), std::env::var_os("BENCH_PSQL")) {
            (Ok(url), Some(psql)) => Some(Postgres { url, psql: psql.into() }),
            _ => None,
        };
        match &postgres {
            Some(postgres) => {
                eprintln!("    filling PostgreSQL with {rows} orders");
                let file = folder.join("orders.csv");
                make_file("csv", rows, &file)?;
                postgres.fill(&file)?;
                std::fs::remove_file(&file)?;
            }
            None => eprintln!("    BENCH_POSTGRES_URL and BENCH_PSQL name no PostgreSQL, which is left out"),
        }
        std::fs::write(&config, configuration(postgres.as_ref()))?;
        Ok(Tables { config, postgres, sqlite })
    }

    /// Takes the files away.
    pub(crate) fn remove(&self) {
        std::fs::remove_file(&self.sqlite).ok();
        std::fs::remove_file(&self.config).ok();
    }
}

impl Postgres {
    fn fill(&self, file: &Path) -> anyhow::Result<()> {
        self.run(MAKE, Stdio::null())?;
        self.run("COPY orders FROM STDIN (FORMAT CSV)", File::open(file)?.into())?;
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

fn make_file(what: &str, rows: u64, file: &Path) -> anyhow::Result<()> {
    std::fs::remove_file(file).ok();
    let mut command = Command::new(folder_of_programs()?.join("sources"));
    let status = command.args([what, &rows.to_string()]).arg(file).status().context("sources")?;
    ensure!(status.success(), "{} could not be made", file.display());
    Ok(())
}

fn configuration(postgres: Option<&Postgres>) -> String {
    let mut text = String::from("[database.sqlite]\nurl = 'sqlite:orders.sqlite'\n");
    if let Some(postgres) = postgres {
        text += &format!("[database.postgres]\nurl = '{}'\n", postgres.url);
    }
    let mut dataset = |database: &str, money: &dyn Fn(&str) -> String| {
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
        text += &format!(
            "[dataset.{database}]\ndatabase = '{database}'\ntable = 'orders'\nkey = ['id']\nimport = {{}}\ncolumn = [\n    {}\n]\n",
            columns.join(",\n    ")
        );
    };
    dataset("sqlite", &|name| {
        format!(
            "{{ name = '{name}', source = '{name}_cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }}"
        )
    });
    if postgres.is_some() {
        dataset("postgres", &|name| format!("{{ name = '{name}', type = 'decimal', scale = 2 }}"));
    }
    text
}

fn plain(name: &str, column_type: &str) -> String {
    format!("{{ name = '{name}', type = '{column_type}' }}")
}
