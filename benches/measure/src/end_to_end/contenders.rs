//! Who takes part from end to end.

use std::path::{Path, PathBuf};

use anyhow::Context;
use orders::HEADERS;

use crate::contender::{Contender, Output, Told, folder_of_programs, python};
use crate::tables::{Database, Filled, Postgres};

/// All that read one database, in the order in which they run and stand in the table.
pub(crate) fn contenders(filled: &Filled<'_>) -> anyhow::Result<Vec<Contender>> {
    let made = Maker::of(filled)?;
    let from = filled.database.name();
    let mut all = vec![
        made.encoding("encode-fastest", "*encoding alone*, fastest", "xlsx-fastest", Output::Xlsx),
        made.encoding("encode-balanced", "*encoding alone*, balanced", "xlsx-balanced", Output::Xlsx),
        made.encoding("encode-csv", "*encoding alone*, CSV", "csv", Output::Csv),
    ];
    if let Database::Postgres(postgres) = filled.database {
        all.extend(made.copies(postgres));
    }
    all.extend([
        made.reading("read", &format!("*reading alone*, {from}")),
        made.export("fastest", &format!("**{from} → XLSX**, fastest"), Some("fastest")),
        made.balanced("balanced"),
        made.export("csv", &format!("**{from} → CSV**"), None),
    ]);
    all.extend(made.rivals());
    Ok(all)
}

/// The product's default, for its memory where there are fewer or more rows.
pub(crate) fn export_of_other_size(id: &'static str, filled: &Filled<'_>) -> anyhow::Result<Contender> {
    let mut export = Maker::of(filled)?.balanced(id);
    // One file at any size, which can be compared with the orders.
    export.environment.push(("LONGSHORE_EXPORT__PART_SIZE_MIB", "2048"));
    Ok(export)
}

struct Maker<'a> {
    filled: &'a Filled<'a>,
    longshore: PathBuf,
    programs: PathBuf,
}

impl Maker<'_> {
    fn of<'a>(filled: &'a Filled<'a>) -> anyhow::Result<Maker<'a>> {
        let longshore = std::env::var_os("LONGSHORE_BIN").context("LONGSHORE_BIN must name the product")?;
        Ok(Maker { filled, longshore: longshore.into(), programs: folder_of_programs()? })
    }

    fn contender(
        &self,
        id: &'static str,
        name: &str,
        program: &Path,
        arguments: &[&str],
        told: Told,
        output: Output,
    ) -> Contender {
        let contender = Contender::new(id, name, program.to_path_buf(), arguments, self.filled.rows);
        Contender { told, output, ..contender }
    }

    fn encoding(&self, id: &'static str, name: &str, what: &str, output: Output) -> Contender {
        self.contender(id, name, &self.programs.join("ours"), &[what], Told::RowsAndFile, output)
    }

    fn reading(&self, id: &'static str, name: &str) -> Contender {
        let (config, rows) = (self.filled.config.to_string_lossy(), self.filled.rows.to_string());
        let arguments = ["read", self.filled.database.id(), &config, &rows];
        self.contender(id, name, &self.programs.join("sources"), &arguments, Told::Nothing, Output::Nothing)
    }

    /// An export to XLSX at a level, or to CSV where there is none.
    fn export(&self, id: &'static str, name: &str, level: Option<&'static str>) -> Contender {
        let config = self.filled.config.to_string_lossy();
        let arguments = ["export", self.filled.database.id(), "--quiet", "--config", &config, "-o"];
        let output = if level.is_some() { Output::Xlsx } else { Output::Csv };
        let export = self.contender(id, name, &self.longshore, &arguments, Told::File, output);
        let environment = level.map(|level| ("LONGSHORE_EXPORT__COMPRESSION", level)).into_iter().collect();
        Contender { environment, ..export }
    }

    fn balanced(&self, id: &'static str) -> Contender {
        let name = format!("**{} → XLSX**, balanced (default)", self.filled.database.name());
        self.export(id, &name, Some("balanced"))
    }

    /// Other people's writers, each in a program that reads the same table.
    fn rivals(&self) -> Vec<Contender> {
        let (database, address) = (self.filled.database, self.filled.database.address());
        let (in_rust, in_python) = match database {
            Database::Sqlite(_) => ("rusqlite", "sqlite3"),
            Database::Postgres(_) => ("tokio-postgres", "psycopg"),
        };
        let with = |id, name: &str, program: &Path, script: &str, runs_max| {
            let arguments = [script, database.id(), &address];
            let rival = self.contender(id, name, program, &arguments, Told::File, Output::Xlsx);
            Contender { runs_max, ..rival }
        };
        let rivals = self.programs.join("rivals");
        let xlsxwriter = format!("{in_rust}, rust_xlsxwriter, constant memory, `zmij`");
        let mut all = vec![
            with("excel-rs", &format!("{in_rust}, excel-rs"), &rivals, "excel-rs", u64::MAX),
            with("rust_xlsxwriter", &xlsxwriter, &rivals, "rust_xlsxwriter", 3),
        ];
        if let Some((python, script)) = python("BENCH_XLSXWRITER") {
            let name = format!("{in_python}, XlsxWriter (Python), constant memory");
            all.push(with("xlsxwriter", &name, &python, &script, 1));
        }
        all
    }

    /// What PostgreSQL itself needs to hand the rows out.
    fn copies(&self, postgres: &Postgres) -> [Contender; 3] {
        let select = format!("SELECT {} FROM orders ORDER BY id", HEADERS.join(", "));
        let copy = |id, name: &str, to: &str, format: &str, output| {
            let arguments = postgres.arguments(&format!("COPY ({select}) TO {to} (FORMAT {format})"));
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            self.contender(id, name, &postgres.psql, &arguments, Told::Nothing, output)
        };
        let in_server = "*`COPY` binary in the server alone*";
        [
            copy("copy-server", in_server, "'/dev/null'", "BINARY", Output::Nothing),
            copy("copy-binary", "*`COPY` binary alone*, psql", "STDOUT", "BINARY", Output::Nothing),
            copy("copy-csv", "`COPY` CSV to a file, psql", "STDOUT", "CSV, HEADER", Output::Foreign),
        ]
    }
}
