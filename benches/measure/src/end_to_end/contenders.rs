//! Who takes part from end to end.

use std::path::{Path, PathBuf};

use anyhow::Context;
use orders::HEADERS;

use crate::contender::{Contender, Output, Told, folder_of_programs};
use crate::tables::{Postgres, Tables};

/// All of them, in the order in which they run and stand in the table.
pub(crate) fn contenders(rows: u64, tables: &Tables) -> anyhow::Result<Vec<Contender>> {
    let longshore = std::env::var_os("LONGSHORE_BIN").context("LONGSHORE_BIN must name the product")?;
    let made =
        Maker { rows, longshore: longshore.into(), programs: folder_of_programs()?, config: &tables.config };
    let mut all = vec![
        made.encoding("encode-fastest", "*encoding alone*, fastest", "xlsx-fastest", Output::Xlsx),
        made.encoding("encode-balanced", "*encoding alone*, balanced", "xlsx-balanced", Output::Xlsx),
        made.encoding("encode-csv", "*encoding alone*, CSV", "csv", Output::Csv),
        made.reading("read-sqlite", "*reading alone*, SQLite", "sqlite"),
        made.export("sqlite-fastest", "**SQLite → XLSX**, fastest", "sqlite", Some("fastest")),
        made.export("sqlite-balanced", "**SQLite → XLSX**, balanced (default)", "sqlite", Some("balanced")),
        made.export("sqlite-csv", "**SQLite → CSV**", "sqlite", None),
    ];
    if let Some(postgres) = &tables.postgres {
        let select = format!("SELECT {} FROM orders ORDER BY id", HEADERS.join(", "));
        let copy = |to: &str, format: &str| format!("COPY ({select}) TO {to} (FORMAT {format})");
        let psql = |id, name: &str, sql: String, output| made.psql(id, name, postgres, &sql, output);
        all.extend([
            psql(
                "copy-server",
                "*`COPY` binary in the server alone*",
                copy("'/dev/null'", "BINARY"),
                Output::Nothing,
            ),
            psql("copy-binary", "*`COPY` binary alone*, psql", copy("STDOUT", "BINARY"), Output::Nothing),
            made.reading("read-postgres", "*reading alone*, PostgreSQL", "postgres"),
            made.export("postgres-fastest", "**PostgreSQL → XLSX**, fastest", "postgres", Some("fastest")),
            made.export(
                "postgres-balanced",
                "**PostgreSQL → XLSX**, balanced (default)",
                "postgres",
                Some("balanced"),
            ),
            made.export("postgres-csv", "**PostgreSQL → CSV**", "postgres", None),
            psql("copy-csv", "`COPY` CSV to a file, psql", copy("STDOUT", "CSV, HEADER"), Output::Foreign),
        ]);
    }
    Ok(all)
}

struct Maker<'a> {
    rows: u64,
    longshore: PathBuf,
    programs: PathBuf,
    config: &'a Path,
}

impl Maker<'_> {
    fn contender(
        &self,
        id: &'static str,
        name: &str,
        program: &Path,
        arguments: &[&str],
        told: Told,
        output: Output,
    ) -> Contender {
        Contender { told, output, ..Contender::new(id, name, program.to_path_buf(), arguments, self.rows) }
    }

    fn encoding(&self, id: &'static str, name: &str, what: &str, output: Output) -> Contender {
        self.contender(id, name, &self.programs.join("ours"), &[what], Told::RowsAndFile, output)
    }

    fn reading(&self, id: &'static str, name: &str, dataset: &str) -> Contender {
        let (config, rows) = (self.config.to_string_lossy(), self.rows.to_string());
        let arguments = ["read", dataset, &config, &rows];
        self.contender(id, name, &self.programs.join("sources"), &arguments, Told::Nothing, Output::Nothing)
    }

    /// An export to XLSX at a level, or to CSV where there is none.
    fn export(&self, id: &'static str, name: &str, dataset: &str, level: Option<&'static str>) -> Contender {
        let config = self.config.to_string_lossy();
        let arguments = ["export", dataset, "--quiet", "--config", &config, "-o"];
        let output = if level.is_some() { Output::Xlsx } else { Output::Csv };
        let export = self.contender(id, name, &self.longshore, &arguments, Told::File, output);
        let environment = level.map(|level| ("LONGSHORE_EXPORT__COMPRESSION", level)).into_iter().collect();
        Contender { environment, ..export }
    }

    fn psql(
        &self,
        id: &'static str,
        name: &str,
        postgres: &Postgres,
        sql: &str,
        output: Output,
    ) -> Contender {
        let arguments = postgres.arguments(sql);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.contender(id, name, &postgres.psql, &arguments, Told::Nothing, output)
    }
}
